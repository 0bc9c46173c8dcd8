// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAttributionVerifier} from "../../src/interfaces/IAttributionVerifier.sol";
import {Bn254} from "../../src/libraries/Bn254.sol";
import "../../src/types/Errors.sol";
import "../../src/types/Types.sol";

/// @dev A verifier whose proofs are good for one context, as real ones are: a.x of the Groth16 proof names it. a.y says what
///      else a proof does: 1 burns all gas, 2 reverts with 256 KiB, 3 reverts with nothing, 4 with two bytes.
contract BindingVerifier is IAttributionVerifier {
    bytes4 public constant BOMB = 0xdeadbeef;

    function verifyPayout(PayoutStatement calldata statement, OpeningProof calldata, Groth16Proof calldata proof) external pure {
        uint256 mode = proof.a.y;
        if (mode == 1) {
            assembly {
                invalid()
            }
        }
        if (mode == 2) {
            bytes4 code = BOMB;
            assembly {
                mstore(0, code)
                revert(0, 0x40000)
            }
        }
        if (mode == 3 || mode == 4) {
            assembly {
                mstore(0, not(0))
                revert(0, mul(2, sub(mode, 3)))
            }
        }
        if (bytes32(proof.a.x) != statement.context) revert PairingRejected();
    }

    function verifyFeatures(FeaturesStatement calldata, OpeningProof calldata, Groth16Proof calldata) external pure {
        revert PairingRejected();
    }

    function vkHash(uint256, uint256) external pure returns (bytes32) {
        return bytes32(uint256(1));
    }

    /// @dev Tables and setup of TestVerifier: the gateway takes one of each for a class.
    function classEntry(uint256 relation, uint256 classId) external view returns (ClassShape memory shape, VerifyingKey memory key) {
        shape = this.classShape(relation, classId);
        key.tauG2 = [Bn254.G2_X1, Bn254.G2_X0, Bn254.G2_Y1, Bn254.G2_Y0];
        key.blinding = G1Point(Bn254.H_X, Bn254.H_Y);
    }

    function classShape(uint256, uint256) external pure returns (ClassShape memory) {
        return ClassShape(2, 2, 1, 2, 4, 8, 1);
    }
}
