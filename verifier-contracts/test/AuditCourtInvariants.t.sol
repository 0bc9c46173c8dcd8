// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAuditCourt} from "../src/interfaces/IAuditCourt.sol";
import "../src/types/Economy.sol";
import "../src/types/Types.sol";
import {CourtWorld} from "./support/CourtWorld.sol";
import {Stored} from "./support/Stored.sol";
import {Test} from "./support/Vm.sol";

/// @dev Random challengers, auditors and bystanders: challenges, draws, votes by anyone, closings, audits, leaving and joining.
contract CourtHandler is CourtWorld {
    struct Trial {
        BlockRecord[] blocks;
        Credit[] credits;
        uint256 subject;
    }

    uint256 private nonce;
    uint256[] private cases;
    uint256[] private running;
    bytes32[] private jobs;
    mapping(uint256 caseId => Trial) private trials;
    mapping(uint256 caseId => uint256) public endings;
    mapping(uint256 caseId => uint256) private finalStatus;
    uint256 public ended;
    uint256 public votes;
    uint256 public strangersVotes;

    /// @dev The runner puts time and height back between the calls.
    modifier live() {
        vm.warp(now_);
        vm.roll(height);
        _;
    }

    constructor() {
        buildCourt(8);
        for (uint256 i; i < 10; ++i) stake(Role.Auditor, auditorAt(i), 100 ether); // 10 and 11 stay without
        stake(Role.Node, NODE, 1000 ether);
        stake(Role.Adapter, OWNER, 1000 ether);
    }

    /// @dev Few cases on the record: nothing else goes on while one is open.
    function openCase(uint256 subject, uint96 fee) external live {
        if (running.length > 4) return;
        subject = subject % 16 == 0 ? 1 : subject % 2 * 2;
        uint256 caseId;
        Trial storage trial;
        if (subject == 2) {
            (BlockRecord[] memory blocks, Credit[] memory credits, bytes32 jobId) = settledJob(++nonce, bound(fee, 10_000, 1e24));
            jobs.push(jobId);
            caseId = challengeJob(blocks, credits);
            trial = trials[caseId];
            Stored.set(trial.blocks.push(), blocks[0]);
            for (uint256 i; i < credits.length; ++i) trial.credits.push(credits[i]);
        } else {
            caseId = subject == 0 ? challengeBlock(paidBlock(++nonce, bound(fee, 1, 1e24))) : challengeRecord();
            trial = trials[caseId];
        }
        trial.subject = subject;
        cases.push(caseId);
        running.push(caseId);
    }

    function drawOne(uint256 index, uint16 blocks) external live {
        mine(blocks % 8 == 0 ? 300 : 2);
        court.draw(_case(index));
    }

    /// @dev Anyone tries: a member of the committee, an auditor that was not drawn, who never joined.
    function voteOne(uint256 index, uint256 who) external live {
        uint256 caseId = _case(index);
        (address auditor, bool seat) = _voter(caseId, who);
        commitVote(caseId, auditor, _opinion(caseId, auditor));
        ++votes;
        if (!seat) ++strangersVotes;
    }

    function revealOne(uint256 index, uint256 who, bool wait) external live {
        if (wait) pass(1 hours + 1);
        uint256 caseId = _case(index);
        (address auditor, bool seat) = _voter(caseId, who);
        reveal(caseId, auditor, _opinion(caseId, auditor));
        if (!seat) ++strangersVotes;
    }

    /// @dev A whole round: whoever can commits, some reveal, in the time that is left.
    function voteAll(uint256 index, uint256 reveals) external live {
        uint256 caseId = _case(index);
        mine(2);
        if (statusOf(caseId) == uint256(IAuditCourt.CaseStatus.Opened)) court.draw(caseId);
        address[] memory committee = court.getCase(caseId).committee;
        uint256 round = court.getCase(caseId).round;
        for (uint256 i; i < committee.length; ++i) {
            bytes32 hash = ballot(caseId, round, committee[i], _opinion(caseId, committee[i]));
            vm.prank(committee[i]);
            try court.commitVote(caseId, hash) {} catch {}
        }
        pass(1 hours + 1);
        for (uint256 i; i < committee.length; ++i) {
            if ((reveals >> i) & 1 == 0) continue;
            bool upheld = _opinion(caseId, committee[i]);
            vm.prank(committee[i]);
            try court.revealVote(caseId, upheld, SALT) {
                ++votes;
            } catch {}
        }
    }

    function closeOne(uint256 index, bool wait) external live {
        if (wait) pass(2 hours + 1);
        mine(2);
        uint256 caseId = _case(index);
        Trial storage trial = trials[caseId];
        if (trial.subject == 2) court.closeJob(caseId, recordId, trial.blocks, trial.credits);
        else court.close(caseId);
        uint256 status = statusOf(caseId);
        if (status < uint256(IAuditCourt.CaseStatus.Upheld)) return;
        ++endings[caseId];
        ++ended;
        finalStatus[caseId] = status;
        running[index % running.length] = running[running.length - 1];
        running.pop();
    }

    function closeAgain(uint256 index) external live {
        vm.assume(cases.length != 0);
        uint256 caseId = cases[index % cases.length];
        if (endings[caseId] == 0) return;
        Trial storage trial = trials[caseId];
        if (trial.subject == 2) court.closeJob(caseId, recordId, trial.blocks, trial.credits);
        else court.close(caseId);
        ++endings[caseId];
    }

    /// @dev Six of them stay.
    function comeOrGo(uint256 who) external live {
        address auditor = auditorAt(6 + who % 6);
        bool joined = isIn(auditor, court.auditors());
        vm.prank(auditor); // one call only: a prank left open by a revert would stop all that follows
        if (joined) court.leave();
        else court.join();
        pass(1);
    }

    function orderAudit(uint256 index, uint8 blocks) external live {
        if (jobs.length == 0) return;
        mine(blocks);
        court.orderAudit(jobs[index % jobs.length]);
    }

    function settleAndAudit(uint96 fee, bool sound) external live {
        (,, bytes32 jobId) = settledJob(++nonce, bound(fee, 10_000, 1e24));
        jobs.push(jobId);
        pass(1);
        court.orderAudit(jobId);
        mine(2);
        court.orderAudit(jobId);
        (address auditor,,,,) = court.audit(jobId);
        if (auditor == address(0)) return;
        vm.prank(auditor);
        court.reportAudit(jobId, sound, BUNDLE);
    }

    function collect(uint256 index) external live {
        if (jobs.length == 0) return;
        pass(1 days + PERIOD); // the period of any job is over and its window closed
        uint256[] memory periods = new uint256[](2);
        (, periods[1],,) = vault.job(jobs[index % jobs.length]);
        court.collect(periods);
    }

    // ---- what must hold ----

    function courtBalance() external view returns (uint256) {
        return open.balanceOf(address(court));
    }

    function courtDue() external view returns (uint256 due) {
        due = court.auditFund();
        for (uint256 i; i < cases.length; ++i) if (endings[cases[i]] == 0) due += court.getCase(cases[i]).bond;
    }

    function holds() external view returns (uint256 node, uint256 adapter, uint256 expectedNode, uint256 expectedAdapter) {
        for (uint256 i; i < cases.length; ++i) {
            if (endings[cases[i]] != 0) continue;
            if (trials[cases[i]].subject == 1) ++expectedAdapter;
            else ++expectedNode;
        }
        return (stakes.holds(Role.Node, NODE), stakes.holds(Role.Adapter, OWNER), expectedNode, expectedAdapter);
    }

    function vaultCovers() external view returns (bool) {
        return open.balanceOf(address(vault)) == vault.owed();
    }

    function allOpen() external view returns (uint256 supply, uint256 held) {
        supply = open.totalSupply();
        held = open.balanceOf(address(stakes)) + open.balanceOf(address(vault)) + open.balanceOf(address(inferences))
            + open.balanceOf(address(court)) + open.balanceOf(address(facts));
    }

    function endedOnceForGood() external view returns (bool) {
        for (uint256 i; i < cases.length; ++i) {
            uint256 id = cases[i];
            if (endings[id] > 1) return false;
            if (endings[id] == 1 && statusOf(id) != finalStatus[id]) return false;
            if (endings[id] == 0 && statusOf(id) >= uint256(IAuditCourt.CaseStatus.Upheld)) return false;
        }
        return true;
    }

    function jobCount() external view returns (uint256) {
        return jobs.length;
    }

    function caseCount() external view returns (uint256) {
        return cases.length;
    }

    function _case(uint256 index) private view returns (uint256) {
        vm.assume(running.length != 0);
        return running[index % running.length];
    }

    /// @dev A record that is revoked would end all else: it is not voted for.
    function _opinion(uint256 caseId, address auditor) private view returns (bool) {
        return trials[caseId].subject != 1 && (uint160(auditor) + caseId) % 3 != 0;
    }

    function _voter(uint256 caseId, uint256 who) private view returns (address auditor, bool seat) {
        address[] memory committee = court.getCase(caseId).committee;
        auditor = who % 4 == 0 || committee.length == 0 ? auditorAt(who / 4 % 12) : committee[who % committee.length];
        seat = isIn(auditor, committee);
    }
}

contract AuditCourtInvariantsTest is Test {
    CourtHandler private handler;

    function setUp() public {
        handler = new CourtHandler();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// @dev The court holds the bonds of open cases and the audit fund, nothing else.
    function invariant_theCourtHoldsOpenBondsAndTheFund() public view {
        eq(handler.courtBalance(), handler.courtDue());
    }

    /// @dev Bonds, stakes, fees and credits: OPEN moves between the contracts and is neither made nor lost.
    function invariant_openIsConserved() public view {
        (uint256 supply, uint256 held) = handler.allOpen();
        eq(supply, held);
        assert(handler.vaultCovers());
    }

    function invariant_aCaseEndsOnce() public view {
        assert(handler.endedOnceForGood());
    }

    function invariant_onlyDrawnAuditorsVote() public view {
        eq(handler.strangersVotes(), 0);
    }

    /// @dev One hold for each open case.
    function invariant_theAccusedAreHeldWhileTheyAreOnTrial() public view {
        (uint256 node, uint256 adapter, uint256 expectedNode, uint256 expectedAdapter) = handler.holds();
        eq(node, expectedNode);
        eq(adapter, expectedAdapter);
    }

    /// @dev See that the invariants are not about nothing: the handler reaches every ending.
    function test_theHandlerReachesVerdicts() public {
        uint256[3] memory subjects = [uint256(2), 16, 1]; // block, record, job
        for (uint256 k; k < 3; ++k) {
            handler.openCase(subjects[k], 1e18);
            handler.voteAll(0, 7);
            handler.closeOne(0, false);
        }
        eq(handler.ended(), 3);
        for (uint256 k; k < 20; ++k) handler.settleAndAudit(1e18, true);
        handler.collect(handler.jobCount() - 1); // the first ones were reversed
        eq(handler.courtBalance(), handler.courtDue());
        assert(handler.courtBalance() != 0);
    }
}
