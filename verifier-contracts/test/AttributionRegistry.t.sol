// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import "../src/types/Errors.sol";
import "../src/types/Types.sol";
import {Economy} from "./support/Economy.sol";

contract AttributionRegistryTest is Economy {
    TrainingData private data;
    address[] private people;

    function setUp() public {
        deploy();
        data = training();
        people = contributors();
    }

    function test_onlyTheOwnerRegistersAdapterAndFeatures() public {
        adapter.modelHash = "other";
        vm.expectRevert(abi.encodeWithSelector(NotAdapterOwner.selector, address(this)));
        registry.registerAdapter(adapter);
        vm.startPrank(OWNER);
        registry.registerAdapter(adapter);
        vm.expectRevert();
        registry.registerAdapter(adapter);
        adapter.classId = 2;
        vm.expectRevert(abi.encodeWithSelector(UnknownClass.selector, 1, 2));
        registry.registerAdapter(adapter);
        vm.stopPrank();
        adapter.classId = 1;
        _refuses(PROVER, NotAdapterOwner.selector);
    }

    function test_refusesAdaptersWithPointsOffTheCurveOrAtInfinity() public {
        adapter.aStar = G1Point(0, 0);
        vm.expectRevert(PointAtInfinity.selector);
        vm.prank(OWNER);
        registry.registerAdapter(adapter);
        adapter.aStar = G1Point(1, 1);
        vm.expectRevert(PointNotOnCurve.selector);
        vm.prank(OWNER);
        registry.registerAdapter(adapter);
    }

    function test_asksForTheStatementOfItsRecord() public {
        register();
        third = address(77); // another record, so that it can be registered
        record.contributors = contributors();
        record.g = fixedPoint(30);
        bytes32 id = keccak256(abi.encode(keccak256("zkattr.record.v1"), block.chainid, address(registry), record));
        FeaturesStatement memory s;
        s.classId = 1;
        s.context = keccak256(abi.encode(keccak256("zkattr.features.v1"), address(registry), id, OWNER));
        s.tokensLog = 6;
        (s.dlt, s.x) = (data.dlt, data.x);
        (s.b, s.a, s.g, s.m) = (adapter.b, adapter.a, record.g, fixedPoint(31));
        s.boundaries = new uint256[](3);
        (s.boundaries[0], s.boundaries[1], s.boundaries[2]) = (20, 50, 64);
        verifier.expect(keccak256(abi.encode(s)));
        OpeningProof memory opening;
        Groth16Proof memory proof;
        vm.prank(OWNER);
        eq(registry.registerFeatures(adapter, data, contributors(), record.g, s.m, opening, proof), id);
        eq(registry.currentRecord(adapterId), id);
        eq(registry.recordAdapter(id), adapterId);
    }

    function test_aFalseProofLeavesNoRecord() public {
        verifier.set(false);
        _refuses(OWNER, PairingRejected.selector);
        eq(registry.currentRecord(adapterId), bytes32(0));
    }

    function test_refusesTrainingDataThatDoesNotFit() public {
        adapter.modelHash = "changed";
        _refuses(OWNER, UnknownAdapter.selector);
        adapter.modelHash = keccak256("model");
        data.rows[2] = 15;
        _refuses(OWNER, RowsOverflow.selector);
        data.rows[2] = 0;
        _refuses(OWNER, ZeroRows.selector);
        data.rows.pop();
        _refuses(OWNER, ListLength.selector);
        data.rows.push(14);
        people[1] = address(0);
        _refuses(OWNER, ZeroAddress.selector);
        people[1] = BOB;
        data.heightLog = 6;
        _refuses(OWNER, TokensOutOfRange.selector);
        data.heightLog = 5;
        data.dlt.push(fixedPoint(3));
        _refuses(OWNER, ListLength.selector);
        data.x.push(fixedPoint(4));
        _refuses(OWNER, ListTooLong.selector);
        data.dlt.pop();
        data.x.pop();
        data.dlt[1] = G1Point(0, 0);
        _refuses(OWNER, PointAtInfinity.selector);
    }

    function registerOut(address caller) external {
        OpeningProof memory opening;
        Groth16Proof memory proof;
        (G1Point memory g, G1Point memory m) = (fixedPoint(30), fixedPoint(31));
        vm.prank(caller);
        registry.registerFeatures(adapter, data, people, g, m, opening, proof);
    }

    function _refuses(address caller, bytes4 selector) private {
        (bool ok, bytes memory reason) = address(this).call(abi.encodeCall(this.registerOut, (caller)));
        assert(!ok && bytes4(reason) == selector);
    }
}
