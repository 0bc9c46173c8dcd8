// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IDatanetRegistry} from "../src/interfaces/IDatanetRegistry.sol";
import {IModelRegistry} from "../src/interfaces/IModelRegistry.sol";
import {IParameters} from "../src/interfaces/IParameters.sol";
import {IStakeVault} from "../src/interfaces/IStakeVault.sol";
import {IVerifierGateway} from "../src/interfaces/IVerifierGateway.sol";
import "../src/types/Economy.sol";
import "../src/types/Errors.sol";
import "../src/types/Types.sol";
import {ModelRegistry, TestVerifier} from "./support/Deployed.sol";
import {MoneyWorld} from "./support/MoneyWorld.sol";
import {Stored} from "./support/Stored.sol";

contract ModelRegistryTest is MoneyWorld {
    TrainingData private data;
    address[] private people;
    G1Point private g;
    G1Point private m;

    function setUp() public {
        deploy();
        registerAdapter();
        stake(Role.Adapter, OWNER, 5 ether);
        Stored.set(data, training());
        people = contributors();
        (g, m) = (fixedPoint(30), fixedPoint(31));
    }

    function test_refusesAConstructorWithoutOneOfItsParts() public {
        for (uint256 i; i < 5; ++i) {
            address[5] memory parts = [address(parameters), address(stakes), address(datanets), address(gateway), address(court)];
            parts[i] = address(0);
            vm.expectRevert(ZeroAddress.selector);
            ModelRegistry(payable(create("ModelRegistry", abi.encode(IParameters(parts[0]), IStakeVault(parts[1]), IDatanetRegistry(parts[2]), IVerifierGateway(parts[3]), parts[4]))));
        }
    }

    // ---- models ----

    function test_anyoneNamesAModelOnce() public {
        vm.expectEmit();
        emit IModelRegistry.ModelRegistered("weights", RIVAL, "ipfs://weights");
        vm.prank(RIVAL);
        models.registerModel("weights", "ipfs://weights");
        eq(models.modelRegistrant("weights"), RIVAL);
        eq(models.modelRegistrant("others"), address(0));
        bytes memory call = abi.encodeCall(models.registerModel, ("weights", "ipfs://other"));
        refuse(OWNER, address(models), call, abi.encodeWithSelector(IModelRegistry.ModelExists.selector, bytes32("weights")));
        call = abi.encodeCall(models.registerModel, (0, ""));
        refuse(OWNER, address(models), call, abi.encodeWithSelector(IModelRegistry.UnknownModel.selector, bytes32(0)));
    }

    // ---- adapters ----

    function test_registersAnAdapterUnderTheHashOfItsData() public {
        adapter.quantisationHash = "other";
        bytes32 id = keccak256(abi.encode(keccak256("zkattr.adapter.v1"), block.chainid, address(models), adapter));
        vm.expectEmit();
        emit IModelRegistry.AdapterRegistered(id, OWNER, adapter);
        vm.prank(OWNER);
        eq(models.registerAdapter(adapter), id);
        (address owner, uint32 classId) = models.adapter(id);
        eq(owner, OWNER);
        eq(classId, 1);
        eq(models.currentRecord(id), bytes32(0));
        _refuseAdapter(abi.encodeWithSelector(AdapterExists.selector, id));
        refuse(OWNER, address(models), abi.encodeCall(models.adapter, ("none")), abi.encodeWithSelector(UnknownAdapter.selector, bytes32("none")));
    }

    function test_onlyItsOwnerRegistersAnAdapter() public {
        adapter.quantisationHash = "other";
        bytes memory call = abi.encodeCall(models.registerAdapter, (adapter));
        refuse(RIVAL, address(models), call, abi.encodeWithSelector(NotAdapterOwner.selector, RIVAL));
        adapter.owner = RIVAL; // the same tables under another name are another adapter
        vm.prank(RIVAL);
        assert(models.registerAdapter(adapter) != adapterId);
    }

    function test_refusesAdaptersOfUnknownModelsSnapshotsAndClasses() public {
        adapter.modelHash = "unknown";
        _refuseAdapter(abi.encodeWithSelector(IModelRegistry.UnknownModel.selector, bytes32("unknown")));
        adapter.modelHash = 0;
        _refuseAdapter(abi.encodeWithSelector(IModelRegistry.UnknownModel.selector, bytes32(0)));
        (adapter.modelHash, adapter.snapshotId) = (MODEL, "unknown");
        _refuseAdapter(abi.encodeWithSelector(IDatanetRegistry.UnknownSnapshot.selector, bytes32("unknown")));
        adapter.snapshotId = 0;
        _refuseAdapter(abi.encodeWithSelector(IDatanetRegistry.UnknownSnapshot.selector, bytes32(0)));
        (,,, adapter.snapshotId) = datanets.datanet(1);
        adapter.classId = 2;
        _refuseAdapter(abi.encodeWithSelector(IVerifierGateway.ClassWithoutVerifier.selector, 1, 2));
        adapter.classId = 1;
        vm.prank(GUARDIAN);
        gateway.freeze(featuresSelector); // the payout verifier does not stand in for it
        adapter.quantisationHash = "other";
        _refuseAdapter(abi.encodeWithSelector(IVerifierGateway.ClassWithoutVerifier.selector, 1, 1));
    }

    function test_refusesAdaptersWithPointsOffTheCurveOrAtInfinity() public {
        adapter.quantisationHash = "other";
        G1Point[3] memory bad = [G1Point(0, 0), G1Point(1, 1), G1Point(1, 2 + 21888242871839275222246405745257275088696311157297823662689037894645226208583)];
        for (uint256 i; i < 3; ++i) {
            bytes memory reason = abi.encodeWithSelector(i == 0 ? PointAtInfinity.selector : PointNotOnCurve.selector);
            AdapterData memory good = adapter;
            adapter.a = bad[i];
            _refuseAdapter(reason);
            (adapter.a, adapter.b) = (good.a, bad[i]);
            _refuseAdapter(reason);
            (adapter.b, adapter.aStar) = (good.b, bad[i]);
            _refuseAdapter(reason);
            (adapter.aStar, adapter.bStar) = (good.aStar, bad[i]);
            _refuseAdapter(reason);
            adapter.bStar = good.bStar;
        }
        vm.prank(OWNER);
        models.registerAdapter(adapter);
    }

    function test_nothingIsRegisteredDuringAPause() public {
        pauseModule(Module.Registrations);
        bytes memory paused = abi.encodeWithSelector(IParameters.ModulePaused.selector, Module.Registrations);
        adapter.quantisationHash = "other";
        _refuseAdapter(paused);
        adapter.quantisationHash = keccak256("scales");
        _refuseFeatures(paused);
        vm.prank(address(timelock));
        parameters.unpause(Module.Registrations);
        _register();
    }

    // ---- features ----

    function test_asksTheVerifierForTheStatementOfTheRecord() public {
        FeatureRecord memory created = _record();
        bytes32 id = keccak256(abi.encode(keccak256("zkattr.record.v1"), block.chainid, address(models), created));
        FeaturesStatement memory s;
        s.classId = 1;
        s.context = keccak256(abi.encode(keccak256("zkattr.features.v1"), address(models), id, OWNER));
        s.tokensLog = 6;
        (s.dlt, s.x) = (data.dlt, data.x);
        (s.b, s.a, s.g, s.m) = (adapter.b, adapter.a, g, m);
        s.boundaries = amounts(20, 50, 64);
        verifier.expect(keccak256(abi.encode(s)));
        vm.expectEmit();
        emit IModelRegistry.FeaturesRegistered(id, adapterId, OWNER, created, data, featuresSelector);
        eq(_register(), id);
        eq(models.currentRecord(adapterId), id);
        (bytes32 of_, IModelRegistry.RecordStatus status, uint64 challengedAt) = models.record(id);
        eq(of_, adapterId);
        assert(status == IModelRegistry.RecordStatus.Proved && challengedAt == 0);
        models.requireProved(id);
    }

    function test_aFalseProofLeavesNoRecord() public {
        verifier.set(false);
        _refuseFeatures(abi.encodeWithSelector(PairingRejected.selector));
        eq(models.currentRecord(adapterId), bytes32(0));
    }

    function test_onlyTheOwnerOfARegisteredAdapterProvesItsFeatures() public {
        refuse(RIVAL, address(models), _call(featuresSelector), abi.encodeWithSelector(NotAdapterOwner.selector, RIVAL));
        adapter.owner = RIVAL; // not what was registered
        (bool ok, bytes memory reason) = _try(RIVAL);
        assert(!ok && bytes4(reason) == UnknownAdapter.selector);
        adapter.owner = OWNER;
        adapter.bStar = fixedPoint(9);
        (ok, reason) = _try(OWNER);
        assert(!ok && bytes4(reason) == UnknownAdapter.selector);
    }

    function test_theOwnerNeedsTheAdapterStakeAndNotAnother() public {
        vm.startPrank(OWNER);
        stakes.startUnbonding(Role.Adapter, 1);
        vm.stopPrank();
        _refuseFeatures(abi.encodeWithSelector(IStakeVault.StakeTooLow.selector, Role.Adapter, OWNER, 5 ether - 1, 5 ether));
        stake(Role.Node, OWNER, 20 ether);
        _refuseFeatures(abi.encodeWithSelector(IStakeVault.StakeTooLow.selector, Role.Adapter, OWNER, 5 ether - 1, 5 ether));
        vm.prank(OWNER);
        stakes.cancelUnbonding(Role.Adapter);
        _register();
    }

    function test_refusesContributorsOrRowsThatAreNotTheSnapshots() public {
        bytes memory reason = abi.encodeWithSelector(IDatanetRegistry.LayoutMismatch.selector, adapter.snapshotId);
        (people[0], people[1]) = (BOB, ALICE);
        _refuseFeatures(reason);
        (data.rows[0], data.rows[1]) = (30, 20); // with their rows
        _refuseFeatures(reason);
        people = contributors();
        _refuseFeatures(reason);
        data.rows = training().rows;
        data.rows[2] = 13;
        _refuseFeatures(reason);
        data.rows[2] = 14;
        people[2] = RIVAL;
        _refuseFeatures(reason);
        people[2] = CAROL;
        people.push(RIVAL);
        _refuseFeatures(reason);
        data.rows.push(1);
        _refuseFeatures(reason);
        people.pop();
        _refuseFeatures(reason);
        data.rows.pop();
        people.pop();
        _refuseFeatures(reason);
        people.push(CAROL);
        _register();
    }

    /// @dev The layout of a later snapshot does not pass for an adapter of an earlier one.
    function test_anAdapterKeepsTheSnapshotItNames() public {
        vm.prank(RIVAL);
        uint256 id = datanets.contribute(1, "more", 1, "");
        vm.startPrank(CURATOR);
        datanets.accept(amounts(id));
        uint256[] memory all = new uint256[](4); // RIVAL is the first by address
        (all[0], all[1], all[2], all[3]) = (id, 1, 2, 3);
        datanets.createSnapshot(1, all);
        vm.stopPrank();
        _register();
        people = [RIVAL, ALICE, BOB, CAROL];
        data.rows = [1, 20, 30, 14];
        _refuseFeatures(abi.encodeWithSelector(IDatanetRegistry.LayoutMismatch.selector, adapter.snapshotId));
    }

    function test_asksOnlyLiveVerifiersOfFeaturesInTheClass() public {
        _refuseSelector("none", abi.encodeWithSelector(IVerifierGateway.NotLive.selector, bytes32("none"), IVerifierGateway.Status.Unknown));
        _refuseSelector(payoutSelector, abi.encodeWithSelector(IVerifierGateway.WrongClass.selector, payoutSelector, 1, 1));
        vm.prank(address(timelock));
        bytes32 other = gateway.add(verifier, 1, 3, 1, VK);
        _refuseSelector(other, abi.encodeWithSelector(IVerifierGateway.WrongClass.selector, other, 1, 1));
        vm.prank(GUARDIAN);
        gateway.freeze(featuresSelector);
        _refuseFeatures(abi.encodeWithSelector(IVerifierGateway.NotLive.selector, featuresSelector, IVerifierGateway.Status.Frozen));
    }

    function test_asksTheVerifierThatIsNamed() public {
        TestVerifier second = TestVerifier(create("TestVerifier", ""));
        vm.prank(address(timelock));
        bytes32 selector = gateway.add(second, 1, 1, 2, VK);
        second.set(false);
        _refuseSelector(selector, abi.encodeWithSelector(PairingRejected.selector));
        second.set(true);
        verifier.set(false);
        _refuseFeatures(abi.encodeWithSelector(PairingRejected.selector));
        vm.prank(OWNER);
        (bool ok,) = address(models).call(_call(selector));
        assert(ok);
    }

    function test_refusesTrainingBlocksThatDoNotFit() public {
        data.heightLog = 6;
        _refuseFeatures(abi.encodeWithSelector(TokensOutOfRange.selector, 6));
        data.heightLog = 255;
        _refuseFeatures(abi.encodeWithSelector(TokensOutOfRange.selector, 255));
        data.heightLog = 4;
        _refuseFeatures(abi.encodeWithSelector(RowsOverflow.selector, 32, 64));
        data.heightLog = 5;
        data.dlt.push(fixedPoint(3));
        _refuseFeatures(abi.encodeWithSelector(ListLength.selector, 3, 2));
        data.x.push(fixedPoint(4));
        _refuseFeatures(abi.encodeWithSelector(ListTooLong.selector, 2, 3));
        data.dlt.pop();
        data.x.pop();
        data.dlt[1] = G1Point(0, 0);
        _refuseFeatures(abi.encodeWithSelector(PointAtInfinity.selector));
        data.dlt[1] = fixedPoint(1001);
        data.x[0] = G1Point(1, 1);
        _refuseFeatures(abi.encodeWithSelector(PointNotOnCurve.selector));
        data.x[0] = fixedPoint(1010);
        data.dlt.pop();
        data.x.pop();
        _refuseFeatures(abi.encodeWithSelector(RowsOverflow.selector, 32, 64));
        data.dlt.pop();
        data.x.pop();
        _refuseFeatures(abi.encodeWithSelector(RowsOverflow.selector, 0, 64));
    }

    function test_refusesFeaturesOffTheCurveOrAtInfinity() public {
        g = G1Point(0, 0);
        _refuseFeatures(abi.encodeWithSelector(PointAtInfinity.selector));
        g = G1Point(1, 1);
        _refuseFeatures(abi.encodeWithSelector(PointNotOnCurve.selector));
    }

    function test_theLatestRecordIsTheCurrentOneAndOlderOnesStayProved() public {
        bytes32 first = _register();
        _refuseFeatures(abi.encodeWithSelector(RecordExists.selector, first));
        m = fixedPoint(32); // another proof of the same record
        _refuseFeatures(abi.encodeWithSelector(RecordExists.selector, first));
        g = fixedPoint(33);
        bytes32 second = _register();
        assert(first != second);
        eq(models.currentRecord(adapterId), second);
        models.requireProved(first);
    }

    function test_recordsOfAnotherChainOrRegistryHaveOtherIds() public {
        ModelRegistry twin = ModelRegistry(payable(create("ModelRegistry", abi.encode(parameters, stakes, datanets, gateway, address(court)))));
        vm.prank(OWNER);
        twin.registerModel(MODEL, "");
        vm.prank(OWNER);
        assert(twin.registerAdapter(adapter) != adapterId);
        bytes32 id = _register();
        bytes memory call = _call(featuresSelector);
        vm.prank(OWNER);
        (bool ok, bytes memory result) = address(twin).call(call);
        assert(ok && abi.decode(result, (bytes32)) != id);

        vm.chainId(block.chainid + 1); // after a fork, nothing that was registered here is known under its data
        (ok, result) = _try(OWNER);
        assert(!ok && bytes4(result) == UnknownAdapter.selector);
        vm.prank(OWNER);
        assert(models.registerAdapter(adapter) != adapterId);
        assert(_register() != id);
    }

    function testFuzz_everyTamperedListIsRefused(uint256 where, uint32 rows, address who) public {
        where %= 3;
        if (rows % 2 == 0) {
            vm.assume(rows != data.rows[where]);
            data.rows[where] = rows;
        } else {
            vm.assume(who != people[where]);
            people[where] = who;
        }
        _refuseFeatures(abi.encodeWithSelector(IDatanetRegistry.LayoutMismatch.selector, adapter.snapshotId));
    }

    // ---- court ----

    function test_aChallengedRecordStaysCurrentButSettlesNothing() public {
        bytes32 id = _register();
        vm.warp(START + 100);
        vm.expectEmit();
        emit IModelRegistry.RecordChallenged(id);
        _court(abi.encodeCall(models.challengeRecord, (id)));
        eq(models.currentRecord(adapterId), id);
        _requireRecord(id, IModelRegistry.RecordStatus.Challenged, START + 100);
        refuse(PROVER, address(models), abi.encodeCall(models.requireProved, (id)), _notProved(id, IModelRegistry.RecordStatus.Challenged));

        vm.expectEmit();
        emit IModelRegistry.RecordCleared(id);
        _court(abi.encodeCall(models.resolveRecord, (id, false)));
        models.requireProved(id);
        _requireRecord(id, IModelRegistry.RecordStatus.Proved, START + 100); // excuses ask for the time
        vm.warp(START + 200);
        _court(abi.encodeCall(models.challengeRecord, (id)));
        _requireRecord(id, IModelRegistry.RecordStatus.Challenged, START + 200);
    }

    function test_aRevokedRecordIsGoneForGood() public {
        bytes32 id = _register();
        _court(abi.encodeCall(models.challengeRecord, (id)));
        vm.expectEmit();
        emit IModelRegistry.RecordRevoked(id);
        _court(abi.encodeCall(models.resolveRecord, (id, true)));
        eq(models.currentRecord(adapterId), bytes32(0));
        refuse(PROVER, address(models), abi.encodeCall(models.requireProved, (id)), _notProved(id, IModelRegistry.RecordStatus.Revoked));
        _refuseFeatures(abi.encodeWithSelector(RecordExists.selector, id));
        g = fixedPoint(33);
        bytes32 next = _register();
        eq(models.currentRecord(adapterId), next);
        _requireRecord(id, IModelRegistry.RecordStatus.Revoked, START);
    }

    function test_anOlderRecordDoesNotComeBackWhenTheLatestIsRevoked() public {
        bytes32 first = _register();
        g = fixedPoint(33);
        bytes32 second = _register();
        _court(abi.encodeCall(models.challengeRecord, (second)));
        _court(abi.encodeCall(models.resolveRecord, (second, true)));
        eq(models.currentRecord(adapterId), bytes32(0));
        models.requireProved(first); // what was committed under it is still settled
    }

    function test_revokingAnOlderRecordLeavesTheLatest() public {
        bytes32 first = _register();
        g = fixedPoint(33);
        bytes32 second = _register();
        _court(abi.encodeCall(models.challengeRecord, (first)));
        _court(abi.encodeCall(models.resolveRecord, (first, true)));
        eq(models.currentRecord(adapterId), second);
        models.requireProved(second);
    }

    function test_onlyProvedRecordsAreChallengedAndOnlyChallengedOnesResolved() public {
        bytes32 id = _register();
        _refuseCourt(abi.encodeCall(models.challengeRecord, ("none")), _notProved("none", IModelRegistry.RecordStatus.Unknown));
        _refuseCourt(abi.encodeCall(models.resolveRecord, ("none", true)), _notChallenged("none", IModelRegistry.RecordStatus.Unknown));
        _refuseCourt(abi.encodeCall(models.resolveRecord, (id, true)), _notChallenged(id, IModelRegistry.RecordStatus.Proved));
        _court(abi.encodeCall(models.challengeRecord, (id)));
        _refuseCourt(abi.encodeCall(models.challengeRecord, (id)), _notProved(id, IModelRegistry.RecordStatus.Challenged));
        _court(abi.encodeCall(models.resolveRecord, (id, true)));
        _refuseCourt(abi.encodeCall(models.challengeRecord, (id)), _notProved(id, IModelRegistry.RecordStatus.Revoked));
        _refuseCourt(abi.encodeCall(models.resolveRecord, (id, false)), _notChallenged(id, IModelRegistry.RecordStatus.Revoked));
        refuse(PROVER, address(models), abi.encodeCall(models.requireProved, ("none")), _notProved("none", IModelRegistry.RecordStatus.Unknown));
    }

    function test_onlyTheCourtChallengesAndResolves() public {
        bytes32 id = _register();
        address[5] memory others = [OWNER, GUARDIAN, address(timelock), address(facts), address(settlement)];
        for (uint256 i; i < 5; ++i) {
            bytes memory reason = abi.encodeWithSelector(IModelRegistry.NotCourt.selector, others[i]);
            refuse(others[i], address(models), abi.encodeCall(models.challengeRecord, (id)), reason);
            refuse(others[i], address(models), abi.encodeCall(models.resolveRecord, (id, true)), reason);
        }
    }

    // ---- helpers ----

    function _record() private view returns (FeatureRecord memory) {
        return FeatureRecord(adapterId, 1, g, adapter.aStar, adapter.bStar, people, keccak256(abi.encode(keccak256("zkattr.training.v1"), data)));
    }

    function _call(bytes32 selector) private view returns (bytes memory) {
        OpeningProof memory opening;
        Groth16Proof memory proof;
        return abi.encodeCall(models.registerFeatures, (adapter, data, people, g, m, selector, opening, proof));
    }

    function _try(address from) private returns (bool ok, bytes memory result) {
        bytes memory call = _call(featuresSelector);
        vm.prank(from);
        return address(models).call(call);
    }

    function _register() private returns (bytes32 id) {
        (bool ok, bytes memory result) = _try(OWNER);
        if (!ok) {
            assembly {
                revert(add(result, 0x20), mload(result))
            }
        }
        return abi.decode(result, (bytes32));
    }

    function _refuseFeatures(bytes memory reason) private {
        _refuseSelector(featuresSelector, reason);
    }

    function _refuseSelector(bytes32 selector, bytes memory reason) private {
        refuse(OWNER, address(models), _call(selector), reason);
    }

    function _refuseAdapter(bytes memory reason) private {
        refuse(OWNER, address(models), abi.encodeCall(models.registerAdapter, (adapter)), reason);
    }

    function _court(bytes memory call) private {
        vm.prank(address(court));
        (bool ok,) = address(models).call(call);
        assert(ok);
    }

    function _refuseCourt(bytes memory call, bytes memory reason) private {
        refuse(address(court), address(models), call, reason);
    }

    function _requireRecord(bytes32 id, IModelRegistry.RecordStatus expected, uint256 at) private view {
        (, IModelRegistry.RecordStatus status, uint64 challengedAt) = models.record(id);
        eq(uint256(status), uint256(expected));
        eq(challengedAt, at);
    }

    function _notProved(bytes32 id, IModelRegistry.RecordStatus status) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IModelRegistry.RecordNotProved.selector, id, status);
    }

    function _notChallenged(bytes32 id, IModelRegistry.RecordStatus status) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IModelRegistry.RecordNotChallenged.selector, id, status);
    }
}
