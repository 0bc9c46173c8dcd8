// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";
import {IWrappedOpen} from "../interfaces/IWrappedOpen.sol";
import {ZeroAddress} from "../types/Errors.sol";

/// @title OPEN as ERC-20, with permit and votes
/// @notice 1 : 1 with the native token that lies here; who deposits is minted, who withdraws is burnt. Nobody else mints.
/// @dev No reentrancy guard: a withdrawal burns before it pays and touches nothing afterwards, and a guard would keep a contract
///      that is being paid from unwrapping more. Votes count where they are delegated, from the second after; what is wrapped
///      and unwrapped within one second leaves no trace in getPastVotes.
contract WrappedOpen is ERC20, ERC20Permit, ERC20Votes, IWrappedOpen {
    constructor() ERC20("Wrapped OPEN", "WOPEN") ERC20Permit("Wrapped OPEN") {}

    /// @dev A plain transfer wraps for its sender.
    receive() external payable {
        _deposit(msg.sender);
    }

    /// @inheritdoc IWrappedOpen
    function deposit() external payable {
        _deposit(msg.sender);
    }

    /// @inheritdoc IWrappedOpen
    function depositTo(address account) external payable {
        _deposit(account);
    }

    /// @inheritdoc IWrappedOpen
    function withdraw(uint256 amount) external {
        _withdraw(msg.sender, amount);
    }

    /// @inheritdoc IWrappedOpen
    function withdrawTo(address to, uint256 amount) external {
        _withdraw(to, amount);
    }

    /// @notice Seconds.
    function clock() public view override returns (uint48) {
        return Time.timestamp();
    }

    /// @notice ERC-6372.
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    function _deposit(address account) private {
        _mint(account, msg.value);
        emit Deposit(account, msg.value);
    }

    /// @dev Burns the caller's, pays `to`. To this contract it would come back as a deposit of nobody.
    function _withdraw(address to, uint256 amount) private {
        if (to == address(0)) revert ZeroAddress();
        if (to == address(this)) revert TransferFailed();
        _burn(msg.sender, amount);
        emit Withdrawal(msg.sender, amount);
        bool ok;
        // Plain: (ok,) = to.call{value: amount}(""), without copying what the receiver returns.
        assembly ("memory-safe") {
            ok := call(gas(), to, amount, 0, 0, 0, 0)
        }
        if (!ok) revert TransferFailed();
    }

    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Votes) {
        super._update(from, to, value);
    }
}
