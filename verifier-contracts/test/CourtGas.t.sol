// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import "../src/types/Economy.sol";
import "../src/types/Types.sol";
import {FactWorld} from "./support/FactWorld.sol";
import {Stored} from "./support/Stored.sol";

/// @dev Gas of one call each, from cold storage, without the transaction's own part. 3 seats of 50 auditors.
contract CourtGasTest is FactWorld {
    bytes32 private id;
    bytes32 private jobId;
    uint256 private opened;
    uint256 private voting;
    uint256 private revealing;
    uint256 private decided;
    uint256 private decidedJob;
    address private voter;
    address private revealer;
    BlockRecord[] private jobBlocks;
    Credit[] private jobCredits;
    BlockRecord private signedBlock;
    OpeningClaim private claim;
    Receipt[2] private receipts;
    bytes[3] private signatures;

    function setUp() public {
        buildFacts(50);
        Stored.set(signedBlock, _block());
        claim = _opening(signedBlock, 5, RHO);
        claim.value ^= 1;
        receipts[0] = _receipt("a");
        receipts[1] = _receipt("b");
        signatures = [_sign(KEY, receipts[0]), _sign(KEY, receipts[1]), _sign(KEY, claim)];

        id = blockIdOf(paidBlock(101, 1 ether));
        (BlockRecord memory forVotes, BlockRecord memory forDraw) = (paidBlock(106, 1 ether), paidBlock(107, 1 ether));
        (BlockRecord[] memory blocks, Credit[] memory credits,) = settledJob(102, 1 ether);
        Stored.set(jobBlocks.push(), blocks[0]);
        for (uint256 i; i < credits.length; ++i) jobCredits.push(credits[i]);
        (,, jobId) = settledJob(103, 1 ether);
        decided = challengeBlock(paidBlock(104, 1 ether));
        decidedJob = challengeJob(blocks, credits);
        revealing = challengeBlock(paidBlock(105, 1 ether));
        mine(2);
        court.draw(decided);
        court.draw(decidedJob);
        court.draw(revealing);
        revealer = court.getCase(revealing).committee[0];
        commitVote(revealing, revealer, true);
        _commitAll(decided);
        _commitAll(decidedJob);
        pass(1 hours + 1);
        _revealAll(decided);
        _revealAll(decidedJob);
        voting = challengeBlock(forVotes);
        voter = drawn(voting)[0];
        opened = challengeBlock(forDraw);
        court.orderAudit(jobId);
        mine(2);
        bytes32 seed;
        for (uint256 k; seed == 0 || uint256(keccak256(abi.encode(seed, jobId))) % 10_000 >= 1000; ++k) seed = keccak256(abi.encode(k));
        vm.setBlockhash(height - 1, seed);
    }

    function test_challengeBlock() public {
        vm.prank(CHALLENGER);
        court.challengeBlock{value: BOND}(id, BUNDLE);
        vm.snapshotGasLastCall("AuditCourt", "challengeBlock");
    }

    function test_draw() public {
        court.draw(opened);
        vm.snapshotGasLastCall("AuditCourt", "draw");
    }

    function test_commitVote() public {
        vm.prank(voter);
        court.commitVote(voting, BUNDLE);
        vm.snapshotGasLastCall("AuditCourt", "commitVote");
    }

    function test_revealVote() public {
        reveal(revealing, revealer, true);
        vm.snapshotGasLastCall("AuditCourt", "revealVote");
    }

    function test_close() public {
        court.close(decided);
        vm.snapshotGasLastCall("AuditCourt", "close, block upheld by 3 of 3");
    }

    function test_closeJob() public {
        court.closeJob(decidedJob, recordId, jobBlocks, jobCredits);
        vm.snapshotGasLastCall("AuditCourt", "closeJob, 1 inference upheld by 3 of 3");
    }

    function test_orderAudit() public {
        court.orderAudit(jobId);
        vm.snapshotGasLastCall("AuditCourt", "orderAudit, selected");
        (address auditor,,,,) = court.audit(jobId);
        assert(auditor != address(0));
    }

    function test_proveEquivocation() public {
        facts.proveEquivocation(receipts[0], signatures[0], receipts[1], signatures[1]);
        vm.snapshotGasLastCall("FactCourt", "proveEquivocation");
    }

    function test_proveReceiptMismatch() public {
        facts.proveReceiptMismatch(receipts[0], signatures[0], recordId, signedBlock, list, RECEIPT, 0);
        vm.snapshotGasLastCall("FactCourt", "proveReceiptMismatch");
    }

    function test_proveWrongOpening() public {
        facts.proveWrongOpening(claim, signatures[2], recordId, signedBlock, payoutSelector);
        vm.snapshotGasLastCall("FactCourt", "proveWrongOpening");
    }

    function _commitAll(uint256 caseId) private {
        address[] memory committee = court.getCase(caseId).committee;
        for (uint256 i; i < 3; ++i) commitVote(caseId, committee[i], true);
    }

    function _revealAll(uint256 caseId) private {
        address[] memory committee = court.getCase(caseId).committee;
        for (uint256 i; i < 3; ++i) reveal(caseId, committee[i], true);
    }
}
