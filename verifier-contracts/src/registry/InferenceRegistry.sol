// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IInferenceRegistry} from "../interfaces/IInferenceRegistry.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {IParameters} from "../interfaces/IParameters.sol";
import {IRewardVault} from "../interfaces/IRewardVault.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {IVerifierGateway} from "../interfaces/IVerifierGateway.sol";
import {IWrappedOpen} from "../interfaces/IWrappedOpen.sol";
import {Bn254} from "../libraries/Bn254.sol";
import {Boundaries} from "../libraries/Boundaries.sol";
import {FeeSplit} from "../libraries/FeeSplit.sol";
import {RecordHash} from "../libraries/RecordHash.sol";
import {SignedTypes} from "../libraries/SignedTypes.sol";
import "../types/Economy.sol";
import "../types/Errors.sol";
import "../types/Types.sol";
import {InferenceNodes} from "./InferenceNodes.sol";
import {InferencePayments} from "./InferencePayments.sol";

/// @title Blocks of committed inferences
/// @notice Committed -> Settled, or Committed -> Challenged -> Committed or Rejected; a settled block that the court reverses
///         becomes Rejected. Stores ids and states; the data of a block is in its event and is handed in again.
/// @dev No owner: every address with a role is immutable.
contract InferenceRegistry is InferencePayments, EIP712 {
    using SafeERC20 for IERC20;

    uint256 private constant PAYOUT = 2;

    /// @dev What blocks of one adapter are held to: the record that they pin, and the class.
    struct Serving {
        bytes32 adapterId;
        bytes32 recordId;
        ClassShape shape;
    }

    /// @dev How far a settlement has come: queries, zero refunds, the split of the block at hand.
    struct Cursor {
        uint256 query;
        uint256 zeros;
        uint32 splitId;
        Split split;
    }

    IVerifierGateway public immutable gateway;
    address public immutable settlement;
    address public immutable market;
    address public immutable court;
    address public immutable facts;

    mapping(bytes32 blockId => BlockState) private _blocks;
    /// @notice Whether a pair of commitments was taken: keccak256(abi.encode(dlt, x)).
    mapping(bytes32 commitmentHash => bool) public commitmentUsed;

    modifier onlyMarket() {
        if (msg.sender != market) revert NotMarket(msg.sender);
        _;
    }

    modifier onlyCourts() {
        if (msg.sender != court && msg.sender != facts) revert NotCourt(msg.sender);
        _;
    }

    constructor(
        IWrappedOpen open_,
        IParameters parameters_,
        IStakeVault stakes_,
        IModelRegistry models_,
        IVerifierGateway gateway_,
        IRewardVault vault_,
        address settlement_,
        address market_,
        address court_,
        address facts_
    ) InferenceNodes(parameters_, stakes_) InferencePayments(open_, models_, vault_) EIP712("zkattr inference", "1") {
        if (
            address(gateway_) == address(0) || settlement_ == address(0) || market_ == address(0) || court_ == address(0)
                || facts_ == address(0)
        ) revert ZeroAddress();
        gateway = gateway_;
        settlement = settlement_;
        market = market_;
        court = court_;
        facts = facts_;
    }

    // ---- commit ----

    /// @notice Commits a block of the caller: 2^heightLog rows, every inference paid for and in no other block.
    /// @dev Pins the adapter's current record and the current split, so that nobody can pick others later.
    /// @return blockId RecordHash.blockId(this, record id, BlockRecord), dataHash = keccak256(abi.encode(inferences, receiptHash))
    function commitBlock(BlockCommitment calldata commitment) external nonReentrant returns (bytes32 blockId) {
        parameters.requireLive(Module.Commitments);
        if (msg.sender != commitment.node) revert BadSignature(commitment.node);
        return _commit(commitment, _serving(commitment.adapterId));
    }

    /// @notice Commits blocks that their nodes signed; anyone may send them, until their validUntil. All or none.
    /// @dev A signature is used up by what it commits: its commitments and payments are taken once.
    function commitSigned(BlockCommitment[] calldata commitments, bytes[] calldata signatures)
        external
        nonReentrant
        returns (bytes32[] memory blockIds)
    {
        parameters.requireLive(Module.Commitments);
        if (commitments.length == 0) revert EmptyList();
        if (signatures.length != commitments.length) revert ListLength(commitments.length, signatures.length);
        blockIds = new bytes32[](commitments.length);
        Serving memory serving;
        for (uint256 i; i < commitments.length; ++i) {
            BlockCommitment calldata c = commitments[i];
            if (!SignatureChecker.isValidSignatureNowCalldata(c.node, commitmentDigest(c), signatures[i])) revert BadSignature(c.node);
            // A signing contract is asked without leave to change state: what was read for the adapter still holds.
            if (i == 0 || c.adapterId != serving.adapterId) serving = _serving(c.adapterId);
            blockIds[i] = _commit(c, serving);
        }
    }

    /// @inheritdoc IInferenceRegistry
    function refundRejected(bytes32 recordId, BlockRecord calldata data) external nonReentrant {
        bytes32 id = RecordHash.blockId(address(this), recordId, data);
        _requireStatus(id, BlockStatus.Rejected);
        for (uint256 i; i < data.inferences.length; ++i) {
            bytes32 key = data.inferences[i].key;
            // Others were refunded before: after their deadline, or when the court reversed the block.
            if (_payments[key].status == PaymentStatus.Committed) _refund(key);
        }
    }

    // ---- market ----

    /// @notice Market only: nobody else settles these blocks up to and including `until`. Every one is committed, not reserved,
    ///         and not refundable before the reservation ends; `requester` is its node or the node's operator.
    function reserve(bytes32[] calldata blockIds, address requester, uint256 until) external onlyMarket {
        for (uint256 i; i < blockIds.length; ++i) {
            bytes32 id = blockIds[i];
            BlockState storage state = _requireStatus(id, BlockStatus.Committed);
            if (block.timestamp <= state.reservedUntil) revert BlockReserved(id, state.reservedUntil);
            // Without an operator, nobody is it.
            if (requester != state.node && (requester == address(0) || requester != nodeOperator(state.node))) revert NotOperator(id, requester);
            if (until >= state.refundableFrom) revert RefundableBefore(id, state.refundableFrom);
            state.reservedUntil = uint40(until); // < refundableFrom
            emit BlockReservedUntil(id, until);
        }
    }

    /// @notice Market only: ends reservations before their time. A request whose deadline is over holds none any more: its
    ///         blocks may be another request's by then, so the market must not call this for it.
    function unreserve(bytes32[] calldata blockIds) external onlyMarket {
        for (uint256 i; i < blockIds.length; ++i) {
            _blocks[blockIds[i]].reservedUntil = 0;
            emit BlockReservedUntil(blockIds[i], 0);
        }
    }

    // ---- settlement ----

    /// @notice Settlement only: marks blocks and payments as settled and moves their fees to the reward vault.
    /// @dev The same block twice finds itself settled. A query that was refunded after its deadline counts with fee 0, so that
    ///      it cannot block its neighbours. Bits of zeroQueries beyond the queries mean nothing here: the proof sets them for
    ///      queries that the class has and the job has not.
    function takeBlocks(bytes32 recordId, BlockRecord[] calldata blocks, uint256 zeroQueries, bool reserved)
        external
        nonReentrant
        returns (Taken memory taken)
    {
        if (msg.sender != settlement) revert NotSettlement(msg.sender);
        if (blocks.length == 0) revert EmptyList();
        _allocate(taken, blocks);
        Cursor memory cursor;
        for (uint256 k; k < blocks.length; ++k) {
            BlockRecord calldata data = blocks[k];
            // The block id holds the record, hence adapter and class: a block of another one is unknown here.
            bytes32 id = RecordHash.blockId(address(this), recordId, data);
            BlockState storage state = _requireStatus(id, BlockStatus.Committed);
            if (!reserved && block.timestamp <= state.reservedUntil) revert BlockReserved(id, state.reservedUntil);
            if (data.heightLog != taken.heightLog) revert BlockHeightMismatch(taken.heightLog, data.heightLog);
            state.status = BlockStatus.Settled;
            emit BlockSettledBy(id);
            taken.blockIds[k] = id;
            Boundaries.putBlock(taken.boundaries, cursor.query, data.inferences, k, taken.heightLog);
            if (data.splitId != cursor.splitId) {
                // ids of splits start at 1
                cursor.splitId = data.splitId;
                cursor.split = parameters.split(data.splitId);
            }
            taken.nodeShares[k] = _takeInferences(taken, cursor, data.inferences, zeroQueries);
        }
        Credit[] memory zeroRefunds = taken.zeroRefunds;
        uint256 zeros = cursor.zeros;
        assembly ("memory-safe") {
            mstore(zeroRefunds, zeros) // at most its length
        }
        IERC20(address(open)).safeTransfer(address(vault), taken.feeSum);
    }

    // ---- courts ----

    /// @inheritdoc IInferenceRegistry
    function challengeBlock(bytes32 blockId) external onlyCourts {
        BlockState storage state = _requireStatus(blockId, BlockStatus.Committed);
        state.status = BlockStatus.Challenged;
        state.challengedAt = uint40(block.timestamp);
        emit BlockChallenged(blockId);
    }

    /// @notice Court or fact court. On a rejected block nothing happens: a fact may be decided while a case runs.
    function resolveBlock(bytes32 blockId, bool rejected) external onlyCourts {
        if (_blocks[blockId].status == BlockStatus.Rejected) return;
        BlockState storage state = _requireStatus(blockId, BlockStatus.Challenged);
        state.status = rejected ? BlockStatus.Rejected : BlockStatus.Committed;
        if (rejected) emit BlockRejected(blockId);
        else emit BlockCleared(blockId);
    }

    /// @notice Court only: undoes a settled job here, once. Every paid inference is refunded in full; those that were refunded
    ///         before the settlement are left out, so the refunds sum to what the job was credited.
    function reverseBlocks(bytes32 recordId, BlockRecord[] calldata blocks) external returns (Credit[] memory refunds) {
        if (msg.sender != court) revert NotCourt(msg.sender);
        refunds = new Credit[](_countInferences(blocks));
        uint256 count;
        for (uint256 k; k < blocks.length; ++k) {
            bytes32 id = RecordHash.blockId(address(this), recordId, blocks[k]);
            _requireStatus(id, BlockStatus.Settled).status = BlockStatus.Rejected;
            emit BlockRejected(id);
            BlockInference[] calldata inferences = blocks[k].inferences;
            for (uint256 i; i < inferences.length; ++i) {
                if (_payments[inferences[i].key].status != PaymentStatus.Paid) continue;
                (address payer, uint80 fee) = _markRefunded(inferences[i].key);
                refunds[count++] = Credit(payer, fee, CreditKind.Refund);
            }
        }
        assembly ("memory-safe") {
            mstore(refunds, count) // at most its length
        }
    }

    // ---- views ----

    function blockState(bytes32 blockId) external view returns (BlockState memory) {
        return _blocks[blockId];
    }

    function commitmentDigest(BlockCommitment calldata commitment) public view returns (bytes32) {
        return _hashTypedDataV4(SignedTypes.hash(commitment));
    }

    function receiptDigest(Receipt calldata receipt) external view returns (bytes32) {
        return _hashTypedDataV4(SignedTypes.hash(receipt));
    }

    function openingDigest(OpeningClaim calldata claim) external view returns (bytes32) {
        return _hashTypedDataV4(SignedTypes.hash(claim));
    }

    // ---- internals ----

    function _serving(bytes32 adapterId) private view returns (Serving memory serving) {
        (address owner, uint32 classId) = models.adapter(adapterId); // reverts UnknownAdapter
        serving.adapterId = adapterId;
        serving.recordId = models.currentRecord(adapterId);
        if (serving.recordId == 0) revert NoFeatures(adapterId);
        // A record is as good as the stake that answers for it: without it, nothing new is built on the record.
        (uint256 active, uint256 minimum) = (stakes.active(Role.Adapter, owner), parameters.stakes().adapter);
        if (active < minimum) revert IStakeVault.StakeTooLow(Role.Adapter, owner, active, minimum);
        serving.shape = gateway.resolve(gateway.liveSelector(PAYOUT, classId), PAYOUT, classId).classShape(PAYOUT, classId);
    }

    /// @dev A block that no job could take is refused at once.
    function _commit(BlockCommitment calldata c, Serving memory serving) private returns (bytes32 blockId) {
        if (block.timestamp > c.validUntil) revert CommitmentExpired(c.validUntil);
        if (!isActiveNode(c.node)) revert NotActiveNode(c.node);
        ClassShape memory shape = serving.shape;
        if (uint256(c.heightLog) + shape.blocksLog > shape.tokensLog) revert TokensOutOfRange(c.heightLog);
        if (c.inferences.length == 0) revert EmptyList();
        if (c.inferences.length > 1 << shape.queriesLog) revert ListTooLong(1 << shape.queriesLog, c.inferences.length);
        Bn254.requireOnCurve(c.dlt);
        Bn254.requireOnCurve(c.x);
        bytes32 commitmentHash = keccak256(abi.encode(c.dlt, c.x));
        if (commitmentUsed[commitmentHash]) revert CommitmentUsed(commitmentHash);
        commitmentUsed[commitmentHash] = true;

        BlockRecord memory data;
        data.node = c.node;
        data.splitId = parameters.currentSplitId();
        data.heightLog = c.heightLog;
        data.dlt = c.dlt;
        data.x = c.x;
        data.dataHash = keccak256(abi.encode(c.inferences, c.receiptHash));
        uint256 refundableFrom;
        (data.inferences, refundableFrom) = _commitInferences(c);
        blockId = RecordHash.blockId(address(this), serving.recordId, data);
        // Fresh: its payments were in no block before. Timestamps and deadlines stay below 2^40 for 30,000 years.
        _blocks[blockId] = BlockState(c.node, BlockStatus.Committed, uint40(refundableFrom), 0, uint40(block.timestamp), 0);
        emit BlockCommitted(blockId, c.node, serving.recordId, c.adapterId, data, c.inferences, c.receiptHash);
    }

    function _commitInferences(BlockCommitment calldata c) private returns (BlockInference[] memory inferences, uint256 refundableFrom) {
        inferences = new BlockInference[](c.inferences.length);
        refundableFrom = type(uint256).max;
        uint256 rows;
        for (uint256 i; i < inferences.length; ++i) {
            Inference calldata inference = c.inferences[i];
            if (inference.rows == 0) revert ZeroRows(i);
            rows += inference.rows;
            bytes32 key = RecordHash.paymentKey(c.node, c.adapterId, inference.requestHash, inference.nonce);
            PaymentState storage state = _payments[key];
            if (state.status != PaymentStatus.Funded) revert NotFunded(key);
            state.status = PaymentStatus.Committed;
            if (state.deadline < refundableFrom) refundableFrom = state.deadline;
            inferences[i] = BlockInference(key, inference.rows);
        }
        if (rows > 1 << c.heightLog) revert RowsOverflow(1 << c.heightLog, rows);
    }

    function _requireStatus(bytes32 blockId, BlockStatus status) private view returns (BlockState storage state) {
        state = _blocks[blockId];
        if (state.status != status) revert WrongBlockStatus(blockId, state.status);
    }

    function _countInferences(BlockRecord[] calldata blocks) private pure returns (uint256 count) {
        for (uint256 k; k < blocks.length; ++k) count += blocks[k].inferences.length;
    }

    function _allocate(Taken memory taken, BlockRecord[] calldata blocks) private pure {
        uint256 count = _countInferences(blocks);
        taken.heightLog = blocks[0].heightLog;
        taken.boundaries = new uint256[](count);
        taken.fees = new uint256[](count);
        taken.keys = new bytes32[](count);
        taken.zeroRefunds = new Credit[](count);
        taken.blockIds = new bytes32[](blocks.length);
        taken.nodeShares = new uint256[](blocks.length);
    }

    /// @dev Marks the payments of one block and adds up its parts; feeSum = contributorSum + zero refunds + node shares +
    ///      the other three sums, query by query.
    function _takeInferences(Taken memory taken, Cursor memory cursor, BlockInference[] calldata inferences, uint256 zeroQueries)
        private
        returns (uint256 nodeShare)
    {
        uint256 q = cursor.query;
        for (uint256 i; i < inferences.length; (++i, ++q)) {
            bytes32 key = inferences[i].key;
            taken.keys[q] = key;
            PaymentState storage state = _payments[key];
            PaymentStatus status = state.status;
            if (status == PaymentStatus.Refunded) continue;
            if (status != PaymentStatus.Committed) revert NotPayable(key);
            state.status = PaymentStatus.Paid;
            uint256 fee = state.fee;
            FeeSplit.Parts memory parts = FeeSplit.parts(fee, cursor.split);
            taken.fees[q] = parts.contributors;
            taken.feeSum += fee;
            if ((zeroQueries >> q) & 1 == 0) {
                taken.contributorSum += parts.contributors;
            } else if (parts.contributors != 0) {
                // The part is at most the fee, below 2^80.
                taken.zeroRefunds[cursor.zeros++] = Credit(state.payer, uint96(parts.contributors), CreditKind.ZeroQuery);
            }
            nodeShare += parts.node;
            taken.proverShare += parts.prover;
            taken.auditorShare += parts.auditors;
            taken.treasuryShare += parts.treasury;
        }
        cursor.query = q;
    }
}
