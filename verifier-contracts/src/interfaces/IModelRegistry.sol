// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import "../types/Types.sol";

/// @notice Base models, adapters, and the features records that R1 proved for them.
interface IModelRegistry {
    enum RecordStatus {
        Unknown,
        Proved,
        Challenged,
        Revoked
    }

    error ModelExists(bytes32 modelHash);
    error UnknownModel(bytes32 modelHash);
    error RecordNotProved(bytes32 recordId, RecordStatus status);
    error RecordNotChallenged(bytes32 recordId, RecordStatus status);
    error NotCourt(address caller);

    event ModelRegistered(bytes32 indexed modelHash, address indexed registrant, string uri);
    event AdapterRegistered(bytes32 indexed adapterId, address indexed owner, AdapterData data);
    event FeaturesRegistered(bytes32 indexed recordId, bytes32 indexed adapterId, address indexed registrant, FeatureRecord record, TrainingData training, bytes32 selector);
    event RecordChallenged(bytes32 indexed recordId);
    event RecordCleared(bytes32 indexed recordId);
    event RecordRevoked(bytes32 indexed recordId);

    /// @notice A base model by the hash of its weights; anyone may name one, once.
    function registerModel(bytes32 modelHash, string calldata uri) external;
    /// @notice Registers the caller's adapter; its model and snapshot must exist.
    function registerAdapter(AdapterData calldata data) external returns (bytes32 adapterId);
    /// @notice Proves and records the features G of the snapshot's rows. The owner needs the adapter stake.
    function registerFeatures(
        AdapterData calldata data,
        TrainingData calldata training,
        address[] calldata contributors,
        G1Point calldata g,
        G1Point calldata m,
        bytes32 selector,
        OpeningProof calldata opening,
        Groth16Proof calldata proof
    ) external returns (bytes32 recordId);

    /// @notice Court only; proved records only.
    function challengeRecord(bytes32 recordId) external;
    /// @notice Court only: a challenged record is proved again, or revoked for good.
    function resolveRecord(bytes32 recordId, bool revoked) external;

    function adapter(bytes32 adapterId) external view returns (address owner, uint32 classId);
    /// @notice The latest proved record of an adapter, 0 without one, or when it was revoked.
    function currentRecord(bytes32 adapterId) external view returns (bytes32);
    /// @notice challengedAt: when it was last challenged, 0 for never.
    function record(bytes32 recordId) external view returns (bytes32 adapterId, RecordStatus status, uint64 challengedAt);
    /// @notice Reverts RecordNotProved unless the record is proved and not challenged.
    function requireProved(bytes32 recordId) external view;
    function modelRegistrant(bytes32 modelHash) external view returns (address);
}
