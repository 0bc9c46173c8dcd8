// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {G1Point} from "../types/Types.sol";
import {PointAtInfinity, PointNotOnCurve} from "../types/Errors.sol";

/// @title BN254 through the precompiles of EIP-196 and EIP-197
/// @notice y^2 = x^3 + 3 over F_q; scalars mod p. The precompiles refuse coordinates >= q, points off the curve and
///         points of G2 outside the subgroup; every refusal is a revert here.
library Bn254 {
    uint256 internal constant P = 21888242871839275222246405745257275088548364400416034343698204186575808495617;
    uint256 internal constant Q = 21888242871839275222246405745257275088696311157297823662689037894645226208583;

    // [1]_2 in the order of the precompile.
    uint256 internal constant G2_X1 = 0x198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2;
    uint256 internal constant G2_X0 = 0x1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed;
    uint256 internal constant G2_Y1 = 0x090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b;
    uint256 internal constant G2_Y0 = 0x12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa;

    // H, the generator of blinding: "zkattr.kzg.blinding.H" hashed to the curve (src/curve/bn254.ts). Nobody knows its
    // logarithm; whoever chose another H could open a commitment to anything.
    uint256 internal constant H_X = 0x104957ea625c5ad87b677571fb7fbda57659f636a73fd55dfd7ba747debdc626;
    uint256 internal constant H_Y = 0x2a6f4220e2c9301b356263794444fa2d2dce2a3496861f41a1809644923aec1a;

    /// @notice A running sum: 5 words, [sum.x, sum.y, point.x, point.y, scalar].
    function newSum(uint256 x, uint256 y) internal pure returns (uint256 sum) {
        assembly ("memory-safe") {
            sum := mload(0x40)
            mstore(0x40, add(sum, 0xa0))
            mstore(sum, x)
            mstore(add(sum, 0x20), y)
        }
    }

    /// @notice sum += scalar * (x, y)
    /// @dev Plain: (sum.x, sum.y) = ecAdd(sum, ecMul((x, y), scalar)). The product is written right behind the sum, so
    ///      that ecAdd reads both in place: 4 words from `sum`.
    function mulAdd(uint256 sum, uint256 x, uint256 y, uint256 scalar) internal view {
        if (x | y == 0) revert PointAtInfinity();
        bool ok;
        assembly ("memory-safe") {
            let t := add(sum, 0x40)
            mstore(t, x)
            mstore(add(t, 0x20), y)
            mstore(add(t, 0x40), scalar)
            ok := staticcall(gas(), 7, t, 0x60, t, 0x40)
            if ok { ok := staticcall(gas(), 6, sum, 0x80, sum, 0x40) }
        }
        if (!ok) revert PointNotOnCurve();
    }

    /// @notice sum += scalar * point, the point's two words at `ptr` in memory.
    function mulAddMemory(uint256 sum, uint256 ptr, uint256 scalar) internal view {
        uint256 x;
        uint256 y;
        assembly ("memory-safe") {
            x := mload(ptr)
            y := mload(add(ptr, 0x20))
        }
        mulAdd(sum, x, y, scalar);
    }

    /// @notice sum += scalar * point, the point in calldata.
    function mulAddCalldata(uint256 sum, G1Point calldata point, uint256 scalar) internal view {
        mulAdd(sum, point.x, point.y, scalar);
    }

    /// @notice Reverts unless the point is on the curve, canonical and not infinity.
    function requireOnCurve(G1Point memory point) internal pure {
        (uint256 x, uint256 y) = (point.x, point.y);
        if (x | y == 0) revert PointAtInfinity();
        if (x >= Q || y >= Q || mulmod(y, y, Q) != addmod(mulmod(mulmod(x, x, Q), x, Q), 3, Q)) revert PointNotOnCurve();
    }

    function requireAllOnCurve(G1Point[] calldata points) internal pure {
        for (uint256 i; i < points.length; ++i) requireOnCurve(points[i]);
    }

    /// @notice Whether `words` is a point of order p in G2, not infinity: a pairing with infinity in G1 validates it.
    function isG2(uint256[4] memory words) internal view returns (bool ok) {
        if (words[0] | words[1] | words[2] | words[3] == 0) return false;
        assembly ("memory-safe") {
            let t := mload(0x40)
            mstore(t, 0)
            mstore(add(t, 0x20), 0)
            mcopy(add(t, 0x40), words, 0x80)
            ok := staticcall(gas(), 8, t, 0xc0, t, 0x20)
            ok := and(ok, eq(mload(t), 1))
        }
    }

    function isG2Generator(uint256[4] memory w) internal pure returns (bool) {
        return w[0] == G2_X1 && w[1] == G2_X0 && w[2] == G2_Y1 && w[3] == G2_Y0;
    }
}
