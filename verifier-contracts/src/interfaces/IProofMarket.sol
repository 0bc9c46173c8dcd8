// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ProofRequest} from "../types/Economy.sol";
import "../types/Types.sol";

/// @notice Proof requests with escrowed price, reverse Dutch auction, locks with collateral. A request ends exactly once: paid
///         or refunded.
/// @dev Balance = requesters' deposits + maxPrice of open and locked requests.
interface IProofMarket {
    enum RequestStatus {
        None,
        Open,
        Locked,
        Paid,
        Refunded
    }

    struct RequestState {
        RequestStatus status;
        address prover;
        uint40 lockedAt;
        uint40 lockDeadline;
        uint96 price;
        uint96 collateral;
    }

    struct Delivery {
        ProofRequest request;
        Job job;
        Settlement settlement;
        OpeningProof opening;
        Groth16Proof proof;
        uint256 gasLimit;
    }

    error InvalidRequest(bytes32 reason);
    error RequestExists(bytes32 requestId);
    error WrongRequestStatus(bytes32 requestId, RequestStatus status);
    error BadSignature(address signer);
    error OrderCancelled(address requester, uint256 nonce);
    error DepositTooLow(address requester, uint256 deposit, uint256 wanted);
    error NotRequester(address caller);
    error RequestExpired(bytes32 requestId, uint256 deadline);
    error NotExpired(bytes32 requestId, uint256 deadline);
    error LockedBy(bytes32 requestId, address prover, uint256 until);
    error JobMismatch(bytes32 requestId);
    error GasTooLow(uint256 index);
    error OnlySelf();

    event Deposited(address indexed requester, uint256 amount);
    event DepositWithdrawn(address indexed requester, uint256 amount);
    event RequestOpened(bytes32 indexed requestId, address indexed requester, bytes32 indexed jobId, ProofRequest request);
    event RequestLocked(bytes32 indexed requestId, address indexed prover, uint256 price, uint256 collateral, uint256 lockDeadline);
    event RequestPaid(bytes32 indexed requestId, bytes32 indexed jobId, address indexed prover, uint256 price, bool late);
    event RequestRefunded(bytes32 indexed requestId, address indexed requester, uint256 amount);
    event RequestCancelled(bytes32 indexed requestId);
    event OrderNonceCancelled(address indexed requester, uint256 nonce);
    event ProverSlashed(bytes32 indexed requestId, address indexed prover, uint256 collateral, uint256 reward, address indexed rewarded);
    event ProverExcused(bytes32 indexed requestId, address indexed prover, bytes32 reason);
    /// @notice One member of a batch failed; the others are not touched. code: the selector of its error, 0 without one.
    event DeliveryFailed(bytes32 indexed requestId, uint256 index, bytes4 code);

    /// @notice Money for requests, native (msg.value) or wrapped by allowance with msg.value 0.
    function deposit(uint256 amount) external payable;
    function withdrawDeposit(uint256 amount, bool unwrap) external;
    /// @notice Opens the caller's request; native value adds to its deposit, maxPrice is taken from it.
    function submit(ProofRequest calldata request) external payable returns (bytes32 requestId);
    /// @notice Opens a request that the requester signed (EIP-712, ERC-1271) and locks it for the caller.
    function lockSigned(ProofRequest calldata request, bytes calldata signature) external returns (bytes32 requestId);
    /// @notice Locks an open request for the caller at the current price; its collateral comes from the caller's prover stake.
    function lock(ProofRequest calldata request) external;
    /// @notice Delivers a proof. While a lock runs: only with the locker as job.prover. After it, or without one: any prover.
    function deliver(Delivery calldata delivery) external returns (bytes32 jobId);
    /// @notice Delivers many, each with its gas limit; a failing one is an event.
    function deliverMany(Delivery[] calldata deliveries) external returns (bool[] memory delivered);
    /// @notice After the deadline, anyone: refunds the requester, and takes the collateral of a prover that had locked.
    function expire(ProofRequest calldata request) external;
    /// @notice Requester only, while nobody has locked.
    function cancel(ProofRequest calldata request) external;
    /// @notice Makes signed orders with this nonce worthless.
    function cancelNonce(uint256 nonce) external;

    function requestId(ProofRequest calldata request) external view returns (bytes32);
    function request(bytes32 id) external view returns (RequestState memory);
    function priceAt(ProofRequest calldata request, uint256 timestamp) external pure returns (uint256);
    function depositOf(address requester) external view returns (uint256);
    function nonceCancelled(address requester, uint256 nonce) external view returns (bool);
}
