// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IWrappedOpen} from "../interfaces/IWrappedOpen.sol";

/// @title OPEN in and out, native or wrapped
/// @notice Contracts hold the wrapped token only; a caller sends either form.
library Intake {
    using SafeERC20 for IERC20;

    error WrongValue(uint256 expected, uint256 got);

    /// @notice Takes `amount` from the caller: msg.value == amount is wrapped; msg.value == 0 pulls wrapped OPEN by allowance.
    function take(IWrappedOpen open, uint256 amount) internal {
        if (msg.value == 0) {
            IERC20(address(open)).safeTransferFrom(msg.sender, address(this), amount);
        } else if (msg.value == amount) {
            open.deposit{value: amount}();
        } else {
            revert WrongValue(amount, msg.value);
        }
    }

    /// @notice Sends `amount` from this contract, native when `unwrap`. The receiver's code runs last: effects come before.
    function give(IWrappedOpen open, address to, uint256 amount, bool unwrap) internal {
        if (unwrap) open.withdrawTo(to, amount);
        else IERC20(address(open)).safeTransfer(to, amount);
    }
}
