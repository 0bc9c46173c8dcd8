// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {RecordHash} from "../src/libraries/RecordHash.sol";
import {AttributionEscrow} from "../src/rewards/AttributionEscrow.sol";
import "../src/types/Errors.sol";
import "../src/types/Types.sol";
import {Reentrant, Refuser} from "./support/Doubles.sol";
import {Economy} from "./support/Economy.sol";

/// @dev Proofs are accepted or rejected by a double here; test/contracts runs the same escrow with the real verifier.
contract AttributionEscrowTest is Economy {
    Inference[] private list;

    function setUp() public {
        deploy();
        register();
    }

    // ---- fees ----

    function test_paysOnceAndWithinBounds() public {
        Inference memory i = request(1, 10);
        bytes32 key = pay(i, 5);
        (address payer, uint80 fee, AttributionEscrow.Status status, uint64 deadline) = escrow.payments(key);
        eq(payer, PAYER);
        eq(fee, 5);
        assert(status == AttributionEscrow.Status.Funded);
        eq(deadline, block.timestamp + WINDOW);
        vm.expectRevert(abi.encodeWithSelector(PaymentExists.selector, key));
        this.payAgain(i, 5);
        vm.expectRevert(abi.encodeWithSelector(FeeOutOfRange.selector, 0));
        this.payAgain(request(2, 1), 0);
        vm.expectRevert(abi.encodeWithSelector(FeeOutOfRange.selector, 1 << 80));
        this.payAgain(request(2, 1), 1 << 80);
        pay(request(2, 1), (1 << 80) - 1);
        vm.expectRevert(abi.encodeWithSelector(UnknownAdapter.selector, bytes32(0)));
        escrow.payFee{value: 1}(NODE, 0, 0, 0);
        vm.expectRevert(ZeroAddress.selector);
        escrow.payFee{value: 1}(address(0), adapterId, 0, 0);
    }

    function payAgain(Inference calldata i, uint256 fee) external {
        vm.prank(PAYER);
        escrow.payFee{value: fee}(NODE, adapterId, i.requestHash, i.nonce);
    }

    function test_paysManyOnlyWithTheExactSum() public {
        Payment[] memory many = new Payment[](2);
        many[0] = Payment(NODE, adapterId, "a", 1, 7);
        many[1] = Payment(NODE, adapterId, "b", 1, 8);
        vm.expectRevert(abi.encodeWithSelector(WrongValue.selector, 15, 14));
        escrow.payMany{value: 14}(many);
        escrow.payMany{value: 15}(many);
        eq(address(escrow).balance, 15);
    }

    function test_refundsOnlyAfterTheDeadlineOnlyOnceOnlyToThePayer() public {
        bytes32 key = pay(request(1, 10), 5);
        vm.warp(block.timestamp + WINDOW);
        vm.expectRevert(abi.encodeWithSelector(BeforeDeadline.selector, block.timestamp));
        escrow.refund(key);
        vm.warp(block.timestamp + 1);
        vm.prank(ALICE);
        escrow.refund(key);
        eq(escrow.credits(PAYER), 5);
        vm.expectRevert(abi.encodeWithSelector(NotRefundable.selector, key));
        escrow.refund(key);
        vm.expectRevert(abi.encodeWithSelector(NotRefundable.selector, bytes32("unknown")));
        escrow.refund("unknown");
    }

    // ---- blocks ----

    function test_committedInferencesAreFundedFreshAndFitTheBlock() public {
        list.push(request(1, 128));
        _refusesCommit(NotFunded.selector);
        pay(list[0], 5);
        list[0].rows = 0;
        _refusesCommit(ZeroRows.selector);
        list[0].rows = 129;
        _refusesCommit(RowsOverflow.selector);
        list[0].rows = 128;
        commit(list);
        _refusesCommit(NotFunded.selector); // in a block already
        delete list;
        _refusesCommit(EmptyList.selector);
        for (uint256 i; i < 5; ++i) list.push(request(10 + i, 1));
        _refusesCommit(ListTooLong.selector);
    }

    function test_theSameInferenceTwiceInABlockIsRefused() public {
        list.push(request(1, 10));
        list.push(request(1, 10));
        pay(list[0], 5);
        _refusesCommit(NotFunded.selector);
    }

    function test_blocksHaveAHeightOfTheClassAndPointsOnTheCurve() public {
        list.push(request(1, 10));
        pay(list[0], 5);
        G1Point memory good = point();
        vm.startPrank(NODE);
        vm.expectRevert(abi.encodeWithSelector(TokensOutOfRange.selector, 8));
        escrow.commitBlock(adapterId, 8, good, good, list, RECEIPT);
        vm.expectRevert(PointAtInfinity.selector);
        escrow.commitBlock(adapterId, 7, G1Point(0, 0), good, list, RECEIPT);
        vm.expectRevert(PointNotOnCurve.selector);
        escrow.commitBlock(adapterId, 7, good, G1Point(1, 3), list, RECEIPT);
        vm.stopPrank();
        vm.expectRevert(); // another node's inference
        escrow.commitBlock(adapterId, 7, good, good, list, RECEIPT);
    }

    function test_blocksNeedProvedFeatures() public {
        adapter.modelHash = "another";
        vm.prank(OWNER);
        adapterId = registry.registerAdapter(adapter);
        list.push(request(1, 10));
        pay(list[0], 5);
        _refusesCommit(NoFeatures.selector);
    }

    // ---- settlement ----

    function test_asksForTheStatementThatTheChainDerives() public {
        BlockRecord[] memory blocks = _twoBlocks();
        uint256[] memory payouts = _payouts(10, 20, 30);
        bytes32[] memory ids = new bytes32[](2);
        bytes32[] memory keys = new bytes32[](3);
        for (uint256 k; k < 2; ++k) ids[k] = RecordHash.blockId(address(escrow), recordId, blocks[k]);
        (keys[0], keys[1], keys[2]) = (blocks[0].inferences[0].key, blocks[0].inferences[1].key, blocks[1].inferences[0].key);
        bytes32 jobId = keccak256(abi.encode(keccak256("zkattr.job.v1"), recordId, keccak256(abi.encodePacked(ids))));

        PayoutStatement memory s;
        s.classId = 1;
        s.context = keccak256(
            abi.encode(keccak256("zkattr.payout.v1"), address(escrow), jobId, keccak256(abi.encodePacked(keys)), recordId, PROVER)
        );
        s.tokensLog = 8;
        s.dlt = new G1Point[](2);
        s.x = new G1Point[](2);
        for (uint256 k; k < 2; ++k) (s.dlt[k], s.x[k]) = (blocks[k].dlt, blocks[k].x);
        (s.b, s.a, s.g) = (adapter.bStar, adapter.aStar, record.g);
        (s.bt, s.m) = (fixedPoint(50), fixedPoint(51));
        s.boundaries = new uint256[](3);
        (s.boundaries[0], s.boundaries[1], s.boundaries[2]) = (50, 128, 256);
        s.fees = new uint256[](3);
        (s.fees[0], s.fees[1], s.fees[2]) = (100, 200, 300);
        s.payouts = payouts;
        s.zeroQueries = 2;
        verifier.expect(keccak256(abi.encode(s)));
        uint256 before = gasleft();
        eq(settle(blocks, payouts, 2), jobId);
        vm.snapshotValue("AttributionEscrow", "settle without the verifier, 3 queries, 2 blocks, fresh credits", before - gasleft());
    }

    function test_creditsContributorsPayersOfZeroQueriesAndTreasury() public {
        settle(_twoBlocks(), _payouts(10, 20, 369), 2);
        eq(escrow.credits(ALICE), 10);
        eq(escrow.credits(BOB), 20);
        eq(escrow.credits(third), 369);
        eq(escrow.credits(PAYER), 200); // query 1
        eq(escrow.credits(TREASURY), 1);
        eq(address(escrow).balance, 600);
        vm.prank(ALICE);
        eq(escrow.claim(), 10);
        eq(ALICE.balance, 10);
        vm.expectRevert(NothingToClaim.selector);
        vm.prank(ALICE);
        escrow.claim();
    }

    function test_aFalseProofChangesNothing() public {
        BlockRecord[] memory blocks = _twoBlocks();
        verifier.set(false);
        vm.expectRevert(PairingRejected.selector);
        this.settleOut(blocks, _payouts(10, 20, 30), 2);
        eq(escrow.credits(ALICE) + escrow.credits(PAYER) + escrow.credits(TREASURY), 0);
        eq(escrow.blockState(RecordHash.blockId(address(escrow), recordId, blocks[0])), 1);
        verifier.set(true);
        settle(blocks, _payouts(10, 20, 30), 2);
    }

    function test_neverPaysMoreThanTheFeesOrBeyondTheRecord() public {
        BlockRecord[] memory blocks = _twoBlocks();
        vm.expectRevert(abi.encodeWithSelector(PayoutsExceedFees.selector, 401, 400));
        this.settleOut(blocks, _payouts(1, 0, 400), 2);
        uint256[] memory four = new uint256[](4);
        four[3] = 1;
        vm.expectRevert(abi.encodeWithSelector(PayoutBeyondRecord.selector, 3));
        this.settleOut(blocks, four, 2);
        four[3] = 0;
        settle(blocks, four, 2);
    }

    function test_settlesABlockOnceWithinAndAcrossJobs() public {
        BlockRecord[] memory blocks = _twoBlocks();
        BlockRecord[] memory twice = new BlockRecord[](2);
        (twice[0], twice[1]) = (blocks[0], blocks[0]);
        vm.expectRevert(abi.encodeWithSelector(BlockSettled.selector, RecordHash.blockId(address(escrow), recordId, blocks[0])));
        this.settleOut(twice, _payouts(1, 1, 1), 0);
        settle(blocks, _payouts(1, 1, 1), 0);
        BlockRecord[] memory again = new BlockRecord[](1);
        again[0] = blocks[1];
        vm.expectRevert(abi.encodeWithSelector(BlockSettled.selector, RecordHash.blockId(address(escrow), recordId, blocks[1])));
        this.settleOut(again, _payouts(1, 1, 1), 0);
    }

    function test_refusesBlocksThatDifferFromTheCommittedOnes() public {
        BlockRecord[] memory blocks = _twoBlocks();
        blocks[1].inferences[0].rows += 1;
        vm.expectRevert();
        this.settleOut(blocks, _payouts(1, 1, 1), 0);
        blocks[1].inferences[0].rows -= 1;
        record.contributors[0] = PROVER; // another record: every block is unknown under it
        vm.expectRevert();
        this.settleOut(blocks, _payouts(1, 1, 1), 0);
        record.contributors[0] = ALICE;
        settle(blocks, _payouts(1, 1, 1), 0);
    }

    function test_refusesBlocksOfUnequalHeight() public {
        BlockRecord[] memory blocks = _twoBlocks();
        delete list;
        list.push(request(9, 10));
        pay(list[0], 5);
        blocks[1] = commitWith(list, 6);
        vm.expectRevert(abi.encodeWithSelector(BlockHeightMismatch.selector, 7, 6));
        this.settleOut(blocks, _payouts(1, 1, 1), 0);
    }

    function test_aRecordRegisteredLaterDoesNotTakeOverCommittedBlocks() public {
        BlockRecord[] memory blocks = _twoBlocks();
        FeatureRecord memory first = record;
        third = PROVER;
        register();
        vm.expectRevert();
        this.settleOut(blocks, _payouts(1, 1, 1), 0);
        record = first;
        settle(blocks, _payouts(1, 1, 1), 0);
    }

    function test_aRefundedQueryCountsWithFeeZero() public {
        BlockRecord[] memory blocks = _twoBlocks();
        vm.warp(block.timestamp + WINDOW + 1);
        escrow.refund(blocks[0].inferences[0].key);
        vm.expectRevert(abi.encodeWithSelector(PayoutsExceedFees.selector, 501, 500));
        this.settleOut(blocks, _payouts(501, 0, 0), 0);
        settle(blocks, _payouts(500, 0, 0), 0);
        vm.expectRevert();
        escrow.refund(blocks[0].inferences[1].key);
        eq(escrow.credits(PAYER), 100);
    }

    // ---- claims ----

    function test_cannotClaimTwiceByReentry() public {
        Reentrant thief = new Reentrant(escrow);
        third = address(thief);
        register();
        settle(_twoBlocks(), _payouts(10, 20, 370), 2);
        thief.claim();
        eq(address(thief).balance, 370);
        eq(bytes32(thief.reason()), bytes32(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector));
        eq(address(escrow).balance, 230);
    }

    function test_aRefusedTransferKeepsTheCredit() public {
        Refuser refuser = new Refuser();
        third = address(refuser);
        register();
        settle(_twoBlocks(), _payouts(10, 20, 370), 2);
        vm.expectRevert(TransferFailed.selector);
        refuser.claim(escrow);
        eq(escrow.credits(address(refuser)), 370);
    }

    // ---- helpers ----

    function settleOut(BlockRecord[] calldata blocks, uint256[] calldata payouts, uint256 zeroQueries) external {
        settle(blocks, payouts, zeroQueries);
    }

    function commitOut(Inference[] calldata inferences) external {
        commit(inferences);
    }

    function _refusesCommit(bytes4 selector) private {
        (bool ok, bytes memory reason) = address(this).call(abi.encodeCall(this.commitOut, (list)));
        assert(!ok && bytes4(reason) == selector);
    }

    /// @dev Fees 100, 200 in block 0 (rows 50, 60 of 128) and 300 in block 1.
    function _twoBlocks() private returns (BlockRecord[] memory blocks) {
        blocks = new BlockRecord[](2);
        delete list;
        list.push(request(1, 50));
        list.push(request(2, 60));
        pay(list[0], 100);
        pay(list[1], 200);
        blocks[0] = commit(list);
        delete list;
        list.push(request(3, 100));
        pay(list[0], 300);
        blocks[1] = commit(list);
    }

    function _payouts(uint256 a, uint256 b, uint256 c) private pure returns (uint256[] memory payouts) {
        payouts = new uint256[](3);
        (payouts[0], payouts[1], payouts[2]) = (a, b, c);
    }
}
