// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IAuditCourt} from "../interfaces/IAuditCourt.sol";
import {IParameters} from "../interfaces/IParameters.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {Lot} from "../libraries/Lot.sol";
import {Role} from "../types/Economy.sol";
import {ZeroAddress} from "../types/Errors.sol";

/// @title Who may be drawn as an auditor
/// @notice Auditors sit in numbered places. Who leaves empties its place; the next who joins takes it. Places never move:
///         swapping the last one in would let an auditor that leaves after the seed is known choose another committee.
/// @dev A hold lies on the stake from joining until leaving. Without it one stake could pass through many accounts, and the
///      owner would fund those that a seed, once known, is about to draw.
abstract contract AuditorPool is IAuditCourt {
    struct Place {
        address auditor;
        uint40 joinedAt;
    }

    /// @dev place: its number + 1, 0 for who has not joined. seats: cases that wait for its vote. busyUntil: end of its last audit.
    struct Duty {
        uint32 place;
        uint32 seats;
        uint40 busyUntil;
    }

    IParameters public immutable parameters;
    IStakeVault public immutable stakes;

    Place[] private _places;
    uint32[] private _emptyPlaces;
    mapping(address auditor => Duty) private _duties;

    constructor(IParameters parameters_, IStakeVault stakes_) {
        if (address(parameters_) == address(0) || address(stakes_) == address(0)) revert ZeroAddress();
        parameters = parameters_;
        stakes = stakes_;
    }

    /// @inheritdoc IAuditCourt
    /// @dev Reverts AuditorExists, StakeTooLow. The stake cannot be withdrawn until the auditor leaves.
    function join() external {
        Duty storage duty = _duties[msg.sender];
        if (duty.place != 0) revert AuditorExists(msg.sender);
        (uint256 active, uint256 minimum) = (stakes.active(Role.Auditor, msg.sender), parameters.stakes().auditor);
        if (active < minimum) revert IStakeVault.StakeTooLow(Role.Auditor, msg.sender, active, minimum);
        Place memory place = Place(msg.sender, uint40(block.timestamp)); // 40 bits of seconds last 34,000 years
        uint256 free = _emptyPlaces.length;
        uint32 index;
        if (free == 0) {
            index = SafeCast.toUint32(_places.length);
            _places.push(place);
        } else {
            index = _emptyPlaces[free - 1];
            _emptyPlaces.pop();
            _places[index] = place;
        }
        duty.place = index + 1;
        emit AuditorJoined(msg.sender);
        stakes.hold(Role.Auditor, msg.sender);
    }

    /// @inheritdoc IAuditCourt
    /// @dev Reverts NotAnAuditor, and AuditorBusy while a case waits for its vote or an audit of its may still be reported.
    function leave() external {
        Duty memory duty = _duties[msg.sender];
        if (duty.place == 0) revert NotAnAuditor(msg.sender);
        if (duty.seats != 0 || block.timestamp <= duty.busyUntil) revert AuditorBusy(msg.sender, duty.seats);
        delete _duties[msg.sender];
        delete _places[duty.place - 1];
        _emptyPlaces.push(duty.place - 1);
        emit AuditorLeft(msg.sender);
        stakes.lift(Role.Auditor, msg.sender);
    }

    /// @inheritdoc IAuditCourt
    /// @dev For reading off chain: as long as the list.
    function auditors() external view returns (address[] memory list) {
        list = new address[](_auditorCount());
        uint256 n;
        for (uint256 i; i < _places.length; ++i) if (_places[i].auditor != address(0)) list[n++] = _places[i].auditor;
    }

    function _auditorCount() internal view returns (uint256) {
        return _places.length - _emptyPlaces.length;
    }

    /// @dev Places so far, empty ones too: what a draw is over, fixed before its seed can be known.
    function _placeCount() internal view returns (uint32) {
        return SafeCast.toUint32(_places.length);
    }

    function _joined(address account) internal view returns (bool) {
        return _duties[account].place != 0;
    }

    /// @dev Goes on with a draw: the first attempt from `attempt` on, below `stop`, that finds an auditor who joined before
    ///      `before` and has the stake.
    /// @return auditor 0 without one
    /// @return next the attempt after it, or `stop`
    function _find(bytes32 seed, uint256 attempt, uint256 stop, uint256 size, uint256 before, uint256 minimum)
        internal
        view
        returns (address auditor, uint256 next)
    {
        for (next = attempt; next < stop;) {
            Place storage place = _places[Lot.pick(seed, next++, size)];
            auditor = place.auditor;
            if (auditor != address(0) && place.joinedAt < before && stakes.active(Role.Auditor, auditor) >= minimum) return (auditor, next);
        }
        return (address(0), next);
    }

    /// @dev Takes up to `amount` of the auditor's stake to this contract.
    function _fine(address auditor, uint256 amount) internal returns (uint256) {
        return amount == 0 ? 0 : stakes.slash(Role.Auditor, auditor, amount);
    }

    function _seat(address auditor) internal {
        ++_duties[auditor].seats;
    }

    function _unseat(address auditor) internal {
        --_duties[auditor].seats;
    }

    function _busy(address auditor, uint40 until) internal {
        if (_duties[auditor].busyUntil < until) _duties[auditor].busyUntil = until;
    }
}
