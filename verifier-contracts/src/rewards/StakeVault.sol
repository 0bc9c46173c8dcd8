// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IParameters} from "../interfaces/IParameters.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {IWrappedOpen} from "../interfaces/IWrappedOpen.sol";
import {Intake} from "../libraries/Intake.sol";
import {Role} from "../types/Economy.sol";
import {ZeroAddress} from "../types/Errors.sol";

/// @title Stakes of nodes, adapter owners, provers and auditors
/// @notice Who may do what to a stake, per role, for ever:
///           its owner           deposits, unbonds, withdraws
///           keeper              obligates, releases, holds, lifts, slashes: the market for provers, the court for all others
///           fact court          slashes nodes, nothing else
/// @dev One keeper a role: no controller can release or lift what another placed. Amounts in wei of wrapped OPEN.
contract StakeVault is IStakeVault, ReentrancyGuardTransient {
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    /// @dev active >= obligated; staked = active + unbonding.
    struct Account {
        uint128 active;
        uint128 unbonding;
        uint128 obligated;
        uint64 readyAt;
        uint64 holds;
    }

    IWrappedOpen public immutable open;
    IParameters public immutable parameters;
    address public immutable market;
    address public immutable court;
    address public immutable facts;

    mapping(Role role => mapping(address account => Account)) private _accounts;

    constructor(IWrappedOpen open_, IParameters parameters_, address market_, address court_, address facts_) {
        if (address(open_) == address(0) || address(parameters_) == address(0)) revert ZeroAddress();
        if (market_ == address(0) || court_ == address(0) || facts_ == address(0)) revert ZeroAddress();
        (open, parameters, market, court, facts) = (open_, parameters_, market_, court_, facts_);
    }

    // ---- owner of the stake ----

    /// @inheritdoc IStakeVault
    function deposit(Role role, uint256 amount) external payable nonReentrant {
        if (amount == 0) revert ZeroAmount();
        _accounts[role][msg.sender].active += amount.toUint128();
        emit Staked(role, msg.sender, amount);
        Intake.take(open, amount);
    }

    /// @inheritdoc IStakeVault
    /// @dev Unbonding stake does not count for minimum stakes, but can still be slashed until it is withdrawn.
    function startUnbonding(Role role, uint256 amount) external nonReentrant {
        if (amount == 0) revert ZeroAmount();
        Account storage a = _accounts[role][msg.sender];
        uint128 part = _requireFree(role, msg.sender, amount);
        uint256 readyAt = block.timestamp + parameters.stakes().unbondingSeconds;
        a.active -= part;
        a.unbonding += part;
        a.readyAt = readyAt.toUint64();
        emit UnbondingStarted(role, msg.sender, amount, readyAt);
    }

    /// @inheritdoc IStakeVault
    function cancelUnbonding(Role role) external nonReentrant {
        Account storage a = _accounts[role][msg.sender];
        uint128 amount = a.unbonding;
        if (amount == 0) revert NothingUnbonding(role, msg.sender);
        a.active += amount;
        (a.unbonding, a.readyAt) = (0, 0);
        emit UnbondingCancelled(role, msg.sender, amount);
    }

    /// @inheritdoc IStakeVault
    function withdraw(Role role, bool unwrap) external nonReentrant returns (uint256 amount) {
        Account storage a = _accounts[role][msg.sender];
        amount = a.unbonding;
        if (amount == 0) revert NothingUnbonding(role, msg.sender);
        if (block.timestamp < a.readyAt) revert StillUnbonding(a.readyAt);
        if (a.holds != 0) revert StakeHeld(role, msg.sender, a.holds);
        (a.unbonding, a.readyAt) = (0, 0);
        emit Withdrawn(role, msg.sender, amount);
        Intake.give(open, msg.sender, amount, unwrap);
    }

    // ---- controllers ----

    /// @inheritdoc IStakeVault
    function obligate(Role role, address account, uint256 amount) external nonReentrant {
        _requireKeeper(role);
        _accounts[role][account].obligated += _requireFree(role, account, amount);
        emit Obligated(role, account, amount, msg.sender);
    }

    /// @inheritdoc IStakeVault
    function release(Role role, address account, uint256 amount) external nonReentrant {
        _requireKeeper(role);
        _accounts[role][account].obligated -= _requireObligated(role, account, amount);
        emit Released(role, account, amount, msg.sender);
    }

    /// @inheritdoc IStakeVault
    function slashObligated(Role role, address account, uint256 amount) external nonReentrant {
        _requireKeeper(role);
        uint128 part = _requireObligated(role, account, amount);
        Account storage a = _accounts[role][account];
        a.obligated -= part;
        a.active -= part;
        _paySlashed(role, account, amount);
    }

    /// @inheritdoc IStakeVault
    function hold(Role role, address account) external nonReentrant {
        _requireKeeper(role);
        uint64 count = ++_accounts[role][account].holds;
        emit HoldPlaced(role, account, count, msg.sender);
    }

    /// @inheritdoc IStakeVault
    function lift(Role role, address account) external nonReentrant {
        _requireKeeper(role);
        Account storage a = _accounts[role][account];
        if (a.holds == 0) revert StakeHeld(role, account, 0);
        uint64 count = --a.holds;
        emit HoldLifted(role, account, count, msg.sender);
    }

    /// @inheritdoc IStakeVault
    function slash(Role role, address account, uint256 amount) external nonReentrant returns (uint256 taken) {
        if (!isController(role, msg.sender)) revert NotController(role, msg.sender);
        Account storage a = _accounts[role][account];
        uint128 fromFree = _upTo(a.active - a.obligated, amount);
        uint128 fromUnbonding = _upTo(a.unbonding, amount - fromFree);
        a.active -= fromFree;
        a.unbonding -= fromUnbonding;
        taken = uint256(fromFree) + fromUnbonding;
        _paySlashed(role, account, taken);
    }

    // ---- views ----

    /// @inheritdoc IStakeVault
    function active(Role role, address account) external view returns (uint256) {
        return _accounts[role][account].active;
    }

    /// @inheritdoc IStakeVault
    function free(Role role, address account) public view returns (uint256) {
        Account storage a = _accounts[role][account];
        return a.active - a.obligated;
    }

    /// @inheritdoc IStakeVault
    function unbonding(Role role, address account) external view returns (uint256 amount, uint256 readyAt) {
        Account storage a = _accounts[role][account];
        return (a.unbonding, a.readyAt);
    }

    /// @inheritdoc IStakeVault
    function obligated(Role role, address account) external view returns (uint256) {
        return _accounts[role][account].obligated;
    }

    /// @inheritdoc IStakeVault
    function holds(Role role, address account) external view returns (uint256) {
        return _accounts[role][account].holds;
    }

    /// @inheritdoc IStakeVault
    function isController(Role role, address account) public view returns (bool) {
        return account == _keeper(role) || (role == Role.Node && account == facts);
    }

    // ---- internals ----

    function _keeper(Role role) private view returns (address) {
        return role == Role.Prover ? market : court;
    }

    function _requireKeeper(Role role) private view {
        if (msg.sender != _keeper(role)) revert NotController(role, msg.sender);
    }

    /// @return part amount, which is at most a uint128
    function _requireFree(Role role, address account, uint256 amount) private view returns (uint128 part) {
        uint256 available = free(role, account);
        if (amount > available) revert StakeTooLow(role, account, available, amount);
        return uint128(amount);
    }

    /// @return part amount, which is at most a uint128
    function _requireObligated(Role role, address account, uint256 amount) private view returns (uint128 part) {
        uint256 tied = _accounts[role][account].obligated;
        if (amount > tied) revert StakeTooLow(role, account, tied, amount);
        return uint128(amount);
    }

    /// @dev min(available, wanted), a uint128 because `available` is one.
    function _upTo(uint128 available, uint256 wanted) private pure returns (uint128) {
        return wanted < available ? uint128(wanted) : available;
    }

    function _paySlashed(Role role, address account, uint256 amount) private {
        if (amount == 0) return;
        emit Slashed(role, account, amount, msg.sender);
        IERC20(address(open)).safeTransfer(msg.sender, amount);
    }
}
