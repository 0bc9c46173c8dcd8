// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IProofMarket} from "../src/interfaces/IProofMarket.sol";
import "../src/types/Economy.sol";
import "../src/types/Types.sol";
import {MarketWorld} from "./support/MarketWorld.sol";
import {Stored} from "./support/Stored.sol";
import {Test} from "./support/Vm.sol";

/// @dev Random users of the market, with an operator that signs orders, two provers, a reporter of expired locks, a guardian
///      that stops and starts things, and a court that challenges. What a call did is compared with what it had to do; a
///      difference is counted, as a failing assertion in here would only undo the call.
contract MarketHandler is MarketWorld {
    uint256 private constant KEY = 0xa11ce;
    uint256 private constant MOST = 40;

    ProofRequest[] private _requests;
    BlockRecord[][] private _blocks;
    bytes32[] private _ids;
    address private signer;
    mapping(bytes32 id => uint256) private _ends;

    /// @dev Money of requesters and stakes of provers that came in, less what was withdrawn.
    uint256 public moneyIn;
    /// @dev Prices that requesters paid.
    uint256 public spent;
    uint256 public deposited;
    uint256 public violations;
    uint256 public paid;
    uint256 public late;
    uint256 public refunded;
    uint256 public slashed;
    uint256 public excused;

    constructor() {
        buildMarket();
        signer = vm.addr(KEY);
        vm.prank(NODE);
        inferences.updateNode(signer, "");
        vm.deal(signer, 1e30);
        vm.prank(signer);
        market.deposit{value: MONEY}(MONEY);
        moneyIn = 2 * MONEY + 2 * STAKE;
        deposited = 2 * MONEY;
    }

    // ---- requesters ----

    function open_(uint256 count, uint96 low, uint96 high, uint96 collateral, uint32 ramp, uint32 lockSeconds, uint256 duration, uint256 how, bool rival) external {
        if (_requests.length == MOST) return;
        (ProofRequest memory r, BlockRecord[] memory blocks) = fresh(bound(count, 1, 2));
        r.requester = how % 2 == 0 ? NODE : signer;
        r.minPrice = uint96(bound(low, 1e12, 3 ether));
        r.maxPrice = uint96(bound(high, r.minPrice, 6 ether));
        r.collateral = uint96(bound(collateral, 1e12, 3 ether));
        r.biddingStart = uint64(now_ + how % 100);
        r.rampSeconds = ramp % 400;
        r.lockSeconds = uint32(bound(lockSeconds, 60, 1200));
        r.deadline = uint64(now_ + bound(duration, 1, 3000));
        bytes32 id;
        uint256 before = market.depositOf(r.requester);
        if (how % 4 == 3) {
            bytes memory signature = signed(KEY, r);
            vm.prank(rival ? RIVAL : PROVER);
            id = market.lockSigned(r, signature);
            _expect(market.request(id).prover == (rival ? RIVAL : PROVER));
        } else {
            id = submit(r);
        }
        _expect(market.depositOf(r.requester) + r.maxPrice == before);
        _requests.push(r);
        BlockRecord[] storage mine = _blocks.push();
        for (uint256 k; k < blocks.length; ++k) Stored.set(mine.push(), blocks[k]);
        _ids.push(id);
    }

    function cancel(uint256 index) external {
        uint256 i = _pick(index, IProofMarket.RequestStatus.Open);
        ProofRequest memory r = _requests[i];
        uint256 before = market.depositOf(r.requester);
        vm.prank(r.requester);
        market.cancel(r);
        _expect(now_ <= r.deadline);
        _expect(market.depositOf(r.requester) == before + r.maxPrice);
        _end(_ids[i], IProofMarket.RequestStatus.Refunded);
        ++refunded;
    }

    function depositOrWithdraw(uint256 amount, bool more) external {
        amount = bound(amount, 1, 5 ether);
        vm.prank(NODE);
        if (more) {
            market.deposit{value: amount}(amount);
            (moneyIn, deposited) = (moneyIn + amount, deposited + amount);
        } else {
            market.withdrawDeposit(amount, amount % 2 == 0);
            (moneyIn, deposited) = (moneyIn - amount, deposited - amount);
        }
    }

    // ---- provers ----

    function lock_(uint256 index, bool rival) external {
        uint256 i = _pick(index, IProofMarket.RequestStatus.Open);
        address prover = rival ? RIVAL : PROVER;
        uint256 before = obligated(prover);
        lock(_requests[i], prover);
        _expect(obligated(prover) == before + _requests[i].collateral);
        _expect(market.request(_ids[i]).price == market.priceAt(_requests[i], now_));
    }

    function unstake(uint256 amount, bool rival) external {
        vm.prank(rival ? RIVAL : PROVER);
        stakes.startUnbonding(Role.Prover, bound(amount, 1, STAKE));
    }

    function restake(bool rival) external {
        vm.prank(rival ? RIVAL : PROVER);
        stakes.cancelUnbonding(Role.Prover);
    }

    /// @dev other % 4 == 0: the blocks of another request.
    function deliver_(uint256 index, bool rival, uint256 other) external {
        uint256 i = _live(index);
        address prover = rival ? RIVAL : PROVER;
        IProofMarket.Delivery memory d = proven(_requests[i], _blocks[other % 4 == 0 ? other % _blocks.length : i], prover);
        (IProofMarket.RequestState memory s, uint256 before) = (market.request(_ids[i]), owedTo(prover));
        deliver(d);
        _expect(other % 4 != 0 || other % _blocks.length == i);
        _delivered(i, s, prover, owedTo(prover) - before);
    }

    function deliverMany_(uint256 first, uint256 second, bool rival, uint256 mode) external {
        (uint256 i, uint256 j) = (_live(first), _live(second));
        address prover = rival ? RIVAL : PROVER;
        IProofMarket.Delivery[] memory list = new IProofMarket.Delivery[](2);
        list[0] = proven(_requests[i], _blocks[i], prover);
        list[1] = proven(_requests[j], _blocks[j], prover);
        list[0].proof.a.y = mode % 8;
        list[0].gasLimit = 1_500_000;
        IProofMarket.RequestState[2] memory s = [market.request(_ids[i]), market.request(_ids[j])];
        uint256 before = owedTo(prover);
        uint256 depositsBefore = _deposits();
        bool[] memory done = market.deliverMany(list);
        _expect(i != j || !(done[0] && done[1]));
        if (done[0] && done[1]) {
            // Each by itself: what the prover got for both.
            uint256 sum = _due(i, s[0], prover) + _due(j, s[1], prover);
            _expect(owedTo(prover) - before == sum);
            _delivered(i, s[0], prover, _due(i, s[0], prover));
            _delivered(j, s[1], prover, _due(j, s[1], prover));
        } else if (done[0] || done[1]) {
            _delivered(done[0] ? i : j, done[0] ? s[0] : s[1], prover, owedTo(prover) - before);
        } else {
            _expect(owedTo(prover) == before && _deposits() == depositsBefore);
        }
    }

    // ---- anyone ----

    function expire(uint256 index) external {
        uint256 i = _live(index);
        ProofRequest memory r = _requests[i];
        IProofMarket.RequestState memory s = market.request(_ids[i]);
        uint256 before = market.depositOf(r.requester);
        uint256 reward = owedTo(GUARDIAN);
        uint256 stake_ = s.prover == address(0) ? 0 : staked(s.prover);
        vm.prank(GUARDIAN);
        market.expire(r);
        reward = owedTo(GUARDIAN) - reward;
        _expect(now_ > r.deadline);
        _expect(market.depositOf(r.requester) == before + r.maxPrice);
        if (s.status == IProofMarket.RequestStatus.Open) {
            _expect(reward == 0);
        } else if (staked(s.prover) == stake_) {
            _expect(reward == 0);
            ++excused;
        } else {
            _expect(stake_ - staked(s.prover) == s.collateral && reward == uint256(s.collateral) * 500 / 10000);
            ++slashed;
        }
        _end(_ids[i], IProofMarket.RequestStatus.Refunded);
        ++refunded;
    }

    function pass(uint256 seconds_) external {
        goTo(now_ + bound(seconds_, 1, 900));
    }

    function stop(uint256 what) external {
        if (what % 6 == 0) {
            vm.prank(GUARDIAN);
            parameters.pause(Module.Settlements);
        } else if (what % 6 == 1) {
            vm.prank(GUARDIAN);
            gateway.freeze(payoutSelector);
            vm.prank(GUARDIAN);
            gateway.freeze(bindingSelector);
        } else if (what % 6 == 2) {
            vm.prank(address(court));
            models.challengeRecord(recordId);
        } else {
            uint256 i = _live(what / 6);
            vm.prank(address(court));
            inferences.challengeBlock(_requests[i].blockIds[0]);
        }
    }

    /// @dev Everything runs again; challenged blocks are cleared or rejected.
    function resume(uint256 index, bool rejected) external {
        vm.prank(address(timelock));
        parameters.unpause(Module.Settlements);
        vm.prank(address(timelock));
        try gateway.thaw(payoutSelector) {} catch {}
        vm.prank(address(timelock));
        try gateway.thaw(bindingSelector) {} catch {}
        vm.prank(address(court));
        try models.resolveRecord(recordId, false) {} catch {}
        if (_requests.length == 0) return;
        vm.prank(address(court));
        try inferences.resolveBlock(_requests[index % _requests.length].blockIds[0], rejected) {} catch {}
    }

    // ---- what must hold ----

    /// @dev Deposits and the escrow of live requests.
    function owedByMarket() external view returns (uint256 sum) {
        sum = _deposits();
        for (uint256 i; i < _ids.length; ++i) {
            if (_isLive(_ids[i])) sum += _requests[i].maxPrice;
        }
    }

    function held() external view returns (uint256) {
        return open.balanceOf(address(market));
    }

    /// @dev Deposits = what came in - prices - escrow of live requests.
    function depositsExpected() external view returns (uint256 sum) {
        sum = deposited - spent;
        for (uint256 i; i < _ids.length; ++i) {
            if (_isLive(_ids[i])) sum -= _requests[i].maxPrice;
        }
    }

    function deposits() external view returns (uint256) {
        return _deposits();
    }

    function tied(bool rival) external view returns (uint256) {
        return obligated(rival ? RIVAL : PROVER);
    }

    function tiedExpected(bool rival) external view returns (uint256 sum) {
        for (uint256 i; i < _ids.length; ++i) {
            IProofMarket.RequestState memory s = market.request(_ids[i]);
            if (s.status == IProofMarket.RequestStatus.Locked && s.prover == (rival ? RIVAL : PROVER)) sum += s.collateral;
        }
    }

    /// @dev All places where the money of requesters and provers can be.
    function moneyNow() external view returns (uint256 sum) {
        sum = open.balanceOf(address(market));
        address[4] memory who = [PROVER, RIVAL, TREASURY, GUARDIAN];
        for (uint256 i; i < 4; ++i) sum += owedTo(who[i]);
        for (uint256 i; i < 2; ++i) {
            (uint256 leaving,) = stakes.unbonding(Role.Prover, who[i]);
            sum += staked(who[i]) + leaving;
        }
    }

    /// @dev A request ended once when its status says so, and never otherwise; its lock price is in its bounds.
    function lawfulEnds() external view returns (bool) {
        for (uint256 i; i < _ids.length; ++i) {
            if (_ends[_ids[i]] != (_isLive(_ids[i]) ? 0 : 1)) return false;
            IProofMarket.RequestState memory s = market.request(_ids[i]);
            if (s.prover != address(0) && (s.price < _requests[i].minPrice || s.price > _requests[i].maxPrice)) return false;
        }
        return true;
    }

    // ---- internals ----

    function _expect(bool ok) private {
        if (!ok) ++violations;
    }

    function _deposits() private view returns (uint256) {
        return market.depositOf(NODE) + market.depositOf(signer);
    }

    function _isLive(bytes32 id) private view returns (bool) {
        IProofMarket.RequestStatus status = statusOf(id);
        return status == IProofMarket.RequestStatus.Open || status == IProofMarket.RequestStatus.Locked;
    }

    function _end(bytes32 id, IProofMarket.RequestStatus status) private {
        ++_ends[id];
        _expect(statusOf(id) == status);
    }

    /// @dev What a delivery owes its prover, but for an excuse.
    function _due(uint256 i, IProofMarket.RequestState memory s, address prover) private view returns (uint256 due) {
        if (s.status == IProofMarket.RequestStatus.Open) return market.priceAt(_requests[i], now_);
        due = s.price;
        if (now_ > s.lockDeadline && prover != s.prover) due += uint256(s.collateral) / 2;
    }

    function _delivered(uint256 i, IProofMarket.RequestState memory s, address prover, uint256 got) private {
        ProofRequest memory r = _requests[i];
        bool wasLocked = s.status == IProofMarket.RequestStatus.Locked;
        uint256 price = wasLocked ? s.price : market.priceAt(r, now_);
        _expect(now_ <= r.deadline);
        _expect(r.minPrice <= price && price <= r.maxPrice);
        _expect(got == price || got == _due(i, s, prover));
        if (wasLocked && now_ <= s.lockDeadline) _expect(prover == s.prover);
        if (wasLocked && now_ > s.lockDeadline) ++late;
        spent += price;
        _end(_ids[i], IProofMarket.RequestStatus.Paid);
        ++paid;
    }

    /// @dev The first request of this status from `index` on.
    function _pick(uint256 index, IProofMarket.RequestStatus status) private view returns (uint256) {
        for (uint256 k; k < _ids.length; ++k) {
            uint256 i = (index % _ids.length + k) % _ids.length;
            if (statusOf(_ids[i]) == status) return i;
        }
        revert("none");
    }

    /// @dev The first live request from `index` on; every eighth time any request.
    function _live(uint256 index) private view returns (uint256) {
        if (_ids.length != 0 && index % 8 == 7) return index / 8 % _ids.length;
        for (uint256 k; k < _ids.length; ++k) {
            uint256 i = (index % _ids.length + k) % _ids.length;
            if (_isLive(_ids[i])) return i;
        }
        revert("none");
    }
}

contract ProofMarketInvariantsTest is Test {
    MarketHandler private handler;

    function setUp() public {
        handler = new MarketHandler();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_theMarketHoldsDepositsAndEscrow() public view {
        eq(handler.held(), handler.owedByMarket());
        eq(handler.deposits(), handler.depositsExpected());
    }

    function invariant_lockedRequestsTieTheirCollateral() public view {
        eq(handler.tied(false), handler.tiedExpected(false));
        eq(handler.tied(true), handler.tiedExpected(true));
    }

    function invariant_openIsConserved() public view {
        eq(handler.moneyNow(), handler.moneyIn());
    }

    function invariant_requestsEndOnceAndAtLawfulPrices() public view {
        eq(handler.violations(), 0);
        assert(handler.lawfulEnds());
    }

    /// @dev The handler does reach every end: see that the invariants are not about nothing.
    function test_theHandlerReachesEveryEnd() public {
        for (uint256 i; i < 8; ++i) handler.open_(i, 1 ether, 2 ether, 1 ether, 100, 100, 1000, i, i % 2 == 0); // 3 and 7: signed and locked
        handler.cancel(0);
        handler.lock_(1, true);
        handler.deliver_(1, true, 1);
        handler.lock_(2, true);
        eq(handler.paid(), 1);
        handler.pass(500);
        handler.deliver_(2, false, 1); // late, by the other
        eq(handler.late(), 1);
        handler.deliverMany_(4, 5, false, 0);
        eq(handler.paid(), 4);
        handler.stop(0);
        handler.resume(0, false);
        handler.lock_(6, false);
        handler.pass(899);
        handler.expire(3);
        eq(handler.excused(), 1);
        handler.expire(6);
        eq(handler.slashed(), 1);
        eq(handler.refunded(), 3);
        invariant_theMarketHoldsDepositsAndEscrow();
        invariant_lockedRequestsTieTheirCollateral();
        invariant_openIsConserved();
        invariant_requestsEndOnceAndAtLawfulPrices();
    }
}
