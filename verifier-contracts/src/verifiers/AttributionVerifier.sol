// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {SSTORE2} from "solady/utils/SSTORE2.sol";
import {IAttributionVerifier} from "../interfaces/IAttributionVerifier.sol";
import {Bn254} from "../libraries/Bn254.sol";
import {ListHash} from "../libraries/ListHash.sol";
import {Mercury} from "../libraries/Mercury.sol";
import "../types/Errors.sol";
import "../types/Types.sol";

/// @title Verifier of attribution proofs, all size classes, both relations
/// @notice Groth16 over (gamma', gamma_L, E) and the Mercury opening in one five-pair pairing call
///         (docs/PROTOCOL.md sections 4, 5, 9):
///             e(-A, B) e(alpha, beta) e(vk_x + s L, [1]_2) e(C, delta) e(-s Rr, [tau]_2) = 1
/// @dev The owner adds classes and can do nothing else: an entry never changes. Entries are contract code
///      (abi.encode(ClassShape, VerifyingKey), 35 words), read by one extcodecopy.
contract AttributionVerifier is IAttributionVerifier, Ownable2Step {
    uint256 public constant FEATURES = 1;
    uint256 public constant PAYOUT = 2;
    uint256 public constant VERSION = 1;

    /// @notice keccak256 of the four words of the development setup's [tau]_2, whose tau is public.
    bytes32 public immutable developmentTauHash;

    uint256 private constant DOMAIN = (0x7a6b61747472 << 96) | (VERSION << 64); // "zkattr"
    uint256 private constant FEE_BITS = 80;
    uint256 private constant PAYOUT_BITS = 86;

    // Words of an entry, in bytes from its first.
    uint256 private constant KEY_ALPHA = 0xe0;
    uint256 private constant KEY_BETA = 0x120;
    uint256 private constant KEY_DELTA = 0x220;
    uint256 private constant KEY_IC = 0x2a0;
    uint256 private constant KEY_TAU = 0x3a0;
    uint256 private constant KEY_BLINDING = 0x420;

    mapping(uint256 relation => mapping(uint256 classId => address)) private _entries;

    /// @dev One proof instance in memory.
    struct Instance {
        uint256 key; // pointer to the entry's first word
        uint256 domain;
        bytes32 context;
        uint256 tokensLog;
        uint256 queries;
        uint256 contributors;
        uint256 segments;
        uint256 blocksLog;
        uint256 pointLength; // J + Hmax
        uint256 nu;
        uint256 dims;
        uint256 listsAt; // first word of the lists in `words`
        uint256[] words; // gamma', list
        uint256[] commitments; // Dlt_k, X_k, single tables, M
    }

    constructor(address owner_, bytes32 developmentTauHash_) Ownable(owner_) {
        developmentTauHash = developmentTauHash_;
    }

    /// @notice Adds a class for good. `development`: keys whose toxic waste is public, local chains only.
    function addClass(uint256 relation, uint256 classId, ClassShape calldata shape, VerifyingKey calldata vk, bool development)
        external
        onlyOwner
    {
        if ((relation != FEATURES && relation != PAYOUT) || classId >= 2 ** 32) revert UnknownClass(relation, classId);
        if (_entries[relation][classId] != address(0)) revert ClassExists(relation, classId);
        _requireShape(shape);
        _requireKey(vk, development);
        _requireSameClass(_entries[FEATURES + PAYOUT - relation][classId], shape, vk);
        bytes memory entry = abi.encode(shape, vk);
        _entries[relation][classId] = SSTORE2.write(entry);
        bytes32 hash;
        assembly ("memory-safe") {
            hash := keccak256(add(add(entry, 0x20), KEY_ALPHA), sub(KEY_TAU, KEY_ALPHA))
        }
        emit ClassAdded(relation, classId, hash, development);
    }

    /// @inheritdoc IAttributionVerifier
    function vkHash(uint256 relation, uint256 classId) external view returns (bytes32) {
        return keccak256(SSTORE2.read(_entry(relation, classId), KEY_ALPHA, KEY_TAU));
    }

    /// @inheritdoc IAttributionVerifier
    function classEntry(uint256 relation, uint256 classId) external view returns (ClassShape memory shape, VerifyingKey memory vk) {
        return abi.decode(SSTORE2.read(_entry(relation, classId)), (ClassShape, VerifyingKey));
    }

    /// @inheritdoc IAttributionVerifier
    function classShape(uint256 relation, uint256 classId) external view returns (ClassShape memory) {
        return abi.decode(SSTORE2.read(_entry(relation, classId), 0, 7 * 32), (ClassShape));
    }

    /// @inheritdoc IAttributionVerifier
    function verifyPayout(PayoutStatement calldata statement, OpeningProof calldata opening, Groth16Proof calldata proof) external view {
        Instance memory it = _instance(PAYOUT, statement.classId, statement.context, statement.tokensLog);
        uint256 blocks = 1 << it.blocksLog;
        uint256[] memory words = it.words;

        uint256[] memory points = new uint256[](4 * blocks + 10);
        ListHash.putBlocks(points, 0, statement.dlt, blocks);
        ListHash.putBlocks(points, 2 * blocks, statement.x, blocks);
        assembly ("memory-safe") {
            // b, a, g, bt, m: words 5 .. 14 of the statement's head
            calldatacopy(add(add(points, 0x20), shl(7, blocks)), add(statement, 0xa0), 0x140)
        }
        it.commitments = points;

        uint256 start = it.listsAt;
        ListHash.putBoundaries(words, start, statement.boundaries, it.segments, 1 << it.tokensLog);
        start += it.segments;
        ListHash.putShort(words, start, statement.fees, it.queries);
        uint256 bad = ListHash.firstNotBelow(words, start, it.queries, 1 << FEE_BITS);
        if (bad != it.queries) revert FeeTooLarge(bad);
        start += it.queries;
        ListHash.putShort(words, start, statement.payouts, it.contributors);
        bad = ListHash.firstNotBelow(words, start, it.contributors, 1 << PAYOUT_BITS);
        if (bad != it.contributors) revert PayoutTooLarge(bad);
        start += it.contributors;
        if (statement.zeroQueries >> it.queries != 0) revert ScalarNotCanonical(start);
        words[start] = statement.zeroQueries;

        _verify(it, opening, proof);
    }

    /// @inheritdoc IAttributionVerifier
    function verifyFeatures(FeaturesStatement calldata statement, OpeningProof calldata opening, Groth16Proof calldata proof) external view {
        Instance memory it = _instance(FEATURES, statement.classId, statement.context, statement.tokensLog);
        uint256 blocks = 1 << it.blocksLog;

        uint256[] memory points = new uint256[](4 * blocks + 8);
        ListHash.putBlocks(points, 0, statement.dlt, blocks);
        ListHash.putBlocks(points, 2 * blocks, statement.x, blocks);
        assembly ("memory-safe") {
            // b, a, g, m: words 5 .. 12 of the statement's head
            calldatacopy(add(add(points, 0x20), shl(7, blocks)), add(statement, 0xa0), 0x100)
        }
        it.commitments = points;
        ListHash.putBoundaries(it.words, it.listsAt, statement.boundaries, it.segments, 1 << it.tokensLog);

        _verify(it, opening, proof);
    }

    /// @dev Shapes and dims of src/statement/sizeClass.ts, and the empty list.
    function _instance(uint256 relation, uint256 classId, bytes32 context, uint256 tokensLog) private view returns (Instance memory it) {
        uint256 key;
        {
            bytes memory entry = SSTORE2.read(_entry(relation, classId));
            assembly ("memory-safe") {
                key := add(entry, 0x20)
            }
        }
        it.key = key;
        it.domain = DOMAIN | (relation << 32) | classId;
        it.context = context;
        it.tokensLog = tokensLog;
        uint256 blocksLog = _word(key, 0xc0);
        uint256 tokensLogMax = _word(key, 0xa0);
        if (tokensLog < blocksLog || tokensLog > tokensLogMax) revert TokensOutOfRange(tokensLog);
        it.blocksLog = blocksLog;

        uint256 j = _word(key, 0x40) + _word(key, 0x80);
        uint256 floor_; // H without its token part: rank, rows of G and of the bits
        {
            uint256 queriesLog = _word(key, 0x00);
            uint256 contributorsLog = _word(key, 0x20);
            uint256 rankLog = _word(key, 0x60);
            bool payout = relation == PAYOUT;
            it.queries = 1 << queriesLog;
            it.contributors = 1 << contributorsLog;
            it.segments = payout ? it.queries : it.contributors;
            floor_ = _max(rankLog, _excess(contributorsLog + _word(key, 0x40) + 2 * rankLog, j));
            if (payout) floor_ = _max(floor_, _excess(queriesLog + contributorsLog + 7, j));
        }
        uint256 height = _max(floor_, tokensLog - blocksLog);
        it.nu = j + height;
        it.dims = tokensLog | (height << 8) | (it.nu << 16);
        it.pointLength = j + _max(floor_, tokensLogMax - blocksLog);
        it.listsAt = 4 + it.pointLength + blocksLog;
        uint256 lists = it.segments + (relation == PAYOUT ? it.queries + it.contributors + 1 : 0);
        it.words = new uint256[](it.listsAt + lists);
    }

    function _verify(Instance memory it, OpeningProof calldata opening, Groth16Proof calldata proof) private view {
        uint256[] memory words = it.words;
        uint256 p = Bn254.P;
        if (opening.gammaPrime >= p) revert ScalarNotCanonical(0);
        if (opening.y >= p) revert ScalarNotCanonical(3);
        words[0] = opening.gammaPrime;
        words[2] = it.dims;
        words[3] = opening.y;
        ListHash.putScalars(words, 4, opening.pStar, it.pointLength);
        ListHash.putScalars(words, 4 + it.pointLength, opening.tauHi, it.blocksLog);
        for (uint256 i = it.nu; i < it.pointLength; ++i) {
            if (words[4 + i] != 0) revert PointBeyondVariables(i);
        }
        words[1] = uint256(
            keccak256(
                abi.encode(
                    block.chainid,
                    address(this),
                    it.domain,
                    it.context,
                    it.dims,
                    ListHash.hashFrom(it.commitments, 0),
                    ListHash.hashFrom(words, it.listsAt)
                )
            )
        ) % p;
        Mercury.requireCanonical(opening);
        uint256 gammaList = uint256(ListHash.hashFrom(words, 0)) % p;
        uint256 e = ListHash.evaluateFrom(words, 1, gammaList);
        Mercury.Challenges memory c = Mercury.challenges(opening, gammaList, it.nu);
        uint256 zLo = Mercury.requireIdentity(c, opening, it.nu);
        uint256 s = _merger(c.state, proof, opening.gammaPrime, gammaList, e);

        // vk_x + s L
        uint256 key = it.key;
        uint256 left = Bn254.newSum(_word(key, KEY_IC), _word(key, KEY_IC + 0x20));
        Bn254.mulAddMemory(left, key + KEY_IC + 0x40, opening.gammaPrime);
        Bn254.mulAddMemory(left, key + KEY_IC + 0x80, gammaList);
        Bn254.mulAddMemory(left, key + KEY_IC + 0xc0, e);
        _addCommitments(left, it, opening, s);
        Mercury.addTerms(left, c, opening, zLo, s);
        // -s Rr
        uint256 right = Bn254.newSum(0, 0);
        Mercury.addQuotients(right, c, opening, s);
        _requirePairing(key, proof, left, right);
    }

    /// @dev sum += s (C_M + sum_k gamma'^k C_k - rho' H), C_Dlt = sum_k eq(k, tau_hi) C_Dlt,k and C_X likewise.
    function _addCommitments(uint256 sum, Instance memory it, OpeningProof calldata opening, uint256 s) private view {
        uint256 p = Bn254.P;
        uint256 gammaPrime = opening.gammaPrime;
        uint256 blocks = 1 << it.blocksLog;
        uint256[] memory weights = _eqWeights(opening.tauHi);
        uint256[] memory points = it.commitments;
        uint256 ptr;
        assembly ("memory-safe") {
            ptr := add(points, 0x20)
        }
        uint256 power = mulmod(s, gammaPrime, p);
        uint256 power2 = mulmod(power, gammaPrime, p);
        uint256 distance = blocks << 6; // from Dlt_k to X_k
        for (uint256 k; k < blocks; ++k) {
            bool noDlt = _word(ptr, 0) | _word(ptr, 0x20) == 0;
            bool noX = _word(ptr + distance, 0) | _word(ptr + distance, 0x20) == 0;
            if (noDlt != noX) revert PointAtInfinity();
            if (!noDlt) {
                Bn254.mulAddMemory(sum, ptr, mulmod(power, weights[k], p));
                Bn254.mulAddMemory(sum, ptr + distance, mulmod(power2, weights[k], p));
            }
            ptr += 0x40;
        }
        ptr += distance;
        uint256 end;
        assembly ("memory-safe") {
            end := add(points, shl(5, mload(points)))
        }
        // B, A, G and, for payout, Bt; the last point is M.
        power = power2;
        for (end -= 0x20; ptr < end; ptr += 0x40) {
            power = mulmod(power, gammaPrime, p);
            Bn254.mulAddMemory(sum, ptr, power);
        }
        Bn254.mulAddMemory(sum, ptr, s);
        Bn254.mulAddMemory(sum, it.key + KEY_BLINDING, mulmod(s, p - opening.rho, p));
    }

    /// @dev weights[k] = prod_j (bit j of k ? tau_j : 1 - tau_j)
    function _eqWeights(uint256[] calldata tauHi) private pure returns (uint256[] memory weights) {
        uint256 p = Bn254.P;
        weights = new uint256[](1 << tauHi.length);
        weights[0] = 1;
        for (uint256 j; j < tauHi.length; ++j) {
            uint256 half = 1 << j;
            for (uint256 k; k < half; ++k) {
                uint256 high = mulmod(weights[k], tauHi[j], p);
                weights[k + half] = high;
                weights[k] = addmod(weights[k], p - high, p);
            }
        }
    }

    /// @dev s = keccak(st_v, A, B, C, gamma', gamma_L, E) mod p; drawn after the whole Groth16 proof is fixed.
    function _merger(bytes32 state, Groth16Proof calldata proof, uint256 gammaPrime, uint256 gammaList, uint256 e)
        private
        pure
        returns (uint256 s)
    {
        uint256 p = Bn254.P;
        assembly ("memory-safe") {
            let m := mload(0x40)
            mstore(m, state)
            calldatacopy(add(m, 0x20), proof, 0x100)
            mstore(add(m, 0x120), gammaPrime)
            mstore(add(m, 0x140), gammaList)
            mstore(add(m, 0x160), e)
            s := mod(keccak256(m, 0x180), p)
        }
        if (s == 0) revert DegenerateChallenge();
    }

    /// @dev e(-A, B) e(alpha, beta) e(left, [1]_2) e(C, delta) e(right, [tau]_2) = 1
    function _requirePairing(uint256 key, Groth16Proof calldata proof, uint256 left, uint256 right) private view {
        if (proof.a.x | proof.a.y == 0 || proof.c.x | proof.c.y == 0) revert PointAtInfinity();
        if (proof.a.y >= Bn254.Q) revert PointNotOnCurve();
        uint256 q = Bn254.Q;
        (uint256 x1, uint256 x0, uint256 y1, uint256 y0) = (Bn254.G2_X1, Bn254.G2_X0, Bn254.G2_Y1, Bn254.G2_Y0);
        bool ok;
        assembly ("memory-safe") {
            // Five pairs of 6 words: G1 point, G2 point.
            let m := mload(0x40)
            calldatacopy(m, proof, 0xc0) // A, B
            mstore(add(m, 0x20), sub(q, calldataload(add(proof, 0x20)))) // -A
            mcopy(add(m, 0xc0), add(key, KEY_ALPHA), 0xc0) // alpha, beta lie side by side
            let pair := add(m, 0x180)
            mcopy(pair, left, 0x40)
            mstore(add(pair, 0x40), x1)
            mstore(add(pair, 0x60), x0)
            mstore(add(pair, 0x80), y1)
            mstore(add(pair, 0xa0), y0)
            pair := add(m, 0x240)
            calldatacopy(pair, add(proof, 0xc0), 0x40) // C
            mcopy(add(pair, 0x40), add(key, KEY_DELTA), 0x80)
            pair := add(m, 0x300)
            mcopy(pair, right, 0x40)
            mcopy(add(pair, 0x40), add(key, KEY_TAU), 0x80)
            ok := staticcall(gas(), 8, m, 0x3c0, m, 0x20)
            ok := and(ok, eq(mload(m), 1))
        }
        if (!ok) revert PairingRejected();
    }

    function _requireShape(ClassShape calldata shape) private pure {
        if (
            shape.queriesLog > 6 || shape.contributorsLog > 6 || shape.layersLog > 8 || shape.rankLog > 8 || shape.widthLog > 16
                || shape.tokensLog > 24 || shape.blocksLog > 6 || shape.blocksLog > shape.tokensLog
        ) revert InvalidShape();
    }

    /// @dev gamma_2 != [1]_2 breaks the merged pairing; delta_2 = [1]_2 is a key without contribution: anyone forges.
    function _requireKey(VerifyingKey calldata vk, bool development) private view {
        if (!Bn254.isG2Generator(vk.gamma)) revert GammaNotGenerator();
        if (Bn254.isG2Generator(vk.delta) || Bn254.isG2Generator(vk.tauG2)) revert UncontributedKey();
        Bn254.requireOnCurve(vk.alpha);
        if (vk.blinding.x != Bn254.H_X || vk.blinding.y != Bn254.H_Y) revert BlindingMismatch();
        for (uint256 i; i < 4; ++i) Bn254.requireOnCurve(vk.ic[i]);
        if (!Bn254.isG2(vk.beta) || !Bn254.isG2(vk.delta) || !Bn254.isG2(vk.tauG2)) revert InvalidG2();
        if (development || keccak256(abi.encode(vk.tauG2)) == developmentTauHash) {
            if (block.chainid != 31337 && block.chainid != 1337) revert DevelopmentKey();
        }
    }

    /// @dev Both relations of a class open the same commitments: same tables, same setup.
    function _requireSameClass(address other, ClassShape calldata shape, VerifyingKey calldata vk) private view {
        if (other == address(0)) return;
        (ClassShape memory s, VerifyingKey memory k) = abi.decode(SSTORE2.read(other), (ClassShape, VerifyingKey));
        if (
            s.queriesLog != shape.queriesLog || s.contributorsLog != shape.contributorsLog || s.layersLog != shape.layersLog
                || s.rankLog != shape.rankLog || s.widthLog != shape.widthLog
                || keccak256(abi.encode(k.tauG2, k.blinding)) != keccak256(abi.encode(vk.tauG2, vk.blinding))
        ) revert ClassMismatch();
    }

    function _entry(uint256 relation, uint256 classId) private view returns (address entry) {
        entry = _entries[relation][classId];
        if (entry == address(0)) revert UnknownClass(relation, classId);
    }

    function _word(uint256 ptr, uint256 offset) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := mload(add(ptr, offset))
        }
    }

    function _max(uint256 a, uint256 b) private pure returns (uint256) {
        return a > b ? a : b;
    }

    /// @dev max(a, j) - j
    function _excess(uint256 a, uint256 j) private pure returns (uint256) {
        return a > j ? a - j : 0;
    }
}
