// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BlockCommitment, OpeningClaim, Receipt} from "../types/Economy.sol";
import {G1Point, Inference} from "../types/Types.sol";

/// @title EIP-712 struct hashes of what nodes sign
/// @notice Standard encoding: nested structs by their hash, a list as the hash of its members' hashes, referenced types in
///         alphabetical order. The domain is the contract's (name "zkattr inference", version "1").
library SignedTypes {
    bytes32 internal constant G1_POINT = keccak256("G1Point(uint256 x,uint256 y)");
    bytes32 internal constant INFERENCE = keccak256("Inference(bytes32 requestHash,uint256 nonce,uint32 rows,bytes32 outputHash)");
    bytes32 internal constant BLOCK_COMMITMENT = keccak256(
        "BlockCommitment(address node,bytes32 adapterId,uint8 heightLog,G1Point dlt,G1Point x,Inference[] inferences,bytes32 receiptHash,uint64 validUntil)"
        "G1Point(uint256 x,uint256 y)"
        "Inference(bytes32 requestHash,uint256 nonce,uint32 rows,bytes32 outputHash)"
    );
    bytes32 internal constant RECEIPT = keccak256("Receipt(address node,bytes32 adapterId,bytes32 requestHash,uint256 nonce,bytes32 outputHash)");
    bytes32 internal constant OPENING_CLAIM = keccak256(
        "OpeningClaim(bytes32 blockId,uint8 table,uint256 z,uint256 value,uint256 rho,G1Point w)"
        "G1Point(uint256 x,uint256 y)"
    );

    function hash(G1Point calldata p) internal pure returns (bytes32) {
        return keccak256(abi.encode(G1_POINT, p));
    }

    function hash(Inference calldata i) internal pure returns (bytes32) {
        return keccak256(abi.encode(INFERENCE, i));
    }

    function hash(BlockCommitment calldata c) internal pure returns (bytes32) {
        bytes32[] memory members = new bytes32[](c.inferences.length);
        for (uint256 i; i < members.length; ++i) members[i] = hash(c.inferences[i]);
        return keccak256(
            abi.encode(
                BLOCK_COMMITMENT,
                c.node,
                c.adapterId,
                c.heightLog,
                hash(c.dlt),
                hash(c.x),
                keccak256(abi.encodePacked(members)),
                c.receiptHash,
                c.validUntil
            )
        );
    }

    function hash(Receipt calldata r) internal pure returns (bytes32) {
        return keccak256(abi.encode(RECEIPT, r));
    }

    function hash(OpeningClaim calldata c) internal pure returns (bytes32) {
        return keccak256(abi.encode(OPENING_CLAIM, c.blockId, c.table, c.z, c.value, c.rho, hash(c.w)));
    }
}
