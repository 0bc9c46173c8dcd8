// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import "../src/types/Economy.sol";
import {ZeroAddress} from "../src/types/Errors.sol";
import {OpenGovernor, Parameters, TestVerifier, VerifierGateway, WrappedOpen} from "./support/Deployed.sol";
import {Rules} from "./support/Rules.sol";

contract GovernanceTest is Rules {
    uint256 private constant START = 1_800_000_000;
    uint256 private constant VOTING_DELAY = 1 hours;
    uint256 private constant VOTING_PERIOD = 1 days;
    uint256 private constant MIN_DELAY = 2 days;
    uint256 private constant SNAPSHOT = START + VOTING_DELAY;
    uint256 private constant DEADLINE = SNAPSHOT + VOTING_PERIOD;
    address private constant GUARDIAN = address(0x6a);
    address private constant ALICE = address(0xa1);
    address private constant BOB = address(0xb0);
    string private constant WHY = "more for nodes";

    WrappedOpen private open;
    TimelockController private timelock;
    OpenGovernor private governor;
    Parameters private parameters;
    VerifierGateway private gateway;

    function setUp() public {
        vm.warp(START - 1);
        open = WrappedOpen(payable(create("WrappedOpen", "")));
        address[] memory none = new address[](0);
        timelock = TimelockController(payable(create("Timelock", abi.encode(MIN_DELAY, none, none, address(this)))));
        governor = OpenGovernor(payable(create("OpenGovernor", abi.encode(open, timelock, uint48(VOTING_DELAY), uint32(VOTING_PERIOD), 1 ether, 4))));
        timelock.grantRole(timelock.PROPOSER_ROLE(), address(governor));
        timelock.grantRole(timelock.CANCELLER_ROLE(), address(governor));
        timelock.grantRole(timelock.EXECUTOR_ROLE(), address(0));
        timelock.renounceRole(timelock.DEFAULT_ADMIN_ROLE(), address(this));
        parameters = Parameters(payable(create("Parameters", abi.encode(address(timelock), GUARDIAN, address(0x7e), defaultSplit(), stakeRules(), windowRules(), marketRules(), courtRules()))));
        gateway = VerifierGateway(payable(create("VerifierGateway", abi.encode(address(timelock), parameters))));
        _wrap(ALICE, 10 ether);
        _wrap(BOB, 90 ether);
        vm.warp(START);
    }

    // ---- the way of a proposal ----

    function test_votesOfWrappedOpenChangeASplit() public {
        uint256 id = _propose(_addSplit());
        eq(governor.proposalSnapshot(id), SNAPSHOT);
        eq(governor.proposalDeadline(id), DEADLINE);
        vm.warp(SNAPSHOT + 1);
        _vote(ALICE, id, 1);
        vm.warp(DEADLINE + 1);
        _queue(_addSplit());
        eq(governor.proposalEta(id), DEADLINE + 1 + MIN_DELAY);
        vm.warp(DEADLINE + MIN_DELAY);
        vm.expectRevert(); // the timelock still waits
        _execute(_addSplit());
        eq(parameters.currentSplitId(), 1);
        vm.warp(DEADLINE + 1 + MIN_DELAY);
        _execute(_addSplit()); // by anyone
        eq(parameters.currentSplitId(), 2);
        eq(parameters.split(2).node, 3000);
        eq(uint256(governor.state(id)), uint256(IGovernor.ProposalState.Executed));
    }

    function test_votesAddAVerifier() public {
        TestVerifier verifier = TestVerifier(create("TestVerifier", ""));
        _pass(address(gateway), abi.encodeCall(gateway.add, (verifier, 2, 1, 1, bytes32(uint256(1)))));
        eq(address(gateway.resolve(gateway.liveSelector(2, 1), 2, 1)), address(verifier));
    }

    function test_votesUnpause() public {
        vm.prank(GUARDIAN);
        parameters.pause(Module.Payments);
        _pass(address(parameters), abi.encodeCall(parameters.unpause, (Module.Payments)));
        assert(!parameters.paused(Module.Payments));
    }

    /// @dev The bounds hold for the owner too: governance cannot take what is the contributors'.
    function test_votesCannotLeaveTheBounds() public {
        bytes memory call = abi.encodeCall(parameters.addSplit, (Split(999, 9001, 0, 0, 0)));
        _propose(call);
        vm.warp(SNAPSHOT + 1);
        _vote(ALICE, _id(call), 1);
        vm.warp(DEADLINE + 1);
        _queue(call);
        vm.warp(DEADLINE + 1 + MIN_DELAY);
        vm.expectRevert();
        _execute(call);
        eq(parameters.currentSplitId(), 1);
    }

    function test_aDefeatedOrUnattendedProposalDoesNothing() public {
        uint256 id = _propose(_addSplit());
        vm.warp(SNAPSHOT + 1);
        _vote(ALICE, id, 1);
        _vote(BOB, id, 0);
        vm.warp(DEADLINE + 1);
        eq(uint256(governor.state(id)), uint256(IGovernor.ProposalState.Defeated));
        _queueReverts(_addSplit());
    }

    function test_aVoteBelowTheQuorumDoesNothing() public {
        address carol = address(0xca);
        _wrap(carol, 3 ether); // of 103: below 4 percent
        uint256 id = _propose(_addSplit());
        vm.warp(SNAPSHOT + 1);
        _vote(carol, id, 1);
        eq(governor.quorum(SNAPSHOT), 4.12 ether);
        vm.warp(DEADLINE + 1);
        eq(uint256(governor.state(id)), uint256(IGovernor.ProposalState.Defeated));
        _queueReverts(_addSplit());
    }

    function test_proposingNeedsTheThreshold() public {
        address carol = address(0xca);
        _wrap(carol, 1 ether - 1);
        vm.warp(START + 1);
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) = _batch(address(parameters), _addSplit());
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorInsufficientProposerVotes.selector, carol, 1 ether - 1, 1 ether));
        vm.prank(carol);
        governor.propose(targets, values, calls, WHY);
    }

    function test_nobodyVotesTwice() public {
        uint256 id = _propose(_addSplit());
        vm.warp(SNAPSHOT + 1);
        _vote(ALICE, id, 1);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorAlreadyCastVote.selector, ALICE));
        vm.prank(ALICE);
        governor.castVote(id, 1);
        // Nor with the same OPEN in other hands: it voted at the snapshot.
        vm.prank(ALICE);
        open.transfer(address(0xca), 10 ether);
        vm.prank(address(0xca));
        open.delegate(address(0xca));
        vm.warp(SNAPSHOT + 2);
        vm.prank(address(0xca));
        eq(governor.castVote(id, 1), 0);
    }

    // ---- borrowed votes ----

    function test_openDepositedAfterTheSnapshotCountsNothing() public {
        uint256 id = _propose(_addSplit());
        vm.warp(SNAPSHOT + 1);
        _wrap(address(0xbad), 1e9 ether);
        vm.warp(SNAPSHOT + 2);
        vm.prank(address(0xbad));
        eq(governor.castVote(id, 1), 0);
        vm.warp(DEADLINE + 1);
        eq(uint256(governor.state(id)), uint256(IGovernor.ProposalState.Defeated));
    }

    /// @dev Wrapped and unwrapped within the second of the snapshot: a loan of one transaction.
    function test_openBorrowedAtTheSnapshotCountsNothing() public {
        uint256 id = _propose(_addSplit());
        vm.warp(SNAPSHOT);
        _wrap(address(0xbad), 1e9 ether);
        vm.prank(address(0xbad));
        open.withdraw(1e9 ether);
        vm.warp(SNAPSHOT + 1);
        vm.prank(address(0xbad));
        eq(governor.castVote(id, 1), 0);
        eq(governor.quorum(SNAPSHOT), 4 ether);
    }

    /// @dev A loan does not lift a proposer over the threshold either: it counts one second ago.
    function test_borrowedOpenProposesNothing() public {
        _wrap(address(0xbad), 1e9 ether);
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) = _batch(address(parameters), _addSplit());
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorInsufficientProposerVotes.selector, address(0xbad), 0, 1 ether));
        vm.prank(address(0xbad));
        governor.propose(targets, values, calls, WHY);
    }

    // ---- who else could ----

    function test_theGuardianOnlyPausesAndFreezes() public {
        TestVerifier verifier = TestVerifier(create("TestVerifier", ""));
        vm.prank(address(timelock));
        bytes32 selector = gateway.add(verifier, 2, 1, 1, bytes32(uint256(1)));
        vm.startPrank(GUARDIAN);
        parameters.pause(Module.Settlements);
        gateway.freeze(selector);
        bytes memory refusal = abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, GUARDIAN);
        vm.expectRevert(refusal);
        parameters.unpause(Module.Settlements);
        vm.expectRevert(refusal);
        parameters.addSplit(defaultSplit());
        vm.expectRevert(refusal);
        parameters.setGuardian(ALICE);
        vm.expectRevert(refusal);
        parameters.setTreasury(GUARDIAN);
        vm.expectRevert(refusal);
        parameters.transferOwnership(GUARDIAN);
        vm.expectRevert(refusal);
        gateway.thaw(selector);
        vm.expectRevert(refusal);
        gateway.remove(selector);
        vm.stopPrank();
    }

    function test_onlyTheTimelockActs() public {
        address[4] memory others = [address(governor), address(this), ALICE, address(parameters)];
        for (uint256 i; i < 4; ++i) {
            vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, others[i]));
            vm.prank(others[i]);
            parameters.addSplit(defaultSplit());
        }
    }

    function test_onlyTheGovernorSchedules() public {
        bytes32 role = timelock.PROPOSER_ROLE();
        address[2] memory others = [address(this), ALICE];
        for (uint256 i; i < 2; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, others[i], role));
            vm.prank(others[i]);
            timelock.schedule(address(parameters), 0, _addSplit(), 0, 0, MIN_DELAY);
        }
        bytes32 admin = timelock.DEFAULT_ADMIN_ROLE();
        vm.expectRevert(abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, address(this), admin));
        timelock.grantRole(role, address(this)); // the deployer has given up
    }

    function test_theGovernorObeysOnlyItself() public {
        vm.startPrank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorOnlyExecutor.selector, ALICE));
        governor.setVotingPeriod(1);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorOnlyExecutor.selector, ALICE));
        governor.updateTimelock(TimelockController(payable(ALICE)));
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorOnlyExecutor.selector, ALICE));
        governor.relay(address(parameters), 0, "");
        vm.stopPrank();
        _pass(address(governor), abi.encodeCall(governor.setVotingPeriod, (3 days)));
        eq(governor.votingPeriod(), 3 days);
    }

    function test_refusesToBeDeployedOnNothing() public {
        vm.expectRevert();
        OpenGovernor(payable(create("OpenGovernor", abi.encode(IVotes(address(0)), timelock, 1, 1, 0, 4))));
        vm.expectRevert(ZeroAddress.selector);
        OpenGovernor(payable(create("OpenGovernor", abi.encode(open, TimelockController(payable(address(0))), 1, 1, 0, 4))));
    }

    // ---- helpers ----

    function _wrap(address account, uint256 amount) private {
        vm.deal(address(this), amount);
        open.depositTo{value: amount}(account);
        vm.prank(account);
        open.delegate(account);
    }

    function _addSplit() private view returns (bytes memory) {
        return abi.encodeCall(parameters.addSplit, (Split(5000, 3000, 1000, 500, 500)));
    }

    function _batch(address target, bytes memory call) private pure returns (address[] memory targets, uint256[] memory values, bytes[] memory calls) {
        (targets, values, calls) = (new address[](1), new uint256[](1), new bytes[](1));
        (targets[0], calls[0]) = (target, call);
    }

    function _id(bytes memory call) private view returns (uint256) {
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) = _batch(address(parameters), call);
        return governor.hashProposal(targets, values, calls, keccak256(bytes(WHY)));
    }

    function _propose(bytes memory call) private returns (uint256) {
        return _proposeTo(address(parameters), call);
    }

    function _proposeTo(address target, bytes memory call) private returns (uint256) {
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) = _batch(target, call);
        vm.prank(ALICE);
        return governor.propose(targets, values, calls, WHY);
    }

    function _vote(address voter, uint256 id, uint8 support) private {
        vm.prank(voter);
        governor.castVote(id, support);
    }

    function _queue(bytes memory call) private {
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) = _batch(address(parameters), call);
        governor.queue(targets, values, calls, keccak256(bytes(WHY)));
    }

    function _queueReverts(bytes memory call) private {
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) = _batch(address(parameters), call);
        (bool ok, bytes memory reason) = address(governor).call(abi.encodeCall(governor.queue, (targets, values, calls, keccak256(bytes(WHY)))));
        assert(!ok && bytes4(reason) == IGovernor.GovernorUnexpectedProposalState.selector);
    }

    function _execute(bytes memory call) private {
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) = _batch(address(parameters), call);
        governor.execute(targets, values, calls, keccak256(bytes(WHY)));
    }

    /// @dev Proposal to execution.
    function _pass(address target, bytes memory call) private {
        uint256 id = _proposeTo(target, call);
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) = _batch(target, call);
        vm.warp(SNAPSHOT + 1);
        _vote(ALICE, id, 1);
        vm.warp(DEADLINE + 1);
        governor.queue(targets, values, calls, keccak256(bytes(WHY)));
        vm.warp(DEADLINE + 1 + MIN_DELAY);
        governor.execute(targets, values, calls, keccak256(bytes(WHY)));
    }
}
