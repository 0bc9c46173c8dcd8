// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAttributionVerifier} from "../../src/interfaces/IAttributionVerifier.sol";
import {Bn254} from "../../src/libraries/Bn254.sol";
import "../../src/types/Errors.sol";
import "../../src/types/Types.sol";

/// @dev Stands in for the verifier where proofs cannot be made inside forge: accepts or rejects on command, and shows what
///      it was asked. The real verifier is tested with fixtures, and with these contracts on a chain in test/contracts.
contract TestVerifier is IAttributionVerifier {
    bool public accepting = true;
    bytes32 public expectedStatement;
    uint256[4] private _tauG2 = [Bn254.G2_X1, Bn254.G2_X0, Bn254.G2_Y1, Bn254.G2_Y0];

    function set(bool accepting_) external {
        accepting = accepting_;
    }

    /// @dev keccak256(abi.encode(statement)) that must be asked; 0: any.
    function expect(bytes32 statementHash) external {
        expectedStatement = statementHash;
    }

    function verifyPayout(PayoutStatement calldata statement, OpeningProof calldata, Groth16Proof calldata) external view {
        _check(keccak256(abi.encode(statement)));
    }

    function verifyFeatures(FeaturesStatement calldata statement, OpeningProof calldata, Groth16Proof calldata) external view {
        _check(keccak256(abi.encode(statement)));
    }

    function vkHash(uint256, uint256) external pure returns (bytes32) {
        return bytes32(uint256(1));
    }

    /// @dev [tau]_2 of the openings' setup; the generator (tau = 1) unless a test says otherwise.
    function setTau(uint256[4] calldata tauG2) external {
        _tauG2 = tauG2;
    }

    function classEntry(uint256 relation, uint256 classId) external view returns (ClassShape memory shape, VerifyingKey memory key) {
        shape = this.classShape(relation, classId);
        key.tauG2 = _tauG2;
        key.blinding = G1Point(Bn254.H_X, Bn254.H_Y);
    }

    /// @dev Class 1: 4 queries, 4 contributors, 2^8 tokens in 2 blocks. Class 3: 64 queries, 64 contributors, 2^10 tokens in
    ///      16 blocks. As in circuits/circuits.json.
    function classShape(uint256 relation, uint256 classId) external pure returns (ClassShape memory) {
        if (classId == 1) return ClassShape(2, 2, 1, 2, 4, relation == 2 ? 8 : 6, 1);
        if (classId == 3) return ClassShape(6, 6, 1, 4, 10, relation == 2 ? 10 : 12, 4);
        revert UnknownClass(relation, classId);
    }

    function _check(bytes32 statementHash) private view {
        if (!accepting) revert PairingRejected();
        require(expectedStatement == 0 || expectedStatement == statementHash, "another statement was asked");
    }
}
