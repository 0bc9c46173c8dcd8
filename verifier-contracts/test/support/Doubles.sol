// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AttributionEscrow} from "../../src/rewards/AttributionEscrow.sol";
import {IAttributionVerifier} from "../../src/interfaces/IAttributionVerifier.sol";
import "../../src/types/Errors.sol";
import "../../src/types/Types.sol";

/// @dev Stands in for the verifier where proofs cannot be made inside forge: accepts or rejects on command, and shows what
///      it was asked. The real verifier is tested with fixtures, and with this escrow on a chain in test/contracts.
contract TestVerifier is IAttributionVerifier {
    bool public accepting = true;
    bytes32 public expectedStatement;

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

    function classEntry(uint256, uint256) external pure returns (ClassShape memory, VerifyingKey memory) {
        revert("not needed");
    }

    /// @dev 4 queries, 4 contributors, 2^8 tokens in 2 blocks.
    function classShape(uint256 relation, uint256 classId) external pure returns (ClassShape memory) {
        if (classId != 1) revert UnknownClass(relation, classId);
        return ClassShape(2, 2, 1, 2, 4, relation == 2 ? 8 : 6, 1);
    }

    function _check(bytes32 statementHash) private view {
        if (!accepting) revert PairingRejected();
        require(expectedStatement == 0 || expectedStatement == statementHash, "another statement was asked");
    }
}

/// @dev Claims again from inside its claim.
contract Reentrant {
    AttributionEscrow private immutable escrow;
    bytes public reason;

    constructor(AttributionEscrow escrow_) {
        escrow = escrow_;
    }

    function claim() external {
        escrow.claim();
    }

    receive() external payable {
        try escrow.claim() {
            revert("claimed twice");
        } catch (bytes memory data) {
            reason = data;
        }
    }
}

/// @dev Takes no payment.
contract Refuser {
    function claim(AttributionEscrow escrow) external {
        escrow.claim();
    }
}
