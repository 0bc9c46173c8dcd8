// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAttributionVerifier} from "../interfaces/IAttributionVerifier.sol";
import {IDatanetRegistry} from "../interfaces/IDatanetRegistry.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {IParameters} from "../interfaces/IParameters.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {IVerifierGateway} from "../interfaces/IVerifierGateway.sol";
import {Bn254} from "../libraries/Bn254.sol";
import {Boundaries} from "../libraries/Boundaries.sol";
import {RecordHash} from "../libraries/RecordHash.sol";
import {Module, Role} from "../types/Economy.sol";
import "../types/Errors.sol";
import "../types/Types.sol";

/// @title Models, adapters and proved features
/// @notice Stores ids only; the data is in events and is handed in again when needed. A features record exists only because R1
///         was verified for it, over the contributors and rows of the Datanet snapshot that its adapter names.
/// @dev Who is paid is thus fixed by the snapshot; that the committed rows are the snapshot's content is what a challenge is about.
contract ModelRegistry is IModelRegistry {
    uint256 private constant FEATURES = 1;

    struct Adapter {
        address owner;
        uint32 classId;
    }

    struct Record {
        bytes32 adapterId;
        RecordStatus status;
        uint64 challengedAt;
    }

    IParameters public immutable parameters;
    IStakeVault public immutable stakes;
    IDatanetRegistry public immutable datanets;
    IVerifierGateway public immutable gateway;
    address public immutable court;

    /// @inheritdoc IModelRegistry
    mapping(bytes32 modelHash => address) public modelRegistrant;
    mapping(bytes32 adapterId => Adapter) private _adapters;
    mapping(bytes32 adapterId => bytes32) private _latest;
    mapping(bytes32 recordId => Record) private _records;

    constructor(IParameters parameters_, IStakeVault stakes_, IDatanetRegistry datanets_, IVerifierGateway gateway_, address court_) {
        if (
            address(parameters_) == address(0) || address(stakes_) == address(0) || address(datanets_) == address(0)
                || address(gateway_) == address(0) || court_ == address(0)
        ) revert ZeroAddress();
        (parameters, stakes, datanets, gateway, court) = (parameters_, stakes_, datanets_, gateway_, court_);
    }

    modifier onlyCourt() {
        if (msg.sender != court) revert NotCourt(msg.sender);
        _;
    }

    // ---- models and adapters ----

    /// @inheritdoc IModelRegistry
    /// @dev Reverts UnknownModel for 0, ModelExists. Names, and no more: being first gives no right over the model.
    function registerModel(bytes32 modelHash, string calldata uri) external {
        if (modelHash == 0) revert UnknownModel(modelHash);
        if (modelRegistrant[modelHash] != address(0)) revert ModelExists(modelHash);
        modelRegistrant[modelHash] = msg.sender;
        emit ModelRegistered(modelHash, msg.sender, uri);
    }

    /// @inheritdoc IModelRegistry
    /// @dev Reverts ModulePaused, NotAdapterOwner, UnknownModel, UnknownSnapshot, ClassWithoutVerifier, PointAtInfinity,
    ///      PointNotOnCurve, AdapterExists.
    /// @return adapterId keccak256(abi.encode("zkattr.adapter.v1" hash, chain id, this, AdapterData))
    function registerAdapter(AdapterData calldata data) external returns (bytes32 adapterId) {
        parameters.requireLive(Module.Registrations);
        if (data.owner != msg.sender) revert NotAdapterOwner(msg.sender);
        if (modelRegistrant[data.modelHash] == address(0)) revert UnknownModel(data.modelHash);
        if (!datanets.snapshotExists(data.snapshotId)) revert IDatanetRegistry.UnknownSnapshot(data.snapshotId);
        gateway.liveSelector(FEATURES, data.classId); // reverts ClassWithoutVerifier
        Bn254.requireOnCurve(data.a);
        Bn254.requireOnCurve(data.b);
        Bn254.requireOnCurve(data.aStar);
        Bn254.requireOnCurve(data.bStar);
        adapterId = RecordHash.adapterId(address(this), data);
        if (_adapters[adapterId].owner != address(0)) revert AdapterExists(adapterId);
        _adapters[adapterId] = Adapter(data.owner, data.classId);
        emit AdapterRegistered(adapterId, data.owner, data);
    }

    // ---- features ----

    /// @inheritdoc IModelRegistry
    /// @dev The record becomes the adapter's current one. Reverts ModulePaused, UnknownAdapter, NotAdapterOwner, StakeTooLow,
    ///      LayoutMismatch, NotLive, WrongClass, RecordExists, and what the points, the lists and the verifier refuse.
    /// @param data as registered
    /// @param contributors of the snapshot, in the order of training.rows
    /// @param m commitment of the proof's mask
    /// @return recordId keccak256(abi.encode("zkattr.record.v1" hash, chain id, this, FeatureRecord))
    function registerFeatures(
        AdapterData calldata data,
        TrainingData calldata training,
        address[] calldata contributors,
        G1Point calldata g,
        G1Point calldata m,
        bytes32 selector,
        OpeningProof calldata opening,
        Groth16Proof calldata proof
    ) external returns (bytes32 recordId) {
        parameters.requireLive(Module.Registrations);
        bytes32 adapterId = _requireRegistrant(data);
        datanets.requireLayout(data.snapshotId, contributors, training.rows);
        IAttributionVerifier verifier = gateway.resolve(selector, FEATURES, data.classId);
        Bn254.requireOnCurve(g);

        FeatureRecord memory created = FeatureRecord({
            adapterId: adapterId,
            classId: data.classId,
            g: g,
            aStar: data.aStar,
            bStar: data.bStar,
            contributors: contributors,
            trainingHash: RecordHash.trainingHash(training)
        });
        recordId = RecordHash.recordId(address(this), created);
        if (_records[recordId].status != RecordStatus.Unknown) revert RecordExists(recordId);
        _records[recordId] = Record(adapterId, RecordStatus.Proved, 0);
        _latest[adapterId] = recordId;
        emit FeaturesRegistered(recordId, adapterId, msg.sender, created, training, selector);
        verifier.verifyFeatures(_statement(verifier, recordId, data, training, g, m), opening, proof);
    }

    // ---- court ----

    /// @inheritdoc IModelRegistry
    /// @dev Reverts NotCourt, RecordNotProved. The record stays the current one; nothing settles under it meanwhile.
    function challengeRecord(bytes32 recordId) external onlyCourt {
        requireProved(recordId);
        Record storage r = _records[recordId];
        (r.status, r.challengedAt) = (RecordStatus.Challenged, uint64(block.timestamp));
        emit RecordChallenged(recordId);
    }

    /// @inheritdoc IModelRegistry
    /// @dev Reverts NotCourt, RecordNotChallenged. A revoked record is never proved again: registerFeatures refuses its id.
    function resolveRecord(bytes32 recordId, bool revoked) external onlyCourt {
        Record storage r = _records[recordId];
        if (r.status != RecordStatus.Challenged) revert RecordNotChallenged(recordId, r.status);
        r.status = revoked ? RecordStatus.Revoked : RecordStatus.Proved;
        if (revoked) emit RecordRevoked(recordId);
        else emit RecordCleared(recordId);
    }

    // ---- views ----

    /// @inheritdoc IModelRegistry
    /// @dev Reverts UnknownAdapter.
    function adapter(bytes32 adapterId) external view returns (address owner, uint32 classId) {
        Adapter memory found = _adapters[adapterId];
        if (found.owner == address(0)) revert UnknownAdapter(adapterId);
        return (found.owner, found.classId);
    }

    /// @inheritdoc IModelRegistry
    /// @dev After a revocation there is none until its owner proves another; an older one does not come back.
    function currentRecord(bytes32 adapterId) external view returns (bytes32 recordId) {
        recordId = _latest[adapterId];
        if (_records[recordId].status == RecordStatus.Revoked) return 0;
    }

    /// @inheritdoc IModelRegistry
    function record(bytes32 recordId) external view returns (bytes32 adapterId, RecordStatus status, uint64 challengedAt) {
        Record memory r = _records[recordId];
        return (r.adapterId, r.status, r.challengedAt);
    }

    /// @inheritdoc IModelRegistry
    function requireProved(bytes32 recordId) public view {
        RecordStatus status = _records[recordId].status;
        if (status != RecordStatus.Proved) revert RecordNotProved(recordId, status);
    }

    // ---- internals ----

    /// @dev The adapter is registered, its owner calls, and has the stake that a false record would cost.
    function _requireRegistrant(AdapterData calldata data) private view returns (bytes32 adapterId) {
        adapterId = RecordHash.adapterId(address(this), data);
        address owner = _adapters[adapterId].owner;
        if (owner == address(0)) revert UnknownAdapter(adapterId);
        if (owner != msg.sender) revert NotAdapterOwner(msg.sender);
        uint256 staked = stakes.active(Role.Adapter, owner);
        uint256 least = parameters.stakes().adapter;
        if (staked < least) revert IStakeVault.StakeTooLow(Role.Adapter, owner, staked, least);
    }

    /// @dev Blocks: all present ones, at most 2^blocksLog, of equal height; boundaries from the row counts.
    function _statement(
        IAttributionVerifier verifier,
        bytes32 recordId,
        AdapterData calldata data,
        TrainingData calldata training,
        G1Point calldata g,
        G1Point calldata m
    ) private view returns (FeaturesStatement memory) {
        ClassShape memory shape = verifier.classShape(FEATURES, data.classId);
        if (training.dlt.length != training.x.length) revert ListLength(training.dlt.length, training.x.length);
        if (training.dlt.length > 1 << shape.blocksLog) revert ListTooLong(1 << shape.blocksLog, training.dlt.length);
        if (uint256(training.heightLog) + shape.blocksLog > shape.tokensLog) revert TokensOutOfRange(training.heightLog);
        Bn254.requireAllOnCurve(training.dlt);
        Bn254.requireAllOnCurve(training.x);
        return FeaturesStatement({
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
        });
    }
}
