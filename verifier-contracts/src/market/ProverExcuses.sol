// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IInferenceRegistry} from "../interfaces/IInferenceRegistry.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {IParameters} from "../interfaces/IParameters.sol";
import {IVerifierGateway} from "../interfaces/IVerifierGateway.sol";
import {Module, ProofRequest} from "../types/Economy.sol";
import {ZeroAddress} from "../types/Errors.sol";

/// @title When a prover that locked is not to blame
/// @notice A lock begins only where a proof could be delivered at once; so every obstacle that is found later came after it.
/// @dev Without the first half, whoever locks behind an obstacle would have an excuse from the start: a free option on the
///      request. Nothing here may catch a failing call: with little gas an excuse would look like none.
abstract contract ProverExcuses {
    uint256 private constant PAYOUT = 2;

    bytes32 internal constant SETTLEMENTS_PAUSED = "settlements paused";
    bytes32 internal constant VERIFIER_INTERRUPTED = "verifier interrupted";
    bytes32 internal constant RECORD_CHALLENGED = "record challenged";
    bytes32 internal constant BLOCK_CHALLENGED = "block challenged";

    IParameters public immutable parameters;
    IInferenceRegistry public immutable inferences;
    IModelRegistry public immutable models;
    IVerifierGateway public immutable gateway;

    constructor(IParameters parameters_, IInferenceRegistry inferences_, IModelRegistry models_, IVerifierGateway gateway_) {
        if (
            address(parameters_) == address(0) || address(inferences_) == address(0) || address(models_) == address(0)
                || address(gateway_) == address(0)
        ) revert ZeroAddress();
        parameters = parameters_;
        inferences = inferences_;
        models = models_;
        gateway = gateway_;
    }

    /// @dev Settlements run and a verifier of the class is live; reverts ModulePaused, ClassWithoutVerifier.
    function _requireVerifiable(bytes32 recordId) internal view {
        parameters.requireLive(Module.Settlements);
        gateway.liveSelector(PAYOUT, _classOf(recordId));
    }

    /// @dev Record and blocks can be settled; reverts RecordNotProved, WrongBlockStatus.
    function _requireSettleable(ProofRequest calldata r) internal view {
        models.requireProved(r.recordId);
        for (uint256 i; i < r.blockIds.length; ++i) {
            IInferenceRegistry.BlockStatus status = inferences.blockState(r.blockIds[i]).status;
            if (status != IInferenceRegistry.BlockStatus.Committed) revert IInferenceRegistry.WrongBlockStatus(r.blockIds[i], status);
        }
    }

    /// @notice Why a lock of [lockedAt, lockDeadline] is excused, 0 when it is not.
    /// @dev A pause or a stopped verifier counts until now: only the protocol can bring it about. A challenge counts while the
    ///      lock ran: anyone can open one, and a late prover could buy back its collateral for a bond. (It still can while the
    ///      lock runs: collateral above the court's bond deters no better than the bond.) The time of the last challenge
    ///      tells, not the status: blocks may be settled otherwise after the request's deadline, which excuses nobody.
    ///      The loop costs less than the reservation of the same blocks did.
    function _excuse(ProofRequest calldata r, uint256 lockedAt, uint256 lockDeadline) internal view returns (bytes32 reason) {
        if (parameters.pausedSince(Module.Settlements, lockedAt)) return SETTLEMENTS_PAUSED;
        if (gateway.interruptedSince(PAYOUT, _classOf(r.recordId), lockedAt)) return VERIFIER_INTERRUPTED;
        (,, uint256 challengedAt) = models.record(r.recordId);
        if (lockedAt <= challengedAt && challengedAt <= lockDeadline) return RECORD_CHALLENGED;
        for (uint256 i; i < r.blockIds.length; ++i) {
            challengedAt = inferences.blockState(r.blockIds[i]).challengedAt;
            if (lockedAt <= challengedAt && challengedAt <= lockDeadline) return BLOCK_CHALLENGED;
        }
    }

    function _classOf(bytes32 recordId) private view returns (uint32 classId) {
        (bytes32 adapterId,,) = models.record(recordId);
        (, classId) = models.adapter(adapterId);
    }
}
