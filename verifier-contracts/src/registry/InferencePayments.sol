// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {IRewardVault} from "../interfaces/IRewardVault.sol";
import {IWrappedOpen} from "../interfaces/IWrappedOpen.sol";
import {Intake} from "../libraries/Intake.sol";
import {RecordHash} from "../libraries/RecordHash.sol";
import {CreditKind, Module} from "../types/Economy.sol";
import {BeforeDeadline, EmptyList, FeeOutOfRange, NotRefundable, PaymentExists, ZeroAddress} from "../types/Errors.sol";
import {Payment} from "../types/Types.sol";
import {InferenceNodes} from "./InferenceNodes.sol";

/// @title Payments for inferences
/// @notice A payment is made once for (node, adapter, request, nonce), and ends once: paid to who served it, or back to its
///         payer's open balance in the vault.
abstract contract InferencePayments is InferenceNodes, ReentrancyGuardTransient {
    /// @dev A payout proof takes fees below 2^80.
    uint256 internal constant FEE_LIMIT = 1 << 80;

    IWrappedOpen public immutable open;
    IModelRegistry public immutable models;
    IRewardVault public immutable vault;

    mapping(bytes32 key => PaymentState) internal _payments;

    constructor(IWrappedOpen open_, IModelRegistry models_, IRewardVault vault_) {
        if (address(open_) == address(0) || address(models_) == address(0) || address(vault_) == address(0)) revert ZeroAddress();
        open = open_;
        models = models_;
        vault = vault_;
        open_.approve(address(vault_), type(uint256).max); // the vault pulls what refund credits, and only from its caller
    }

    /// @notice Pays inferences: msg.value = sum of fees, or msg.value = 0 and wrapped OPEN by allowance. 0 < fee < 2^80.
    function pay(Payment[] calldata list) external payable nonReentrant returns (bytes32[] memory keys) {
        uint256 sum;
        (keys, sum) = _pay(list);
        Intake.take(open, sum);
    }

    /// @notice The same with a permit of exactly the sum of the fees.
    /// @dev Anyone who sees the permit may use it first: then the allowance is there already, and the call goes on.
    function payWithPermit(Payment[] calldata list, uint256 permitDeadline, uint8 v, bytes32 r, bytes32 s)
        external
        nonReentrant
        returns (bytes32[] memory keys)
    {
        uint256 sum;
        (keys, sum) = _pay(list);
        try IERC20Permit(address(open)).permit(msg.sender, address(this), sum, permitDeadline, v, r, s) {} catch {}
        Intake.take(open, sum);
    }

    /// @notice Credits unsettled fees to their payers' open balances, after their deadlines. Anyone may call.
    function refund(bytes32[] calldata keys) external nonReentrant {
        for (uint256 i; i < keys.length; ++i) {
            PaymentState storage state = _payments[keys[i]];
            PaymentStatus status = state.status;
            if (status != PaymentStatus.Funded && status != PaymentStatus.Committed) revert NotRefundable(keys[i]);
            if (block.timestamp <= state.deadline) revert BeforeDeadline(state.deadline);
            _refund(keys[i]);
        }
    }

    function payment(bytes32 key) external view returns (PaymentState memory) {
        return _payments[key];
    }

    function paymentKey(address node, bytes32 adapterId, bytes32 requestHash, uint256 nonce) external pure returns (bytes32) {
        return RecordHash.paymentKey(node, adapterId, requestHash, nonce);
    }

    /// @dev Marks the payment and moves its fee to the payer's open balance.
    function _refund(bytes32 key) internal {
        (address payer, uint256 fee) = _markRefunded(key);
        vault.creditNow(payer, fee, CreditKind.Refund, key);
    }

    function _markRefunded(bytes32 key) internal returns (address payer, uint80 fee) {
        PaymentState storage state = _payments[key];
        (payer, fee) = (state.payer, state.fee);
        state.status = PaymentStatus.Refunded;
        emit Refunded(key, payer, fee);
    }

    /// @dev Books the payments; the caller takes the sum. Fees are below 2^80, so the sum cannot overflow.
    function _pay(Payment[] calldata list) private returns (bytes32[] memory keys, uint256 sum) {
        parameters.requireLive(Module.Payments);
        if (list.length == 0) revert EmptyList();
        uint64 deadline = uint64(block.timestamp + parameters.windows().settlementSeconds); // < 2^40 + 2^32
        keys = new bytes32[](list.length);
        for (uint256 i; i < list.length; ++i) {
            Payment calldata p = list[i];
            if (p.node == address(0)) revert ZeroAddress();
            if (p.fee == 0 || p.fee >= FEE_LIMIT) revert FeeOutOfRange(p.fee);
            if (i == 0 || p.adapterId != list[i - 1].adapterId) models.adapter(p.adapterId); // reverts UnknownAdapter
            bytes32 key = RecordHash.paymentKey(p.node, p.adapterId, p.requestHash, p.nonce);
            if (_payments[key].status != PaymentStatus.None) revert PaymentExists(key);
            _payments[key] = PaymentState(msg.sender, uint80(p.fee), PaymentStatus.Funded, deadline);
            emit FeePaid(key, msg.sender, p.node, p.adapterId, p.requestHash, p.nonce, p.fee, deadline);
            keys[i] = key;
            sum += p.fee;
        }
    }
}
