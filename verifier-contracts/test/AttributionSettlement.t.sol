// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IAttributionSettlement} from "../src/interfaces/IAttributionSettlement.sol";
import {IInferenceRegistry} from "../src/interfaces/IInferenceRegistry.sol";
import {IModelRegistry} from "../src/interfaces/IModelRegistry.sol";
import {IParameters} from "../src/interfaces/IParameters.sol";
import {IRewardVault} from "../src/interfaces/IRewardVault.sol";
import {IVerifierGateway} from "../src/interfaces/IVerifierGateway.sol";
import {FeeSplit} from "../src/libraries/FeeSplit.sol";
import {RecordHash} from "../src/libraries/RecordHash.sol";
import "../src/types/Economy.sol";
import "../src/types/Errors.sol";
import "../src/types/Types.sol";
import {AttributionSettlement, TestVerifier} from "./support/Deployed.sol";
import {MoneyWorld} from "./support/MoneyWorld.sol";

/// @dev Proofs are accepted or rejected by a double here; test/contracts runs the same contracts with the real verifier.
contract AttributionSettlementTest is MoneyWorld {
    Credit[] private wanted;

    function setUp() public {
        build();
    }

    // ---- what the verifier is asked ----

    function test_asksForTheStatementThatTheChainDerives() public {
        BlockRecord[] memory blocks = twoBlocks(1);
        verifier.expect(_statementHash(blocks, amounts(60, 120, 180), amounts(10, 20, 30), 2));
        eq(settle(blocks, amounts(10, 20, 30), 2), _jobId(blocks));
    }

    function test_theStatementNamesTheProver() public {
        BlockRecord[] memory blocks = twoBlocks(1);
        verifier.expect(_statementHash(blocks, amounts(60, 120, 180), amounts(10, 20, 30), 2));
        OpeningProof memory opening;
        Groth16Proof memory proof;
        bytes memory stolen =
            abi.encodeCall(settlement.settle, (Job(record, blocks, RIVAL), settlementOf(amounts(10, 20, 30), 2), opening, proof));
        refuse(RIVAL, address(settlement), stolen, abi.encodeWithSignature("Error(string)", "another statement was asked"));
        // The prover's own call may be sent by anybody, to the prover's benefit.
        bytes memory own = settleCall(blocks, amounts(10, 20, 30), 2);
        vm.prank(RIVAL);
        (bool ok,) = address(settlement).call(own);
        assert(ok);
        eq(vault.balanceOf(PROVER, _period()), 60);
    }

    function test_aQueryRefundedMeanwhileIsProvedWithFeeZero() public {
        BlockRecord[] memory blocks = twoBlocks(1);
        vm.warp(START + 3 days + 1);
        inferences.refund(ids(blocks[0].inferences[1].key));
        verifier.expect(_statementHash(blocks, amounts(60, 120, 180), amounts(10, 20, 30), 0));
        refuseSettle(blocks, amounts(10, 20, 30), 0, abi.encodeWithSignature("Error(string)", "another statement was asked"));
        verifier.expect(_statementHash(blocks, amounts(60, 0, 180), amounts(10, 20, 30), 0));
        settle(blocks, amounts(10, 20, 30), 0);
        eq(vault.balanceOf(PAYER, 0), 200);
        eq(vault.balanceOf(NODE, _period()), 80);
        eq(vault.owed(), 600);
    }

    function test_zeroQueryBitsBeyondTheQueriesReachTheProofAndPayNobody() public {
        BlockRecord[] memory blocks = twoBlocks(1);
        uint256 zeros = 2 | (type(uint256).max << 3);
        verifier.expect(_statementHash(blocks, amounts(60, 120, 180), amounts(10, 20, 30), zeros));
        settle(blocks, amounts(10, 20, 30), zeros);
        eq(vault.balanceOf(PAYER, _period()), 120);
    }

    function test_aFalseProofChangesNothing() public {
        BlockRecord[] memory blocks = twoBlocks(1);
        verifier.set(false);
        refuseSettle(blocks, amounts(10, 20, 30), 2, err(PairingRejected.selector));
        eq(vault.owed(), 0);
        eq(open.balanceOf(address(vault)), 0);
        assert(inferences.blockState(blockIdOf(blocks[0])).status == IInferenceRegistry.BlockStatus.Committed);
        verifier.set(true);
        settle(blocks, amounts(10, 20, 30), 2);
    }

    // ---- who gets what ----

    function test_creditsEverybodyInOrderAndToTheLastWei() public {
        BlockRecord[] memory blocks = twoBlocks(1);
        // contributors 60 + 120 + 180, node 20 + 40 + 60, prover 10 + 20 + 30, auditors and treasury 5 + 10 + 15 each
        _want(ALICE, 10, CreditKind.Contributor);
        _want(CAROL, 30, CreditKind.Contributor);
        _want(PAYER, 120, CreditKind.ZeroQuery);
        _want(NODE, 120, CreditKind.Node);
        _want(PROVER, 60, CreditKind.Prover);
        _want(address(court), 30, CreditKind.Auditors);
        _want(TREASURY, 30 + 200, CreditKind.Treasury); // and the dust
        bytes32 jobId = _jobId(blocks);
        for (uint256 i; i < wanted.length; ++i) {
            vm.expectEmit();
            emit IRewardVault.JobCredited(jobId, wanted[i].account, wanted[i].kind, wanted[i].amount, _period());
        }
        vm.expectEmit();
        emit IRewardVault.JobOpened(jobId, _period(), 600, START + 1 days, keccak256(abi.encode(wanted)));
        vm.expectEmit();
        emit IAttributionSettlement.JobSettled(jobId, recordId, PROVER, 600, 40, 200, payoutSelector);
        settle(blocks, amounts(10, 0, 30), 2);
        (, , , bytes32 creditsHash) = vault.job(jobId);
        eq(creditsHash, keccak256(abi.encode(wanted)));
        eq(vault.owed(), 600);
        eq(open.balanceOf(address(vault)), 600);
        eq(open.balanceOf(address(inferences)), 0);
        eq(open.balanceOf(address(settlement)), 0);
    }

    function test_mergesNeighbouringBlocksOfOneNodeOnly() public {
        stake(Role.Node, RIVAL, 10 ether);
        vm.prank(RIVAL);
        inferences.registerNode(address(0), "");
        BlockRecord[] memory blocks = new BlockRecord[](4);
        blocks[0] = paidBlock(1, 100);
        blocks[1] = paidBlock(2, 100);
        blocks[2] = _paidBlockOf(RIVAL, 3, 200);
        blocks[3] = paidBlock(4, 300);
        _want(NODE, 40, CreditKind.Node);
        _want(RIVAL, 40, CreditKind.Node);
        _want(NODE, 60, CreditKind.Node);
        _want(PROVER, 70, CreditKind.Prover);
        _want(address(court), 35, CreditKind.Auditors);
        _want(TREASURY, 35 + 420, CreditKind.Treasury);
        settle(blocks, amounts(0), 0);
        _hasCredits(blocks);
    }

    function test_aSplitWithoutSomePartsLeavesThemOut() public {
        setSplit(Split(10_000, 0, 0, 0, 0));
        BlockRecord[] memory blocks = blocks1(paidBlock(1, 999));
        _want(BOB, 999, CreditKind.Contributor);
        settle(blocks, amounts(0, 999), 0);
        _hasCredits(blocks);
    }

    function test_blocksKeepTheSplitUnderWhichTheyWereCommitted() public {
        BlockRecord memory a = paidBlock(1, 10_000);
        setSplit(Split(1000, 9000, 0, 0, 0));
        BlockRecord memory b = paidBlock(2, 10_000);
        setSplit(Split(1000, 0, 9000, 0, 0));
        _want(ALICE, 7000, CreditKind.Contributor);
        _want(NODE, 2000 + 9000, CreditKind.Node);
        _want(PROVER, 1000, CreditKind.Prover);
        _want(address(court), 500, CreditKind.Auditors);
        _want(TREASURY, 500, CreditKind.Treasury);
        BlockRecord[] memory blocks = blocks2(a, b);
        settle(blocks, amounts(7000), 0);
        _hasCredits(blocks);
        // The other way round the splits change twice.
        BlockRecord memory c = paidBlock(3, 10_000);
        b.splitId = 3;
        refuseSettle(blocks2(c, b), amounts(0), 0, _wrongStatus(b, IInferenceRegistry.BlockStatus.None));
    }

    function test_aJobOfRefundedQueriesPaysNobody() public {
        BlockRecord[] memory blocks = blocks1(paidBlock(1, 5));
        vm.warp(START + 3 days + 1);
        inferences.refund(ids(blocks[0].inferences[0].key));
        refuseSettle(blocks, amounts(1), 0, abi.encodeWithSelector(PayoutsExceedFees.selector, 1, 0));
        settle(blocks, amounts(0), 1);
        _hasCredits(blocks);
        eq(vault.owed(), 5); // the refund
    }

    function test_oneWeiGoesToTheTreasury() public {
        BlockRecord[] memory blocks = blocks1(paidBlock(1, 1));
        _want(TREASURY, 1, CreditKind.Treasury);
        settle(blocks, amounts(0), 0);
        _hasCredits(blocks);
    }

    function test_theTreasuryOfTheDayGetsItsPart() public {
        BlockRecord[] memory blocks = blocks1(paidBlock(1, 100));
        vm.prank(address(timelock));
        parameters.setTreasury(RIVAL);
        settle(blocks, amounts(60), 0);
        eq(vault.balanceOf(RIVAL, _period()), 5);
    }

    /// @dev Any fees, any split, any payouts, any zero queries: credits sum to the fees, the parts are floors.
    function testFuzz_creditsSumToTheFees(uint256[3] memory fees, uint256[4] memory cuts, uint256[3] memory payouts, uint256 zeros) public {
        Split memory s = _split(cuts);
        setSplit(s);
        for (uint256 i; i < 3; ++i) fees[i] = bound(fees[i], 1, (1 << 80) - 1);
        Inference[] memory first = two(inference(1, 50), inference(2, 60));
        pay(first[0], fees[0]);
        pay(first[1], fees[1]);
        Inference[] memory second = one(inference(3, 100));
        pay(second[0], fees[2]);
        BlockRecord[] memory blocks = blocks2(commit(first), commit(second));
        // The model: plain arithmetic over the three fees.
        uint256[6] memory sums; // contributors, zero refunds, node, prover, auditors, all
        for (uint256 i; i < 3; ++i) {
            sums[(zeros >> i) & 1] += fees[i] * s.contributors / 10_000;
            sums[2] += fees[i] * s.node / 10_000;
            sums[3] += fees[i] * s.prover / 10_000;
            sums[4] += fees[i] * s.auditors / 10_000;
            sums[5] += fees[i];
        }
        uint256 left = sums[0];
        for (uint256 c; c < 3; ++c) {
            payouts[c] = bound(payouts[c], 0, left);
            left -= payouts[c];
        }
        settle(blocks, amounts(payouts[0], payouts[1], payouts[2]), zeros);
        uint256 p = _period();
        eq(vault.balanceOf(ALICE, p), payouts[0]);
        eq(vault.balanceOf(BOB, p), payouts[1]);
        eq(vault.balanceOf(CAROL, p), payouts[2]);
        eq(vault.balanceOf(PAYER, p), sums[1]);
        eq(vault.balanceOf(NODE, p), sums[2]);
        eq(vault.balanceOf(PROVER, p), sums[3]);
        eq(vault.balanceOf(address(court), p), sums[4]);
        uint256 others = sums[0] - left + sums[1] + sums[2] + sums[3] + sums[4];
        eq(vault.balanceOf(TREASURY, p), sums[5] - others);
        eq(vault.owed(), sums[5]);
        eq(open.balanceOf(address(vault)), sums[5]);
        eq(open.balanceOf(address(inferences)), 0);
    }

    function testFuzz_thePartsOfAFeeSumToIt(uint256 fee, uint256[4] memory cuts) public pure {
        fee = bound(fee, 0, (1 << 80) - 1);
        Split memory s = _split(cuts);
        FeeSplit.Parts memory p = FeeSplit.parts(fee, s);
        eq(p.contributors + p.node + p.prover + p.auditors + p.treasury, fee);
        eq(p.contributors, fee * s.contributors / 10_000);
        assert(p.treasury >= fee * s.treasury / 10_000 && p.treasury <= fee * s.treasury / 10_000 + 4);
    }

    // ---- what is refused ----

    function test_neverPaysMoreThanTheContributorsPartOrBeyondTheRecord() public {
        BlockRecord[] memory blocks = twoBlocks(1);
        // 600 in fees, of which 360 are the contributors', of which 120 are a zero query's
        refuseSettle(blocks, amounts(1, 0, 240), 2, abi.encodeWithSelector(PayoutsExceedFees.selector, 241, 240));
        uint256[] memory four = new uint256[](4);
        four[3] = 1;
        refuseSettle(blocks, four, 2, abi.encodeWithSelector(PayoutBeyondRecord.selector, 3));
        bytes memory tooLarge = abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, 96, type(uint256).max);
        refuseSettle(blocks, amounts(1, type(uint256).max), 2, tooLarge);
        four[3] = 0;
        four[0] = 240;
        settle(blocks, four, 2);
        eq(vault.balanceOf(ALICE, _period()), 240);
    }

    function test_settlesABlockOnceWithinAndAcrossJobs() public {
        BlockRecord[] memory blocks = twoBlocks(1);
        refuseSettle(blocks2(blocks[0], blocks[0]), amounts(1), 0, _wrongStatus(blocks[0], IInferenceRegistry.BlockStatus.Settled));
        settle(blocks, amounts(1), 0);
        refuseSettle(blocks1(blocks[1]), amounts(1), 0, _wrongStatus(blocks[1], IInferenceRegistry.BlockStatus.Settled));
    }

    function test_refusesJobsWithoutBlocksOrProver() public {
        refuseSettle(new BlockRecord[](0), amounts(0), 0, err(EmptyList.selector));
        OpeningProof memory opening;
        Groth16Proof memory proof;
        Job memory job = Job(record, twoBlocks(1), address(0));
        bytes memory call = abi.encodeCall(settlement.settle, (job, settlementOf(amounts(0), 0), opening, proof));
        refuse(PROVER, address(settlement), call, err(ZeroAddress.selector));
    }

    function test_refusesBlocksThatDifferFromTheCommittedOnes() public {
        BlockRecord[] memory blocks = twoBlocks(1);
        blocks[1].inferences[0].rows += 1;
        refuseSettle(blocks, amounts(1), 0, _wrongStatus(blocks[1], IInferenceRegistry.BlockStatus.None));
        blocks[1].inferences[0].rows -= 1;
        blocks[1].node = RIVAL;
        refuseSettle(blocks, amounts(1), 0, _wrongStatus(blocks[1], IInferenceRegistry.BlockStatus.None));
        blocks[1].node = NODE;
        BlockInference[] memory none;
        BlockInference[] memory kept = blocks[1].inferences;
        blocks[1].inferences = none;
        refuseSettle(blocks, amounts(1), 0, _wrongStatus(blocks[1], IInferenceRegistry.BlockStatus.None));
        blocks[1].inferences = kept;
        settle(blocks, amounts(1), 0);
    }

    function test_refusesBlocksOfUnequalHeight() public {
        BlockRecord[] memory blocks = twoBlocks(1);
        Inference memory i = inference(9, 10);
        pay(i, 5);
        BlockCommitment memory c = commitment(one(i));
        c.heightLog = 6;
        vm.prank(NODE);
        inferences.commitBlock(c);
        blocks[1] = blockRecord(c);
        refuseSettle(blocks, amounts(1), 0, abi.encodeWithSelector(BlockHeightMismatch.selector, 7, 6));
    }

    function test_blocksStayWithTheRecordThatTheyPinned() public {
        BlockRecord memory old = paidBlock(1, 100);
        FeatureRecord memory first = record;
        bytes32 firstId = recordId;
        registerFeatures(); // a later record of the same adapter, with other features
        refuseSettle(blocks1(old), amounts(1), 0, _wrongStatus(old, IInferenceRegistry.BlockStatus.None));
        BlockRecord memory fresh = paidBlock(2, 100);
        bytes32 freshUnderFirst = RecordHash.blockId(address(inferences), firstId, fresh);
        record = first;
        bytes memory unknown = abi.encodeWithSelector(IInferenceRegistry.WrongBlockStatus.selector, freshUnderFirst, IInferenceRegistry.BlockStatus.None);
        refuseSettle(blocks2(old, fresh), amounts(1), 0, unknown);
        settle(blocks1(old), amounts(1), 0);
    }

    function test_refusesRecordsThatAreNotProved() public {
        BlockRecord[] memory blocks = twoBlocks(1);
        record.contributors[0] = PROVER;
        bytes32 forged = RecordHash.recordId(address(models), record);
        refuseSettle(blocks, amounts(1), 0, _notProved(forged, IModelRegistry.RecordStatus.Unknown));
        record.contributors[0] = ALICE;
        vm.prank(address(court));
        models.challengeRecord(recordId);
        refuseSettle(blocks, amounts(1), 0, _notProved(recordId, IModelRegistry.RecordStatus.Challenged));
        vm.prank(address(court));
        models.resolveRecord(recordId, false);
        uint256 cleared = vm.snapshotState();
        settle(blocks, amounts(1), 0);
        vm.revertToState(cleared);
        vm.startPrank(address(court));
        models.challengeRecord(recordId);
        models.resolveRecord(recordId, true);
        vm.stopPrank();
        refuseSettle(blocks, amounts(1), 0, _notProved(recordId, IModelRegistry.RecordStatus.Revoked));
        vm.warp(START + 3 days + 1);
        inferences.refund(ids(blocks[0].inferences[0].key)); // the payers get theirs back in time
    }

    function test_refusesChallengedAndRejectedBlocks() public {
        BlockRecord[] memory blocks = twoBlocks(1);
        bytes32 id = blockIdOf(blocks[1]);
        vm.prank(address(court));
        inferences.challengeBlock(id);
        refuseSettle(blocks, amounts(1), 0, _wrongStatus(blocks[1], IInferenceRegistry.BlockStatus.Challenged));
        uint256 challenged = vm.snapshotState();
        vm.prank(address(court));
        inferences.resolveBlock(id, false);
        settle(blocks, amounts(1), 0);
        vm.revertToState(challenged);
        vm.prank(address(facts));
        inferences.resolveBlock(id, true);
        refuseSettle(blocks, amounts(1), 0, _wrongStatus(blocks[1], IInferenceRegistry.BlockStatus.Rejected));
    }

    function test_asksALiveVerifierOfTheRecordsClassOnly() public {
        BlockRecord[] memory blocks = twoBlocks(1);
        OpeningProof memory opening;
        Groth16Proof memory proof;
        Settlement memory claim = settlementOf(amounts(1), 0);
        claim.selector = featuresSelector;
        bytes memory call = abi.encodeCall(settlement.settle, (Job(record, blocks, PROVER), claim, opening, proof));
        refuse(PROVER, address(settlement), call, abi.encodeWithSelector(IVerifierGateway.WrongClass.selector, featuresSelector, 2, 1));
        claim.selector = "unknown";
        call = abi.encodeCall(settlement.settle, (Job(record, blocks, PROVER), claim, opening, proof));
        refuse(PROVER, address(settlement), call, abi.encodeWithSelector(IVerifierGateway.NotLive.selector, bytes32("unknown"), IVerifierGateway.Status.Unknown));
        vm.prank(GUARDIAN);
        gateway.freeze(payoutSelector);
        refuseSettle(blocks, amounts(1), 0, abi.encodeWithSelector(IVerifierGateway.NotLive.selector, payoutSelector, IVerifierGateway.Status.Frozen));
        vm.prank(address(timelock));
        gateway.thaw(payoutSelector);
        settle(blocks, amounts(1), 0);
    }

    function test_asksTheVerifierBehindTheSelector() public {
        BlockRecord[] memory blocks = twoBlocks(1);
        TestVerifier second = TestVerifier(create("TestVerifier", ""));
        vm.prank(address(timelock));
        bytes32 selector = gateway.add(second, 2, 1, 2, VK);
        second.set(false);
        settle(blocks1(blocks[0]), amounts(1), 0);
        payoutSelector = selector;
        refuseSettle(blocks1(blocks[1]), amounts(1), 0, err(PairingRejected.selector));
    }

    function test_theGuardianPausesSettlements() public {
        BlockRecord[] memory blocks = twoBlocks(1);
        pauseModule(Module.Settlements);
        bytes memory paused = abi.encodeWithSelector(IParameters.ModulePaused.selector, Module.Settlements);
        refuseSettle(blocks, amounts(1), 0, paused);
        refuse(address(market), address(settlement), _reservedCall(blocks), paused);
        vm.prank(address(timelock));
        parameters.unpause(Module.Settlements);
        settle(blocks, amounts(1), 0);
    }

    // ---- reservations ----

    function test_onlyTheMarketSettlesReservedBlocks() public {
        BlockRecord[] memory blocks = twoBlocks(1);
        bytes32 id = blockIdOf(blocks[1]);
        vm.prank(address(market));
        inferences.reserve(ids(id), NODE, START + 10);
        refuse(PROVER, address(settlement), _reservedCall(blocks), abi.encodeWithSelector(IAttributionSettlement.NotMarket.selector, PROVER));
        vm.warp(START + 10);
        refuseSettle(blocks, amounts(1), 0, abi.encodeWithSelector(IInferenceRegistry.BlockReserved.selector, id, START + 10));
        uint256 reserved = vm.snapshotState();
        bytes memory call = _reservedCall(blocks);
        vm.prank(address(market));
        (bool ok,) = address(settlement).call(call);
        assert(ok);
        vm.revertToState(reserved);
        vm.warp(START + 11); // the reservation is over by itself
        settle(blocks, amounts(1), 0);
        vm.revertToState(reserved);
        vm.prank(address(market));
        inferences.unreserve(ids(id));
        settle(blocks, amounts(1), 0);
    }

    function test_namesEveryContractThatItTrusts() public {
        address[7] memory a =
            [address(parameters), address(models), address(inferences), address(gateway), address(vault), address(market), address(court)];
        for (uint256 i; i < 7; ++i) {
            address kept = a[i];
            a[i] = address(0);
            vm.expectRevert(ZeroAddress.selector);
            AttributionSettlement(payable(create("AttributionSettlement", abi.encode(
                IParameters(a[0]), IModelRegistry(a[1]), IInferenceRegistry(a[2]), IVerifierGateway(a[3]), IRewardVault(a[4]), a[5], a[6]
            ))));
            a[i] = kept;
        }
    }

    // ---- helpers ----

    function _period() private view returns (uint256) {
        return vault.currentPeriod(); // by a call: the compiler may read block.timestamp once for all
    }

    function _jobId(BlockRecord[] memory blocks) private view returns (bytes32) {
        bytes memory packed;
        for (uint256 k; k < blocks.length; ++k) packed = abi.encodePacked(packed, blockIdOf(blocks[k]));
        return keccak256(abi.encode(keccak256("zkattr.job.v1"), recordId, keccak256(packed)));
    }

    /// @dev Of twoBlocks: boundaries 50, 128, 256.
    function _statementHash(BlockRecord[] memory blocks, uint256[] memory fees, uint256[] memory payouts, uint256 zeros) private view returns (bytes32) {
        bytes memory keys = abi.encodePacked(blocks[0].inferences[0].key, blocks[0].inferences[1].key, blocks[1].inferences[0].key);
        PayoutStatement memory s;
        s.classId = 1;
        s.context = keccak256(
            abi.encode(keccak256("zkattr.payout.v1"), address(settlement), _jobId(blocks), keccak256(keys), recordId, PROVER)
        );
        s.tokensLog = 8;
        s.dlt = new G1Point[](2);
        s.x = new G1Point[](2);
        for (uint256 k; k < 2; ++k) (s.dlt[k], s.x[k]) = (blocks[k].dlt, blocks[k].x);
        (s.b, s.a, s.g) = (adapter.bStar, adapter.aStar, record.g);
        (s.bt, s.m) = (fixedPoint(50), fixedPoint(51));
        s.boundaries = amounts(50, 128, 256);
        s.fees = fees;
        s.payouts = payouts;
        s.zeroQueries = zeros;
        return keccak256(abi.encode(s));
    }

    function _want(address account, uint96 amount, CreditKind kind) private {
        wanted.push(Credit(account, amount, kind));
    }

    function _hasCredits(BlockRecord[] memory blocks) private view {
        (IRewardVault.JobState state,,, bytes32 creditsHash) = vault.job(_jobId(blocks));
        assert(state == IRewardVault.JobState.Settled);
        eq(creditsHash, keccak256(abi.encode(wanted)));
    }

    /// @dev contributors from 1000 to 10000, the others share the rest.
    function _split(uint256[4] memory cuts) private pure returns (Split memory s) {
        s.contributors = uint16(bound(cuts[0], 1000, 10_000));
        s.node = uint16(bound(cuts[1], 0, 10_000 - s.contributors));
        s.prover = uint16(bound(cuts[2], 0, 10_000 - s.contributors - s.node));
        s.auditors = uint16(bound(cuts[3], 0, 10_000 - s.contributors - s.node - s.prover));
        s.treasury = 10_000 - s.contributors - s.node - s.prover - s.auditors;
    }

    function _paidBlockOf(address node, uint256 nonce, uint256 fee) private returns (BlockRecord memory) {
        Inference[] memory l = one(inference(nonce, 5));
        Payment memory p = paymentOf(l[0], fee);
        p.node = node;
        vm.prank(PAYER);
        inferences.pay{value: fee}(payments(p));
        BlockCommitment memory c = commitment(l);
        c.node = node;
        vm.prank(node);
        inferences.commitBlock(c);
        return blockRecord(c);
    }

    function _reservedCall(BlockRecord[] memory blocks) private view returns (bytes memory) {
        OpeningProof memory opening;
        Groth16Proof memory proof;
        return abi.encodeCall(settlement.settleReserved, (Job(record, blocks, PROVER), settlementOf(amounts(1), 0), opening, proof));
    }

    function _wrongStatus(BlockRecord memory data, IInferenceRegistry.BlockStatus status) private view returns (bytes memory) {
        return abi.encodeWithSelector(IInferenceRegistry.WrongBlockStatus.selector, blockIdOf(data), status);
    }

    function _notProved(bytes32 id, IModelRegistry.RecordStatus status) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IModelRegistry.RecordNotProved.selector, id, status);
    }
}
