// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {G1Point} from "../types/Types.sol";
import {Bn254} from "./Bn254.sol";

/// @title One opening of a hiding KZG commitment
/// @notice C = f(tau) G + rho H, f(z) = value, W = q(tau) G with f(X) - value = (X - z) q(X):
///           e(C - value G - rho H + z W, [1]_2) e(-W, [tau]_2) = 1
/// @dev Both answers of `isTrue` come from a pairing that ran. The inputs are checked here, so that no precompile can refuse
///      them: one that fails was short of gas, and that reverts instead of reading as "false".
library KzgOpening {
    error PairingFailed();

    /// @notice Scalars below p, W on the curve with canonical coordinates or infinity (0, 0). An opening that is not well
    ///         formed is false by itself.
    function isWellFormed(uint256 z, uint256 value, uint256 rho, G1Point memory w) internal pure returns (bool) {
        if (z >= Bn254.P || value >= Bn254.P || rho >= Bn254.P || w.x >= Bn254.Q || w.y >= Bn254.Q) return false;
        return w.x | w.y == 0 || mulmod(w.y, w.y, Bn254.Q) == addmod(mulmod(mulmod(w.x, w.x, Bn254.Q), w.x, Bn254.Q), 3, Bn254.Q);
    }

    /// @notice Whether a well-formed opening holds. `c`: on the curve, not infinity; `h`: likewise; tauG2: in G2, not infinity.
    function isTrue(
        G1Point memory c,
        uint256 z,
        uint256 value,
        uint256 rho,
        G1Point memory w,
        uint256[4] memory tauG2,
        G1Point memory h
    ) internal view returns (bool) {
        uint256 sum = Bn254.newSum(c.x, c.y);
        Bn254.mulAdd(sum, 1, 2, Bn254.P - value);
        Bn254.mulAdd(sum, h.x, h.y, Bn254.P - rho);
        bool infinite = w.x | w.y == 0; // the quotient of a constant
        if (!infinite) Bn254.mulAdd(sum, w.x, w.y, z);
        uint256[12] memory pairs;
        assembly ("memory-safe") {
            mcopy(pairs, sum, 0x40)
        }
        (pairs[2], pairs[3], pairs[4], pairs[5]) = (Bn254.G2_X1, Bn254.G2_X0, Bn254.G2_Y1, Bn254.G2_Y0);
        if (!infinite) (pairs[6], pairs[7]) = (w.x, Bn254.Q - w.y); // y = 0 has no point on this curve
        (pairs[8], pairs[9], pairs[10], pairs[11]) = (tauG2[0], tauG2[1], tauG2[2], tauG2[3]);
        (bool ok, bytes memory out) = address(8).staticcall(abi.encode(pairs));
        if (!ok || out.length != 32) revert PairingFailed();
        return abi.decode(out, (uint256)) == 1;
    }
}
