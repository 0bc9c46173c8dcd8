// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IAttributionVerifier} from "../interfaces/IAttributionVerifier.sol";
import {IParameters} from "../interfaces/IParameters.sol";
import {IVerifierGateway} from "../interfaces/IVerifierGateway.sol";
import {Bn254} from "../libraries/Bn254.sol";
import {UnknownClass, ZeroAddress} from "../types/Errors.sol";
import {ClassShape, FeaturesStatement, G1Point, Groth16Proof, OpeningProof, PayoutStatement, VerifyingKey} from "../types/Types.sol";

/// @title Which verifier answers for a class, and what stops one
/// @notice The owner (the timelock) adds, thaws and removes; the guardian freezes; anyone stops a verifier that accepts a false
///         statement. Relation 1 = features (R1), 2 = payout (R2): a relation with other rules needs another number, because
///         the two canaries below rest on what these two imply.
contract VerifierGateway is IVerifierGateway, Ownable {
    using SafeCast for uint256;

    bytes32 public constant SELECTOR_DOMAIN = keccak256("zkattr.verifier.v1");
    uint256 private constant FEATURES = 1;
    uint256 private constant PAYOUT = 2;

    /// @dev live: how many verifiers of the class are live. restoredAt: when it last became 1 again (or first). The interruption
    ///      before restoredAt is the latest; one that ended earlier cannot reach further.
    struct Service {
        uint64 live;
        uint64 restoredAt;
    }

    IParameters public immutable parameters;

    mapping(bytes32 selector => Entry) private _entries;
    mapping(uint256 relation => mapping(uint256 classId => Service)) private _services;
    /// @dev In the order in which they were added; only the owner makes it longer.
    mapping(uint256 relation => mapping(uint256 classId => bytes32[])) private _selectors;
    /// @dev Tables and setup of the first key of a class, for good: commitments of the class outlive its verifiers.
    mapping(uint256 classId => bytes32) private _setups;

    constructor(address owner_, IParameters parameters_) Ownable(owner_) {
        if (address(parameters_) == address(0)) revert ZeroAddress();
        parameters = parameters_;
    }

    // ---- owner and guardian ----

    /// @inheritdoc IVerifierGateway
    function add(IAttributionVerifier verifier, uint256 relation, uint256 classId, uint256 version, bytes32 vkHash)
        external
        onlyOwner
        returns (bytes32 selector)
    {
        if (address(verifier) == address(0)) revert ZeroAddress();
        if ((relation != FEATURES && relation != PAYOUT) || classId > type(uint32).max) revert UnknownClass(relation, classId);
        selector = selectorOf(relation, classId, version, vkHash);
        if (_entries[selector].status != Status.Unknown) revert SelectorExists(selector);
        bytes32 got = verifier.vkHash(relation, classId);
        if (got != vkHash) revert VkHashMismatch(vkHash, got);
        _requireSetup(verifier, relation, classId);
        bytes32 codeHash = address(verifier).codehash;
        _entries[selector] = Entry({
            verifier: verifier,
            relation: uint8(relation),
            classId: uint32(classId),
            version: version.toUint32(),
            status: Status.Live,
            changedAt: uint64(block.timestamp),
            vkHash: vkHash,
            codeHash: codeHash
        });
        _selectors[relation][classId].push(selector);
        _enter(relation, classId);
        emit VerifierAdded(selector, address(verifier), relation, classId, version, vkHash, codeHash);
    }

    /// @inheritdoc IVerifierGateway
    function freeze(bytes32 selector) external {
        if (msg.sender != parameters.guardian() && msg.sender != owner()) revert NotAGuardian(msg.sender);
        Entry storage e = _entries[selector];
        if (e.status != Status.Live) revert WrongStatus(selector, e.status);
        _set(e, Status.Frozen);
        emit VerifierFrozen(selector, msg.sender);
    }

    /// @inheritdoc IVerifierGateway
    function thaw(bytes32 selector) external onlyOwner {
        Entry storage e = _entries[selector];
        if (e.status != Status.Frozen) revert WrongStatus(selector, e.status);
        _set(e, Status.Live);
        emit VerifierThawed(selector);
    }

    /// @inheritdoc IVerifierGateway
    function remove(bytes32 selector) external onlyOwner {
        _end(selector, Status.Removed);
        emit VerifierRemoved(selector);
    }

    // ---- canaries ----

    /// @inheritdoc IVerifierGateway
    /// @dev Why no honest proof can be used against its verifier (docs/PROTOCOL.md sections 1, 3, 5). R2 holds, per query q:
    ///        D_q = sum_c w_qc,  D' = D_q 2^e_q,  lambda_q D' <= f_q 2^160,  lambda_q = 0 when D_q = 0,  mu_q = lambda_q 2^e_q;
    ///      and per contributor P_c 2^160 + rem_c = sum_q w_qc mu_q with rem_c >= 0. Summed over c, in integers, as all of it is
    ///      range-checked below p:
    ///        2^160 sum_c P_c <= sum_q mu_q D_q = sum_q lambda_q D' <= 2^160 sum_q f_q.
    ///      That is so whatever is committed, whoever chose the fees and the context, and with the fees of zero queries on the
    ///      right, where R2 has them on neither side. An accepted proof of the contrary is a forgery: a broken circuit, verifier
    ///      or setup (under development keys, whose secrets are public, anyone makes one; those are for local chains).
    ///      The verifier is asked first: it bounds the lists and their entries (fees < 2^80, payouts < 2^86). Only this selector
    ///      stops; the same proof stops another one of the same verifier and key.
    function stopPayout(bytes32 selector, PayoutStatement calldata statement, OpeningProof calldata opening, Groth16Proof calldata proof) external {
        _serving(selector, PAYOUT, statement.classId).verifyPayout(statement, opening, proof);
        if (_sum(statement.payouts) <= _sum(statement.fees)) revert StatementNotFalse();
        _stop(selector);
    }

    /// @inheritdoc IVerifierGateway
    /// @dev Why no honest proof can be used against its verifier (docs/PROTOCOL.md sections 2, 3, 4). With all boundaries 0 no row
    ///      is anybody's, seg~ = 0, and R1 says that G, in its nominal axes (index 0 among them, in every class), is 0: an honest
    ///      G is com(0; rho) = rho H, whose only known value is 0. G = value [1]_1 + rho H with value != 0 opens index 0 to `value`
    ///      instead. A prover that knows both has opened one commitment in two ways, hidden coefficients beyond the axes included:
    ///      a relation between the powers of tau and H, which nobody knows. So either the proof is forged or the setup is
    ///      broken, and the verifier has to stop. G from an honest proof with other boundaries does not fit: they are signed into
    ///      the statement.
    function stopFeatures(
        bytes32 selector,
        FeaturesStatement calldata statement,
        uint256 value,
        uint256 rho,
        OpeningProof calldata opening,
        Groth16Proof calldata proof
    ) external {
        IAttributionVerifier verifier = _serving(selector, FEATURES, statement.classId);
        verifier.verifyFeatures(statement, opening, proof);
        if (_sum(statement.boundaries) != 0 || value % Bn254.P == 0) revert StatementNotFalse();
        (, VerifyingKey memory key) = verifier.classEntry(FEATURES, statement.classId);
        G1Point memory g = _constantCommitment(value, rho, key.blinding);
        if (g.x != statement.g.x || g.y != statement.g.y) revert StatementNotFalse();
        _stop(selector);
    }

    // ---- views ----

    /// @inheritdoc IVerifierGateway
    function resolve(bytes32 selector, uint256 relation, uint256 classId) external view returns (IAttributionVerifier) {
        Entry storage e = _entries[selector];
        if (e.status != Status.Live) revert NotLive(selector, e.status);
        if (e.relation != relation || e.classId != classId) revert WrongClass(selector, relation, classId);
        return e.verifier;
    }

    /// @inheritdoc IVerifierGateway
    function liveSelector(uint256 relation, uint256 classId) external view returns (bytes32 selector) {
        bytes32[] storage list = _selectors[relation][classId];
        for (uint256 i = list.length; i != 0; --i) {
            selector = list[i - 1];
            if (_entries[selector].status == Status.Live) return selector;
        }
        revert ClassWithoutVerifier(relation, classId);
    }

    /// @inheritdoc IVerifierGateway
    /// @dev A class without a verifier from the start counts as interrupted until the first is added. A replacement in which the
    ///      old one goes before the new one comes counts, even within one block: proofs under way were for the old one.
    function interruptedSince(uint256 relation, uint256 classId, uint256 since) external view returns (bool) {
        Service storage s = _services[relation][classId];
        return s.live == 0 || s.restoredAt > since;
    }

    /// @inheritdoc IVerifierGateway
    function entry(bytes32 selector) external view returns (Entry memory) {
        return _entries[selector];
    }

    /// @inheritdoc IVerifierGateway
    function selectorOf(uint256 relation, uint256 classId, uint256 version, bytes32 vkHash) public pure returns (bytes32) {
        return keccak256(abi.encode(SELECTOR_DOMAIN, relation, classId, version, vkHash));
    }

    // ---- internals ----

    /// @dev A commitment binds under one setup and one layout of its table alone. R1 proves G, R2 reads it, and a court opens blocks with the key of the day:
    ///      a second setup would let G stand for other features, and convict who opened truly under the first.
    function _requireSetup(IAttributionVerifier verifier, uint256 relation, uint256 classId) private {
        (ClassShape memory s, VerifyingKey memory key) = verifier.classEntry(relation, classId);
        bytes32 setup = keccak256(abi.encode(s.queriesLog, s.contributorsLog, s.layersLog, s.rankLog, s.widthLog, key.tauG2, key.blinding));
        bytes32 first = _setups[classId];
        if (first == 0) _setups[classId] = setup;
        else if (setup != first) revert SetupMismatch(classId, first, setup);
    }

    /// @dev A frozen verifier can still be stopped: it must not be thawed.
    function _serving(bytes32 selector, uint256 relation, uint256 classId) private view returns (IAttributionVerifier) {
        Entry storage e = _entries[selector];
        if (e.status != Status.Live && e.status != Status.Frozen) revert WrongStatus(selector, e.status);
        if (e.relation != relation || e.classId != classId) revert WrongClass(selector, relation, classId);
        return e.verifier;
    }

    function _stop(bytes32 selector) private {
        _end(selector, Status.Stopped);
        emit VerifierStopped(selector, msg.sender);
    }

    /// @dev For good: a selector is never Unknown again.
    function _end(bytes32 selector, Status status) private {
        Entry storage e = _entries[selector];
        if (e.status != Status.Live && e.status != Status.Frozen) revert WrongStatus(selector, e.status);
        _set(e, status);
    }

    function _set(Entry storage e, Status status) private {
        if (e.status == Status.Live) --_services[e.relation][e.classId].live;
        else if (status == Status.Live) _enter(e.relation, e.classId);
        (e.status, e.changedAt) = (status, uint64(block.timestamp));
    }

    /// @dev One more live verifier of the class.
    function _enter(uint256 relation, uint256 classId) private {
        Service storage s = _services[relation][classId];
        if (s.live == 0) s.restoredAt = uint64(block.timestamp);
        ++s.live;
    }

    /// @dev value [1]_1 + rho H
    function _constantCommitment(uint256 value, uint256 rho, G1Point memory blinding) private view returns (G1Point memory c) {
        uint256 sum = Bn254.newSum(0, 0);
        Bn254.mulAdd(sum, 1, 2, value);
        Bn254.mulAdd(sum, blinding.x, blinding.y, rho);
        assembly ("memory-safe") {
            mcopy(c, sum, 0x40)
        }
    }

    function _sum(uint256[] calldata list) private pure returns (uint256 sum) {
        for (uint256 i; i < list.length; ++i) sum += list[i];
    }
}
