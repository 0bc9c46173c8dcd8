// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IParameters} from "../interfaces/IParameters.sol";
import "../types/Economy.sol";
import {ZeroAddress} from "../types/Errors.sol";

/// @title Every governed number, and the pause
/// @notice The owner (the timelock) sets within the bounds below; they are code and protect users from governance. The guardian
///         pauses modules, and can neither unpause nor set.
/// @dev Bounds between groups hold after every setter:
///        market.maxRequestSeconds < windows.settlementSeconds      a request ends before its fees can be refunded
///        court.voterSlash <= stakes.auditor                        what a silent auditor loses is there
///        stakes.unbondingSeconds >= settlementSeconds + challengeSeconds + 2 (commitSeconds + revealSeconds)
///                                                                  who commits a block and leaves at once is still there when
///                                                                  the job of the block is challenged and judged twice
///      The low ends are small enough for a local chain; a deployment chooses its own.
contract Parameters is IParameters, Ownable {
    uint256 public constant BPS = 10_000;
    uint256 public constant MIN_CONTRIBUTORS_BPS = 1000;
    /// @notice Highest stake, price, collateral, bond, slash or audit fee, in wei of OPEN.
    uint256 public constant MAX_AMOUNT = 1_000_000 ether;
    uint256 public constant MIN_SETTLEMENT_SECONDS = 60;
    uint256 public constant MAX_SETTLEMENT_SECONDS = 90 days;
    uint256 public constant MAX_CHALLENGE_SECONDS = 30 days;
    uint256 public constant MAX_UNBONDING_SECONDS = 365 days;
    /// @notice Longest commit or reveal phase of a committee.
    uint256 public constant MAX_ROUND_SECONDS = 30 days;
    uint256 public constant MAX_AUDIT_SECONDS = 90 days;
    uint256 public constant MAX_SEATS = 21;

    mapping(uint32 id => Split) private _splits;
    StakeRules private _stakes;
    WindowRules private _windows;
    MarketRules private _market;
    CourtRules private _court;
    address private _treasury;
    uint32 private _splitCount;
    address private _guardian;
    /// @dev Bit m: module m is paused.
    uint8 private _paused;
    /// @dev When the module's last pause ended, 0 without one.
    mapping(Module module => uint256) private _unpausedAt;

    /// @param owner_ the timelock
    constructor(
        address owner_,
        address guardian_,
        address treasury_,
        Split memory split_,
        StakeRules memory stakes_,
        WindowRules memory windows_,
        MarketRules memory market_,
        CourtRules memory court_
    ) Ownable(owner_) {
        _setGuardian(guardian_);
        _setTreasury(treasury_);
        _addSplit(split_);
        _setStakes(stakes_);
        _setWindows(windows_);
        _setMarket(market_);
        _setCourt(court_);
        _requireConsistent();
    }

    // ---- owner ----

    /// @inheritdoc IParameters
    function addSplit(Split calldata split_) external onlyOwner returns (uint32 id) {
        return _addSplit(split_);
    }

    /// @inheritdoc IParameters
    function setStakes(StakeRules calldata rules) external onlyOwner {
        _setStakes(rules);
        _requireConsistent();
    }

    /// @inheritdoc IParameters
    function setWindows(WindowRules calldata rules) external onlyOwner {
        _setWindows(rules);
        _requireConsistent();
    }

    /// @inheritdoc IParameters
    function setMarket(MarketRules calldata rules) external onlyOwner {
        _setMarket(rules);
        _requireConsistent();
    }

    /// @inheritdoc IParameters
    function setCourt(CourtRules calldata rules) external onlyOwner {
        _setCourt(rules);
        _requireConsistent();
    }

    /// @inheritdoc IParameters
    function setTreasury(address treasury_) external onlyOwner {
        _setTreasury(treasury_);
    }

    /// @inheritdoc IParameters
    function setGuardian(address guardian_) external onlyOwner {
        _setGuardian(guardian_);
    }

    /// @inheritdoc IParameters
    function unpause(Module module) external onlyOwner {
        if (paused(module)) _unpausedAt[module] = block.timestamp;
        _paused &= ~_bit(module);
        emit Unpaused(module);
    }

    // ---- guardian ----

    /// @inheritdoc IParameters
    function pause(Module module) external {
        if (msg.sender != _guardian && msg.sender != owner()) revert NotGuardian(msg.sender);
        _paused |= _bit(module);
        emit Paused(module, msg.sender);
    }

    // ---- views ----

    /// @inheritdoc IParameters
    function split(uint32 id) external view returns (Split memory) {
        if (id == 0 || id > _splitCount) revert UnknownSplit(id);
        return _splits[id];
    }

    /// @inheritdoc IParameters
    function currentSplitId() external view returns (uint32) {
        return _splitCount;
    }

    /// @inheritdoc IParameters
    function stakes() external view returns (StakeRules memory) {
        return _stakes;
    }

    /// @inheritdoc IParameters
    function windows() external view returns (WindowRules memory) {
        return _windows;
    }

    /// @inheritdoc IParameters
    function market() external view returns (MarketRules memory) {
        return _market;
    }

    /// @inheritdoc IParameters
    function court() external view returns (CourtRules memory) {
        return _court;
    }

    /// @inheritdoc IParameters
    function treasury() external view returns (address) {
        return _treasury;
    }

    /// @inheritdoc IParameters
    function guardian() external view returns (address) {
        return _guardian;
    }

    /// @inheritdoc IParameters
    function paused(Module module) public view returns (bool) {
        return _paused & _bit(module) != 0;
    }

    /// @inheritdoc IParameters
    /// @dev The latest pause is enough: one that ended earlier cannot reach further.
    function pausedSince(Module module, uint256 since) external view returns (bool) {
        return paused(module) || _unpausedAt[module] > since;
    }

    /// @inheritdoc IParameters
    function requireLive(Module module) external view {
        if (paused(module)) revert ModulePaused(module);
    }

    // ---- bounds ----

    function _addSplit(Split memory s) private returns (uint32 id) {
        uint256 sum = uint256(s.contributors) + s.node + s.prover + s.auditors + s.treasury;
        if (sum != BPS) revert SplitSum(sum);
        _bound("contributors", MIN_CONTRIBUTORS_BPS, BPS, s.contributors);
        id = ++_splitCount;
        _splits[id] = s;
        emit SplitAdded(id, s);
    }

    function _setStakes(StakeRules memory r) private {
        _bound("node", 1, MAX_AMOUNT, r.node);
        _bound("adapter", 1, MAX_AMOUNT, r.adapter);
        _bound("auditor", 1, MAX_AMOUNT, r.auditor);
        _stakes = r;
        emit StakesSet(r);
    }

    function _setWindows(WindowRules memory r) private {
        _bound("settlementSeconds", MIN_SETTLEMENT_SECONDS, MAX_SETTLEMENT_SECONDS, r.settlementSeconds);
        _bound("challengeSeconds", 0, MAX_CHALLENGE_SECONDS, r.challengeSeconds);
        _windows = r;
        emit WindowsSet(r);
    }

    function _setMarket(MarketRules memory r) private {
        _bound("maxPrice", 0, MAX_AMOUNT, r.maxPrice);
        _bound("minPrice", 0, r.maxPrice, r.minPrice);
        _bound("minCollateral", 0, MAX_AMOUNT, r.minCollateral);
        _bound("minLockSeconds", 1, r.maxRequestSeconds, r.minLockSeconds);
        _bound("slasherBps", 0, BPS / 2, r.slasherBps);
        // Who is late and poses as its own rival gets lateBps back: it must not keep more than it loses.
        _bound("lateBps", 0, BPS / 2, r.lateBps);
        _market = r;
        emit MarketSet(r);
    }

    function _setCourt(CourtRules memory r) private {
        _bound("bond", 1, MAX_AMOUNT, r.bond);
        _bound("nodeSlash", 0, MAX_AMOUNT, r.nodeSlash);
        _bound("adapterSlash", 0, MAX_AMOUNT, r.adapterSlash);
        _bound("auditFee", 0, MAX_AMOUNT, r.auditFee);
        _bound("seats", 1, MAX_SEATS, r.seats);
        if (r.seats % 2 == 0) revert ParameterOutOfBounds("seats", 1, MAX_SEATS, r.seats);
        _bound("commitSeconds", 1, MAX_ROUND_SECONDS, r.commitSeconds);
        _bound("revealSeconds", 1, MAX_ROUND_SECONDS, r.revealSeconds);
        _bound("auditSeconds", 1, MAX_AUDIT_SECONDS, r.auditSeconds);
        _bound("committeeBps", 0, BPS, r.committeeBps);
        _bound("challengerBps", 0, BPS - r.committeeBps, r.challengerBps);
        _bound("auditRateBps", 0, BPS, r.auditRateBps);
        _court = r;
        emit CourtSet(r);
    }

    function _setTreasury(address treasury_) private {
        if (treasury_ == address(0)) revert ZeroAddress();
        _treasury = treasury_;
        emit TreasurySet(treasury_);
    }

    function _setGuardian(address guardian_) private {
        if (guardian_ == address(0)) revert ZeroAddress();
        _guardian = guardian_;
        emit GuardianSet(guardian_);
    }

    /// @dev What binds one group to another; see the top of the contract.
    function _requireConsistent() private view {
        (uint256 settlement, uint256 challenge) = (_windows.settlementSeconds, _windows.challengeSeconds);
        uint256 rounds = 2 * (uint256(_court.commitSeconds) + _court.revealSeconds);
        _bound("unbondingSeconds", settlement + challenge + rounds, MAX_UNBONDING_SECONDS, _stakes.unbondingSeconds);
        _bound("maxRequestSeconds", _market.minLockSeconds, settlement - 1, _market.maxRequestSeconds);
        _bound("voterSlash", 0, _stakes.auditor, _court.voterSlash);
    }

    function _bound(bytes32 name, uint256 low, uint256 high, uint256 got) private pure {
        if (got < low || got > high) revert ParameterOutOfBounds(name, low, high, got);
    }

    function _bit(Module module) private pure returns (uint8) {
        return uint8(1 << uint8(module)); // six modules
    }
}
