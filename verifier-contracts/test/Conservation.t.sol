// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MoneyHandler} from "./support/MoneyHandler.sol";
import {Test} from "./support/Vm.sol";

/// @dev Money neither appears nor vanishes, and everybody is owed what the model says, whatever is called in whatever order.
contract ConservationTest is Test {
    MoneyHandler private handler;

    function setUp() public {
        handler = new MoneyHandler();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// @dev All wrapped OPEN is backed and lies with known holders; with the native it is what there was at the start.
    /// forge-config: default.invariant.depth = 128
    function invariant_openIsConserved() public view {
        (uint256 native, uint256 wrapped, uint256 supply, uint256 backing) = handler.supplies();
        eq(native, handler.total());
        eq(wrapped, supply);
        eq(supply, backing);
    }

    /// forge-config: default.invariant.depth = 128
    function invariant_theRegistryHoldsTheFeesOfOpenPayments() public view {
        (uint256 balance, uint256 fees, uint256 recorded) = handler.registry();
        eq(balance, fees);
        eq(recorded, fees);
    }

    /// forge-config: default.invariant.depth = 128
    function invariant_theVaultHoldsWhatItOwes() public view {
        (uint256 balance, uint256 owed, uint256 sum, uint256 held, bool same) = handler.ledger();
        eq(owed, sum + held);
        eq(balance, owed); // nobody donates here
        assert(same); // to the right people
    }

    /// @dev Settlements sum to their fees; calls succeed exactly when they should; nobody claims another's.
    /// forge-config: default.invariant.depth = 128
    function invariant_theContractsDoWhatTheModelDoes() public view {
        eq(keccak256(bytes(handler.broken())), keccak256(""));
    }

    /// @dev The handler reaches every state: the invariants are not about nothing.
    function test_theHandlerReachesEveryState() public {
        for (uint256 i; i < 8; ++i) handler.payOne(1 << 79, i & 3, i > 3);
        for (uint256 i; i < 4; ++i) handler.commitSome(1, i > 1);
        uint256[3] memory wishes = [uint256(1), 2, 3];
        handler.settleSome(0, 2, wishes, 2, true, false); // too much
        eq(handler.settledJobs(), 0);
        handler.settleSome(0, 2, wishes, 2, false, false);
        handler.settleSome(1, 3, wishes, 0, false, true);
        eq(handler.settledJobs(), 2);
        handler.holdJob(0);
        handler.endCase(0, true);
        handler.holdJob(1);
        handler.endCase(1, false);
        handler.reserveBlock(3, 5, false);
        handler.judgeBlock(3, false, false);
        handler.judgeBlock(3, true, true);
        handler.refundBlock(3);
        handler.changeSplit([uint256(5), 6, 7, 8]);
        handler.changeWindow(9);
        for (uint256 i; i < 4; ++i) handler.pass(2 days);
        for (uint256 i; i < 8; ++i) handler.refundOne(i);
        handler.setPayout(0, 1);
        for (uint256 i; i < 9; ++i) handler.claim(i, 1, true);
        assert(handler.claims() > 3);
        invariant_openIsConserved();
        invariant_theRegistryHoldsTheFeesOfOpenPayments();
        invariant_theVaultHoldsWhatItOwes();
        invariant_theContractsDoWhatTheModelDoes();
    }
}
