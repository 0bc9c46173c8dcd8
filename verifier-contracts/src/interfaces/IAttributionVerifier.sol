// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ClassShape, FeaturesStatement, Groth16Proof, OpeningProof, PayoutStatement, VerifyingKey} from "../types/Types.sol";

/// @notice Verifies features (R1) and payout (R2) proofs. A false or malformed proof reverts; returning means accepted.
interface IAttributionVerifier {
    event ClassAdded(uint256 indexed relation, uint256 indexed classId, bytes32 vkHash, bool development);

    function verifyPayout(PayoutStatement calldata statement, OpeningProof calldata opening, Groth16Proof calldata proof) external view;

    function verifyFeatures(FeaturesStatement calldata statement, OpeningProof calldata opening, Groth16Proof calldata proof) external view;

    /// @notice keccak256 of alpha, beta, gamma, delta, IC: 22 words, as in the vk.json of the setup.
    function vkHash(uint256 relation, uint256 classId) external view returns (bytes32);

    function classShape(uint256 relation, uint256 classId) external view returns (ClassShape memory);

    function classEntry(uint256 relation, uint256 classId) external view returns (ClassShape memory, VerifyingKey memory);
}
