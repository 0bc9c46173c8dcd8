// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IStakeVault} from "../src/interfaces/IStakeVault.sol";
import {IWrappedOpen} from "../src/interfaces/IWrappedOpen.sol";
import {Intake} from "../src/libraries/Intake.sol";
import "../src/types/Economy.sol";
import {ZeroAddress} from "../src/types/Errors.sol";
import {Parameters, StakeVault, WrappedOpen} from "./support/Deployed.sol";
import {Rules} from "./support/Rules.sol";

/// @dev Withdraws its stake again while it is being paid.
contract StakeThief {
    StakeVault private immutable stakes;
    bytes public reason;

    constructor(StakeVault stakes_) payable {
        stakes = stakes_;
        stakes.deposit{value: msg.value}(Role.Node, msg.value);
        stakes.startUnbonding(Role.Node, msg.value);
    }

    function withdraw() external {
        stakes.withdraw(Role.Node, true);
    }

    receive() external payable {
        try stakes.withdraw(Role.Node, true) {
            revert("withdrawn twice");
        } catch (bytes memory data) {
            reason = data;
        }
    }
}

abstract contract Stakes is Rules {
    uint256 internal constant START = 1_800_000_000;
    uint256 internal constant WAIT = 14 days;
    address internal constant TIMELOCK = address(0x71);
    address internal constant MARKET = address(0x3a);
    address internal constant COURT = address(0xc0);
    address internal constant FACTS = address(0xfa);
    address internal constant ALICE = address(0xa1);
    address internal constant BOB = address(0xb0);

    WrappedOpen internal open;
    Parameters internal parameters;
    StakeVault internal stakes;

    function deploy() internal {
        vm.warp(START);
        open = WrappedOpen(payable(create("WrappedOpen", "")));
        parameters = Parameters(payable(create("Parameters", abi.encode(TIMELOCK, address(0x6a), address(0x7e), defaultSplit(), stakeRules(), windowRules(), marketRules(), courtRules()))));
        stakes = StakeVault(payable(create("StakeVault", abi.encode(open, parameters, MARKET, COURT, FACTS))));
    }

    function stake(Role role, address who, uint256 amount) internal {
        vm.deal(who, amount);
        vm.prank(who);
        stakes.deposit{value: amount}(role, amount);
    }

    function keeper(Role role) internal pure returns (address) {
        return role == Role.Prover ? MARKET : COURT;
    }
}

contract StakeVaultTest is Stakes {
    function setUp() public {
        deploy();
    }

    // ---- the owner of a stake ----

    function test_refusesToBeDeployedOnNothing() public {
        address[5] memory a = [address(open), address(parameters), MARKET, COURT, FACTS];
        for (uint256 i; i < 5; ++i) {
            address[5] memory b = a;
            b[i] = address(0);
            vm.expectRevert(ZeroAddress.selector);
            StakeVault(payable(create("StakeVault", abi.encode(WrappedOpen(payable(b[0])), Parameters(b[1]), b[2], b[3], b[4]))));
        }
    }

    function test_takesNativeAndWrappedOpen() public {
        vm.deal(ALICE, 5 ether);
        vm.expectEmit();
        emit IStakeVault.Staked(Role.Node, ALICE, 2 ether);
        vm.prank(ALICE);
        stakes.deposit{value: 2 ether}(Role.Node, 2 ether);
        vm.startPrank(ALICE);
        open.deposit{value: 3 ether}();
        open.approve(address(stakes), 3 ether);
        stakes.deposit(Role.Node, 3 ether);
        vm.stopPrank();
        eq(stakes.active(Role.Node, ALICE), 5 ether);
        eq(stakes.free(Role.Node, ALICE), 5 ether);
        eq(open.balanceOf(address(stakes)), 5 ether);
    }

    function test_refusesADepositOfNothingOrOfAnotherAmount() public {
        vm.deal(ALICE, 5 ether);
        vm.startPrank(ALICE);
        vm.expectRevert(IStakeVault.ZeroAmount.selector);
        stakes.deposit(Role.Node, 0);
        vm.expectRevert(abi.encodeWithSelector(Intake.WrongValue.selector, 2 ether, 1 ether));
        stakes.deposit{value: 1 ether}(Role.Node, 2 ether);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(stakes), 0, 2 ether));
        stakes.deposit(Role.Node, 2 ether);
        vm.expectRevert(abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, 128, 1 << 128));
        stakes.deposit(Role.Node, 1 << 128);
        vm.stopPrank();
        eq(stakes.active(Role.Node, ALICE), 0);
    }

    function test_keepsRolesApart() public {
        stake(Role.Node, ALICE, 2 ether);
        stake(Role.Auditor, ALICE, 3 ether);
        stake(Role.Node, BOB, 4 ether);
        eq(stakes.active(Role.Node, ALICE), 2 ether);
        eq(stakes.active(Role.Auditor, ALICE), 3 ether);
        eq(stakes.active(Role.Adapter, ALICE), 0);
        vm.expectRevert(_tooLow(Role.Adapter, ALICE, 0, 1));
        vm.prank(ALICE);
        stakes.startUnbonding(Role.Adapter, 1);
    }

    function test_paysAfterTheWait() public {
        stake(Role.Node, ALICE, 5 ether);
        vm.expectEmit();
        emit IStakeVault.UnbondingStarted(Role.Node, ALICE, 3 ether, START + WAIT);
        vm.startPrank(ALICE);
        stakes.startUnbonding(Role.Node, 3 ether);
        eq(stakes.active(Role.Node, ALICE), 2 ether);
        vm.warp(START + WAIT - 1);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StillUnbonding.selector, START + WAIT));
        stakes.withdraw(Role.Node, true);
        vm.warp(START + WAIT);
        vm.expectEmit();
        emit IStakeVault.Withdrawn(Role.Node, ALICE, 3 ether);
        eq(stakes.withdraw(Role.Node, true), 3 ether);
        eq(ALICE.balance, 3 ether);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.NothingUnbonding.selector, Role.Node, ALICE));
        stakes.withdraw(Role.Node, true);
        vm.stopPrank();
        eq(open.balanceOf(address(stakes)), 2 ether);
    }

    function test_paysWrappedOnDemand() public {
        stake(Role.Node, ALICE, 5 ether);
        vm.startPrank(ALICE);
        stakes.startUnbonding(Role.Node, 5 ether);
        vm.warp(START + WAIT);
        stakes.withdraw(Role.Node, false);
        vm.stopPrank();
        eq(open.balanceOf(ALICE), 5 ether);
        eq(ALICE.balance, 0);
    }

    function test_moreUnbondingRestartsTheWait() public {
        stake(Role.Node, ALICE, 5 ether);
        vm.startPrank(ALICE);
        stakes.startUnbonding(Role.Node, 3 ether);
        vm.warp(START + 1 days);
        stakes.startUnbonding(Role.Node, 1 ether);
        (uint256 amount, uint256 readyAt) = stakes.unbonding(Role.Node, ALICE);
        eq(amount, 4 ether);
        eq(readyAt, START + 1 days + WAIT);
        vm.stopPrank();
    }

    /// @dev A longer wait decided later does not bind who has started; a shorter one does not free it.
    function test_theWaitIsTheOneOfTheStart() public {
        stake(Role.Node, ALICE, 5 ether);
        vm.prank(ALICE);
        stakes.startUnbonding(Role.Node, 3 ether);
        StakeRules memory rules = stakeRules();
        rules.unbondingSeconds = 30 days;
        vm.prank(TIMELOCK);
        parameters.setStakes(rules);
        vm.warp(START + WAIT);
        vm.prank(ALICE);
        eq(stakes.withdraw(Role.Node, true), 3 ether);
    }

    function test_cancelsUnbonding() public {
        stake(Role.Node, ALICE, 5 ether);
        vm.startPrank(ALICE);
        stakes.startUnbonding(Role.Node, 3 ether);
        vm.expectEmit();
        emit IStakeVault.UnbondingCancelled(Role.Node, ALICE, 3 ether);
        stakes.cancelUnbonding(Role.Node);
        eq(stakes.active(Role.Node, ALICE), 5 ether);
        (uint256 amount, uint256 readyAt) = stakes.unbonding(Role.Node, ALICE);
        eq(amount + readyAt, 0);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.NothingUnbonding.selector, Role.Node, ALICE));
        stakes.cancelUnbonding(Role.Node);
        vm.stopPrank();
    }

    function test_unbondsNothingAndNothingTied() public {
        stake(Role.Prover, ALICE, 5 ether);
        vm.prank(MARKET);
        stakes.obligate(Role.Prover, ALICE, 4 ether);
        vm.startPrank(ALICE);
        vm.expectRevert(IStakeVault.ZeroAmount.selector);
        stakes.startUnbonding(Role.Prover, 0);
        vm.expectRevert(_tooLow(Role.Prover, ALICE, 1 ether, 1 ether + 1));
        stakes.startUnbonding(Role.Prover, 1 ether + 1);
        stakes.startUnbonding(Role.Prover, 1 ether);
        vm.stopPrank();
        eq(stakes.active(Role.Prover, ALICE), 4 ether);
    }

    function test_cannotWithdrawTwiceByReentry() public {
        stake(Role.Node, BOB, 10 ether);
        vm.deal(address(this), 4 ether);
        StakeThief thief = new StakeThief{value: 4 ether}(stakes);
        vm.warp(START + WAIT);
        thief.withdraw();
        eq(address(thief).balance, 4 ether);
        eq(bytes32(thief.reason()), bytes32(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector));
        eq(open.balanceOf(address(stakes)), 10 ether);
    }

    function test_aReceiverThatRefusesKeepsItsStake() public {
        address refuser = address(parameters); // has no receive()
        vm.deal(refuser, 1 ether);
        vm.startPrank(refuser);
        stakes.deposit{value: 1 ether}(Role.Node, 1 ether);
        stakes.startUnbonding(Role.Node, 1 ether);
        vm.warp(START + WAIT);
        vm.expectRevert(IWrappedOpen.TransferFailed.selector);
        stakes.withdraw(Role.Node, true);
        stakes.withdraw(Role.Node, false);
        vm.stopPrank();
        eq(open.balanceOf(refuser), 1 ether);
    }

    // ---- holds ----

    function test_aHoldStopsAWithdrawalUntilTheLastIsLifted() public {
        stake(Role.Adapter, ALICE, 5 ether);
        vm.prank(ALICE);
        stakes.startUnbonding(Role.Adapter, 5 ether);
        vm.warp(START + WAIT);
        vm.startPrank(COURT);
        vm.expectEmit();
        emit IStakeVault.HoldPlaced(Role.Adapter, ALICE, 1, COURT);
        stakes.hold(Role.Adapter, ALICE);
        stakes.hold(Role.Adapter, ALICE);
        vm.stopPrank();
        for (uint256 left = 2; left != 0; --left) {
            eq(stakes.holds(Role.Adapter, ALICE), left);
            vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeHeld.selector, Role.Adapter, ALICE, left));
            vm.prank(ALICE);
            stakes.withdraw(Role.Adapter, true);
            vm.expectEmit();
            emit IStakeVault.HoldLifted(Role.Adapter, ALICE, left - 1, COURT);
            vm.prank(COURT);
            stakes.lift(Role.Adapter, ALICE);
        }
        vm.prank(ALICE);
        stakes.withdraw(Role.Adapter, true);
        eq(ALICE.balance, 5 ether);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeHeld.selector, Role.Adapter, ALICE, 0));
        vm.prank(COURT);
        stakes.lift(Role.Adapter, ALICE);
    }

    // ---- obligations ----

    function test_tiesAndFreesStake() public {
        stake(Role.Prover, ALICE, 5 ether);
        vm.startPrank(MARKET);
        vm.expectEmit();
        emit IStakeVault.Obligated(Role.Prover, ALICE, 3 ether, MARKET);
        stakes.obligate(Role.Prover, ALICE, 3 ether);
        eq(stakes.free(Role.Prover, ALICE), 2 ether);
        vm.expectRevert(_tooLow(Role.Prover, ALICE, 2 ether, 2 ether + 1));
        stakes.obligate(Role.Prover, ALICE, 2 ether + 1);
        vm.expectRevert(_tooLow(Role.Prover, ALICE, 2 ether, 1 << 200));
        stakes.obligate(Role.Prover, ALICE, 1 << 200);
        vm.expectRevert(_tooLow(Role.Prover, ALICE, 3 ether, 3 ether + 1));
        stakes.release(Role.Prover, ALICE, 3 ether + 1);
        vm.expectEmit();
        emit IStakeVault.Released(Role.Prover, ALICE, 1 ether, MARKET);
        stakes.release(Role.Prover, ALICE, 1 ether);
        vm.stopPrank();
        eq(stakes.obligated(Role.Prover, ALICE), 2 ether);
        eq(stakes.active(Role.Prover, ALICE), 5 ether);
    }

    function test_unbondingStakeCannotBeTied() public {
        stake(Role.Prover, ALICE, 5 ether);
        vm.prank(ALICE);
        stakes.startUnbonding(Role.Prover, 4 ether);
        vm.expectRevert(_tooLow(Role.Prover, ALICE, 1 ether, 2 ether));
        vm.prank(MARKET);
        stakes.obligate(Role.Prover, ALICE, 2 ether);
    }

    function test_slashesWhatIsTied() public {
        stake(Role.Prover, ALICE, 5 ether);
        vm.startPrank(MARKET);
        stakes.obligate(Role.Prover, ALICE, 3 ether);
        vm.expectRevert(_tooLow(Role.Prover, ALICE, 3 ether, 3 ether + 1));
        stakes.slashObligated(Role.Prover, ALICE, 3 ether + 1);
        vm.expectEmit();
        emit IStakeVault.Slashed(Role.Prover, ALICE, 2 ether, MARKET);
        stakes.slashObligated(Role.Prover, ALICE, 2 ether);
        vm.stopPrank();
        eq(stakes.active(Role.Prover, ALICE), 3 ether);
        eq(stakes.obligated(Role.Prover, ALICE), 1 ether);
        eq(open.balanceOf(MARKET), 2 ether);
        eq(open.balanceOf(address(stakes)), 3 ether);
    }

    // ---- slashes ----

    function test_slashesFreeStakeThenUnbondingNeverWhatIsTied() public {
        stake(Role.Auditor, ALICE, 10 ether);
        vm.prank(ALICE);
        stakes.startUnbonding(Role.Auditor, 3 ether);
        vm.startPrank(COURT);
        stakes.obligate(Role.Auditor, ALICE, 2 ether);
        eq(stakes.slash(Role.Auditor, ALICE, 4 ether), 4 ether);
        eq(stakes.active(Role.Auditor, ALICE), 3 ether);
        vm.expectEmit();
        emit IStakeVault.Slashed(Role.Auditor, ALICE, 4 ether, COURT);
        eq(stakes.slash(Role.Auditor, ALICE, type(uint256).max), 4 ether); // 1 free, 3 unbonding
        eq(stakes.slash(Role.Auditor, ALICE, 1), 0);
        vm.stopPrank();
        (uint256 amount,) = stakes.unbonding(Role.Auditor, ALICE);
        eq(amount, 0);
        eq(stakes.active(Role.Auditor, ALICE), 2 ether);
        eq(stakes.obligated(Role.Auditor, ALICE), 2 ether);
        eq(open.balanceOf(COURT), 8 ether);
        eq(open.balanceOf(address(stakes)), 2 ether);
    }

    function test_leavingDoesNotEscapeASlashBeforeTheWaitIsOver() public {
        stake(Role.Node, ALICE, 10 ether);
        vm.prank(ALICE);
        stakes.startUnbonding(Role.Node, 10 ether);
        vm.warp(START + WAIT);
        vm.prank(COURT);
        stakes.hold(Role.Node, ALICE);
        vm.warp(START + 100 days);
        vm.prank(COURT);
        eq(stakes.slash(Role.Node, ALICE, 10 ether), 10 ether);
    }

    function test_theFactCourtSlashesNodesAndNothingElse() public {
        stake(Role.Node, ALICE, 10 ether);
        vm.prank(FACTS);
        eq(stakes.slash(Role.Node, ALICE, 4 ether), 4 ether);
        eq(open.balanceOf(FACTS), 4 ether);
        for (uint8 r = 1; r < 4; ++r) _refused(FACTS, abi.encodeCall(stakes.slash, (Role(r), ALICE, 1)), Role(r));
        bytes[5] memory calls = _keeperCalls(Role.Node);
        for (uint256 i; i < 5; ++i) _refused(FACTS, calls[i], Role.Node);
    }

    // ---- who ----

    function test_onlyTheKeeperOfARoleTouchesAStake() public {
        for (uint8 r; r < 4; ++r) {
            Role role = Role(r);
            stake(role, ALICE, 10 ether);
            address other = role == Role.Prover ? COURT : MARKET;
            address[4] memory strangers = [other, ALICE, BOB, TIMELOCK];
            bytes[5] memory calls = _keeperCalls(role);
            bytes memory slashing = abi.encodeCall(stakes.slash, (role, ALICE, 1));
            for (uint256 s; s < 4; ++s) {
                for (uint256 i; i < 5; ++i) _refused(strangers[s], calls[i], role);
                _refused(strangers[s], slashing, role);
                assert(!stakes.isController(role, strangers[s]));
            }
            assert(stakes.isController(role, keeper(role)));
            assert(stakes.isController(role, FACTS) == (role == Role.Node));
            for (uint256 i; i < 5; ++i) {
                vm.prank(keeper(role));
                (bool ok,) = address(stakes).call(calls[i]);
                assert(ok);
            }
        }
    }

    function test_nobodyWithdrawsAnothersStake() public {
        stake(Role.Node, ALICE, 10 ether);
        vm.prank(ALICE);
        stakes.startUnbonding(Role.Node, 10 ether);
        vm.warp(START + WAIT);
        vm.startPrank(BOB);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.NothingUnbonding.selector, Role.Node, BOB));
        stakes.withdraw(Role.Node, true);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.NothingUnbonding.selector, Role.Node, BOB));
        stakes.cancelUnbonding(Role.Node);
        vm.stopPrank();
    }

    // ---- fuzz ----

    function testFuzz_slashTakesAllThatIsNotTied(uint96 total, uint96 leaving, uint96 tied, uint128 amount) public {
        uint256 sum = bound(total, 1, 1e30);
        uint256 out = bound(leaving, 0, sum);
        uint256 held = bound(tied, 0, sum - out);
        stake(Role.Node, ALICE, sum);
        vm.prank(ALICE);
        if (out != 0) stakes.startUnbonding(Role.Node, out);
        else stakes.active(Role.Node, ALICE);
        vm.startPrank(COURT);
        stakes.obligate(Role.Node, ALICE, held);
        uint256 taken = stakes.slash(Role.Node, ALICE, amount);
        vm.stopPrank();
        eq(taken, amount < sum - held ? amount : sum - held);
        (uint256 unbonding,) = stakes.unbonding(Role.Node, ALICE);
        eq(stakes.active(Role.Node, ALICE) + unbonding, sum - taken);
        if (taken > sum - held - out) eq(stakes.active(Role.Node, ALICE), held);
        eq(stakes.obligated(Role.Node, ALICE), held);
        eq(open.balanceOf(COURT), taken);
    }

    // ---- helpers ----

    function _tooLow(Role role, address account, uint256 free, uint256 wanted) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IStakeVault.StakeTooLow.selector, role, account, free, wanted);
    }

    /// @dev In an order in which the keeper may call them.
    function _keeperCalls(Role role) private view returns (bytes[5] memory) {
        return [
            abi.encodeCall(stakes.obligate, (role, ALICE, 2)),
            abi.encodeCall(stakes.release, (role, ALICE, 1)),
            abi.encodeCall(stakes.slashObligated, (role, ALICE, 1)),
            abi.encodeCall(stakes.hold, (role, ALICE)),
            abi.encodeCall(stakes.lift, (role, ALICE))
        ];
    }

    function _refused(address from, bytes memory data, Role role) private {
        vm.prank(from);
        (bool ok, bytes memory reason) = address(stakes).call(data);
        assert(!ok);
        eq(keccak256(reason), keccak256(abi.encodeWithSelector(IStakeVault.NotController.selector, role, from)));
    }
}

/// @dev Random owners and controllers.
contract StakeHandler is Stakes {
    address[3] private _owners = [address(0xa1), address(0xa2), address(0xa3)];
    uint256 public deposited;
    uint256 public withdrawn;
    uint256 public slashed;
    mapping(address who => uint256) private _in;
    mapping(address who => uint256) private _out;

    constructor() {
        deploy();
    }

    function deposit(uint256 seed, uint96 amount, bool wrapped) external {
        (Role role, address who) = _pick(seed);
        if (amount == 0) return;
        vm.deal(who, amount);
        vm.startPrank(who);
        if (wrapped) {
            open.deposit{value: amount}();
            open.approve(address(stakes), amount);
        }
        stakes.deposit{value: wrapped ? 0 : amount}(role, amount);
        vm.stopPrank();
        deposited += amount;
        _in[who] += amount;
    }

    function unbond(uint256 seed, uint256 amount) external {
        (Role role, address who) = _pick(seed);
        uint256 free = stakes.free(role, who);
        if (free == 0) return;
        vm.prank(who);
        stakes.startUnbonding(role, bound(amount, 1, free));
    }

    function cancel(uint256 seed) external {
        (Role role, address who) = _pick(seed);
        vm.prank(who);
        stakes.cancelUnbonding(role);
    }

    /// @dev What a withdrawal gives is exactly what the caller had unbonding; nobody else's numbers move.
    function withdraw(uint256 seed, uint256 wait, bool unwrap) external {
        (Role role, address who) = _pick(seed);
        (uint256 amount,) = stakes.unbonding(role, who);
        vm.warp(block.timestamp + wait % 20 days);
        uint256 before = who.balance + open.balanceOf(who);
        vm.prank(who);
        uint256 got = stakes.withdraw(role, unwrap);
        eq(got, amount);
        eq(who.balance + open.balanceOf(who), before + amount);
        withdrawn += amount;
        _out[who] += amount;
    }

    function obligate(uint256 seed, uint256 amount) external {
        (Role role, address who) = _pick(seed);
        uint256 part = bound(amount, 0, stakes.free(role, who)); // a call would take the prank: arguments first
        vm.prank(keeper(role));
        stakes.obligate(role, who, part);
    }

    function release(uint256 seed, uint256 amount, bool slashIt) external {
        (Role role, address who) = _pick(seed);
        uint256 part = bound(amount, 0, stakes.obligated(role, who));
        vm.prank(keeper(role));
        if (slashIt) {
            stakes.slashObligated(role, who, part);
            slashed += part;
        } else {
            stakes.release(role, who, part);
        }
    }

    function slash(uint256 seed, uint96 amount, bool byFacts) external {
        (Role role, address who) = _pick(seed);
        vm.prank(byFacts && role == Role.Node ? FACTS : keeper(role));
        slashed += stakes.slash(role, who, amount);
    }

    function hold(uint256 seed, bool lift) external {
        (Role role, address who) = _pick(seed);
        vm.prank(keeper(role));
        if (lift) stakes.lift(role, who);
        else stakes.hold(role, who);
    }

    /// @dev Balance of the vault, sum of all that is staked.
    function totals() external view returns (uint256 balance, uint256 staked) {
        for (uint8 r; r < 4; ++r) {
            for (uint256 i; i < 3; ++i) {
                (uint256 unbonding,) = stakes.unbonding(Role(r), _owners[i]);
                staked += stakes.active(Role(r), _owners[i]) + unbonding;
            }
        }
        balance = open.balanceOf(address(stakes));
    }

    function requireObligationsCovered() external view {
        for (uint8 r; r < 4; ++r) {
            for (uint256 i; i < 3; ++i) assert(stakes.obligated(Role(r), _owners[i]) <= stakes.active(Role(r), _owners[i]));
        }
    }

    /// @dev Nobody has got out more than it put in.
    function requireNobodyGained() external view {
        for (uint256 i; i < 3; ++i) assert(_out[_owners[i]] <= _in[_owners[i]]);
    }

    function _pick(uint256 seed) private view returns (Role, address) {
        return (Role(seed % 4), _owners[(seed >> 8) % 3]);
    }
}

contract StakeVaultInvariants is Rules {
    StakeHandler private handler;

    function setUp() public {
        handler = new StakeHandler();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_balanceIsAllThatIsStaked() public view {
        (uint256 balance, uint256 staked) = handler.totals();
        eq(balance, staked);
    }

    function invariant_nothingAppearsOrVanishes() public view {
        (uint256 balance,) = handler.totals();
        eq(handler.deposited(), balance + handler.withdrawn() + handler.slashed());
    }

    function invariant_obligationsAreCovered() public view {
        handler.requireObligationsCovered();
    }

    function invariant_nobodyGetsAnothersStake() public view {
        handler.requireNobodyGained();
    }

    /// @dev The handler does reach withdrawals and slashes: see that the invariants are not about nothing.
    function test_theHandlerWithdrawsAndSlashes() public {
        handler.deposit(0, 100, true);
        handler.deposit(256, 50, false);
        handler.unbond(0, 39); // 40
        handler.obligate(0, 30);
        handler.slash(0, 10, true);
        handler.release(0, 10, true);
        handler.withdraw(0, 15 days, true);
        eq(handler.withdrawn(), 40);
        eq(handler.slashed(), 20);
        (uint256 balance, uint256 staked) = handler.totals();
        eq(balance, 90);
        eq(staked, 90);
    }
}
