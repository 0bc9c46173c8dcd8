// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAuditCourt} from "../src/interfaces/IAuditCourt.sol";
import {IRewardVault} from "../src/interfaces/IRewardVault.sol";
import "../src/types/Economy.sol";
import "../src/types/Types.sol";
import {CourtWorld} from "./support/CourtWorld.sol";
import {Stored} from "./support/Stored.sol";

contract RandomAuditsTest is CourtWorld {
    bytes32 private constant REPORT = keccak256("report");
    BlockRecord[] private blocks;
    Credit[] private credits;
    bytes32 private jobId;

    function setUp() public {
        buildCourt(20);
        (BlockRecord[] memory b, Credit[] memory c, bytes32 id) = settledJob(1, 1 ether);
        Stored.set(blocks.push(), b[0]);
        for (uint256 i; i < c.length; ++i) credits.push(c[i]);
        jobId = id;
        pass(1);
    }

    function test_theLotSelectsAndAssignsAndTheFundPays() public {
        _collect();
        uint256 drawBlock = height + 1;
        vm.expectEmit();
        emit IAuditCourt.AuditRequested(jobId, drawBlock);
        court.orderAudit(jobId);
        vm.expectRevert(abi.encodeWithSelector(IAuditCourt.TooEarly.selector, drawBlock + 1));
        court.orderAudit(jobId);
        _seed(true);
        court.orderAudit(jobId);
        (address auditor, uint64 until, bool reported,,) = court.audit(jobId);
        assert(isIn(auditor, court.auditors()) && !reported);
        eq(until, now_ + 1 days);
        vm.expectRevert(abi.encodeWithSelector(IAuditCourt.NotAnAuditor.selector, STRANGER));
        vm.prank(STRANGER);
        court.reportAudit(jobId, true, REPORT);
        vm.expectEmit();
        emit IAuditCourt.AuditReported(jobId, auditor, false, REPORT);
        vm.prank(auditor);
        court.reportAudit(jobId, false, REPORT);
        (,, bool done, bool sound, bytes32 reportHash) = court.audit(jobId);
        assert(done && !sound);
        eq(reportHash, REPORT);
        eq(owedTo(auditor), 0.05 ether); // the fund had less than the fee
        eq(court.auditFund(), 0);
        eq(open.balanceOf(address(court)), 0);
        vm.expectRevert(abi.encodeWithSelector(IAuditCourt.AuditReportExists.selector, jobId));
        vm.prank(auditor);
        court.reportAudit(jobId, true, REPORT);
        vm.expectRevert(abi.encodeWithSelector(IAuditCourt.AuditReportExists.selector, jobId));
        court.orderAudit(jobId);
    }

    function test_paysTheFeeAndNoMore() public {
        settledJob(2, 10 ether);
        _collect();
        eq(court.auditFund(), 0.55 ether);
        address auditor = _assigned();
        vm.prank(auditor);
        court.reportAudit(jobId, true, REPORT);
        eq(owedTo(auditor), 0.1 ether);
        eq(court.auditFund(), 0.45 ether);
        eq(open.balanceOf(address(court)), 0.45 ether);
    }

    function test_aJobThatTheLotPassesOverIsNeverAudited() public {
        court.orderAudit(jobId);
        _seed(false);
        vm.expectEmit();
        emit IAuditCourt.AuditSkipped(jobId);
        court.orderAudit(jobId);
        bytes memory notSelected = abi.encodeWithSelector(IAuditCourt.NotSelected.selector, jobId);
        vm.expectRevert(notSelected);
        court.orderAudit(jobId);
        mine(300); // not by waiting either
        vm.expectRevert(notSelected);
        court.orderAudit(jobId);
    }

    function test_aForgottenLotIsDrawnAnew() public {
        court.orderAudit(jobId);
        mine(300);
        vm.expectEmit();
        emit IAuditCourt.AuditRequested(jobId, height + 1);
        court.orderAudit(jobId);
        _seed(true);
        court.orderAudit(jobId);
        (address auditor,,,,) = court.audit(jobId);
        assert(auditor != address(0));
    }

    function test_onlySettledJobsInsideTheirWindow() public {
        vm.expectRevert(abi.encodeWithSelector(IRewardVault.WrongJobState.selector, REPORT, IRewardVault.JobState.None));
        court.orderAudit(REPORT);
        (,, uint256 until,) = vault.job(jobId);
        pass(1 days);
        vm.expectRevert(abi.encodeWithSelector(IAuditCourt.TooLate.selector, until));
        court.orderAudit(jobId);
    }

    function test_theRateIsTheShareOfJobs() public {
        uint256 selected;
        for (uint256 i = 2; i < 202; ++i) {
            (,, bytes32 id) = settledJob(i, 1000);
            court.orderAudit(id);
            mine(2);
            court.orderAudit(id);
            (address auditor,,,,) = court.audit(id);
            if (auditor != address(0)) ++selected;
        }
        assert(selected > 5 && selected < 45); // 200 jobs at a tenth: 20, standard deviation 4.2
    }

    function test_whoDoesNotReportIsReplacedOnceByAnother() public {
        address first = _assigned();
        bytes memory assigned = abi.encodeWithSelector(IAuditCourt.AuditAssigned.selector, jobId);
        vm.expectRevert(assigned);
        court.orderAudit(jobId);
        pass(1 days + 1);
        vm.expectRevert(abi.encodeWithSelector(IAuditCourt.TooLate.selector, now_ - 1));
        vm.prank(first);
        court.reportAudit(jobId, true, REPORT);
        court.orderAudit(jobId);
        _seed(false); // selected before: not drawn for again
        court.orderAudit(jobId);
        (address second, uint64 until,,,) = court.audit(jobId);
        assert(second != first && second != address(0));
        eq(until, now_ + 1 days);
        eq(stakes.active(Role.Auditor, first), STAKE); // loses nothing
        vm.expectRevert(abi.encodeWithSelector(IAuditCourt.NotAnAuditor.selector, first));
        vm.prank(first);
        court.reportAudit(jobId, true, REPORT);
        pass(1 days + 1);
        vm.expectRevert(assigned);
        court.orderAudit(jobId);
    }

    function test_anAuditorStaysUntilItsAuditIsOver() public {
        address auditor = _assigned();
        vm.expectRevert(abi.encodeWithSelector(IAuditCourt.AuditorBusy.selector, auditor, 0));
        vm.prank(auditor);
        court.leave();
        pass(1 days + 1);
        vm.prank(auditor);
        court.leave();
    }

    function test_callingAJobSoundThatIsReversedCostsTheAuditor() public {
        address auditor = _assigned();
        vm.prank(auditor);
        court.reportAudit(jobId, true, REPORT);
        _uphold();
        eq(stakes.active(Role.Auditor, auditor), STAKE - 1 ether);
        eq(owedTo(TREASURY), 2.5 ether + uint256(2.5 ether) % 3 + 1 ether); // its part, what three do not divide, the fine
    }

    function test_callingItUnsoundOrSoundRightlyCostsNothing() public {
        address auditor = _assigned();
        vm.prank(auditor);
        court.reportAudit(jobId, false, REPORT);
        _uphold();
        eq(stakes.active(Role.Auditor, auditor), STAKE);
    }

    function test_aReversedJobCannotBeReportedAsSound() public {
        address auditor = _assigned();
        _uphold();
        vm.expectRevert(abi.encodeWithSelector(IRewardVault.WrongJobState.selector, jobId, IRewardVault.JobState.Reversed));
        vm.prank(auditor);
        court.reportAudit(jobId, true, REPORT);
        vm.prank(auditor);
        court.reportAudit(jobId, false, REPORT);
    }

    function test_newAuditorsAreNotDrawnForRequestsBeforeThem() public {
        for (uint256 i = 1; i < 20; ++i) {
            vm.prank(auditorAt(i));
            court.leave();
        }
        court.orderAudit(jobId);
        pass(1);
        enroll(STRANGER);
        _seed(true);
        court.orderAudit(jobId);
        (address auditor,,,,) = court.audit(jobId);
        eq(auditor, auditorAt(0));
    }

    function test_anAuditWithoutAuditorsIsRefused() public {
        for (uint256 i = 1; i < 20; ++i) {
            vm.prank(auditorAt(i));
            court.leave();
        }
        court.orderAudit(jobId);
        vm.prank(auditorAt(0));
        court.leave();
        _seed(true);
        bytes memory none = abi.encodeWithSelector(IAuditCourt.NotEnoughAuditors.selector, 1, 0);
        court.orderAudit(jobId); // a call looks at 512 places, the limit for 20 is 576
        vm.expectRevert(none);
        court.orderAudit(jobId);
        (,, bytes32 other) = settledJob(2, 1 ether);
        vm.expectRevert(none);
        court.orderAudit(other);
    }

    function test_sharesAreCollectedOncePerPeriod() public {
        uint256[] memory periods = new uint256[](1);
        periods[0] = vault.currentPeriod();
        uint256 opensAt = vault.opensAt(periods[0]);
        vm.expectRevert(abi.encodeWithSelector(IRewardVault.PeriodClosed.selector, periods[0], opensAt));
        court.collect(periods);
        pass(opensAt - now_);
        eq(court.collect(periods), 0.05 ether);
        vm.expectRevert(abi.encodeWithSelector(IRewardVault.NothingToClaim.selector, address(court)));
        court.collect(periods);
    }

    // ---- helpers ----

    /// @dev The hash of the next block (the draw block) selects the job, or does not.
    function _seed(bool selects) private {
        mine(2);
        bytes32 seed;
        for (uint256 k = 1;; ++k) {
            seed = keccak256(abi.encode("seed", k));
            if (uint256(keccak256(abi.encode(seed, jobId))) % 10_000 < 1000 == selects) break;
        }
        vm.setBlockhash(height - 1, seed);
    }

    function _assigned() private returns (address auditor) {
        court.orderAudit(jobId);
        _seed(true);
        court.orderAudit(jobId);
        (auditor,,,,) = court.audit(jobId);
    }

    /// @dev In the future: the state is put back, but for the claim.
    function _collect() private {
        uint256[] memory periods = new uint256[](1);
        periods[0] = vault.currentPeriod();
        vm.warp(vault.opensAt(periods[0]));
        court.collect(periods);
        vm.warp(now_);
    }

    function _uphold() private {
        uint256 caseId = challengeJob(blocks, credits);
        drawn(caseId);
        vote(caseId, 7, 7);
        court.closeJob(caseId, recordId, blocks, credits);
    }
}
