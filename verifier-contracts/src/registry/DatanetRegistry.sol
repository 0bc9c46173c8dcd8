// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {IDatanetRegistry} from "../interfaces/IDatanetRegistry.sol";
import {RecordHash} from "../libraries/RecordHash.sol";
import {EmptyList, RowsOverflow, ZeroAddress} from "../types/Errors.sol";

/// @title Datanets: who contributed which rows
/// @notice Anyone contributes; curators accept; a snapshot freezes everything that is accepted and consented to, in one order that
///         follows from the contributions alone. An adapter trained on a snapshot has no say in who is paid, or in what order.
/// @dev Strangers can add pending contributions without limit, but each one's cost is its own: no loop runs over them. The one
///      loop over contributions, in createSnapshot, runs over what curators accepted. No money, no calls to others.
contract DatanetRegistry is IDatanetRegistry {
    /// @dev activeContributions: accepted with consent, what the next snapshot must hold.
    struct Datanet {
        address owner;
        uint32 activeContributions;
        uint32 snapshots;
        address pendingOwner;
        bytes32 latestSnapshot;
    }

    uint256 public datanetCount;
    uint256 public contributionCount;

    mapping(uint256 datanetId => Datanet) private _datanets;
    mapping(uint256 datanetId => mapping(address account => bool)) private _curators;
    mapping(uint256 contributionId => Contribution) private _contributions;
    mapping(bytes32 snapshotId => bytes32) private _layouts;
    /// @inheritdoc IDatanetRegistry
    mapping(uint256 datanetId => mapping(bytes32 contentHash => uint256)) public contributionOf;

    modifier onlyDatanetOwner(uint256 datanetId) {
        if (_requireDatanet(datanetId).owner != msg.sender) revert NotDatanetOwner(datanetId, msg.sender);
        _;
    }

    // ---- owner ----

    /// @inheritdoc IDatanetRegistry
    function createDatanet(bytes32 policyHash, string calldata uri) external returns (uint256 datanetId) {
        datanetId = ++datanetCount;
        _datanets[datanetId].owner = msg.sender;
        emit DatanetCreated(datanetId, msg.sender, policyHash, uri);
    }

    /// @inheritdoc IDatanetRegistry
    function updateDatanet(uint256 datanetId, bytes32 policyHash, string calldata uri) external onlyDatanetOwner(datanetId) {
        emit DatanetUpdated(datanetId, policyHash, uri);
    }

    /// @inheritdoc IDatanetRegistry
    function transferDatanet(uint256 datanetId, address owner) external onlyDatanetOwner(datanetId) {
        _datanets[datanetId].pendingOwner = owner;
        emit DatanetOwnerProposed(datanetId, owner);
    }

    /// @inheritdoc IDatanetRegistry
    function acceptDatanet(uint256 datanetId) external {
        Datanet storage d = _requireDatanet(datanetId);
        if (d.pendingOwner != msg.sender) revert NotPendingOwner(datanetId, msg.sender);
        d.owner = msg.sender;
        delete d.pendingOwner;
        emit DatanetOwnerSet(datanetId, msg.sender);
    }

    /// @inheritdoc IDatanetRegistry
    function setCurator(uint256 datanetId, address curator, bool enabled) external onlyDatanetOwner(datanetId) {
        if (curator == address(0)) revert ZeroAddress();
        _curators[datanetId][curator] = enabled;
        emit CuratorSet(datanetId, curator, enabled);
    }

    // ---- contributors ----

    /// @inheritdoc IDatanetRegistry
    /// @dev Reverts UnknownDatanet, EmptyContribution, DuplicateContent. Who copies a hash out of the mempool to be first has no
    ///      content to show for it: the curator rejects it, and the hash is free again.
    function contribute(uint256 datanetId, bytes32 contentHash, uint32 rows, string calldata uri) external returns (uint256) {
        return _contribute(datanetId, contentHash, rows, 1, uri);
    }

    /// @inheritdoc IDatanetRegistry
    /// @dev As contribute. Whether the items' rows add up to `rows` is for the curator to check.
    function contributeBatch(uint256 datanetId, bytes32 root, uint32 items, uint32 rows, string calldata uri) external returns (uint256) {
        return _contribute(datanetId, root, rows, items, uri);
    }

    /// @inheritdoc IDatanetRegistry
    /// @dev Reverts UnknownContribution, NotContributor, ConsentUnchanged. The consent of a pending contribution counts when it is
    ///      accepted; that of a rejected one never.
    function setConsent(uint256 contributionId, bool consent) external {
        Contribution storage c = _requireContribution(contributionId);
        if (c.contributor != msg.sender) revert NotContributor(contributionId, msg.sender);
        if (c.consent == consent) revert ConsentUnchanged(contributionId);
        c.consent = consent;
        uint256 datanetId = c.datanetId;
        if (c.status == ContributionStatus.Accepted) {
            if (consent) ++_datanets[datanetId].activeContributions;
            else --_datanets[datanetId].activeContributions;
        }
        emit ConsentSet(datanetId, contributionId, consent);
    }

    // ---- curators ----

    /// @inheritdoc IDatanetRegistry
    /// @dev Reverts EmptyList, UnknownContribution, NotCurator, WrongContributionStatus.
    function accept(uint256[] calldata contributionIds) external {
        if (contributionIds.length == 0) revert EmptyList();
        for (uint256 i; i < contributionIds.length; ++i) {
            uint256 id = contributionIds[i];
            Contribution storage c = _requireContribution(id);
            uint256 datanetId = c.datanetId;
            _requireCurator(datanetId);
            if (c.status != ContributionStatus.Pending) revert WrongContributionStatus(id, c.status);
            c.status = ContributionStatus.Accepted;
            if (c.consent) ++_datanets[datanetId].activeContributions;
            emit Accepted(datanetId, id, msg.sender);
        }
    }

    /// @inheritdoc IDatanetRegistry
    /// @dev Reverts UnknownContribution, NotCurator, WrongContributionStatus.
    function reject(uint256 contributionId, string calldata reason) external {
        Contribution storage c = _requireContribution(contributionId);
        (uint256 datanetId, ContributionStatus status) = (c.datanetId, c.status);
        _requireCurator(datanetId);
        if (status == ContributionStatus.Rejected) revert WrongContributionStatus(contributionId, status);
        c.status = ContributionStatus.Rejected;
        if (status == ContributionStatus.Accepted && c.consent) --_datanets[datanetId].activeContributions;
        delete contributionOf[datanetId][c.contentHash];
        emit Rejected(datanetId, contributionId, msg.sender, reason);
    }

    /// @inheritdoc IDatanetRegistry
    /// @dev Reverts UnknownDatanet, NotCurator, EmptyList, SnapshotIncomplete, NotIncludable, SnapshotOrder, RowsOverflow.
    ///      All are there: the ids are as many as there are active contributions, each one is active, and no two are the same
    ///      because the order is strict.
    function createSnapshot(uint256 datanetId, uint256[] calldata contributionIds) external returns (bytes32 snapshotId) {
        Datanet storage d = _requireDatanet(datanetId);
        _requireCurator(datanetId);
        if (contributionIds.length == 0) revert EmptyList();
        if (contributionIds.length != d.activeContributions) revert SnapshotIncomplete(d.activeContributions, contributionIds.length);
        (address[] memory contributors, uint32[] memory rows, bytes32[] memory contentHashes) = _collect(datanetId, contributionIds);
        uint32 version = ++d.snapshots;
        bytes32 layoutDigest = RecordHash.layoutHash(contributors, rows);
        snapshotId = RecordHash.snapshotId(address(this), datanetId, version, layoutDigest, contributionIds, contentHashes);
        _layouts[snapshotId] = layoutDigest;
        d.latestSnapshot = snapshotId;
        emit SnapshotCreated(datanetId, snapshotId, version, contributionIds, contributors, rows);
    }

    // ---- views ----

    /// @inheritdoc IDatanetRegistry
    function requireLayout(bytes32 snapshotId, address[] calldata contributors, uint32[] calldata rows) external view {
        bytes32 layoutDigest = _layouts[snapshotId];
        if (layoutDigest == 0) revert UnknownSnapshot(snapshotId);
        if (layoutDigest != RecordHash.layoutHash(contributors, rows)) revert LayoutMismatch(snapshotId);
    }

    /// @inheritdoc IDatanetRegistry
    function snapshotExists(bytes32 snapshotId) external view returns (bool) {
        return _layouts[snapshotId] != 0;
    }

    /// @inheritdoc IDatanetRegistry
    function verifyItem(uint256 contributionId, uint32 index, bytes32 contentHash, uint32 rows, bytes32[] calldata proof)
        external
        view
        returns (bool)
    {
        Contribution storage c = _contributions[contributionId];
        return index < c.items && MerkleProof.verifyCalldata(proof, c.contentHash, RecordHash.itemLeaf(index, contentHash, rows));
    }

    /// @inheritdoc IDatanetRegistry
    function contribution(uint256 contributionId) external view returns (Contribution memory) {
        return _contributions[contributionId];
    }

    /// @inheritdoc IDatanetRegistry
    function datanet(uint256 datanetId)
        external
        view
        returns (address owner, uint32 activeContributions, uint32 snapshots, bytes32 latestSnapshot)
    {
        Datanet storage d = _datanets[datanetId];
        return (d.owner, d.activeContributions, d.snapshots, d.latestSnapshot);
    }

    /// @inheritdoc IDatanetRegistry
    function pendingOwner(uint256 datanetId) external view returns (address) {
        return _datanets[datanetId].pendingOwner;
    }

    /// @inheritdoc IDatanetRegistry
    function isCurator(uint256 datanetId, address account) public view returns (bool) {
        // account 0 would equal the owner of a Datanet that does not exist
        return account != address(0) && (_curators[datanetId][account] || _datanets[datanetId].owner == account);
    }

    // ---- internals ----

    function _contribute(uint256 datanetId, bytes32 contentHash, uint32 rows, uint32 items, string calldata uri)
        private
        returns (uint256 contributionId)
    {
        _requireDatanet(datanetId);
        if (contentHash == 0 || rows == 0 || items == 0) revert EmptyContribution();
        if (contributionOf[datanetId][contentHash] != 0) revert DuplicateContent(datanetId, contentHash);
        contributionId = ++contributionCount;
        contributionOf[datanetId][contentHash] = contributionId;
        _contributions[contributionId] = Contribution({
            datanetId: datanetId,
            contributor: msg.sender,
            rows: rows,
            items: items,
            status: ContributionStatus.Pending,
            consent: true,
            contentHash: contentHash
        });
        emit Contributed(datanetId, contributionId, msg.sender, contentHash, rows, items, uri);
    }

    /// @dev Contributors in address order, each once, with the sum of its rows; contents in the order of the ids.
    function _collect(uint256 datanetId, uint256[] calldata contributionIds)
        private
        view
        returns (address[] memory contributors, uint32[] memory rows, bytes32[] memory contentHashes)
    {
        contributors = new address[](contributionIds.length);
        rows = new uint32[](contributionIds.length);
        contentHashes = new bytes32[](contributionIds.length);
        uint256 count;
        address last;
        for (uint256 i; i < contributionIds.length; ++i) {
            uint256 id = contributionIds[i];
            Contribution memory c = _contributions[id];
            if (c.datanetId != datanetId || c.status != ContributionStatus.Accepted || !c.consent) revert NotIncludable(id);
            if (c.contributor < last || (c.contributor == last && id <= contributionIds[i - 1])) revert SnapshotOrder(i);
            if (c.contributor != last) contributors[count++] = last = c.contributor; // never 0: contributors are callers
            uint256 sum = uint256(rows[count - 1]) + c.rows;
            if (sum > type(uint32).max) revert RowsOverflow(type(uint32).max, sum);
            rows[count - 1] = uint32(sum);
            contentHashes[i] = c.contentHash;
        }
        assembly ("memory-safe") {
            mstore(contributors, count) // at most its length
            mstore(rows, count)
        }
    }

    function _requireDatanet(uint256 datanetId) private view returns (Datanet storage d) {
        d = _datanets[datanetId];
        if (d.owner == address(0)) revert UnknownDatanet(datanetId);
    }

    function _requireContribution(uint256 contributionId) private view returns (Contribution storage c) {
        c = _contributions[contributionId];
        if (c.status == ContributionStatus.None) revert UnknownContribution(contributionId);
    }

    function _requireCurator(uint256 datanetId) private view {
        if (!isCurator(datanetId, msg.sender)) revert NotCurator(datanetId, msg.sender);
    }
}
