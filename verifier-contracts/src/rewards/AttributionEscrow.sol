// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IAttributionRegistry} from "../interfaces/IAttributionRegistry.sol";
import {IAttributionVerifier} from "../interfaces/IAttributionVerifier.sol";
import {Bn254} from "../libraries/Bn254.sol";
import {Boundaries} from "../libraries/Boundaries.sol";
import {RecordHash} from "../libraries/RecordHash.sol";
import "../types/Errors.sol";
import "../types/Types.sol";

/// @title Fees in, payouts out
/// @notice payFee -> (node) commitBlock -> (prover) settle -> claim. The token is the chain's native one.
///         Balance = sum of credits + fees of payments that are funded or committed, always.
/// @dev No owner, no pause: the only addresses with a role are immutable.
contract AttributionEscrow is ReentrancyGuardTransient {
    enum Status {
        None,
        Funded,
        Committed,
        Paid,
        Refunded
    }

    /// @dev One slot for what a settlement reads and writes, the deadline in a second one.
    struct PaymentState {
        address payer;
        uint80 fee;
        Status status;
        uint64 deadline;
    }

    /// @dev Running totals of one settlement, and what it hands to the verifier.
    struct Totals {
        bytes32 recordId;
        uint256 heightLog;
        uint256 count;
        uint256 feeSum;
        uint256[] boundaries;
        uint256[] fees;
        bytes32[] keys;
        bytes32[] blockIds;
    }

    uint256 private constant PAYOUT = 2;
    uint256 private constant BLOCK_COMMITTED = 1;
    uint256 private constant BLOCK_SETTLED = 2;

    IAttributionVerifier public immutable verifier;
    IAttributionRegistry public immutable registry;
    address public immutable treasury;
    /// @notice Seconds from payment until the fee may be refunded.
    uint256 public immutable settlementWindow;

    mapping(bytes32 key => PaymentState) public payments;
    /// @notice 0 unknown, 1 committed, 2 settled.
    mapping(bytes32 blockId => uint256) public blockState;
    /// @notice Wei that an account may claim.
    mapping(address account => uint256) public credits;

    event FeePaid(bytes32 indexed key, address indexed payer, address indexed node, bytes32 adapterId, bytes32 requestHash, uint256 nonce, uint256 fee, uint256 deadline);
    event BlockCommitted(bytes32 indexed blockId, address indexed node, bytes32 indexed recordId, bytes32 adapterId, BlockRecord data, Inference[] inferences, bytes32 receiptHash);
    event JobSettled(bytes32 indexed jobId, bytes32 indexed recordId, address indexed prover, uint256 fees, uint256 payouts, uint256 dust);
    event Credited(address indexed account, uint256 amount, bytes32 indexed jobId);
    event Claimed(address indexed account, uint256 amount);
    event Refunded(bytes32 indexed key, address indexed payer, uint256 fee);

    constructor(IAttributionVerifier verifier_, IAttributionRegistry registry_, address treasury_, uint256 settlementWindow_) {
        if (address(verifier_) == address(0) || address(registry_) == address(0) || treasury_ == address(0)) revert ZeroAddress();
        verifier = verifier_;
        registry = registry_;
        treasury = treasury_;
        settlementWindow = settlementWindow_;
    }

    /// @notice Pays msg.value for one inference of `node`; 0 < fee < 2^80.
    function payFee(address node, bytes32 adapterId, bytes32 requestHash, uint256 nonce) external payable returns (bytes32 key) {
        return _pay(Payment(node, adapterId, requestHash, nonce, msg.value));
    }

    /// @notice Pays several inferences; msg.value = sum of their fees.
    function payMany(Payment[] calldata list) external payable returns (bytes32[] memory keys) {
        keys = new bytes32[](list.length);
        uint256 sum;
        for (uint256 i; i < list.length; ++i) {
            keys[i] = _pay(list[i]); // fee < 2^80: the sum cannot overflow
            sum += list[i].fee;
        }
        if (sum != msg.value) revert WrongValue(sum, msg.value);
    }

    /// @notice Commits one block of the caller's inferences: 2^heightLog rows, every inference funded and in no other block.
    /// @dev Pins the adapter's current features record, so that neither prover nor adapter owner can pick another later.
    /// @return blockId keccak256(abi.encode("zkattr.block.v1" hash, chain id, this, record id, BlockRecord)), dataHash =
    ///         keccak256(abi.encode(inferences, receiptHash))
    function commitBlock(
        bytes32 adapterId,
        uint8 heightLog,
        G1Point calldata dlt,
        G1Point calldata x,
        Inference[] calldata inferences,
        bytes32 receiptHash
    ) external returns (bytes32 blockId) {
        bytes32 recordId = _requireBlockShape(adapterId, heightLog, inferences.length);
        Bn254.requireOnCurve(dlt);
        Bn254.requireOnCurve(x);
        BlockRecord memory data = BlockRecord(
            msg.sender, heightLog, dlt, x, keccak256(abi.encode(inferences, receiptHash)), new BlockInference[](inferences.length)
        );
        uint256 rows;
        for (uint256 i; i < inferences.length; ++i) {
            Inference calldata inference = inferences[i];
            bytes32 key = RecordHash.paymentKey(msg.sender, adapterId, inference.requestHash, inference.nonce);
            if (payments[key].status != Status.Funded) revert NotFunded(key);
            payments[key].status = Status.Committed;
            if (inference.rows == 0) revert ZeroRows(i);
            rows += inference.rows;
            data.inferences[i] = BlockInference(key, inference.rows);
        }
        if (rows > 1 << heightLog) revert RowsOverflow(1 << heightLog, rows);
        blockId = RecordHash.blockId(address(this), recordId, data);
        blockState[blockId] = BLOCK_COMMITTED; // fresh: its inferences were in no block before
        emit BlockCommitted(blockId, msg.sender, recordId, adapterId, data, inferences, receiptHash);
    }

    /// @notice Splits the fees of a job's queries between the contributors, as R2 proves it. Anyone may call; the proof is
    ///         bound to job.prover.
    /// @dev Everything is marked before the verifier is asked; its revert undoes all. A query that was refunded after its
    ///      deadline counts with fee 0, so that it cannot block its neighbours.
    ///      context = keccak256(abi.encode("zkattr.payout.v1" hash, this, jobId, keccak256(keys), recordId, prover))
    function settle(Job calldata job, Settlement calldata settlement, OpeningProof calldata opening, Groth16Proof calldata proof)
        external
        nonReentrant
        returns (bytes32 jobId)
    {
        if (job.prover == address(0)) revert ZeroAddress();
        Totals memory totals = _takeBlocks(job, settlement.zeroQueries);
        jobId = RecordHash.jobId(totals.recordId, totals.blockIds);
        uint256 payoutSum = _credit(job.record.contributors, settlement.payouts, jobId);
        if (payoutSum > totals.feeSum) revert PayoutsExceedFees(payoutSum, totals.feeSum);
        uint256 dust = totals.feeSum - payoutSum;
        if (dust != 0) _addCredit(treasury, dust, jobId);
        _verify(job, settlement, opening, proof, totals, jobId);
        emit JobSettled(jobId, totals.recordId, job.prover, totals.feeSum, payoutSum, dust);
    }

    /// @notice Credits the fee of an unsettled inference to its payer, after the deadline. Anyone may call.
    function refund(bytes32 key) external {
        PaymentState storage payment = payments[key];
        Status status = payment.status;
        if (status != Status.Funded && status != Status.Committed) revert NotRefundable(key);
        if (block.timestamp <= payment.deadline) revert BeforeDeadline(payment.deadline);
        _refund(key);
    }

    /// @notice Sends the caller its credits.
    function claim() external nonReentrant returns (uint256 amount) {
        amount = credits[msg.sender];
        if (amount == 0) revert NothingToClaim();
        credits[msg.sender] = 0;
        emit Claimed(msg.sender, amount);
        (bool ok,) = msg.sender.call{value: amount}("");
        if (!ok) revert TransferFailed();
    }

    function paymentKey(address node, bytes32 adapterId, bytes32 requestHash, uint256 nonce) external pure returns (bytes32) {
        return RecordHash.paymentKey(node, adapterId, requestHash, nonce);
    }

    function _pay(Payment memory p) private returns (bytes32 key) {
        if (p.node == address(0)) revert ZeroAddress();
        if (p.fee == 0 || p.fee >= 1 << 80) revert FeeOutOfRange(p.fee);
        registry.adapter(p.adapterId); // reverts UnknownAdapter
        key = RecordHash.paymentKey(p.node, p.adapterId, p.requestHash, p.nonce);
        if (payments[key].status != Status.None) revert PaymentExists(key);
        uint64 deadline = uint64(block.timestamp + settlementWindow);
        payments[key] = PaymentState(msg.sender, uint80(p.fee), Status.Funded, deadline);
        emit FeePaid(key, msg.sender, p.node, p.adapterId, p.requestHash, p.nonce, p.fee, deadline);
    }

    /// @dev A block that no job could take is refused at once.
    function _requireBlockShape(bytes32 adapterId, uint8 heightLog, uint256 count) private view returns (bytes32 recordId) {
        (, uint32 classId) = registry.adapter(adapterId);
        recordId = registry.currentRecord(adapterId);
        if (recordId == 0) revert NoFeatures(adapterId);
        ClassShape memory shape = verifier.classShape(PAYOUT, classId);
        if (uint256(heightLog) + shape.blocksLog > shape.tokensLog) revert TokensOutOfRange(heightLog);
        if (count == 0) revert EmptyList();
        if (count > 1 << shape.queriesLog) revert ListTooLong(1 << shape.queriesLog, count);
    }

    /// @dev Checks and marks blocks and payments; derives boundaries and fees. The same block twice finds itself settled.
    function _takeBlocks(Job calldata job, uint256 zeroQueries) private returns (Totals memory totals) {
        uint256 n = job.blocks.length;
        if (n == 0) revert EmptyList();
        uint256 count;
        for (uint256 k; k < n; ++k) count += job.blocks[k].inferences.length;
        totals.recordId = RecordHash.recordId(address(registry), job.record);
        totals.heightLog = job.blocks[0].heightLog;
        totals.boundaries = new uint256[](count);
        totals.fees = new uint256[](count);
        totals.keys = new bytes32[](count);
        totals.blockIds = new bytes32[](n);
        for (uint256 k; k < n; ++k) {
            BlockRecord calldata data = job.blocks[k];
            // The block id holds the record, hence adapter and class: a block of another one is unknown here.
            bytes32 id = RecordHash.blockId(address(this), totals.recordId, data);
            uint256 state = blockState[id];
            if (state == BLOCK_SETTLED) revert BlockSettled(id);
            if (state != BLOCK_COMMITTED) revert UnknownBlock(id);
            blockState[id] = BLOCK_SETTLED;
            if (data.heightLog != totals.heightLog) revert BlockHeightMismatch(totals.heightLog, data.heightLog);
            totals.blockIds[k] = id;
            Boundaries.putBlock(totals.boundaries, totals.count, data.inferences, k, totals.heightLog);
            _takeInferences(totals, data.inferences, zeroQueries);
        }
    }

    function _takeInferences(Totals memory totals, BlockInference[] calldata inferences, uint256 zeroQueries) private {
        uint256 q = totals.count;
        for (uint256 i; i < inferences.length; ++i) {
            bytes32 key = inferences[i].key;
            totals.keys[q] = key;
            PaymentState storage payment = payments[key];
            Status status = payment.status;
            if (status == Status.Committed) {
                uint256 fee = payment.fee;
                totals.fees[q] = fee;
                if ((zeroQueries >> q) & 1 == 1) {
                    _refund(key);
                } else {
                    totals.feeSum += fee;
                    payment.status = Status.Paid;
                }
            } else if (status != Status.Refunded) {
                revert NotPayable(key);
            }
            ++q;
        }
        totals.count = q;
    }

    /// @dev Contributor c of the record gets payouts[c]; entries beyond the record must be 0.
    function _credit(address[] calldata contributors, uint256[] calldata payouts, bytes32 jobId) private returns (uint256 sum) {
        for (uint256 c; c < payouts.length; ++c) {
            uint256 amount = payouts[c];
            if (amount == 0) continue;
            if (c >= contributors.length) revert PayoutBeyondRecord(c);
            sum += amount;
            _addCredit(contributors[c], amount, jobId);
        }
    }

    function _addCredit(address account, uint256 amount, bytes32 jobId) private {
        credits[account] += amount;
        emit Credited(account, amount, jobId);
    }

    function _refund(bytes32 key) private {
        PaymentState storage payment = payments[key];
        (address payer, uint256 fee) = (payment.payer, payment.fee);
        payment.status = Status.Refunded;
        credits[payer] += fee;
        emit Refunded(key, payer, fee);
    }

    function _verify(
        Job calldata job,
        Settlement calldata settlement,
        OpeningProof calldata opening,
        Groth16Proof calldata proof,
        Totals memory totals,
        bytes32 jobId
    ) private view {
        PayoutStatement memory s;
        s.classId = job.record.classId;
        s.context = keccak256(
            abi.encode(
                RecordHash.PAYOUT_CONTEXT,
                address(this),
                jobId,
                keccak256(abi.encodePacked(totals.keys)),
                totals.recordId,
                job.prover
            )
        );
        s.tokensLog = uint8(totals.heightLog + verifier.classShape(PAYOUT, s.classId).blocksLog);
        uint256 n = job.blocks.length;
        s.dlt = new G1Point[](n);
        s.x = new G1Point[](n);
        for (uint256 k; k < n; ++k) {
            s.dlt[k] = job.blocks[k].dlt;
            s.x[k] = job.blocks[k].x;
        }
        s.b = job.record.bStar;
        s.a = job.record.aStar;
        s.g = job.record.g;
        s.bt = settlement.bt;
        s.m = settlement.m;
        s.boundaries = totals.boundaries;
        s.fees = totals.fees;
        s.payouts = settlement.payouts;
        s.zeroQueries = settlement.zeroQueries;
        verifier.verifyPayout(s, opening, proof);
    }
}
