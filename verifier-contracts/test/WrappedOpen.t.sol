// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {IWrappedOpen} from "../src/interfaces/IWrappedOpen.sol";
import {ZeroAddress} from "../src/types/Errors.sol";
import {WrappedOpen} from "./support/Deployed.sol";
import {Test} from "./support/Vm.sol";

/// @dev Withdraws again from inside a withdrawal, as long as it has anything.
contract Greedy {
    WrappedOpen private immutable open;

    constructor(WrappedOpen open_) {
        open = open_;
    }

    function withdraw(uint256 amount) external {
        open.withdraw(amount);
    }

    receive() external payable {
        uint256 rest = open.balanceOf(address(this));
        if (rest != 0) open.withdraw(rest < msg.value ? rest : msg.value);
    }
}

/// @dev Refuses money.
contract Closed {
    function withdraw(WrappedOpen open, uint256 amount) external {
        open.withdraw(amount);
    }
}

contract WrappedOpenTest is Test {
    address private constant ALICE = address(0xa1);
    address private constant BOB = address(0xb0);
    uint256 private constant KEY = 0xa11ce;
    /// @dev A constant: the compiler takes block.timestamp for one too, and would read it again after a warp.
    uint256 private constant START = 1_800_000_000;

    WrappedOpen private open;

    function setUp() public {
        vm.warp(START);
        open = WrappedOpen(payable(create("WrappedOpen", "")));
        vm.deal(ALICE, 100 ether);
    }

    function test_wrapsAndUnwrapsOneForOne() public {
        vm.expectEmit();
        emit IWrappedOpen.Deposit(ALICE, 3 ether);
        vm.prank(ALICE);
        open.deposit{value: 3 ether}();
        eq(open.balanceOf(ALICE), 3 ether);
        eq(open.totalSupply(), address(open).balance);
        vm.expectEmit();
        emit IWrappedOpen.Withdrawal(ALICE, 1 ether);
        vm.prank(ALICE);
        open.withdraw(1 ether);
        eq(open.balanceOf(ALICE), 2 ether);
        eq(ALICE.balance, 98 ether);
        eq(open.totalSupply(), address(open).balance);
    }

    function test_wrapsAPlainTransfer() public {
        vm.prank(ALICE);
        (bool ok,) = address(open).call{value: 2 ether}("");
        assert(ok);
        eq(open.balanceOf(ALICE), 2 ether);
    }

    function test_wrapsAndUnwrapsForOthers() public {
        vm.prank(ALICE);
        open.depositTo{value: 2 ether}(BOB);
        eq(open.balanceOf(BOB), 2 ether);
        vm.prank(BOB);
        open.withdrawTo(address(0xca), 2 ether);
        eq(address(0xca).balance, 2 ether);
        eq(open.totalSupply(), 0);
    }

    function test_namesItself() public view {
        eq(keccak256(bytes(open.name())), keccak256("Wrapped OPEN"));
        eq(keccak256(bytes(open.symbol())), keccak256("WOPEN"));
        eq(open.decimals(), 18);
        eq(open.clock(), block.timestamp);
        eq(keccak256(bytes(open.CLOCK_MODE())), keccak256("mode=timestamp"));
    }

    function test_refusesToUnwrapMoreThanOneHas() public {
        _wrap(ALICE, 1 ether);
        _wrap(BOB, 1 ether);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, ALICE, 1 ether, 1 ether + 1));
        vm.prank(ALICE);
        open.withdraw(1 ether + 1);
    }

    function test_refusesToUnwrapIntoNothingOrItself() public {
        _wrap(ALICE, 1 ether);
        vm.expectRevert(ZeroAddress.selector);
        vm.prank(ALICE);
        open.withdrawTo(address(0), 1);
        vm.expectRevert(IWrappedOpen.TransferFailed.selector);
        vm.prank(ALICE);
        open.withdrawTo(address(open), 1);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, address(0)));
        vm.prank(ALICE);
        open.depositTo{value: 1}(address(0));
    }

    function test_aRefusedTransferBurnsNothing() public {
        Closed closed = new Closed();
        _wrap(address(closed), 1 ether);
        vm.expectRevert(IWrappedOpen.TransferFailed.selector);
        closed.withdraw(open, 1 ether);
        eq(open.balanceOf(address(closed)), 1 ether);
        eq(address(open).balance, 1 ether);
    }

    function test_reentryTakesOnlyOnesOwn() public {
        Greedy greedy = new Greedy(open);
        _wrap(address(greedy), 3 ether);
        _wrap(ALICE, 50 ether);
        greedy.withdraw(1 ether); // three times 1
        eq(address(greedy).balance, 3 ether);
        eq(open.balanceOf(address(greedy)), 0);
        eq(open.balanceOf(ALICE), 50 ether);
        eq(open.totalSupply(), address(open).balance);
    }

    function test_permitsBySignatureOnce() public {
        address owner = vm.addr(KEY);
        (uint8 v, bytes32 r, bytes32 s) = _permit(owner, BOB, 5, block.timestamp);
        open.permit(owner, BOB, 5, block.timestamp, v, r, s);
        eq(open.allowance(owner, BOB), 5);
        eq(open.nonces(owner), 1);
        (bool ok,) = address(open).call(abi.encodeCall(open.permit, (owner, BOB, 5, block.timestamp, v, r, s)));
        assert(!ok);
        (v, r, s) = _permit(owner, BOB, 5, block.timestamp - 1);
        vm.expectRevert(abi.encodeWithSelector(ERC20Permit.ERC2612ExpiredSignature.selector, block.timestamp - 1));
        open.permit(owner, BOB, 5, block.timestamp - 1, v, r, s);
    }

    function test_votesCountWhereTheyAreDelegatedAndAtTheirTime() public {
        _wrap(ALICE, 10 ether);
        eq(open.getVotes(ALICE), 0);
        vm.prank(ALICE);
        open.delegate(BOB);
        eq(open.getVotes(BOB), 10 ether);
        vm.warp(START + 10);
        vm.prank(ALICE);
        open.withdraw(4 ether);
        vm.warp(START + 20);
        eq(open.getPastVotes(BOB, START), 10 ether);
        eq(open.getPastVotes(BOB, START + 10), 6 ether);
        eq(open.getPastTotalSupply(START + 10), 6 ether);
        eq(open.getPastVotes(BOB, START - 1), 0);
    }

    function test_whatIsWrappedAndUnwrappedInOneSecondNeverVoted() public {
        vm.prank(ALICE);
        open.delegate(ALICE);
        _wrap(ALICE, 40 ether);
        eq(open.getVotes(ALICE), 40 ether);
        vm.prank(ALICE);
        open.withdraw(40 ether);
        vm.warp(START + 1);
        eq(open.getPastVotes(ALICE, START), 0);
        eq(open.getPastTotalSupply(START), 0);
    }

    function testFuzz_isAlwaysBacked(uint96 first, uint96 second, uint96 out) public {
        vm.deal(address(this), uint256(first) + second);
        open.depositTo{value: first}(ALICE);
        open.depositTo{value: second}(BOB);
        uint256 amount = bound(out, 0, first);
        uint256 before = BOB.balance;
        vm.prank(ALICE);
        open.withdrawTo(BOB, amount);
        eq(BOB.balance, before + amount);
        eq(open.balanceOf(ALICE), first - amount);
        eq(open.balanceOf(BOB), second);
        eq(open.totalSupply(), address(open).balance);
    }

    function _wrap(address account, uint256 amount) private {
        vm.deal(address(this), amount);
        open.depositTo{value: amount}(account);
    }

    function _permit(address owner, address spender, uint256 value, uint256 deadline) private view returns (uint8, bytes32, bytes32) {
        bytes32 typeHash = keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes32 message = keccak256(abi.encode(typeHash, owner, spender, value, open.nonces(owner), deadline));
        return vm.sign(KEY, keccak256(abi.encodePacked(hex"1901", open.DOMAIN_SEPARATOR(), message)));
    }
}
