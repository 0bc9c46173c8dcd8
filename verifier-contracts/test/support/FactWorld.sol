// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IFactCourt} from "../../src/interfaces/IFactCourt.sol";
import {IInferenceRegistry} from "../../src/interfaces/IInferenceRegistry.sol";
import {Bn254} from "../../src/libraries/Bn254.sol";
import "../../src/types/Economy.sol";
import "../../src/types/Types.sol";
import {CourtWorld} from "./CourtWorld.sol";

/// @dev A node that signs, and commitments under a tau that is known, so that openings can be made.
abstract contract FactWorld is CourtWorld {
    uint256 internal constant KEY = 0xa11ce;
    uint256 internal constant OTHER_KEY = 0xb0b;
    uint256 internal constant NODE_SLASH = 10 ether;
    uint256 internal constant TAU = 7919;
    address internal immutable node = vm.addr(KEY);
    address internal constant REPORTER = STRANGER;
    // f(X) = 11 + 5 X + 3 X^2, blinding 77: the committed Dlt; X of the block: 4 + 9 X, blinding 0.
    uint256[3] internal f = [uint256(11), 5, 3];
    uint256 internal constant RHO = 77;
    Inference[] internal list;

    function buildFacts(uint256 auditors) internal {
        buildCourt(auditors);
        // [7919]_2, made with @noble/curves
        verifier.setTau(
            [
                0x09ae93823a475eff36fa637dabced3e6ad4978901702b7a2985cb8320695cca5,
                0x267c6d15987d57efc5d519ef1bdad71bde635e1e15cec2b495b57719ec7817f9,
                0x1077bb7c2c976c3b05ac016dcc95d84757647419bb2761e3149f12ecc566ef49,
                0x1d84284ce4b8ddadebf1e77bc9f3a19a300c70c3b5e682d34972e036061968fb
            ]
        );
        stake(Role.Node, node, 20 ether);
        vm.prank(node);
        inferences.registerNode(address(0), "https://signer");
        list.push(inference(1, 5));
        list.push(inference(2, 6));
    }

    function _receipt(string memory output) internal view returns (Receipt memory) {
        return _receiptOf(0, output);
    }

    function _receiptOf(uint256 i, string memory output) internal view returns (Receipt memory) {
        return Receipt(node, adapterId, list[i].requestHash, list[i].nonce, keccak256(bytes(output)));
    }

    function _sign(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function _sign(uint256 key, Receipt memory r) internal view returns (bytes memory) {
        return _sign(key, inferences.receiptDigest(r));
    }

    function _sign(uint256 key, OpeningClaim memory claim) internal view returns (bytes memory) {
        return _sign(key, inferences.openingDigest(claim));
    }

    function _block() internal returns (BlockRecord memory) {
        return _blockOf(_commit(f, RHO));
    }

    /// @dev A block of the signing node: Dlt = dlt, X = com(4 + 9 X; 0), both inferences of `list`.
    function _blockOf(G1Point memory dlt) internal returns (BlockRecord memory) {
        Payment[] memory payments = new Payment[](2);
        for (uint256 i; i < 2; ++i) payments[i] = Payment(node, adapterId, list[i].requestHash, list[i].nonce, 1 ether);
        vm.prank(PAYER);
        inferences.pay{value: 2 ether}(payments);
        BlockCommitment memory c =
            BlockCommitment(node, adapterId, HEIGHT_LOG, dlt, _commit([uint256(4), 9, 0], 0), list, RECEIPT, uint64(now_ + 1 hours));
        vm.prank(node);
        inferences.commitBlock(c);
        return blockRecord(c);
    }

    /// @dev What was altered, as it was committed.
    function _recommitted(BlockRecord memory data) internal view returns (BlockRecord memory) {
        data.dataHash = keccak256(abi.encode(list, RECEIPT));
        return data;
    }

    /// @dev Another block, with fresh inferences.
    function _recommitted(BlockRecord memory, G1Point memory dlt) internal returns (BlockRecord memory) {
        for (uint256 i; i < 2; ++i) list[i] = inference(1000 + i, 5);
        return _blockOf(dlt);
    }

    function _isStatus(BlockRecord memory data, IInferenceRegistry.BlockStatus status) internal view {
        eq(uint256(inferences.blockState(blockIdOf(data)).status), uint256(status));
    }

    function _refusesTrue(BlockRecord memory data, OpeningClaim memory claim) internal {
        bytes memory signature = _sign(KEY, claim);
        vm.expectRevert(IFactCourt.OpeningIsTrue.selector);
        facts.proveWrongOpening(claim, signature, recordId, data, payoutSelector);
    }

    function _convicts(BlockRecord memory data, OpeningClaim memory claim) internal {
        uint256 before = stakes.active(Role.Node, node);
        facts.proveWrongOpening(claim, _sign(KEY, claim), recordId, data, payoutSelector);
        eq(stakes.active(Role.Node, node), before - NODE_SLASH);
        _isStatus(data, IInferenceRegistry.BlockStatus.Rejected);
    }

    // ---- commitments with a known tau ----

    /// @dev com(f; rho) = f(tau) G + rho H
    function _commit(uint256[3] memory g, uint256 rho) internal view returns (G1Point memory) {
        uint256 value = addmod(g[0], mulmod(TAU, addmod(g[1], mulmod(TAU, g[2], Bn254.P), Bn254.P), Bn254.P), Bn254.P);
        return _add(fixedPoint(value), _mul(G1Point(Bn254.H_X, Bn254.H_Y), rho));
    }

    function _valueAt(uint256 z) internal view returns (uint256) {
        return addmod(f[0], mulmod(z, addmod(f[1], mulmod(z, f[2], Bn254.P), Bn254.P), Bn254.P), Bn254.P);
    }

    /// @dev q(X) = (f(X) - f(z)) / (X - z) = f1 + f2 (X + z)
    function _opening(BlockRecord memory data, uint256 z, uint256 rho) internal view returns (OpeningClaim memory) {
        uint256 q = addmod(f[1], mulmod(f[2], addmod(TAU, z, Bn254.P), Bn254.P), Bn254.P);
        return OpeningClaim(blockIdOf(data), 0, z, _valueAt(z), rho, fixedPoint(q));
    }

    function _add(G1Point memory a, G1Point memory b) internal view returns (G1Point memory) {
        (, bytes memory out) = address(6).staticcall(abi.encode(a, b));
        return abi.decode(out, (G1Point));
    }

    function _mul(G1Point memory a, uint256 k) internal view returns (G1Point memory) {
        (, bytes memory out) = address(7).staticcall(abi.encode(a, k));
        return abi.decode(out, (G1Point));
    }
}
