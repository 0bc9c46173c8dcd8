// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {FeaturesStatement, G1Point, Groth16Proof, OpeningProof, PayoutStatement} from "../types/Types.sol";
import {IAttributionVerifier} from "./IAttributionVerifier.sol";

/// @notice Verifiers by selector = keccak256(abi.encode(keccak256("zkattr.verifier.v1"), relation, classId, version, vkHash)).
///         A selector that was removed or stopped never lives again.
interface IVerifierGateway {
    enum Status {
        Unknown,
        Live,
        Frozen,
        Stopped,
        Removed
    }

    struct Entry {
        IAttributionVerifier verifier;
        uint8 relation;
        uint32 classId;
        uint32 version;
        Status status;
        uint64 changedAt;
        bytes32 vkHash;
        bytes32 codeHash;
    }

    error SelectorExists(bytes32 selector);
    error NotLive(bytes32 selector, Status status);
    error WrongStatus(bytes32 selector, Status status);
    error WrongClass(bytes32 selector, uint256 relation, uint256 classId);
    error VkHashMismatch(bytes32 expected, bytes32 got);
    error SetupMismatch(uint256 classId, bytes32 expected, bytes32 got);
    error NotAGuardian(address caller);
    error StatementNotFalse();
    error ClassWithoutVerifier(uint256 relation, uint256 classId);

    event VerifierAdded(bytes32 indexed selector, address indexed verifier, uint256 indexed relation, uint256 classId, uint256 version, bytes32 vkHash, bytes32 codeHash);
    event VerifierFrozen(bytes32 indexed selector, address by);
    event VerifierThawed(bytes32 indexed selector);
    event VerifierStopped(bytes32 indexed selector, address by);
    event VerifierRemoved(bytes32 indexed selector);

    /// @notice Owner (timelock). The verifier must hold the class under this key, with the tables (shape but for tokens and
    ///         blocks) and the setup ([tau]_2, H) of all earlier keys of the class, of either relation: others need a new class.
    function add(IAttributionVerifier verifier, uint256 relation, uint256 classId, uint256 version, bytes32 vkHash) external returns (bytes32 selector);
    /// @notice Guardian or owner; thaw and remove: owner.
    function freeze(bytes32 selector) external;
    function thaw(bytes32 selector) external;
    function remove(bytes32 selector) external;

    /// @notice Stops a verifier for good: anyone who shows an accepted proof that payouts exceed fees (impossible under R2).
    function stopPayout(bytes32 selector, PayoutStatement calldata statement, OpeningProof calldata opening, Groth16Proof calldata proof) external;
    /// @notice The same for R1: boundaries all 0 (so G must be zero), but G = value [1]_1 + rho H with value != 0.
    function stopFeatures(bytes32 selector, FeaturesStatement calldata statement, uint256 value, uint256 rho, OpeningProof calldata opening, Groth16Proof calldata proof) external;

    /// @notice The verifier behind a live selector of this relation and class; reverts NotLive, WrongClass.
    function resolve(bytes32 selector, uint256 relation, uint256 classId) external view returns (IAttributionVerifier);
    /// @notice A live selector of the class (the latest added that is live); reverts ClassWithoutVerifier.
    function liveSelector(uint256 relation, uint256 classId) external view returns (bytes32);
    /// @notice Whether no verifier of the class could be asked at some time since `since` (frozen, stopped or removed, now or
    ///         meanwhile): who had to deliver a proof then is excused.
    function interruptedSince(uint256 relation, uint256 classId, uint256 since) external view returns (bool);
    function entry(bytes32 selector) external view returns (Entry memory);
    function selectorOf(uint256 relation, uint256 classId, uint256 version, bytes32 vkHash) external pure returns (bytes32);
}
