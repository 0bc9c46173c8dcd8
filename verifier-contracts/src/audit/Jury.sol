// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IAuditCourt} from "../interfaces/IAuditCourt.sol";
import {Lot} from "../libraries/Lot.sol";
import {CourtRules, Role} from "../types/Economy.sol";
import {AuditorPool} from "./AuditorPool.sol";

/// @title Cases: a drawn committee votes by commit and reveal
/// @notice opened -> drawn -> (second committee -> drawn) -> upheld, dismissed or void. The court's rules are copied into the
///         case when it opens; governance cannot change a running case.
/// @dev The seed is the hash of the block after the one that opened the case or the round: nobody who opens it knows the
///      committee, but who builds that block (an L2's sequencer) can try several and so bias a draw. Where the block was
///      forgotten (256 blocks without a call) a new one is waited for; anyone can call in time, so no party rerolls alone.
abstract contract Jury is AuditorPool {
    enum Draw {
        Waiting,
        Complete,
        Exhausted
    }

    /// @dev A case with its rules. places, openedAt: who may be drawn; tries: attempts so far. While opened, revealUntil is
    ///      the time after which a case that finds no committee may be closed as void.
    struct Docket {
        bytes32 subjectId;
        bytes32 bundleHash;
        address challenger;
        Subject subject;
        CaseStatus status;
        uint8 round;
        uint8 votesFor;
        uint8 votesAgainst;
        uint8 seats;
        uint16 challengerBps;
        uint16 committeeBps;
        address accused;
        uint96 bond;
        uint40 openedAt;
        uint40 drawBlock;
        uint40 commitUntil;
        uint40 revealUntil;
        uint32 places;
        uint32 tries;
        uint96 slash;
        uint96 voterSlash;
        uint32 commitSeconds;
        uint32 revealSeconds;
        address[] committee;
    }

    /// @dev What a challenge says.
    struct Charge {
        Subject subject;
        bytes32 subjectId;
        address accused;
        bytes32 bundleHash;
    }

    /// @dev How a round ended: Opened = a second one begins. winners: who voted with the majority. fines: from silent auditors.
    struct Outcome {
        CaseStatus status;
        address[] winners;
        uint256 fines;
    }

    // A ballot: 0 = no seat, these marks, or the hash of a vote.
    bytes32 private constant SEATED = bytes32(uint256(1));
    bytes32 private constant FOR = bytes32(uint256(2));
    bytes32 private constant AGAINST = bytes32(uint256(3));

    /// @inheritdoc IAuditCourt
    uint256 public caseCount;
    mapping(uint256 caseId => Docket) private _dockets;
    mapping(uint256 caseId => mapping(uint256 round => mapping(address auditor => bytes32))) private _ballots;

    /// @inheritdoc IAuditCourt
    /// @dev Anyone, from block drawBlock + 1 on. A call ends after Lot.TRIES_PER_CALL attempts; the next one goes on. Reverts
    ///      NotEnoughAuditors when the attempts of Lot.limit found too few: those who joined before the case, have the
    ///      stake, are neither challenger nor accused, and were not silent in the first round.
    function draw(uint256 caseId) external {
        Docket storage d = _docket(caseId);
        if (d.status != CaseStatus.Opened) revert WrongCaseStatus(caseId, d.status);
        if (block.number <= d.drawBlock) revert TooEarly(uint256(d.drawBlock) + 1);
        if (_draw(caseId, d) == Draw.Exhausted) revert NotEnoughAuditors(d.seats, d.committee.length);
    }

    /// @inheritdoc IAuditCourt
    /// @dev Drawn auditors, once, until commitUntil. The auditor is in the hash: a copied one cannot be revealed.
    function commitVote(uint256 caseId, bytes32 hash) external {
        Docket storage d = _drawn(caseId);
        if (block.timestamp > d.commitUntil) revert TooLate(d.commitUntil);
        bytes32 ballot = _ballotOf(caseId, d.round);
        if (ballot != SEATED) revert AlreadyVoted(caseId, msg.sender);
        if (hash <= AGAINST) revert WrongReveal(caseId, msg.sender); // would read as a mark
        _ballots[caseId][d.round][msg.sender] = hash;
        emit VoteCommitted(caseId, msg.sender);
    }

    /// @inheritdoc IAuditCourt
    /// @dev After commitUntil, until revealUntil.
    function revealVote(uint256 caseId, bool upheld, bytes32 salt) external {
        Docket storage d = _drawn(caseId);
        if (block.timestamp <= d.commitUntil) revert TooEarly(uint256(d.commitUntil) + 1);
        if (block.timestamp > d.revealUntil) revert TooLate(d.revealUntil);
        bytes32 ballot = _ballotOf(caseId, d.round);
        if (_revealed(ballot)) revert AlreadyVoted(caseId, msg.sender);
        if (ballot != keccak256(abi.encode(caseId, d.round, msg.sender, upheld, salt))) revert WrongReveal(caseId, msg.sender);
        _ballots[caseId][d.round][msg.sender] = upheld ? FOR : AGAINST;
        if (upheld) ++d.votesFor;
        else ++d.votesAgainst;
        emit VoteRevealed(caseId, msg.sender, upheld);
    }

    /// @inheritdoc IAuditCourt
    function getCase(uint256 caseId) external view returns (Case memory) {
        Docket storage d = _docket(caseId);
        return Case({
            subject: d.subject,
            status: d.status,
            round: d.round,
            subjectId: d.subjectId,
            challenger: d.challenger,
            accused: d.accused,
            bond: d.bond,
            openedAt: d.openedAt,
            drawBlock: d.drawBlock,
            commitUntil: d.commitUntil,
            revealUntil: d.revealUntil,
            votesFor: d.votesFor,
            votesAgainst: d.votesAgainst,
            bundleHash: d.bundleHash,
            committee: d.committee
        });
    }

    /// @dev Reverts NotEnoughAuditors where no committee could be drawn: such a case would stop its subject for nothing, as
    ///      its bond returns.
    function _newCase(Charge memory charge) internal returns (uint256 caseId, uint256 bond) {
        CourtRules memory rules = parameters.court();
        uint256 candidates = _auditorCount();
        if (_joined(msg.sender)) --candidates;
        if (_joined(charge.accused)) --candidates;
        if (candidates < rules.seats) revert NotEnoughAuditors(rules.seats, candidates);
        caseId = ++caseCount;
        bond = rules.bond;
        Docket storage d = _dockets[caseId];
        d.subjectId = charge.subjectId;
        d.bundleHash = charge.bundleHash;
        d.challenger = msg.sender;
        d.subject = charge.subject;
        d.round = 1;
        d.seats = rules.seats;
        d.challengerBps = rules.challengerBps;
        d.committeeBps = rules.committeeBps;
        d.accused = charge.accused;
        d.bond = rules.bond;
        d.openedAt = uint40(block.timestamp);
        d.places = _placeCount();
        d.slash = charge.subject == Subject.Record ? rules.adapterSlash : rules.nodeSlash;
        d.voterSlash = rules.voterSlash;
        d.commitSeconds = rules.commitSeconds;
        d.revealSeconds = rules.revealSeconds;
        _awaitDraw(d);
        emit CaseOpened(caseId, charge.subject, charge.subjectId, msg.sender, charge.accused, bond, charge.bundleHash);
    }

    /// @dev Ends the round: marks it, frees the seats, fines who was silent. A case that still has no committee is drawn here
    ///      if it can be, so that nobody gets a void case by waiting; otherwise it is void.
    function _endRound(uint256 caseId, Docket storage d) internal returns (Outcome memory outcome) {
        CaseStatus status = d.status;
        if (status == CaseStatus.Opened) {
            if (block.timestamp <= d.revealUntil || block.number <= d.drawBlock) revert TooEarly(uint256(d.revealUntil) + 1);
            outcome.status = _draw(caseId, d) == Draw.Exhausted ? CaseStatus.Void : CaseStatus.Opened;
            if (outcome.status == CaseStatus.Opened) return outcome;
            d.status = CaseStatus.Void;
            address[] memory partly = d.committee;
            for (uint256 i; i < partly.length; ++i) _unseat(partly[i]);
        } else if (status == CaseStatus.Drawn) {
            uint256 revealed = uint256(d.votesFor) + d.votesAgainst;
            if (revealed < d.seats && block.timestamp <= d.revealUntil) revert TooEarly(uint256(d.revealUntil) + 1);
            _count(caseId, d, outcome, revealed);
        } else {
            revert WrongCaseStatus(caseId, status);
        }
    }

    /// @dev Reverts UnknownCase.
    function _docket(uint256 caseId) internal view returns (Docket storage d) {
        d = _dockets[caseId];
        if (d.status == CaseStatus.None) revert UnknownCase(caseId);
    }

    /// @dev Decided: more than half of the seats revealed, and one side has more votes. A tie decides nothing.
    function _count(uint256 caseId, Docket storage d, Outcome memory outcome, uint256 revealed) private {
        (uint256 round, address[] memory committee) = (d.round, d.committee);
        bool upheld = d.votesFor > d.votesAgainst;
        bool decided = revealed > d.seats / 2 && d.votesFor != d.votesAgainst;
        address[] memory silent = new address[](committee.length - revealed);
        outcome.winners = new address[](decided ? (upheld ? d.votesFor : d.votesAgainst) : 0);
        uint256 silents;
        uint256 winners;
        for (uint256 i; i < committee.length; ++i) {
            address auditor = committee[i];
            bytes32 ballot = _ballots[caseId][round][auditor];
            _unseat(auditor);
            if (!_revealed(ballot)) silent[silents++] = auditor;
            else if (decided && ballot == (upheld ? FOR : AGAINST)) outcome.winners[winners++] = auditor;
        }
        if (decided) {
            d.status = outcome.status = upheld ? CaseStatus.Upheld : CaseStatus.Dismissed;
        } else if (round == 2) {
            d.status = outcome.status = CaseStatus.Void;
        } else {
            d.round = 2;
            (d.votesFor, d.votesAgainst, d.tries, d.commitUntil) = (0, 0, 0, 0);
            delete d.committee;
            _awaitDraw(d);
            outcome.status = CaseStatus.Opened;
        }
        for (uint256 i; i < silents; ++i) outcome.fines += _fine(silent[i], d.voterSlash);
    }

    function _awaitDraw(Docket storage d) private {
        d.status = CaseStatus.Opened;
        d.drawBlock = uint40(block.number + 1); // 40 bits: 34,000 years of one block a second
        d.revealUntil = uint40(block.timestamp + d.commitSeconds + d.revealSeconds);
    }

    /// @dev Goes on with the draw of a case whose draw block is over.
    function _draw(uint256 caseId, Docket storage d) private returns (Draw) {
        bytes32 hash = blockhash(d.drawBlock);
        if (hash == 0) {
            d.drawBlock = uint40(block.number + 1);
            return Draw.Waiting;
        }
        (uint256 round, uint256 size, uint256 attempt) = (d.round, d.places, d.tries);
        bytes32 seed = keccak256(abi.encode(hash, caseId, round));
        uint256 stop = Lot.stopOf(attempt, size);
        uint256 missing = d.seats - d.committee.length;
        uint256 minimum = parameters.stakes().auditor;
        while (missing != 0 && attempt < stop) {
            address auditor;
            (auditor, attempt) = _find(seed, attempt, stop, size, d.openedAt, minimum);
            if (auditor == address(0) || auditor == d.challenger || auditor == d.accused) continue;
            if (_ballots[caseId][round][auditor] != 0 || _wasSilent(caseId, round, auditor)) continue;
            _ballots[caseId][round][auditor] = SEATED;
            d.committee.push(auditor);
            _seat(auditor);
            --missing;
        }
        d.tries = SafeCast.toUint32(attempt);
        if (missing != 0) return attempt == Lot.limit(size) ? Draw.Exhausted : Draw.Waiting;
        d.status = CaseStatus.Drawn;
        d.commitUntil = uint40(block.timestamp + d.commitSeconds);
        d.revealUntil = uint40(block.timestamp + d.commitSeconds + d.revealSeconds);
        emit CommitteeDrawn(caseId, uint8(round), d.committee, d.commitUntil, d.revealUntil);
        return Draw.Complete;
    }

    function _drawn(uint256 caseId) private view returns (Docket storage d) {
        d = _docket(caseId);
        if (d.status != CaseStatus.Drawn) revert WrongCaseStatus(caseId, d.status);
    }

    function _ballotOf(uint256 caseId, uint256 round) private view returns (bytes32 ballot) {
        ballot = _ballots[caseId][round][msg.sender];
        if (ballot == 0) revert NotDrawn(caseId, msg.sender);
    }

    function _wasSilent(uint256 caseId, uint256 round, address auditor) private view returns (bool) {
        if (round == 1) return false;
        bytes32 ballot = _ballots[caseId][1][auditor];
        return ballot != 0 && !_revealed(ballot);
    }

    function _revealed(bytes32 ballot) private pure returns (bool) {
        return ballot == FOR || ballot == AGAINST;
    }
}
