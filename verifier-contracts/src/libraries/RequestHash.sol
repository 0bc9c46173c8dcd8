// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ProofRequest} from "../types/Economy.sol";

/// @title EIP-712 struct hash of a proof request
/// @notice Standard encoding: the list of block ids as the keccak256 of its members. The domain is the market's (name
///         "zkattr market", version "1"); domain and struct hash together give the request id.
library RequestHash {
    bytes32 internal constant PROOF_REQUEST = keccak256(
        "ProofRequest(address requester,bytes32 recordId,bytes32[] blockIds,uint96 minPrice,uint96 maxPrice,uint96 collateral,"
        "uint64 biddingStart,uint32 rampSeconds,uint32 lockSeconds,uint64 deadline,uint256 nonce)"
    );

    function hash(ProofRequest calldata r) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                PROOF_REQUEST,
                r.requester,
                r.recordId,
                keccak256(abi.encodePacked(r.blockIds)),
                r.minPrice,
                r.maxPrice,
                r.collateral,
                r.biddingStart,
                r.rampSeconds,
                r.lockSeconds,
                r.deadline,
                r.nonce
            )
        );
    }
}
