// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Credit} from "../types/Economy.sol";
import {BlockRecord} from "../types/Types.sol";

/// @notice Challenges that need judgement: a committee of staked auditors, drawn at random, votes by commit and reveal.
/// @dev The committee is an assumption: more than half of the drawn, revealing auditors are honest and replay the bundle.
interface IAuditCourt {
    enum Subject {
        Block,
        Record,
        Job
    }

    enum CaseStatus {
        None,
        Opened,
        Drawn,
        Upheld,
        Dismissed,
        Void
    }

    struct Case {
        Subject subject;
        CaseStatus status;
        uint8 round;
        bytes32 subjectId;
        address challenger;
        address accused;
        uint96 bond;
        uint64 openedAt;
        uint64 drawBlock;
        uint64 commitUntil;
        uint64 revealUntil;
        uint8 votesFor;
        uint8 votesAgainst;
        bytes32 bundleHash;
        address[] committee;
    }

    error UnknownCase(uint256 caseId);
    error WrongCaseStatus(uint256 caseId, CaseStatus status);
    error SubjectMismatch(uint256 caseId);
    error TooEarly(uint256 at);
    error TooLate(uint256 at);
    error NotDrawn(uint256 caseId, address caller);
    error AlreadyVoted(uint256 caseId, address auditor);
    error WrongReveal(uint256 caseId, address auditor);
    error NotEnoughAuditors(uint256 wanted, uint256 got);
    error AuditorExists(address auditor);
    error NotAnAuditor(address account);
    error AuditorBusy(address auditor, uint256 cases);
    error NotSelected(bytes32 jobId);
    error AuditAssigned(bytes32 jobId);
    error AuditReportExists(bytes32 jobId);
    error SelfChallenge(address accused);

    event AuditorJoined(address indexed auditor);
    event AuditorLeft(address indexed auditor);
    event CaseOpened(uint256 indexed caseId, Subject indexed subject, bytes32 indexed subjectId, address challenger, address accused, uint256 bond, bytes32 bundleHash);
    event CommitteeDrawn(uint256 indexed caseId, uint8 round, address[] committee, uint256 commitUntil, uint256 revealUntil);
    event VoteCommitted(uint256 indexed caseId, address indexed auditor);
    event VoteRevealed(uint256 indexed caseId, address indexed auditor, bool upheld);
    event CaseClosed(uint256 indexed caseId, CaseStatus status, uint256 slashed);
    event AuditRequested(bytes32 indexed jobId, uint256 drawBlock);
    /// @notice The lot did not select the job; final.
    event AuditSkipped(bytes32 indexed jobId);
    event AuditOrdered(bytes32 indexed jobId, address indexed auditor, uint256 until);
    event AuditReported(bytes32 indexed jobId, address indexed auditor, bool sound, bytes32 reportHash);

    /// @notice The caller, with the auditor stake, may be drawn from the next block on.
    function join() external;
    /// @notice Not while seated.
    function leave() external;

    /// @notice A committed, unsettled block. Bond: native or wrapped by allowance. It cannot be settled while the case is open.
    function challengeBlock(bytes32 blockId, bytes32 bundleHash) external payable returns (uint256 caseId);
    /// @notice A features record; accused is the adapter's owner. Nothing is settled on it while the case is open.
    function challengeRecord(bytes32 recordId, bytes32 bundleHash) external payable returns (uint256 caseId);
    /// @notice A settled job, inside its challenge window; accused is the node of blocks[accusedBlock]. Its credits are held.
    function challengeJob(bytes32 recordId, BlockRecord[] calldata blocks, uint256 accusedBlock, Credit[] calldata credits, bytes32 bundleHash) external payable returns (uint256 caseId);

    /// @notice Draws the committee by the hash of a block after the challenge; after 256 blocks a new one is waited for.
    function draw(uint256 caseId) external;
    /// @notice hash = keccak256(abi.encode(caseId, round, auditor, upheld, salt))
    function commitVote(uint256 caseId, bytes32 hash) external;
    function revealVote(uint256 caseId, bool upheld, bytes32 salt) external;
    /// @notice Closes a block or record case. Without a majority of the seats revealed, a second committee is drawn, then the
    ///         case is void: bonds return, nothing is slashed but silent auditors.
    function close(uint256 caseId) external;
    /// @notice Closes a job case; the arguments as challenged.
    function closeJob(uint256 caseId, bytes32 recordId, BlockRecord[] calldata blocks, Credit[] calldata credits) external;

    /// @notice Orders the paid audit of a settled job that the lot selects (auditRateBps); assigns an auditor. Anyone. Two calls:
    ///         the first, inside the challenge window, fixes the block whose hash is the lot; the second draws.
    function orderAudit(bytes32 jobId) external;
    /// @notice The assigned auditor's report; pays auditFee from the auditors' share, as far as it reaches.
    function reportAudit(bytes32 jobId, bool sound, bytes32 reportHash) external;

    /// @notice Claims the auditors' shares of these periods from the reward vault; they pay the audits. Anyone.
    function collect(uint256[] calldata periods) external returns (uint256 amount);

    /// @notice Wei of OPEN left for audits.
    function auditFund() external view returns (uint256);
    function getCase(uint256 caseId) external view returns (Case memory);
    function caseCount() external view returns (uint256);
    function auditors() external view returns (address[] memory);
    function audit(bytes32 jobId) external view returns (address auditor, uint64 until, bool reported, bool sound, bytes32 reportHash);
}
