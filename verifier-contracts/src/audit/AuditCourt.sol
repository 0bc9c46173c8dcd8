// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IAuditCourt} from "../interfaces/IAuditCourt.sol";
import {IInferenceRegistry} from "../interfaces/IInferenceRegistry.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {IParameters} from "../interfaces/IParameters.sol";
import {IRewardVault} from "../interfaces/IRewardVault.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {IWrappedOpen} from "../interfaces/IWrappedOpen.sol";
import {Intake} from "../libraries/Intake.sol";
import {Lot} from "../libraries/Lot.sol";
import {RecordHash} from "../libraries/RecordHash.sol";
import {Credit, CreditKind, Module, Role} from "../types/Economy.sol";
import {ZeroAddress} from "../types/Errors.sol";
import {BlockRecord} from "../types/Types.sol";
import {AuditorPool} from "./AuditorPool.sol";
import {Jury} from "./Jury.sol";
import {RandomAudits} from "./RandomAudits.sol";

/// @title Challenges that need judgement
/// @notice Bond in, committee, verdict. Upheld: the accused is slashed, block or record rejected, job reversed. Dismissed:
///         the bond goes to committee and accused. Everything is paid to open balances of the reward vault.
/// @dev Balance = bonds of open cases + auditFund. The court holds no wrapped OPEN beyond that at the end of a call, but for
///      what strangers send it. A subject has one open case at a time, by its own status in the registries and the vault. A
///      block or record that was cleared may be challenged again, with a fresh bond; a job is tried once, as its credits are
///      paid out after it.
///      An accused party can have an accomplice challenge it first. That costs the committee's part of the bond, delays the
///      subject by one case (draw, commit, reveal, at most twice), and gains nothing as long as the committee judges the
///      subject itself: `bundleHash` points to the challenger's evidence and does not limit what is judged. Where the accused
///      is found guilty the accomplice gets back challengerBps of the slash; the rest of it is lost.
contract AuditCourt is Jury, RandomAudits {
    struct Award {
        address account;
        uint256 amount;
        CreditKind kind;
    }

    IWrappedOpen public immutable open;
    IInferenceRegistry public immutable inferences;
    IModelRegistry public immutable models;

    constructor(
        IWrappedOpen open_,
        IParameters parameters_,
        IStakeVault stakes_,
        IInferenceRegistry inferences_,
        IModelRegistry models_,
        IRewardVault vault_
    ) AuditorPool(parameters_, stakes_) RandomAudits(vault_) {
        if (address(open_) == address(0) || address(inferences_) == address(0) || address(models_) == address(0)) revert ZeroAddress();
        open = open_;
        inferences = inferences_;
        models = models_;
        // The vault pulls what it credits, from its caller only, and cannot be changed.
        open_.approve(address(vault_), type(uint256).max);
    }

    /// @inheritdoc IAuditCourt
    /// @dev Anyone but the node. Reverts ModulePaused, WrongBlockStatus, SelfChallenge, NotEnoughAuditors, WrongValue.
    function challengeBlock(bytes32 blockId, bytes32 bundleHash) external payable nonReentrant returns (uint256 caseId) {
        address node = inferences.blockState(blockId).node;
        inferences.challengeBlock(blockId);
        return _openCase(Charge(Subject.Block, blockId, node, bundleHash));
    }

    /// @inheritdoc IAuditCourt
    /// @dev Anyone but the adapter's owner. Reverts ModulePaused, RecordNotProved, SelfChallenge, NotEnoughAuditors, WrongValue.
    function challengeRecord(bytes32 recordId, bytes32 bundleHash) external payable nonReentrant returns (uint256 caseId) {
        models.challengeRecord(recordId);
        (bytes32 adapterId,,) = models.record(recordId);
        (address owner,) = models.adapter(adapterId);
        return _openCase(Charge(Subject.Record, recordId, owner, bundleHash));
    }

    /// @inheritdoc IAuditCourt
    /// @dev Anyone but the accused. Reverts ModulePaused, WrongJobState, ChallengeWindowOver, CreditsMismatch, SelfChallenge,
    ///      NotEnoughAuditors, WrongValue.
    function challengeJob(
        bytes32 recordId,
        BlockRecord[] memory blocks,
        uint256 accusedBlock,
        Credit[] memory credits,
        bytes32 bundleHash
    ) external payable nonReentrant returns (uint256 caseId) {
        bytes32 jobId = _jobId(recordId, blocks);
        vault.hold(jobId, credits); // a job that is not of these blocks is unknown there
        return _openCase(Charge(Subject.Job, jobId, blocks[accusedBlock].node, bundleHash));
    }

    /// @inheritdoc IAuditCourt
    /// @dev Anyone, after the reveal time or when all seats have revealed. Reverts TooEarly, WrongCaseStatus, SubjectMismatch for
    ///      a job. A case that found no committee after commit + reveal seconds is drawn here, or void if nobody can be drawn.
    function close(uint256 caseId) external nonReentrant {
        Docket storage d = _docket(caseId);
        Subject subject = d.subject;
        if (subject == Subject.Job) revert SubjectMismatch(caseId);
        Outcome memory outcome = _endRound(caseId, d);
        if (outcome.status != CaseStatus.Opened) {
            bool upheld = outcome.status == CaseStatus.Upheld;
            if (subject == Subject.Block) inferences.resolveBlock(d.subjectId, upheld);
            else models.resolveRecord(d.subjectId, upheld);
        }
        _award(caseId, d, outcome);
    }

    /// @inheritdoc IAuditCourt
    /// @dev As close. Reverts SubjectMismatch for other blocks or another record, CreditsMismatch for other credits. An auditor
    ///      who had reported an upheld job as sound is fined.
    function closeJob(uint256 caseId, bytes32 recordId, BlockRecord[] memory blocks, Credit[] memory credits) external nonReentrant {
        Docket storage d = _docket(caseId);
        bytes32 jobId = d.subjectId;
        if (d.subject != Subject.Job || jobId != _jobId(recordId, blocks)) revert SubjectMismatch(caseId);
        Outcome memory outcome = _endRound(caseId, d);
        if (outcome.status == CaseStatus.Upheld) {
            outcome.fines += _fineFalseReport(jobId, d.voterSlash);
            vault.reverse(jobId, credits, inferences.reverseBlocks(recordId, blocks));
        } else if (outcome.status != CaseStatus.Opened) {
            vault.release(jobId, credits);
        }
        _award(caseId, d, outcome);
    }

    /// @dev The subject is marked before: a case cannot be opened on it twice. One argument in memory: with literal subjects
    ///      the optimizer makes a copy of all this for each of them.
    function _openCase(Charge memory charge) private returns (uint256 caseId) {
        parameters.requireLive(Module.Challenges);
        if (msg.sender == charge.accused) revert SelfChallenge(charge.accused);
        uint256 bond;
        (caseId, bond) = _newCase(charge);
        stakes.hold(_roleOf(charge.subject), charge.accused);
        Intake.take(open, bond);
    }

    /// @dev Shares bond, slash and fines of a round that ended. The sums are exact: what is not shared is the treasury's (slash,
    ///      fines) or the accused's (bond).
    function _award(uint256 caseId, Docket storage d, Outcome memory outcome) private {
        uint256 n = outcome.winners.length;
        Award[] memory awards = new Award[](n + 3);
        uint256 rest = outcome.fines;
        if (outcome.status != CaseStatus.Opened) {
            (address accused, uint256 back, Role role) = (d.accused, d.bond, _roleOf(d.subject));
            uint256 slashed;
            uint256 each; // of the committee's part, for every auditor of the majority; a verdict has some
            if (outcome.status == CaseStatus.Upheld) {
                slashed = d.slash == 0 ? 0 : stakes.slash(role, accused, d.slash);
                uint256 challenger = slashed * d.challengerBps / Lot.BPS;
                each = slashed * d.committeeBps / Lot.BPS / n;
                rest += slashed - challenger - each * n;
                awards[n + 1] = Award(d.challenger, challenger, CreditKind.Slashed);
            } else if (outcome.status == CaseStatus.Dismissed) {
                each = back * d.committeeBps / Lot.BPS / n;
                back -= each * n;
            }
            for (uint256 i; i < n; ++i) awards[i] = Award(outcome.winners[i], each, CreditKind.CourtReward);
            address owner = outcome.status == CaseStatus.Dismissed ? accused : d.challenger;
            awards[n] = Award(owner, back, CreditKind.Bond);
            stakes.lift(role, accused);
            emit CaseClosed(caseId, outcome.status, slashed);
        }
        awards[n + 2] = Award(parameters.treasury(), rest, CreditKind.Treasury);
        for (uint256 i; i < awards.length; ++i) {
            Award memory c = awards[i];
            if (c.amount != 0) vault.creditNow(c.account, c.amount, c.kind, bytes32(caseId));
        }
    }

    function _jobId(bytes32 recordId, BlockRecord[] memory blocks) private view returns (bytes32) {
        bytes32[] memory ids = new bytes32[](blocks.length);
        for (uint256 i; i < blocks.length; ++i) ids[i] = RecordHash.blockId(address(inferences), recordId, blocks[i]);
        return RecordHash.jobId(recordId, ids);
    }

    function _roleOf(Subject subject) private pure returns (Role) {
        return subject == Subject.Record ? Role.Adapter : Role.Node;
    }
}
