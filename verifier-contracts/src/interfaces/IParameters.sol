// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import "../types/Economy.sol";

/// @notice Every governed number, in one place. The owner (the timelock) sets them within bounds that are code; the guardian
///         can pause modules and do nothing else.
interface IParameters {
    error ParameterOutOfBounds(bytes32 name, uint256 low, uint256 high, uint256 got);
    error SplitSum(uint256 got);
    error UnknownSplit(uint32 id);
    error NotGuardian(address caller);
    error ModulePaused(Module module);

    event SplitAdded(uint32 indexed id, Split split);
    event StakesSet(StakeRules rules);
    event WindowsSet(WindowRules rules);
    event MarketSet(MarketRules rules);
    event CourtSet(CourtRules rules);
    event TreasurySet(address treasury);
    event GuardianSet(address guardian);
    event Paused(Module indexed module, address by);
    event Unpaused(Module indexed module);

    /// @notice Splits are kept for ever: a block names the one that was in force when it was committed. Ids start at 1.
    function split(uint32 id) external view returns (Split memory);
    function currentSplitId() external view returns (uint32);
    function stakes() external view returns (StakeRules memory);
    function windows() external view returns (WindowRules memory);
    function market() external view returns (MarketRules memory);
    function court() external view returns (CourtRules memory);
    function treasury() external view returns (address);
    function guardian() external view returns (address);
    function paused(Module module) external view returns (bool);
    /// @notice Whether the module was paused at some time after `since`, or is now: who had to act then is excused.
    function pausedSince(Module module, uint256 since) external view returns (bool);

    /// @notice Reverts ModulePaused.
    function requireLive(Module module) external view;

    function addSplit(Split calldata split_) external returns (uint32 id);
    function setStakes(StakeRules calldata rules) external;
    function setWindows(WindowRules calldata rules) external;
    function setMarket(MarketRules calldata rules) external;
    function setCourt(CourtRules calldata rules) external;
    function setTreasury(address treasury_) external;
    function setGuardian(address guardian_) external;
    /// @notice Guardian or owner.
    function pause(Module module) external;
    /// @notice Owner only.
    function unpause(Module module) external;
}
