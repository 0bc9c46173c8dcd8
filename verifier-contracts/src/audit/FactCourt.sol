// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IFactCourt} from "../interfaces/IFactCourt.sol";
import {IInferenceRegistry} from "../interfaces/IInferenceRegistry.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {IParameters} from "../interfaces/IParameters.sol";
import {IRewardVault} from "../interfaces/IRewardVault.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {IVerifierGateway} from "../interfaces/IVerifierGateway.sol";
import {IWrappedOpen} from "../interfaces/IWrappedOpen.sol";
import {KzgOpening} from "../libraries/KzgOpening.sol";
import {RecordHash} from "../libraries/RecordHash.sol";
import {CourtRules, CreditKind, OpeningClaim, Receipt, Role} from "../types/Economy.sol";
import {ZeroAddress} from "../types/Errors.sol";
import {BlockRecord, G1Point, Inference, VerifyingKey} from "../types/Types.sol";

/// @title Facts that convict a node by its own signature
/// @notice The node loses nodeSlash, as far as its stake reaches: challengerBps of it go to the reporter's open balance, the
///         rest to the treasury. Anyone may report, at any time and for as long as the node has stake: what was signed does
///         not expire, and the guardian cannot pause it.
/// @dev Signatures are over EIP-712 digests of the inference registry: those for another chain or registry mean nothing here.
///      They are not part of a fact's id, so a second form of one does not make a second fact. A node that is a contract
///      answers for itself (ERC-1271) at the time of the report. The reporter is msg.sender: a report can be copied from the
///      public pool; use a private one. Holds nothing between calls, but for what strangers send it.
contract FactCourt is IFactCourt, ReentrancyGuardTransient {
    bytes32 public constant EQUIVOCATION = keccak256("zkattr.fact.equivocation.v1");
    bytes32 public constant RECEIPT_MISMATCH = keccak256("zkattr.fact.receipt-mismatch.v1");
    bytes32 public constant WRONG_OPENING = keccak256("zkattr.fact.wrong-opening.v1");
    uint256 private constant PAYOUT = 2;
    uint256 private constant BPS = 10_000;

    IWrappedOpen public immutable open;
    IParameters public immutable parameters;
    IStakeVault public immutable stakes;
    IInferenceRegistry public immutable inferences;
    IModelRegistry public immutable models;
    IRewardVault public immutable vault;
    IVerifierGateway public immutable gateway;

    /// @notice Facts that were decided; each costs the node once.
    mapping(bytes32 factId => bool) public decided;

    constructor(
        IWrappedOpen open_,
        IParameters parameters_,
        IStakeVault stakes_,
        IInferenceRegistry inferences_,
        IRewardVault vault_,
        IVerifierGateway gateway_
    ) {
        if (
            address(open_) == address(0) || address(parameters_) == address(0) || address(stakes_) == address(0)
                || address(inferences_) == address(0) || address(vault_) == address(0) || address(gateway_) == address(0)
        ) revert ZeroAddress();
        open = open_;
        parameters = parameters_;
        stakes = stakes_;
        inferences = inferences_;
        models = inferences_.models();
        vault = vault_;
        gateway = gateway_;
        // The vault pulls what it credits, from its caller only, and cannot be changed.
        open_.approve(address(vault_), type(uint256).max);
    }

    /// @inheritdoc IFactCourt
    /// @dev One inference is one fact, however many outputs were signed for it. Reverts NotEquivocation, BadSignature,
    ///      AlreadyDecided.
    function proveEquivocation(
        Receipt calldata first,
        bytes calldata firstSignature,
        Receipt calldata second,
        bytes calldata secondSignature
    ) external nonReentrant {
        bytes32 key = _key(first);
        if (key != _key(second) || first.outputHash == second.outputHash) revert NotEquivocation();
        _requireSigned(first.node, inferences.receiptDigest(first), firstSignature);
        _requireSigned(first.node, inferences.receiptDigest(second), secondSignature);
        _convict(EQUIVOCATION, key, first.node);
    }

    /// @inheritdoc IFactCourt
    /// @dev `inferences_`, `receiptHash`: what data.dataHash is the hash of. Reverts UnknownBlockData (block or data unknown),
    ///      NotEquivocation (the receipt is for another inference), ReceiptFits, BadSignature, AlreadyDecided.
    function proveReceiptMismatch(
        Receipt calldata receipt,
        bytes calldata signature,
        bytes32 recordId,
        BlockRecord calldata data,
        Inference[] calldata inferences_,
        bytes32 receiptHash,
        uint256 index
    ) external nonReentrant {
        bytes32 blockId = _requireCommitted(recordId, data);
        if (data.dataHash != keccak256(abi.encode(inferences_, receiptHash))) revert UnknownBlockData(blockId);
        // The key was computed when the block was committed, from node, adapter, request and nonce.
        bytes32 key = _key(receipt);
        if (key != data.inferences[index].key) revert NotEquivocation();
        if (receipt.outputHash == inferences_[index].outputHash) revert ReceiptFits();
        _requireSigned(data.node, inferences.receiptDigest(receipt), signature);
        _convict(RECEIPT_MISMATCH, key, data.node);
        _reject(blockId);
    }

    /// @inheritdoc IFactCourt
    /// @dev A block is one fact, however many of its openings are false. Non-canonical scalars and a W off the curve are false
    ///      by themselves; W = infinity is the quotient of a constant and may be true. `selector`: a live verifier of the
    ///      record's class, whose setup all verifiers of the class share; the reporter cannot pick another class's. Reverts
    ///      UnknownBlockData (other block, not committed, or no such table), OpeningIsTrue, BadSignature, AlreadyDecided,
    ///      NotLive, WrongClass, and where gas ran short in a precompile: that is no verdict.
    function proveWrongOpening(
        OpeningClaim calldata claim,
        bytes calldata signature,
        bytes32 recordId,
        BlockRecord calldata data,
        bytes32 selector
    ) external nonReentrant {
        bytes32 blockId = _requireCommitted(recordId, data);
        if (claim.blockId != blockId || claim.table > 1) revert UnknownBlockData(claim.blockId);
        _requireSigned(data.node, inferences.openingDigest(claim), signature);
        if (KzgOpening.isWellFormed(claim.z, claim.value, claim.rho, claim.w)) {
            G1Point memory table = claim.table == 0 ? data.dlt : data.x; // on the curve: checked when it was committed
            VerifyingKey memory setup = _setup(recordId, selector);
            if (KzgOpening.isTrue(table, claim.z, claim.value, claim.rho, claim.w, setup.tauG2, setup.blinding)) revert OpeningIsTrue();
        }
        _convict(WRONG_OPENING, blockId, data.node);
        _reject(blockId);
    }

    function _key(Receipt calldata r) private pure returns (bytes32) {
        return RecordHash.paymentKey(r.node, r.adapterId, r.requestHash, r.nonce);
    }

    /// @dev The key of an account binds it, also after it delegated to code (EIP-7702) that would disown what was signed.
    function _requireSigned(address signer, bytes32 digest, bytes calldata signature) private view {
        (address recovered, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(digest, signature);
        if (failure == ECDSA.RecoverError.NoError && recovered == signer) return;
        if (!SignatureChecker.isValidSignatureNowCalldata(signer, digest, signature)) revert BadSignature(signer);
    }

    function _requireCommitted(bytes32 recordId, BlockRecord calldata data) private view returns (bytes32 blockId) {
        blockId = RecordHash.blockId(address(inferences), recordId, data);
        if (inferences.blockState(blockId).status == IInferenceRegistry.BlockStatus.None) revert UnknownBlockData(blockId);
    }

    function _setup(bytes32 recordId, bytes32 selector) private view returns (VerifyingKey memory key) {
        (bytes32 adapterId,,) = models.record(recordId);
        (, uint32 classId) = models.adapter(adapterId);
        (, key) = gateway.resolve(selector, PAYOUT, classId).classEntry(PAYOUT, classId);
    }

    function _convict(bytes32 kind, bytes32 subject, address node) private {
        bytes32 factId = keccak256(abi.encode(kind, subject));
        if (decided[factId]) revert AlreadyDecided(factId);
        decided[factId] = true;
        CourtRules memory rules = parameters.court();
        uint256 slashed = rules.nodeSlash == 0 ? 0 : stakes.slash(Role.Node, node, rules.nodeSlash);
        emit FactProved(factId, node, msg.sender, kind, slashed);
        uint256 reward = slashed * rules.challengerBps / BPS;
        if (reward != 0) vault.creditNow(msg.sender, reward, CreditKind.Slashed, factId);
        if (slashed != reward) vault.creditNow(parameters.treasury(), slashed - reward, CreditKind.Treasury, factId);
    }

    /// @dev A case that runs on the block goes on and finds it rejected. A settled block stays: its job is the committee's.
    function _reject(bytes32 blockId) private {
        IInferenceRegistry.BlockStatus status = inferences.blockState(blockId).status;
        if (status == IInferenceRegistry.BlockStatus.Committed) inferences.challengeBlock(blockId);
        else if (status != IInferenceRegistry.BlockStatus.Challenged) return;
        inferences.resolveBlock(blockId, true);
    }
}
