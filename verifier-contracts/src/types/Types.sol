// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev Affine point of BN254's G1; (0, 0) is infinity, refused everywhere but for an absent block.
struct G1Point {
    uint256 x;
    uint256 y;
}

/// @dev Compile-time constants of one relation in one size class, as log2 (circuits/circuits.json).
///      tokensLog and blocksLog are the training ones for the features relation.
struct ClassShape {
    uint8 queriesLog;
    uint8 contributorsLog;
    uint8 layersLog;
    uint8 rankLog;
    uint8 widthLog;
    uint8 tokensLog;
    uint8 blocksLog;
}

/// @dev Groth16 key with three public inputs, and the setup of the opening. G2 words in the order of the
///      pairing precompile: x.c1, x.c0, y.c1, y.c0.
struct VerifyingKey {
    G1Point alpha;
    uint256[4] beta;
    uint256[4] gamma;
    uint256[4] delta;
    G1Point[4] ic;
    uint256[4] tauG2;
    G1Point blinding;
}

/// @dev What a payout proof is about. Lists may be shorter than the class maximum: the verifier pads boundaries
///      with their last value, fees and payouts with 0, blocks with infinity.
struct PayoutStatement {
    uint32 classId;
    bytes32 context;
    uint8 tokensLog;
    G1Point[] dlt;
    G1Point[] x;
    G1Point b;
    G1Point a;
    G1Point g;
    G1Point bt;
    G1Point m;
    uint256[] boundaries;
    uint256[] fees;
    uint256[] payouts;
    uint256 zeroQueries;
}

/// @dev What a features proof is about: G holds the features of the rows that the boundaries give to each contributor.
struct FeaturesStatement {
    uint32 classId;
    bytes32 context;
    uint8 tokensLog;
    G1Point[] dlt;
    G1Point[] x;
    G1Point b;
    G1Point a;
    G1Point g;
    G1Point m;
    uint256[] boundaries;
}

/// @dev Mercury opening of the combined table, in the order of docs/PROTOCOL.md section 9. Low variable first.
struct OpeningProof {
    uint256 y;
    uint256[] pStar;
    uint256[] tauHi;
    uint256 gammaPrime;
    uint256 rho;
    G1Point ch;
    G1Point cq;
    G1Point cg;
    G1Point cs;
    G1Point cd;
    uint256 gz;
    uint256 gi;
    uint256 hz;
    uint256 hi;
    uint256 ha;
    uint256 sz;
    uint256 si;
    uint256 zi;
    G1Point wz;
    G1Point wi;
    G1Point wa;
}

struct Groth16Proof {
    G1Point a;
    uint256[4] b;
    G1Point c;
}

/// @dev The committed tables of an adapter; star = the preconditioned pair of the query side. modelHash: a registered base
///      model; snapshotId: the Datanet snapshot it was trained on.
struct AdapterData {
    address owner;
    uint32 classId;
    G1Point a;
    G1Point b;
    G1Point aStar;
    G1Point bStar;
    bytes32 modelHash;
    bytes32 quantisationHash;
    bytes32 snapshotId;
}

/// @dev Training rows: block k holds rows [k 2^heightLog, (k+1) 2^heightLog); rows[c] of them belong to contributor c,
///      contiguous across blocks.
struct TrainingData {
    uint8 heightLog;
    G1Point[] dlt;
    G1Point[] x;
    uint32[] rows;
}

/// @dev What a settlement needs to know of a proved record; its hash is the record id.
struct FeatureRecord {
    bytes32 adapterId;
    uint32 classId;
    G1Point g;
    G1Point aStar;
    G1Point bStar;
    address[] contributors;
    bytes32 trainingHash;
}

/// @dev One inference of a block when it is committed.
struct Inference {
    bytes32 requestHash;
    uint256 nonce;
    uint32 rows;
    bytes32 outputHash;
}

/// @dev One inference of a committed block: its payment key and its rows.
struct BlockInference {
    bytes32 key;
    uint32 rows;
}

/// @dev A committed block; its hash is the block id. splitId: how its fees are split, fixed when it is committed.
struct BlockRecord {
    address node;
    uint32 splitId;
    uint8 heightLog;
    G1Point dlt;
    G1Point x;
    bytes32 dataHash;
    BlockInference[] inferences;
}

struct Payment {
    address node;
    bytes32 adapterId;
    bytes32 requestHash;
    uint256 nonce;
    uint256 fee;
}

struct Job {
    FeatureRecord record;
    BlockRecord[] blocks;
    address prover;
}

/// @dev What the prover claims: commitments of bits and mask, payouts per contributor, bit q of zeroQueries = query q
///      has no positive score (the contributors' share of its fee returns to its payer). selector: the verifier of the
///      gateway that is to be asked; any live one of the record's class will do.
struct Settlement {
    bytes32 selector;
    G1Point bt;
    G1Point m;
    uint256[] payouts;
    uint256 zeroQueries;
}
