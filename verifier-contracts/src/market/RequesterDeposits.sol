// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IProofMarket} from "../interfaces/IProofMarket.sol";
import {IWrappedOpen} from "../interfaces/IWrappedOpen.sol";
import {Intake} from "../libraries/Intake.sol";
import {ZeroAddress} from "../types/Errors.sol";

/// @title Money of requesters
/// @notice What a requester can spend on requests or take back. A request takes its maxPrice from here, and what it does not
///         spend returns here.
abstract contract RequesterDeposits is IProofMarket, ReentrancyGuardTransient {
    IWrappedOpen public immutable open;

    /// @inheritdoc IProofMarket
    mapping(address requester => uint256) public depositOf;

    constructor(IWrappedOpen open_) {
        if (address(open_) == address(0)) revert ZeroAddress();
        open = open_;
    }

    /// @inheritdoc IProofMarket
    /// @dev Reverts WrongValue when native value is sent that is not `amount`.
    function deposit(uint256 amount) external payable nonReentrant {
        _deposit(amount);
    }

    /// @inheritdoc IProofMarket
    /// @dev To the caller; what requests hold stays. Reverts DepositTooLow.
    function withdrawDeposit(uint256 amount, bool unwrap) external nonReentrant {
        _spend(msg.sender, amount);
        emit DepositWithdrawn(msg.sender, amount);
        Intake.give(open, msg.sender, amount, unwrap);
    }

    /// @dev From the caller to the caller's deposit.
    function _deposit(uint256 amount) internal {
        depositOf[msg.sender] += amount;
        emit Deposited(msg.sender, amount);
        Intake.take(open, amount);
    }

    function _spend(address requester, uint256 amount) internal {
        uint256 available = depositOf[requester];
        if (available < amount) revert DepositTooLow(requester, available, amount);
        depositOf[requester] = available - amount;
    }

    /// @dev Gives back what a request does not spend.
    function _return(address requester, uint256 amount) internal {
        depositOf[requester] += amount;
    }
}
