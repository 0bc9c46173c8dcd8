// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Drawing lots from a seed
/// @notice Candidates sit in `size` numbered places, some of them empty or not eligible. Attempt t looks at one place; the
///         first eligible ones that were not drawn before win: selection without replacement, the cost is that of the
///         attempts and not of the list.
/// @dev The order of the attempts is fixed by (seed, size) alone. As long as nobody can become eligible once the seed can be
///      known, whoever drops out then only gives its own place to the next in that order.
library Lot {
    uint256 internal constant BPS = 10_000;
    /// @dev Attempts of one call: at about 10,000 gas each (cold place, cold stake) a call stays near 5 million gas.
    uint256 internal constant TRIES_PER_CALL = 512;

    /// @notice Place that attempt `attempt` looks at. The bias of the remainder is below size / 2^256.
    function pick(bytes32 seed, uint256 attempt, uint256 size) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, attempt))) % size;
    }

    /// @notice Attempts after which the rest counts as not eligible: one eligible place is then missed with probability below
    ///         exp(-16).
    function limit(uint256 size) internal pure returns (uint256) {
        return 16 * size + 256;
    }

    /// @notice Where a call that begins with `attempt` stops.
    function stopOf(uint256 attempt, uint256 size) internal pure returns (uint256) {
        uint256 last = limit(size);
        return attempt + TRIES_PER_CALL < last ? attempt + TRIES_PER_CALL : last;
    }

    /// @notice Whether `id` is among the rateBps / 10,000 that the seed selects.
    function selects(bytes32 seed, bytes32 id, uint256 rateBps) internal pure returns (bool) {
        return uint256(keccak256(abi.encode(seed, id))) % BPS < rateBps;
    }
}
