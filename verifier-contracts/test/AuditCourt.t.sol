// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAuditCourt} from "../src/interfaces/IAuditCourt.sol";
import {IInferenceRegistry} from "../src/interfaces/IInferenceRegistry.sol";
import {IModelRegistry} from "../src/interfaces/IModelRegistry.sol";
import {IParameters} from "../src/interfaces/IParameters.sol";
import {IRewardVault} from "../src/interfaces/IRewardVault.sol";
import {IStakeVault} from "../src/interfaces/IStakeVault.sol";
import {IWrappedOpen} from "../src/interfaces/IWrappedOpen.sol";
import {Intake} from "../src/libraries/Intake.sol";
import "../src/types/Economy.sol";
import {ZeroAddress} from "../src/types/Errors.sol";
import "../src/types/Types.sol";
import {CourtWorld} from "./support/CourtWorld.sol";
import {AuditCourt} from "./support/Deployed.sol";

/// @dev Challenges, committees, verdicts and what they cost. Random audits: RandomAudits.t.sol; attacks: AuditCourtAttacks.t.sol.
contract AuditCourtTest is CourtWorld {
    uint256 private constant NODE_SLASH = 10 ether;

    function setUp() public {
        buildCourt(50);
    }

    // ---- auditors ----

    function test_refusesAZeroAddress() public {
        vm.expectRevert(ZeroAddress.selector);
        AuditCourt(payable(create("AuditCourt", abi.encode(IWrappedOpen(address(0)), parameters, stakes, inferences, models, vault))));
        vm.expectRevert(ZeroAddress.selector);
        AuditCourt(payable(create("AuditCourt", abi.encode(open, IParameters(address(0)), stakes, inferences, models, vault))));
        vm.expectRevert(ZeroAddress.selector);
        AuditCourt(payable(create("AuditCourt", abi.encode(open, parameters, IStakeVault(address(0)), inferences, models, vault))));
        vm.expectRevert(ZeroAddress.selector);
        AuditCourt(payable(create("AuditCourt", abi.encode(open, parameters, stakes, IInferenceRegistry(address(0)), models, vault))));
        vm.expectRevert(ZeroAddress.selector);
        AuditCourt(payable(create("AuditCourt", abi.encode(open, parameters, stakes, inferences, IModelRegistry(address(0)), vault))));
        vm.expectRevert(ZeroAddress.selector);
        AuditCourt(payable(create("AuditCourt", abi.encode(open, parameters, stakes, inferences, models, IRewardVault(address(0))))));
    }

    function test_joinsOnceAndOnlyWithTheStake() public {
        stake(Role.Auditor, STRANGER, STAKE - 1);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeTooLow.selector, Role.Auditor, STRANGER, STAKE - 1, STAKE));
        vm.prank(STRANGER);
        court.join();
        stake(Role.Auditor, STRANGER, 1);
        vm.expectEmit();
        emit IAuditCourt.AuditorJoined(STRANGER);
        vm.prank(STRANGER);
        court.join();
        eq(court.auditors().length, 51);
        eq(stakes.holds(Role.Auditor, STRANGER), 1);
        vm.expectRevert(abi.encodeWithSelector(IAuditCourt.AuditorExists.selector, STRANGER));
        vm.prank(STRANGER);
        court.join();
    }

    function test_whoLeavesGivesItsPlaceToTheNextAndGetsItsStakeBack() public {
        address leaver = auditorAt(7);
        vm.startPrank(leaver);
        stakes.startUnbonding(Role.Auditor, STAKE);
        pass(30 days);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeHeld.selector, Role.Auditor, leaver, 1));
        stakes.withdraw(Role.Auditor, false);
        vm.expectEmit();
        emit IAuditCourt.AuditorLeft(leaver);
        court.leave();
        eq(stakes.withdraw(Role.Auditor, false), STAKE);
        vm.expectRevert(abi.encodeWithSelector(IAuditCourt.NotAnAuditor.selector, leaver));
        court.leave();
        vm.stopPrank();
        eq(court.auditors().length, 49);
        assert(!isIn(leaver, court.auditors()));
        enroll(STRANGER);
        eq(court.auditors()[7], STRANGER);
        eq(court.auditors().length, 50);
    }

    function test_seatedAuditorsCannotLeave() public {
        uint256 caseId = challengeBlock(paidBlock(1, 1 ether));
        address[] memory committee = drawn(caseId);
        for (uint256 i; i < 3; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IAuditCourt.AuditorBusy.selector, committee[i], 1));
            vm.prank(committee[i]);
            court.leave();
        }
        vote(caseId, 7, 7);
        court.close(caseId);
        vm.prank(committee[0]);
        court.leave();
    }

    // ---- opening ----

    function test_aChallengedBlockCannotBeSettledAndTheBondIsHere() public {
        BlockRecord memory data = paidBlock(1, 1 ether);
        bytes32 id = blockIdOf(data);
        vm.expectEmit();
        emit IAuditCourt.CaseOpened(1, IAuditCourt.Subject.Block, id, CHALLENGER, NODE, BOND, BUNDLE);
        vm.prank(CHALLENGER);
        court.challengeBlock{value: BOND}(id, BUNDLE);
        IAuditCourt.Case memory c = court.getCase(1);
        eq(court.caseCount(), 1);
        eq(c.subjectId, id);
        eq(c.accused, NODE);
        eq(c.challenger, CHALLENGER);
        eq(c.bond, BOND);
        eq(c.bundleHash, BUNDLE);
        eq(c.round, 1);
        eq(uint256(c.status), uint256(IAuditCourt.CaseStatus.Opened));
        eq(c.openedAt, now_);
        eq(c.drawBlock, height + 1);
        eq(open.balanceOf(address(court)), BOND);
        eq(stakes.holds(Role.Node, NODE), 1);
        eq(uint256(inferences.blockState(id).status), uint256(IInferenceRegistry.BlockStatus.Challenged));
        vm.expectRevert(abi.encodeWithSelector(IInferenceRegistry.WrongBlockStatus.selector, id, IInferenceRegistry.BlockStatus.Challenged));
        this.settleOut(blocks1(data), new uint256[](3));
    }

    function test_takesWrappedBondsAndRefusesOtherAmounts() public {
        bytes32 id = blockIdOf(paidBlock(1, 1 ether));
        vm.startPrank(CHALLENGER);
        vm.expectRevert(abi.encodeWithSelector(Intake.WrongValue.selector, BOND, BOND - 1));
        court.challengeBlock{value: BOND - 1}(id, BUNDLE);
        open.deposit{value: BOND}();
        open.approve(address(court), BOND);
        court.challengeBlock(id, BUNDLE);
        vm.stopPrank();
        eq(open.balanceOf(address(court)), BOND);
        eq(open.balanceOf(CHALLENGER), 0);
    }

    function test_aChallengedRecordStopsSettlementsOfItsBlocks() public {
        BlockRecord memory data = paidBlock(1, 1 ether);
        uint256 caseId = challengeRecord();
        eq(court.getCase(caseId).accused, OWNER);
        eq(stakes.holds(Role.Adapter, OWNER), 1);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.RecordNotProved.selector, recordId, IModelRegistry.RecordStatus.Challenged));
        this.settleOut(blocks1(data), new uint256[](3));
    }

    function test_aChallengedJobsCreditsAreHeld() public {
        (BlockRecord[] memory blocks, Credit[] memory credits, bytes32 jobId) = settledJob(1, 1 ether);
        uint256 period = vault.currentPeriod();
        eq(vault.balanceOf(NODE, period), 0.2 ether);
        uint256 caseId = challengeJob(blocks, credits);
        eq(court.getCase(caseId).subjectId, jobId);
        eq(court.getCase(caseId).accused, NODE);
        eq(vault.balanceOf(NODE, period), 0);
        eq(_jobState(jobId), uint256(IRewardVault.JobState.Held));
    }

    function test_oneOpenCasePerSubject() public {
        BlockRecord memory data = paidBlock(1, 1 ether);
        challengeBlock(data);
        bytes32 id = blockIdOf(data);
        vm.expectRevert(abi.encodeWithSelector(IInferenceRegistry.WrongBlockStatus.selector, id, IInferenceRegistry.BlockStatus.Challenged));
        vm.prank(STRANGER);
        court.challengeBlock{value: BOND}(id, BUNDLE);
        challengeRecord();
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.RecordNotProved.selector, recordId, IModelRegistry.RecordStatus.Challenged));
        vm.prank(STRANGER);
        court.challengeRecord{value: BOND}(recordId, BUNDLE);
    }

    function test_aJobIsTriedOnce() public {
        (BlockRecord[] memory blocks, Credit[] memory credits, bytes32 jobId) = settledJob(1, 1 ether);
        uint256 caseId = challengeJob(blocks, credits);
        vm.expectRevert(abi.encodeWithSelector(IRewardVault.WrongJobState.selector, jobId, IRewardVault.JobState.Held));
        vm.prank(STRANGER);
        court.challengeJob{value: BOND}(recordId, blocks, 0, credits, BUNDLE);
        drawn(caseId);
        vote(caseId, 0, 7);
        court.closeJob(caseId, recordId, blocks, credits);
        vm.expectRevert(abi.encodeWithSelector(IRewardVault.WrongJobState.selector, jobId, IRewardVault.JobState.Released));
        vm.prank(STRANGER);
        court.challengeJob{value: BOND}(recordId, blocks, 0, credits, BUNDLE);
    }

    function test_refusesUnknownSubjectsAndCases() public {
        vm.startPrank(CHALLENGER);
        vm.expectRevert(abi.encodeWithSelector(IInferenceRegistry.WrongBlockStatus.selector, BUNDLE, IInferenceRegistry.BlockStatus.None));
        court.challengeBlock{value: BOND}(BUNDLE, BUNDLE);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.RecordNotProved.selector, BUNDLE, IModelRegistry.RecordStatus.Unknown));
        court.challengeRecord{value: BOND}(BUNDLE, BUNDLE);
        bytes memory unknown = abi.encodeWithSelector(IAuditCourt.UnknownCase.selector, 1);
        vm.expectRevert(unknown);
        court.draw(1);
        vm.expectRevert(unknown);
        court.close(1);
        vm.expectRevert(unknown);
        court.commitVote(1, BUNDLE);
        vm.expectRevert(unknown);
        court.revealVote(1, true, SALT);
        vm.expectRevert(unknown);
        court.getCase(1);
        vm.stopPrank();
    }

    function test_theGuardianCanStopChallengesButNoOpenCase() public {
        (BlockRecord memory data, BlockRecord memory other) = (paidBlock(1, 1 ether), paidBlock(2, 1 ether));
        uint256 caseId = challengeBlock(data);
        vm.prank(GUARDIAN);
        parameters.pause(Module.Challenges);
        bytes32 id = blockIdOf(other);
        bytes memory paused = abi.encodeWithSelector(IParameters.ModulePaused.selector, Module.Challenges);
        vm.startPrank(CHALLENGER);
        vm.expectRevert(paused);
        court.challengeBlock{value: BOND}(id, BUNDLE);
        vm.expectRevert(paused);
        court.challengeRecord{value: BOND}(recordId, BUNDLE);
        vm.stopPrank();
        drawn(caseId);
        vote(caseId, 7, 7);
        court.close(caseId);
        eq(statusOf(caseId), uint256(IAuditCourt.CaseStatus.Upheld));
    }

    function test_governanceCannotChangeARunningCase() public {
        uint256 caseId = challengeBlock(paidBlock(1, 1 ether));
        CourtRules memory rules = courtRules();
        (rules.seats, rules.bond, rules.nodeSlash, rules.challengerBps, rules.committeeBps) = (5, 2 ether, 9 ether, 4000, 1000);
        (rules.commitSeconds, rules.revealSeconds) = (2 hours, 2 hours);
        vm.prank(address(timelock));
        parameters.setCourt(rules);
        eq(drawn(caseId).length, 3);
        vote(caseId, 7, 7);
        court.close(caseId);
        eq(owedTo(CHALLENGER), BOND + NODE_SLASH / 2);
    }

    // ---- draw ----

    function test_drawsDistinctAuditorsAfterTheDrawBlock() public {
        uint256 caseId = challengeBlock(paidBlock(1, 1 ether));
        vm.expectRevert(abi.encodeWithSelector(IAuditCourt.TooEarly.selector, height + 2));
        court.draw(caseId);
        mine(1);
        vm.expectRevert(abi.encodeWithSelector(IAuditCourt.TooEarly.selector, height + 1));
        court.draw(caseId);
        mine(1);
        court.draw(caseId);
        IAuditCourt.Case memory c = court.getCase(caseId);
        eq(c.committee.length, 3);
        for (uint256 i; i < 3; ++i) {
            assert(isIn(c.committee[i], court.auditors()));
            for (uint256 j; j < i; ++j) assert(c.committee[i] != c.committee[j]);
        }
        eq(c.commitUntil, now_ + 1 hours);
        eq(c.revealUntil, now_ + 2 hours);
        vm.expectRevert(abi.encodeWithSelector(IAuditCourt.WrongCaseStatus.selector, caseId, IAuditCourt.CaseStatus.Drawn));
        court.draw(caseId);
    }

    function test_everySeedSeatsOnlyWhoIsEligible(bytes32 seed) public {
        // 3 + 4 auditors: accused, challenger, one without stake, and four others.
        for (uint256 i = 4; i < 50; ++i) {
            vm.prank(auditorAt(i));
            court.leave();
        }
        enroll(NODE);
        enroll(CHALLENGER);
        enroll(STRANGER);
        vm.prank(STRANGER);
        stakes.startUnbonding(Role.Auditor, 1);
        pass(1);
        uint256 caseId = challengeBlock(paidBlock(1, 1 ether));
        mine(2);
        vm.setBlockhash(height - 1, seed == 0 ? bytes32(uint256(1)) : seed);
        court.draw(caseId);
        address[] memory committee = court.getCase(caseId).committee;
        for (uint256 i; i < 3; ++i) {
            assert(uint160(committee[i]) >= 0xa000 && uint160(committee[i]) < 0xa004);
            for (uint256 j; j < i; ++j) assert(committee[i] != committee[j]);
        }
    }

    function test_aForgottenDrawWaitsForANewBlock() public {
        uint256 caseId = challengeBlock(paidBlock(1, 1 ether));
        mine(300);
        court.draw(caseId);
        eq(statusOf(caseId), uint256(IAuditCourt.CaseStatus.Opened));
        eq(court.getCase(caseId).drawBlock, height + 1);
        mine(2);
        court.draw(caseId);
        eq(statusOf(caseId), uint256(IAuditCourt.CaseStatus.Drawn));
    }

    function test_noCaseOpensWithoutEnoughAuditors() public {
        for (uint256 i = 2; i < 50; ++i) {
            vm.prank(auditorAt(i));
            court.leave();
        }
        enroll(NODE); // the accused does not count
        bytes32 id = blockIdOf(paidBlock(1, 1 ether));
        vm.expectRevert(abi.encodeWithSelector(IAuditCourt.NotEnoughAuditors.selector, 3, 2));
        vm.prank(CHALLENGER);
        court.challengeBlock{value: BOND}(id, BUNDLE);
    }

    function test_aCaseThatNobodyCanJudgeIsVoidAfterTheTimeOfARound() public {
        _leaveOnly(3);
        BlockRecord memory data = paidBlock(1, 1 ether);
        uint256 caseId = challengeBlock(data);
        vm.prank(auditorAt(2));
        court.leave();
        mine(2);
        court.draw(caseId); // 512 attempts a call, 1,056 in all: 47 of the 50 places are empty
        court.draw(caseId);
        vm.expectRevert(abi.encodeWithSelector(IAuditCourt.NotEnoughAuditors.selector, 3, 2));
        court.draw(caseId);
        vm.expectRevert(abi.encodeWithSelector(IAuditCourt.TooEarly.selector, now_ + 2 hours + 1));
        court.close(caseId);
        pass(2 hours + 1);
        vm.expectEmit();
        emit IAuditCourt.CaseClosed(caseId, IAuditCourt.CaseStatus.Void, 0);
        court.close(caseId);
        eq(owedTo(CHALLENGER), BOND);
        eq(stakes.active(Role.Node, NODE), 20 ether);
        eq(stakes.holds(Role.Node, NODE), 0);
        eq(uint256(inferences.blockState(blockIdOf(data)).status), uint256(IInferenceRegistry.BlockStatus.Committed));
        vm.prank(auditorAt(0)); // nobody keeps a seat
        court.leave();
    }

    function test_waitingDoesNotMakeACaseVoidWhereACommitteeCanBeDrawn() public {
        uint256 caseId = challengeBlock(paidBlock(1, 1 ether));
        pass(3 hours);
        mine(2);
        court.close(caseId);
        eq(statusOf(caseId), uint256(IAuditCourt.CaseStatus.Drawn));
        vote(caseId, 0, 7);
        court.close(caseId);
        eq(statusOf(caseId), uint256(IAuditCourt.CaseStatus.Dismissed));
    }

    // ---- votes ----

    function test_votesAreCommittedThenRevealedInTheirTime() public {
        uint256 caseId = challengeBlock(paidBlock(1, 1 ether));
        address[] memory committee = drawn(caseId);
        (address a, address b) = (committee[0], committee[1]);
        uint256 commitUntil = now_ + 1 hours;
        bytes32 hash = ballot(caseId, 1, a, true);
        vm.expectRevert(abi.encodeWithSelector(IAuditCourt.NotDrawn.selector, caseId, STRANGER));
        vm.prank(STRANGER);
        court.commitVote(caseId, hash);
        for (uint256 mark; mark < 4; ++mark) {
            vm.expectRevert(abi.encodeWithSelector(IAuditCourt.WrongReveal.selector, caseId, a));
            vm.prank(a);
            court.commitVote(caseId, bytes32(mark));
        }
        vm.expectEmit();
        emit IAuditCourt.VoteCommitted(caseId, a);
        vm.prank(a);
        court.commitVote(caseId, hash);
        vm.expectRevert(abi.encodeWithSelector(IAuditCourt.AlreadyVoted.selector, caseId, a));
        vm.prank(a);
        court.commitVote(caseId, ballot(caseId, 1, a, false));
        vm.expectRevert(abi.encodeWithSelector(IAuditCourt.TooEarly.selector, commitUntil + 1));
        reveal(caseId, a, true);
        pass(1 hours);
        commitVote(caseId, b, true); // the last second
        pass(1);
        vm.expectRevert(abi.encodeWithSelector(IAuditCourt.TooLate.selector, commitUntil));
        vm.prank(committee[2]);
        court.commitVote(caseId, hash);
        vm.expectRevert(abi.encodeWithSelector(IAuditCourt.WrongReveal.selector, caseId, a));
        reveal(caseId, a, false);
        vm.expectRevert(abi.encodeWithSelector(IAuditCourt.NotDrawn.selector, caseId, STRANGER));
        reveal(caseId, STRANGER, true);
        vm.expectEmit();
        emit IAuditCourt.VoteRevealed(caseId, a, true);
        vm.prank(a);
        court.revealVote(caseId, true, SALT);
        vm.expectRevert(abi.encodeWithSelector(IAuditCourt.AlreadyVoted.selector, caseId, a));
        reveal(caseId, a, true);
        eq(court.getCase(caseId).votesFor, 1);
        pass(1 hours);
        vm.expectRevert(abi.encodeWithSelector(IAuditCourt.TooLate.selector, commitUntil + 1 hours));
        reveal(caseId, b, true);
    }

    function test_closesEarlyOnlyWhenAllHaveRevealed() public {
        uint256 caseId = challengeBlock(paidBlock(1, 1 ether));
        address[] memory committee = drawn(caseId);
        for (uint256 i; i < 3; ++i) commitVote(caseId, committee[i], true);
        pass(1 hours + 1);
        reveal(caseId, committee[0], true);
        reveal(caseId, committee[1], true);
        vm.expectRevert(abi.encodeWithSelector(IAuditCourt.TooEarly.selector, court.getCase(caseId).revealUntil + 1));
        court.close(caseId);
        reveal(caseId, committee[2], true);
        court.close(caseId);
        vm.expectRevert(abi.encodeWithSelector(IAuditCourt.WrongCaseStatus.selector, caseId, IAuditCourt.CaseStatus.Upheld));
        court.close(caseId);
    }

    // ---- verdicts ----

    function test_anUpheldBlockIsRejectedAndItsNodeSlashed() public {
        BlockRecord memory data = paidBlock(1, 1 ether);
        uint256 caseId = challengeBlock(data);
        address[] memory committee = drawn(caseId);
        vote(caseId, 3, 7); // two of three
        vm.expectEmit();
        emit IAuditCourt.CaseClosed(caseId, IAuditCourt.CaseStatus.Upheld, NODE_SLASH);
        court.close(caseId);
        eq(uint256(inferences.blockState(blockIdOf(data)).status), uint256(IInferenceRegistry.BlockStatus.Rejected));
        eq(stakes.active(Role.Node, NODE), 20 ether - NODE_SLASH);
        eq(stakes.holds(Role.Node, NODE), 0);
        eq(owedTo(CHALLENGER), BOND + NODE_SLASH / 2);
        eq(owedTo(committee[0]), NODE_SLASH / 8);
        eq(owedTo(committee[1]), NODE_SLASH / 8);
        eq(owedTo(committee[2]), 0); // the minority loses nothing and earns nothing
        eq(stakes.active(Role.Auditor, committee[2]), STAKE);
        eq(owedTo(TREASURY), NODE_SLASH / 4);
        eq(open.balanceOf(address(court)), 0);
        inferences.refundRejected(recordId, data);
        eq(owedTo(PAYER), 1 ether);
    }

    function test_anUpheldRecordIsRevokedAndItsOwnerSlashed() public {
        uint256 caseId = challengeRecord();
        drawn(caseId);
        vote(caseId, 7, 7);
        court.close(caseId);
        (, IModelRegistry.RecordStatus status,) = models.record(recordId);
        eq(uint256(status), uint256(IModelRegistry.RecordStatus.Revoked));
        eq(models.currentRecord(adapterId), bytes32(0));
        eq(stakes.active(Role.Adapter, OWNER), 0);
        eq(owedTo(CHALLENGER), BOND + 2.5 ether);
    }

    function test_anUpheldJobIsReversedToItsPayers() public {
        (BlockRecord[] memory blocks, Credit[] memory credits, bytes32 jobId) = settledJob(1, 1 ether);
        uint256 period = vault.currentPeriod();
        uint256 caseId = challengeJob(blocks, credits);
        drawn(caseId);
        vote(caseId, 7, 7);
        court.closeJob(caseId, recordId, blocks, credits);
        eq(_jobState(jobId), uint256(IRewardVault.JobState.Reversed));
        eq(owedTo(PAYER), 1 ether);
        eq(vault.balanceOf(NODE, period) + owedTo(NODE), 0);
        eq(vault.balanceOf(ALICE, period) + owedTo(ALICE), 0);
        eq(stakes.active(Role.Node, NODE), 20 ether - NODE_SLASH);
    }

    function test_aDismissedChallengeCostsTheBond() public {
        (BlockRecord[] memory blocks, Credit[] memory credits, bytes32 jobId) = settledJob(1, 1 ether);
        uint256 caseId = challengeJob(blocks, credits);
        address[] memory committee = drawn(caseId);
        vote(caseId, 0, 7);
        uint256 each = BOND / 4 / uint256(3);
        vm.expectEmit();
        emit IAuditCourt.CaseClosed(caseId, IAuditCourt.CaseStatus.Dismissed, 0);
        court.closeJob(caseId, recordId, blocks, credits);
        for (uint256 i; i < 3; ++i) eq(owedTo(committee[i]), each);
        eq(owedTo(NODE), 0.2 ether + BOND - 3 * each); // its released share and the rest of the bond
        eq(owedTo(CHALLENGER), 0);
        eq(owedTo(ALICE), credits[0].amount);
        eq(_jobState(jobId), uint256(IRewardVault.JobState.Released));
        eq(stakes.active(Role.Node, NODE), 20 ether);
        eq(open.balanceOf(address(court)), 0);
    }

    function test_aClearedBlockCanBeChallengedAgainOrSettled() public {
        BlockRecord memory data = paidBlock(1, 1 ether);
        for (uint256 k; k < 2; ++k) {
            uint256 caseId = challengeBlock(data);
            eq(caseId, k + 1);
            drawn(caseId);
            vote(caseId, 0, 7);
            court.close(caseId);
        }
        this.settleOut(blocks1(data), new uint256[](3));
    }

    function test_silentAuditorsAreFinedAndASecondCommitteeIsDrawn() public {
        uint256 caseId = challengeBlock(paidBlock(1, 1 ether));
        address[] memory first = drawn(caseId);
        vote(caseId, 1, 1); // one of three reveals
        court.close(caseId);
        IAuditCourt.Case memory c = court.getCase(caseId);
        eq(c.round, 2);
        eq(uint256(c.status), uint256(IAuditCourt.CaseStatus.Opened));
        eq(c.votesFor, 0);
        eq(c.committee.length, 0);
        eq(stakes.active(Role.Auditor, first[0]), STAKE);
        eq(stakes.active(Role.Auditor, first[1]), STAKE - 1 ether);
        eq(stakes.active(Role.Auditor, first[2]), STAKE - 1 ether);
        eq(owedTo(TREASURY), 2 ether);
        address[] memory second = drawn(caseId);
        assert(!isIn(first[1], second) && !isIn(first[2], second));
        vote(caseId, 0, 3); // two of three suffice
        court.close(caseId);
        eq(statusOf(caseId), uint256(IAuditCourt.CaseStatus.Dismissed));
        eq(owedTo(TREASURY), 3 ether);
        eq(owedTo(second[0]), BOND / 8);
        eq(owedTo(second[2]), 0);
        eq(open.balanceOf(address(court)), 0);
    }

    function test_silentAuditorsOfTheFirstRoundAreNotDrawnAgainEvenWithStake() public {
        _leaveOnly(5);
        for (uint256 i; i < 5; ++i) stake(Role.Auditor, auditorAt(i), 10 ether);
        uint256 caseId = challengeBlock(paidBlock(1, 1 ether));
        address[] memory first = drawn(caseId);
        vote(caseId, 1, 1);
        court.close(caseId);
        address[] memory second = drawn(caseId); // 5 - 2 silent: exactly three are left
        assert(!isIn(first[1], second) && !isIn(first[2], second) && isIn(first[0], second));
    }

    function test_twoRoundsWithoutAMajorityMakeTheCaseVoid() public {
        (BlockRecord[] memory blocks, Credit[] memory credits, bytes32 jobId) = settledJob(1, 1 ether);
        uint256 caseId = challengeJob(blocks, credits);
        drawn(caseId);
        vote(caseId, 1, 3); // a tie of two
        court.closeJob(caseId, recordId, blocks, credits);
        eq(statusOf(caseId), uint256(IAuditCourt.CaseStatus.Opened));
        eq(_jobState(jobId), uint256(IRewardVault.JobState.Held));
        drawn(caseId);
        pass(2 hours + 1); // nobody votes
        court.closeJob(caseId, recordId, blocks, credits);
        eq(statusOf(caseId), uint256(IAuditCourt.CaseStatus.Void));
        eq(owedTo(CHALLENGER), BOND);
        eq(owedTo(TREASURY), 4 ether + credits[6].amount);
        eq(stakes.active(Role.Node, NODE), 20 ether);
        eq(_jobState(jobId), uint256(IRewardVault.JobState.Released));
        eq(open.balanceOf(address(court)), 0);
    }

    function test_theSecondRoundCanBeVoidForWantOfAuditorsButNotBeforeItsTime() public {
        _leaveOnly(4);
        uint256 caseId = challengeBlock(paidBlock(1, 1 ether));
        drawn(caseId);
        pass(10 days); // nobody closes for long
        court.close(caseId); // three silent, one left
        mine(2);
        vm.expectRevert(abi.encodeWithSelector(IAuditCourt.TooEarly.selector, now_ + 2 hours + 1));
        court.close(caseId);
        pass(2 hours + 1);
        for (uint256 k; k < 3; ++k) court.close(caseId); // attempts of 1,056 in all
        eq(statusOf(caseId), uint256(IAuditCourt.CaseStatus.Void));
        eq(owedTo(CHALLENGER), BOND);
    }

    function test_sumsAreExactWhateverTheNumbers(uint96 slash, uint16 challengerBps, uint16 committeeBps, uint96 bond, uint256 votes, uint256 reveals) public {
        CourtRules memory rules = courtRules();
        // Inside the bounds of the parameters.
        rules.challengerBps = uint16(bound(challengerBps, 0, 5000));
        rules.committeeBps = uint16(bound(committeeBps, 0, 10_000 - rules.challengerBps));
        rules.nodeSlash = uint96(bound(slash, 1 ether, 30 ether));
        rules.bond = uint96(bound(bond, 0.1 ether, 10 ether));
        vm.prank(address(timelock));
        parameters.setCourt(rules);
        bytes32 id = blockIdOf(paidBlock(1, 1 ether));
        uint256 staked = _staked();
        vm.prank(CHALLENGER);
        uint256 caseId = court.challengeBlock{value: rules.bond}(id, BUNDLE);
        drawn(caseId);
        vote(caseId, votes, reveals);
        court.close(caseId);
        if (statusOf(caseId) == uint256(IAuditCourt.CaseStatus.Opened)) {
            drawn(caseId);
            vote(caseId, votes >> 3, reveals >> 3);
            court.close(caseId);
        }
        assert(statusOf(caseId) >= uint256(IAuditCourt.CaseStatus.Upheld));
        eq(open.balanceOf(address(court)), 0);
        eq(open.balanceOf(address(vault)), vault.owed());
        eq(vault.owed(), uint256(rules.bond) + staked - _staked());
    }

    // ---- helpers ----

    function _leaveOnly(uint256 count) private {
        for (uint256 i = count; i < 50; ++i) {
            vm.prank(auditorAt(i));
            court.leave();
        }
    }

    function _staked() private view returns (uint256) {
        return open.balanceOf(address(stakes));
    }

    function _jobState(bytes32 jobId) private view returns (uint256) {
        (IRewardVault.JobState state,,,) = vault.job(jobId);
        return uint256(state);
    }
}
