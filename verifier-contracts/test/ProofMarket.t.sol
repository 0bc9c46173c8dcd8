// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAttributionSettlement} from "../src/interfaces/IAttributionSettlement.sol";
import {IInferenceRegistry} from "../src/interfaces/IInferenceRegistry.sol";
import {IModelRegistry} from "../src/interfaces/IModelRegistry.sol";
import {IParameters} from "../src/interfaces/IParameters.sol";
import {IProofMarket} from "../src/interfaces/IProofMarket.sol";
import {IRewardVault} from "../src/interfaces/IRewardVault.sol";
import {IStakeVault} from "../src/interfaces/IStakeVault.sol";
import {IVerifierGateway} from "../src/interfaces/IVerifierGateway.sol";
import {IWrappedOpen} from "../src/interfaces/IWrappedOpen.sol";
import {Intake} from "../src/libraries/Intake.sol";
import {RequestHash} from "../src/libraries/RequestHash.sol";
import "../src/types/Economy.sol";
import {EmptyList, ZeroAddress} from "../src/types/Errors.sol";
import "../src/types/Types.sol";
import {ProofMarket} from "./support/Deployed.sol";
import {MarketWorld} from "./support/MarketWorld.sol";

contract ProofMarketTest is MarketWorld {
    function setUp() public {
        buildMarket();
    }

    function hashOf(ProofRequest calldata r) external pure returns (bytes32) {
        return RequestHash.hash(r);
    }

    // ---- ids ----

    /// @dev Vectors of viem's hashStruct and hashTypedData.
    function test_aRequestIdIsTheTypedDataDigest() public {
        bytes32[] memory list = ids(keccak256("block 0"), keccak256("block 1"));
        ProofRequest memory r = ProofRequest(NODE, keccak256("record"), list, 1, 2, 3, 4, 5, 6, 7, 8);
        eq(this.hashOf(r), 0x0d641f91806ce27cd723dfc9ff55f928e5c873fb04e12d8674464951dedcc431);
        ProofMarket there = ProofMarket(address(0x1234));
        vm.etch(address(there), address(market).code);
        vm.chainId(31337);
        eq(there.requestId(r), 0x8a1996bb9169564f258ee236c19c27f6050e93049365264c0bc82ad7b649a71c);
        assert(market.requestId(r) != there.requestId(r));
    }

    function test_everyFieldIsInTheId() public {
        (ProofRequest memory r,) = fresh(1);
        bytes32 id = market.requestId(r);
        for (uint256 field; field < 12; ++field) assert(market.requestId(_other(r, field)) != id);
    }

    function test_refusesZeroAddresses() public {
        for (uint256 i; i < 8; ++i) {
            address[8] memory a =
                [address(open), address(parameters), address(stakes), address(inferences), address(models), address(settlement), address(vault), address(gateway)];
            a[i] = address(0);
            vm.expectRevert(ZeroAddress.selector);
            ProofMarket(payable(create("ProofMarket", abi.encode(
                IWrappedOpen(a[0]), IParameters(a[1]), IStakeVault(a[2]), IInferenceRegistry(a[3]), IModelRegistry(a[4]), IAttributionSettlement(a[5]),
                IRewardVault(a[6]), IVerifierGateway(a[7])
            ))));
        }
    }

    // ---- deposits ----

    function test_takesDepositsNativeOrWrapped() public {
        vm.expectEmit();
        emit IProofMarket.Deposited(RIVAL, 5);
        vm.prank(RIVAL);
        market.deposit{value: 5}(5);
        wrap(RIVAL, 7);
        vm.prank(RIVAL);
        open.approve(address(market), 7);
        vm.prank(RIVAL);
        market.deposit(7);
        eq(market.depositOf(RIVAL), 12);
        eq(open.balanceOf(address(market)), MONEY + 12);
        refuse(RIVAL, address(market), 5, abi.encodeCall(market.deposit, (6)), abi.encodeWithSelector(Intake.WrongValue.selector, 6, 5));
    }

    function test_paysDepositsBackNativeOrWrapped() public {
        uint256 before = NODE.balance;
        vm.expectEmit();
        emit IProofMarket.DepositWithdrawn(NODE, 3 ether);
        vm.prank(NODE);
        market.withdrawDeposit(3 ether, true);
        eq(NODE.balance, before + 3 ether);
        vm.prank(NODE);
        market.withdrawDeposit(4 ether, false);
        eq(open.balanceOf(NODE), 4 ether);
        uint256 left = MONEY - 7 ether;
        refuse(
            NODE, address(market), abi.encodeCall(market.withdrawDeposit, (left + 1, false)),
            abi.encodeWithSelector(IProofMarket.DepositTooLow.selector, NODE, left, left + 1)
        );
        vm.prank(NODE);
        market.withdrawDeposit(left, false);
        eq(market.depositOf(NODE), 0);
        eq(open.balanceOf(address(market)), 0);
    }

    function test_aDepositThatARequestHoldsCannotBeWithdrawn() public {
        opened(1);
        refuse(
            NODE, address(market), abi.encodeCall(market.withdrawDeposit, (MONEY, true)),
            abi.encodeWithSelector(IProofMarket.DepositTooLow.selector, NODE, MONEY - MAX, MONEY)
        );
    }

    // ---- submit ----

    function test_submitOpensAndReserves() public {
        (ProofRequest memory r,) = fresh(2);
        bytes32 id = market.requestId(r);
        vm.expectEmit();
        emit IProofMarket.RequestOpened(id, NODE, jobIdOf(r), r);
        vm.prank(NODE);
        bytes32 got = market.submit(r);
        vm.snapshotGasLastCall("ProofMarket", "submit, 2 blocks");
        eq(got, id);
        isStatus(id, IProofMarket.RequestStatus.Open);
        eq(market.depositOf(NODE), MONEY - MAX);
        eq(open.balanceOf(address(market)), MONEY);
        for (uint256 k; k < 2; ++k) eq(inferences.blockState(r.blockIds[k]).reservedUntil, r.deadline);
    }

    function test_submitTakesNativeValueFirst() public {
        (ProofRequest memory r,) = fresh(1);
        r.requester = OPERATOR; // of NODE
        refuseSubmit(r, abi.encodeWithSelector(IProofMarket.DepositTooLow.selector, OPERATOR, 0, MAX));
        vm.expectEmit();
        emit IProofMarket.Deposited(OPERATOR, MAX + 5);
        vm.prank(OPERATOR);
        bytes32 id = market.submit{value: MAX + 5}(r);
        isStatus(id, IProofMarket.RequestStatus.Open);
        eq(market.depositOf(OPERATOR), 5);
    }

    function test_submitIsTheRequestersOwn() public {
        (ProofRequest memory r,) = fresh(1);
        refuse(RIVAL, address(market), abi.encodeCall(market.submit, (r)), abi.encodeWithSelector(IProofMarket.NotRequester.selector, RIVAL));
    }

    function test_submitHoldsTheBounds() public {
        (ProofRequest memory r,) = fresh(1);
        MarketRules memory rules = marketRules();
        (r.minPrice, r.maxPrice) = (rules.minPrice - 1, rules.maxPrice);
        refuseSubmit(r, invalid("price"));
        (r.minPrice, r.maxPrice) = (rules.minPrice, rules.maxPrice + 1);
        refuseSubmit(r, invalid("price"));
        (r.minPrice, r.maxPrice) = (rules.minPrice + 1, rules.minPrice);
        refuseSubmit(r, invalid("price"));
        (r.minPrice, r.maxPrice) = (MIN, MAX);
        r.collateral = rules.minCollateral - 1;
        refuseSubmit(r, invalid("collateral"));
        r.collateral = rules.minCollateral;
        r.lockSeconds = rules.minLockSeconds - 1;
        refuseSubmit(r, invalid("lockSeconds"));
        r.lockSeconds = rules.minLockSeconds;
        r.deadline = uint64(START);
        refuseSubmit(r, invalid("deadline"));
        r.deadline = uint64(START + rules.maxRequestSeconds + 1);
        refuseSubmit(r, invalid("deadline"));
        bytes32[] memory list = r.blockIds;
        r.deadline = uint64(START + rules.maxRequestSeconds);
        r.blockIds = new bytes32[](0);
        refuseSubmit(r, invalid("blockIds"));
        r.blockIds = new bytes32[](4097);
        refuseSubmit(r, invalid("blockIds"));
        r.blockIds = new bytes32[](4096);
        refuseSubmit(r, abi.encodeWithSelector(IInferenceRegistry.WrongBlockStatus.selector, bytes32(0), IInferenceRegistry.BlockStatus.None));
        r.blockIds = list;
        isStatus(submit(r), IProofMarket.RequestStatus.Open);
    }

    function test_theBoundsThemselvesAreAllowed() public {
        MarketRules memory rules = marketRules();
        vm.prank(NODE);
        market.deposit{value: 100 ether}(100 ether);
        (ProofRequest memory r,) = fresh(1);
        (r.minPrice, r.maxPrice, r.deadline) = (rules.minPrice, rules.maxPrice, uint64(START + 1));
        submit(r);
        (r,) = fresh(1);
        (r.minPrice, r.maxPrice) = (rules.minPrice, rules.minPrice);
        submit(r);
    }

    function test_submitNeedsAProvedRecord() public {
        (ProofRequest memory r,) = fresh(1);
        r.recordId = keccak256("none");
        refuseSubmit(r, abi.encodeWithSelector(IModelRegistry.RecordNotProved.selector, r.recordId, IModelRegistry.RecordStatus.Unknown));
        r.recordId = recordId;
        vm.prank(address(court));
        models.challengeRecord(recordId);
        refuseSubmit(r, abi.encodeWithSelector(IModelRegistry.RecordNotProved.selector, recordId, IModelRegistry.RecordStatus.Challenged));
    }

    function test_submitNeedsBlocksOfTheRequester() public {
        (ProofRequest memory r,) = fresh(1);
        vm.prank(RIVAL);
        market.deposit{value: MAX}(MAX);
        r.requester = RIVAL;
        refuseSubmit(r, abi.encodeWithSelector(IInferenceRegistry.NotOperator.selector, r.blockIds[0], RIVAL));
    }

    function test_submitNeedsBlocksThatCannotBeRefundedBefore() public {
        setWindows(86401, 0);
        (ProofRequest memory r,) = fresh(1);
        goTo(START + 10);
        r.deadline = uint64(START + 86401);
        refuseSubmit(r, abi.encodeWithSelector(IInferenceRegistry.RefundableBefore.selector, r.blockIds[0], START + 86401));
        r.deadline -= 1;
        submit(r);
    }

    function test_aBlockIsInOneRequestAtATime() public {
        (ProofRequest memory r, BlockRecord[] memory blocks, bytes32 id) = opened(2);
        bytes memory reserved = abi.encodeWithSelector(IInferenceRegistry.BlockReserved.selector, r.blockIds[1], r.deadline);
        BlockRecord[] memory other = blocks2(paidBlock(7, FEE), blocks[1]);
        ProofRequest memory overlap = requestFor(other);
        refuseSubmit(overlap, reserved);
        ProofRequest memory twice = requestFor(blocks2(other[0], other[0]));
        refuseSubmit(twice, abi.encodeWithSelector(IInferenceRegistry.BlockReserved.selector, twice.blockIds[0], twice.deadline));
        vm.prank(NODE);
        market.cancel(r);
        submit(overlap);
        isStatus(id, IProofMarket.RequestStatus.Refunded);
    }

    function test_aRequestIsOpenedOnce() public {
        (ProofRequest memory r,, bytes32 id) = opened(1);
        refuseSubmit(r, abi.encodeWithSelector(IProofMarket.RequestExists.selector, id));
        vm.prank(NODE);
        market.cancel(r);
        refuseSubmit(r, abi.encodeWithSelector(IProofMarket.RequestExists.selector, id));
    }

    function test_pausedRequestsNeitherOpenNorLock() public {
        (ProofRequest memory r,) = fresh(1);
        (ProofRequest memory before,,) = opened(1);
        vm.prank(GUARDIAN);
        parameters.pause(Module.Requests);
        bytes memory paused = abi.encodeWithSelector(IParameters.ModulePaused.selector, Module.Requests);
        refuseSubmit(r, paused);
        refuseLock(before, PROVER, paused);
        refuseLockSigned(r, "", paused);
        // What is there still ends.
        vm.prank(NODE);
        market.cancel(before);
        vm.prank(NODE);
        market.withdrawDeposit(1, true);
    }

    // ---- price ----

    function test_thePriceRisesLinearly() public {
        (ProofRequest memory r,) = fresh(1);
        eq(market.priceAt(r, 0), MIN);
        eq(market.priceAt(r, START + 100), MIN);
        eq(market.priceAt(r, START + 101), MIN + 0.01 ether);
        eq(market.priceAt(r, START + 200), 2 ether);
        eq(market.priceAt(r, START + 299), MAX - 0.01 ether);
        eq(market.priceAt(r, START + 300), MAX);
        eq(market.priceAt(r, type(uint256).max), MAX);
        (r.minPrice, r.maxPrice, r.rampSeconds) = (1, 3, 3);
        // floor(2 t / 3)
        eq(market.priceAt(r, START + 101), 1);
        eq(market.priceAt(r, START + 102), 2);
        eq(market.priceAt(r, START + 103), 3);
    }

    function test_withoutARampThePriceJumps() public {
        (ProofRequest memory r,) = fresh(1);
        r.rampSeconds = 0;
        eq(market.priceAt(r, START + 100), MIN);
        eq(market.priceAt(r, START + 101), MAX);
        r.maxPrice = MIN;
        eq(market.priceAt(r, START + 100), MIN);
        eq(market.priceAt(r, START + 101), MIN);
    }

    function testFuzz_thePriceStaysBetweenItsEndsAndNeverFalls(uint96 low, uint96 high, uint64 start, uint32 ramp, uint256 t, uint256 later) public {
        (ProofRequest memory r,) = fresh(1);
        (r.minPrice, r.maxPrice) = low < high ? (low, high) : (high, low);
        (r.biddingStart, r.rampSeconds) = (start, ramp);
        t = bound(t, start > 10 ? start - 10 : 0, uint256(start) + ramp + 10);
        later = bound(later, t, uint256(start) + ramp + 20);
        (uint256 a, uint256 b) = (market.priceAt(r, t), market.priceAt(r, later));
        assert(r.minPrice <= a && a <= b && b <= r.maxPrice);
        if (t <= start) eq(a, r.minPrice);
        if (t > uint256(start) + ramp) eq(a, r.maxPrice);
    }

    // ---- lock ----

    function test_lockFixesThePriceAndTiesTheCollateral() public {
        (ProofRequest memory r,, bytes32 id) = opened(2);
        goTo(START + 200);
        vm.expectEmit();
        emit IProofMarket.RequestLocked(id, PROVER, 2 ether, COLLATERAL, START + 800);
        vm.prank(PROVER);
        market.lock(r);
        vm.snapshotGasLastCall("ProofMarket", "lock, 2 blocks");
        IProofMarket.RequestState memory s = market.request(id);
        eq(uint256(s.status), uint256(IProofMarket.RequestStatus.Locked));
        eq(s.prover, PROVER);
        eq(s.lockedAt, START + 200);
        eq(s.lockDeadline, START + 800);
        eq(s.price, 2 ether);
        eq(s.collateral, COLLATERAL);
        eq(obligated(PROVER), COLLATERAL);
    }

    function test_aLockEndsWithTheRequest() public {
        (ProofRequest memory r,, bytes32 id) = opened(1);
        goTo(START + 3600);
        lock(r, PROVER);
        eq(market.request(id).lockDeadline, START + 3600);
        (ProofRequest memory next,) = fresh(1);
        next.deadline = uint64(START + 7200);
        submit(next);
        goTo(START + 7201);
        refuseLock(next, PROVER, abi.encodeWithSelector(IProofMarket.RequestExpired.selector, market.requestId(next), START + 7200));
    }

    function test_lockNeedsStake() public {
        (ProofRequest memory r,,) = opened(1);
        refuseLock(r, GUARDIAN, abi.encodeWithSelector(IStakeVault.StakeTooLow.selector, Role.Prover, GUARDIAN, 0, COLLATERAL));
        stake(Role.Node, GUARDIAN, STAKE); // another role's does not count
        stake(Role.Prover, GUARDIAN, COLLATERAL - 1);
        refuseLock(r, GUARDIAN, abi.encodeWithSelector(IStakeVault.StakeTooLow.selector, Role.Prover, GUARDIAN, COLLATERAL - 1, COLLATERAL));
        stake(Role.Prover, GUARDIAN, 1);
        lock(r, GUARDIAN);
    }

    function test_oneStakeBacksOnlyWhatItCovers() public {
        for (uint256 i; i < 5; ++i) locked(1);
        (ProofRequest memory r,,) = opened(1);
        refuseLock(r, PROVER, abi.encodeWithSelector(IStakeVault.StakeTooLow.selector, Role.Prover, PROVER, 0, COLLATERAL));
        eq(obligated(PROVER), STAKE);
    }

    function test_anUnknownRequestIsNotLockedDeliveredOrEnded() public {
        (ProofRequest memory r, BlockRecord[] memory blocks) = fresh(1);
        bytes memory none = wrongStatus(market.requestId(r), IProofMarket.RequestStatus.None);
        refuseLock(r, PROVER, none);
        refuseDeliver(proven(r, blocks, PROVER), none);
        refuseExpire(r, none);
        refuseCancel(r, NODE, none);
    }

    // ---- signed orders ----

    function test_lockSignedOpensAndLocks() public {
        (ProofRequest memory r, uint256 key) = _order(2);
        bytes32 id = market.requestId(r);
        bytes memory signature = signed(key, r);
        goTo(START + 150);
        vm.expectEmit();
        emit IProofMarket.RequestOpened(id, r.requester, jobIdOf(r), r);
        vm.expectEmit();
        emit IInferenceRegistry.BlockReservedUntil(r.blockIds[0], r.deadline);
        vm.expectEmit();
        emit IInferenceRegistry.BlockReservedUntil(r.blockIds[1], r.deadline);
        vm.expectEmit();
        emit IProofMarket.RequestLocked(id, PROVER, 1.5 ether, COLLATERAL, START + 750);
        vm.prank(PROVER);
        market.lockSigned(r, signature);
        vm.snapshotGasLastCall("ProofMarket", "lockSigned, 2 blocks");
        eq(market.request(id).prover, PROVER);
        eq(market.depositOf(r.requester), MONEY - MAX);
        eq(obligated(PROVER), COLLATERAL);
    }

    function test_lockSignedOfAnOpenRequestIsALock() public {
        (ProofRequest memory r, uint256 key) = _order(1);
        bytes memory signature = signed(key, r);
        bytes32 id = submit(r);
        vm.prank(PROVER);
        eq(market.lockSigned(r, signature), id);
        eq(market.request(id).prover, PROVER);
        eq(market.depositOf(r.requester), MONEY - MAX);
        refuseLockSigned(r, signature, abi.encodeWithSelector(IProofMarket.RequestExists.selector, id));
    }

    function test_aCancelledNonceRefusesSignaturesOnly() public {
        (ProofRequest memory r, uint256 key) = _order(1);
        bytes memory signature = signed(key, r);
        vm.expectEmit();
        emit IProofMarket.OrderNonceCancelled(r.requester, r.nonce);
        vm.prank(r.requester);
        market.cancelNonce(r.nonce);
        assert(market.nonceCancelled(r.requester, r.nonce));
        assert(!market.nonceCancelled(r.requester, r.nonce + 1) && !market.nonceCancelled(NODE, r.nonce));
        refuseLockSigned(r, signature, abi.encodeWithSelector(IProofMarket.OrderCancelled.selector, r.requester, r.nonce));
        submit(r);
        vm.prank(PROVER);
        market.lockSigned(r, signature);
    }

    function test_signedOrdersMeetEveryRuleOfARequest() public {
        (ProofRequest memory r, uint256 key) = _order(1);
        r.collateral = 0;
        refuseLockSigned(r, signed(key, r), invalid("collateral"));
        r.collateral = COLLATERAL;
        vm.prank(r.requester);
        market.withdrawDeposit(MONEY - MAX + 1, false);
        refuseLockSigned(r, signed(key, r), abi.encodeWithSelector(IProofMarket.DepositTooLow.selector, r.requester, MAX - 1, MAX));
        vm.prank(NODE);
        inferences.updateNode(OPERATOR, "");
        r.maxPrice -= 1;
        refuseLockSigned(r, signed(key, r), abi.encodeWithSelector(IInferenceRegistry.NotOperator.selector, r.blockIds[0], r.requester));
    }

    // ---- deliver ----

    function test_anOpenRequestPaysThePriceOfTheMoment() public {
        (ProofRequest memory r, BlockRecord[] memory blocks, bytes32 id) = opened(2);
        IProofMarket.Delivery memory d = proven(r, blocks, GUARDIAN); // has no stake
        goTo(START + 200);
        vm.expectEmit();
        emit IProofMarket.RequestPaid(id, jobIdOf(r), GUARDIAN, 2 ether, false);
        vm.expectEmit();
        emit IRewardVault.Credited(address(market), GUARDIAN, CreditKind.ProofPrice, 2 ether, id);
        vm.prank(RIVAL); // a relayer
        eq(market.deliver(d), jobIdOf(r));
        isStatus(id, IProofMarket.RequestStatus.Paid);
        eq(owedTo(GUARDIAN), 2 ether);
        eq(owedTo(RIVAL), 0);
        eq(market.depositOf(NODE), MONEY - 2 ether);
        eq(vault.balanceOf(GUARDIAN, vault.currentPeriod()), 2 * FEE / 10); // the prover's share of the fees
        holdsDepositsOnly();
    }

    function test_aLockedRequestPaysThePriceOfTheLock() public {
        (ProofRequest memory r, BlockRecord[] memory blocks, bytes32 id) = opened(2);
        goTo(START + 150);
        lock(r, PROVER);
        IProofMarket.Delivery memory d = proven(r, blocks, PROVER);
        goTo(START + 750); // the last second of the lock
        vm.expectEmit();
        emit IProofMarket.RequestPaid(id, jobIdOf(r), PROVER, 1.5 ether, false);
        vm.prank(PROVER);
        market.deliver(d);
        isStatus(id, IProofMarket.RequestStatus.Paid);
        eq(owedTo(PROVER), 1.5 ether);
        eq(market.depositOf(NODE), MONEY - 1.5 ether);
        eq(obligated(PROVER), 0);
        eq(staked(PROVER), STAKE);
        holdsDepositsOnly();
    }

    function test_aDeliveryIsMadeOnce() public {
        (ProofRequest memory r, BlockRecord[] memory blocks, bytes32 id) = locked(1);
        IProofMarket.Delivery memory d = proven(r, blocks, PROVER);
        deliver(d);
        bytes memory paid = wrongStatus(id, IProofMarket.RequestStatus.Paid);
        refuseDeliver(d, paid);
        refuseLock(r, PROVER, paid);
        refuseCancel(r, NODE, paid);
        goTo(START + 3601);
        refuseExpire(r, paid);
    }

    function test_aRivalWaitsForTheEndOfTheLock() public {
        (ProofRequest memory r, BlockRecord[] memory blocks, bytes32 id) = locked(1);
        IProofMarket.Delivery memory d = proven(r, blocks, RIVAL);
        bytes memory lockedBy = abi.encodeWithSelector(IProofMarket.LockedBy.selector, id, PROVER, START + 600);
        refuseDeliver(d, lockedBy);
        goTo(START + 600);
        refuseDeliver(d, lockedBy);
        goTo(START + 601);
        vm.expectEmit();
        emit IProofMarket.RequestPaid(id, jobIdOf(r), RIVAL, MIN, true);
        vm.expectEmit();
        emit IRewardVault.Credited(address(market), RIVAL, CreditKind.ProofPrice, MIN, id);
        vm.expectEmit();
        emit IProofMarket.ProverSlashed(id, PROVER, COLLATERAL, COLLATERAL / 2, RIVAL);
        vm.expectEmit();
        emit IStakeVault.Slashed(Role.Prover, PROVER, COLLATERAL, address(market));
        vm.expectEmit();
        emit IRewardVault.Credited(address(market), RIVAL, CreditKind.Slashed, COLLATERAL / 2, id);
        vm.expectEmit();
        emit IRewardVault.Credited(address(market), TREASURY, CreditKind.Treasury, COLLATERAL / 2, id);
        vm.prank(RIVAL);
        market.deliver(d);
        eq(owedTo(RIVAL), MIN + COLLATERAL / 2);
        eq(owedTo(TREASURY), COLLATERAL / 2);
        eq(staked(PROVER), STAKE - COLLATERAL);
        eq(obligated(PROVER), 0);
        eq(market.depositOf(NODE), MONEY - MIN);
        holdsDepositsOnly();
    }

    function test_aLateLockerIsPaidAndFined() public {
        _setBps(3000, 500);
        (ProofRequest memory r, BlockRecord[] memory blocks) = fresh(1);
        r.collateral = COLLATERAL + 1;
        bytes32 id = submit(r);
        lock(r, PROVER);
        IProofMarket.Delivery memory d = proven(r, blocks, PROVER);
        goTo(START + 3600); // the last second of the request
        // It keeps floor(7/10 of 2e18 + 1); the fine is rounded up.
        uint256 kept = 1.4 ether;
        uint256 fine = r.collateral - kept;
        vm.expectEmit();
        emit IProofMarket.RequestPaid(id, jobIdOf(r), PROVER, MIN, true);
        vm.expectEmit();
        emit IStakeVault.Released(Role.Prover, PROVER, kept, address(market));
        vm.expectEmit();
        emit IProofMarket.ProverSlashed(id, PROVER, fine, 0, address(0));
        vm.prank(PROVER);
        market.deliver(d);
        eq(owedTo(PROVER), MIN);
        eq(owedTo(TREASURY), fine);
        eq(staked(PROVER), STAKE - fine);
        eq(obligated(PROVER), 0);
        holdsDepositsOnly();
    }

    function test_nothingIsDeliveredAfterTheDeadline() public {
        (ProofRequest memory r, BlockRecord[] memory blocks, bytes32 id) = locked(1);
        (ProofRequest memory o, BlockRecord[] memory oBlocks, bytes32 oId) = opened(1);
        IProofMarket.Delivery memory d = proven(r, blocks, PROVER);
        IProofMarket.Delivery memory od = proven(o, oBlocks, PROVER);
        goTo(START + 3601);
        refuseDeliver(d, abi.encodeWithSelector(IProofMarket.RequestExpired.selector, id, START + 3600));
        refuseDeliver(od, abi.encodeWithSelector(IProofMarket.RequestExpired.selector, oId, START + 3600));
        goTo(START + 3600);
        deliver(od);
        deliver(d);
    }

    function testFuzz_everyWeiOfPriceAndCollateralIsAccountedFor(uint96 collateral, uint16 late, uint16 slasher, uint8 way, uint96 low, uint96 high, uint256 wait) public {
        _setBps(late, slasher);
        (ProofRequest memory r, BlockRecord[] memory blocks) = fresh(1);
        r.collateral = uint96(bound(collateral, 1e12, STAKE));
        r.minPrice = uint96(bound(low, 1e12, 20 ether));
        r.maxPrice = uint96(bound(high, r.minPrice, 40 ether));
        submit(r);
        lock(r, PROVER);
        IProofMarket.Delivery memory d = proven(r, blocks, way % 3 == 0 ? PROVER : RIVAL);
        uint256 paidIn = open.balanceOf(address(market)) + open.balanceOf(address(stakes));
        uint256 before = owedTo(PROVER) + owedTo(RIVAL) + owedTo(TREASURY);
        if (way % 3 == 2) {
            goTo(START + 3601);
            vm.prank(RIVAL);
            market.expire(r);
        } else {
            goTo(START + bound(wait, 601, 3600));
            deliver(d);
        }
        uint256 paid = owedTo(PROVER) + owedTo(RIVAL) + owedTo(TREASURY) - before;
        eq(open.balanceOf(address(market)) + open.balanceOf(address(stakes)) + paid, paidIn);
        eq(obligated(PROVER), 0);
        holdsDepositsOnly();
        if (way % 3 == 2) eq(market.depositOf(NODE), MONEY);
        else eq(market.depositOf(NODE), MONEY - r.minPrice);
    }

    // ---- end without a proof ----

    function test_anOpenRequestExpiresWithARefund() public {
        (ProofRequest memory r,, bytes32 id) = opened(1);
        refuseExpire(r, abi.encodeWithSelector(IProofMarket.NotExpired.selector, id, START + 3600));
        goTo(START + 3600);
        refuseExpire(r, abi.encodeWithSelector(IProofMarket.NotExpired.selector, id, START + 3600));
        goTo(START + 3601);
        vm.expectEmit();
        emit IProofMarket.RequestRefunded(id, NODE, MAX);
        vm.prank(GUARDIAN);
        market.expire(r);
        vm.snapshotGasLastCall("ProofMarket", "expire, open");
        isStatus(id, IProofMarket.RequestStatus.Refunded);
        eq(market.depositOf(NODE), MONEY);
        eq(owedTo(GUARDIAN), 0);
        refuseExpire(r, wrongStatus(id, IProofMarket.RequestStatus.Refunded));
        holdsDepositsOnly();
    }

    function test_aLockThatExpiresIsSlashed() public {
        (ProofRequest memory r,, bytes32 id) = locked(2);
        goTo(START + 3601);
        uint256 reward = COLLATERAL * 500 / 10000;
        vm.expectEmit();
        emit IProofMarket.RequestRefunded(id, NODE, MAX);
        vm.expectEmit();
        emit IProofMarket.ProverSlashed(id, PROVER, COLLATERAL, reward, GUARDIAN);
        vm.prank(GUARDIAN);
        market.expire(r);
        vm.snapshotGasLastCall("ProofMarket", "expire with a slash, 2 blocks");
        isStatus(id, IProofMarket.RequestStatus.Refunded);
        eq(market.depositOf(NODE), MONEY);
        eq(owedTo(GUARDIAN), reward);
        eq(owedTo(TREASURY), COLLATERAL - reward);
        eq(staked(PROVER), STAKE - COLLATERAL);
        eq(obligated(PROVER), 0);
        refuseExpire(r, wrongStatus(id, IProofMarket.RequestStatus.Refunded));
        holdsDepositsOnly();
    }

    function test_cancelRefundsAndFreesTheBlocks() public {
        (ProofRequest memory r, BlockRecord[] memory blocks, bytes32 id) = opened(2);
        refuseCancel(r, OPERATOR, abi.encodeWithSelector(IProofMarket.NotRequester.selector, OPERATOR));
        vm.expectEmit();
        emit IProofMarket.RequestCancelled(id);
        vm.expectEmit();
        emit IProofMarket.RequestRefunded(id, NODE, MAX);
        vm.prank(NODE);
        market.cancel(r);
        isStatus(id, IProofMarket.RequestStatus.Refunded);
        eq(market.depositOf(NODE), MONEY);
        settle(blocks, amounts(1), 0); // free again
        holdsDepositsOnly();
    }

    function test_aLockedOrExpiredRequestIsNotCancelled() public {
        (ProofRequest memory r,, bytes32 id) = locked(1);
        refuseCancel(r, NODE, wrongStatus(id, IProofMarket.RequestStatus.Locked));
        (ProofRequest memory o, BlockRecord[] memory blocks, bytes32 oId) = opened(1);
        goTo(START + 3601);
        // Its blocks are in the next request: a late cancel would take them from it.
        ProofRequest memory next = requestFor(blocks);
        next.deadline = uint64(START + 7200);
        submit(next);
        refuseCancel(o, NODE, abi.encodeWithSelector(IProofMarket.RequestExpired.selector, oId, START + 3600));
        vm.prank(GUARDIAN);
        market.expire(o);
        eq(inferences.blockState(next.blockIds[0]).reservedUntil, START + 7200);
    }

    // ---- batches ----

    function test_deliversManyAndTellsWhatFailed() public {
        IProofMarket.Delivery[] memory list = new IProofMarket.Delivery[](4);
        bytes32[] memory requestIds = new bytes32[](4);
        for (uint256 i; i < 4; ++i) {
            (ProofRequest memory r, BlockRecord[] memory blocks, bytes32 id) = locked(1);
            (list[i], requestIds[i]) = (proven(r, blocks, PROVER), id);
        }
        list[1].job.prover = RIVAL;
        list[3] = list[2];
        vm.expectEmit();
        emit IProofMarket.DeliveryFailed(requestIds[1], 1, IProofMarket.LockedBy.selector);
        vm.expectEmit();
        emit IProofMarket.DeliveryFailed(requestIds[2], 3, IProofMarket.WrongRequestStatus.selector);
        vm.prank(RIVAL);
        bool[] memory delivered = market.deliverMany(list);
        assert(delivered.length == 4 && delivered[0] && !delivered[1] && delivered[2] && !delivered[3]);
        isStatus(requestIds[0], IProofMarket.RequestStatus.Paid);
        isStatus(requestIds[1], IProofMarket.RequestStatus.Locked);
        isStatus(requestIds[2], IProofMarket.RequestStatus.Paid);
        eq(owedTo(PROVER), 2 * MIN);
    }

    function test_anEmptyBatchOrAPausedSettlementDeliversNothing() public {
        refuse(PROVER, address(market), abi.encodeCall(market.deliverMany, (new IProofMarket.Delivery[](0))), err(EmptyList.selector));
        (ProofRequest memory r, BlockRecord[] memory blocks,) = locked(1);
        IProofMarket.Delivery[] memory list = new IProofMarket.Delivery[](1);
        list[0] = proven(r, blocks, PROVER);
        vm.prank(GUARDIAN);
        parameters.pause(Module.Settlements);
        bytes memory paused = abi.encodeWithSelector(IParameters.ModulePaused.selector, Module.Settlements);
        refuse(PROVER, address(market), abi.encodeCall(market.deliverMany, (list)), paused);
        refuseDeliver(list[0], paused);
    }

    // ---- gas ----

    function test_gasOfDelivery() public {
        (ProofRequest memory r, BlockRecord[] memory blocks,) = locked(2);
        IProofMarket.Delivery memory d = proven(r, blocks, PROVER);
        vm.prank(PROVER);
        market.deliver(d);
        vm.snapshotGasLastCall("ProofMarket", "deliver under a lock, 2 blocks, without the verifier");
    }

    function test_gasOfLateDelivery() public {
        (ProofRequest memory r, BlockRecord[] memory blocks,) = locked(2);
        IProofMarket.Delivery memory d = proven(r, blocks, RIVAL);
        goTo(START + 601);
        vm.prank(RIVAL);
        market.deliver(d);
        vm.snapshotGasLastCall("ProofMarket", "late deliver by a rival, 2 blocks, without the verifier");
    }

    function test_gasOfABatch() public {
        IProofMarket.Delivery[] memory list = new IProofMarket.Delivery[](8);
        for (uint256 i; i < 8; ++i) {
            (ProofRequest memory r, BlockRecord[] memory blocks) = fresh(2);
            r.collateral = 1 ether;
            submit(r);
            lock(r, PROVER);
            list[i] = proven(r, blocks, PROVER);
        }
        vm.prank(PROVER);
        bool[] memory delivered = market.deliverMany(list);
        vm.snapshotGasLastCall("ProofMarket", "deliverMany of 8, 2 blocks each, without the verifier");
        for (uint256 i; i < 8; ++i) assert(delivered[i]);
    }

    // ---- internals ----

    /// @dev A request whose requester, NODE's operator, signs; and its key.
    function _order(uint256 count) private returns (ProofRequest memory r, uint256 key) {
        key = 0xa11ce;
        address signer = vm.addr(key);
        vm.prank(NODE);
        inferences.updateNode(signer, "");
        vm.deal(signer, MONEY);
        vm.prank(signer);
        market.deposit{value: MONEY}(MONEY);
        (r,) = fresh(count);
        r.requester = signer;
    }

    function _setBps(uint256 late, uint256 slasher) private {
        MarketRules memory rules = marketRules();
        rules.slasherBps = uint16(bound(slasher, 0, 5000));
        rules.lateBps = uint16(bound(late, 0, 5000));
        vm.prank(address(timelock));
        parameters.setMarket(rules);
    }

    function _other(ProofRequest memory from, uint256 field) private pure returns (ProofRequest memory r) {
        r = abi.decode(abi.encode(from), (ProofRequest));
        if (field == 0) r.requester = RIVAL;
        else if (field == 1) r.recordId = ~r.recordId;
        else if (field == 2) r.blockIds[0] = ~r.blockIds[0];
        else if (field == 3) r.blockIds = ids(r.blockIds[0], r.blockIds[0]);
        else if (field == 4) ++r.minPrice;
        else if (field == 5) ++r.maxPrice;
        else if (field == 6) ++r.collateral;
        else if (field == 7) ++r.biddingStart;
        else if (field == 8) ++r.rampSeconds;
        else if (field == 9) ++r.lockSeconds;
        else if (field == 10) ++r.deadline;
        else ++r.nonce;
    }
}
