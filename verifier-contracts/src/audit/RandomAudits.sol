// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IAuditCourt} from "../interfaces/IAuditCourt.sol";
import {IRewardVault} from "../interfaces/IRewardVault.sol";
import {Lot} from "../libraries/Lot.sol";
import {CourtRules, CreditKind} from "../types/Economy.sol";
import {ZeroAddress} from "../types/Errors.sol";
import {AuditorPool} from "./AuditorPool.sol";

/// @title Paid audits of settled jobs, selected by lot
/// @notice orderAudit (fixes a block) -> orderAudit (draws) -> reportAudit. The auditors' shares of all jobs pay.
/// @dev Seed: hash of the block after the first order, which comes after the settlement, so who settles cannot know whether
///      its job will be audited, or by whom. Weak points: who builds that block (an L2's sequencer) can bias the lot; and
///      after 256 blocks without the second call the lot is drawn anew. Both outcomes are final once called, and anyone may
///      call: a party rerolls only while everybody else looks away. An audit is a report and no verdict; whoever believes a
///      report that finds fault challenges the job. Splitting fees over many jobs draws more audits from the fund: rate
///      times fee should stay below what it costs to settle a job.
abstract contract RandomAudits is AuditorPool, ReentrancyGuardTransient {
    enum Stage {
        None,
        Requested,
        Skipped,
        Assigned,
        Reported
    }

    /// @dev auditor: the last one assigned; places, requestedAt: who may be drawn; fee, rateBps, duration: the rules of then.
    struct Audit {
        address auditor;
        Stage stage;
        bool sound;
        bool second;
        uint40 until;
        uint32 tries;
        uint96 fee;
        uint16 rateBps;
        uint32 duration;
        uint40 requestedAt;
        uint40 drawBlock;
        uint32 places;
        bytes32 reportHash;
    }

    IRewardVault public immutable vault;

    /// @inheritdoc IAuditCourt
    uint256 public auditFund;
    mapping(bytes32 jobId => Audit) private _audits;

    constructor(IRewardVault vault_) {
        if (address(vault_) == address(0)) revert ZeroAddress();
        vault = vault_;
    }

    /// @inheritdoc IAuditCourt
    /// @dev Reverts WrongJobState, TooLate after the challenge window; TooEarly before the block is over; NotSelected for a
    ///      job that the lot has passed over; AuditAssigned while an auditor has time, and after the second one; AuditReportExists.
    ///      An audit whose time passed without a report is assigned once more, to another auditor.
    function orderAudit(bytes32 jobId) external {
        Audit storage a = _audits[jobId];
        Stage stage = a.stage;
        if (stage == Stage.Requested) return _drawAudit(jobId, a);
        if (stage == Stage.Skipped) revert NotSelected(jobId);
        if (stage == Stage.Reported) revert AuditReportExists(jobId);
        if (stage == Stage.Assigned) {
            if (a.second || block.timestamp <= a.until) revert AuditAssigned(jobId);
            a.second = true;
        } else {
            (IRewardVault.JobState state,, uint256 challengeUntil,) = vault.job(jobId);
            if (state != IRewardVault.JobState.Settled) revert IRewardVault.WrongJobState(jobId, state);
            if (block.timestamp > challengeUntil) revert TooLate(challengeUntil);
        }
        if (_auditorCount() == 0) revert NotEnoughAuditors(1, 0);
        CourtRules memory rules = parameters.court();
        a.stage = Stage.Requested;
        a.fee = rules.auditFee;
        a.rateBps = rules.auditRateBps;
        a.duration = rules.auditSeconds;
        a.requestedAt = uint40(block.timestamp);
        a.drawBlock = uint40(block.number + 1);
        a.places = _placeCount();
        a.tries = 0;
        emit AuditRequested(jobId, a.drawBlock);
    }

    /// @inheritdoc IAuditCourt
    /// @dev The assigned auditor, until `until`. A report of `sound` on a job that was reversed is refused (WrongJobState); one
    ///      that was given before costs the auditor its voterSlash when a case upholds the challenge.
    function reportAudit(bytes32 jobId, bool sound, bytes32 reportHash) external nonReentrant {
        Audit storage a = _audits[jobId];
        if (a.auditor != msg.sender) revert NotAnAuditor(msg.sender);
        if (a.stage == Stage.Reported) revert AuditReportExists(jobId);
        if (a.stage != Stage.Assigned || block.timestamp > a.until) revert TooLate(a.until);
        if (sound) {
            (IRewardVault.JobState state,,,) = vault.job(jobId);
            if (state == IRewardVault.JobState.Reversed) revert IRewardVault.WrongJobState(jobId, state);
        }
        (a.stage, a.sound, a.reportHash) = (Stage.Reported, sound, reportHash);
        uint256 fee = a.fee < auditFund ? a.fee : auditFund;
        auditFund -= fee;
        emit AuditReported(jobId, msg.sender, sound, reportHash);
        if (fee != 0) vault.creditNow(msg.sender, fee, CreditKind.CourtReward, jobId);
    }

    /// @inheritdoc IAuditCourt
    /// @dev Reverts as RewardVault.claim does: PeriodClosed, NothingToClaim.
    function collect(uint256[] calldata periods) external nonReentrant returns (uint256 amount) {
        amount = vault.claim(periods, false);
        auditFund += amount;
    }

    /// @inheritdoc IAuditCourt
    function audit(bytes32 jobId) external view returns (address auditor, uint64 until, bool reported, bool sound, bytes32 reportHash) {
        Audit storage a = _audits[jobId];
        return (a.auditor, a.until, a.stage == Stage.Reported, a.sound, a.reportHash);
    }

    /// @dev Takes what the auditor of a reversed job loses for having called it sound.
    function _fineFalseReport(bytes32 jobId, uint256 amount) internal returns (uint256) {
        Audit storage a = _audits[jobId];
        return a.stage == Stage.Reported && a.sound ? _fine(a.auditor, amount) : 0;
    }

    function _drawAudit(bytes32 jobId, Audit storage a) private {
        if (block.number <= a.drawBlock) revert TooEarly(uint256(a.drawBlock) + 1);
        bytes32 seed = blockhash(a.drawBlock);
        if (seed == 0) {
            a.drawBlock = uint40(block.number + 1);
            emit AuditRequested(jobId, a.drawBlock);
            return;
        }
        if (!a.second && !Lot.selects(seed, jobId, a.rateBps)) {
            a.stage = Stage.Skipped;
            emit AuditSkipped(jobId);
            return;
        }
        // Another seed than the lot's: jobs of one block would else be selected and assigned by the same number.
        seed = keccak256(abi.encode(seed, jobId, "auditor"));
        (uint256 size, uint256 attempt) = (a.places, a.tries);
        uint256 stop = Lot.stopOf(attempt, size);
        uint256 minimum = parameters.stakes().auditor;
        while (attempt < stop) {
            address auditor;
            (auditor, attempt) = _find(seed, attempt, stop, size, a.requestedAt, minimum);
            if (auditor == address(0) || auditor == a.auditor) continue;
            uint40 until = uint40(block.timestamp + a.duration);
            (a.stage, a.auditor, a.until) = (Stage.Assigned, auditor, until);
            _busy(auditor, until);
            emit AuditOrdered(jobId, auditor, until);
            return;
        }
        if (stop == Lot.limit(size)) revert NotEnoughAuditors(1, 0);
        a.tries = SafeCast.toUint32(stop);
    }
}
