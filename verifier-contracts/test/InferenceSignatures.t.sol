// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IInferenceRegistry} from "../src/interfaces/IInferenceRegistry.sol";
import {SignedTypes} from "../src/libraries/SignedTypes.sol";
import "../src/types/Economy.sol";
import "../src/types/Errors.sol";
import "../src/types/Types.sol";
import {InferenceRegistry} from "./support/Deployed.sol";
import {MoneyWorld} from "./support/MoneyWorld.sol";
import {ContractNode} from "./support/Receivers.sol";

/// @dev Blocks that nodes signed: typed data as every wallet makes it, and every way to use a signature twice or elsewhere.
contract InferenceSignaturesTest is MoneyWorld {
    uint256 private constant KEY = 0xA11CE;
    // Not block.chainid: the compiler may read it again after a cheat code changed it.
    uint256 private constant CHAIN = 31337;
    uint256 private constant ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    address private signer;
    address private registry;
    Inference private only;

    function setUp() public {
        build();
        registry = address(inferences);
        signer = vm.addr(KEY);
        _register(signer);
        only = inference(1, 50);
    }

    // ---- digests ----

    /// @dev Struct hashes by viem 2 (hashStruct) for the values of _vector.
    function test_structHashesEqualThoseOfWallets() public view {
        eq(this.hashCommitment(_vector()), bytes32(0xa1e811509f7bd2a941769aa4328e491c5d34cefd7cfa94636f04ff3f7e920a7c));
        eq(this.hashReceipt(Receipt(address(0x1111111111111111111111111111111111111111), bytes32(uint256(2)), bytes32(uint256(3)), 4, bytes32(uint256(5)))), bytes32(0xbc39f63afadb58ed5a1f87d9fbc0b00b07ce32b0221317593874d97188587cef));
        eq(this.hashOpening(OpeningClaim(bytes32(uint256(6)), 1, 7, 8, 9, G1Point(10, 11))), bytes32(0xbb51735a61c803e3c9404db6f2fb24c7885c5c8581d71039cb400da14bc09f71));
    }

    function test_digestsBindTheChainAndTheContract() public {
        Receipt memory receipt = Receipt(NODE, adapterId, "request", 1, "output");
        bytes32 digest = inferences.receiptDigest(receipt);
        eq(digest, _digest(this.hashReceipt(receipt), CHAIN, registry));
        eq(inferences.commitmentDigest(_vector()), _digest(this.hashCommitment(_vector()), CHAIN, registry));
        OpeningClaim memory claim = OpeningClaim("block", 1, 2, 3, 4, G1Point(5, 6));
        eq(inferences.openingDigest(claim), _digest(this.hashOpening(claim), CHAIN, registry));
        vm.chainId(CHAIN + 1);
        eq(inferences.receiptDigest(receipt), _digest(this.hashReceipt(receipt), CHAIN + 1, registry));
        assert(inferences.receiptDigest(receipt) != digest);
    }

    // ---- use ----

    function test_anybodyCommitsWhatANodeSigned() public {
        BlockCommitment memory c = _paid(only, 5);
        vm.prank(RIVAL);
        bytes32[] memory blockIds = inferences.commitSigned(_l(c), _l(_sign(c)));
        eq(blockIds[0], blockIdOf(blockRecord(c)));
        eq(inferences.blockState(blockIds[0]).node, signer);
    }

    function test_commitsBlocksOfSeveralNodesAndAdapters() public {
        bytes32 firstAdapter = adapterId;
        BlockCommitment memory a = _paid(only, 5);
        adapter.quantisationHash = "another";
        vm.prank(OWNER);
        adapterId = models.registerAdapter(adapter);
        bytes32 firstRecord = recordId;
        registerFeatures();
        BlockCommitment memory b = commitment(one(inference(2, 5)));
        _pay(NODE, adapterId, b.inferences[0], 6);
        BlockCommitment[] memory cs = new BlockCommitment[](2);
        (cs[0], cs[1]) = (a, b);
        bytes[] memory signatures = new bytes[](2);
        signatures[0] = _sign(a);
        signatures[1] = _sign(b);
        // NODE is no key's address here: its block is refused, and with it the signer's.
        refuse(RIVAL, registry, abi.encodeCall(inferences.commitSigned, (cs, signatures)), abi.encodeWithSelector(IInferenceRegistry.BadSignature.selector, NODE));
        assert(inferences.payment(inferences.paymentKey(signer, firstAdapter, only.requestHash, only.nonce)).status == IInferenceRegistry.PaymentStatus.Funded);
        cs[1].node = signer;
        _pay(signer, adapterId, b.inferences[0], 6);
        signatures[1] = _sign(b);
        bytes32[] memory blockIds = inferences.commitSigned(cs, signatures);
        eq(blockIds[1], blockIdOf(blockRecord(b)));
        recordId = firstRecord;
        eq(blockIds[0], blockIdOf(blockRecord(a)));
    }

    function test_wantsOneSignatureForEachBlockAndAtLeastOne() public {
        BlockCommitment memory c = _paid(only, 5);
        refuse(RIVAL, registry, abi.encodeCall(inferences.commitSigned, (new BlockCommitment[](0), new bytes[](0))), err(EmptyList.selector));
        refuse(RIVAL, registry, abi.encodeCall(inferences.commitSigned, (_l(c), new bytes[](2))), abi.encodeWithSelector(ListLength.selector, 1, 2));
        refuse(RIVAL, registry, abi.encodeCall(inferences.commitSigned, (_l(c), new bytes[](0))), abi.encodeWithSelector(ListLength.selector, 1, 0));
    }

    function test_aSignatureIsUsedUpByItsBlock() public {
        BlockCommitment memory c = _paid(only, 5);
        bytes memory signature = _sign(c);
        inferences.commitSigned(_l(c), _l(signature));
        bytes memory used = abi.encodeWithSelector(IInferenceRegistry.CommitmentUsed.selector, keccak256(abi.encode(c.dlt, c.x)));
        _refuse(c, signature, used);
        // Nor after its payment went back.
        vm.warp(START + 3 days + 1);
        inferences.refund(ids(inferences.paymentKey(signer, adapterId, only.requestHash, only.nonce)));
        _refuse(c, signature, abi.encodeWithSelector(IInferenceRegistry.CommitmentExpired.selector, c.validUntil));
        c.validUntil = uint64(START + 4 days);
        _refuse(c, _sign(c), used);
    }

    function test_anExpiredSignatureIsRefused() public {
        BlockCommitment memory c = _paid(only, 5);
        bytes memory signature = _sign(c);
        vm.warp(c.validUntil + 1);
        _refuse(c, signature, abi.encodeWithSelector(IInferenceRegistry.CommitmentExpired.selector, c.validUntil));
        vm.warp(c.validUntil);
        inferences.commitSigned(_l(c), _l(signature));
    }

    function test_aSignatureOfAnotherChainOrContractIsRefused() public {
        BlockCommitment memory c = _paid(only, 5);
        bytes32 hash = this.hashCommitment(c);
        bytes memory no = abi.encodeWithSelector(IInferenceRegistry.BadSignature.selector, signer);
        _refuse(c, _signDigest(_digest(hash, CHAIN + 1, registry)), no);
        _refuse(c, _signDigest(_digest(hash, CHAIN, address(market))), no);
        _refuse(c, _signDigest(hash), no);
        bytes memory signature = _sign(c);
        vm.chainId(CHAIN + 1);
        _refuse(c, signature, no);
        vm.chainId(CHAIN);
        InferenceRegistry other = InferenceRegistry(payable(create("InferenceRegistry", abi.encode(
            open, parameters, stakes, models, gateway, vault, address(settlement), address(market), address(court), address(facts)
        ))));
        refuse(RIVAL, address(other), abi.encodeCall(other.commitSigned, (_l(c), _l(signature))), no);
        inferences.commitSigned(_l(c), _l(signature));
    }

    function test_malleableAndMisshapenSignaturesAreRefused() public {
        BlockCommitment memory c = _paid(only, 5);
        bytes memory no = abi.encodeWithSelector(IInferenceRegistry.BadSignature.selector, signer);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, inferences.commitmentDigest(c));
        _refuse(c, abi.encodePacked(r, bytes32(ORDER - uint256(s)), v == 27 ? uint8(28) : uint8(27)), no);
        _refuse(c, abi.encodePacked(r, s, v == 27 ? uint8(28) : uint8(27)), no);
        _refuse(c, abi.encodePacked(r, s, v - 27), no);
        _refuse(c, abi.encodePacked(r, bytes32(uint256(s) | (uint256(v - 27) << 255))), no); // compact
        _refuse(c, abi.encodePacked(r, s, v, uint8(0)), no);
        _refuse(c, "", no);
        _refuse(c, new bytes(65), no);
        inferences.commitSigned(_l(c), _l(abi.encodePacked(r, s, v)));
    }

    function testFuzz_everyFieldIsSigned(uint256 field, uint256 change) public {
        BlockCommitment memory c = _paid(only, 5);
        bytes memory signature = _sign(c);
        change = bound(change, 1, type(uint256).max);
        field = bound(field, 0, 13);
        if (field == 0) c.node = address(uint160(c.node) ^ uint160(bound(change, 1, type(uint160).max)));
        else if (field == 1) c.adapterId ^= bytes32(change);
        else if (field == 2) c.heightLog ^= uint8(bound(change, 1, 255));
        else if (field == 3) c.dlt.x ^= change;
        else if (field == 4) c.dlt.y ^= change;
        else if (field == 5) c.x.x ^= change;
        else if (field == 6) c.x.y ^= change;
        else if (field == 7) c.inferences[0].requestHash ^= bytes32(change);
        else if (field == 8) c.inferences[0].nonce ^= change;
        else if (field == 9) c.inferences[0].rows ^= uint32(bound(change, 1, type(uint32).max));
        else if (field == 10) c.inferences[0].outputHash ^= bytes32(change);
        else if (field == 11) c.receiptHash ^= bytes32(change);
        else if (field == 12) c.validUntil ^= uint64(bound(change, 1, type(uint64).max));
        else c.inferences = two(c.inferences[0], c.inferences[0]);
        vm.assume(c.node.code.length == 0);
        _refuse(c, signature, abi.encodeWithSelector(IInferenceRegistry.BadSignature.selector, c.node));
    }

    function test_theSignersBlocksMeetEveryRuleOfACommitment() public {
        BlockCommitment memory c = commitment(one(only));
        c.node = signer;
        _refuse(c, _sign(c), abi.encodeWithSelector(NotFunded.selector, inferences.paymentKey(signer, adapterId, only.requestHash, only.nonce)));
        vm.prank(signer);
        inferences.retireNode();
        _refuse(c, _sign(c), abi.encodeWithSelector(IInferenceRegistry.NotActiveNode.selector, signer));
    }

    // ---- nodes that are contracts ----

    function test_aContractSignsAsItsCodeSays() public {
        ContractNode node = _contractNode();
        BlockCommitment memory c = commitment(one(only));
        c.node = address(node);
        _pay(address(node), adapterId, only, 5);
        bytes32 digest = inferences.commitmentDigest(c);
        bytes memory no = abi.encodeWithSelector(IInferenceRegistry.BadSignature.selector, address(node));
        _refuse(c, "", no); // nothing signed
        node.sign(digest, ContractNode.Mode.Refuse);
        _refuse(c, "", no);
        node.sign(digest, ContractNode.Mode.Revert);
        _refuse(c, "", no);
        node.sign(digest, ContractNode.Mode.Burn);
        vm.prank(RIVAL);
        (bool ok,) = registry.call{gas: 5_000_000}(abi.encodeCall(inferences.commitSigned, (_l(c), _l(""))));
        assert(!ok);
        node.sign(digest, ContractNode.Mode.Sign);
        vm.prank(RIVAL);
        inferences.commitSigned(_l(c), _l("any"));
    }

    function test_aHugeAnswerOfASignerIsNotRead() public {
        ContractNode node = _contractNode();
        BlockCommitment memory c = commitment(one(only));
        c.node = address(node);
        _pay(address(node), adapterId, only, 5);
        node.sign(inferences.commitmentDigest(c), ContractNode.Mode.Bomb);
        inferences.commitSigned(_l(c), _l(""));
    }

    function test_aSignerCannotChangeStateWhileItIsAsked() public {
        ContractNode node = _contractNode();
        Inference memory other = inference(2, 5);
        _pay(address(node), adapterId, only, 5);
        _pay(address(node), adapterId, other, 5);
        BlockCommitment memory c = commitment(one(only));
        BlockCommitment memory inner = commitment(one(other));
        (c.node, inner.node) = (address(node), address(node));
        bytes[4] memory calls = [
            abi.encodeCall(inferences.commitBlock, (inner)),
            abi.encodeCall(inferences.retireNode, ()),
            abi.encodeCall(inferences.updateNode, (RIVAL, "")),
            abi.encodeCall(inferences.refund, (new bytes32[](0)))
        ];
        uint256 before = vm.snapshotState();
        for (uint256 i; i < calls.length; ++i) {
            node.reenter(registry, calls[i]);
            node.sign(inferences.commitmentDigest(c), ContractNode.Mode.Reenter);
            // In a static call its call burns what it gets; it signs only because that failed.
            inferences.commitSigned{gas: 30_000_000}(_l(c), _l(""));
            assert(inferences.isActiveNode(address(node)));
            vm.revertToState(before);
        }
        // The same calls work by themselves.
        for (uint256 i; i < calls.length; ++i) {
            node.execute(registry, 0, calls[i]);
            vm.revertToState(before);
        }
    }

    // ---- helpers ----

    function hashCommitment(BlockCommitment calldata c) external pure returns (bytes32) {
        return SignedTypes.hash(c);
    }

    function hashReceipt(Receipt calldata r) external pure returns (bytes32) {
        return SignedTypes.hash(r);
    }

    function hashOpening(OpeningClaim calldata c) external pure returns (bytes32) {
        return SignedTypes.hash(c);
    }

    function _vector() private pure returns (BlockCommitment memory c) {
        c.node = address(0x1111111111111111111111111111111111111111);
        c.adapterId = bytes32(uint256(2));
        c.heightLog = 7;
        c.dlt = G1Point(1, 2);
        c.x = G1Point(3, 4);
        c.inferences = new Inference[](2);
        c.inferences[0] = Inference(bytes32(uint256(5)), 6, 7, bytes32(uint256(8)));
        c.inferences[1] = Inference(bytes32(uint256(9)), 10, 11, bytes32(uint256(12)));
        c.receiptHash = bytes32(uint256(13));
        c.validUntil = 14;
    }

    function _digest(bytes32 hash, uint256 chainId, address verifyingContract) private pure returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("zkattr inference"),
                keccak256("1"),
                chainId,
                verifyingContract
            )
        );
        return keccak256(abi.encodePacked(hex"1901", domain, hash));
    }

    function _signDigest(bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, digest);
        return abi.encodePacked(r, s, v);
    }

    function _sign(BlockCommitment memory c) private view returns (bytes memory) {
        return _signDigest(inferences.commitmentDigest(c));
    }

    function _refuse(BlockCommitment memory c, bytes memory signature, bytes memory reason) private {
        refuse(RIVAL, registry, abi.encodeCall(inferences.commitSigned, (_l(c), _l(signature))), reason);
    }

    function _register(address node) private {
        stake(Role.Node, node, 10 ether);
        vm.prank(node);
        inferences.registerNode(address(0), "");
    }

    function _contractNode() private returns (ContractNode node) {
        node = new ContractNode();
        vm.deal(address(node), 10 ether);
        node.execute(address(stakes), 10 ether, abi.encodeCall(stakes.deposit, (Role.Node, 10 ether)));
        node.execute(registry, 0, abi.encodeCall(inferences.registerNode, (address(0), "")));
    }

    function _pay(address node, bytes32 id, Inference memory i, uint256 fee) private {
        vm.prank(PAYER);
        inferences.pay{value: fee}(payments(Payment(node, id, i.requestHash, i.nonce, fee)));
    }

    /// @dev The signer's block of one paid inference.
    function _paid(Inference memory i, uint256 fee) private returns (BlockCommitment memory c) {
        _pay(signer, adapterId, i, fee);
        c = commitment(one(i));
        c.node = signer;
    }

    function _l(BlockCommitment memory c) private pure returns (BlockCommitment[] memory l) {
        l = new BlockCommitment[](1);
        l[0] = c;
    }

    function _l(bytes memory s) private pure returns (bytes[] memory l) {
        l = new bytes[](1);
        l[0] = s;
    }
}
