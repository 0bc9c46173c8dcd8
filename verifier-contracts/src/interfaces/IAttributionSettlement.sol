// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import "../types/Types.sol";

/// @notice Verifies R2 for a job and splits its fees.
interface IAttributionSettlement {
    error NotMarket(address caller);

    event JobSettled(bytes32 indexed jobId, bytes32 indexed recordId, address indexed prover, uint256 fees, uint256 payouts, uint256 dust, bytes32 selector);

    /// @notice Settles blocks that nobody has reserved. Anyone may call; the proof is bound to job.prover, who earns the prover's share.
    function settle(Job calldata job, Settlement calldata settlement, OpeningProof calldata opening, Groth16Proof calldata proof) external returns (bytes32 jobId);
    /// @notice The same for reserved blocks. Market only.
    function settleReserved(Job calldata job, Settlement calldata settlement, OpeningProof calldata opening, Groth16Proof calldata proof) external returns (bytes32 jobId);
}
