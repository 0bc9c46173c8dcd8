// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import "../../src/types/Economy.sol";
import "../../src/types/Types.sol";
import {World} from "./World.sol";

/// @dev What the tests of payments, settlement and claims share.
abstract contract MoneyWorld is World {
    bytes32 internal constant NO_HASH = keccak256("");

    /// @dev The call fails with exactly these bytes.
    function refuse(address from, address target, bytes memory data, bytes memory reason) internal {
        refuse(from, target, 0, data, reason);
    }

    function refuse(address from, address target, uint256 value, bytes memory data, bytes memory reason) internal {
        vm.prank(from);
        (bool ok, bytes memory got) = target.call{value: value}(data);
        if (ok) revert("was not refused");
        if (keccak256(got) != keccak256(reason)) {
            assembly {
                revert(add(got, 0x20), mload(got))
            }
        }
    }

    function err(bytes4 selector) internal pure returns (bytes memory) {
        return abi.encodePacked(selector);
    }

    /// @dev A settlement by PROVER is refused.
    function refuseSettle(BlockRecord[] memory blocks, uint256[] memory payouts, uint256 zeroQueries, bytes memory reason) internal {
        refuse(PROVER, address(settlement), settleCall(blocks, payouts, zeroQueries), reason);
    }

    function settleCall(BlockRecord[] memory blocks, uint256[] memory payouts, uint256 zeroQueries) internal view returns (bytes memory) {
        OpeningProof memory opening;
        Groth16Proof memory proof;
        return abi.encodeCall(settlement.settle, (Job(record, blocks, PROVER), settlementOf(payouts, zeroQueries), opening, proof));
    }

    function amounts(uint256 a) internal pure returns (uint256[] memory l) {
        l = new uint256[](1);
        l[0] = a;
    }

    function amounts(uint256 a, uint256 b) internal pure returns (uint256[] memory l) {
        l = new uint256[](2);
        (l[0], l[1]) = (a, b);
    }

    function amounts(uint256 a, uint256 b, uint256 c) internal pure returns (uint256[] memory l) {
        l = new uint256[](3);
        (l[0], l[1], l[2]) = (a, b, c);
    }

    function ids(bytes32 a) internal pure returns (bytes32[] memory l) {
        l = new bytes32[](1);
        l[0] = a;
    }

    function ids(bytes32 a, bytes32 b) internal pure returns (bytes32[] memory l) {
        l = new bytes32[](2);
        (l[0], l[1]) = (a, b);
    }

    function blocks2(BlockRecord memory a, BlockRecord memory b) internal pure returns (BlockRecord[] memory l) {
        l = new BlockRecord[](2);
        (l[0], l[1]) = (a, b);
    }

    function one(Inference memory i) internal pure returns (Inference[] memory l) {
        l = new Inference[](1);
        l[0] = i;
    }

    function two(Inference memory a, Inference memory b) internal pure returns (Inference[] memory l) {
        l = new Inference[](2);
        (l[0], l[1]) = (a, b);
    }

    function paymentOf(Inference memory i, uint256 fee) internal view returns (Payment memory) {
        return Payment(NODE, adapterId, i.requestHash, i.nonce, fee);
    }

    function payments(Payment memory a) internal pure returns (Payment[] memory l) {
        l = new Payment[](1);
        l[0] = a;
    }

    function payments(Payment memory a, Payment memory b) internal pure returns (Payment[] memory l) {
        l = new Payment[](2);
        (l[0], l[1]) = (a, b);
    }

    /// @dev Fees 100, 200 in block 0 (rows 50, 60 of 128) and 300 in block 1, times `unit`.
    function twoBlocks(uint256 unit) internal returns (BlockRecord[] memory) {
        Inference[] memory first = two(inference(1, 50), inference(2, 60));
        pay(first[0], 100 * unit);
        pay(first[1], 200 * unit);
        BlockRecord memory a = commit(first);
        Inference[] memory second = one(inference(3, 100));
        pay(second[0], 300 * unit);
        return blocks2(a, commit(second));
    }

    /// @dev Wraps native OPEN for an account.
    function wrap(address account, uint256 amount) internal {
        vm.deal(address(this), amount);
        open.depositTo{value: amount}(account);
    }

    function setSplit(Split memory s) internal returns (uint32) {
        vm.prank(address(timelock));
        return parameters.addSplit(s);
    }

    function setWindows(uint32 settlementSeconds, uint32 challengeSeconds) internal {
        vm.prank(address(timelock));
        parameters.setWindows(WindowRules(settlementSeconds, challengeSeconds));
    }

    function pauseModule(Module module) internal {
        vm.prank(GUARDIAN);
        parameters.pause(module);
    }
}
