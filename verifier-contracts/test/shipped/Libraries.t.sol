// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Bn254} from "../../src/libraries/Bn254.sol";
import {Boundaries} from "../../src/libraries/Boundaries.sol";
import {ListHash} from "../../src/libraries/ListHash.sol";
import {Mercury} from "../../src/libraries/Mercury.sol";
import "../../src/types/Errors.sol";
import "../../src/types/Types.sol";
import {Test} from "../support/Vm.sol";

/// @dev External doors to the libraries: calldata arguments, and reverts that can be expected.
contract Doors {
    function mulAdd(uint256 sx, uint256 sy, uint256 x, uint256 y, uint256 scalar) external view returns (uint256 rx, uint256 ry) {
        uint256 sum = Bn254.newSum(sx, sy);
        Bn254.mulAdd(sum, x, y, scalar);
        assembly ("memory-safe") {
            rx := mload(sum)
            ry := mload(add(sum, 0x20))
        }
    }

    function requireOnCurve(G1Point calldata point) external pure {
        Bn254.requireOnCurve(point);
    }

    function kernel(uint256[] calldata u, uint256 from, uint256 count, uint256 x) external pure returns (uint256, uint256) {
        return Mercury.kernel(u, from, count, x);
    }

    function ofRows(uint32[] calldata rows, uint256 capacity) external pure returns (uint256[] memory) {
        return Boundaries.ofRows(rows, capacity);
    }

    function ofBlocks(BlockInference[][] calldata blocks, uint256 heightLog, uint256 count) external pure returns (uint256[] memory ends) {
        ends = new uint256[](count);
        uint256 next;
        for (uint256 k; k < blocks.length; ++k) next = Boundaries.putBlock(ends, next, blocks[k], k, heightLog);
    }

    function putBoundaries(uint256[] calldata source, uint256 max, uint256 tokens) external pure returns (uint256[] memory words) {
        words = new uint256[](max + 2);
        ListHash.putBoundaries(words, 1, source, max, tokens);
    }

    function putScalars(uint256[] calldata source, uint256 length) external pure returns (uint256[] memory words) {
        words = new uint256[](length);
        ListHash.putScalars(words, 0, source, length);
    }
}

contract LibrariesTest is Test {
    uint256 private constant P = Bn254.P;
    Doors private doors = new Doors();

    // ---- Bn254 ----

    /// @dev Reference: affine double-and-add with field inversions by Fermat.
    function testFuzz_mulAddEqualsDoubleAndAdd(uint256 a, uint256 b, uint256 scalar) public view {
        (uint256 sx, uint256 sy) = _multiply(1, 2, bound(a, 1, 1 << 64));
        (uint256 x, uint256 y) = _multiply(1, 2, bound(b, 1, 1 << 64));
        scalar = bound(scalar, 0, (1 << 96) - 1);
        (uint256 tx_, uint256 ty) = _multiply(x, y, scalar);
        (uint256 ex, uint256 ey) = _add(sx, sy, tx_, ty);
        (uint256 rx, uint256 ry) = doors.mulAdd(sx, sy, x, y, scalar);
        eq(rx, ex);
        eq(ry, ey);
    }

    function testFuzz_onCurveAsThePrecompileSays(uint256 x, uint256 y, bool valid) public view {
        if (valid) (x, y) = _multiply(1, 2, bound(x, 1, 1 << 64));
        (bool expected,) = address(6).staticcall{gas: 10000}(abi.encode(x, y, 0, 0));
        if (x | y == 0) expected = false;
        (bool ok,) = address(doors).staticcall(abi.encodeCall(Doors.requireOnCurve, G1Point(x, y)));
        assert(ok == expected);
    }

    function test_refusesInfinityAndCoordinatesBeyondQ() public {
        vm.expectRevert(PointAtInfinity.selector);
        doors.requireOnCurve(G1Point(0, 0));
        vm.expectRevert(PointNotOnCurve.selector);
        doors.requireOnCurve(G1Point(1 + Bn254.Q, 2));
        vm.expectRevert(PointAtInfinity.selector);
        doors.mulAdd(1, 2, 0, 0, 5);
        (bool ok,) = address(doors).staticcall{gas: 100000}(abi.encodeCall(Doors.mulAdd, (1, 2, 1, 2 + Bn254.Q, 5)));
        assert(!ok);
    }

    // ---- Mercury ----

    /// @dev Reference: P_u(x) = sum_i eq(i, u) x^i
    function testFuzz_kernelEqualsTheSumOverEq(uint256[6] memory seed, uint256 x, uint256 skip) public view {
        uint256[] memory u = new uint256[](6);
        for (uint256 k; k < 6; ++k) u[k] = seed[k] % P;
        x %= P;
        skip = bound(skip, 0, 5);
        uint256 count = 6 - skip;
        uint256 sum;
        for (uint256 i; i < 1 << count; ++i) {
            uint256 term = 1;
            for (uint256 k; k < count; ++k) {
                term = mulmod(term, (i >> k) & 1 == 1 ? u[skip + k] : addmod(1, P - u[skip + k], P), P);
            }
            sum = addmod(sum, mulmod(term, _pow(x, i), P), P);
        }
        (uint256 value, uint256 power) = doors.kernel(u, skip, count, x);
        eq(value, sum);
        eq(power, _pow(x, 1 << count));
    }

    // ---- ListHash ----

    function testFuzz_evaluateEqualsThePowerSum(uint256[] memory words, uint256 from, uint256 r) public pure {
        if (words.length == 0) return;
        from = bound(from, 0, words.length);
        r %= P;
        uint256 sum;
        uint256 power = 1;
        for (uint256 i = from; i < words.length; ++i) {
            sum = addmod(sum, mulmod(power, words[i], P), P);
            power = mulmod(power, r, P);
        }
        eq(ListHash.evaluateFrom(words, from, r), sum);
    }

    function testFuzz_hashEqualsThePackedHash(uint256[] memory words, uint256 from) public pure {
        from = bound(from, 0, words.length);
        uint256[] memory tail = new uint256[](words.length - from);
        for (uint256 i; i < tail.length; ++i) tail[i] = words[from + i];
        eq(ListHash.hashFrom(words, from), keccak256(abi.encodePacked(tail)));
    }

    function testFuzz_findsTheFirstWordNotBelow(uint256[] memory words, uint256 limit) public pure {
        uint256 i;
        while (i < words.length && words[i] < limit) ++i;
        eq(ListHash.firstNotBelow(words, 0, words.length, limit), i);
    }

    function testFuzz_boundariesRepeatTheLastAndStayInPlace(uint8[5] memory steps, uint256 count) public view {
        count = bound(count, 0, 5);
        uint256[] memory source = new uint256[](count);
        uint256 last;
        for (uint256 i; i < count; ++i) source[i] = last += steps[i];
        uint256[] memory words = doors.putBoundaries(source, 8, 5 * 255);
        eq(words[0], 0);
        eq(words[9], 0);
        for (uint256 i; i < 8; ++i) eq(words[1 + i], i < count ? source[i] : last);
    }

    function test_refusesFallingLongAndOverflowingBoundaries() public {
        uint256[] memory source = new uint256[](3);
        (source[0], source[1], source[2]) = (5, 4, 9);
        vm.expectRevert(abi.encodeWithSelector(BoundariesNotMonotone.selector, 1));
        doors.putBoundaries(source, 4, 16);
        source[1] = 5;
        doors.putBoundaries(source, 4, 16);
        vm.expectRevert(abi.encodeWithSelector(TokensOutOfRange.selector, 9));
        doors.putBoundaries(source, 4, 8);
        vm.expectRevert(abi.encodeWithSelector(ListTooLong.selector, 2, 3));
        doors.putBoundaries(source, 2, 16);
    }

    function testFuzz_refusesScalarsBeyondP(uint256 value) public {
        uint256[] memory source = new uint256[](2);
        source[1] = value;
        if (value >= P) vm.expectRevert(abi.encodeWithSelector(ScalarNotCanonical.selector, 1));
        doors.putScalars(source, 2);
    }

    // ---- Boundaries ----

    /// @dev Reference: count rows one by one.
    function testFuzz_jobBoundariesEqualARowByRowCount(uint8[6] memory rows, uint256 split, uint256 heightLog) public view {
        heightLog = bound(heightLog, 4, 6);
        uint256 height = 1 << heightLog;
        split = bound(split, 1, 5);
        BlockInference[][] memory blocks = new BlockInference[][](2);
        blocks[0] = new BlockInference[](split);
        blocks[1] = new BlockInference[](6 - split);
        uint256 share = height / 6;
        for (uint256 i; i < 6; ++i) {
            uint32 count = uint32(bound(rows[i], 1, share));
            if (i < split) blocks[0][i].rows = count;
            else blocks[1][i - split].rows = count;
        }
        uint256[] memory ends = doors.ofBlocks(blocks, heightLog, 6);

        uint256[] memory expected = new uint256[](6);
        for (uint256 t; t < 2 * height; ++t) {
            uint256 k = t / height;
            uint256 within = t % height;
            uint256 owner = blocks[k].length - 1; // padding rows count to the last
            uint256 seen;
            for (uint256 i; i < blocks[k].length; ++i) {
                seen += blocks[k][i].rows;
                if (within < seen) {
                    owner = i;
                    break;
                }
            }
            expected[(k == 0 ? 0 : split) + owner] = t + 1;
        }
        for (uint256 q; q < 6; ++q) eq(ends[q], expected[q]);
    }

    function testFuzz_rowBoundariesAreRunningSums(uint16[4] memory rows, uint256 capacity) public {
        capacity = bound(capacity, 1, 1 << 18);
        uint32[] memory source = new uint32[](4);
        uint256 sum;
        bool zero;
        for (uint256 i; i < 4; ++i) {
            source[i] = rows[i];
            sum += rows[i];
            zero = zero || rows[i] == 0;
        }
        if (zero || sum > capacity) vm.expectRevert();
        uint256[] memory ends = doors.ofRows(source, capacity);
        if (zero || sum > capacity) return;
        uint256 end;
        for (uint256 i; i < 4; ++i) eq(ends[i], end += rows[i]);
    }

    // ---- reference curve ----

    function _multiply(uint256 x, uint256 y, uint256 k) private view returns (uint256 rx, uint256 ry) {
        for (; k != 0; k >>= 1) {
            if (k & 1 == 1) (rx, ry) = _add(rx, ry, x, y);
            (x, y) = _add(x, y, x, y);
        }
    }

    function _add(uint256 x1, uint256 y1, uint256 x2, uint256 y2) private view returns (uint256 x, uint256 y) {
        uint256 q = Bn254.Q;
        if (x1 | y1 == 0) return (x2, y2);
        if (x2 | y2 == 0) return (x1, y1);
        if (x1 == x2 && addmod(y1, y2, q) == 0) return (0, 0);
        uint256 slope = x1 == x2
            ? mulmod(mulmod(3, mulmod(x1, x1, q), q), _inverse(addmod(y1, y1, q)), q)
            : mulmod(addmod(y2, q - y1, q), _inverse(addmod(x2, q - x1, q)), q);
        x = addmod(mulmod(slope, slope, q), q - addmod(x1, x2, q), q);
        y = addmod(mulmod(slope, addmod(x1, q - x, q), q), q - y1, q);
    }

    function _inverse(uint256 a) private view returns (uint256) {
        (, bytes memory out) = address(5).staticcall(abi.encode(32, 32, 32, a, Bn254.Q - 2, Bn254.Q));
        return abi.decode(out, (uint256));
    }

    function _pow(uint256 a, uint256 e) private pure returns (uint256 r) {
        r = 1;
        for (uint256 i; i < e; ++i) r = mulmod(r, a, P);
    }
}
