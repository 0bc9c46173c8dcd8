// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Role} from "../types/Economy.sol";

/// @notice Stakes of nodes, adapter owners, provers and auditors in wrapped OPEN. Controllers (fixed at deployment, per role)
///         obligate, hold and slash; nobody else touches a stake but its owner.
/// @dev staked = active + unbonding; obligated <= active, always. Balance of the vault = sum of all staked.
interface IStakeVault {
    error NotController(Role role, address caller);
    error StakeTooLow(Role role, address account, uint256 free, uint256 wanted);
    error NothingUnbonding(Role role, address account);
    error StillUnbonding(uint256 readyAt);
    error StakeHeld(Role role, address account, uint256 holds);
    error ZeroAmount();

    event Staked(Role indexed role, address indexed account, uint256 amount);
    event UnbondingStarted(Role indexed role, address indexed account, uint256 amount, uint256 readyAt);
    event UnbondingCancelled(Role indexed role, address indexed account, uint256 amount);
    event Withdrawn(Role indexed role, address indexed account, uint256 amount);
    event Obligated(Role indexed role, address indexed account, uint256 amount, address indexed controller);
    event Released(Role indexed role, address indexed account, uint256 amount, address indexed controller);
    event HoldPlaced(Role indexed role, address indexed account, uint256 holds, address indexed controller);
    event HoldLifted(Role indexed role, address indexed account, uint256 holds, address indexed controller);
    event Slashed(Role indexed role, address indexed account, uint256 amount, address indexed controller);

    /// @notice Adds to the caller's stake: native OPEN (msg.value == amount) or, with msg.value 0, wrapped by allowance.
    function deposit(Role role, uint256 amount) external payable;
    /// @notice Moves `amount` of the free stake to the unbonding part; restarts the wait for all of it.
    function startUnbonding(Role role, uint256 amount) external;
    /// @notice Moves the unbonding part back.
    function cancelUnbonding(Role role) external;
    /// @notice Pays the unbonding part out after the wait, unless a hold is on the account. Wrapped, or native with `unwrap`.
    function withdraw(Role role, bool unwrap) external returns (uint256 amount);

    /// @notice Counts for minimum stakes: not unbonding.
    function active(Role role, address account) external view returns (uint256);
    /// @notice active - obligated.
    function free(Role role, address account) external view returns (uint256);
    function unbonding(Role role, address account) external view returns (uint256 amount, uint256 readyAt);
    function obligated(Role role, address account) external view returns (uint256);
    function holds(Role role, address account) external view returns (uint256);
    function isController(Role role, address account) external view returns (bool);

    /// @notice Ties `amount` of the free stake to an obligation of the calling controller.
    function obligate(Role role, address account, uint256 amount) external;
    function release(Role role, address account, uint256 amount) external;
    /// @notice Takes an obligated amount and sends it to the controller.
    function slashObligated(Role role, address account, uint256 amount) external;
    /// @notice No withdrawal while a case is open.
    function hold(Role role, address account) external;
    function lift(Role role, address account) external;
    /// @notice Takes up to `amount`: free stake first, then unbonding; never what is obligated. Sends it to the controller.
    function slash(Role role, address account, uint256 amount) external returns (uint256 taken);
}
