// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice OPEN, the native token of the chain, as ERC-20 with permit and votes (clock: timestamps). 1 : 1, backed by the
///         contract's balance.
interface IWrappedOpen is IERC20 {
    error TransferFailed();

    event Deposit(address indexed account, uint256 amount);
    event Withdrawal(address indexed account, uint256 amount);

    function deposit() external payable;
    function depositTo(address account) external payable;
    function withdraw(uint256 amount) external;
    function withdrawTo(address to, uint256 amount) external;
}
