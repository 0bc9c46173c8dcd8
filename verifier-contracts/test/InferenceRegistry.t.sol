// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {IInferenceRegistry} from "../src/interfaces/IInferenceRegistry.sol";
import {IModelRegistry} from "../src/interfaces/IModelRegistry.sol";
import {IParameters} from "../src/interfaces/IParameters.sol";
import {IRewardVault} from "../src/interfaces/IRewardVault.sol";
import {IStakeVault} from "../src/interfaces/IStakeVault.sol";
import {IVerifierGateway} from "../src/interfaces/IVerifierGateway.sol";
import {IWrappedOpen} from "../src/interfaces/IWrappedOpen.sol";
import {RecordHash} from "../src/libraries/RecordHash.sol";
import "../src/types/Economy.sol";
import "../src/types/Errors.sol";
import "../src/types/Types.sol";
import {InferenceRegistry} from "./support/Deployed.sol";
import {MoneyWorld} from "./support/MoneyWorld.sol";

contract InferenceRegistryTest is MoneyWorld {
    address private registry; // inferences, as the target of plain calls
    Inference private first;
    Inference private second;

    function setUp() public {
        build();
        registry = address(inferences);
        first = inference(1, 50);
        second = inference(2, 60);
    }

    // ---- nodes ----

    function test_aNodeRegistersOnceWithTheStake() public {
        bytes memory register = abi.encodeCall(inferences.registerNode, (OPERATOR, "https://rival"));
        refuse(RIVAL, registry, register, abi.encodeWithSelector(IInferenceRegistry.NotActiveNode.selector, RIVAL));
        stake(Role.Node, RIVAL, 10 ether - 1);
        refuse(RIVAL, registry, register, abi.encodeWithSelector(IInferenceRegistry.NotActiveNode.selector, RIVAL));
        stake(Role.Node, RIVAL, 1);
        assert(!inferences.isActiveNode(RIVAL));
        vm.expectEmit();
        emit IInferenceRegistry.NodeRegistered(RIVAL, OPERATOR, "https://rival");
        vm.prank(RIVAL);
        inferences.registerNode(OPERATOR, "https://rival");
        assert(inferences.isActiveNode(RIVAL));
        eq(inferences.nodeOperator(RIVAL), OPERATOR);
        refuse(RIVAL, registry, register, abi.encodeWithSelector(IInferenceRegistry.NodeExists.selector, RIVAL));
    }

    function test_onlyANodeUpdatesAndRetiresItself() public {
        bytes memory no = abi.encodeWithSelector(IInferenceRegistry.NotANode.selector, RIVAL);
        refuse(RIVAL, registry, abi.encodeCall(inferences.updateNode, (RIVAL, "")), no);
        refuse(RIVAL, registry, abi.encodeCall(inferences.retireNode, ()), no);
        vm.expectEmit();
        emit IInferenceRegistry.NodeUpdated(NODE, RIVAL, "https://new");
        vm.prank(NODE);
        inferences.updateNode(RIVAL, "https://new");
        eq(inferences.nodeOperator(NODE), RIVAL);
    }

    function test_aRetiredNodeCommitsNothingUntilItRegistersAgain() public {
        pay(first, 5);
        vm.expectEmit();
        emit IInferenceRegistry.NodeRetired(NODE);
        vm.prank(NODE);
        inferences.retireNode();
        assert(!inferences.isActiveNode(NODE));
        eq(inferences.nodeOperator(NODE), OPERATOR); // for what is committed already
        _refuseCommit(commitment(one(first)), abi.encodeWithSelector(IInferenceRegistry.NotActiveNode.selector, NODE));
        refuse(NODE, registry, abi.encodeCall(inferences.retireNode, ()), abi.encodeWithSelector(IInferenceRegistry.NotANode.selector, NODE));
        vm.prank(NODE);
        inferences.registerNode(address(0), "");
        commit(one(first));
    }

    function test_nothingIsCommittedOnARecordWhoseOwnerWithdrawsItsStake() public {
        pay(first, 1 ether);
        vm.prank(OWNER);
        stakes.startUnbonding(Role.Adapter, 1);
        _refuseCommit(
            commitment(one(first)),
            abi.encodeWithSelector(IStakeVault.StakeTooLow.selector, Role.Adapter, OWNER, 5 ether - 1, 5 ether)
        );
        vm.prank(OWNER);
        stakes.cancelUnbonding(Role.Adapter);
        commit(one(first));
    }

    function test_aNodeWhoseStakeFellCommitsNothing() public {
        pay(first, 5);
        vm.prank(NODE);
        stakes.startUnbonding(Role.Node, 10 ether + 1); // of 20
        assert(!inferences.isActiveNode(NODE));
        _refuseCommit(commitment(one(first)), abi.encodeWithSelector(IInferenceRegistry.NotActiveNode.selector, NODE));
        vm.prank(NODE);
        stakes.cancelUnbonding(Role.Node);
        commit(one(first));
    }

    // ---- payments ----

    function test_paysOnceAndWithinBounds() public {
        bytes32 key = RecordHash.paymentKey(NODE, adapterId, first.requestHash, 1);
        vm.expectEmit();
        emit IInferenceRegistry.FeePaid(key, PAYER, NODE, adapterId, first.requestHash, 1, 5, START + 3 days);
        eq(pay(first, 5), key);
        IInferenceRegistry.PaymentState memory state = inferences.payment(key);
        eq(state.payer, PAYER);
        eq(state.fee, 5);
        assert(state.status == IInferenceRegistry.PaymentStatus.Funded);
        eq(state.deadline, START + 3 days);
        eq(inferences.paymentKey(NODE, adapterId, first.requestHash, 1), key);
        eq(open.balanceOf(registry), 5);
        _refusePay(payments(paymentOf(first, 5)), 5, abi.encodeWithSelector(PaymentExists.selector, key));
        _refusePay(payments(paymentOf(second, 0)), 0, abi.encodeWithSelector(FeeOutOfRange.selector, 0));
        _refusePay(payments(paymentOf(second, 1 << 80)), 1 << 80, abi.encodeWithSelector(FeeOutOfRange.selector, 1 << 80));
        pay(second, (1 << 80) - 1);
        eq(open.balanceOf(registry), 5 + (1 << 80) - 1);
    }

    function test_refusesPaymentsForNobodyOrForUnknownAdapters() public {
        _refusePay(new Payment[](0), 0, err(EmptyList.selector));
        Payment memory bad = paymentOf(second, 5);
        bad.node = address(0);
        _refusePay(payments(paymentOf(first, 5), bad), 10, err(ZeroAddress.selector));
        bad = paymentOf(second, 5);
        bad.adapterId = "unknown";
        _refusePay(payments(paymentOf(first, 5), bad), 10, abi.encodeWithSelector(UnknownAdapter.selector, bytes32("unknown")));
        _refusePay(payments(bad, paymentOf(first, 5)), 10, abi.encodeWithSelector(UnknownAdapter.selector, bytes32("unknown")));
    }

    function test_theSamePaymentTwiceInAListIsRefused() public {
        bytes32 key = RecordHash.paymentKey(NODE, adapterId, first.requestHash, 1);
        _refusePay(payments(paymentOf(first, 5), paymentOf(first, 6)), 11, abi.encodeWithSelector(PaymentExists.selector, key));
    }

    function test_takesTheExactSumNativeOrWrappedButNotBoth() public {
        Payment[] memory l = payments(paymentOf(first, 7), paymentOf(second, 8));
        _refusePay(l, 14, abi.encodeWithSelector(WrongValue.selector, 15, 14));
        _refusePay(l, 16, abi.encodeWithSelector(WrongValue.selector, 15, 16));
        _refusePay(l, 0, abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, registry, 0, 15));
        wrap(PAYER, 15);
        vm.startPrank(PAYER);
        open.approve(registry, 15);
        bytes32[] memory keys = inferences.pay(l);
        vm.stopPrank();
        eq(keys.length, 2);
        eq(open.balanceOf(PAYER), 0);
        eq(open.balanceOf(registry), 15);
        assert(inferences.payment(keys[1]).status == IInferenceRegistry.PaymentStatus.Funded);
    }

    function test_paysWithAPermit() public {
        (address payer, uint256 deadline, uint8 v, bytes32 r, bytes32 s) = _permit(15);
        vm.prank(payer);
        inferences.payWithPermit(payments(paymentOf(first, 7), paymentOf(second, 8)), deadline, v, r, s);
        eq(open.balanceOf(registry), 15);
        eq(open.balanceOf(payer), 0);
        eq(open.allowance(payer, registry), 0);
    }

    function test_aPermitThatSomebodyUsedFirstDoesNoHarm() public {
        (address payer, uint256 deadline, uint8 v, bytes32 r, bytes32 s) = _permit(15);
        vm.prank(RIVAL);
        IERC20Permit(address(open)).permit(payer, registry, 15, deadline, v, r, s);
        vm.prank(payer);
        inferences.payWithPermit(payments(paymentOf(first, 7), paymentOf(second, 8)), deadline, v, r, s);
        eq(open.balanceOf(registry), 15);
    }

    function test_aPermitPaysForItsSignerOnly() public {
        (address payer, uint256 deadline, uint8 v, bytes32 r, bytes32 s) = _permit(15);
        wrap(RIVAL, 15);
        Payment[] memory l = payments(paymentOf(first, 7), paymentOf(second, 8));
        bytes memory noAllowance = abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, registry, 0, 15);
        refuse(RIVAL, registry, abi.encodeCall(inferences.payWithPermit, (l, deadline, v, r, s)), noAllowance);
        // Another sum than the signed one.
        l = payments(paymentOf(first, 7));
        noAllowance = abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, registry, 0, 7);
        refuse(payer, registry, abi.encodeCall(inferences.payWithPermit, (l, deadline, v, r, s)), noAllowance);
    }

    function test_refundsAfterTheDeadlineOnceToThePayer() public {
        bytes32 key = pay(first, 5);
        vm.warp(START + 3 days);
        _refuseRefund(key, abi.encodeWithSelector(BeforeDeadline.selector, START + 3 days));
        vm.warp(START + 3 days + 1);
        vm.expectEmit();
        emit IInferenceRegistry.Refunded(key, PAYER, 5);
        vm.expectEmit();
        emit IRewardVault.Credited(registry, PAYER, CreditKind.Refund, 5, key);
        vm.prank(RIVAL);
        inferences.refund(ids(key));
        assert(inferences.payment(key).status == IInferenceRegistry.PaymentStatus.Refunded);
        eq(vault.balanceOf(PAYER, 0), 5);
        eq(open.balanceOf(registry), 0);
        eq(open.balanceOf(address(vault)), 5);
        _refuseRefund(key, abi.encodeWithSelector(NotRefundable.selector, key));
        _refuseRefund("unknown", abi.encodeWithSelector(NotRefundable.selector, bytes32("unknown")));
        _refusePay(payments(paymentOf(first, 5)), 5, abi.encodeWithSelector(PaymentExists.selector, key));
        _refuseCommit(commitment(one(first)), abi.encodeWithSelector(NotFunded.selector, key));
    }

    function test_refundsManyOrNone() public {
        bytes32 a = pay(first, 5);
        vm.warp(START + 1 days);
        bytes32 b = pay(second, 6);
        vm.warp(START + 3 days + 1);
        refuse(PAYER, registry, abi.encodeCall(inferences.refund, (ids(a, b))), abi.encodeWithSelector(BeforeDeadline.selector, START + 4 days));
        refuse(PAYER, registry, abi.encodeCall(inferences.refund, (ids(a, a))), abi.encodeWithSelector(NotRefundable.selector, a));
        eq(vault.balanceOf(PAYER, 0), 0);
        vm.warp(START + 4 days + 1);
        inferences.refund(ids(a, b));
        eq(vault.balanceOf(PAYER, 0), 11);
    }

    function test_theDeadlineIsTheOneOfThePayment() public {
        bytes32 key = pay(first, 5);
        setWindows(7 days, 1 days);
        vm.warp(START + 3 days + 1);
        inferences.refund(ids(key));
    }

    function test_refundsCommittedInferencesToo() public {
        BlockRecord memory data = paidBlock(1, 5);
        vm.warp(START + 3 days + 1);
        inferences.refund(ids(data.inferences[0].key));
        eq(vault.balanceOf(PAYER, 0), 5);
    }

    // ---- blocks ----

    function test_commitsABlock() public {
        pay(first, 5);
        vm.warp(START + 1 hours);
        Inference memory third = inference(3, 10);
        pay(second, 6);
        pay(third, 7);
        Inference[] memory l = new Inference[](3);
        (l[0], l[1], l[2]) = (second, first, third); // the first payment lies in the middle
        BlockCommitment memory c = commitment(l);
        BlockRecord memory data = blockRecord(c);
        bytes32 id = blockIdOf(data);
        vm.expectEmit();
        emit IInferenceRegistry.BlockCommitted(id, NODE, recordId, adapterId, data, c.inferences, RECEIPT);
        vm.prank(NODE);
        eq(inferences.commitBlock(c), id);
        IInferenceRegistry.BlockState memory state = inferences.blockState(id);
        eq(state.node, NODE);
        assert(state.status == IInferenceRegistry.BlockStatus.Committed);
        eq(state.refundableFrom, START + 3 days); // of the first payment
        eq(state.reservedUntil, 0);
        eq(state.committedAt, START + 1 hours);
        eq(state.challengedAt, 0);
        assert(inferences.payment(data.inferences[0].key).status == IInferenceRegistry.PaymentStatus.Committed);
        assert(inferences.commitmentUsed(keccak256(abi.encode(c.dlt, c.x))));
    }

    function test_committedInferencesAreFundedFreshAndFitTheBlock() public {
        Inference memory i = inference(1, 128);
        bytes32 key = RecordHash.paymentKey(NODE, adapterId, i.requestHash, 1);
        _refuseCommit(commitment(one(i)), abi.encodeWithSelector(NotFunded.selector, key));
        pay(i, 5);
        _refuseCommit(commitment(new Inference[](0)), err(EmptyList.selector));
        _refuseCommit(commitment(new Inference[](5)), abi.encodeWithSelector(ListTooLong.selector, 4, 5));
        _refuseCommit(commitment(two(i, i)), abi.encodeWithSelector(NotFunded.selector, key)); // twice in it
        i.rows = 0;
        _refuseCommit(commitment(one(i)), abi.encodeWithSelector(ZeroRows.selector, 0));
        i.rows = 129;
        _refuseCommit(commitment(one(i)), abi.encodeWithSelector(RowsOverflow.selector, 128, 129));
        i.rows = type(uint32).max;
        _refuseCommit(commitment(one(i)), abi.encodeWithSelector(RowsOverflow.selector, 128, type(uint32).max));
        i.rows = 128;
        commit(one(i));
        _refuseCommit(commitment(one(i)), abi.encodeWithSelector(NotFunded.selector, key)); // in a block already
    }

    function test_blocksHaveAHeightOfTheClassAndPointsOnTheCurve() public {
        pay(first, 5);
        BlockCommitment memory c = commitment(one(first));
        c.heightLog = 8;
        _refuseCommit(c, abi.encodeWithSelector(TokensOutOfRange.selector, 8));
        c.heightLog = 255;
        _refuseCommit(c, abi.encodeWithSelector(TokensOutOfRange.selector, 255));
        c.heightLog = 7;
        G1Point memory good = c.dlt;
        c.dlt = G1Point(0, 0);
        _refuseCommit(c, err(PointAtInfinity.selector));
        (c.dlt, c.x) = (good, G1Point(1, 3));
        _refuseCommit(c, err(PointNotOnCurve.selector));
    }

    function test_aPairOfCommitmentsIsTakenOnce() public {
        pay(first, 5);
        pay(second, 6);
        BlockCommitment memory a = commitment(one(first));
        BlockCommitment memory b = commitment(one(second));
        vm.prank(NODE);
        inferences.commitBlock(a);
        G1Point memory x = b.x;
        (b.dlt, b.x) = (a.dlt, a.x);
        _refuseCommit(b, abi.encodeWithSelector(IInferenceRegistry.CommitmentUsed.selector, keccak256(abi.encode(a.dlt, a.x))));
        b.x = x; // one of the two alone may repeat
        vm.prank(NODE);
        inferences.commitBlock(b);
    }

    function test_onlyTheNodeCommitsItsBlockWithoutSignature() public {
        pay(first, 5);
        BlockCommitment memory c = commitment(one(first));
        refuse(RIVAL, registry, abi.encodeCall(inferences.commitBlock, (c)), abi.encodeWithSelector(IInferenceRegistry.BadSignature.selector, NODE));
        // As its own node, the rival finds no payment.
        stake(Role.Node, RIVAL, 10 ether);
        vm.prank(RIVAL);
        inferences.registerNode(address(0), "");
        c.node = RIVAL;
        bytes32 key = RecordHash.paymentKey(RIVAL, adapterId, first.requestHash, 1);
        refuse(RIVAL, registry, abi.encodeCall(inferences.commitBlock, (c)), abi.encodeWithSelector(NotFunded.selector, key));
    }

    function test_anExpiredCommitmentIsRefused() public {
        pay(first, 5);
        BlockCommitment memory c = commitment(one(first));
        vm.warp(c.validUntil + 1);
        _refuseCommit(c, abi.encodeWithSelector(IInferenceRegistry.CommitmentExpired.selector, c.validUntil));
        vm.warp(c.validUntil);
        vm.prank(NODE);
        inferences.commitBlock(c);
    }

    function test_blocksNeedAnAdapterWithProvedFeatures() public {
        pay(first, 5);
        BlockCommitment memory c = commitment(one(first));
        c.adapterId = "unknown";
        _refuseCommit(c, abi.encodeWithSelector(UnknownAdapter.selector, bytes32("unknown")));
        adapter.quantisationHash = "another";
        vm.prank(OWNER);
        c.adapterId = models.registerAdapter(adapter);
        _refuseCommit(c, abi.encodeWithSelector(NoFeatures.selector, c.adapterId));
        c.adapterId = adapterId;
        vm.prank(address(court));
        models.challengeRecord(recordId);
        vm.prank(address(court));
        models.resolveRecord(recordId, true);
        _refuseCommit(c, abi.encodeWithSelector(NoFeatures.selector, adapterId));
    }

    function test_blocksNeedALiveVerifierOfTheClass() public {
        pay(first, 5);
        vm.prank(GUARDIAN);
        gateway.freeze(payoutSelector);
        _refuseCommit(commitment(one(first)), abi.encodeWithSelector(IVerifierGateway.ClassWithoutVerifier.selector, 2, 1));
        vm.prank(address(timelock));
        gateway.thaw(payoutSelector);
        commit(one(first));
    }

    function test_theGuardianPausesPaymentsAndCommitmentsButNotRefunds() public {
        bytes32 key = pay(first, 5);
        pauseModule(Module.Payments);
        bytes memory paused = abi.encodeWithSelector(IParameters.ModulePaused.selector, Module.Payments);
        _refusePay(payments(paymentOf(second, 6)), 6, paused);
        refuse(PAYER, registry, abi.encodeCall(inferences.payWithPermit, (payments(paymentOf(second, 6)), 0, 0, 0, 0)), paused);
        pauseModule(Module.Commitments);
        BlockCommitment memory c = commitment(one(first));
        paused = abi.encodeWithSelector(IParameters.ModulePaused.selector, Module.Commitments);
        _refuseCommit(c, paused);
        BlockCommitment[] memory cs = new BlockCommitment[](1);
        cs[0] = c;
        refuse(NODE, registry, abi.encodeCall(inferences.commitSigned, (cs, new bytes[](1))), paused);
        vm.warp(START + 3 days + 1);
        inferences.refund(ids(key));
        eq(vault.balanceOf(PAYER, 0), 5);
    }

    // ---- reservations ----

    function test_theMarketReservesBlocksOfTheirNodeOrOperator() public {
        bytes32 id = blockIdOf(paidBlock(1, 5));
        bytes32 other = blockIdOf(paidBlock(2, 6));
        refuse(PROVER, registry, _reserve(ids(id), NODE, START + 1), abi.encodeWithSelector(IInferenceRegistry.NotMarket.selector, PROVER));
        refuse(PROVER, registry, abi.encodeCall(inferences.unreserve, (ids(id))), abi.encodeWithSelector(IInferenceRegistry.NotMarket.selector, PROVER));
        _refuseReserve(ids(id), RIVAL, START + 1, abi.encodeWithSelector(IInferenceRegistry.NotOperator.selector, id, RIVAL));
        _refuseReserve(ids(id), address(0), START + 1, abi.encodeWithSelector(IInferenceRegistry.NotOperator.selector, id, address(0)));
        vm.expectEmit();
        emit IInferenceRegistry.BlockReservedUntil(id, START + 10);
        vm.prank(address(market));
        inferences.reserve(ids(id), NODE, START + 10);
        eq(inferences.blockState(id).reservedUntil, START + 10);
        vm.prank(address(market));
        inferences.reserve(ids(other), OPERATOR, START + 10);
        bytes memory reserved = abi.encodeWithSelector(IInferenceRegistry.BlockReserved.selector, id, START + 10);
        _refuseReserve(ids(id), NODE, START + 20, reserved);
        vm.warp(START + 10);
        _refuseReserve(ids(id), NODE, START + 20, reserved);
        vm.warp(START + 11);
        vm.prank(address(market));
        inferences.reserve(ids(id), NODE, START + 20);
        vm.expectEmit();
        emit IInferenceRegistry.BlockReservedUntil(id, 0);
        vm.prank(address(market));
        inferences.unreserve(ids(id));
        eq(inferences.blockState(id).reservedUntil, 0);
    }

    function test_aNodeWithoutOperatorIsNotServedByAddressZero() public {
        vm.prank(NODE);
        inferences.updateNode(address(0), "");
        bytes32 id = blockIdOf(paidBlock(1, 5));
        _refuseReserve(ids(id), address(0), START + 1, abi.encodeWithSelector(IInferenceRegistry.NotOperator.selector, id, address(0)));
    }

    function test_noPayerCanRefundWhileABlockIsReserved() public {
        BlockRecord memory data = paidBlock(1, 5);
        bytes32 id = blockIdOf(data);
        uint256 refundable = START + 3 days;
        _refuseReserve(ids(id), NODE, refundable, abi.encodeWithSelector(IInferenceRegistry.RefundableBefore.selector, id, refundable));
        _refuseReserve(ids(id), NODE, type(uint256).max, abi.encodeWithSelector(IInferenceRegistry.RefundableBefore.selector, id, refundable));
        vm.prank(address(market));
        inferences.reserve(ids(id), NODE, refundable - 1);
        vm.warp(refundable - 1);
        _refuseRefund(data.inferences[0].key, abi.encodeWithSelector(BeforeDeadline.selector, refundable));
    }

    function test_onlyCommittedBlocksAreReservedAndEachOnce() public {
        bytes32 id = blockIdOf(paidBlock(1, 5));
        _refuseReserve(ids(id, id), NODE, START + 10, abi.encodeWithSelector(IInferenceRegistry.BlockReserved.selector, id, START + 10));
        _refuseReserve(ids("unknown"), NODE, START + 10, _wrongStatus("unknown", IInferenceRegistry.BlockStatus.None));
        vm.prank(address(court));
        inferences.challengeBlock(id);
        _refuseReserve(ids(id), NODE, START + 10, _wrongStatus(id, IInferenceRegistry.BlockStatus.Challenged));
    }

    // ---- challenges ----

    function test_bothCourtsChallengeAndResolve() public {
        bytes32 a = blockIdOf(paidBlock(1, 5));
        bytes32 b = blockIdOf(paidBlock(2, 6));
        bytes memory no = abi.encodeWithSelector(IInferenceRegistry.NotCourt.selector, RIVAL);
        refuse(RIVAL, registry, abi.encodeCall(inferences.challengeBlock, (a)), no);
        refuse(RIVAL, registry, abi.encodeCall(inferences.resolveBlock, (a, true)), no);
        vm.warp(START + 5);
        vm.expectEmit();
        emit IInferenceRegistry.BlockChallenged(a);
        vm.prank(address(court));
        inferences.challengeBlock(a);
        eq(inferences.blockState(a).challengedAt, START + 5);
        vm.expectEmit();
        emit IInferenceRegistry.BlockCleared(a);
        vm.prank(address(court));
        inferences.resolveBlock(a, false);
        assert(inferences.blockState(a).status == IInferenceRegistry.BlockStatus.Committed);
        eq(inferences.blockState(a).challengedAt, START + 5);
        vm.startPrank(address(facts));
        inferences.challengeBlock(b);
        vm.expectEmit();
        emit IInferenceRegistry.BlockRejected(b);
        inferences.resolveBlock(b, true);
        vm.stopPrank();
        assert(inferences.blockState(b).status == IInferenceRegistry.BlockStatus.Rejected);
    }

    function test_aFactMayDecideWhileACaseRuns() public {
        bytes32 id = blockIdOf(paidBlock(1, 5));
        vm.prank(address(court));
        inferences.challengeBlock(id);
        vm.prank(address(facts));
        inferences.resolveBlock(id, true);
        vm.prank(address(court));
        inferences.resolveBlock(id, false); // the case ends: nothing to do
        assert(inferences.blockState(id).status == IInferenceRegistry.BlockStatus.Rejected);
    }

    function test_theStatusMachineHasNoOtherPaths() public {
        BlockRecord memory data = paidBlock(1, 5);
        bytes32 id = blockIdOf(data);
        bytes memory challenge = abi.encodeCall(inferences.challengeBlock, (id));
        bytes memory resolve = abi.encodeCall(inferences.resolveBlock, (id, true));
        bytes memory refundAll = abi.encodeCall(inferences.refundRejected, (recordId, data));
        refuse(address(court), registry, abi.encodeCall(inferences.challengeBlock, ("none")), _wrongStatus("none", IInferenceRegistry.BlockStatus.None));
        refuse(address(court), registry, resolve, _wrongStatus(id, IInferenceRegistry.BlockStatus.Committed));
        refuse(PAYER, registry, refundAll, _wrongStatus(id, IInferenceRegistry.BlockStatus.Committed));
        vm.prank(address(court));
        inferences.challengeBlock(id);
        refuse(address(facts), registry, challenge, _wrongStatus(id, IInferenceRegistry.BlockStatus.Challenged));
        refuse(PAYER, registry, refundAll, _wrongStatus(id, IInferenceRegistry.BlockStatus.Challenged));
        vm.prank(address(court));
        inferences.resolveBlock(id, false);
        settle(blocks1(data), amounts(0), 0);
        refuse(address(court), registry, challenge, _wrongStatus(id, IInferenceRegistry.BlockStatus.Settled));
        refuse(address(court), registry, resolve, _wrongStatus(id, IInferenceRegistry.BlockStatus.Settled));
        refuse(PAYER, registry, refundAll, _wrongStatus(id, IInferenceRegistry.BlockStatus.Settled));
    }

    function test_aRejectedBlockIsRefundedAtOnceToAnybodysCall() public {
        pay(first, 5);
        pay(second, 6);
        BlockRecord memory data = commit(two(first, second));
        bytes32 id = blockIdOf(data);
        vm.startPrank(address(court));
        inferences.challengeBlock(id);
        inferences.resolveBlock(id, true);
        vm.stopPrank();
        vm.prank(RIVAL);
        inferences.refundRejected(recordId, data);
        eq(vault.balanceOf(PAYER, 0), 11);
        inferences.refundRejected(recordId, data); // nothing is left
        eq(vault.balanceOf(PAYER, 0), 11);
        eq(open.balanceOf(registry), 0);
        data.inferences[0].key = "other";
        refuse(RIVAL, registry, abi.encodeCall(inferences.refundRejected, (recordId, data)), _wrongStatus(blockIdOf(data), IInferenceRegistry.BlockStatus.None));
    }

    function test_aRejectedBlockSkipsWhatWasRefundedBefore() public {
        pay(first, 5);
        vm.warp(START + 1 days);
        pay(second, 6);
        BlockRecord memory data = commit(two(first, second));
        bytes32 id = blockIdOf(data);
        vm.warp(START + 3 days + 1);
        inferences.refund(ids(data.inferences[0].key));
        vm.startPrank(address(court));
        inferences.challengeBlock(id);
        inferences.resolveBlock(id, true);
        vm.stopPrank();
        inferences.refundRejected(recordId, data);
        eq(vault.balanceOf(PAYER, 0), 11);
        eq(open.balanceOf(registry), 0);
    }

    // ---- settlement and reversal ----

    function test_onlyTheSettlementTakesBlocks() public {
        BlockRecord[] memory blocks = blocks1(paidBlock(1, 5));
        bytes memory take = abi.encodeCall(inferences.takeBlocks, (recordId, blocks, 0, true));
        refuse(PROVER, registry, take, abi.encodeWithSelector(IInferenceRegistry.NotSettlement.selector, PROVER));
        refuse(address(market), registry, take, abi.encodeWithSelector(IInferenceRegistry.NotSettlement.selector, address(market)));
    }

    function test_takesTheFeesAndTellsTheirParts() public {
        BlockRecord[] memory blocks = twoBlocks(1);
        bytes32 key = blocks[0].inferences[1].key;
        vm.expectEmit();
        emit IInferenceRegistry.BlockSettledBy(blockIdOf(blocks[0]));
        vm.expectEmit();
        emit IInferenceRegistry.BlockSettledBy(blockIdOf(blocks[1]));
        vm.prank(address(settlement));
        IInferenceRegistry.Taken memory taken = inferences.takeBlocks(recordId, blocks, 2, false);
        eq(taken.heightLog, 7);
        eq(keccak256(abi.encode(taken.boundaries)), keccak256(abi.encode(amounts(50, 128, 256))));
        eq(keccak256(abi.encode(taken.fees)), keccak256(abi.encode(amounts(60, 120, 180))));
        eq(keccak256(abi.encode(taken.nodeShares)), keccak256(abi.encode(amounts(60, 60))));
        eq(taken.keys.length, 3);
        eq(taken.keys[1], key);
        eq(taken.blockIds[1], blockIdOf(blocks[1]));
        eq(taken.feeSum, 600);
        eq(taken.contributorSum, 240);
        eq(taken.proverShare, 60);
        eq(taken.auditorShare, 30);
        eq(taken.treasuryShare, 30);
        eq(taken.zeroRefunds.length, 1);
        eq(taken.zeroRefunds[0].account, PAYER);
        eq(taken.zeroRefunds[0].amount, 120);
        eq(open.balanceOf(address(vault)), 600);
        assert(inferences.payment(key).status == IInferenceRegistry.PaymentStatus.Paid);
        vm.warp(START + 3 days + 1);
        _refuseRefund(key, abi.encodeWithSelector(NotRefundable.selector, key));
    }

    function test_theCourtReversesASettledJobOnce() public {
        BlockRecord[] memory blocks = twoBlocks(1);
        vm.warp(START + 3 days + 1);
        inferences.refund(ids(blocks[0].inferences[0].key));
        settle(blocks, amounts(1, 2, 3), 2);
        bytes memory reverse = abi.encodeCall(inferences.reverseBlocks, (recordId, blocks));
        refuse(address(facts), registry, reverse, abi.encodeWithSelector(IInferenceRegistry.NotCourt.selector, address(facts)));
        refuse(RIVAL, registry, reverse, abi.encodeWithSelector(IInferenceRegistry.NotCourt.selector, RIVAL));
        vm.expectEmit();
        emit IInferenceRegistry.BlockRejected(blockIdOf(blocks[0]));
        vm.expectEmit();
        emit IInferenceRegistry.Refunded(blocks[0].inferences[1].key, PAYER, 200);
        vm.prank(address(court));
        Credit[] memory refunds = inferences.reverseBlocks(recordId, blocks);
        eq(refunds.length, 2); // the first was refunded before the settlement
        eq(refunds[0].amount, 200);
        eq(refunds[1].amount, 300);
        for (uint256 i; i < 2; ++i) {
            eq(refunds[i].account, PAYER);
            assert(refunds[i].kind == CreditKind.Refund);
        }
        assert(inferences.payment(blocks[1].inferences[0].key).status == IInferenceRegistry.PaymentStatus.Refunded);
        refuse(address(court), registry, reverse, _wrongStatus(blockIdOf(blocks[0]), IInferenceRegistry.BlockStatus.Rejected));
        inferences.refundRejected(recordId, blocks[1]); // nothing to take: the vault holds the money
        eq(vault.balanceOf(PAYER, 0), 100);
        refuseSettle(blocks, amounts(1), 0, _wrongStatus(blockIdOf(blocks[0]), IInferenceRegistry.BlockStatus.Rejected));
    }

    function test_reversesSettledBlocksOnlyAndEachOnce() public {
        BlockRecord[] memory blocks = twoBlocks(1);
        bytes32 id = blockIdOf(blocks[0]);
        bytes memory reverse = abi.encodeCall(inferences.reverseBlocks, (recordId, blocks));
        refuse(address(court), registry, reverse, _wrongStatus(id, IInferenceRegistry.BlockStatus.Committed));
        settle(blocks, amounts(1), 0);
        reverse = abi.encodeCall(inferences.reverseBlocks, (recordId, blocks2(blocks[0], blocks[0])));
        refuse(address(court), registry, reverse, _wrongStatus(id, IInferenceRegistry.BlockStatus.Rejected));
    }

    function test_namesEveryContractThatItTrusts() public {
        address[10] memory a = [
            address(open), address(parameters), address(stakes), address(models), address(gateway), address(vault), address(settlement), address(market),
            address(court), address(facts)
        ];
        for (uint256 i; i < 10; ++i) {
            address kept = a[i];
            a[i] = address(0);
            vm.expectRevert(ZeroAddress.selector);
            InferenceRegistry(payable(create("InferenceRegistry", abi.encode(
                IWrappedOpen(a[0]), IParameters(a[1]), IStakeVault(a[2]), IModelRegistry(a[3]), IVerifierGateway(a[4]), IRewardVault(a[5]), a[6], a[7], a[8], a[9]
            ))));
            a[i] = kept;
        }
    }

    // ---- helpers ----

    function _refuseCommit(BlockCommitment memory c, bytes memory reason) private {
        refuse(c.node, registry, abi.encodeCall(inferences.commitBlock, (c)), reason);
    }

    function _refusePay(Payment[] memory l, uint256 value, bytes memory reason) private {
        refuse(PAYER, registry, value, abi.encodeCall(inferences.pay, (l)), reason);
    }

    function _refuseRefund(bytes32 key, bytes memory reason) private {
        refuse(PAYER, registry, abi.encodeCall(inferences.refund, (ids(key))), reason);
    }

    function _reserve(bytes32[] memory blockIds, address requester, uint256 until) private view returns (bytes memory) {
        return abi.encodeCall(inferences.reserve, (blockIds, requester, until));
    }

    function _refuseReserve(bytes32[] memory blockIds, address requester, uint256 until, bytes memory reason) private {
        refuse(address(market), registry, _reserve(blockIds, requester, until), reason);
    }

    function _wrongStatus(bytes32 id, IInferenceRegistry.BlockStatus status) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IInferenceRegistry.WrongBlockStatus.selector, id, status);
    }

    /// @dev A payer with wrapped OPEN and its permit for `amount`.
    function _permit(uint256 amount) private returns (address payer, uint256 deadline, uint8 v, bytes32 r, bytes32 s) {
        payer = vm.addr(77);
        wrap(payer, amount);
        deadline = block.timestamp + 1 hours;
        IERC20Permit token = IERC20Permit(address(open));
        bytes32 permit = keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes32 message = keccak256(abi.encode(permit, payer, registry, amount, token.nonces(payer), deadline));
        (v, r, s) = vm.sign(77, keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), message)));
    }
}
