// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {OpeningClaim, Receipt} from "../types/Economy.sol";
import {BlockRecord, Inference} from "../types/Types.sol";

/// @notice Facts that a contract can check itself, decided without a committee: the node is slashed, the reporter rewarded.
interface IFactCourt {
    error NotEquivocation();
    error BadSignature(address signer);
    error ReceiptFits();
    error OpeningIsTrue();
    error AlreadyDecided(bytes32 factId);
    error UnknownBlockData(bytes32 blockId);

    event FactProved(bytes32 indexed factId, address indexed node, address indexed reporter, bytes32 kind, uint256 slashed);

    /// @notice Two receipts of one node for the same request with different outputs: one inference sold twice.
    function proveEquivocation(Receipt calldata first, bytes calldata firstSignature, Receipt calldata second, bytes calldata secondSignature) external;
    /// @notice A signed receipt whose output differs from what the node's committed block says. An unsettled block is rejected.
    function proveReceiptMismatch(Receipt calldata receipt, bytes calldata signature, bytes32 recordId, BlockRecord calldata data, Inference[] calldata inferences, bytes32 receiptHash, uint256 index) external;
    /// @notice A signed opening of a committed table that the pairing refuses. An unsettled block is rejected.
    function proveWrongOpening(OpeningClaim calldata claim, bytes calldata signature, bytes32 recordId, BlockRecord calldata data, bytes32 selector) external;
}
