// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IParameters} from "../interfaces/IParameters.sol";
import {IRewardVault} from "../interfaces/IRewardVault.sol";
import {IWrappedOpen} from "../interfaces/IWrappedOpen.sol";
import {Intake} from "../libraries/Intake.sol";
import {Credit, CreditKind} from "../types/Economy.sol";
import {ZeroAddress} from "../types/Errors.sol";

/// @title What is owed to people
/// @notice Period p covers [(p - 1) PERIOD, p PERIOD) of block.timestamp and opens at p PERIOD + challengeSeconds; a job booked
///         under a longer window moves the opening later, nothing moves it earlier. Period 0 is always open.
/// @dev A job of period p can be challenged until (settlement time + its window) < opening of p: while hold is possible, nothing
///      of the job was claimed, so its credits are there to be taken out. OPEN that was sent here without a call is nobody's.
contract RewardVault is IRewardVault, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @dev Two slots. Timestamps and periods fit 64 bits.
    struct JobEntry {
        JobState state;
        uint64 period;
        uint64 challengeUntil;
        bytes32 creditsHash;
    }

    error ZeroPeriod();

    IWrappedOpen public immutable open;
    IParameters public immutable parameters;
    address public immutable settlement;
    address public immutable court;
    /// @notice Length of a period in seconds.
    uint256 public immutable PERIOD;

    /// @inheritdoc IRewardVault
    mapping(address account => mapping(uint256 period => uint256)) public balanceOf;
    /// @inheritdoc IRewardVault
    mapping(address account => address) public payoutAddress;
    /// @inheritdoc IRewardVault
    uint256 public owed;
    /// @notice Credits of jobs that are held, part of `owed`.
    uint256 public held;

    mapping(bytes32 jobId => JobEntry) private _jobs;
    mapping(uint256 period => uint256) private _opensAt; // of periods with jobs

    modifier onlyCourt() {
        if (msg.sender != court) revert NotCourt(msg.sender);
        _;
    }

    constructor(IWrappedOpen open_, IParameters parameters_, address settlement_, address court_, uint256 period_) {
        if (address(open_) == address(0) || address(parameters_) == address(0) || settlement_ == address(0) || court_ == address(0)) {
            revert ZeroAddress();
        }
        if (period_ == 0) revert ZeroPeriod();
        open = open_;
        parameters = parameters_;
        settlement = settlement_;
        court = court_;
        PERIOD = period_;
    }

    // ---- credits ----

    /// @inheritdoc IRewardVault
    function creditJob(bytes32 jobId, Credit[] calldata credits) external nonReentrant {
        if (msg.sender != settlement) revert NotSettlement(msg.sender);
        if (_jobs[jobId].state != JobState.None) revert JobExists(jobId);
        uint256 period = currentPeriod();
        uint256 window = parameters.windows().challengeSeconds;
        uint256 until = block.timestamp + window;
        bytes32 creditsHash = keccak256(abi.encode(credits));
        _jobs[jobId] = JobEntry(JobState.Settled, uint64(period), uint64(until), creditsHash);
        if (_opensAt[period] < period * PERIOD + window) _opensAt[period] = period * PERIOD + window;
        uint256 sum;
        for (uint256 i; i < credits.length; ++i) {
            Credit calldata c = credits[i];
            sum += c.amount; // 96 bits each: no overflow
            balanceOf[c.account][period] += c.amount;
            emit JobCredited(jobId, c.account, c.kind, c.amount, period);
        }
        owed += sum;
        uint256 balance = IERC20(address(open)).balanceOf(address(this));
        if (balance < owed) revert Uncovered(balance, owed);
        emit JobOpened(jobId, period, sum, until, creditsHash);
    }

    /// @notice Pulls `amount` wrapped OPEN from the caller and credits it to the account's open balance. Anyone; 0 does nothing.
    function creditNow(address account, uint256 amount, CreditKind kind, bytes32 ref) external nonReentrant {
        if (account == address(0)) revert ZeroAddress();
        if (amount == 0) return;
        owed += amount;
        _creditOpen(account, amount, kind, ref);
        IERC20(address(open)).safeTransferFrom(msg.sender, address(this), amount);
    }

    // ---- challenged jobs ----

    /// @notice Takes a job's credits out of their period. Court only, once, up to and including the job's challengeUntil.
    function hold(bytes32 jobId, Credit[] calldata credits) external onlyCourt {
        JobEntry storage entry = _requireJob(jobId, JobState.Settled, credits);
        if (block.timestamp > entry.challengeUntil) revert ChallengeWindowOver(jobId, entry.challengeUntil);
        entry.state = JobState.Held;
        uint256 period = entry.period;
        uint256 sum;
        for (uint256 i; i < credits.length; ++i) {
            balanceOf[credits[i].account][period] -= credits[i].amount; // there: the period is not open
            sum += credits[i].amount;
        }
        held += sum;
        emit JobHeld(jobId, sum);
    }

    /// @inheritdoc IRewardVault
    function release(bytes32 jobId, Credit[] calldata credits) external onlyCourt {
        _requireJob(jobId, JobState.Held, credits).state = JobState.Released;
        uint256 sum = _creditAll(credits, jobId);
        held -= sum;
        emit JobReleased(jobId, sum);
    }

    /// @inheritdoc IRewardVault
    function reverse(bytes32 jobId, Credit[] calldata credits, Credit[] calldata refunds) external onlyCourt {
        _requireJob(jobId, JobState.Held, credits).state = JobState.Reversed;
        uint256 sum;
        for (uint256 i; i < credits.length; ++i) sum += credits[i].amount;
        uint256 refunded = _creditAll(refunds, jobId);
        if (refunded != sum) revert RefundsMismatch(sum, refunded);
        held -= sum;
        emit JobReversed(jobId, sum);
    }

    // ---- claims ----

    /// @inheritdoc IRewardVault
    function claim(uint256[] calldata periods, bool unwrap) external nonReentrant returns (uint256 amount) {
        return _claim(msg.sender, _payee(msg.sender), periods, unwrap);
    }

    /// @inheritdoc IRewardVault
    function claimFor(address account, uint256[] calldata periods, bool unwrap) external nonReentrant returns (uint256 amount) {
        address to = _payee(account);
        if (msg.sender != to) revert NotPayee(account, msg.sender);
        return _claim(account, to, periods, unwrap);
    }

    /// @inheritdoc IRewardVault
    function setPayoutAddress(address to) external {
        payoutAddress[msg.sender] = to;
        emit PayoutAddressSet(msg.sender, to);
    }

    // ---- views ----

    /// @inheritdoc IRewardVault
    function currentPeriod() public view returns (uint256) {
        return block.timestamp / PERIOD + 1;
    }

    /// @inheritdoc IRewardVault
    /// @dev A period without jobs has no balances; its opening is the one that a job of now would give it.
    function opensAt(uint256 period) public view returns (uint256) {
        if (period == 0) return 0;
        uint256 booked = _opensAt[period];
        return booked != 0 ? booked : period * PERIOD + parameters.windows().challengeSeconds;
    }

    /// @inheritdoc IRewardVault
    function job(bytes32 jobId) external view returns (JobState state, uint256 period, uint256 challengeUntil, bytes32 creditsHash) {
        JobEntry storage entry = _jobs[jobId];
        return (entry.state, entry.period, entry.challengeUntil, entry.creditsHash);
    }

    // ---- internals ----

    function _requireJob(bytes32 jobId, JobState state, Credit[] calldata credits) private view returns (JobEntry storage entry) {
        entry = _jobs[jobId];
        if (entry.state != state) revert WrongJobState(jobId, entry.state);
        if (entry.creditsHash != keccak256(abi.encode(credits))) revert CreditsMismatch(jobId);
    }

    /// @dev To the open balances; `owed` has them already.
    function _creditAll(Credit[] calldata credits, bytes32 ref) private returns (uint256 sum) {
        for (uint256 i; i < credits.length; ++i) {
            sum += credits[i].amount;
            _creditOpen(credits[i].account, credits[i].amount, credits[i].kind, ref);
        }
    }

    function _creditOpen(address account, uint256 amount, CreditKind kind, bytes32 ref) private {
        balanceOf[account][0] += amount;
        emit Credited(msg.sender, account, kind, amount, ref);
    }

    /// @dev A period named twice is empty the second time.
    function _claim(address account, address to, uint256[] calldata periods, bool unwrap) private returns (uint256 amount) {
        for (uint256 i; i < periods.length; ++i) {
            uint256 opening = opensAt(periods[i]);
            if (block.timestamp < opening) revert PeriodClosed(periods[i], opening);
            amount += balanceOf[account][periods[i]];
            balanceOf[account][periods[i]] = 0;
        }
        if (amount == 0) revert NothingToClaim(account);
        owed -= amount;
        emit Claimed(account, to, amount, periods);
        Intake.give(open, to, amount, unwrap);
    }

    function _payee(address account) private view returns (address) {
        address to = payoutAddress[account];
        return to == address(0) ? account : to;
    }
}
