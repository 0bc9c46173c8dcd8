// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import "../types/Types.sol";

/// @notice Adapters and the features records that R1 proved for them.
interface IAttributionRegistry {
    event AdapterRegistered(bytes32 indexed adapterId, address indexed owner, AdapterData data);
    event FeaturesRegistered(bytes32 indexed recordId, bytes32 indexed adapterId, address indexed registrant, FeatureRecord record, TrainingData training);

    /// @notice Owner and class of an adapter; reverts UnknownAdapter.
    function adapter(bytes32 adapterId) external view returns (address owner, uint32 classId);

    /// @notice The latest proved record of an adapter, 0 without one.
    function currentRecord(bytes32 adapterId) external view returns (bytes32);
}
