// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IAuditCourt} from "../src/interfaces/IAuditCourt.sol";
import {IInferenceRegistry} from "../src/interfaces/IInferenceRegistry.sol";
import {IRewardVault} from "../src/interfaces/IRewardVault.sol";
import {IStakeVault} from "../src/interfaces/IStakeVault.sol";
import {IWrappedOpen} from "../src/interfaces/IWrappedOpen.sol";
import {RecordHash} from "../src/libraries/RecordHash.sol";
import "../src/types/Economy.sol";
import "../src/types/Types.sol";
import {CourtWorld} from "./support/CourtWorld.sol";
import {AuditCourt} from "./support/Deployed.sol";

/// @dev Calls back into the court from where the court calls out; stands for a wrapped token that would run strangers' code.
contract ReenteringOpen {
    AuditCourt public court;
    bytes public call;
    bytes public reason;
    bool public entered;

    function set(AuditCourt court_, bytes calldata call_) external {
        (court, call) = (court_, call_);
    }

    function approve(address, uint256) external pure returns (bool) {
        return true;
    }

    function deposit() external payable {
        bytes memory answer;
        (entered, answer) = address(court).call(call);
        reason = answer;
    }
}

contract AuditCourtAttacksTest is CourtWorld {
    function setUp() public {
        buildCourt(50);
    }

    // ---- votes ----

    function test_aCopiedCommitmentCannotBeRevealed() public {
        uint256 caseId = challengeBlock(paidBlock(1, 1 ether));
        address[] memory committee = drawn(caseId);
        bytes32 hash = ballot(caseId, 1, committee[0], true);
        for (uint256 i; i < 2; ++i) {
            vm.prank(committee[i]);
            court.commitVote(caseId, hash);
        }
        pass(1 hours + 1);
        reveal(caseId, committee[0], true);
        vm.expectRevert(abi.encodeWithSelector(IAuditCourt.WrongReveal.selector, caseId, committee[1]));
        reveal(caseId, committee[1], true);
    }

    function test_aVoteOfAnotherCaseOrRoundCannotBeRevealed() public {
        uint256 caseId = challengeBlock(paidBlock(1, 1 ether));
        address[] memory committee = drawn(caseId);
        vm.prank(committee[0]);
        court.commitVote(caseId, ballot(caseId + 1, 1, committee[0], true));
        vm.prank(committee[1]);
        court.commitVote(caseId, ballot(caseId, 2, committee[1], true));
        pass(1 hours + 1);
        for (uint256 i; i < 2; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IAuditCourt.WrongReveal.selector, caseId, committee[i]));
            reveal(caseId, committee[i], true);
        }
    }

    function test_noRevealBeforeTheCommitTimeEndsNoneAfterTheRevealTimeNoVoteTwice() public {
        uint256 caseId = challengeBlock(paidBlock(1, 1 ether));
        address[] memory committee = drawn(caseId);
        uint256 commitUntil = now_ + 1 hours;
        for (uint256 i; i < 3; ++i) commitVote(caseId, committee[i], true); // all are in: the time still runs
        vm.expectRevert(abi.encodeWithSelector(IAuditCourt.TooEarly.selector, commitUntil + 1));
        reveal(caseId, committee[0], true);
        pass(1 hours + 1);
        reveal(caseId, committee[0], true);
        vm.expectRevert(abi.encodeWithSelector(IAuditCourt.AlreadyVoted.selector, caseId, committee[0]));
        reveal(caseId, committee[0], true);
        pass(1 hours);
        vm.expectRevert(abi.encodeWithSelector(IAuditCourt.TooLate.selector, commitUntil + 1 hours));
        reveal(caseId, committee[1], true);
        eq(court.getCase(caseId).votesFor, 1);
    }

    function test_nobodyVotesInAClosedCaseOrBeforeTheDraw() public {
        uint256 caseId = challengeBlock(paidBlock(1, 1 ether));
        vm.expectRevert(abi.encodeWithSelector(IAuditCourt.WrongCaseStatus.selector, caseId, IAuditCourt.CaseStatus.Opened));
        vm.prank(auditorAt(0));
        court.commitVote(caseId, BUNDLE);
        address[] memory committee = drawn(caseId);
        vote(caseId, 7, 7);
        court.close(caseId);
        vm.expectRevert(abi.encodeWithSelector(IAuditCourt.WrongCaseStatus.selector, caseId, IAuditCourt.CaseStatus.Upheld));
        reveal(caseId, committee[0], true);
    }

    function test_aSeatOfTheFirstRoundIsNoneInTheSecond() public {
        uint256 caseId = challengeBlock(paidBlock(1, 1 ether));
        address[] memory first = drawn(caseId);
        vote(caseId, 0, 0);
        court.close(caseId);
        drawn(caseId);
        for (uint256 i; i < 3; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IAuditCourt.NotDrawn.selector, caseId, first[i]));
            vm.prank(first[i]);
            court.commitVote(caseId, BUNDLE);
        }
    }

    // ---- draw ----

    function test_whoJoinsAfterTheChallengeIsNotDrawn() public {
        for (uint256 i = 3; i < 50; ++i) {
            vm.prank(auditorAt(i));
            court.leave();
        }
        uint256 caseId = challengeBlock(paidBlock(1, 1 ether));
        for (uint256 i = 3; i < 50; ++i) {
            vm.prank(auditorAt(i)); // in the same second
            court.join();
        }
        pass(1);
        for (uint256 i = 50; i < 60; ++i) enroll(auditorAt(i));
        address[] memory committee = drawn(caseId);
        for (uint256 i; i < 3; ++i) assert(uint160(committee[i]) < 0xa003);
    }

    /// @dev Whatever those who know the seed do, auditors who do nothing keep their turn: leaving, unbonding and joining with
    ///      other accounts only gives the own seat to the next.
    function test_leavingOrJoiningOnceTheSeedIsKnownDoesNotMoveTheOthers(uint256 who) public {
        uint256 caseId = challengeBlock(paidBlock(1, 1 ether));
        mine(2);
        uint256 before = vm.snapshotState();
        court.draw(caseId);
        address[] memory honest = court.getCase(caseId).committee;
        vm.revertToState(before);
        address leaver = auditorAt(bound(who, 0, 49));
        vm.startPrank(leaver);
        if (who % 2 == 0) court.leave();
        else stakes.startUnbonding(Role.Auditor, 1);
        vm.stopPrank();
        enroll(STRANGER); // takes its place
        court.draw(caseId);
        address[] memory now3 = court.getCase(caseId).committee;
        assert(!isIn(leaver, now3) && !isIn(STRANGER, now3));
        uint256 same;
        for (uint256 i; i < 3; ++i) if (isIn(honest[i], now3)) ++same;
        eq(same, isIn(leaver, honest) ? 2 : 3);
    }

    function test_oneStakeDoesNotPassThroughManyAccounts() public {
        address idle = auditorAt(0);
        vm.startPrank(idle);
        stakes.startUnbonding(Role.Auditor, STAKE);
        pass(30 days);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeHeld.selector, Role.Auditor, idle, 1));
        stakes.withdraw(Role.Auditor, true);
        vm.stopPrank();
    }

    function test_waitingRerollsADrawOnlyWhereNobodyCalls() public {
        uint256 caseId = challengeBlock(paidBlock(1, 1 ether));
        mine(257); // draw block + 256: its hash is still known
        uint256 before = vm.snapshotState();
        court.draw(caseId);
        eq(statusOf(caseId), uint256(IAuditCourt.CaseStatus.Drawn));
        vm.revertToState(before);
        mine(1);
        court.draw(caseId); // renews, and anyone can call from then on
        eq(statusOf(caseId), uint256(IAuditCourt.CaseStatus.Opened));
        vm.expectRevert(abi.encodeWithSelector(IAuditCourt.TooEarly.selector, height + 2));
        court.draw(caseId);
    }

    function test_casesOfOneBlockHaveDifferentSeeds() public {
        (BlockRecord memory a, BlockRecord memory b) = (paidBlock(1, 1 ether), paidBlock(2, 1 ether));
        (uint256 first, uint256 second) = (challengeBlock(a), challengeBlock(b));
        address[] memory x = drawn(first);
        court.draw(second);
        address[] memory y = court.getCase(second).committee;
        assert(keccak256(abi.encode(x)) != keccak256(abi.encode(y)));
    }

    /// @dev 2,000 empty places among 50 auditors cost calls, not the case.
    function test_emptyPlacesDoNotStopADraw() public {
        for (uint256 i = 50; i < 1050; ++i) enroll(auditorAt(i));
        for (uint256 i = 50; i < 1050; ++i) {
            vm.prank(auditorAt(i));
            court.leave();
        }
        pass(1);
        uint256 caseId = challengeBlock(paidBlock(1, 1 ether));
        mine(2);
        for (uint256 k; k < 10 && statusOf(caseId) != uint256(IAuditCourt.CaseStatus.Drawn); ++k) court.draw(caseId);
        eq(court.getCase(caseId).committee.length, 3);
    }

    // ---- challenges ----

    function test_theAccusedCannotChallengeItself() public {
        bytes32 id = blockIdOf(paidBlock(1, 1 ether));
        vm.expectRevert(abi.encodeWithSelector(IAuditCourt.SelfChallenge.selector, NODE));
        vm.prank(NODE);
        court.challengeBlock{value: BOND}(id, BUNDLE);
        vm.expectRevert(abi.encodeWithSelector(IAuditCourt.SelfChallenge.selector, OWNER));
        vm.prank(OWNER);
        court.challengeRecord{value: BOND}(recordId, BUNDLE);
    }

    /// @dev An accomplice holds a job's credits: at most for its case, once, and for the committee's part of the bond.
    function test_anAccompliceHoldsAJobForOneCaseAndPaysForIt() public {
        (BlockRecord[] memory blocks, Credit[] memory credits, bytes32 jobId) = settledJob(1, 1 ether);
        (,, uint256 until,) = vault.job(jobId);
        pass(until - now_); // the last second
        uint256 caseId = challengeJob(blocks, credits);
        drawn(caseId);
        vote(caseId, 0, 0);
        court.closeJob(caseId, recordId, blocks, credits);
        drawn(caseId);
        vote(caseId, 0, 7);
        court.closeJob(caseId, recordId, blocks, credits);
        assert(now_ <= until + 2 * (2 hours + 1)); // two rounds
        eq(owedTo(ALICE), credits[0].amount);
        eq(owedTo(CHALLENGER), 0);
        vm.expectRevert(abi.encodeWithSelector(IRewardVault.WrongJobState.selector, jobId, IRewardVault.JobState.Released));
        vm.prank(CHALLENGER);
        court.challengeJob{value: BOND}(recordId, blocks, 0, credits, BUNDLE);
    }

    function test_everyChallengeOfTheSameBlockCostsABond() public {
        BlockRecord memory data = paidBlock(1, 1 ether);
        uint256 before = CHALLENGER.balance;
        for (uint256 k = 1; k <= 5; ++k) {
            uint256 caseId = challengeBlock(data);
            drawn(caseId);
            vote(caseId, 0, 7);
            court.close(caseId);
            eq(before - CHALLENGER.balance, k * BOND);
        }
        eq(owedTo(CHALLENGER), 0);
        // 5 bonds, less a quarter of each, floored three times
        eq(owedTo(NODE), 5 * (BOND - 3 * (BOND / 4 / uint256(3))));
    }

    function test_noChallengeAfterTheWindow() public {
        (BlockRecord[] memory blocks, Credit[] memory credits, bytes32 jobId) = settledJob(1, 1 ether);
        (,, uint256 until,) = vault.job(jobId);
        pass(until + 1 - now_);
        vm.expectRevert(abi.encodeWithSelector(IRewardVault.ChallengeWindowOver.selector, jobId, until));
        vm.prank(CHALLENGER);
        court.challengeJob{value: BOND}(recordId, blocks, 0, credits, BUNDLE);
    }

    function test_nothingOfAJobCanBeClaimedWhileItCanBeChallenged() public {
        (BlockRecord[] memory blocks, Credit[] memory credits, bytes32 jobId) = settledJob(1, 1 ether);
        (, uint256 period, uint256 until,) = vault.job(jobId);
        uint256[] memory periods = new uint256[](1);
        periods[0] = period;
        pass(until - now_);
        uint256 opensAt = vault.opensAt(period);
        vm.expectRevert(abi.encodeWithSelector(IRewardVault.PeriodClosed.selector, period, opensAt));
        vm.prank(NODE);
        vault.claim(periods, false);
        challengeJob(blocks, credits);
        pass(opensAt - now_);
        vm.expectRevert(abi.encodeWithSelector(IRewardVault.NothingToClaim.selector, NODE));
        vm.prank(NODE);
        vault.claim(periods, false);
    }

    function test_rejectedAndSettledBlocksCannotBeChallenged() public {
        BlockRecord memory data = paidBlock(1, 1 ether);
        uint256 caseId = challengeBlock(data);
        drawn(caseId);
        vote(caseId, 7, 7);
        court.close(caseId);
        bytes32 id = blockIdOf(data);
        vm.expectRevert(abi.encodeWithSelector(IInferenceRegistry.WrongBlockStatus.selector, id, IInferenceRegistry.BlockStatus.Rejected));
        vm.prank(CHALLENGER);
        court.challengeBlock{value: BOND}(id, BUNDLE);
        (BlockRecord[] memory blocks,,) = settledJob(2, 1 ether);
        id = blockIdOf(blocks[0]);
        vm.expectRevert(abi.encodeWithSelector(IInferenceRegistry.WrongBlockStatus.selector, id, IInferenceRegistry.BlockStatus.Settled));
        vm.prank(CHALLENGER);
        court.challengeBlock{value: BOND}(id, BUNDLE);
    }

    function test_wrongBlocksOrCreditsOpenAndCloseNothing() public {
        (BlockRecord[] memory blocks, Credit[] memory credits, bytes32 jobId) = settledJob(1, 1 ether);
        (BlockRecord[] memory others, Credit[] memory otherCredits,) = settledJob(2, 1 ether);
        Credit[] memory stolen = abi.decode(abi.encode(credits), (Credit[]));
        stolen[0].account = CHALLENGER;
        BlockRecord[] memory forged = abi.decode(abi.encode(blocks), (BlockRecord[]));
        forged[0].node = RIVAL; // to accuse another
        bytes32 forgedJob = _jobId(forged);

        vm.startPrank(CHALLENGER);
        vm.expectRevert(abi.encodeWithSelector(IRewardVault.CreditsMismatch.selector, jobId));
        court.challengeJob{value: BOND}(recordId, blocks, 0, stolen, BUNDLE);
        vm.expectRevert(abi.encodeWithSelector(IRewardVault.WrongJobState.selector, forgedJob, IRewardVault.JobState.None));
        court.challengeJob{value: BOND}(recordId, forged, 0, credits, BUNDLE);
        vm.expectRevert(); // a block that the job has not: index out of bounds
        court.challengeJob{value: BOND}(recordId, blocks, 1, credits, BUNDLE);
        uint256 caseId = court.challengeJob{value: BOND}(recordId, blocks, 0, credits, BUNDLE);
        court.challengeJob{value: BOND}(recordId, others, 0, otherCredits, BUNDLE);
        vm.stopPrank();

        drawn(caseId);
        vote(caseId, 7, 7);
        bytes memory mismatch = abi.encodeWithSelector(IAuditCourt.SubjectMismatch.selector, caseId);
        vm.expectRevert(mismatch);
        court.close(caseId);
        vm.expectRevert(mismatch);
        court.closeJob(caseId, recordId, others, otherCredits);
        vm.expectRevert(mismatch);
        court.closeJob(caseId, RECEIPT, blocks, credits);
        vm.expectRevert(abi.encodeWithSelector(IRewardVault.CreditsMismatch.selector, jobId));
        court.closeJob(caseId, recordId, blocks, stolen);
        court.closeJob(caseId, recordId, blocks, credits);
        vm.expectRevert(abi.encodeWithSelector(IAuditCourt.WrongCaseStatus.selector, caseId, IAuditCourt.CaseStatus.Upheld));
        court.closeJob(caseId, recordId, blocks, credits);
        eq(owedTo(PAYER), 1 ether); // once
    }

    function test_closeJobDoesNotCloseABlockCase() public {
        (BlockRecord[] memory blocks, Credit[] memory credits,) = settledJob(1, 1 ether);
        uint256 caseId = challengeBlock(paidBlock(2, 1 ether));
        drawn(caseId);
        vote(caseId, 7, 7);
        vm.expectRevert(abi.encodeWithSelector(IAuditCourt.SubjectMismatch.selector, caseId));
        court.closeJob(caseId, recordId, blocks, credits);
    }

    // ---- stakes ----

    function test_theNodeCannotWithdrawWhileItsCaseIsOpen() public {
        BlockRecord memory data = paidBlock(1, 1 ether);
        vm.prank(NODE);
        stakes.startUnbonding(Role.Node, 20 ether);
        uint256 caseId = challengeBlock(data);
        pass(14 days);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeHeld.selector, Role.Node, NODE, 1));
        vm.prank(NODE);
        stakes.withdraw(Role.Node, false);
        mine(2);
        court.close(caseId); // draws
        vote(caseId, 7, 7);
        court.close(caseId);
        vm.prank(NODE);
        eq(stakes.withdraw(Role.Node, false), 10 ether); // slashed while unbonding
    }

    function test_slashesNoMoreThanTheStakeAndSharesWhatThereIs() public {
        BlockRecord[3] memory list = [paidBlock(1, 1 ether), paidBlock(2, 1 ether), paidBlock(3, 1 ether)];
        uint256[3] memory cases;
        for (uint256 k; k < 3; ++k) cases[k] = challengeBlock(list[k]);
        for (uint256 k; k < 3; ++k) {
            if (k == 0) drawn(cases[k]);
            else court.draw(cases[k]);
        }
        for (uint256 k; k < 3; ++k) {
            address[] memory committee = court.getCase(cases[k]).committee;
            for (uint256 i; i < 3; ++i) commitVote(cases[k], committee[i], true);
        }
        pass(1 hours + 1);
        for (uint256 k; k < 3; ++k) {
            address[] memory committee = court.getCase(cases[k]).committee;
            for (uint256 i; i < 3; ++i) reveal(cases[k], committee[i], true);
            court.close(cases[k]);
        }
        eq(stakes.active(Role.Node, NODE), 0);
        eq(owedTo(CHALLENGER), 3 * BOND + 10 ether); // half of 20, not of 30
        eq(open.balanceOf(address(court)), 0);
        eq(stakes.holds(Role.Node, NODE), 0);
    }

    function test_aSilentAuditorThatUnbondsIsFinedAllTheSame() public {
        uint256 caseId = challengeBlock(paidBlock(1, 1 ether));
        address[] memory committee = drawn(caseId);
        vm.prank(committee[0]);
        stakes.startUnbonding(Role.Auditor, STAKE);
        pass(2 hours + 1);
        court.close(caseId);
        (uint256 amount,) = stakes.unbonding(Role.Auditor, committee[0]);
        eq(amount, STAKE - 1 ether);
    }

    // ---- facts and re-entry ----

    function test_aBlockThatAFactRejectedMeanwhileStaysRejectedWhateverTheVote() public {
        BlockRecord memory data = paidBlock(1, 1 ether);
        bytes32 id = blockIdOf(data);
        uint256 caseId = challengeBlock(data);
        vm.prank(address(facts));
        inferences.resolveBlock(id, true);
        drawn(caseId);
        vote(caseId, 0, 7);
        court.close(caseId);
        eq(statusOf(caseId), uint256(IAuditCourt.CaseStatus.Dismissed));
        eq(uint256(inferences.blockState(id).status), uint256(IInferenceRegistry.BlockStatus.Rejected));
        eq(stakes.holds(Role.Node, NODE), 0);
    }

    function test_nothingCanBeCalledFromInsideAChallenge() public {
        ReenteringOpen thief = new ReenteringOpen();
        AuditCourt other = AuditCourt(payable(create("AuditCourt", abi.encode(IWrappedOpen(address(thief)), parameters, stakes, inferences, models, vault))));
        // At the address of the real court, so that registries and stakes obey it.
        vm.etch(address(court), address(other).code);
        bytes32 id = blockIdOf(paidBlock(1, 1 ether));
        uint256[] memory periods = new uint256[](1);
        BlockRecord[] memory blocks = new BlockRecord[](1);
        bytes[6] memory calls = [
            abi.encodeCall(court.challengeBlock, (id, BUNDLE)),
            abi.encodeCall(court.challengeRecord, (recordId, BUNDLE)),
            abi.encodeCall(court.challengeJob, (recordId, blocks, 0, new Credit[](0), BUNDLE)),
            abi.encodeCall(court.close, (1)),
            abi.encodeCall(court.closeJob, (1, recordId, blocks, new Credit[](0))),
            abi.encodeCall(court.collect, (periods))
        ];
        for (uint256 k; k < calls.length; ++k) {
            uint256 before = vm.snapshotState();
            thief.set(court, calls[k]);
            vm.prank(CHALLENGER);
            court.challengeBlock{value: BOND}(id, BUNDLE);
            assert(!thief.entered());
            eq(bytes32(thief.reason()), bytes32(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector));
            vm.revertToState(before);
        }
    }

    // ---- helpers ----

    function _jobId(BlockRecord[] memory blocks) private view returns (bytes32) {
        bytes32[] memory ids = new bytes32[](blocks.length);
        for (uint256 i; i < ids.length; ++i) ids[i] = blockIdOf(blocks[i]);
        return RecordHash.jobId(recordId, ids);
    }
}
