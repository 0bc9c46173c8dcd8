// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Bn254} from "../../src/libraries/Bn254.sol";
import {RecordHash} from "../../src/libraries/RecordHash.sol";
import {AttributionRegistry} from "../../src/registry/AttributionRegistry.sol";
import {AttributionEscrow} from "../../src/rewards/AttributionEscrow.sol";
import "../../src/types/Types.sol";
import {TestVerifier} from "./Doubles.sol";
import {Test} from "./Vm.sol";

/// @dev An adapter with three contributors, an escrow, a payer, a node and a prover.
abstract contract Economy is Test {
    address internal constant OWNER = address(0x0a01);
    address internal constant PAYER = address(0x0a02);
    address internal constant NODE = address(0x0a03);
    address internal constant PROVER = address(0x0a04);
    address internal constant TREASURY = address(0x0a05);
    address internal constant ALICE = address(0x0b01);
    address internal constant BOB = address(0x0b02);
    uint256 internal constant WINDOW = 1 days;
    uint8 internal constant HEIGHT_LOG = 7;
    bytes32 internal constant RECEIPT = keccak256("receipt");

    TestVerifier internal verifier;
    AttributionRegistry internal registry;
    AttributionEscrow internal escrow;
    AdapterData internal adapter;
    bytes32 internal adapterId;
    bytes32 internal recordId;
    address internal third = address(0x0b03);
    uint256 private pointCount;

    function deploy() internal {
        verifier = new TestVerifier();
        registry = new AttributionRegistry(verifier);
        escrow = new AttributionEscrow(verifier, registry, TREASURY, WINDOW);
        vm.deal(PAYER, 1e30);
        adapter = AdapterData(OWNER, 1, point(), point(), point(), point(), keccak256("model"), keccak256("scales"));
        vm.prank(OWNER);
        adapterId = registry.registerAdapter(adapter);
    }

    function register() internal {
        OpeningProof memory opening;
        Groth16Proof memory proof;
        // Every external call, a precompile too, would take the prank: arguments first.
        (G1Point memory g, G1Point memory m, TrainingData memory rows) = (point(), point(), training());
        vm.prank(OWNER);
        recordId = registry.registerFeatures(adapter, rows, contributors(), g, m, opening, proof);
        record = FeatureRecord(adapterId, 1, g, adapter.aStar, adapter.bStar, contributors(), RecordHash.trainingHash(rows));
    }

    FeatureRecord internal record;

    /// @dev A fresh point of the curve.
    function point() internal returns (G1Point memory p) {
        (, bytes memory out) = address(7).staticcall(abi.encode(1, 2, ++pointCount));
        p = abi.decode(out, (G1Point));
    }

    function fixedPoint(uint256 k) internal view returns (G1Point memory p) {
        (, bytes memory out) = address(7).staticcall(abi.encode(1, 2, 1000 + k));
        p = abi.decode(out, (G1Point));
    }

    function training() internal view returns (TrainingData memory t) {
        t.heightLog = 5;
        t.dlt = new G1Point[](2);
        t.x = new G1Point[](2);
        for (uint256 k; k < 2; ++k) {
            t.dlt[k] = fixedPoint(k);
            t.x[k] = fixedPoint(10 + k);
        }
        t.rows = new uint32[](3);
        (t.rows[0], t.rows[1], t.rows[2]) = (20, 30, 14);
    }

    function contributors() internal view returns (address[] memory list) {
        list = new address[](3);
        (list[0], list[1], list[2]) = (ALICE, BOB, third);
    }

    function request(uint256 nonce, uint32 rows) internal pure returns (Inference memory) {
        return Inference(keccak256(abi.encode("request", nonce)), nonce, rows, keccak256(abi.encode("output", nonce)));
    }

    function pay(Inference memory i, uint256 fee) internal returns (bytes32) {
        vm.prank(PAYER);
        return escrow.payFee{value: fee}(NODE, adapterId, i.requestHash, i.nonce);
    }

    /// @dev Commits as NODE and returns the record that a settlement hands in.
    function commit(Inference[] memory list) internal returns (BlockRecord memory data) {
        return commitWith(list, HEIGHT_LOG);
    }

    function commitWith(Inference[] memory list, uint8 heightLog) internal returns (BlockRecord memory data) {
        data.node = NODE;
        data.heightLog = heightLog;
        data.dlt = point();
        data.x = point();
        data.dataHash = keccak256(abi.encode(list, RECEIPT));
        data.inferences = new BlockInference[](list.length);
        for (uint256 i; i < list.length; ++i) {
            data.inferences[i] = BlockInference(escrow.paymentKey(NODE, adapterId, list[i].requestHash, list[i].nonce), list[i].rows);
        }
        vm.prank(NODE);
        bytes32 id = escrow.commitBlock(adapterId, heightLog, data.dlt, data.x, list, RECEIPT);
        eq(id, RecordHash.blockId(address(escrow), recordId, data));
    }

    function settlementOf(uint256[] memory payouts, uint256 zeroQueries) internal view returns (Settlement memory) {
        return Settlement(fixedPoint(50), fixedPoint(51), payouts, zeroQueries);
    }

    function settle(BlockRecord[] memory blocks, uint256[] memory payouts, uint256 zeroQueries) internal returns (bytes32) {
        OpeningProof memory opening;
        Groth16Proof memory proof;
        Settlement memory settlement = settlementOf(payouts, zeroQueries);
        vm.prank(PROVER);
        return escrow.settle(Job(record, blocks, PROVER), settlement, opening, proof);
    }
}
