// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import "../types/Economy.sol";
import "../types/Types.sol";
import {IModelRegistry} from "./IModelRegistry.sol";

/// @notice Inference nodes, payments for inferences, and blocks of committed inferences.
/// @dev Balance = fees of payments that are funded or committed. An inference lies in one block; a block is settled once; the
///      same pair of commitments is taken once.
interface IInferenceRegistry {
    enum PaymentStatus {
        None,
        Funded,
        Committed,
        Paid,
        Refunded
    }

    enum BlockStatus {
        None,
        Committed,
        Challenged,
        Rejected,
        Settled
    }

    struct PaymentState {
        address payer;
        uint80 fee;
        PaymentStatus status;
        uint64 deadline;
    }

    /// @dev refundableFrom: least deadline of its payments. challengedAt: last challenge, 0 for none.
    struct BlockState {
        address node;
        BlockStatus status;
        uint40 refundableFrom;
        uint40 reservedUntil;
        uint40 committedAt;
        uint40 challengedAt;
    }

    /// @dev What a settlement takes: boundaries, contributors' part of each fee, keys, block ids; node shares by block; sums.
    struct Taken {
        uint256 heightLog;
        uint256[] boundaries;
        uint256[] fees;
        bytes32[] keys;
        bytes32[] blockIds;
        uint256[] nodeShares;
        uint256 feeSum;
        uint256 contributorSum;
        uint256 proverShare;
        uint256 auditorShare;
        uint256 treasuryShare;
        Credit[] zeroRefunds;
    }

    error NotActiveNode(address node);
    error NodeExists(address node);
    error NotANode(address account);
    error CommitmentUsed(bytes32 commitmentHash);
    error CommitmentExpired(uint256 validUntil);
    error BadSignature(address signer);
    error NotSettlement(address caller);
    error NotMarket(address caller);
    error NotCourt(address caller);
    error WrongBlockStatus(bytes32 blockId, BlockStatus status);
    error BlockReserved(bytes32 blockId, uint256 until);
    error NotOperator(bytes32 blockId, address caller);
    error RefundableBefore(bytes32 blockId, uint256 refundableFrom);

    event NodeRegistered(address indexed node, address operator, string uri);
    event NodeUpdated(address indexed node, address operator, string uri);
    event NodeRetired(address indexed node);
    event FeePaid(bytes32 indexed key, address indexed payer, address indexed node, bytes32 adapterId, bytes32 requestHash, uint256 nonce, uint256 fee, uint256 deadline);
    event BlockCommitted(bytes32 indexed blockId, address indexed node, bytes32 indexed recordId, bytes32 adapterId, BlockRecord data, Inference[] inferences, bytes32 receiptHash);
    event BlockReservedUntil(bytes32 indexed blockId, uint256 until);
    event BlockChallenged(bytes32 indexed blockId);
    event BlockCleared(bytes32 indexed blockId);
    event BlockRejected(bytes32 indexed blockId);
    event BlockSettledBy(bytes32 indexed blockId);
    event Refunded(bytes32 indexed key, address indexed payer, uint256 fee);

    /// @notice The caller becomes an inference node; it needs the node stake. `operator`: who may request proofs of its blocks
    ///         besides the node (a coordinator), 0 for none.
    function registerNode(address operator, string calldata uri) external;
    function updateNode(address operator, string calldata uri) external;
    function retireNode() external;
    /// @notice Registered, not retired, with the least stake active.
    function isActiveNode(address node) external view returns (bool);
    function nodeOperator(address node) external view returns (address);

    /// @notice Pays inferences: msg.value = sum of fees, or msg.value = 0 and wrapped OPEN by allowance.
    function pay(Payment[] calldata list) external payable returns (bytes32[] memory keys);
    /// @notice The same with a permit for the wrapped OPEN; a permit that was used already does no harm.
    function payWithPermit(Payment[] calldata list, uint256 permitDeadline, uint8 v, bytes32 r, bytes32 s) external returns (bytes32[] memory keys);
    /// @notice Commits a block of the caller.
    function commitBlock(BlockCommitment calldata commitment) external returns (bytes32 blockId);
    /// @notice Commits blocks that their nodes signed (EIP-712, ERC-1271). All or none.
    function commitSigned(BlockCommitment[] calldata commitments, bytes[] calldata signatures) external returns (bytes32[] memory blockIds);
    /// @notice Returns unsettled fees to their payers' open balances: after the deadline. Anyone.
    function refund(bytes32[] calldata keys) external;
    /// @notice Returns the fees of a rejected block at once. Anyone.
    function refundRejected(bytes32 recordId, BlockRecord calldata data) external;

    /// @notice Market only: nobody else settles these blocks before `until`. `requester` is node or operator of each.
    function reserve(bytes32[] calldata blockIds, address requester, uint256 until) external;
    function unreserve(bytes32[] calldata blockIds) external;
    /// @notice Settlement only: marks blocks and payments, moves the fees to the reward vault, returns what R2 is about.
    function takeBlocks(bytes32 recordId, BlockRecord[] calldata blocks, uint256 zeroQueries, bool reserved) external returns (Taken memory);

    /// @notice Court only.
    function challengeBlock(bytes32 blockId) external;
    function resolveBlock(bytes32 blockId, bool rejected) external;
    /// @notice Marks the paid inferences of a settled job as refunded; returns who gets what. The vault moves the money.
    function reverseBlocks(bytes32 recordId, BlockRecord[] calldata blocks) external returns (Credit[] memory refunds);

    /// @notice The registry of the records that blocks pin.
    function models() external view returns (IModelRegistry);
    function payment(bytes32 key) external view returns (PaymentState memory);
    function blockState(bytes32 blockId) external view returns (BlockState memory);
    function paymentKey(address node, bytes32 adapterId, bytes32 requestHash, uint256 nonce) external pure returns (bytes32);
    /// @notice EIP-712 digests that nodes sign.
    function commitmentDigest(BlockCommitment calldata commitment) external view returns (bytes32);
    function receiptDigest(Receipt calldata receipt) external view returns (bytes32);
    function openingDigest(OpeningClaim calldata claim) external view returns (bytes32);
}
