// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Datanets: contributed data, curated, frozen in snapshots that fix the order and the rows of each contributor.
interface IDatanetRegistry {
    enum ContributionStatus {
        None,
        Pending,
        Accepted,
        Rejected
    }

    /// @dev contentHash: of the content, or the Merkle root over `items` leaves keccak256(bytes.concat(keccak256(abi.encode(
    ///      index, contentHash, rows)))). Consent can be withdrawn and given again; snapshots that exist stay as they are.
    struct Contribution {
        uint256 datanetId;
        address contributor;
        uint32 rows;
        uint32 items;
        ContributionStatus status;
        bool consent;
        bytes32 contentHash;
    }

    error UnknownDatanet(uint256 datanetId);
    error NotDatanetOwner(uint256 datanetId, address caller);
    error NotPendingOwner(uint256 datanetId, address caller);
    error NotCurator(uint256 datanetId, address caller);
    error NotContributor(uint256 contributionId, address caller);
    error UnknownContribution(uint256 contributionId);
    error WrongContributionStatus(uint256 contributionId, ContributionStatus status);
    error DuplicateContent(uint256 datanetId, bytes32 contentHash);
    error EmptyContribution();
    error ConsentUnchanged(uint256 contributionId);
    error SnapshotOrder(uint256 index);
    error NotIncludable(uint256 contributionId);
    error SnapshotIncomplete(uint256 expected, uint256 got);
    error UnknownSnapshot(bytes32 snapshotId);
    error LayoutMismatch(bytes32 snapshotId);

    event DatanetCreated(uint256 indexed datanetId, address indexed owner, bytes32 policyHash, string uri);
    event DatanetUpdated(uint256 indexed datanetId, bytes32 policyHash, string uri);
    /// @notice owner 0: the proposal was withdrawn.
    event DatanetOwnerProposed(uint256 indexed datanetId, address indexed owner);
    event DatanetOwnerSet(uint256 indexed datanetId, address indexed owner);
    event CuratorSet(uint256 indexed datanetId, address indexed curator, bool enabled);
    event Contributed(uint256 indexed datanetId, uint256 indexed contributionId, address indexed contributor, bytes32 contentHash, uint32 rows, uint32 items, string uri);
    event Accepted(uint256 indexed datanetId, uint256 indexed contributionId, address curator);
    event Rejected(uint256 indexed datanetId, uint256 indexed contributionId, address curator, string reason);
    event ConsentSet(uint256 indexed datanetId, uint256 indexed contributionId, bool consent);
    event SnapshotCreated(uint256 indexed datanetId, bytes32 indexed snapshotId, uint256 version, uint256[] contributionIds, address[] contributors, uint32[] rows);

    /// @notice A new Datanet of the caller; ids count from 1.
    function createDatanet(bytes32 policyHash, string calldata uri) external returns (uint256 datanetId);
    /// @notice Owner only; snapshots that exist stay as they are.
    function updateDatanet(uint256 datanetId, bytes32 policyHash, string calldata uri) external;
    /// @notice Owner only: proposes another owner, who has to accept; 0 withdraws the proposal.
    function transferDatanet(uint256 datanetId, address owner) external;
    /// @notice The proposed owner only. Curators stay until the new owner removes them.
    function acceptDatanet(uint256 datanetId) external;
    /// @notice Owner only, who is a curator without it.
    function setCurator(uint256 datanetId, address curator, bool enabled) external;

    /// @notice Contributes one item of the caller's data; pending until a curator decides. Content is unique among
    ///         what is pending or accepted in a Datanet; the hash of a rejected contribution is free again.
    function contribute(uint256 datanetId, bytes32 contentHash, uint32 rows, string calldata uri) external returns (uint256 contributionId);
    /// @notice Contributes `items` items under one Merkle root, `rows` rows in all.
    function contributeBatch(uint256 datanetId, bytes32 root, uint32 items, uint32 rows, string calldata uri) external returns (uint256 contributionId);
    /// @notice Curators of each contribution's Datanet; pending ones only.
    function accept(uint256[] calldata contributionIds) external;
    /// @notice Curators; final. An accepted contribution can still be rejected: it is left out from the next snapshot on.
    function reject(uint256 contributionId, string calldata reason) external;
    /// @notice Contributor only, at any time; takes effect from the next snapshot.
    function setConsent(uint256 contributionId, bool consent) external;

    /// @notice Freezes all accepted, consented contributions of a Datanet. Owner or curator. `contributionIds`: every one of them,
    ///         ascending by (contributor, id): contributors are ordered by address, each with its rows in one interval. A
    ///         contributor that withdraws or gives its consent before the call is included makes it revert: send it again with
    ///         the list as it is then, or reject who does so on purpose.
    function createSnapshot(uint256 datanetId, uint256[] calldata contributionIds) external returns (bytes32 snapshotId);

    /// @notice Reverts unless the snapshot has exactly these contributors with these rows, in this order.
    function requireLayout(bytes32 snapshotId, address[] calldata contributors, uint32[] calldata rows) external view;
    function snapshotExists(bytes32 snapshotId) external view returns (bool);
    /// @notice Whether a batch holds the item.
    function verifyItem(uint256 contributionId, uint32 index, bytes32 contentHash, uint32 rows, bytes32[] calldata proof) external view returns (bool);
    /// @notice status None for an unknown one.
    function contribution(uint256 contributionId) external view returns (Contribution memory);
    /// @notice The pending or accepted contribution of this content, 0 without one.
    function contributionOf(uint256 datanetId, bytes32 contentHash) external view returns (uint256 contributionId);
    /// @notice owner 0 for an unknown one.
    function datanet(uint256 datanetId) external view returns (address owner, uint32 activeContributions, uint32 snapshots, bytes32 latestSnapshot);
    function pendingOwner(uint256 datanetId) external view returns (address);
    /// @notice The owner, and whom it enabled.
    function isCurator(uint256 datanetId, address account) external view returns (bool);
}
