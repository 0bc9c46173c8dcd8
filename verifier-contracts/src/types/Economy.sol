// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {G1Point, Inference} from "./Types.sol";

/// @dev Who has money at stake; each role has its own stake, controllers and rules.
enum Role {
    Node,
    Adapter,
    Prover,
    Auditor
}

/// @dev What the guardian can pause. Claims, refunds, withdrawals, slashing and open cases never stop.
enum Module {
    Payments,
    Commitments,
    Registrations,
    Requests,
    Settlements,
    Challenges
}

/// @dev Why an account was credited.
enum CreditKind {
    Contributor,
    Node,
    Prover,
    Auditors,
    Treasury,
    ZeroQuery,
    Refund,
    ProofPrice,
    Slashed,
    Bond,
    CourtReward,
    Deposit
}

/// @dev One credit of a settled job.
struct Credit {
    address account;
    uint96 amount;
    CreditKind kind;
}

/// @dev How a fee is split, in basis points; they sum to 10,000. The contributors' part is what R2 divides.
struct Split {
    uint16 contributors;
    uint16 node;
    uint16 prover;
    uint16 auditors;
    uint16 treasury;
}

/// @dev Least stakes (wei of OPEN), and how long a withdrawal waits.
struct StakeRules {
    uint96 node;
    uint96 adapter;
    uint96 auditor;
    uint32 unbondingSeconds;
}

/// @dev settlement: from payment until refund; challenge: from settlement until the claim opens.
struct WindowRules {
    uint32 settlementSeconds;
    uint32 challengeSeconds;
}

/// @dev Bounds of proof requests. lateBps of a slashed collateral go to who delivers late, slasherBps to who reports an
///      expired lock; the rest to the treasury.
struct MarketRules {
    uint96 minPrice;
    uint96 maxPrice;
    uint96 minCollateral;
    uint32 minLockSeconds;
    uint32 maxRequestSeconds;
    uint16 lateBps;
    uint16 slasherBps;
}

/// @dev bond of a challenge; what a lost case costs; seats (odd) and time of a committee; how a slash is shared:
///      challengerBps, committeeBps, the rest to the treasury. auditRateBps of the settled jobs are audited for auditFee.
struct CourtRules {
    uint96 bond;
    uint96 nodeSlash;
    uint96 adapterSlash;
    uint96 voterSlash;
    uint96 auditFee;
    uint8 seats;
    uint32 commitSeconds;
    uint32 revealSeconds;
    uint32 auditSeconds;
    uint16 challengerBps;
    uint16 committeeBps;
    uint16 auditRateBps;
}

/// @dev One block of a node's inferences, as it signs it (EIP-712). validUntil: last second at which it may be committed.
struct BlockCommitment {
    address node;
    bytes32 adapterId;
    uint8 heightLog;
    G1Point dlt;
    G1Point x;
    Inference[] inferences;
    bytes32 receiptHash;
    uint64 validUntil;
}

/// @dev What a node signs for the payer of one inference (EIP-712): "I gave this output". Two of them that differ in
///      nothing but the output, or one that differs from the committed block, cost the node its stake.
struct Receipt {
    address node;
    bytes32 adapterId;
    bytes32 requestHash;
    uint256 nonce;
    bytes32 outputHash;
}

/// @dev What a node signs when an auditor asks for an opening of one of its committed blocks (EIP-712): table 0 = Dlt, 1 = X,
///      f(z) = value, blinding rho, quotient W. The statement is false when e(C - value G - rho H + z W, [1]) != e(W, [tau]).
struct OpeningClaim {
    bytes32 blockId;
    uint8 table;
    uint256 z;
    uint256 value;
    uint256 rho;
    G1Point w;
}

/// @dev A proof request (EIP-712); its typed-data hash is the request id. The price is minPrice until biddingStart, rises
///      linearly to maxPrice over rampSeconds, and stays there until deadline. Who locks has lockSeconds, at most until the
///      deadline, and puts up collateral.
struct ProofRequest {
    address requester;
    bytes32 recordId;
    bytes32[] blockIds;
    uint96 minPrice;
    uint96 maxPrice;
    uint96 collateral;
    uint64 biddingStart;
    uint32 rampSeconds;
    uint32 lockSeconds;
    uint64 deadline;
    uint256 nonce;
}
