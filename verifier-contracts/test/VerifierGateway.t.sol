// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IAttributionVerifier} from "../src/interfaces/IAttributionVerifier.sol";
import {IParameters} from "../src/interfaces/IParameters.sol";
import {IVerifierGateway} from "../src/interfaces/IVerifierGateway.sol";
import {Bn254} from "../src/libraries/Bn254.sol";
import "../src/types/Errors.sol";
import "../src/types/Types.sol";
import {Parameters, TestVerifier, VerifierGateway} from "./support/Deployed.sol";
import {Fixture} from "./support/Fixture.sol";
import {Rules} from "./support/Rules.sol";

abstract contract GatewayWorld is Rules {
    uint256 internal constant START = 1_800_000_000;
    address internal constant TIMELOCK = address(0x71);
    address internal constant GUARDIAN = address(0x6a);
    address internal constant STRANGER = address(0x5e);
    bytes32 internal constant VK = bytes32(uint256(1));

    VerifierGateway internal gateway;

    function deployGateway() internal {
        vm.warp(START);
        Parameters parameters = Parameters(payable(create("Parameters", abi.encode(TIMELOCK, GUARDIAN, address(0x7e), defaultSplit(), stakeRules(), windowRules(), marketRules(), courtRules()))));
        gateway = VerifierGateway(payable(create("VerifierGateway", abi.encode(TIMELOCK, parameters))));
    }

    function addAs(IAttributionVerifier verifier, uint256 relation, uint256 classId, uint256 version, bytes32 vkHash) internal returns (bytes32) {
        vm.prank(TIMELOCK);
        return gateway.add(verifier, relation, classId, version, vkHash);
    }

    function statusOf(bytes32 selector) internal view returns (uint256) {
        return uint256(gateway.entry(selector).status);
    }
}

contract VerifierGatewayTest is GatewayWorld {
    TestVerifier private double;
    bytes32 private payout;
    bytes32 private features;

    function setUp() public {
        deployGateway();
        double = TestVerifier(create("TestVerifier", ""));
        features = addAs(double, 1, 1, 1, VK);
        payout = addAs(double, 2, 1, 1, VK);
    }

    // ---- adding ----

    function test_refusesToBeDeployedOnNothing() public {
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableInvalidOwner.selector, address(0)));
        VerifierGateway(payable(create("VerifierGateway", abi.encode(address(0), IParameters(address(1))))));
        vm.expectRevert(ZeroAddress.selector);
        VerifierGateway(payable(create("VerifierGateway", abi.encode(TIMELOCK, IParameters(address(0))))));
    }

    function test_addsAVerifierUnderItsSelector() public {
        bytes32 selector = keccak256(abi.encode(keccak256("zkattr.verifier.v1"), 2, 1, 7, VK));
        eq(gateway.selectorOf(2, 1, 7, VK), selector);
        vm.expectEmit();
        emit IVerifierGateway.VerifierAdded(selector, address(double), 2, 1, 7, VK, address(double).codehash);
        eq(addAs(double, 2, 1, 7, VK), selector);
        IVerifierGateway.Entry memory e = gateway.entry(selector);
        eq(address(e.verifier), address(double));
        eq(e.relation, 2);
        eq(e.classId, 1);
        eq(e.version, 7);
        eq(uint256(e.status), uint256(IVerifierGateway.Status.Live));
        eq(e.changedAt, START);
        eq(e.vkHash, VK);
        eq(e.codeHash, address(double).codehash);
        eq(address(gateway.resolve(selector, 2, 1)), address(double));
    }

    function test_refusesWhatDoesNotFit() public {
        vm.startPrank(TIMELOCK);
        vm.expectRevert(ZeroAddress.selector);
        gateway.add(IAttributionVerifier(address(0)), 2, 1, 2, VK);
        vm.expectRevert(abi.encodeWithSelector(UnknownClass.selector, 0, 1));
        gateway.add(double, 0, 1, 2, VK);
        vm.expectRevert(abi.encodeWithSelector(UnknownClass.selector, 3, 1));
        gateway.add(double, 3, 1, 2, VK);
        vm.expectRevert(abi.encodeWithSelector(UnknownClass.selector, 2, uint256(1) << 32));
        gateway.add(double, 2, 1 << 32, 2, VK);
        vm.expectRevert(abi.encodeWithSelector(IVerifierGateway.VkHashMismatch.selector, bytes32(uint256(9)), VK));
        gateway.add(double, 2, 1, 2, bytes32(uint256(9)));
        vm.expectRevert(abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, 32, uint256(1) << 32));
        gateway.add(double, 2, 1, 1 << 32, VK);
        vm.expectRevert(abi.encodeWithSelector(IVerifierGateway.SelectorExists.selector, payout));
        gateway.add(double, 2, 1, 1, VK);
        vm.expectRevert();
        gateway.add(IAttributionVerifier(STRANGER), 2, 1, 2, VK); // no code
        vm.stopPrank();
    }

    function test_aClassKeepsItsTablesAndItsSetup() public {
        (ClassShape memory s, VerifyingKey memory key) = double.classEntry(2, 1);
        bytes32 first = _setup(s, key);
        TestVerifier other = TestVerifier(create("TestVerifier", ""));
        key.tauG2[3] ^= 1;
        other.setTau(key.tauG2);
        // Of either relation, and after all verifiers of the class have gone.
        for (uint256 round; round < 2; ++round) {
            for (uint256 relation = 1; relation <= 2; ++relation) {
                vm.expectRevert(abi.encodeWithSelector(IVerifierGateway.SetupMismatch.selector, 1, first, _setup(s, key)));
                addAs(other, relation, 1, 2, VK);
            }
            if (round == 1) break;
            vm.startPrank(TIMELOCK);
            gateway.remove(features);
            gateway.remove(payout);
            vm.stopPrank();
        }
        addAs(other, 2, 3, 1, VK); // a class of its own
        ClassShape memory wide = s;
        wide.widthLog += 1;
        (, key) = double.classEntry(2, 1);
        vm.mockCall(address(double), abi.encodeWithSelector(IAttributionVerifier.classEntry.selector, 2, 1), abi.encode(wide, key));
        vm.expectRevert(abi.encodeWithSelector(IVerifierGateway.SetupMismatch.selector, 1, first, _setup(wide, key)));
        addAs(double, 2, 1, 2, VK);
        vm.clearMockedCalls();
        addAs(double, 2, 1, 2, VK);
    }

    function _setup(ClassShape memory s, VerifyingKey memory key) private pure returns (bytes32) {
        return keccak256(abi.encode(s.queriesLog, s.contributorsLog, s.layersLog, s.rankLog, s.widthLog, key.tauG2, key.blinding));
    }

    function test_onlyTheOwnerAddsThawsAndRemoves() public {
        address[2] memory others = [GUARDIAN, STRANGER];
        for (uint256 i; i < 2; ++i) {
            bytes memory refusal = abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, others[i]);
            vm.startPrank(others[i]);
            vm.expectRevert(refusal);
            gateway.add(double, 2, 1, 2, VK);
            vm.expectRevert(refusal);
            gateway.thaw(payout);
            vm.expectRevert(refusal);
            gateway.remove(payout);
            vm.stopPrank();
        }
    }

    // ---- freezing, thawing, removing ----

    function test_theGuardianFreezesAndTheOwnerThaws() public {
        vm.warp(START + 5);
        vm.expectEmit();
        emit IVerifierGateway.VerifierFrozen(payout, GUARDIAN);
        vm.prank(GUARDIAN);
        gateway.freeze(payout);
        eq(gateway.entry(payout).changedAt, START + 5);
        vm.expectRevert(_notLive(payout, IVerifierGateway.Status.Frozen));
        gateway.resolve(payout, 2, 1);
        gateway.resolve(features, 1, 1);
        vm.expectRevert(_wrongStatus(payout, IVerifierGateway.Status.Frozen));
        vm.prank(GUARDIAN);
        gateway.freeze(payout);
        vm.expectEmit();
        emit IVerifierGateway.VerifierThawed(payout);
        vm.prank(TIMELOCK);
        gateway.thaw(payout);
        gateway.resolve(payout, 2, 1);
        vm.expectRevert(_wrongStatus(payout, IVerifierGateway.Status.Live));
        vm.prank(TIMELOCK);
        gateway.thaw(payout);
        vm.prank(TIMELOCK);
        gateway.freeze(payout);
        eq(statusOf(payout), uint256(IVerifierGateway.Status.Frozen));
    }

    function test_nobodyElseFreezes() public {
        vm.expectRevert(abi.encodeWithSelector(IVerifierGateway.NotAGuardian.selector, STRANGER));
        vm.prank(STRANGER);
        gateway.freeze(payout);
    }

    function test_whatWasRemovedNeverLivesAgain() public {
        vm.prank(GUARDIAN);
        gateway.freeze(features);
        vm.startPrank(TIMELOCK);
        vm.expectEmit();
        emit IVerifierGateway.VerifierRemoved(payout);
        gateway.remove(payout);
        gateway.remove(features); // a frozen one too
        vm.expectRevert(_wrongStatus(payout, IVerifierGateway.Status.Removed));
        gateway.remove(payout);
        vm.expectRevert(_wrongStatus(payout, IVerifierGateway.Status.Removed));
        gateway.thaw(payout);
        vm.expectRevert(_wrongStatus(payout, IVerifierGateway.Status.Removed));
        gateway.freeze(payout);
        vm.expectRevert(abi.encodeWithSelector(IVerifierGateway.SelectorExists.selector, payout));
        gateway.add(double, 2, 1, 1, VK);
        vm.stopPrank();
        vm.expectRevert(_notLive(payout, IVerifierGateway.Status.Removed));
        gateway.resolve(payout, 2, 1);
        vm.expectRevert(_wrongStatus(payout, IVerifierGateway.Status.Removed));
        gateway.stopPayout(payout, _payouts(2, 1), _opening(), _proof());
    }

    function test_refusesUnknownSelectors() public {
        bytes32 unknown = bytes32(uint256(5));
        vm.expectRevert(_notLive(unknown, IVerifierGateway.Status.Unknown));
        gateway.resolve(unknown, 2, 1);
        vm.startPrank(TIMELOCK);
        vm.expectRevert(_wrongStatus(unknown, IVerifierGateway.Status.Unknown));
        gateway.freeze(unknown);
        vm.expectRevert(_wrongStatus(unknown, IVerifierGateway.Status.Unknown));
        gateway.thaw(unknown);
        vm.expectRevert(_wrongStatus(unknown, IVerifierGateway.Status.Unknown));
        gateway.remove(unknown);
        vm.stopPrank();
    }

    function test_resolvesOnlyForItsClass() public {
        vm.expectRevert(abi.encodeWithSelector(IVerifierGateway.WrongClass.selector, payout, 1, 1));
        gateway.resolve(payout, 1, 1);
        vm.expectRevert(abi.encodeWithSelector(IVerifierGateway.WrongClass.selector, payout, 2, 3));
        gateway.resolve(payout, 2, 3);
    }

    function test_namesTheLatestLiveVerifier() public {
        eq(gateway.liveSelector(2, 1), payout);
        bytes32 second = addAs(TestVerifier(create("TestVerifier", "")), 2, 1, 2, VK);
        bytes32 third = addAs(TestVerifier(create("TestVerifier", "")), 2, 1, 3, VK);
        eq(gateway.liveSelector(2, 1), third);
        vm.startPrank(TIMELOCK);
        gateway.freeze(third);
        eq(gateway.liveSelector(2, 1), second);
        gateway.remove(second);
        eq(gateway.liveSelector(2, 1), payout);
        gateway.thaw(third);
        eq(gateway.liveSelector(2, 1), third);
        gateway.remove(third);
        gateway.freeze(payout);
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(IVerifierGateway.ClassWithoutVerifier.selector, 2, 1));
        gateway.liveSelector(2, 1);
        eq(gateway.liveSelector(1, 1), features);
    }

    // ---- interruptions ----

    function test_aFreezeInterruptsUntilItIsThawed() public {
        assert(!gateway.interruptedSince(2, 1, START));
        vm.warp(START + 10);
        vm.prank(GUARDIAN);
        gateway.freeze(payout);
        assert(gateway.interruptedSince(2, 1, START)); // locked before
        assert(gateway.interruptedSince(2, 1, START + 10)); // locked meanwhile
        assert(!gateway.interruptedSince(1, 1, START)); // the other relation goes on
        vm.warp(START + 20);
        vm.prank(TIMELOCK);
        gateway.thaw(payout);
        assert(gateway.interruptedSince(2, 1, START));
        assert(gateway.interruptedSince(2, 1, START + 19));
        assert(!gateway.interruptedSince(2, 1, START + 20)); // locked when it was back
        assert(!gateway.interruptedSince(2, 1, START + 21));
    }

    function test_anotherLiveVerifierKeepsTheServiceUp() public {
        bytes32 second = addAs(TestVerifier(create("TestVerifier", "")), 2, 1, 2, VK);
        vm.warp(START + 10);
        vm.startPrank(TIMELOCK);
        gateway.freeze(payout);
        assert(!gateway.interruptedSince(2, 1, START));
        gateway.thaw(payout);
        gateway.remove(second);
        assert(!gateway.interruptedSince(2, 1, START));
        vm.warp(START + 20);
        gateway.freeze(payout); // now the last one
        assert(gateway.interruptedSince(2, 1, START + 20));
        vm.warp(START + 30);
        bytes32 third = addAsOwner(3);
        assert(!gateway.interruptedSince(2, 1, START + 30));
        assert(gateway.interruptedSince(2, 1, START + 29));
        vm.warp(START + 40);
        gateway.thaw(payout); // two are live: this is no new restoration
        assert(!gateway.interruptedSince(2, 1, START + 30));
        gateway.remove(third);
        assert(!gateway.interruptedSince(2, 1, START + 30));
        vm.stopPrank();
    }

    /// @dev Removed and replaced within one block: a proof under way was for the old one.
    function test_aReplacementWithAGapCountsEvenWithinOneSecond() public {
        vm.warp(START + 10);
        vm.startPrank(TIMELOCK);
        gateway.remove(payout);
        addAsOwner(2);
        vm.stopPrank();
        assert(gateway.interruptedSince(2, 1, START + 9));
        assert(!gateway.interruptedSince(2, 1, START + 10));
    }

    function test_aClassWithoutAVerifierIsInterruptedUntilItsFirst() public {
        assert(gateway.interruptedSince(2, 3, START + 100));
        vm.warp(START + 10);
        addAs(double, 2, 3, 1, VK);
        assert(gateway.interruptedSince(2, 3, START + 9));
        assert(!gateway.interruptedSince(2, 3, START + 10));
    }

    function test_aStopInterrupts() public {
        vm.warp(START + 10);
        gateway.stopPayout(payout, _payouts(2, 1), _opening(), _proof());
        assert(gateway.interruptedSince(2, 1, START));
        assert(gateway.interruptedSince(2, 1, START + 1000));
    }

    /// @dev Against the plain history: some second since `since` (its events over) without a live verifier.
    function testFuzz_interruptionsAreThoseOfTheHistory(uint256 seed) public {
        bytes32[2] memory all = [payout, addAs(TestVerifier(create("TestVerifier", "")), 2, 1, 2, VK)];
        bool[2] memory live = [true, true];
        bool[25] memory gap; // gap[t]: no live verifier between the events of second t and those of t + 1
        vm.startPrank(TIMELOCK);
        for (uint256 t = 1; t < 25; ++t) {
            vm.warp(START + t);
            uint256 pick = uint256(keccak256(abi.encode(seed, t)));
            uint256 k = pick & 1;
            if (pick & 6 == 0) {
                if (live[k]) gateway.freeze(all[k]);
                else gateway.thaw(all[k]);
                live[k] = !live[k];
            }
            gap[t] = !live[0] && !live[1];
        }
        vm.stopPrank();
        for (uint256 since; since < 25; ++since) {
            bool expected;
            for (uint256 t = since; t < 25; ++t) expected = expected || gap[t];
            assert(gateway.interruptedSince(2, 1, START + since) == expected);
        }
    }

    // ---- canaries ----

    function test_anyoneStopsAVerifierThatAcceptsPayoutsBeyondFees() public {
        vm.warp(START + 10);
        vm.expectEmit();
        emit IVerifierGateway.VerifierStopped(payout, STRANGER);
        vm.prank(STRANGER);
        gateway.stopPayout(payout, _payouts(101, 100), _opening(), _proof());
        eq(statusOf(payout), uint256(IVerifierGateway.Status.Stopped));
        eq(gateway.entry(payout).changedAt, START + 10);
        eq(statusOf(features), uint256(IVerifierGateway.Status.Live));
        vm.expectRevert(_notLive(payout, IVerifierGateway.Status.Stopped));
        gateway.resolve(payout, 2, 1);
        vm.startPrank(TIMELOCK);
        vm.expectRevert(_wrongStatus(payout, IVerifierGateway.Status.Stopped));
        gateway.thaw(payout);
        vm.expectRevert(_wrongStatus(payout, IVerifierGateway.Status.Stopped));
        gateway.remove(payout);
        vm.expectRevert(abi.encodeWithSelector(IVerifierGateway.SelectorExists.selector, payout));
        gateway.add(double, 2, 1, 1, VK);
        vm.stopPrank();
        vm.expectRevert(_wrongStatus(payout, IVerifierGateway.Status.Stopped));
        gateway.stopPayout(payout, _payouts(101, 100), _opening(), _proof());
    }

    function test_stopsAFrozenVerifierToo() public {
        vm.prank(GUARDIAN);
        gateway.freeze(payout);
        gateway.stopPayout(payout, _payouts(101, 100), _opening(), _proof());
        eq(statusOf(payout), uint256(IVerifierGateway.Status.Stopped));
        vm.expectRevert(_wrongStatus(payout, IVerifierGateway.Status.Stopped));
        vm.prank(TIMELOCK);
        gateway.thaw(payout);
    }

    /// @dev All fees count, those of zero queries too: only what no true statement can have stops a verifier.
    function test_aTrueStatementStopsNothing() public {
        PayoutStatement memory s = _payouts(100, 100);
        vm.expectRevert(IVerifierGateway.StatementNotFalse.selector);
        gateway.stopPayout(payout, s, _opening(), _proof());
        s.fees = _list(40, 60);
        s.zeroQueries = 1;
        vm.expectRevert(IVerifierGateway.StatementNotFalse.selector);
        gateway.stopPayout(payout, s, _opening(), _proof());
    }

    function test_aRejectedProofStopsNothing() public {
        double.set(false);
        FeaturesStatement memory s = _features(_commit(7, 3));
        vm.expectRevert(PairingRejected.selector);
        gateway.stopPayout(payout, _payouts(101, 100), _opening(), _proof());
        vm.expectRevert(PairingRejected.selector);
        gateway.stopFeatures(features, s, 7, 3, _opening(), _proof());
        eq(statusOf(payout), uint256(IVerifierGateway.Status.Live));
        eq(statusOf(features), uint256(IVerifierGateway.Status.Live));
    }

    /// @dev The verifier is asked about the very statement that is judged.
    function test_asksAboutTheStatementItself() public {
        PayoutStatement memory s = _payouts(101, 100);
        double.expect(keccak256(abi.encode(s)));
        s.payouts[0] += 1;
        vm.expectRevert("another statement was asked");
        gateway.stopPayout(payout, s, _opening(), _proof());
        s.payouts[0] -= 1;
        gateway.stopPayout(payout, s, _opening(), _proof());
    }

    function test_stopsOnlyTheClassTheProofIsFor() public {
        PayoutStatement memory s = _payouts(101, 100);
        s.classId = 3;
        vm.expectRevert(abi.encodeWithSelector(IVerifierGateway.WrongClass.selector, payout, 2, 3));
        gateway.stopPayout(payout, s, _opening(), _proof());
        vm.expectRevert(abi.encodeWithSelector(IVerifierGateway.WrongClass.selector, features, 2, 1));
        gateway.stopPayout(features, _payouts(101, 100), _opening(), _proof());
        FeaturesStatement memory f = _features(_commit(7, 3));
        vm.expectRevert(abi.encodeWithSelector(IVerifierGateway.WrongClass.selector, payout, 1, 1));
        gateway.stopFeatures(payout, f, 7, 3, _opening(), _proof());
    }

    function testFuzz_payoutsBeyondFeesStop(uint80[4] calldata fees, uint80[4] calldata payouts) public {
        PayoutStatement memory s = _payouts(0, 0);
        (s.fees, s.payouts) = (new uint256[](4), new uint256[](4));
        (uint256 feeSum, uint256 payoutSum) = (0, 0);
        for (uint256 i; i < 4; ++i) {
            (s.fees[i], s.payouts[i]) = (fees[i], payouts[i]);
            (feeSum, payoutSum) = (feeSum + fees[i], payoutSum + payouts[i]);
        }
        if (payoutSum <= feeSum) vm.expectRevert(IVerifierGateway.StatementNotFalse.selector);
        gateway.stopPayout(payout, s, _opening(), _proof());
    }

    function test_anyoneStopsAVerifierThatAcceptsFeaturesOfNothing() public {
        FeaturesStatement memory s = _features(_commit(7, 3));
        vm.expectEmit();
        emit IVerifierGateway.VerifierStopped(features, STRANGER);
        vm.prank(STRANGER);
        gateway.stopFeatures(features, s, 7, 3, _opening(), _proof());
        eq(statusOf(features), uint256(IVerifierGateway.Status.Stopped));
        eq(statusOf(payout), uint256(IVerifierGateway.Status.Live));
    }

    function test_stopsForZeroBoundariesWrittenOutAndForRho0() public {
        FeaturesStatement memory s = _features(_commit(1, 0));
        s.boundaries = new uint256[](4);
        gateway.stopFeatures(features, s, 1, 0, _opening(), _proof());
        eq(statusOf(features), uint256(IVerifierGateway.Status.Stopped));
    }

    /// @dev An honest G of nothing is rho H. Its value is 0, also when it is written as p.
    function test_honestFeaturesOfNothingStopNothing() public {
        uint256[3] memory zero = [uint256(0), Bn254.P, 2 * Bn254.P];
        FeaturesStatement memory s = _features(_commit(0, 3));
        for (uint256 i; i < 3; ++i) {
            vm.expectRevert(IVerifierGateway.StatementNotFalse.selector);
            gateway.stopFeatures(features, s, zero[i], 3, _opening(), _proof());
        }
    }

    function test_featuresOfSomebodyOrOfAnotherOpeningStopNothing() public {
        FeaturesStatement memory s = _features(_commit(7, 3));
        s.boundaries = _list(0, 1);
        vm.expectRevert(IVerifierGateway.StatementNotFalse.selector);
        gateway.stopFeatures(features, s, 7, 3, _opening(), _proof());
        s.boundaries = new uint256[](0);
        vm.expectRevert(IVerifierGateway.StatementNotFalse.selector);
        gateway.stopFeatures(features, s, 8, 3, _opening(), _proof());
        vm.expectRevert(IVerifierGateway.StatementNotFalse.selector);
        gateway.stopFeatures(features, s, 7, 4, _opening(), _proof());
        s.g.y = Bn254.Q - s.g.y;
        vm.expectRevert(IVerifierGateway.StatementNotFalse.selector);
        gateway.stopFeatures(features, s, 7, 3, _opening(), _proof());
    }

    function testFuzz_onlyTheOpeningOfGStops(uint256 value, uint256 rho, uint256 claimed) public {
        FeaturesStatement memory s = _features(_commit(value, rho));
        bool opens = value % Bn254.P == claimed % Bn254.P && claimed % Bn254.P != 0;
        if (!opens) vm.expectRevert(IVerifierGateway.StatementNotFalse.selector);
        gateway.stopFeatures(features, s, claimed, rho, _opening(), _proof());
    }

    // ---- helpers ----

    function addAsOwner(uint256 version) private returns (bytes32) {
        TestVerifier another = TestVerifier(create("TestVerifier", ""));
        return gateway.add(another, 2, 1, version, VK);
    }

    function _notLive(bytes32 selector, IVerifierGateway.Status status) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IVerifierGateway.NotLive.selector, selector, status);
    }

    function _wrongStatus(bytes32 selector, IVerifierGateway.Status status) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IVerifierGateway.WrongStatus.selector, selector, status);
    }

    function _opening() private pure returns (OpeningProof memory opening) {}

    function _proof() private pure returns (Groth16Proof memory proof) {}

    /// @dev One query, one contributor.
    function _payouts(uint256 payout_, uint256 fee) private pure returns (PayoutStatement memory s) {
        s.classId = 1;
        (s.fees, s.payouts) = (new uint256[](1), new uint256[](1));
        (s.fees[0], s.payouts[0]) = (fee, payout_);
    }

    function _features(G1Point memory g) private pure returns (FeaturesStatement memory s) {
        (s.classId, s.g) = (1, g);
    }

    /// @dev value [1]_1 + rho H by the precompiles. Calls of them take a prank or an expectation: beforehand.
    function _commit(uint256 value, uint256 rho) private view returns (G1Point memory) {
        (, bytes memory a) = address(7).staticcall(abi.encode(1, 2, value));
        (, bytes memory b) = address(7).staticcall(abi.encode(Bn254.H_X, Bn254.H_Y, rho));
        (, bytes memory c) = address(6).staticcall(bytes.concat(a, b));
        return abi.decode(c, (G1Point));
    }

    function _list(uint256 a, uint256 b) private pure returns (uint256[] memory l) {
        l = new uint256[](2);
        (l[0], l[1]) = (a, b);
    }
}

/// @dev The gateway before the real verifier: keys are found, honest proofs stop nothing.
contract VerifierGatewayProofTest is Fixture, GatewayWorld {
    bytes32 private payout;
    bytes32 private features;
    bytes private payoutCall;
    bytes private featuresCall;

    function setUp() public {
        deployGateway();
        deployVerifier();
        (uint256 relation, uint256 classId, bytes memory entry, bytes memory data) = load("payout-4x4-proved");
        add(relation, classId, entry);
        payout = addAs(verifier, relation, classId, 1, verifier.vkHash(relation, classId));
        payoutCall = data;
        (relation, classId, entry, data) = load("features-4x4-proved");
        add(relation, classId, entry);
        features = addAs(verifier, relation, classId, 1, verifier.vkHash(relation, classId));
        featuresCall = data;
    }

    function test_resolvesToTheVerifierThatAcceptsTheProofs() public view {
        (bool ok,) = address(gateway.resolve(payout, 2, 1)).staticcall(payoutCall);
        assert(ok);
        (ok,) = address(gateway.resolve(features, 1, 1)).staticcall(featuresCall);
        assert(ok);
    }

    function test_refusesAKeyThatTheVerifierDoesNotHold() public {
        bytes32 held = verifier.vkHash(2, 1);
        bytes32 other = verifier.vkHash(1, 1);
        assert(held != other);
        vm.expectRevert(abi.encodeWithSelector(IVerifierGateway.VkHashMismatch.selector, other, held));
        vm.prank(TIMELOCK);
        gateway.add(verifier, 2, 1, 2, other);
        vm.expectRevert(abi.encodeWithSelector(UnknownClass.selector, 2, 3));
        vm.prank(TIMELOCK);
        gateway.add(verifier, 2, 3, 1, held);
    }

    function test_anHonestPayoutProofStopsNothing() public {
        (PayoutStatement memory s, OpeningProof memory opening, Groth16Proof memory proof) =
            abi.decode(_arguments(payoutCall), (PayoutStatement, OpeningProof, Groth16Proof));
        vm.expectRevert(IVerifierGateway.StatementNotFalse.selector);
        gateway.stopPayout(payout, s, opening, proof);
        // The same proof for payouts beyond the fees is none.
        s.payouts[0] += 1 << 85;
        _refused(abi.encodeCall(gateway.stopPayout, (payout, s, opening, proof)));
        eq(statusOf(payout), uint256(IVerifierGateway.Status.Live));
    }

    function test_anHonestFeaturesProofStopsNothing() public {
        (FeaturesStatement memory s, OpeningProof memory opening, Groth16Proof memory proof) =
            abi.decode(_arguments(featuresCall), (FeaturesStatement, OpeningProof, Groth16Proof));
        vm.expectRevert(IVerifierGateway.StatementNotFalse.selector);
        gateway.stopFeatures(features, s, 1, 0, opening, proof);
        // The same proof for no rows, or for a G that opens to 1, is none.
        s.boundaries = new uint256[](0);
        _refused(abi.encodeCall(gateway.stopFeatures, (features, s, 1, 0, opening, proof)));
        s.g = G1Point(1, 2);
        _refused(abi.encodeCall(gateway.stopFeatures, (features, s, 1, 0, opening, proof)));
        eq(statusOf(features), uint256(IVerifierGateway.Status.Live));
    }

    /// @dev A failing precompile eats all gas it is given, hence the limit. The refusal is the verifier's.
    function _refused(bytes memory data) private {
        (bool ok, bytes memory reason) = address(gateway).call{gas: 2_000_000}(data);
        assert(!ok && bytes4(reason) != IVerifierGateway.StatementNotFalse.selector);
    }

    function _arguments(bytes memory data) private pure returns (bytes memory out) {
        out = new bytes(data.length - 4);
        for (uint256 i; i < out.length; ++i) out[i] = data[i + 4];
    }
}
