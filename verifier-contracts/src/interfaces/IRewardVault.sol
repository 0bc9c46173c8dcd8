// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Credit, CreditKind} from "../types/Economy.sol";

/// @notice Holds what is owed to people, in wrapped OPEN; pull payments. A job's credits lie in the period in which it was
///         settled and can be claimed when the period is over and the challenge window after it has passed; period 0 is
///         always open (refunds, prices, awards).
/// @dev Balance >= owed = sum of all balances + held. While a job is challenged its credits are out of their periods.
interface IRewardVault {
    enum JobState {
        None,
        Settled,
        Held,
        Released,
        Reversed
    }

    error NotSettlement(address caller);
    error NotCourt(address caller);
    error JobExists(bytes32 jobId);
    error WrongJobState(bytes32 jobId, JobState state);
    error CreditsMismatch(bytes32 jobId);
    error ChallengeWindowOver(bytes32 jobId, uint256 until);
    error RefundsMismatch(uint256 credits, uint256 refunds);
    error Uncovered(uint256 balance, uint256 owed);
    error PeriodClosed(uint256 period, uint256 opensAt);
    error NothingToClaim(address account);
    error NotPayee(address account, address caller);

    /// @notice Credit of a settled job.
    event JobCredited(bytes32 indexed jobId, address indexed account, CreditKind indexed kind, uint256 amount, uint256 period);
    event JobOpened(bytes32 indexed jobId, uint256 indexed period, uint256 amount, uint256 challengeUntil, bytes32 creditsHash);
    /// @notice Money that `source` (a contract of the protocol, or anyone) put to the account's open balance.
    event Credited(address indexed source, address indexed account, CreditKind indexed kind, uint256 amount, bytes32 ref);
    event JobHeld(bytes32 indexed jobId, uint256 amount);
    event JobReleased(bytes32 indexed jobId, uint256 amount);
    event JobReversed(bytes32 indexed jobId, uint256 amount);
    event Claimed(address indexed account, address indexed to, uint256 amount, uint256[] periods);
    event PayoutAddressSet(address indexed account, address to);

    /// @notice Books a settled job. Settlement only; the money has arrived before.
    function creditJob(bytes32 jobId, Credit[] calldata credits) external;
    /// @notice Pulls `amount` wrapped OPEN from the caller and credits it to the account's open balance.
    function creditNow(address account, uint256 amount, CreditKind kind, bytes32 ref) external;

    /// @notice Takes a job's credits out of their period. Court only, inside the challenge window. `credits` as booked.
    function hold(bytes32 jobId, Credit[] calldata credits) external;
    /// @notice Returns held credits to the accounts' open balances. Court only.
    function release(bytes32 jobId, Credit[] calldata credits) external;
    /// @notice Gives held credits to `refunds` instead; both sums are equal. Court only.
    function reverse(bytes32 jobId, Credit[] calldata credits, Credit[] calldata refunds) external;

    /// @notice Pays the caller's balances of `periods` to its payout address; native with `unwrap`.
    function claim(uint256[] calldata periods, bool unwrap) external returns (uint256 amount);
    /// @notice The same for another account, by its payout address.
    function claimFor(address account, uint256[] calldata periods, bool unwrap) external returns (uint256 amount);
    /// @notice Where the caller's claims go from now on; 0 = the account itself.
    function setPayoutAddress(address to) external;

    function payoutAddress(address account) external view returns (address);
    function balanceOf(address account, uint256 period) external view returns (uint256);
    function currentPeriod() external view returns (uint256);
    /// @notice When a period can be claimed: its end, plus the challenge window, later when a job in it has a longer one.
    function opensAt(uint256 period) external view returns (uint256);
    function job(bytes32 jobId) external view returns (JobState state, uint256 period, uint256 challengeUntil, bytes32 creditsHash);
    function owed() external view returns (uint256);
}
