// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IAttributionSettlement} from "../interfaces/IAttributionSettlement.sol";
import {IInferenceRegistry} from "../interfaces/IInferenceRegistry.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {IParameters} from "../interfaces/IParameters.sol";
import {IProofMarket} from "../interfaces/IProofMarket.sol";
import {IRewardVault} from "../interfaces/IRewardVault.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {IVerifierGateway} from "../interfaces/IVerifierGateway.sol";
import {IWrappedOpen} from "../interfaces/IWrappedOpen.sol";
import {Pricing} from "../libraries/Pricing.sol";
import {RecordHash} from "../libraries/RecordHash.sol";
import {RequestHash} from "../libraries/RequestHash.sol";
import {CreditKind, MarketRules, Module, ProofRequest, Role} from "../types/Economy.sol";
import {EmptyList, ZeroAddress} from "../types/Errors.sol";
import {ProverExcuses} from "./ProverExcuses.sol";
import {RequesterDeposits} from "./RequesterDeposits.sol";

/// @title Market of proofs
/// @notice none -> Open -> Locked -> Paid or Refunded, Open -> Paid or Refunded. An open or locked request holds its maxPrice and
///         has its blocks reserved until its deadline; a locked one also ties its prover's collateral.
///         Who gets what when a proof arrives (c = collateral; parts are rounded down, the treasury gets what is left):
///           in time, or no lock        prover: price
///           late, by the locker        prover: price; c - its lateBps back to its stake, the rest: treasury
///           late, by another prover    prover: price + lateBps of c; the rest of c: treasury
///         and when none arrives until the deadline
///           no lock                    requester: maxPrice
///           locked                     requester: maxPrice; who calls expire: slasherBps of c; the rest of c: treasury
///         maxPrice - price always returns to the requester. An excused locker (ProverExcuses) keeps its collateral in all cases.
/// @dev Being late costs the locker at least lateBps of c, also when it poses as its own rival (lateBps <= 5000); not
///      delivering costs c (less slasherBps, if it calls expire itself). So to deliver late beats not to deliver, and no
///      waiting is rewarded: the price is fixed by the lock.
///      A requester can lock out nobody from money that is due: payments are credits in the vault. A failed delivery changes
///      nothing, so who relays one with too little gas neither earns nor hurts: it can be sent again by anyone.
contract ProofMarket is RequesterDeposits, ProverExcuses, EIP712 {
    uint256 private constant BPS = 10_000;
    /// @dev The verifier's class bounds the blocks of a job far below; this bounds the loops.
    uint256 private constant MAX_BLOCKS = 4096;
    /// @dev Gas that stays here beyond the 1/64 when a member of a batch is called: the call itself, and the event of its failure.
    uint256 private constant MEMBER_RESERVE = 20_000;

    IStakeVault public immutable stakes;
    IAttributionSettlement public immutable settlement;
    IRewardVault public immutable vault;

    /// @inheritdoc IProofMarket
    mapping(address requester => mapping(uint256 nonce => bool)) public nonceCancelled;
    mapping(bytes32 id => RequestState) private _requests;

    constructor(
        IWrappedOpen open_,
        IParameters parameters_,
        IStakeVault stakes_,
        IInferenceRegistry inferences_,
        IModelRegistry models_,
        IAttributionSettlement settlement_,
        IRewardVault vault_,
        IVerifierGateway gateway_
    ) RequesterDeposits(open_) ProverExcuses(parameters_, inferences_, models_, gateway_) EIP712("zkattr market", "1") {
        if (address(stakes_) == address(0) || address(settlement_) == address(0) || address(vault_) == address(0)) revert ZeroAddress();
        stakes = stakes_;
        settlement = settlement_;
        vault = vault_;
        open_.approve(address(vault_), type(uint256).max); // the vault pulls what it credits, and only from its caller
    }

    // ---- requester ----

    /// @inheritdoc IProofMarket
    /// @dev Requester only, the node or operator of every block. Reverts ModulePaused, NotRequester, RequestExists, InvalidRequest,
    ///      DepositTooLow, RecordNotProved, and what reserve reverts with. A cancelled nonce binds signatures, not this call.
    function submit(ProofRequest calldata r) external payable nonReentrant returns (bytes32 id) {
        parameters.requireLive(Module.Requests);
        if (msg.sender != r.requester) revert NotRequester(msg.sender);
        if (msg.value != 0) _deposit(msg.value);
        id = requestId(r);
        if (_requests[id].status != RequestStatus.None) revert RequestExists(id);
        _open(id, r);
    }

    /// @inheritdoc IProofMarket
    /// @dev Until the deadline; later the blocks can be another request's, and expire refunds. Reverts NotRequester,
    ///      WrongRequestStatus, RequestExpired. A requester that sees a proof for its open request can cancel and have the
    ///      same proof settled without the market: who delivers without a lock risks its price.
    function cancel(ProofRequest calldata r) external nonReentrant {
        if (msg.sender != r.requester) revert NotRequester(msg.sender);
        bytes32 id = requestId(r);
        RequestStatus status = _requests[id].status;
        if (status != RequestStatus.Open) revert WrongRequestStatus(id, status);
        if (block.timestamp > r.deadline) revert RequestExpired(id, r.deadline);
        emit RequestCancelled(id);
        _refund(id, r);
        inferences.unreserve(r.blockIds);
    }

    /// @inheritdoc IProofMarket
    /// @dev For good; orders that are open or locked already stay.
    function cancelNonce(uint256 nonce) external nonReentrant {
        nonceCancelled[msg.sender][nonce] = true;
        emit OrderNonceCancelled(msg.sender, nonce);
    }

    // ---- prover ----

    /// @inheritdoc IProofMarket
    /// @dev Opening costs the caller what submit costs the requester. Reverts RequestExists for an id that was locked, paid or
    ///      refunded before (cancelled included: an order is used up by its id), OrderCancelled, BadSignature, and what
    ///      submit and lock revert with. An order that its requester has opened meanwhile is locked as by lock.
    function lockSigned(ProofRequest calldata r, bytes calldata signature) external nonReentrant returns (bytes32 id) {
        parameters.requireLive(Module.Requests);
        id = requestId(r);
        RequestStatus status = _requests[id].status;
        if (status == RequestStatus.None) {
            if (nonceCancelled[r.requester][r.nonce]) revert OrderCancelled(r.requester, r.nonce);
            if (!SignatureChecker.isValidSignatureNowCalldata(r.requester, id, signature)) revert BadSignature(r.requester);
            _open(id, r);
        } else if (status == RequestStatus.Open) {
            _requireSettleable(r);
        } else {
            revert RequestExists(id);
        }
        _lock(id, r);
    }

    /// @inheritdoc IProofMarket
    /// @dev Reverts ModulePaused, WrongRequestStatus, RequestExpired, StakeTooLow; and where no proof could be delivered now:
    ///      RecordNotProved, WrongBlockStatus, ClassWithoutVerifier. A prover that locks must have the witness and must have
    ///      seen that these blocks are of this record and fit one job of the class: the market knows ids only, and a node
    ///      that keeps the witness back would take part of the collateral by delivering late itself.
    function lock(ProofRequest calldata r) external nonReentrant {
        parameters.requireLive(Module.Requests);
        bytes32 id = requestId(r);
        RequestStatus status = _requests[id].status;
        if (status != RequestStatus.Open) revert WrongRequestStatus(id, status);
        _requireSettleable(r);
        _lock(id, r);
    }

    /// @inheritdoc IProofMarket
    /// @dev Anyone may send it: the proof is bound to job.prover, who is paid. Reverts ModulePaused, WrongRequestStatus,
    ///      RequestExpired, LockedBy, JobMismatch, and what the settlement reverts with.
    function deliver(Delivery calldata delivery) external nonReentrant returns (bytes32 jobId) {
        return _deliver(delivery);
    }

    /// @inheritdoc IProofMarket
    /// @dev Reverts EmptyList, ModulePaused, and GasTooLow when a member could not get its whole gasLimit: so a member never fails
    ///      for less gas than it names, and a batch that was sent with too little reverts as a whole. A member can burn its
    ///      gasLimit and no more; of what it returns, 4 bytes are read.
    function deliverMany(Delivery[] calldata deliveries) external nonReentrant returns (bool[] memory delivered) {
        if (deliveries.length == 0) revert EmptyList();
        parameters.requireLive(Module.Settlements);
        delivered = new bool[](deliveries.length);
        for (uint256 i; i < deliveries.length; ++i) {
            bytes4 code;
            (delivered[i], code) = _attempt(deliveries[i], i);
            if (!delivered[i]) emit DeliveryFailed(requestId(deliveries[i].request), i, code);
        }
    }

    /// @notice One member of deliverMany, in a frame of its own. The market only; reverts OnlySelf.
    /// @dev Inside the guard of deliverMany.
    function deliverMember(Delivery calldata delivery) external returns (bytes32 jobId) {
        if (msg.sender != address(this)) revert OnlySelf();
        return _deliver(delivery);
    }

    // ---- anyone ----

    /// @inheritdoc IProofMarket
    /// @dev Reverts WrongRequestStatus, NotExpired.
    function expire(ProofRequest calldata r) external nonReentrant {
        bytes32 id = requestId(r);
        RequestState memory state = _requests[id];
        if (state.status != RequestStatus.Open && state.status != RequestStatus.Locked) revert WrongRequestStatus(id, state.status);
        if (block.timestamp <= r.deadline) revert NotExpired(id, r.deadline);
        _refund(id, r);
        if (state.status == RequestStatus.Locked && !_excused(id, r, state)) {
            _slash(id, state.prover, state.collateral, msg.sender, state.collateral * uint256(parameters.market().slasherBps) / BPS);
        }
    }

    // ---- views ----

    /// @inheritdoc IProofMarket
    /// @dev The EIP-712 digest of the request: what a requester signs.
    function requestId(ProofRequest calldata r) public view returns (bytes32) {
        return _hashTypedDataV4(RequestHash.hash(r));
    }

    /// @inheritdoc IProofMarket
    /// @dev prover, lockedAt, lockDeadline, price, collateral: of the lock, 0 without one; they stay when the request ends.
    function request(bytes32 id) external view returns (RequestState memory) {
        return _requests[id];
    }

    /// @inheritdoc IProofMarket
    function priceAt(ProofRequest calldata r, uint256 timestamp) external pure returns (uint256) {
        return Pricing.priceAt(r, timestamp);
    }

    // ---- internals ----

    function _open(bytes32 id, ProofRequest calldata r) private {
        _requireInBounds(r);
        models.requireProved(r.recordId);
        _spend(r.requester, r.maxPrice);
        _requests[id].status = RequestStatus.Open;
        emit RequestOpened(id, r.requester, RecordHash.jobId(r.recordId, r.blockIds), r);
        inferences.reserve(r.blockIds, r.requester, r.deadline);
    }

    function _requireInBounds(ProofRequest calldata r) private view {
        MarketRules memory rules = parameters.market();
        if (r.minPrice < rules.minPrice || r.minPrice > r.maxPrice || r.maxPrice > rules.maxPrice) revert InvalidRequest("price");
        if (r.collateral < rules.minCollateral) revert InvalidRequest("collateral");
        if (r.lockSeconds < rules.minLockSeconds) revert InvalidRequest("lockSeconds");
        if (r.deadline <= block.timestamp || r.deadline > block.timestamp + rules.maxRequestSeconds) revert InvalidRequest("deadline");
        if (r.blockIds.length == 0 || r.blockIds.length > MAX_BLOCKS) revert InvalidRequest("blockIds");
    }

    /// @dev Of an open request whose record and blocks can be settled.
    function _lock(bytes32 id, ProofRequest calldata r) private {
        if (block.timestamp > r.deadline) revert RequestExpired(id, r.deadline);
        _requireVerifiable(r.recordId);
        uint256 lockDeadline = block.timestamp + r.lockSeconds;
        if (lockDeadline > r.deadline) lockDeadline = r.deadline;
        uint256 price = Pricing.priceAt(r, block.timestamp);
        // The deadline is at most a uint32 behind the time of opening, far below 2^40; the price is at most maxPrice.
        _requests[id] = RequestState({
            status: RequestStatus.Locked,
            prover: msg.sender,
            lockedAt: uint40(block.timestamp),
            lockDeadline: uint40(lockDeadline),
            price: uint96(price),
            collateral: r.collateral
        });
        emit RequestLocked(id, msg.sender, price, r.collateral, lockDeadline);
        stakes.obligate(Role.Prover, msg.sender, r.collateral);
    }

    /// @dev The job that was settled must be the request's: its id is the hash of record and blocks, so it says all. The
    ///      settlement itself requires Module.Settlements.
    function _deliver(Delivery calldata d) private returns (bytes32 jobId) {
        ProofRequest calldata r = d.request;
        bytes32 id = requestId(r);
        RequestState memory state = _requests[id];
        bool locked = state.status == RequestStatus.Locked;
        if (!locked && state.status != RequestStatus.Open) revert WrongRequestStatus(id, state.status);
        if (block.timestamp > r.deadline) revert RequestExpired(id, r.deadline);
        address prover = d.job.prover;
        bool late = locked && block.timestamp > state.lockDeadline;
        if (locked && !late && prover != state.prover) revert LockedBy(id, state.prover, state.lockDeadline);
        uint256 price = locked ? state.price : Pricing.priceAt(r, block.timestamp);

        _requests[id].status = RequestStatus.Paid;
        _return(r.requester, r.maxPrice - price);
        jobId = settlement.settleReserved(d.job, d.settlement, d.opening, d.proof);
        if (jobId != RecordHash.jobId(r.recordId, r.blockIds)) revert JobMismatch(id);
        emit RequestPaid(id, jobId, prover, price, late);
        vault.creditNow(prover, price, CreditKind.ProofPrice, id);
        if (late) _endLateLock(id, r, state, prover);
        else if (locked) stakes.release(Role.Prover, prover, state.collateral);
    }

    /// @dev See the table at the top of the contract.
    function _endLateLock(bytes32 id, ProofRequest calldata r, RequestState memory state, address deliverer) private {
        if (_excused(id, r, state)) return;
        uint256 collateral = state.collateral;
        uint256 lateBps = parameters.market().lateBps;
        if (deliverer == state.prover) {
            uint256 kept = collateral * (BPS - lateBps) / BPS;
            stakes.release(Role.Prover, deliverer, kept);
            _slash(id, deliverer, collateral - kept, address(0), 0);
        } else {
            _slash(id, state.prover, collateral, deliverer, collateral * lateBps / BPS);
        }
    }

    /// @dev Releases the whole collateral of an excused lock.
    function _excused(bytes32 id, ProofRequest calldata r, RequestState memory state) private returns (bool) {
        bytes32 reason = _excuse(r, state.lockedAt, state.lockDeadline);
        if (reason == 0) return false;
        emit ProverExcused(id, state.prover, reason);
        stakes.release(Role.Prover, state.prover, state.collateral);
        return true;
    }

    /// @dev Takes `amount` of the tied collateral: `reward` of it to `rewarded`, the rest to the treasury.
    function _slash(bytes32 id, address prover, uint256 amount, address rewarded, uint256 reward) private {
        emit ProverSlashed(id, prover, amount, reward, rewarded);
        stakes.slashObligated(Role.Prover, prover, amount);
        if (reward != 0) vault.creditNow(rewarded, reward, CreditKind.Slashed, id);
        if (reward != amount) vault.creditNow(parameters.treasury(), amount - reward, CreditKind.Treasury, id);
    }

    function _refund(bytes32 id, ProofRequest calldata r) private {
        _requests[id].status = RequestStatus.Refunded;
        _return(r.requester, r.maxPrice);
        emit RequestRefunded(id, r.requester, r.maxPrice);
    }

    /// @dev Calls deliverMember with exactly gasLimit. A call gets at most 63/64 of the gas that is left, silently; hence the check
    ///      before it. The memory of the call is given back, so that a batch pays for its largest member only.
    function _attempt(Delivery calldata delivery, uint256 index) private returns (bool ok, bytes4 code) {
        uint256 limit = delivery.gasLimit;
        uint256 free;
        assembly ("memory-safe") {
            free := mload(0x40)
        }
        bytes memory data = abi.encodeCall(this.deliverMember, (delivery));
        uint256 left = gasleft();
        left = left > MEMBER_RESERVE ? left - MEMBER_RESERVE : 0;
        if (left - left / 64 < limit) revert GasTooLow(index);
        assembly ("memory-safe") {
            mstore(0, 0)
            ok := call(limit, address(), 0, add(data, 0x20), mload(data), 0, 4)
            if and(iszero(ok), gt(returndatasize(), 3)) { code := mload(0) }
            mstore(0x40, free)
        }
    }
}
