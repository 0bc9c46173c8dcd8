// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ProofRequest} from "../types/Economy.sol";

/// @title Price of a proof request: a reverse Dutch auction
/// @notice price(t) = minPrice                                                                t <= biddingStart
///                  = minPrice + floor((maxPrice - minPrice) (t - biddingStart) / rampSeconds)  t < biddingStart + rampSeconds
///                  = maxPrice                                                                later
///         Rounded down, for the requester. Without a ramp it is minPrice until biddingStart and maxPrice from the next second.
library Pricing {
    /// @param r         minPrice <= maxPrice: the result lies between them (so it fits 96 bits), and never falls with time
    /// @param timestamp seconds
    function priceAt(ProofRequest calldata r, uint256 timestamp) internal pure returns (uint256) {
        if (timestamp <= r.biddingStart) return r.minPrice;
        uint256 elapsed = timestamp - r.biddingStart;
        if (elapsed >= r.rampSeconds) return r.maxPrice;
        // 96 + 32 bits; rampSeconds > elapsed > 0
        return r.minPrice + uint256(r.maxPrice - r.minPrice) * elapsed / r.rampSeconds;
    }
}
