// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IAttributionVerifier} from "../../src/interfaces/IAttributionVerifier.sol";
import {Bn254} from "../../src/libraries/Bn254.sol";
import "../../src/types/Errors.sol";
import "../../src/types/Types.sol";
import {AttributionVerifier} from "../support/Deployed.sol";
import {Fixture} from "../support/Fixture.sol";

contract AttributionVerifierTest is Fixture {
    bytes private payout;
    bytes private payoutEntry;
    bytes private features;

    function setUp() public {
        deployVerifier();
        uint256 relation;
        uint256 classId;
        (relation, classId, payoutEntry, payout) = load("payout-4x4");
        add(relation, classId, payoutEntry);
        bytes memory entry;
        (relation, classId, entry, features) = load("features-4x4");
        add(relation, classId, entry);
    }

    function test_acceptsThePayoutFixture() public {
        bytes memory data = payout;
        uint256 before = gasleft();
        assert(accepts(data));
        vm.snapshotValue("AttributionVerifier", "verifyPayout 4x4, 2 blocks", before - gasleft());
    }

    function test_acceptsTheFeaturesFixture() public {
        bytes memory data = features;
        uint256 before = gasleft();
        assert(accepts(data));
        vm.snapshotValue("AttributionVerifier", "verifyFeatures 4x4, 2 blocks", before - gasleft());
    }

    function test_acceptsALargeClass() public {
        (uint256 relation, uint256 classId, bytes memory entry, bytes memory data) = load("payout-64x64");
        add(relation, classId, entry);
        uint256 before = gasleft();
        assert(accepts(data));
        vm.snapshotValue("AttributionVerifier", "verifyPayout 64x64, 2 of 16 blocks", before - gasleft());
        (relation, classId, entry, data) = load("features-64x64");
        add(relation, classId, entry);
        assert(accepts(data));
    }

    function test_rejectsEveryFlippedWordOfThePayout() public view {
        _rejectsFlips(payout);
    }

    function test_rejectsEveryFlippedWordOfTheFeatures() public view {
        _rejectsFlips(features);
    }

    /// @dev x + p is the same scalar: every word below 2^256 - p is tried, none may pass.
    function test_rejectsAliasedScalars() public view {
        for (uint256 offset = 36; offset <= payout.length; offset += 32) {
            uint256 word = _word(payout, offset);
            if (word > type(uint256).max - Bn254.P) continue;
            bytes memory data = bytes.concat(payout);
            _set(data, offset, word + Bn254.P);
            assert(!accepts(data));
        }
    }

    function testFuzz_rejectsAnyOtherWord(uint256 index, uint256 value) public view {
        uint256 offset = 36 + 32 * bound(index, 0, (payout.length - 4) / 32 - 1);
        if (_word(payout, offset) == value) return;
        bytes memory data = bytes.concat(payout);
        _set(data, offset, value);
        assert(!accepts(data));
    }

    function test_rejectsTheProofOnAnotherChainAndAtAnotherAddress() public {
        vm.chainId(1337);
        assert(!accepts(payout));
        vm.chainId(31337);
        assert(accepts(payout));
        AttributionVerifier first = verifier;
        verifier = AttributionVerifier(payable(create("AttributionVerifier", abi.encode(address(this), bytes32(0)))));
        add(2, 1, payoutEntry);
        assert(!accepts(payout));
        assert(address(first) != address(verifier));
    }

    function test_rejectsOneRelationAsTheOther() public view {
        bytes memory data = bytes.concat(payout);
        bytes4 selector = IAttributionVerifier.verifyFeatures.selector;
        for (uint256 i; i < 4; ++i) data[i] = selector[i];
        assert(!accepts(data));
    }

    function test_revertsWithTheReason() public view {
        _expect(ScalarNotCanonical.selector, _opening(0), Bn254.P); // y
        _expect(UnknownClass.selector, _statement(0), 7);
        _expect(TokensOutOfRange.selector, _statement(2), 9);
        _expect(TokensOutOfRange.selector, _statement(2), 0);
        _expect(InverseHintWrong.selector, _statement(1), 1); // context
        _expect(InverseHintWrong.selector, _opening(22), 1); // zi
        _expect(FeeTooLarge.selector, _statement(_statementWord(16) / 32 + 1), 1 << 80);
        _expect(PayoutTooLarge.selector, _statement(_statementWord(17) / 32 + 1), 1 << 86);
        _expect(BoundariesNotMonotone.selector, _statement(_statementWord(15) / 32 + 2), 0);
        _expect(TokensOutOfRange.selector, _statement(_statementWord(15) / 32 + 3), 257);
        _expect(ListTooLong.selector, _statement(_statementWord(3) / 32), 3);
        _expect(ScalarNotCanonical.selector, _statement(18), 16); // zeroQueries >= 2^Q
        _expect(PairingRejected.selector, _proof(0), 1); // A
        // p* has J + Hmax = 5 + 7 words; at 2^8 tokens all of them are in use, at 2^7 the last must be 0.
        uint256 pStar = _opening(_word(payout, _opening(1)) / 32);
        bytes memory data = bytes.concat(payout);
        _set(data, _statement(2), 7);
        _set(data, _statement(_statementWord(15) / 32 + 3), 128);
        assert(_word(data, pStar + 32 * 12) != 0);
        _rejects(data, PointBeyondVariables.selector);
    }

    function test_refusesInfinityInOneOfTwoBlocks() public view {
        uint256 dlt = _statementWord(3) / 32 + 1;
        bytes memory data = bytes.concat(payout);
        _set(data, _statement(dlt), 0);
        _set(data, _statement(dlt + 1), 0);
        (bool ok, bytes memory reason) = address(verifier).staticcall{gas: 1_500_000}(data);
        // The changed commitment changes gamma_L first.
        assert(!ok && bytes4(reason) == InverseHintWrong.selector);
    }

    function test_showsShapeAndKeyHash() public view {
        ClassShape memory shape = verifier.classShape(2, 1);
        eq(shape.tokensLog, 8);
        eq(shape.blocksLog, 1);
        eq(shape.queriesLog, 2);
        // 22 words behind the 7 of the shape.
        bytes32 expected;
        bytes memory entry = payoutEntry;
        assembly ("memory-safe") {
            expected := keccak256(add(entry, 0x100), 0x2c0)
        }
        eq(verifier.vkHash(2, 1), expected);
        (ClassShape memory again, VerifyingKey memory key) = verifier.classEntry(2, 1);
        eq(keccak256(abi.encode(again, key)), keccak256(entry));
        assert(verifier.vkHash(1, 1) != verifier.vkHash(2, 1));
    }

    // ---- addClass ----

    function test_onlyTheOwnerAddsClassesAndOnlyOnce() public {
        (ClassShape memory shape, VerifyingKey memory key) = _decoded();
        vm.expectRevert(abi.encodeWithSelector(ClassExists.selector, 2, 1));
        verifier.addClass(2, 1, shape, key, true);
        vm.prank(address(7));
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, address(7)));
        verifier.addClass(2, 9, shape, key, true);
        vm.expectRevert(abi.encodeWithSelector(UnknownClass.selector, 3, 9));
        verifier.addClass(3, 9, shape, key, true);
        vm.expectRevert(abi.encodeWithSelector(UnknownClass.selector, 2, 1 << 32));
        verifier.addClass(2, 1 << 32, shape, key, true);
    }

    function test_refusesKeysThatAnyoneForges() public {
        (ClassShape memory shape, VerifyingKey memory key) = _decoded();
        uint256[4] memory one = [Bn254.G2_X1, Bn254.G2_X0, Bn254.G2_Y1, Bn254.G2_Y0];
        uint256[4] memory delta = key.delta;
        key.delta = one;
        vm.expectRevert(UncontributedKey.selector);
        verifier.addClass(2, 9, shape, key, true);
        key.delta = delta;
        key.gamma = delta;
        vm.expectRevert(GammaNotGenerator.selector);
        verifier.addClass(2, 9, shape, key, true);
        key.gamma = one;
        uint256[4] memory tau = key.tauG2;
        key.tauG2 = one;
        vm.expectRevert(UncontributedKey.selector);
        verifier.addClass(2, 9, shape, key, true);
        key.tauG2 = tau;
        verifier.addClass(2, 9, shape, key, true);
    }

    function test_refusesPointsOffTheirCurve() public {
        (ClassShape memory shape, VerifyingKey memory key) = _decoded();
        key.ic[3].y ^= 1;
        vm.expectRevert(PointNotOnCurve.selector);
        verifier.addClass(2, 9, shape, key, true);
        key.ic[3] = G1Point(0, 0);
        vm.expectRevert(PointAtInfinity.selector);
        verifier.addClass(2, 9, shape, key, true);
        key.ic[3] = G1Point(1, 2);
        G1Point memory blinding = key.blinding;
        key.blinding = G1Point(1, 2); // its logarithm is known
        vm.expectRevert(BlindingMismatch.selector);
        verifier.addClass(2, 9, shape, key, true);
        key.blinding = blinding;
        key.beta[0] ^= 1;
        _refusesG2(shape, key);
        key.beta = [uint256(0), 0, 0, 0];
        _refusesG2(shape, key);
    }

    function test_refusesDevelopmentKeysOffLocalChains() public {
        (ClassShape memory shape, VerifyingKey memory key) = _decoded();
        bytes32 tauHash = keccak256(abi.encode(key.tauG2));
        AttributionVerifier other = AttributionVerifier(payable(create("AttributionVerifier", abi.encode(address(this), tauHash))));
        vm.chainId(8453);
        vm.expectRevert(DevelopmentKey.selector);
        other.addClass(2, 1, shape, key, false); // known [tau]_2, whatever the flag says
        vm.expectRevert(DevelopmentKey.selector);
        verifier.addClass(2, 9, shape, key, true);
        verifier.addClass(2, 9, shape, key, false);
        vm.chainId(1337);
        other.addClass(2, 1, shape, key, false);
    }

    function test_refusesShapesThatDoNotFit() public {
        (ClassShape memory shape, VerifyingKey memory key) = _decoded();
        shape.queriesLog = 7;
        vm.expectRevert(InvalidShape.selector);
        verifier.addClass(2, 9, shape, key, true);
        shape.queriesLog = 2;
        shape.blocksLog = shape.tokensLog + 1;
        vm.expectRevert(InvalidShape.selector);
        verifier.addClass(2, 9, shape, key, true);
        // The other relation of the class has contributorsLog 2.
        shape.blocksLog = 1;
        verifier.addClass(2, 9, shape, key, true);
        shape.contributorsLog = 3;
        vm.expectRevert(ClassMismatch.selector);
        verifier.addClass(1, 9, shape, key, true);
    }

    // ---- helpers ----

    function _decoded() private view returns (ClassShape memory, VerifyingKey memory) {
        return abi.decode(payoutEntry, (ClassShape, VerifyingKey));
    }

    function _refusesG2(ClassShape memory shape, VerifyingKey memory key) private {
        (bool ok, bytes memory reason) =
            address(verifier).call{gas: 3_000_000}(abi.encodeCall(AttributionVerifier.addClass, (2, 9, shape, key, true)));
        assert(!ok && bytes4(reason) == InvalidG2.selector);
    }

    function _rejectsFlips(bytes memory original) private view {
        for (uint256 offset = 36; offset <= original.length; offset += 32) {
            bytes memory data = bytes.concat(original);
            _set(data, offset, _word(data, offset) ^ 1);
            assert(!accepts(data));
        }
        assert(accepts(original));
    }

    /// @dev Memory offset (behind the length) of word `index` of the statement; 4 selector bytes, 3 heads.
    function _statement(uint256 index) private view returns (uint256) {
        return 36 + _word(payout, 36) + 32 * index;
    }

    function _statementWord(uint256 index) private view returns (uint256) {
        return _word(payout, _statement(index));
    }

    function _opening(uint256 index) private view returns (uint256) {
        return 36 + _word(payout, 68) + 32 * index;
    }

    function _proof(uint256 index) private pure returns (uint256) {
        return 100 + 32 * index;
    }

    function _expect(bytes4 selector, uint256 offset, uint256 value) private view {
        bytes memory data = bytes.concat(payout);
        _set(data, offset, value);
        _rejects(data, selector);
    }

    function _rejects(bytes memory data, bytes4 selector) private view {
        (bool ok, bytes memory reason) = address(verifier).staticcall{gas: 1_500_000}(data);
        require(!ok, "accepted");
        if (bytes4(reason) != selector) revert NotEqual(uint32(bytes4(reason)), uint32(selector));
    }

    function _word(bytes memory data, uint256 offset) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := mload(add(data, offset))
        }
    }

    function _set(bytes memory data, uint256 offset, uint256 value) private pure {
        assembly ("memory-safe") {
            mstore(add(data, offset), value)
        }
    }
}
