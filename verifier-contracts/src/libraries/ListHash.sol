// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {G1Point} from "../types/Types.sol";
import {Bn254} from "./Bn254.sol";
import {BoundariesNotMonotone, ListLength, ListTooLong, ScalarNotCanonical, TokensOutOfRange} from "../types/Errors.sol";

/// @title The public list of a statement, in one memory buffer
/// @notice words = (gamma', digest, dims, y, p*, tau_hi, lists): gamma_L hashes all of it, the digest hashes its tail, and
///         E = sum_i gamma_L^i words[1 + i].
library ListHash {
    /// @notice Copies `source` to words[start..start+max), the rest stays 0.
    function putShort(uint256[] memory words, uint256 start, uint256[] calldata source, uint256 max) internal pure {
        if (source.length > max) revert ListTooLong(max, source.length);
        _copy(words, start, source);
    }

    /// @notice Copies `source`, of exactly `length` scalars below p, to words[start..).
    function putScalars(uint256[] memory words, uint256 start, uint256[] calldata source, uint256 length) internal pure {
        if (source.length != length) revert ListLength(length, source.length);
        _copy(words, start, source);
        uint256 bad = firstNotBelow(words, start, length, Bn254.P);
        if (bad != length) revert ScalarNotCanonical(start + bad);
    }

    /// @notice Copies boundaries and repeats the last one; they must not fall, and end at `tokens` at most.
    function putBoundaries(uint256[] memory words, uint256 start, uint256[] calldata source, uint256 max, uint256 tokens) internal pure {
        uint256 n = source.length;
        if (n > max) revert ListTooLong(max, n);
        uint256 last;
        for (uint256 i; i < max; ++i) {
            if (i < n) {
                uint256 next = source[i];
                if (next < last) revert BoundariesNotMonotone(i);
                last = next;
            }
            words[start + i] = last;
        }
        if (last > tokens) revert TokensOutOfRange(last);
    }

    /// @notice Copies block commitments to words[start..), two words a point; missing ones stay infinity.
    function putBlocks(uint256[] memory words, uint256 start, G1Point[] calldata source, uint256 max) internal pure {
        if (source.length > max) revert ListTooLong(max, source.length);
        assembly ("memory-safe") {
            calldatacopy(add(add(words, 0x20), shl(5, start)), source.offset, shl(6, source.length))
        }
    }

    /// @notice Index in [0, count) of the first words[start + index] >= bound, or count.
    /// @dev Plain: for (i = 0; i < count && words[start + i] < bound; ++i) {}
    function firstNotBelow(uint256[] memory words, uint256 start, uint256 count, uint256 bound) internal pure returns (uint256 i) {
        assembly ("memory-safe") {
            let ptr := add(add(words, 0x20), shl(5, start))
            for {} lt(i, count) { i := add(i, 1) } {
                if iszero(lt(mload(ptr), bound)) { break }
                ptr := add(ptr, 0x20)
            }
        }
    }

    /// @notice keccak256 of words[from..), without their length.
    function hashFrom(uint256[] memory words, uint256 from) internal pure returns (bytes32 result) {
        assembly ("memory-safe") {
            result := keccak256(add(add(words, 0x20), shl(5, from)), shl(5, sub(mload(words), from)))
        }
    }

    /// @notice sum_{i >= 0} r^i words[from + i] mod p
    /// @dev Plain Horner: for (i = length; i > from; --i) e = e * r + words[i - 1]
    function evaluateFrom(uint256[] memory words, uint256 from, uint256 r) internal pure returns (uint256 e) {
        uint256 p = Bn254.P;
        assembly ("memory-safe") {
            let first := add(add(words, 0x20), shl(5, from))
            let ptr := add(add(words, 0x20), shl(5, mload(words)))
            for {} gt(ptr, first) {} {
                ptr := sub(ptr, 0x20)
                e := addmod(mulmod(e, r, p), mload(ptr), p)
            }
        }
    }

    function _copy(uint256[] memory words, uint256 start, uint256[] calldata source) private pure {
        assembly ("memory-safe") {
            calldatacopy(add(add(words, 0x20), shl(5, start)), source.offset, shl(5, source.length))
        }
    }
}
