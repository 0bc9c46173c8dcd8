// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import "../types/Types.sol";

/// @title Ids of snapshots, adapters, records, blocks, payments and jobs
/// @notice Every id is a keccak256 of all that it names, its kind and the contract that keeps it: later calls hand the
///         data in again and are held to it by the id. Commitments are thereby taken by role, never by order.
library RecordHash {
    bytes32 internal constant SNAPSHOT = keccak256("zkattr.snapshot.v1");
    bytes32 internal constant ADAPTER = keccak256("zkattr.adapter.v1");
    bytes32 internal constant TRAINING = keccak256("zkattr.training.v1");
    bytes32 internal constant RECORD = keccak256("zkattr.record.v1");
    bytes32 internal constant BLOCK = keccak256("zkattr.block.v1");
    bytes32 internal constant JOB = keccak256("zkattr.job.v1");
    bytes32 internal constant PAYOUT_CONTEXT = keccak256("zkattr.payout.v1");
    bytes32 internal constant FEATURES_CONTEXT = keccak256("zkattr.features.v1");

    /// @notice Leaf of one item in the Merkle tree of a batch; hashed twice, so that no inner node is a leaf.
    function itemLeaf(uint32 index, bytes32 contentHash, uint32 rows) internal pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(index, contentHash, rows))));
    }

    /// @notice Who owns how many rows, in which order.
    function layoutHash(address[] memory contributors, uint32[] memory rows) internal pure returns (bytes32) {
        return keccak256(abi.encode(contributors, rows));
    }

    /// @notice Version counts the snapshots of a Datanet from 1.
    function snapshotId(
        address registry,
        uint256 datanetId,
        uint256 version,
        bytes32 layoutDigest,
        uint256[] memory contributionIds,
        bytes32[] memory contentHashes
    ) internal view returns (bytes32) {
        bytes32 contents = keccak256(abi.encode(contributionIds, contentHashes));
        return keccak256(abi.encode(SNAPSHOT, block.chainid, registry, datanetId, version, layoutDigest, contents));
    }

    function adapterId(address registry, AdapterData memory a) internal view returns (bytes32) {
        return keccak256(abi.encode(ADAPTER, block.chainid, registry, a));
    }

    function trainingHash(TrainingData memory t) internal pure returns (bytes32) {
        return keccak256(abi.encode(TRAINING, t));
    }

    function recordId(address registry, FeatureRecord memory r) internal view returns (bytes32) {
        return keccak256(abi.encode(RECORD, block.chainid, registry, r));
    }

    /// @notice The adapter and the features record are pinned when the block is committed.
    function blockId(address escrow, bytes32 record, BlockRecord memory b) internal view returns (bytes32) {
        return keccak256(abi.encode(BLOCK, block.chainid, escrow, record, b));
    }

    /// @notice Payment key: an inference is paid once, whatever its commitments.
    function paymentKey(address node, bytes32 adapter, bytes32 requestHash, uint256 nonce) internal pure returns (bytes32) {
        return keccak256(abi.encode(node, adapter, requestHash, nonce));
    }

    function jobId(bytes32 record, bytes32[] memory blockIds) internal pure returns (bytes32) {
        return keccak256(abi.encode(JOB, record, keccak256(abi.encodePacked(blockIds))));
    }
}
