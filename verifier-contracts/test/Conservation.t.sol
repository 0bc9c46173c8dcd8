// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AttributionEscrow} from "../src/rewards/AttributionEscrow.sol";
import "../src/types/Types.sol";
import {Economy} from "./support/Economy.sol";
import {Test} from "./support/Vm.sol";

/// @dev Random users: pays, commits, settles (with arbitrary payouts that a double accepts), refunds, claims.
contract Handler is Economy {
    bytes32[] private keys;
    Inference[] private open;
    uint256[] private openFees;
    BlockRecord[] private committed;
    mapping(bytes32 key => uint256) private timesPaidOut;
    uint256 private nonce;
    uint256 public settled;
    uint256 public paidIn;
    uint256 public paidOut;

    constructor() {
        deploy();
        register();
    }

    function payOne(uint256 fee, uint32 rows) external {
        fee = bound(fee, 1, (1 << 80) - 1);
        Inference memory i = request(++nonce, uint32(bound(rows, 1, 40)));
        keys.push(pay(i, fee));
        open.push(i);
        paidIn += fee;
    }

    function commitSome(uint256 count) external {
        count = bound(count, 1, 2);
        if (open.length < count) return;
        Inference[] memory list = new Inference[](count);
        for (uint256 i; i < count; ++i) {
            list[i] = open[open.length - 1];
            open.pop();
        }
        committed.push(commit(list));
    }

    function settleSome(uint256 first, uint256 second, uint256[3] calldata split, uint256 zeroQueries, bool honest) external {
        if (committed.length == 0) return;
        BlockRecord[] memory blocks = new BlockRecord[](second % 3 == 0 ? 1 : 2);
        blocks[0] = committed[first % committed.length];
        if (blocks.length == 2) blocks[1] = committed[second % committed.length];
        uint256[] memory payouts = new uint256[](3);
        for (uint256 c; c < 3; ++c) payouts[c] = honest ? split[c] % (1 << 78) : split[c] % (1 << 90);
        settle(blocks, payouts, zeroQueries % 16);
        ++settled;
    }

    function refundOne(uint256 index, uint256 wait) external {
        if (keys.length == 0) return;
        vm.warp(block.timestamp + wait % WINDOW);
        escrow.refund(keys[index % keys.length]);
    }

    function claimOne(uint256 index) external {
        address who = _accounts()[index % 5];
        uint256 before = who.balance;
        vm.prank(who);
        uint256 amount = escrow.claim();
        eq(who.balance, before + amount);
        paidOut += amount;
    }

    function owed() external view returns (uint256 sum) {
        address[5] memory accounts = _accounts();
        for (uint256 i; i < 5; ++i) sum += escrow.credits(accounts[i]);
        for (uint256 i; i < keys.length; ++i) {
            (, uint80 fee, AttributionEscrow.Status status,) = escrow.payments(keys[i]);
            if (status == AttributionEscrow.Status.Funded || status == AttributionEscrow.Status.Committed) sum += fee;
        }
    }

    function balance() external view returns (uint256) {
        return address(escrow).balance;
    }

    function _accounts() private view returns (address[5] memory) {
        return [ALICE, BOB, third, PAYER, TREASURY];
    }
}

contract ConservationTest is Test {
    Handler private handler;

    function setUp() public {
        handler = new Handler();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// @dev Balance = credits + fees of open payments.
    function invariant_balanceIsOwed() public view {
        eq(handler.balance(), handler.owed());
    }

    /// @dev Nothing appears or vanishes.
    function invariant_paidInIsPaidOutOrHeld() public view {
        eq(handler.paidIn(), handler.paidOut() + handler.balance());
    }

    /// @dev The handler does reach settlements: see that the invariants are not about nothing.
    function test_theHandlerSettles() public {
        handler.payOne(1 << 79, 5);
        handler.payOne(1 << 79, 5);
        handler.commitSome(2);
        handler.settleSome(0, 0, [uint256(1), 2, 3], 2, true);
        eq(handler.settled(), 1);
        handler.claimOne(0);
        eq(handler.paidOut(), 1);
        eq(handler.balance(), handler.owed());
    }
}
