// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {RecordHash} from "../src/libraries/RecordHash.sol";
import "../src/types/Economy.sol";
import "../src/types/Types.sol";
import {MoneyWorld} from "./support/MoneyWorld.sol";
import {Stored} from "./support/Stored.sol";

/// @dev Gas of one call each, from cold storage, without the transaction's own part; the verifier is a double, so a settlement
///      is the contracts' part. In a class of 64 queries and 16 blocks.
contract MoneyGasTest is MoneyWorld {
    uint256 private constant KEY = 0xA11CE;
    uint32 private constant CLASS = 3;

    address private signer;
    BlockCommitment[] private pending; // 0: one inference, 1: 16, then 4 signed ones
    bytes[] private signatures;
    BlockRecord[] private committed; // 0: alone, then 8
    uint256 private nonce;

    function setUp() public {
        build();
        vm.startPrank(address(timelock));
        featuresSelector = gateway.add(verifier, 1, CLASS, 1, VK);
        payoutSelector = gateway.add(verifier, 2, CLASS, 1, VK);
        vm.stopPrank();
        adapter.classId = CLASS;
        vm.prank(OWNER);
        adapterId = models.registerAdapter(adapter);
        registerFeatures();
        record.classId = CLASS;
        eq(recordId, RecordHash.recordId(address(models), record));

        signer = vm.addr(KEY);
        stake(Role.Node, signer, 10 ether);
        vm.prank(signer);
        inferences.registerNode(address(0), "");
        Stored.set(pending.push(), _paid(NODE, 1));
        Stored.set(pending.push(), _paid(NODE, 16));
        for (uint256 i; i < 4; ++i) {
            BlockCommitment memory c = _paid(signer, 2);
            Stored.set(pending.push(), c);
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, inferences.commitmentDigest(c));
            signatures.push(abi.encodePacked(r, s, v));
        }
        for (uint256 i; i < 9; ++i) {
            BlockCommitment memory c = _paid(NODE, 2);
            vm.prank(NODE);
            inferences.commitBlock(c);
            Stored.set(committed.push(), blockRecord(c));
        }
        uint256 start = vault.currentPeriod();
        for (uint256 i; i < 32; ++i) {
            vm.warp(START + i * PERIOD);
            Credit[] memory credits = new Credit[](1);
            credits[0] = Credit(ALICE, 7, CreditKind.Contributor);
            wrap(address(vault), 7);
            vm.prank(address(settlement));
            vault.creditJob(bytes32(i), credits);
        }
        eq(vault.currentPeriod(), start + 31);
    }

    function test_gasOfPaying() public {
        _pay(1, "pay 1, native");
    }

    function test_gasOfPaying16() public {
        _pay(16, "pay 16, native");
    }

    function test_gasOfCommitting() public {
        _commit(0, "commitBlock, 1 inference");
    }

    function test_gasOfCommitting16() public {
        _commit(1, "commitBlock, 16 inferences");
    }

    function test_gasOfCommittingSigned() public {
        vm.warp(START);
        BlockCommitment[] memory cs = new BlockCommitment[](4);
        for (uint256 i; i < 4; ++i) cs[i] = pending[2 + i];
        inferences.commitSigned(cs, signatures);
        vm.snapshotGasLastCall("InferenceRegistry", "commitSigned, 4 blocks of 2 inferences");
    }

    function test_gasOfSettling() public {
        settle(blocks1(committed[0]), amounts(50, 20, 30), 0);
        vm.snapshotGasLastCall("AttributionSettlement", "settle without the verifier, 1 block of 2 queries, fresh credits");
    }

    function test_gasOfSettling8() public {
        BlockRecord[] memory blocks = new BlockRecord[](8);
        for (uint256 i; i < 8; ++i) blocks[i] = committed[1 + i];
        settle(blocks, amounts(50, 20, 30), 0);
        vm.snapshotGasLastCall("AttributionSettlement", "settle without the verifier, 8 blocks of 2 queries, fresh credits");
    }

    function test_gasOfClaiming() public {
        _claim(1, "claim 1 period, wrapped");
    }

    function test_gasOfClaiming32() public {
        _claim(32, "claim 32 periods, wrapped");
    }

    function _pay(uint256 count, string memory name) private {
        Payment[] memory l = new Payment[](count);
        for (uint256 i; i < count; ++i) l[i] = paymentOf(inference(1000 + i, 1), 1000);
        vm.prank(PAYER);
        inferences.pay{value: 1000 * count}(l);
        vm.snapshotGasLastCall("InferenceRegistry", name);
    }

    function _commit(uint256 index, string memory name) private {
        vm.warp(START);
        BlockCommitment memory c = pending[index];
        vm.prank(NODE);
        inferences.commitBlock(c);
        vm.snapshotGasLastCall("InferenceRegistry", name);
    }

    function _claim(uint256 count, string memory name) private {
        vm.warp(START + 40 days);
        uint256[] memory periods = new uint256[](count);
        for (uint256 i; i < count; ++i) periods[i] = START / PERIOD + 1 + i;
        vm.prank(ALICE);
        vault.claim(periods, false);
        vm.snapshotGasLastCall("RewardVault", name);
    }

    /// @dev A block of `count` paid inferences, to be committed.
    function _paid(address node, uint256 count) private returns (BlockCommitment memory c) {
        Inference[] memory l = new Inference[](count);
        Payment[] memory p = new Payment[](count);
        for (uint256 i; i < count; ++i) {
            l[i] = inference(++nonce, 4);
            p[i] = paymentOf(l[i], 1000);
            p[i].node = node;
        }
        vm.prank(PAYER);
        inferences.pay{value: 1000 * count}(p);
        c = commitment(l);
        (c.node, c.heightLog) = (node, 6);
    }
}
