// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IAttributionSettlement} from "../interfaces/IAttributionSettlement.sol";
import {IAttributionVerifier} from "../interfaces/IAttributionVerifier.sol";
import {IInferenceRegistry} from "../interfaces/IInferenceRegistry.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {IParameters} from "../interfaces/IParameters.sol";
import {IRewardVault} from "../interfaces/IRewardVault.sol";
import {IVerifierGateway} from "../interfaces/IVerifierGateway.sol";
import {RecordHash} from "../libraries/RecordHash.sol";
import {Credit, CreditKind, Module} from "../types/Economy.sol";
import {PayoutBeyondRecord, PayoutsExceedFees, ZeroAddress} from "../types/Errors.sol";
import "../types/Types.sol";

/// @title Settlement of jobs
/// @notice Takes the blocks, books every part of their fees in the vault, and asks the verifier whether R2 holds for exactly
///         that; its revert undoes all. Holds no money and no state.
contract AttributionSettlement is IAttributionSettlement, ReentrancyGuardTransient {
    using SafeCast for uint256;

    uint256 private constant PAYOUT = 2;

    IParameters public immutable parameters;
    IModelRegistry public immutable models;
    IInferenceRegistry public immutable inferences;
    IVerifierGateway public immutable gateway;
    IRewardVault public immutable vault;
    address public immutable market;
    /// @notice Gets the auditors' part of the fees, for the audits that it orders.
    address public immutable court;

    constructor(
        IParameters parameters_,
        IModelRegistry models_,
        IInferenceRegistry inferences_,
        IVerifierGateway gateway_,
        IRewardVault vault_,
        address market_,
        address court_
    ) {
        if (
            address(parameters_) == address(0) || address(models_) == address(0) || address(inferences_) == address(0)
                || address(gateway_) == address(0) || address(vault_) == address(0) || market_ == address(0) || court_ == address(0)
        ) revert ZeroAddress();
        parameters = parameters_;
        models = models_;
        inferences = inferences_;
        gateway = gateway_;
        vault = vault_;
        market = market_;
        court = court_;
    }

    /// @inheritdoc IAttributionSettlement
    function settle(Job calldata job, Settlement calldata settlement, OpeningProof calldata opening, Groth16Proof calldata proof)
        external
        nonReentrant
        returns (bytes32 jobId)
    {
        return _settle(job, settlement, opening, proof, false);
    }

    /// @inheritdoc IAttributionSettlement
    function settleReserved(Job calldata job, Settlement calldata settlement, OpeningProof calldata opening, Groth16Proof calldata proof)
        external
        nonReentrant
        returns (bytes32 jobId)
    {
        if (msg.sender != market) revert NotMarket(msg.sender);
        return _settle(job, settlement, opening, proof, true);
    }

    function _settle(
        Job calldata job,
        Settlement calldata settlement,
        OpeningProof calldata opening,
        Groth16Proof calldata proof,
        bool reserved
    ) private returns (bytes32 jobId) {
        parameters.requireLive(Module.Settlements);
        if (job.prover == address(0)) revert ZeroAddress();
        bytes32 recordId = RecordHash.recordId(address(models), job.record);
        models.requireProved(recordId);
        IAttributionVerifier verifier = gateway.resolve(settlement.selector, PAYOUT, job.record.classId);
        IInferenceRegistry.Taken memory taken = inferences.takeBlocks(recordId, job.blocks, settlement.zeroQueries, reserved);
        jobId = RecordHash.jobId(recordId, taken.blockIds);
        (Credit[] memory credits, uint256 payouts) = _credits(job, settlement.payouts, taken);
        vault.creditJob(jobId, credits);
        emit JobSettled(jobId, recordId, job.prover, taken.feeSum, payouts, taken.contributorSum - payouts, settlement.selector);
        verifier.verifyPayout(_statement(verifier, job, settlement, taken, recordId, jobId), opening, proof);
    }

    /// @dev Contributors, zero queries, nodes, prover, auditors, treasury (with the dust); zero amounts are left out. They sum to
    ///      taken.feeSum.
    function _credits(Job calldata job, uint256[] calldata payouts, IInferenceRegistry.Taken memory taken)
        private
        view
        returns (Credit[] memory credits, uint256 payoutSum)
    {
        credits = new Credit[](payouts.length + taken.zeroRefunds.length + taken.nodeShares.length + 3);
        uint256 n;
        (n, payoutSum) = _putPayouts(credits, job.record.contributors, payouts);
        if (payoutSum > taken.contributorSum) revert PayoutsExceedFees(payoutSum, taken.contributorSum);
        for (uint256 i; i < taken.zeroRefunds.length; ++i) credits[n++] = taken.zeroRefunds[i];
        n = _putNodes(credits, n, job.blocks, taken.nodeShares);
        n = _put(credits, n, job.prover, taken.proverShare, CreditKind.Prover);
        n = _put(credits, n, court, taken.auditorShare, CreditKind.Auditors);
        n = _put(credits, n, parameters.treasury(), taken.treasuryShare + taken.contributorSum - payoutSum, CreditKind.Treasury);
        assembly ("memory-safe") {
            mstore(credits, n) // at most its length
        }
    }

    /// @dev Contributor c of the record gets payouts[c]; entries beyond the record are 0. Every amount is checked to fit 96
    ///      bits before it is added, so the sum cannot overflow.
    function _putPayouts(Credit[] memory credits, address[] calldata contributors, uint256[] calldata payouts)
        private
        pure
        returns (uint256 n, uint256 sum)
    {
        for (uint256 c; c < payouts.length; ++c) {
            if (payouts[c] == 0) continue;
            if (c >= contributors.length) revert PayoutBeyondRecord(c);
            n = _put(credits, n, contributors[c], payouts[c], CreditKind.Contributor);
            sum += payouts[c];
        }
    }

    /// @dev Neighbouring blocks of one node make one credit.
    function _putNodes(Credit[] memory credits, uint256 n, BlockRecord[] calldata blocks, uint256[] memory shares)
        private
        pure
        returns (uint256)
    {
        uint256 sum;
        for (uint256 k; k < blocks.length; ++k) {
            sum += shares[k];
            if (k + 1 < blocks.length && blocks[k + 1].node == blocks[k].node) continue;
            n = _put(credits, n, blocks[k].node, sum, CreditKind.Node);
            sum = 0;
        }
        return n;
    }

    function _put(Credit[] memory credits, uint256 n, address account, uint256 amount, CreditKind kind) private pure returns (uint256) {
        if (amount == 0) return n;
        credits[n] = Credit(account, amount.toUint96(), kind);
        return n + 1;
    }

    /// @dev What R2 must say: commitments by role from the blocks and the record, boundaries and contributors' parts of the
    ///      fees as derived. The context binds contract, job, inferences, record and prover.
    function _statement(
        IAttributionVerifier verifier,
        Job calldata job,
        Settlement calldata settlement,
        IInferenceRegistry.Taken memory taken,
        bytes32 recordId,
        bytes32 jobId
    ) private view returns (PayoutStatement memory s) {
        s.classId = job.record.classId;
        s.context = keccak256(
            abi.encode(
                RecordHash.PAYOUT_CONTEXT, address(this), jobId, keccak256(abi.encodePacked(taken.keys)), recordId, job.prover
            )
        );
        s.tokensLog = (taken.heightLog + verifier.classShape(PAYOUT, s.classId).blocksLog).toUint8();
        uint256 n = job.blocks.length;
        s.dlt = new G1Point[](n);
        s.x = new G1Point[](n);
        for (uint256 k; k < n; ++k) {
            s.dlt[k] = job.blocks[k].dlt;
            s.x[k] = job.blocks[k].x;
        }
        s.b = job.record.bStar;
        s.a = job.record.aStar;
        s.g = job.record.g;
        s.bt = settlement.bt;
        s.m = settlement.m;
        s.boundaries = taken.boundaries;
        s.fees = taken.fees;
        s.payouts = settlement.payouts;
        s.zeroQueries = settlement.zeroQueries;
    }
}
