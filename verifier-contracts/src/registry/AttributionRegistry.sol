// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAttributionRegistry} from "../interfaces/IAttributionRegistry.sol";
import {IAttributionVerifier} from "../interfaces/IAttributionVerifier.sol";
import {Bn254} from "../libraries/Bn254.sol";
import {Boundaries} from "../libraries/Boundaries.sol";
import {RecordHash} from "../libraries/RecordHash.sol";
import "../types/Errors.sol";
import "../types/Types.sol";

/// @title Adapters and proved features
/// @notice Stores ids only; the data is in events and is handed in again when needed. A features record exists only
///         because R1 was verified for it.
contract AttributionRegistry is IAttributionRegistry {
    uint256 private constant FEATURES = 1;

    struct Adapter {
        address owner;
        uint32 classId;
    }

    IAttributionVerifier public immutable verifier;

    mapping(bytes32 adapterId => Adapter) private _adapters;
    /// @inheritdoc IAttributionRegistry
    mapping(bytes32 adapterId => bytes32) public currentRecord;
    /// @notice Adapter of a proved record, 0 for an unknown one.
    mapping(bytes32 recordId => bytes32) public recordAdapter;

    constructor(IAttributionVerifier verifier_) {
        if (address(verifier_) == address(0)) revert ZeroAddress();
        verifier = verifier_;
    }

    /// @notice Registers the caller's adapter: the pair (a, b) and the preconditioned pair of the query side.
    /// @return adapterId keccak256(abi.encode("zkattr.adapter.v1" hash, chain id, this, AdapterData))
    function registerAdapter(AdapterData calldata data) external returns (bytes32 adapterId) {
        if (data.owner != msg.sender) revert NotAdapterOwner(msg.sender);
        verifier.classShape(FEATURES, data.classId); // reverts UnknownClass
        Bn254.requireOnCurve(data.a);
        Bn254.requireOnCurve(data.b);
        Bn254.requireOnCurve(data.aStar);
        Bn254.requireOnCurve(data.bStar);
        adapterId = RecordHash.adapterId(address(this), data);
        if (_adapters[adapterId].owner != address(0)) revert AdapterExists(adapterId);
        _adapters[adapterId] = Adapter(data.owner, data.classId);
        emit AdapterRegistered(adapterId, data.owner, data);
    }

    /// @notice Proves and records the features G of a training set; the record becomes the adapter's current one.
    /// @param data as registered
    /// @param contributors payout address of each contributor, in the order of training.rows
    /// @param m commitment of the proof's mask
    /// @return recordId keccak256(abi.encode("zkattr.record.v1" hash, chain id, this, FeatureRecord))
    function registerFeatures(
        AdapterData calldata data,
        TrainingData calldata training,
        address[] calldata contributors,
        G1Point calldata g,
        G1Point calldata m,
        OpeningProof calldata opening,
        Groth16Proof calldata proof
    ) external returns (bytes32 recordId) {
        bytes32 adapterId = RecordHash.adapterId(address(this), data);
        address owner = _adapters[adapterId].owner;
        if (owner == address(0)) revert UnknownAdapter(adapterId);
        if (owner != msg.sender) revert NotAdapterOwner(msg.sender);
        if (contributors.length != training.rows.length) revert ListLength(training.rows.length, contributors.length);
        for (uint256 i; i < contributors.length; ++i) {
            if (contributors[i] == address(0)) revert ZeroAddress();
        }
        Bn254.requireOnCurve(g);

        FeatureRecord memory record = FeatureRecord({
            adapterId: adapterId,
            classId: data.classId,
            g: g,
            aStar: data.aStar,
            bStar: data.bStar,
            contributors: contributors,
            trainingHash: RecordHash.trainingHash(training)
        });
        recordId = RecordHash.recordId(address(this), record);
        if (recordAdapter[recordId] != 0) revert RecordExists(recordId);
        recordAdapter[recordId] = adapterId;
        currentRecord[adapterId] = recordId;
        _verify(recordId, data, training, g, m, opening, proof);
        emit FeaturesRegistered(recordId, adapterId, msg.sender, record, training);
    }

    /// @inheritdoc IAttributionRegistry
    function adapter(bytes32 adapterId) external view returns (address owner, uint32 classId) {
        Adapter memory found = _adapters[adapterId];
        if (found.owner == address(0)) revert UnknownAdapter(adapterId);
        return (found.owner, found.classId);
    }

    /// @dev Blocks: all present ones, at most 2^blocksLog, of equal height; boundaries from the row counts.
    function _verify(
        bytes32 recordId,
        AdapterData calldata data,
        TrainingData calldata training,
        G1Point calldata g,
        G1Point calldata m,
        OpeningProof calldata opening,
        Groth16Proof calldata proof
    ) private view {
        ClassShape memory shape = verifier.classShape(FEATURES, data.classId);
        if (training.dlt.length != training.x.length) revert ListLength(training.dlt.length, training.x.length);
        if (training.dlt.length > 1 << shape.blocksLog) revert ListTooLong(1 << shape.blocksLog, training.dlt.length);
        if (uint256(training.heightLog) + shape.blocksLog > shape.tokensLog) revert TokensOutOfRange(training.heightLog);
        Bn254.requireAllOnCurve(training.dlt);
        Bn254.requireAllOnCurve(training.x);
        verifier.verifyFeatures(
            FeaturesStatement({
                classId: data.classId,
                context: keccak256(abi.encode(RecordHash.FEATURES_CONTEXT, address(this), recordId, msg.sender)),
                tokensLog: training.heightLog + shape.blocksLog,
                dlt: training.dlt,
                x: training.x,
                b: data.b,
                a: data.a,
                g: g,
                m: m,
                boundaries: Boundaries.ofRows(training.rows, training.dlt.length << training.heightLog)
            }),
            opening,
            proof
        );
    }
}
