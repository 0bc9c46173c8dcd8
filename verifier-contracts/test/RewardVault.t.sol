// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IParameters} from "../src/interfaces/IParameters.sol";
import {IRewardVault} from "../src/interfaces/IRewardVault.sol";
import {IWrappedOpen} from "../src/interfaces/IWrappedOpen.sol";
import "../src/types/Economy.sol";
import "../src/types/Errors.sol";
import {RewardVault} from "./support/Deployed.sol";
import {MoneyWorld} from "./support/MoneyWorld.sol";
import {Claimer, DataBomb, GasBurner, Reentrant, Refuser} from "./support/Receivers.sol";

contract RewardVaultTest is MoneyWorld {
    bytes32 private constant JOB = "job";

    address private v; // the vault, as the target of plain calls
    uint256 private period; // in which the tests begin

    function setUp() public {
        deploy();
        v = address(vault);
        period = START / PERIOD + 1;
    }

    // ---- booking ----

    function test_booksAJobIntoItsPeriod() public {
        Credit[] memory credits = _credits(7, 8);
        wrap(v, 15);
        vm.expectEmit();
        emit IRewardVault.JobCredited(JOB, ALICE, CreditKind.Contributor, 7, period);
        vm.expectEmit();
        emit IRewardVault.JobCredited(JOB, BOB, CreditKind.Node, 8, period);
        vm.expectEmit();
        emit IRewardVault.JobOpened(JOB, period, 15, START + 1 days, keccak256(abi.encode(credits)));
        vm.prank(address(settlement));
        vault.creditJob(JOB, credits);
        eq(vault.balanceOf(ALICE, period), 7);
        eq(vault.balanceOf(BOB, period), 8);
        eq(vault.owed(), 15);
        (IRewardVault.JobState state, uint256 p, uint256 until, bytes32 hash) = vault.job(JOB);
        assert(state == IRewardVault.JobState.Settled);
        eq(p, period);
        eq(until, START + 1 days);
        eq(hash, keccak256(abi.encode(credits)));
    }

    function test_onlyTheSettlementBooksAndEachJobOnce() public {
        Credit[] memory credits = _credits(7, 8);
        wrap(v, 30);
        bytes memory call = abi.encodeCall(vault.creditJob, (JOB, credits));
        refuse(RIVAL, v, call, abi.encodeWithSelector(IRewardVault.NotSettlement.selector, RIVAL));
        refuse(address(court), v, call, abi.encodeWithSelector(IRewardVault.NotSettlement.selector, address(court)));
        _book(JOB, credits);
        refuse(address(settlement), v, call, abi.encodeWithSelector(IRewardVault.JobExists.selector, JOB));
        _hold(JOB, credits);
        refuse(address(settlement), v, call, abi.encodeWithSelector(IRewardVault.JobExists.selector, JOB));
        vm.prank(address(court));
        vault.reverse(JOB, credits, credits);
        refuse(address(settlement), v, call, abi.encodeWithSelector(IRewardVault.JobExists.selector, JOB));
    }

    function test_aJobIsCoveredByMoneyThatHasArrived() public {
        Credit[] memory credits = _credits(7, 8);
        wrap(v, 14);
        bytes memory call = abi.encodeCall(vault.creditJob, (JOB, credits));
        refuse(address(settlement), v, call, abi.encodeWithSelector(IRewardVault.Uncovered.selector, 14, 15));
        wrap(v, 1);
        _book(JOB, credits);
        // What is owed already covers nothing else.
        call = abi.encodeCall(vault.creditJob, ("another", _credits(0, 1)));
        refuse(address(settlement), v, call, abi.encodeWithSelector(IRewardVault.Uncovered.selector, 15, 16));
    }

    function test_creditsAtOncePullingTheMoneyFromTheCaller() public {
        wrap(RIVAL, 10);
        bytes memory call = abi.encodeCall(vault.creditNow, (ALICE, 10, CreditKind.ProofPrice, "ref"));
        refuse(RIVAL, v, call, abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, v, 0, 10));
        vm.startPrank(RIVAL);
        open.approve(v, 10);
        vm.expectEmit();
        emit IRewardVault.Credited(RIVAL, ALICE, CreditKind.ProofPrice, 10, "ref");
        vault.creditNow(ALICE, 10, CreditKind.ProofPrice, "ref");
        vm.stopPrank();
        eq(vault.balanceOf(ALICE, 0), 10);
        eq(vault.owed(), 10);
        eq(open.balanceOf(v), 10);
        eq(_claim(ALICE, amounts(0), false), 10); // period 0 is always open
        vm.prank(RIVAL);
        vault.creditNow(ALICE, 0, CreditKind.ProofPrice, "ref");
        eq(vault.owed(), 0);
        refuse(RIVAL, v, abi.encodeCall(vault.creditNow, (address(0), 0, CreditKind.Refund, 0)), err(ZeroAddress.selector));
    }

    // ---- periods ----

    function test_periodsFollowTheClock() public {
        eq(vault.currentPeriod(), period);
        eq(START % PERIOD, 0);
        vm.warp(START + PERIOD - 1);
        eq(vault.currentPeriod(), period);
        vm.warp(START + PERIOD);
        eq(vault.currentPeriod(), period + 1);
        eq(vault.opensAt(0), 0);
        eq(vault.opensAt(period), period * PERIOD + 1 days);
    }

    function test_aPeriodOpensWhenItIsOverAndItsChallengesToo() public {
        _fund(JOB, 7, 8);
        uint256 opening = START + PERIOD + 1 days;
        eq(vault.opensAt(period), opening);
        vm.warp(opening - 1);
        bytes memory call = abi.encodeCall(vault.claim, (amounts(period), false));
        refuse(ALICE, v, call, abi.encodeWithSelector(IRewardVault.PeriodClosed.selector, period, opening));
        call = abi.encodeCall(vault.claim, (amounts(0, period), false));
        refuse(ALICE, v, call, abi.encodeWithSelector(IRewardVault.PeriodClosed.selector, period, opening));
        vm.warp(opening);
        eq(_claim(ALICE, amounts(period), false), 7);
    }

    function test_aLongerWindowMovesTheOpeningOfItsPeriodAndNothingMovesItBack() public {
        _fund("first", 7, 8);
        setWindows(3 days, 2 days);
        eq(vault.opensAt(period), START + PERIOD + 1 days); // booked under the shorter one
        _fund("second", 7, 8);
        eq(vault.opensAt(period), START + PERIOD + 2 days);
        setWindows(3 days, 1 hours);
        _fund("third", 7, 8);
        eq(vault.opensAt(period), START + PERIOD + 2 days);
        (,, uint256 until,) = vault.job("second");
        eq(until, START + 2 days);
        (,, until,) = vault.job("third");
        eq(until, START + 1 hours);
        eq(vault.opensAt(period + 1), START + 2 * PERIOD + 1 hours);
    }

    /// @dev As long as a job can be held, its period is closed: hold always finds the credits.
    function testFuzz_aJobIsOpenOnlyAfterItsChallengeWindow(uint256 wait, uint32[3] memory windows) public {
        uint256 last;
        uint256 time = START;
        for (uint256 i; i < 3; ++i) {
            setWindows(3 days, uint32(bound(windows[i], 0, 7 days)));
            time += bound(wait >> (16 * i), 0, PERIOD);
            vm.warp(time);
            _fund(bytes32(i), 7, 8);
            (, uint256 p, uint256 until,) = vault.job(bytes32(i));
            assert(until < vault.opensAt(p));
            if (until > last) last = until;
        }
        vm.warp(last);
        for (uint256 i; i < 3; ++i) {
            (, uint256 p, uint256 until,) = vault.job(bytes32(i));
            if (last <= until) {
                bytes memory closed = abi.encodeWithSelector(IRewardVault.PeriodClosed.selector, p, vault.opensAt(p));
                refuse(ALICE, v, abi.encodeCall(vault.claim, (amounts(p), false)), closed);
                _hold(bytes32(i), _credits(7, 8));
            }
        }
    }

    // ---- challenged jobs ----

    function test_holdsAJobInsideItsWindow() public {
        Credit[] memory credits = _fund(JOB, 7, 8);
        _fund("other", 1, 2);
        vm.warp(START + 1 days);
        vm.expectEmit();
        emit IRewardVault.JobHeld(JOB, 15);
        _hold(JOB, credits);
        eq(vault.balanceOf(ALICE, period), 1);
        eq(vault.balanceOf(BOB, period), 2);
        eq(vault.owed(), 18);
        eq(vault.held(), 15);
        vm.warp(vault.opensAt(period));
        eq(_claim(ALICE, amounts(period), false), 1);
    }

    function test_aJobIsNotHeldAfterItsWindow() public {
        Credit[] memory credits = _fund(JOB, 7, 8);
        vm.warp(START + 1 days + 1);
        _refuseHold(JOB, credits, abi.encodeWithSelector(IRewardVault.ChallengeWindowOver.selector, JOB, START + 1 days));
    }

    function test_releasesAHeldJobToTheOpenBalances() public {
        Credit[] memory credits = _fund(JOB, 7, 8);
        _hold(JOB, credits);
        vm.expectEmit();
        emit IRewardVault.Credited(address(court), ALICE, CreditKind.Contributor, 7, JOB);
        vm.expectEmit();
        emit IRewardVault.Credited(address(court), BOB, CreditKind.Node, 8, JOB);
        vm.expectEmit();
        emit IRewardVault.JobReleased(JOB, 15);
        vm.prank(address(court));
        vault.release(JOB, credits);
        eq(vault.held(), 0);
        eq(vault.owed(), 15);
        eq(vault.balanceOf(ALICE, period), 0);
        eq(_claim(ALICE, amounts(0), false), 7);
    }

    function test_reversesAHeldJobToItsRefunds() public {
        Credit[] memory credits = _fund(JOB, 7, 8);
        _hold(JOB, credits);
        Credit[] memory refunds = new Credit[](2);
        (refunds[0], refunds[1]) = (Credit(PAYER, 5, CreditKind.Refund), Credit(RIVAL, 10, CreditKind.Refund));
        vm.expectEmit();
        emit IRewardVault.JobReversed(JOB, 15);
        vm.prank(address(court));
        vault.reverse(JOB, credits, refunds);
        eq(vault.held(), 0);
        eq(vault.owed(), 15);
        eq(vault.balanceOf(PAYER, 0), 5);
        eq(vault.balanceOf(RIVAL, 0), 10);
        eq(vault.balanceOf(ALICE, 0) + vault.balanceOf(ALICE, period), 0);
    }

    function test_refundsSumToTheCredits() public {
        Credit[] memory credits = _fund(JOB, 7, 8);
        _fund("other", 100, 100);
        _hold(JOB, credits);
        Credit[] memory refunds = new Credit[](1);
        refunds[0] = Credit(PAYER, 16, CreditKind.Refund);
        bytes memory call = abi.encodeCall(vault.reverse, (JOB, credits, refunds));
        refuse(address(court), v, call, abi.encodeWithSelector(IRewardVault.RefundsMismatch.selector, 15, 16));
        refunds[0].amount = 14;
        call = abi.encodeCall(vault.reverse, (JOB, credits, refunds));
        refuse(address(court), v, call, abi.encodeWithSelector(IRewardVault.RefundsMismatch.selector, 15, 14));
        call = abi.encodeCall(vault.reverse, (JOB, credits, new Credit[](0)));
        refuse(address(court), v, call, abi.encodeWithSelector(IRewardVault.RefundsMismatch.selector, 15, 0));
    }

    function test_onlyTheCourtHoldsReleasesAndReverses() public {
        Credit[] memory credits = _fund(JOB, 7, 8);
        bytes memory no = abi.encodeWithSelector(IRewardVault.NotCourt.selector, address(facts));
        refuse(address(facts), v, abi.encodeCall(vault.hold, (JOB, credits)), no);
        refuse(address(facts), v, abi.encodeCall(vault.release, (JOB, credits)), no);
        refuse(address(facts), v, abi.encodeCall(vault.reverse, (JOB, credits, credits)), no);
    }

    function test_theCreditsAreTheOnesThatWereBooked() public {
        Credit[] memory credits = _fund(JOB, 7, 8);
        bytes memory mismatch = abi.encodeWithSelector(IRewardVault.CreditsMismatch.selector, JOB);
        _refuseHold(JOB, _credits(8, 7), mismatch);
        _refuseHold(JOB, new Credit[](0), mismatch);
        (credits[0], credits[1]) = (credits[1], credits[0]);
        _refuseHold(JOB, credits, mismatch);
        (credits[0], credits[1]) = (credits[1], credits[0]);
        credits[0].kind = CreditKind.Node;
        _refuseHold(JOB, credits, mismatch);
        credits[0].kind = CreditKind.Contributor;
        _hold(JOB, credits);
        Credit[] memory other = _credits(8, 7);
        refuse(address(court), v, abi.encodeCall(vault.release, (JOB, other)), mismatch);
        refuse(address(court), v, abi.encodeCall(vault.reverse, (JOB, other, other)), mismatch);
    }

    /// @dev Unknown, settled, held, released, reversed: each call in each state.
    function test_aJobIsHeldOnceAndEndsOnce() public {
        Credit[] memory credits = _credits(7, 8);
        _refuseAll(credits, IRewardVault.JobState.None, false, true);
        _fund(JOB, 7, 8);
        _refuseAll(credits, IRewardVault.JobState.Settled, true, true);
        uint256 settled = vm.snapshotState();
        _hold(JOB, credits);
        _refuseAll(credits, IRewardVault.JobState.Held, false, false);
        vm.prank(address(court));
        vault.release(JOB, credits);
        _refuseAll(credits, IRewardVault.JobState.Released, false, true);
        vm.revertToState(settled);
        _hold(JOB, credits);
        vm.prank(address(court));
        vault.reverse(JOB, credits, credits);
        _refuseAll(credits, IRewardVault.JobState.Reversed, false, true);
    }

    // ---- claims ----

    function test_claimsManyPeriodsAtOnceWrappedOrNative() public {
        for (uint256 i; i < 3; ++i) {
            _fund(bytes32(i), 7, 8);
            vm.warp(START + (i + 1) * PERIOD);
        }
        vm.warp(vault.opensAt(period + 2));
        uint256[] memory periods = amounts(period, period + 1, period + 2);
        vm.expectEmit();
        emit IRewardVault.Claimed(ALICE, ALICE, 21, periods);
        eq(_claim(ALICE, periods, false), 21);
        eq(open.balanceOf(ALICE), 21);
        eq(_claim(BOB, periods, true), 24);
        eq(BOB.balance, 24);
        eq(vault.owed(), 0);
        eq(open.balanceOf(v), 0);
    }

    function test_aPeriodTwiceInAClaimIsPaidOnce() public {
        _fund(JOB, 7, 8);
        vm.warp(vault.opensAt(period));
        eq(_claim(ALICE, amounts(period, period, period), false), 7);
        bytes memory nothing = abi.encodeWithSelector(IRewardVault.NothingToClaim.selector, ALICE);
        refuse(ALICE, v, abi.encodeCall(vault.claim, (amounts(period), false)), nothing);
        refuse(ALICE, v, abi.encodeCall(vault.claim, (new uint256[](0), false)), nothing);
    }

    function test_paysToThePayoutAddress() public {
        _fund(JOB, 7, 8);
        vm.warp(vault.opensAt(period));
        vm.expectEmit();
        emit IRewardVault.PayoutAddressSet(ALICE, RIVAL);
        vm.prank(ALICE);
        vault.setPayoutAddress(RIVAL);
        eq(vault.payoutAddress(ALICE), RIVAL);
        uint256 before = vm.snapshotState();
        eq(_claim(ALICE, amounts(period), false), 7);
        eq(open.balanceOf(RIVAL), 7);
        vm.revertToState(before);
        vm.prank(RIVAL);
        eq(vault.claimFor(ALICE, amounts(period), false), 7);
        eq(open.balanceOf(RIVAL), 7);
        vm.revertToState(before);
        vm.prank(ALICE);
        vault.setPayoutAddress(address(0));
        bytes memory no = abi.encodeWithSelector(IRewardVault.NotPayee.selector, ALICE, RIVAL);
        refuse(RIVAL, v, abi.encodeCall(vault.claimFor, (ALICE, amounts(period), false)), no);
        vm.prank(ALICE);
        vault.claimFor(ALICE, amounts(period), false); // its own payee
        eq(open.balanceOf(ALICE), 7);
    }

    function testFuzz_nobodyClaimsForAnother(address stranger, address to) public {
        vm.assume(stranger != ALICE && stranger != to);
        _fund(JOB, 7, 8);
        vm.warp(vault.opensAt(period));
        vm.prank(ALICE);
        vault.setPayoutAddress(to);
        bytes memory no = abi.encodeWithSelector(IRewardVault.NotPayee.selector, ALICE, stranger);
        refuse(stranger, v, abi.encodeCall(vault.claimFor, (ALICE, amounts(period), false)), no);
        if (stranger != BOB) {
            no = abi.encodeWithSelector(IRewardVault.NothingToClaim.selector, stranger);
            refuse(stranger, v, abi.encodeCall(vault.claim, (amounts(period), false)), no);
        }
        eq(vault.balanceOf(ALICE, period), 7);
    }

    function test_whatArrivesWithoutACallIsNobodys() public {
        wrap(v, 100);
        eq(vault.owed(), 0);
        bytes memory nothing = abi.encodeWithSelector(IRewardVault.NothingToClaim.selector, address(this));
        refuse(address(this), v, abi.encodeCall(vault.claim, (amounts(0), false)), nothing);
    }

    // ---- receivers that mean harm ----

    function test_aClaimCannotBeEnteredAgain() public {
        Reentrant thief = new Reentrant(vault);
        _fundFor(address(thief), 7);
        _creditNow(address(thief), 5); // what it would take in the second round
        _fund(JOB, 100, 100);
        vm.warp(vault.opensAt(period));
        thief.claim(amounts(period), true);
        eq(address(thief).balance, 7);
        eq(thief.count(), 4);
        for (uint256 i; i < 4; ++i) {
            eq(bytes32(thief.reasons(i)), bytes32(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector));
        }
        eq(vault.balanceOf(address(thief), 0), 5);
        eq(vault.owed(), 205);
    }

    function test_aReceiverThatFailsHurtsItselfOnly() public {
        Claimer[4] memory bad = [Claimer(new Refuser(vault)), new GasBurner(vault), new DataBomb(vault, true), new DataBomb(vault, false)];
        for (uint256 i; i < 4; ++i) _fundFor(address(bad[i]), 7);
        _fund(JOB, 7, 8);
        vm.warp(vault.opensAt(period));
        for (uint256 i; i < 3; ++i) {
            (bool ok, bytes memory reason) = address(bad[i]).call{gas: 2_000_000}(abi.encodeCall(Claimer.claim, (amounts(period), true)));
            assert(!ok && bytes4(reason) == IWrappedOpen.TransferFailed.selector);
            eq(vault.balanceOf(address(bad[i]), period), 7);
            bad[i].claim(amounts(period), false); // wrapped asks nobody
            eq(open.balanceOf(address(bad[i])), 7);
        }
        // A long answer to a payment is not read.
        bad[3].claim(amounts(period), true);
        eq(address(bad[3]).balance, 7);
        eq(_claim(ALICE, amounts(period), true), 7);
    }

    function test_aFailingPayoutAddressLeavesTheBalance() public {
        Refuser refuser = new Refuser(vault);
        _fund(JOB, 7, 8);
        vm.warp(vault.opensAt(period));
        vm.prank(ALICE);
        vault.setPayoutAddress(address(refuser));
        refuse(ALICE, v, abi.encodeCall(vault.claim, (amounts(period), true)), err(IWrappedOpen.TransferFailed.selector));
        vm.prank(ALICE);
        vault.setPayoutAddress(address(0));
        eq(_claim(ALICE, amounts(period), true), 7);
    }

    function test_namesEveryContractThatItTrustsAndHasAPeriod() public {
        address[4] memory a = [address(open), address(parameters), address(settlement), address(court)];
        for (uint256 i; i < 4; ++i) {
            address kept = a[i];
            a[i] = address(0);
            vm.expectRevert(ZeroAddress.selector);
            RewardVault(payable(create("RewardVault", abi.encode(IWrappedOpen(a[0]), IParameters(a[1]), a[2], a[3], PERIOD))));
            a[i] = kept;
        }
        vm.expectRevert(RewardVault.ZeroPeriod.selector);
        RewardVault(payable(create("RewardVault", abi.encode(open, parameters, address(settlement), address(court), 0))));
    }

    // ---- helpers ----

    function _credits(uint96 a, uint96 b) private pure returns (Credit[] memory c) {
        c = new Credit[](2);
        (c[0], c[1]) = (Credit(ALICE, a, CreditKind.Contributor), Credit(BOB, b, CreditKind.Node));
    }

    function _book(bytes32 jobId, Credit[] memory credits) private {
        vm.prank(address(settlement));
        vault.creditJob(jobId, credits);
    }

    /// @dev A job of now with ALICE's and BOB's credits, and its money.
    function _fund(bytes32 jobId, uint96 a, uint96 b) private returns (Credit[] memory credits) {
        credits = _credits(a, b);
        wrap(v, uint256(a) + b);
        _book(jobId, credits);
    }

    function _fundFor(address account, uint96 amount) private {
        Credit[] memory c = new Credit[](1);
        c[0] = Credit(account, amount, CreditKind.Contributor);
        wrap(v, amount);
        _book(keccak256(abi.encode(account)), c);
    }

    function _creditNow(address account, uint256 amount) private {
        wrap(RIVAL, amount);
        vm.startPrank(RIVAL);
        open.approve(v, amount);
        vault.creditNow(account, amount, CreditKind.Refund, 0);
        vm.stopPrank();
    }

    function _hold(bytes32 jobId, Credit[] memory credits) private {
        vm.prank(address(court));
        vault.hold(jobId, credits);
    }

    function _claim(address account, uint256[] memory periods, bool unwrap) private returns (uint256) {
        vm.prank(account);
        return vault.claim(periods, unwrap);
    }

    function _refuseHold(bytes32 jobId, Credit[] memory credits, bytes memory reason) private {
        refuse(address(court), v, abi.encodeCall(vault.hold, (jobId, credits)), reason);
    }

    /// @dev In this state neither hold (unless `holds`) nor, with `ends`, release and reverse.
    function _refuseAll(Credit[] memory credits, IRewardVault.JobState state, bool holds, bool ends) private {
        bytes memory wrong = abi.encodeWithSelector(IRewardVault.WrongJobState.selector, JOB, state);
        if (!holds) _refuseHold(JOB, credits, wrong);
        if (!ends) return;
        refuse(address(court), v, abi.encodeCall(vault.release, (JOB, credits)), wrong);
        refuse(address(court), v, abi.encodeCall(vault.reverse, (JOB, credits, credits)), wrong);
    }
}
