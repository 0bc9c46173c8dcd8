// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAuditCourt} from "../../src/interfaces/IAuditCourt.sol";
import "../../src/types/Economy.sol";
import "../../src/types/Types.sol";
import {World} from "./World.sol";

/// @dev World with auditors, and the steps of a case. Time and height are kept here: the compiler may read block.timestamp
///      once for a whole function, which cheat codes then change behind its back.
abstract contract CourtWorld is World {
    address internal constant CHALLENGER = address(0x0c01);
    address internal constant STRANGER = address(0x0c02);
    bytes32 internal constant BUNDLE = keccak256("bundle");
    bytes32 internal constant SALT = keccak256("salt");
    uint256 internal constant STAKE = 20 ether;
    uint256 internal constant BOND = 1 ether;
    uint256 internal now_;
    uint256 internal height;

    function buildCourt(uint256 auditors) internal {
        build();
        (now_, height) = (START, 1000);
        vm.roll(height);
        for (uint256 i; i < auditors; ++i) enroll(auditorAt(i));
        pass(1);
        vm.deal(CHALLENGER, 1e24);
        vm.deal(STRANGER, 1e24);
    }

    function auditorAt(uint256 i) internal pure returns (address) {
        return address(uint160(0xa000 + i));
    }

    function enroll(address who) internal {
        stake(Role.Auditor, who, STAKE);
        vm.prank(who);
        court.join();
    }

    function pass(uint256 duration) internal {
        now_ += duration;
        vm.warp(now_);
    }

    function mine(uint256 blocks) internal {
        height += blocks;
        vm.roll(height);
    }

    function challengeBlock(BlockRecord memory data) internal returns (uint256) {
        bytes32 id = blockIdOf(data);
        vm.prank(CHALLENGER);
        return court.challengeBlock{value: BOND}(id, BUNDLE);
    }

    function challengeRecord() internal returns (uint256) {
        vm.prank(CHALLENGER);
        return court.challengeRecord{value: BOND}(recordId, BUNDLE);
    }

    function challengeJob(BlockRecord[] memory blocks, Credit[] memory credits) internal returns (uint256) {
        vm.prank(CHALLENGER);
        return court.challengeJob{value: BOND}(recordId, blocks, 0, credits, BUNDLE);
    }

    function drawn(uint256 caseId) internal returns (address[] memory) {
        mine(2);
        court.draw(caseId);
        return court.getCase(caseId).committee;
    }

    function ballot(uint256 caseId, uint256 round, address auditor, bool upheld) internal pure returns (bytes32) {
        return keccak256(abi.encode(caseId, round, auditor, upheld, SALT));
    }

    function commitVote(uint256 caseId, address auditor, bool upheld) internal {
        uint256 round = court.getCase(caseId).round;
        vm.prank(auditor);
        court.commitVote(caseId, ballot(caseId, round, auditor, upheld));
    }

    function reveal(uint256 caseId, address auditor, bool upheld) internal {
        vm.prank(auditor);
        court.revealVote(caseId, upheld, SALT);
    }

    /// @dev Bit i: committee member i votes "upheld", reveals. Ends after the reveal time.
    function vote(uint256 caseId, uint256 upheld, uint256 reveals) internal {
        address[] memory committee = court.getCase(caseId).committee;
        for (uint256 i; i < committee.length; ++i) commitVote(caseId, committee[i], (upheld >> i) & 1 == 1);
        pass(1 hours + 1);
        for (uint256 i; i < committee.length; ++i) if ((reveals >> i) & 1 == 1) reveal(caseId, committee[i], (upheld >> i) & 1 == 1);
        pass(1 hours);
    }

    /// @dev One block with one inference, settled; contributors get 3 : 2 : 1 of their part.
    function settledJob(uint256 nonce, uint256 fee) internal returns (BlockRecord[] memory blocks, Credit[] memory credits, bytes32 jobId) {
        blocks = blocks1(paidBlock(nonce, fee));
        uint256 part = fee * 6000 / 10000;
        uint256[] memory payouts = new uint256[](3);
        (payouts[0], payouts[1]) = (part / 2, part / 3);
        payouts[2] = part - payouts[0] - payouts[1];
        jobId = this.settleOut(blocks, payouts);
        credits = new Credit[](7);
        address[] memory who = contributors();
        for (uint256 c; c < 3; ++c) credits[c] = Credit(who[c], uint96(payouts[c]), CreditKind.Contributor);
        (uint96 node, uint96 prover, uint96 auditors) = (uint96(fee / 5), uint96(fee / 10), uint96(fee / 20));
        credits[3] = Credit(NODE, node, CreditKind.Node);
        credits[4] = Credit(PROVER, prover, CreditKind.Prover);
        credits[5] = Credit(address(court), auditors, CreditKind.Auditors);
        credits[6] = Credit(TREASURY, uint96(fee - part) - node - prover - auditors, CreditKind.Treasury);
    }

    /// @dev An external call, so that the compiler does not merge it into its callers: their stack would be too deep.
    function settleOut(BlockRecord[] calldata blocks, uint256[] calldata payouts) external returns (bytes32) {
        return settle(blocks, payouts, 0);
    }

    function statusOf(uint256 caseId) internal view returns (uint256) {
        return uint256(court.getCase(caseId).status);
    }

    /// @dev Open balance in the reward vault.
    function owedTo(address who) internal view returns (uint256) {
        return vault.balanceOf(who, 0);
    }

    function isIn(address who, address[] memory list) internal pure returns (bool) {
        for (uint256 i; i < list.length; ++i) if (list[i] == who) return true;
        return false;
    }
}
