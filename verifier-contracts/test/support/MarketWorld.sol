// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IProofMarket} from "../../src/interfaces/IProofMarket.sol";
import {RecordHash} from "../../src/libraries/RecordHash.sol";
import "../../src/types/Economy.sol";
import "../../src/types/Types.sol";
import {BindingVerifier} from "./Deployed.sol";
import {MoneyWorld} from "./MoneyWorld.sol";

/// @dev World with two staked provers, a requester with money, and a verifier that binds proofs to their context. The price of
///      a request is 1 OPEN until START + 100, then rises for 200 seconds to 3 OPEN; its collateral is 2 OPEN.
abstract contract MarketWorld is MoneyWorld {
    uint96 internal constant MIN = 1 ether;
    uint96 internal constant MAX = 3 ether;
    uint96 internal constant COLLATERAL = 2 ether;
    uint256 internal constant STAKE = 10 ether;
    uint256 internal constant MONEY = 50 ether;
    uint256 internal constant FEE = 1 ether;
    uint256 internal constant NONCE_BASE = 1000;

    BindingVerifier internal binding;
    bytes32 internal bindingSelector;
    /// @dev Kept here: the compiler may read block.timestamp once for a whole function.
    uint256 internal now_;
    uint256 internal made;

    function buildMarket() internal {
        build();
        now_ = START;
        binding = BindingVerifier(create("BindingVerifier", ""));
        vm.prank(address(timelock));
        bindingSelector = gateway.add(binding, 2, 1, 2, VK);
        stake(Role.Prover, PROVER, STAKE);
        stake(Role.Prover, RIVAL, STAKE);
        vm.prank(NODE);
        market.deposit{value: MONEY}(MONEY);
    }

    function goTo(uint256 timestamp) internal {
        now_ = timestamp;
        vm.warp(timestamp);
    }

    // ---- requests ----

    /// @dev A request of NODE for `count` fresh blocks, and the blocks.
    function fresh(uint256 count) internal returns (ProofRequest memory r, BlockRecord[] memory blocks) {
        blocks = new BlockRecord[](count);
        for (uint256 k; k < count; ++k) blocks[k] = paidBlock(NONCE_BASE + ++made, FEE);
        r = requestFor(blocks);
    }

    function requestFor(BlockRecord[] memory blocks) internal returns (ProofRequest memory) {
        bytes32[] memory list = new bytes32[](blocks.length);
        for (uint256 k; k < blocks.length; ++k) list[k] = blockIdOf(blocks[k]);
        return ProofRequest({
            requester: NODE,
            recordId: recordId,
            blockIds: list,
            minPrice: MIN,
            maxPrice: MAX,
            collateral: COLLATERAL,
            biddingStart: uint64(START + 100),
            rampSeconds: 200,
            lockSeconds: 600,
            deadline: uint64(START + 3600),
            nonce: ++made
        });
    }

    function submit(ProofRequest memory r) internal returns (bytes32) {
        vm.prank(r.requester);
        return market.submit(r);
    }

    function opened(uint256 count) internal returns (ProofRequest memory r, BlockRecord[] memory blocks, bytes32 id) {
        (r, blocks) = fresh(count);
        id = submit(r);
    }

    function lock(ProofRequest memory r, address prover) internal {
        vm.prank(prover);
        market.lock(r);
    }

    /// @dev Open since START, locked by PROVER now.
    function locked(uint256 count) internal returns (ProofRequest memory r, BlockRecord[] memory blocks, bytes32 id) {
        (r, blocks, id) = opened(count);
        lock(r, PROVER);
    }

    function signed(uint256 key, ProofRequest memory r) internal view returns (bytes memory) {
        (uint8 v, bytes32 r_, bytes32 s) = vm.sign(key, market.requestId(r));
        return abi.encodePacked(r_, s, v);
    }

    // ---- proofs ----

    function jobIdOf(ProofRequest memory r) internal pure returns (bytes32) {
        return RecordHash.jobId(r.recordId, r.blockIds);
    }

    /// @dev What a payout proof of this prover for these blocks is bound to.
    function contextOf(BlockRecord[] memory blocks, address prover) internal view returns (bytes32) {
        bytes memory keys;
        bytes32[] memory list = new bytes32[](blocks.length);
        for (uint256 k; k < blocks.length; ++k) {
            list[k] = blockIdOf(blocks[k]);
            for (uint256 i; i < blocks[k].inferences.length; ++i) keys = abi.encodePacked(keys, blocks[k].inferences[i].key);
        }
        return keccak256(
            abi.encode(RecordHash.PAYOUT_CONTEXT, address(settlement), RecordHash.jobId(recordId, list), keccak256(keys), recordId, prover)
        );
    }

    /// @dev A proof that `prover` made, with job.prover = prover.
    function proven(ProofRequest memory r, BlockRecord[] memory blocks, address prover) internal view returns (IProofMarket.Delivery memory d) {
        d.request = r;
        d.job = Job(record, blocks, prover);
        d.settlement = settlementOf(amounts(1, 2, 3), 0);
        d.settlement.selector = bindingSelector;
        d.proof.a.x = uint256(contextOf(blocks, prover));
        d.gasLimit = 3_000_000;
    }

    function deliver(IProofMarket.Delivery memory d) internal returns (bytes32) {
        vm.prank(d.job.prover);
        return market.deliver(d);
    }

    // ---- refusals ----

    function refuseSubmit(ProofRequest memory r, bytes memory reason) internal {
        refuse(r.requester, address(market), abi.encodeCall(market.submit, (r)), reason);
    }

    function refuseLock(ProofRequest memory r, address prover, bytes memory reason) internal {
        refuse(prover, address(market), abi.encodeCall(market.lock, (r)), reason);
    }

    function refuseLockSigned(ProofRequest memory r, bytes memory signature, bytes memory reason) internal {
        refuse(PROVER, address(market), abi.encodeCall(market.lockSigned, (r, signature)), reason);
    }

    function refuseDeliver(IProofMarket.Delivery memory d, bytes memory reason) internal {
        refuse(d.job.prover, address(market), abi.encodeCall(market.deliver, (d)), reason);
    }

    function refuseExpire(ProofRequest memory r, bytes memory reason) internal {
        refuse(GUARDIAN, address(market), abi.encodeCall(market.expire, (r)), reason);
    }

    function refuseCancel(ProofRequest memory r, address who, bytes memory reason) internal {
        refuse(who, address(market), abi.encodeCall(market.cancel, (r)), reason);
    }

    function invalid(bytes32 reason) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IProofMarket.InvalidRequest.selector, reason);
    }

    function wrongStatus(bytes32 id, IProofMarket.RequestStatus status) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IProofMarket.WrongRequestStatus.selector, id, status);
    }

    // ---- what is there ----

    function statusOf(bytes32 id) internal view returns (IProofMarket.RequestStatus) {
        return market.request(id).status;
    }

    function isStatus(bytes32 id, IProofMarket.RequestStatus status) internal view {
        eq(uint256(statusOf(id)), uint256(status));
    }

    /// @dev Open balance in the reward vault: refunds, prices, parts of collaterals.
    function owedTo(address who) internal view returns (uint256) {
        return vault.balanceOf(who, 0);
    }

    function obligated(address prover) internal view returns (uint256) {
        return stakes.obligated(Role.Prover, prover);
    }

    function staked(address prover) internal view returns (uint256) {
        return stakes.active(Role.Prover, prover);
    }

    /// @dev Nothing of a finished request is left in the market: it holds deposits only.
    function holdsDepositsOnly() internal view {
        eq(open.balanceOf(address(market)), market.depositOf(NODE) + market.depositOf(OPERATOR));
    }
}
