// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IParameters} from "../src/interfaces/IParameters.sol";
import "../src/types/Economy.sol";
import {ZeroAddress} from "../src/types/Errors.sol";
import {Parameters} from "./support/Deployed.sol";
import {Rules} from "./support/Rules.sol";

contract ParametersTest is Rules {
    address private constant TIMELOCK = address(0x71);
    address private constant GUARDIAN = address(0x6a);
    address private constant TREASURY = address(0x7e);
    address private constant STRANGER = address(0x5e);

    Parameters private parameters;

    function setUp() public {
        parameters = Parameters(payable(create("Parameters", abi.encode(TIMELOCK, GUARDIAN, TREASURY, defaultSplit(), stakeRules(), windowRules(), marketRules(), courtRules()))));
    }

    // ---- what it starts with ----

    function test_givesWhatItWasDeployedWith() public view {
        eq(parameters.owner(), TIMELOCK);
        eq(parameters.guardian(), GUARDIAN);
        eq(parameters.treasury(), TREASURY);
        eq(parameters.currentSplitId(), 1);
        eq(keccak256(abi.encode(parameters.split(1))), keccak256(abi.encode(defaultSplit())));
        eq(keccak256(abi.encode(parameters.stakes())), keccak256(abi.encode(stakeRules())));
        eq(keccak256(abi.encode(parameters.windows())), keccak256(abi.encode(windowRules())));
        eq(keccak256(abi.encode(parameters.market())), keccak256(abi.encode(marketRules())));
        eq(keccak256(abi.encode(parameters.court())), keccak256(abi.encode(courtRules())));
    }

    function test_refusesToBeDeployedWithoutOwnerGuardianOrTreasury() public {
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableInvalidOwner.selector, address(0)));
        Parameters(payable(create("Parameters", abi.encode(address(0), GUARDIAN, TREASURY, defaultSplit(), stakeRules(), windowRules(), marketRules(), courtRules()))));
        vm.expectRevert(ZeroAddress.selector);
        Parameters(payable(create("Parameters", abi.encode(TIMELOCK, address(0), TREASURY, defaultSplit(), stakeRules(), windowRules(), marketRules(), courtRules()))));
        vm.expectRevert(ZeroAddress.selector);
        Parameters(payable(create("Parameters", abi.encode(TIMELOCK, GUARDIAN, address(0), defaultSplit(), stakeRules(), windowRules(), marketRules(), courtRules()))));
    }

    function test_refusesToBeDeployedWithRulesThatDoNotFitEachOther() public {
        StakeRules memory short_ = stakeRules();
        short_.unbondingSeconds = 4 days + 4 hours - 1;
        vm.expectRevert(_outOfBounds("unbondingSeconds", 4 days + 4 hours, 365 days, 4 days + 4 hours - 1));
        Parameters(payable(create("Parameters", abi.encode(TIMELOCK, GUARDIAN, TREASURY, defaultSplit(), short_, windowRules(), marketRules(), courtRules()))));
    }

    /// @dev Seconds and single units: a local chain does not wait for days.
    function test_allowsALocalChainsNumbers() public {
        Parameters(payable(create("Parameters", abi.encode(
            TIMELOCK,
            GUARDIAN,
            TREASURY,
            Split(10_000, 0, 0, 0, 0),
            StakeRules(1, 1, 1, 64),
            WindowRules(60, 0),
            MarketRules(0, 0, 0, 1, 1, 0, 0),
            CourtRules(1, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0)
        ))));
    }

    // ---- who ----

    function test_onlyTheOwnerSets() public {
        bytes[8] memory calls = [
            abi.encodeCall(parameters.addSplit, (defaultSplit())),
            abi.encodeCall(parameters.setStakes, (stakeRules())),
            abi.encodeCall(parameters.setWindows, (windowRules())),
            abi.encodeCall(parameters.setMarket, (marketRules())),
            abi.encodeCall(parameters.setCourt, (courtRules())),
            abi.encodeCall(parameters.setTreasury, (STRANGER)),
            abi.encodeCall(parameters.setGuardian, (STRANGER)),
            abi.encodeCall(parameters.unpause, (Module.Payments))
        ];
        for (uint256 i; i < calls.length; ++i) {
            _refused(STRANGER, calls[i]);
            _refused(GUARDIAN, calls[i]);
            vm.prank(TIMELOCK);
            (bool ok,) = address(parameters).call(calls[i]);
            assert(ok);
        }
        eq(parameters.guardian(), STRANGER);
        eq(parameters.treasury(), STRANGER);
    }

    function test_theGuardianPausesAndTheOwnerUnpauses() public {
        for (uint8 m; m <= uint8(type(Module).max); ++m) {
            Module module = Module(m);
            parameters.requireLive(module);
            vm.expectEmit();
            emit IParameters.Paused(module, GUARDIAN);
            vm.prank(GUARDIAN);
            parameters.pause(module);
            for (uint8 n; n <= uint8(type(Module).max); ++n) assert(parameters.paused(Module(n)) == (n == m));
            vm.expectRevert(abi.encodeWithSelector(IParameters.ModulePaused.selector, module));
            parameters.requireLive(module);
            vm.expectEmit();
            emit IParameters.Unpaused(module);
            vm.prank(TIMELOCK);
            parameters.unpause(module);
            assert(!parameters.paused(module));
        }
        vm.prank(TIMELOCK);
        parameters.pause(Module.Settlements);
        assert(parameters.paused(Module.Settlements));
    }

    function test_tellsWhetherAModuleWasPausedSince() public {
        vm.warp(1000);
        assert(!parameters.pausedSince(Module.Settlements, 0));
        vm.prank(GUARDIAN);
        parameters.pause(Module.Settlements);
        assert(parameters.pausedSince(Module.Settlements, 999)); // locked before
        assert(parameters.pausedSince(Module.Settlements, 1000)); // locked meanwhile
        assert(!parameters.pausedSince(Module.Payments, 999));
        vm.warp(2000);
        vm.prank(TIMELOCK);
        parameters.unpause(Module.Settlements);
        assert(parameters.pausedSince(Module.Settlements, 999));
        assert(parameters.pausedSince(Module.Settlements, 1999));
        assert(!parameters.pausedSince(Module.Settlements, 2000)); // locked when it was over
        vm.warp(3000);
        vm.prank(TIMELOCK);
        parameters.unpause(Module.Settlements); // nothing to end
        assert(!parameters.pausedSince(Module.Settlements, 2000));
    }

    function test_nobodyElsePauses() public {
        vm.expectRevert(abi.encodeWithSelector(IParameters.NotGuardian.selector, STRANGER));
        vm.prank(STRANGER);
        parameters.pause(Module.Payments);
    }

    function test_aReplacedGuardianPausesNoMore() public {
        vm.prank(TIMELOCK);
        parameters.setGuardian(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IParameters.NotGuardian.selector, GUARDIAN));
        vm.prank(GUARDIAN);
        parameters.pause(Module.Payments);
        vm.prank(STRANGER);
        parameters.pause(Module.Payments);
    }

    function test_refusesNobodyAsGuardianOrTreasury() public {
        vm.startPrank(TIMELOCK);
        vm.expectRevert(ZeroAddress.selector);
        parameters.setGuardian(address(0));
        vm.expectRevert(ZeroAddress.selector);
        parameters.setTreasury(address(0));
        vm.stopPrank();
    }

    // ---- splits ----

    function test_keepsOldSplits() public {
        Split memory next = Split(1000, 9000, 0, 0, 0);
        vm.expectEmit();
        emit IParameters.SplitAdded(2, next);
        vm.prank(TIMELOCK);
        eq(parameters.addSplit(next), 2);
        eq(parameters.currentSplitId(), 2);
        eq(parameters.split(1).contributors, 6000);
        eq(parameters.split(2).node, 9000);
        vm.expectRevert(abi.encodeWithSelector(IParameters.UnknownSplit.selector, 0));
        parameters.split(0);
        vm.expectRevert(abi.encodeWithSelector(IParameters.UnknownSplit.selector, 3));
        parameters.split(3);
    }

    function testFuzz_aSplitSumsToAllAndLeavesContributorsATenth(uint16 c, uint16 n, uint16 p, uint16 a, uint16 t, bool fit) public {
        if (fit) (c, n, p, a) = (c % 2500, n % 2500, p % 2500, a % 2500);
        if (fit) t = 10_000 - c - n - p - a;
        uint256 sum = uint256(c) + n + p + a + t;
        if (sum != 10_000) vm.expectRevert(abi.encodeWithSelector(IParameters.SplitSum.selector, sum));
        else if (c < 1000) vm.expectRevert(_outOfBounds("contributors", 1000, 10_000, c));
        vm.prank(TIMELOCK);
        parameters.addSplit(Split(c, n, p, a, t));
    }

    // ---- bounds of one group ----

    function test_boundsStakes() public {
        StakeRules memory r = stakeRules();
        r.node = 0;
        _stakes(r, "node", 1, 1e24, 0);
        r.node = 1e24 + 1;
        _stakes(r, "node", 1, 1e24, 1e24 + 1);
        r = stakeRules();
        r.adapter = 0;
        _stakes(r, "adapter", 1, 1e24, 0);
        r = stakeRules();
        r.auditor = 0;
        _stakes(r, "auditor", 1, 1e24, 0);
        r = stakeRules();
        r.unbondingSeconds = 365 days + 1;
        _stakes(r, "unbondingSeconds", 4 days + 4 hours, 365 days, 365 days + 1);
    }

    function test_boundsWindows() public {
        _windows(WindowRules(59, 0), "settlementSeconds", 60, 90 days, 59);
        _windows(WindowRules(90 days + 1, 0), "settlementSeconds", 60, 90 days, 90 days + 1);
        _windows(WindowRules(3 days, 30 days + 1), "challengeSeconds", 0, 30 days, 30 days + 1);
    }

    function test_boundsTheMarket() public {
        MarketRules memory r = marketRules();
        r.maxPrice = 1e24 + 1;
        _market(r, "maxPrice", 0, 1e24, 1e24 + 1);
        r = marketRules();
        r.minPrice = r.maxPrice + 1;
        _market(r, "minPrice", 0, r.maxPrice, r.minPrice);
        r = marketRules();
        r.minCollateral = 1e24 + 1;
        _market(r, "minCollateral", 0, 1e24, 1e24 + 1);
        r = marketRules();
        r.minLockSeconds = 0;
        _market(r, "minLockSeconds", 1, 1 days, 0);
        r.minLockSeconds = 1 days + 1;
        _market(r, "minLockSeconds", 1, 1 days, 1 days + 1);
        r = marketRules();
        r.slasherBps = 5001;
        _market(r, "slasherBps", 0, 5000, 5001);
        r = marketRules();
        r.lateBps = 5001;
        _market(r, "lateBps", 0, 5000, 5001);
    }

    function test_boundsTheCourt() public {
        CourtRules memory r = courtRules();
        r.bond = 0;
        _court(r, "bond", 1, 1e24, 0);
        r = courtRules();
        r.nodeSlash = 1e24 + 1;
        _court(r, "nodeSlash", 0, 1e24, 1e24 + 1);
        r = courtRules();
        r.adapterSlash = 1e24 + 1;
        _court(r, "adapterSlash", 0, 1e24, 1e24 + 1);
        r = courtRules();
        r.auditFee = 1e24 + 1;
        _court(r, "auditFee", 0, 1e24, 1e24 + 1);
        uint8[4] memory seats = [0, 2, 22, 23];
        for (uint256 i; i < 4; ++i) {
            r = courtRules();
            r.seats = seats[i];
            _court(r, "seats", 1, 21, seats[i]);
        }
        r = courtRules();
        r.commitSeconds = 0;
        _court(r, "commitSeconds", 1, 30 days, 0);
        r = courtRules();
        r.revealSeconds = 30 days + 1;
        _court(r, "revealSeconds", 1, 30 days, 30 days + 1);
        r = courtRules();
        r.auditSeconds = 0;
        _court(r, "auditSeconds", 1, 90 days, 0);
        r = courtRules();
        r.committeeBps = 10_001;
        _court(r, "committeeBps", 0, 10_000, 10_001);
        r = courtRules();
        r.challengerBps = 7501;
        _court(r, "challengerBps", 0, 7500, 7501);
        r = courtRules();
        r.auditRateBps = 10_001;
        _court(r, "auditRateBps", 0, 10_000, 10_001);
    }

    // ---- bounds between groups, whichever is set ----

    function test_aStakeOutlivesAChallengeWhicheverNumberMoves() public {
        StakeRules memory stakes = stakeRules();
        stakes.unbondingSeconds = 4 days + 4 hours; // 3 days + 1 day + 2 (1 hour + 1 hour)
        vm.prank(TIMELOCK);
        parameters.setStakes(stakes);
        stakes.unbondingSeconds -= 1;
        _stakes(stakes, "unbondingSeconds", 4 days + 4 hours, 365 days, 4 days + 4 hours - 1);
        _windows(WindowRules(3 days + 1, 1 days), "unbondingSeconds", 4 days + 4 hours + 1, 365 days, 4 days + 4 hours);
        _windows(WindowRules(3 days, 1 days + 1), "unbondingSeconds", 4 days + 4 hours + 1, 365 days, 4 days + 4 hours);
        CourtRules memory court = courtRules();
        court.commitSeconds += 1;
        _court(court, "unbondingSeconds", 4 days + 4 hours + 2, 365 days, 4 days + 4 hours);
        court = courtRules();
        court.revealSeconds += 1;
        _court(court, "unbondingSeconds", 4 days + 4 hours + 2, 365 days, 4 days + 4 hours);
    }

    function test_aRequestEndsBeforeItsFeesCanBeRefundedWhicheverNumberMoves() public {
        MarketRules memory market = marketRules();
        market.maxRequestSeconds = 3 days;
        _market(market, "maxRequestSeconds", 60, 3 days - 1, 3 days);
        market.maxRequestSeconds = 3 days - 1;
        vm.prank(TIMELOCK);
        parameters.setMarket(market);
        _windows(WindowRules(3 days - 1, 1 days), "maxRequestSeconds", 60, 3 days - 2, 3 days - 1);
    }

    function test_aVoterHasWhatItCanLoseWhicheverNumberMoves() public {
        CourtRules memory court = courtRules();
        court.voterSlash = 20 ether + 1;
        _court(court, "voterSlash", 0, 20 ether, 20 ether + 1);
        court.voterSlash = 20 ether;
        vm.prank(TIMELOCK);
        parameters.setCourt(court);
        StakeRules memory stakes = stakeRules();
        stakes.auditor = 20 ether - 1;
        _stakes(stakes, "voterSlash", 0, 20 ether - 1, 20 ether);
    }

    /// @dev Whatever the owner sends, the bounds between the groups hold afterwards.
    function testFuzz_staysConsistent(uint32[8] calldata seconds_, uint96 auditor, uint96 voterSlash) public {
        uint32[8] memory s;
        for (uint256 i; i < 8; ++i) s[i] = uint32(bound(seconds_[i], 0, 10 days));
        StakeRules memory stakes = stakeRules();
        (stakes.auditor, stakes.unbondingSeconds) = (auditor, s[0]);
        MarketRules memory market = marketRules();
        (market.minLockSeconds, market.maxRequestSeconds) = (s[3], s[4]);
        CourtRules memory court = courtRules();
        (court.voterSlash, court.commitSeconds, court.revealSeconds) = (voterSlash, s[5], s[6]);
        bytes[4] memory calls = [
            abi.encodeCall(parameters.setWindows, (WindowRules(s[1], s[2]))),
            abi.encodeCall(parameters.setMarket, (market)),
            abi.encodeCall(parameters.setCourt, (court)),
            abi.encodeCall(parameters.setStakes, (stakes))
        ];
        for (uint256 i; i < 4; ++i) {
            vm.prank(TIMELOCK);
            (bool ok,) = address(parameters).call(calls[(i + s[7]) % 4]);
            ok;
            WindowRules memory w = parameters.windows();
            MarketRules memory m = parameters.market();
            CourtRules memory c = parameters.court();
            StakeRules memory r = parameters.stakes();
            assert(r.unbondingSeconds >= w.settlementSeconds + w.challengeSeconds + 2 * (c.commitSeconds + c.revealSeconds));
            assert(0 < m.minLockSeconds && m.minLockSeconds <= m.maxRequestSeconds && m.maxRequestSeconds < w.settlementSeconds);
            assert(c.voterSlash <= r.auditor);
        }
    }

    // ---- helpers ----

    function _outOfBounds(bytes32 name, uint256 low, uint256 high, uint256 got) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IParameters.ParameterOutOfBounds.selector, name, low, high, got);
    }

    function _refused(address from, bytes memory data) private {
        vm.prank(from);
        (bool ok, bytes memory reason) = address(parameters).call(data);
        assert(!ok);
        eq(keccak256(reason), keccak256(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, from)));
    }

    function _stakes(StakeRules memory r, bytes32 name, uint256 low, uint256 high, uint256 got) private {
        vm.expectRevert(_outOfBounds(name, low, high, got));
        vm.prank(TIMELOCK);
        parameters.setStakes(r);
    }

    function _windows(WindowRules memory r, bytes32 name, uint256 low, uint256 high, uint256 got) private {
        vm.expectRevert(_outOfBounds(name, low, high, got));
        vm.prank(TIMELOCK);
        parameters.setWindows(r);
    }

    function _market(MarketRules memory r, bytes32 name, uint256 low, uint256 high, uint256 got) private {
        vm.expectRevert(_outOfBounds(name, low, high, got));
        vm.prank(TIMELOCK);
        parameters.setMarket(r);
    }

    function _court(CourtRules memory r, bytes32 name, uint256 low, uint256 high, uint256 got) private {
        vm.expectRevert(_outOfBounds(name, low, high, got));
        vm.prank(TIMELOCK);
        parameters.setCourt(r);
    }
}
