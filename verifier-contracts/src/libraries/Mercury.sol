// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {OpeningProof} from "../types/Types.sol";
import {Bn254} from "./Bn254.sol";
import {DegenerateChallenge, InverseHintWrong, OpeningIdentity, ScalarNotCanonical} from "../types/Errors.sol";

/// @title Mercury opening of a multilinear table under KZG (Eagen and Gabizon 2025, eprint 2025/385)
/// @notice docs/PROTOCOL.md sections 4 and 9: challenges, check 1, and the terms of L and Rr for check 2.
library Mercury {
    struct Challenges {
        uint256 alpha;
        uint256 gamma;
        uint256 z;
        uint256 beta;
        uint256 v;
        bytes32 state; // unreduced, after W_z, W_i, W_a
    }

    /// @dev Words of OpeningProof's head: 4 rho, 5.. C_h, 7.. C_q C_g, 11.. C_S C_D, 15.. gz .. si, 22 zi, 23.. W_z W_i W_a.
    function requireCanonical(OpeningProof calldata o) internal pure {
        uint256 p = Bn254.P;
        uint256 bad;
        assembly ("memory-safe") {
            if iszero(lt(calldataload(add(o, 0x80)), p)) { bad := 4 }
            for { let i := 15 } lt(i, 23) { i := add(i, 1) } {
                if iszero(lt(calldataload(add(o, shl(5, i))), p)) { bad := i }
            }
        }
        if (bad != 0) revert ScalarNotCanonical(0x1000 + bad);
    }

    /// @notice st_{i+1} = keccak(st_i, message), challenge = st_{i+1} mod p
    function challenges(OpeningProof calldata o, uint256 gammaList, uint256 nu) internal pure returns (Challenges memory c) {
        uint256 p = Bn254.P;
        assembly ("memory-safe") {
            let m := mload(0x40)
            let body := add(m, 0x20)
            mstore(m, gammaList)
            mstore(body, calldataload(add(o, 0x80)))
            mstore(add(m, 0x40), nu)
            mstore(m, keccak256(m, 0x60))
            calldatacopy(body, add(o, 0xa0), 0x40) // C_h
            mstore(m, keccak256(m, 0x60))
            mstore(c, mod(mload(m), p))
            calldatacopy(body, add(o, 0xe0), 0x80) // C_q, C_g
            mstore(m, keccak256(m, 0xa0))
            mstore(add(c, 0x20), mod(mload(m), p))
            calldatacopy(body, add(o, 0x160), 0x80) // C_S, C_D
            mstore(m, keccak256(m, 0xa0))
            mstore(add(c, 0x40), mod(mload(m), p))
            calldatacopy(body, add(o, 0x1e0), 0xe0) // gz, gi, hz, hi, ha, Sz, Si
            mstore(m, keccak256(m, 0x100))
            mstore(add(c, 0x60), mod(mload(m), p))
            calldatacopy(body, add(o, 0x2e0), 0xc0) // W_z, W_i, W_a
            let state := keccak256(m, 0xe0)
            mstore(add(c, 0x80), mod(state, p))
            mstore(add(c, 0xa0), state)
        }
        (uint256 z, uint256 alpha) = (c.z, c.alpha);
        if (z == 0 || mulmod(z, z, p) == 1 || alpha == z || mulmod(alpha, z, p) == 1) revert DegenerateChallenge();
        if (mulmod(z, o.zi, p) != 1) revert InverseHintWrong();
    }

    /// @notice P_u(x) = prod_k (1 - u_k + u_k x^(2^k)) over u[from..from+count), and x^(2^count).
    /// @dev Plain: value *= 1 + u_k (x - 1); x *= x
    function kernel(uint256[] calldata u, uint256 from, uint256 count, uint256 x) internal pure returns (uint256 value, uint256 power) {
        uint256 p = Bn254.P;
        value = 1;
        power = x;
        assembly ("memory-safe") {
            let ptr := add(u.offset, shl(5, from))
            for { let end := add(ptr, shl(5, count)) } lt(ptr, end) { ptr := add(ptr, 0x20) } {
                value := mulmod(value, addmod(1, mulmod(calldataload(ptr), addmod(power, sub(p, 1), p), p), p), p)
                power := mulmod(power, power, p)
            }
        }
    }

    /// @notice Check 1: gz P_lo(1/z) + gi P_lo(z) + gamma (hz P_hi(1/z) + hi P_hi(z)) = 2 (ha + gamma y) + z Sz + Si / z
    /// @return zLo z^(b_lo), b_lo = 2^ceil(nu/2)
    function requireIdentity(Challenges memory c, OpeningProof calldata o, uint256 nu) internal pure returns (uint256 zLo) {
        uint256 p = Bn254.P;
        uint256[] calldata u = o.pStar;
        uint256 lo = (nu + 1) / 2;
        uint256 left;
        {
            uint256 atZ;
            uint256 atZi;
            (atZ, zLo) = kernel(u, 0, lo, c.z);
            (atZi,) = kernel(u, 0, lo, o.zi);
            left = addmod(mulmod(o.gz, atZi, p), mulmod(o.gi, atZ, p), p);
            (atZ,) = kernel(u, lo, nu - lo, c.z);
            (atZi,) = kernel(u, lo, nu - lo, o.zi);
            uint256 high = addmod(mulmod(o.hz, atZi, p), mulmod(o.hi, atZ, p), p);
            left = addmod(left, mulmod(c.gamma, high, p), p);
        }
        uint256 right = addmod(o.ha, mulmod(c.gamma, o.y, p), p);
        right = addmod(right, right, p);
        right = addmod(right, addmod(mulmod(c.z, o.sz, p), mulmod(o.si, o.zi, p), p), p);
        if (left != right) revert OpeningIdentity();
    }

    /// @notice sum += s (L - C'), with C' = C_M + sum_k gamma'^k C_k - rho' H added by the caller.
    function addTerms(uint256 sum, Challenges memory c, OpeningProof calldata o, uint256 zLo, uint256 s) internal view {
        uint256 p = Bn254.P;
        (uint256 beta, uint256 v) = (c.beta, c.v);
        uint256 beta2 = mulmod(beta, beta, p);
        uint256 v2 = mulmod(v, v, p);
        uint256 sBeta2 = mulmod(s, beta2, p);
        Bn254.mulAddCalldata(sum, o.cq, mulmod(s, addmod(c.alpha, p - zLo, p), p));
        Bn254.mulAddCalldata(sum, o.cg, mulmod(s, addmod(beta, v, p), p));
        Bn254.mulAddCalldata(sum, o.ch, mulmod(s, addmod(addmod(beta2, mulmod(v, beta, p), p), v2, p), p));
        Bn254.mulAddCalldata(sum, o.cs, mulmod(sBeta2, addmod(beta, v, p), p));
        Bn254.mulAddCalldata(sum, o.cd, mulmod(sBeta2, beta2, p));
        Bn254.mulAddCalldata(sum, o.wz, mulmod(s, c.z, p));
        Bn254.mulAddCalldata(sum, o.wi, mulmod(s, mulmod(v, o.zi, p), p));
        Bn254.mulAddCalldata(sum, o.wa, mulmod(s, mulmod(v2, c.alpha, p), p));
        Bn254.mulAdd(sum, 1, 2, mulmod(s, p - _values(c, o, zLo, beta2, v2), p));
    }

    /// @notice sum += -s Rr, Rr = W_z + v W_i + v^2 W_a
    function addQuotients(uint256 sum, Challenges memory c, OpeningProof calldata o, uint256 s) internal view {
        uint256 p = Bn254.P;
        uint256 t = p - s; // s != 0
        Bn254.mulAddCalldata(sum, o.wz, t);
        t = mulmod(t, c.v, p);
        Bn254.mulAddCalldata(sum, o.wi, t);
        Bn254.mulAddCalldata(sum, o.wa, mulmod(t, c.v, p));
    }

    /// @dev gz (1 + beta) + beta^2 hz + beta^3 Sz + beta^4 z^(b_lo-1) gi + v (gi + beta hi + beta^2 Si) + v^2 ha
    function _values(Challenges memory c, OpeningProof calldata o, uint256 zLo, uint256 beta2, uint256 v2)
        private
        pure
        returns (uint256 e)
    {
        uint256 p = Bn254.P;
        uint256 beta = c.beta;
        e = mulmod(mulmod(beta2, mulmod(zLo, o.zi, p), p), o.gi, p);
        e = addmod(e, mulmod(beta, o.sz, p), p);
        e = mulmod(beta2, addmod(e, o.hz, p), p);
        e = addmod(e, mulmod(o.gz, addmod(1, beta, p), p), p);
        uint256 atInverse = addmod(addmod(o.gi, mulmod(beta, o.hi, p), p), mulmod(beta2, o.si, p), p);
        e = addmod(e, mulmod(c.v, atInverse, p), p);
        e = addmod(e, mulmod(v2, o.ha, p), p);
    }
}
