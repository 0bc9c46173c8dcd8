// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IAttributionSettlement} from "../src/interfaces/IAttributionSettlement.sol";
import {IInferenceRegistry} from "../src/interfaces/IInferenceRegistry.sol";
import {IModelRegistry} from "../src/interfaces/IModelRegistry.sol";
import {IParameters} from "../src/interfaces/IParameters.sol";
import {IProofMarket} from "../src/interfaces/IProofMarket.sol";
import {IStakeVault} from "../src/interfaces/IStakeVault.sol";
import {IVerifierGateway} from "../src/interfaces/IVerifierGateway.sol";
import "../src/types/Economy.sol";
import {PairingRejected} from "../src/types/Errors.sol";
import "../src/types/Types.sol";
import {ProofMarket} from "./support/Deployed.sol";
import {MarketWorld} from "./support/MarketWorld.sol";
import {ContractNode} from "./support/Receivers.sol";

/// @dev A requester that tries calls of the market from inside the payment of its deposit, and keeps the reasons.
contract ReentrantRequester {
    ProofMarket private immutable market;
    bytes[] private _calls;
    bytes4[] public reasons;

    constructor(ProofMarket market_) payable {
        market = market_;
        market_.deposit{value: msg.value}(msg.value);
    }

    function attempt(bytes calldata data) external {
        _calls.push(data);
    }

    function withdraw(uint256 amount) external {
        market.withdrawDeposit(amount, true);
    }

    receive() external payable {
        for (uint256 i; i < _calls.length; ++i) {
            (bool ok, bytes memory reason) = address(market).call(_calls[i]);
            require(!ok, "went in again");
            reasons.push(bytes4(reason));
        }
    }
}

contract ProofMarketAttacksTest is MarketWorld {
    uint256 private constant KEY = 0xa11ce;
    uint256 private constant ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
    address private signer;

    function setUp() public {
        buildMarket();
        signer = vm.addr(KEY);
    }

    // ---- somebody else's proof ----

    function test_aProofTakenFromTheMempoolPaysWhoMadeIt() public {
        (ProofRequest memory r, BlockRecord[] memory blocks,) = opened(2);
        IProofMarket.Delivery memory d = proven(r, blocks, PROVER);
        d.job.prover = RIVAL;
        refuseDeliver(d, err(PairingRejected.selector));
        d.job.prover = PROVER;
        vm.prank(RIVAL);
        market.deliver(d);
        eq(owedTo(PROVER), MIN);
        eq(owedTo(RIVAL), 0);
    }

    function test_aRelayerDeliversForTheLockerOnly() public {
        (ProofRequest memory r, BlockRecord[] memory blocks, bytes32 id) = locked(1);
        IProofMarket.Delivery memory stolen = proven(r, blocks, PROVER);
        stolen.job.prover = RIVAL;
        refuseDeliver(stolen, abi.encodeWithSelector(IProofMarket.LockedBy.selector, id, PROVER, START + 600));
        IProofMarket.Delivery memory d = proven(r, blocks, PROVER);
        vm.prank(RIVAL);
        market.deliver(d);
        eq(owedTo(PROVER), MIN);
        eq(owedTo(RIVAL), 0);
    }

    /// @dev Who delivers without a lock can be locked out, but the locker needs a proof of its own, and pays for the delay.
    function test_aLockInFrontOfADeliveryOnlyDelaysIt() public {
        (ProofRequest memory r, BlockRecord[] memory blocks, bytes32 id) = opened(1);
        IProofMarket.Delivery memory d = proven(r, blocks, PROVER);
        lock(r, RIVAL);
        refuseDeliver(d, abi.encodeWithSelector(IProofMarket.LockedBy.selector, id, RIVAL, START + 600));
        IProofMarket.Delivery memory stolen = proven(r, blocks, PROVER);
        stolen.job.prover = RIVAL;
        refuseDeliver(stolen, err(PairingRejected.selector));
        goTo(START + 601);
        deliver(d);
        eq(owedTo(PROVER), MIN + COLLATERAL / 2);
        eq(staked(RIVAL), STAKE - COLLATERAL);
    }

    function test_aRequestIsLockedOnce() public {
        (ProofRequest memory r,, bytes32 id) = locked(1);
        bytes memory no = wrongStatus(id, IProofMarket.RequestStatus.Locked);
        refuseLock(r, RIVAL, no);
        refuseLock(r, PROVER, no);
        goTo(START + 601); // nor after the lock is over
        refuseLock(r, RIVAL, no);
        eq(obligated(PROVER), COLLATERAL);
        eq(obligated(RIVAL), 0);
    }

    // ---- somebody else's blocks ----

    function test_aJobOfOtherBlocksIsNotTheRequests() public {
        (ProofRequest memory a, BlockRecord[] memory aBlocks, bytes32 id) = opened(2);
        (, BlockRecord[] memory bBlocks,) = opened(2);
        bytes memory mismatch = abi.encodeWithSelector(IProofMarket.JobMismatch.selector, id);
        refuseDeliver(proven(a, bBlocks, PROVER), mismatch);
        refuseDeliver(proven(a, blocks1(aBlocks[0]), PROVER), mismatch);
        refuseDeliver(proven(a, blocks2(aBlocks[1], aBlocks[0]), PROVER), mismatch);
        refuseDeliver(proven(a, blocks2(aBlocks[0], bBlocks[1]), PROVER), mismatch);
        refuseDeliver(proven(a, blocks1(paidBlock(1, FEE)), PROVER), mismatch);
        IProofMarket.Delivery memory other = proven(a, aBlocks, PROVER);
        other.job.record.trainingHash = ~other.job.record.trainingHash;
        (bool ok,) = address(market).call(abi.encodeCall(market.deliver, (other)));
        assert(!ok);
        deliver(proven(a, aBlocks, PROVER));
    }

    function test_aDearRequestIsNotServedWithACheapOnesJob() public {
        (ProofRequest memory cheap, BlockRecord[] memory cheapBlocks,) = opened(1);
        (ProofRequest memory dear,) = fresh(1);
        (dear.minPrice, dear.maxPrice) = (20 ether, 20 ether);
        bytes32 id = submit(dear);
        IProofMarket.Delivery memory d = proven(cheap, cheapBlocks, PROVER);
        d.request = dear;
        refuseDeliver(d, abi.encodeWithSelector(IProofMarket.JobMismatch.selector, id));
    }

    function test_reservedBlocksAreSettledByTheMarketOnly() public {
        (ProofRequest memory r, BlockRecord[] memory blocks,) = opened(1);
        bytes memory reserved = abi.encodeWithSelector(IInferenceRegistry.BlockReserved.selector, r.blockIds[0], r.deadline);
        refuseSettle(blocks, amounts(1), 0, reserved);
        IProofMarket.Delivery memory d = proven(r, blocks, PROVER);
        refuse(
            PROVER, address(settlement), abi.encodeCall(settlement.settleReserved, (d.job, d.settlement, d.opening, d.proof)),
            abi.encodeWithSelector(IAttributionSettlement.NotMarket.selector, PROVER)
        );
        goTo(START + 3600);
        refuseSettle(blocks, amounts(1), 0, reserved);
        goTo(START + 3601);
        settle(blocks, amounts(1), 0);
    }

    function test_onlyNodeAndPresentOperatorRequest() public {
        (ProofRequest memory r,) = fresh(1);
        r.requester = OPERATOR;
        vm.prank(OPERATOR);
        market.deposit{value: MAX}(MAX);
        vm.prank(NODE);
        inferences.updateNode(GUARDIAN, "");
        refuseSubmit(r, abi.encodeWithSelector(IInferenceRegistry.NotOperator.selector, r.blockIds[0], OPERATOR));
        vm.prank(NODE);
        inferences.updateNode(OPERATOR, "");
        submit(r);
        // Blocks of two nodes need a requester that may speak for both.
        stake(Role.Node, RIVAL, 20 ether);
        vm.prank(RIVAL);
        inferences.registerNode(address(0), "");
        (ProofRequest memory mixed,) = fresh(2);
        mixed.requester = RIVAL;
        vm.prank(RIVAL);
        market.deposit{value: MAX}(MAX);
        refuseSubmit(mixed, abi.encodeWithSelector(IInferenceRegistry.NotOperator.selector, mixed.blockIds[0], RIVAL));
    }

    /// @dev A requester that sees a proof could take it without paying, if it could cancel: a lock forbids that.
    function test_aLockKeepsTheRequesterFromTakingTheProofForNothing() public {
        (ProofRequest memory r, BlockRecord[] memory blocks, bytes32 id) = locked(1);
        refuseCancel(r, NODE, wrongStatus(id, IProofMarket.RequestStatus.Locked));
        refuseSettle(blocks, amounts(1), 0, abi.encodeWithSelector(IInferenceRegistry.BlockReserved.selector, r.blockIds[0], r.deadline));
        vm.prank(NODE);
        inferences.retireNode();
        deliver(proven(r, blocks, PROVER));
        eq(owedTo(PROVER), MIN);
    }

    // ---- signed orders ----

    function test_anOrderIsUsedUpByItsFirstUse() public {
        for (uint256 way; way < 3; ++way) {
            (ProofRequest memory r, BlockRecord[] memory blocks) = _order(1);
            bytes memory signature = signed(KEY, r);
            bytes32 id = market.requestId(r);
            if (way == 2) {
                submit(r);
                vm.prank(signer);
                market.cancel(r);
            } else {
                vm.prank(PROVER);
                market.lockSigned(r, signature);
                bytes memory exists = abi.encodeWithSelector(IProofMarket.RequestExists.selector, id);
                refuseLockSigned(r, signature, exists);
                if (way == 0) {
                    deliver(proven(r, blocks, PROVER));
                } else {
                    goTo(now_ + 3601);
                    market.expire(r);
                }
            }
            refuseLockSigned(r, signature, abi.encodeWithSelector(IProofMarket.RequestExists.selector, id));
            refuseSubmit(r, abi.encodeWithSelector(IProofMarket.RequestExists.selector, id));
            goTo(START);
        }
    }

    function test_anOrderIsForOneChainAndOneMarket() public {
        (ProofRequest memory r,) = _order(1);
        bytes memory signature = signed(KEY, r);
        bytes memory no = abi.encodeWithSelector(IProofMarket.BadSignature.selector, signer);
        vm.chainId(31338);
        refuseLockSigned(r, signature, no);
        vm.chainId(31337);
        ProofMarket other = ProofMarket(payable(create("ProofMarket", abi.encode(open, parameters, stakes, inferences, models, settlement, vault, gateway))));
        refuse(PROVER, address(other), abi.encodeCall(other.lockSigned, (r, signature)), no);
        vm.prank(PROVER);
        market.lockSigned(r, signature);
    }

    function test_malleableAndMisshapenSignaturesAreRefused() public {
        (ProofRequest memory r,) = _order(1);
        bytes memory no = abi.encodeWithSelector(IProofMarket.BadSignature.selector, signer);
        (uint8 v, bytes32 r_, bytes32 s) = vm.sign(KEY, market.requestId(r));
        uint8 flipped = v == 27 ? 28 : 27;
        refuseLockSigned(r, abi.encodePacked(r_, bytes32(ORDER - uint256(s)), flipped), no);
        refuseLockSigned(r, abi.encodePacked(r_, s, flipped), no);
        refuseLockSigned(r, abi.encodePacked(r_, s, v - 27), no);
        refuseLockSigned(r, abi.encodePacked(r_, bytes32(uint256(s) | (uint256(v - 27) << 255))), no); // compact
        refuseLockSigned(r, abi.encodePacked(r_, s, v, uint8(0)), no);
        refuseLockSigned(r, "", no);
        refuseLockSigned(r, new bytes(65), no);
        refuseLockSigned(r, signed(KEY + 1, r), no);
        r.requester = address(0);
        refuseLockSigned(r, new bytes(65), abi.encodeWithSelector(IProofMarket.BadSignature.selector, address(0)));
        r.requester = signer;
        vm.prank(PROVER);
        market.lockSigned(r, abi.encodePacked(r_, s, v));
    }

    function test_aChangedOrderIsNotSigned() public {
        (ProofRequest memory r,) = _order(1);
        bytes memory signature = signed(KEY, r);
        bytes memory no = abi.encodeWithSelector(IProofMarket.BadSignature.selector, signer);
        r.minPrice = r.maxPrice;
        refuseLockSigned(r, signature, no);
        r.minPrice = MIN;
        r.collateral = uint96(marketRules().minCollateral);
        refuseLockSigned(r, signature, no);
        r.collateral = COLLATERAL;
        r.deadline += 1;
        refuseLockSigned(r, signature, no);
    }

    function test_anExpiredOrderIsRefused() public {
        (ProofRequest memory r,) = _order(1);
        bytes memory signature = signed(KEY, r);
        goTo(r.deadline);
        refuseLockSigned(r, signature, invalid("deadline"));
        goTo(r.deadline - 1);
        vm.prank(PROVER);
        market.lockSigned(r, signature);
    }

    function test_aContractSignsAsItsCodeSays() public {
        (ProofRequest memory r, ContractNode requester) = _contractOrder();
        bytes32 id = market.requestId(r);
        bytes memory no = abi.encodeWithSelector(IProofMarket.BadSignature.selector, address(requester));
        refuseLockSigned(r, "", no);
        requester.sign(id, ContractNode.Mode.Refuse);
        refuseLockSigned(r, "", no);
        requester.sign(id, ContractNode.Mode.Revert);
        refuseLockSigned(r, "", no);
        requester.sign(~id, ContractNode.Mode.Sign);
        refuseLockSigned(r, "", no);
        requester.sign(id, ContractNode.Mode.Burn);
        vm.prank(PROVER);
        (bool ok,) = address(market).call{gas: 5_000_000}(abi.encodeCall(market.lockSigned, (r, "")));
        assert(!ok);
        isStatus(id, IProofMarket.RequestStatus.None);
        requester.sign(id, ContractNode.Mode.Bomb); // an answer of 256 KiB is read to its first word
        vm.prank(PROVER);
        market.lockSigned(r, "");
        isStatus(id, IProofMarket.RequestStatus.Locked);
    }

    function test_aSigningContractCannotActWhileItIsAsked() public {
        (ProofRequest memory r, ContractNode requester) = _contractOrder();
        requester.sign(market.requestId(r), ContractNode.Mode.Reenter);
        requester.reenter(address(open), abi.encodeCall(open.approve, (RIVAL, 1)));
        vm.prank(PROVER);
        market.lockSigned(r, "");
        eq(open.allowance(address(requester), RIVAL), 0);
    }

    // ---- excuses ----

    function test_aVerifierFrozenInMidFlightExcuses() public {
        (ProofRequest memory r, BlockRecord[] memory blocks, bytes32 id) = locked(2);
        goTo(START + 10);
        _freeze();
        refuseDeliver(proven(r, blocks, PROVER), abi.encodeWithSelector(IVerifierGateway.NotLive.selector, bindingSelector, IVerifierGateway.Status.Frozen));
        _expireExcused(r, id, "verifier interrupted");
    }

    function test_aVerifierThatWasAwayForAWhileExcuses() public {
        (ProofRequest memory r, BlockRecord[] memory blocks, bytes32 id) = locked(1);
        goTo(START + 10);
        _freeze();
        goTo(START + 20);
        vm.prank(address(timelock));
        gateway.thaw(bindingSelector);
        IProofMarket.Delivery memory d = proven(r, blocks, RIVAL);
        goTo(START + 601);
        _excused(id, "verifier interrupted");
        deliver(d);
        _wasExcused(RIVAL);
    }

    function test_anotherLiveVerifierOfTheClassIsNoExcuse() public {
        (ProofRequest memory r,, bytes32 id) = locked(1);
        vm.prank(GUARDIAN);
        gateway.freeze(payoutSelector); // the other one stays
        _expireSlashed(r, id);
    }

    function test_pausedSettlementsExcuse() public {
        (ProofRequest memory r,, bytes32 id) = locked(1);
        goTo(START + 10);
        vm.prank(GUARDIAN);
        parameters.pause(Module.Settlements);
        _expireExcused(r, id, "settlements paused");
    }

    function test_aPauseThatIsOverExcuses() public {
        (ProofRequest memory r, BlockRecord[] memory blocks, bytes32 id) = locked(1);
        _pauseAndUnpause(START + 10, START + 20);
        IProofMarket.Delivery memory d = proven(r, blocks, PROVER); // late itself
        goTo(START + 601);
        _excused(id, "settlements paused");
        deliver(d);
        _wasExcused(PROVER);
    }

    function test_aPauseBeforeTheLockIsNoExcuse() public {
        (ProofRequest memory r,, bytes32 id) = opened(1);
        _pauseAndUnpause(START + 10, START + 20);
        goTo(START + 20);
        lock(r, PROVER);
        _expireSlashed(r, id);
    }

    function test_unpausingWhatWasNotPausedIsNoExcuse() public {
        (ProofRequest memory r,, bytes32 id) = locked(1);
        goTo(START + 10);
        vm.prank(address(timelock));
        parameters.unpause(Module.Settlements);
        _expireSlashed(r, id);
    }

    function test_aBlockChallengedInMidFlightExcuses() public {
        (ProofRequest memory r, BlockRecord[] memory blocks, bytes32 id) = locked(2);
        goTo(START + 10);
        _challengeBlock(r.blockIds[1]);
        refuseDeliver(
            proven(r, blocks, PROVER),
            abi.encodeWithSelector(IInferenceRegistry.WrongBlockStatus.selector, r.blockIds[1], IInferenceRegistry.BlockStatus.Challenged)
        );
        uint256 state = vm.snapshotState();
        _expireExcused(r, id, "block challenged");
        vm.revertToState(state);
        _resolveBlock(r.blockIds[1], true);
        _expireExcused(r, id, "block challenged");
    }

    function test_aChallengeThatWasDismissedExcusesWhoIsLateForIt() public {
        (ProofRequest memory r, BlockRecord[] memory blocks, bytes32 id) = locked(2);
        goTo(START + 600);
        _challengeBlock(r.blockIds[0]);
        goTo(START + 700);
        _resolveBlock(r.blockIds[0], false);
        IProofMarket.Delivery memory own = proven(r, blocks, PROVER);
        IProofMarket.Delivery memory rivals = proven(r, blocks, RIVAL);
        uint256 state = vm.snapshotState();
        _excused(id, "block challenged");
        deliver(own);
        _wasExcused(PROVER);
        vm.revertToState(state);
        _excused(id, "block challenged");
        deliver(rivals);
        _wasExcused(RIVAL);
    }

    /// @dev Otherwise a late prover would buy back its collateral for a bond.
    function test_aChallengeAfterTheLockIsNoExcuse() public {
        (ProofRequest memory r,, bytes32 id) = locked(1);
        goTo(START + 601);
        _challengeBlock(r.blockIds[0]);
        vm.prank(address(court));
        models.challengeRecord(recordId);
        _expireSlashed(r, id);
    }

    function test_aRecordChallengedInMidFlightExcuses() public {
        (ProofRequest memory r, BlockRecord[] memory blocks, bytes32 id) = locked(1);
        goTo(START + 10);
        vm.prank(address(court));
        models.challengeRecord(recordId);
        refuseDeliver(
            proven(r, blocks, PROVER),
            abi.encodeWithSelector(IModelRegistry.RecordNotProved.selector, recordId, IModelRegistry.RecordStatus.Challenged)
        );
        uint256 state = vm.snapshotState();
        _expireExcused(r, id, "record challenged");
        vm.revertToState(state);
        vm.prank(address(court));
        models.resolveRecord(recordId, true);
        _expireExcused(r, id, "record challenged");
    }

    /// @dev Blocks that are settled without the market after the deadline are not committed any more; that excuses nobody.
    function test_settlingTheBlocksAfterTheDeadlineIsNoExcuse() public {
        (ProofRequest memory r, BlockRecord[] memory blocks, bytes32 id) = locked(1);
        goTo(START + 3601);
        settle(blocks, amounts(1), 0); // by PROVER
        _expireSlashed(r, id);
    }

    /// @dev Behind an obstacle that is there already, a lock would be an option for nothing.
    function test_nobodyLocksWhatCannotBeDelivered() public {
        (ProofRequest memory r,, bytes32 id) = opened(2);
        uint256 state = vm.snapshotState();
        vm.prank(GUARDIAN);
        parameters.pause(Module.Settlements);
        refuseLock(r, PROVER, abi.encodeWithSelector(IParameters.ModulePaused.selector, Module.Settlements));
        vm.revertToState(state);
        _freeze();
        refuseLock(r, PROVER, abi.encodeWithSelector(IVerifierGateway.ClassWithoutVerifier.selector, 2, 1));
        vm.revertToState(state);
        _challengeBlock(r.blockIds[1]);
        refuseLock(r, PROVER, abi.encodeWithSelector(IInferenceRegistry.WrongBlockStatus.selector, r.blockIds[1], IInferenceRegistry.BlockStatus.Challenged));
        vm.revertToState(state);
        vm.prank(address(court));
        models.challengeRecord(recordId);
        refuseLock(r, PROVER, abi.encodeWithSelector(IModelRegistry.RecordNotProved.selector, recordId, IModelRegistry.RecordStatus.Challenged));
        vm.revertToState(state);
        isStatus(id, IProofMarket.RequestStatus.Open);
        // The same for orders, opened before or not.
        (ProofRequest memory signedOrder,) = _order(1);
        bytes memory signature = signed(KEY, signedOrder);
        state = vm.snapshotState();
        _freeze();
        refuseLockSigned(signedOrder, signature, abi.encodeWithSelector(IVerifierGateway.ClassWithoutVerifier.selector, 2, 1));
        vm.revertToState(state);
        submit(signedOrder);
        _challengeBlock(signedOrder.blockIds[0]);
        refuseLockSigned(
            signedOrder, signature,
            abi.encodeWithSelector(IInferenceRegistry.WrongBlockStatus.selector, signedOrder.blockIds[0], IInferenceRegistry.BlockStatus.Challenged)
        );
    }

    // ---- collateral ----

    function test_tiedStakeCannotLeave() public {
        (ProofRequest memory r, BlockRecord[] memory blocks,) = locked(1);
        uint256 rest = STAKE - COLLATERAL;
        refuse(
            PROVER, address(stakes), abi.encodeCall(stakes.startUnbonding, (Role.Prover, rest + 1)),
            abi.encodeWithSelector(IStakeVault.StakeTooLow.selector, Role.Prover, PROVER, rest, rest + 1)
        );
        vm.prank(PROVER);
        stakes.startUnbonding(Role.Prover, rest);
        deliver(proven(r, blocks, PROVER));
        vm.prank(PROVER);
        stakes.startUnbonding(Role.Prover, COLLATERAL);
    }

    /// @dev With half of it going to who delivers late, a locker that poses as its own rival loses as much as one that owns up.
    function test_posingAsOnesOwnRivalIsNoCheaper() public {
        (ProofRequest memory r, BlockRecord[] memory blocks,) = locked(1);
        goTo(START + 601);
        uint256 state = vm.snapshotState();
        deliver(proven(r, blocks, PROVER));
        uint256 honest = owedTo(PROVER) + staked(PROVER);
        vm.revertToState(state);
        deliver(proven(r, blocks, GUARDIAN));
        eq(owedTo(GUARDIAN) + staked(PROVER), honest);
        eq(honest, STAKE + MIN - COLLATERAL / 2);
    }

    function test_aLockerThatReportsItselfLosesTheRest() public {
        (ProofRequest memory r,,) = locked(1);
        goTo(START + 3601);
        vm.prank(PROVER);
        market.expire(r);
        eq(owedTo(PROVER), COLLATERAL / 20);
        eq(owedTo(TREASURY), COLLATERAL - COLLATERAL / 20);
        eq(staked(PROVER), STAKE - COLLATERAL);
    }

    // ---- batches ----

    function test_membersThatBurnOrBombDoNotHurtTheOthers() public {
        IProofMarket.Delivery[] memory list = new IProofMarket.Delivery[](6);
        bytes32[] memory requestIds = new bytes32[](6);
        for (uint256 i; i < 6; ++i) {
            (ProofRequest memory r, BlockRecord[] memory blocks, bytes32 id) = opened(1);
            (list[i], requestIds[i]) = (proven(r, blocks, PROVER), id);
            if (i != 0 && i != 5) list[i].proof.a.y = i;
        }
        vm.expectEmit();
        emit IProofMarket.DeliveryFailed(requestIds[1], 1, 0);
        vm.expectEmit();
        emit IProofMarket.DeliveryFailed(requestIds[2], 2, 0xdeadbeef);
        vm.expectEmit();
        emit IProofMarket.DeliveryFailed(requestIds[3], 3, 0);
        vm.expectEmit();
        emit IProofMarket.DeliveryFailed(requestIds[4], 4, 0);
        vm.prank(RIVAL);
        bool[] memory delivered = market.deliverMany(list);
        for (uint256 i; i < 6; ++i) {
            assert(delivered[i] == (i == 0 || i == 5));
            isStatus(requestIds[i], delivered[i] ? IProofMarket.RequestStatus.Paid : IProofMarket.RequestStatus.Open);
        }
        eq(owedTo(PROVER), 2 * MIN);
        // Nothing happened to those that failed: they can be sent again.
        list[1].proof.a.y = 0;
        deliver(list[1]);
    }

    function test_whatAMemberReturnsIsNotCopied() public {
        (ProofRequest memory r, BlockRecord[] memory blocks,) = opened(1);
        IProofMarket.Delivery[] memory list = new IProofMarket.Delivery[](1);
        list[0] = proven(r, blocks, PROVER);
        list[0].proof.a.y = 2;
        (bytes memory direct, bytes memory batch) = (abi.encodeCall(market.deliver, (list[0])), abi.encodeCall(market.deliverMany, (list)));
        uint256 alone = _gasOf(direct);
        // Copying 256 KiB would cost at least 155,000 more.
        assert(_gasOf(batch) < alone + 100_000);
    }

    function test_aMemberThatBurnsCostsItsLimitOnly() public {
        (ProofRequest memory r, BlockRecord[] memory blocks,) = opened(1);
        IProofMarket.Delivery[] memory list = new IProofMarket.Delivery[](1);
        list[0] = proven(r, blocks, PROVER);
        list[0].proof.a.y = 1;
        list[0].gasLimit = 1_000_000;
        uint256 used = _gasOf(abi.encodeCall(market.deliverMany, (list)));
        // Each frame between keeps 1/64.
        assert(used > 900_000 && used < 1_100_000);
    }

    /// @dev Whatever gas a relayer sends: a good member is delivered, or the batch reverts as a whole.
    function testFuzz_tooLittleGasFailsTheBatchNotTheMember(uint256 gas) public {
        (ProofRequest memory a, BlockRecord[] memory aBlocks, bytes32 aId) = opened(1);
        (ProofRequest memory b, BlockRecord[] memory bBlocks, bytes32 bId) = opened(1);
        IProofMarket.Delivery[] memory list = new IProofMarket.Delivery[](2);
        (list[0], list[1]) = (proven(a, aBlocks, PROVER), proven(b, bBlocks, PROVER));
        (list[0].gasLimit, list[1].gasLimit) = (800_000, 800_000);
        gas = bound(gas, 100_000, 2_000_000);
        vm.prank(RIVAL);
        (bool ok, bytes memory data) = address(market).call{gas: gas}(abi.encodeCall(market.deliverMany, (list)));
        if (ok) {
            bool[] memory delivered = abi.decode(data, (bool[]));
            assert(delivered[0] && delivered[1]);
            eq(owedTo(PROVER), 2 * MIN);
        } else {
            isStatus(aId, IProofMarket.RequestStatus.Open);
            isStatus(bId, IProofMarket.RequestStatus.Open);
            eq(owedTo(PROVER), 0);
        }
        assert(ok || gas < 1_700_000);
    }

    function test_aLimitBeyondTheGasThatIsLeftIsRefused() public {
        (ProofRequest memory r, BlockRecord[] memory blocks,) = opened(1);
        IProofMarket.Delivery[] memory list = new IProofMarket.Delivery[](1);
        list[0] = proven(r, blocks, PROVER);
        list[0].gasLimit = type(uint256).max;
        refuse(RIVAL, address(market), abi.encodeCall(market.deliverMany, (list)), abi.encodeWithSelector(IProofMarket.GasTooLow.selector, 0));
        list[0].gasLimit = 1_000_000;
        bytes memory data = abi.encodeCall(market.deliverMany, (list));
        (bool ok, bytes memory reason) = address(market).call{gas: 1_000_000}(data);
        assert(!ok && keccak256(reason) == keccak256(abi.encodeWithSelector(IProofMarket.GasTooLow.selector, 0)));
        // A limit that is too small for its member hurts nobody: the delivery can be sent again.
        list[0].gasLimit = 50_000;
        assert(!market.deliverMany(list)[0]);
        deliver(list[0]);
    }

    function test_onlyTheMarketCallsItsMembers() public {
        (ProofRequest memory r, BlockRecord[] memory blocks,) = opened(1);
        refuse(PROVER, address(market), abi.encodeCall(market.deliverMember, (proven(r, blocks, PROVER))), err(IProofMarket.OnlySelf.selector));
    }

    // ---- reentrance ----

    function test_nothingCanBeDoneFromInsideAWithdrawal() public {
        (ProofRequest memory r, BlockRecord[] memory blocks,) = opened(1);
        IProofMarket.Delivery[] memory list = new IProofMarket.Delivery[](1);
        list[0] = proven(r, blocks, PROVER);
        ReentrantRequester attacker = new ReentrantRequester{value: 10}(market);
        bytes[11] memory calls = [
            abi.encodeCall(market.deposit, (0)),
            abi.encodeCall(market.withdrawDeposit, (1, true)),
            abi.encodeCall(market.withdrawDeposit, (1, false)),
            abi.encodeCall(market.submit, (r)),
            abi.encodeCall(market.lockSigned, (r, "")),
            abi.encodeCall(market.lock, (r)),
            abi.encodeCall(market.deliver, (list[0])),
            abi.encodeCall(market.deliverMany, (list)),
            abi.encodeCall(market.expire, (r)),
            abi.encodeCall(market.cancel, (r)),
            abi.encodeCall(market.cancelNonce, (1))
        ];
        for (uint256 i; i < calls.length; ++i) attacker.attempt(calls[i]);
        attacker.withdraw(4);
        for (uint256 i; i < calls.length; ++i) {
            assert(attacker.reasons(i) == ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        }
        eq(address(attacker).balance, 4);
        eq(market.depositOf(address(attacker)), 6);
    }

    // ---- internals ----

    /// @dev A request that `signer`, NODE's operator with money, may sign.
    function _order(uint256 count) private returns (ProofRequest memory r, BlockRecord[] memory blocks) {
        vm.prank(NODE);
        inferences.updateNode(signer, "");
        if (market.depositOf(signer) < MAX) {
            vm.deal(signer, MONEY);
            vm.prank(signer);
            market.deposit{value: MONEY}(MONEY);
        }
        (r, blocks) = fresh(count);
        r.requester = signer;
    }

    function _contractOrder() private returns (ProofRequest memory r, ContractNode requester) {
        requester = new ContractNode();
        vm.prank(NODE);
        inferences.updateNode(address(requester), "");
        vm.deal(address(requester), MAX);
        requester.execute(address(market), MAX, abi.encodeCall(market.deposit, (MAX)));
        (r,) = fresh(1);
        r.requester = address(requester);
    }

    function _freeze() private {
        vm.prank(GUARDIAN);
        gateway.freeze(payoutSelector);
        vm.prank(GUARDIAN);
        gateway.freeze(bindingSelector);
    }

    function _pauseAndUnpause(uint256 from, uint256 to) private {
        goTo(from);
        vm.prank(GUARDIAN);
        parameters.pause(Module.Settlements);
        goTo(to);
        vm.prank(address(timelock));
        parameters.unpause(Module.Settlements);
    }

    function _challengeBlock(bytes32 blockId) private {
        vm.prank(address(court));
        inferences.challengeBlock(blockId);
    }

    function _resolveBlock(bytes32 blockId, bool rejected) private {
        vm.prank(address(court));
        inferences.resolveBlock(blockId, rejected);
    }

    function _excused(bytes32 id, bytes32 reason) private {
        vm.expectEmit();
        emit IProofMarket.ProverExcused(id, PROVER, reason);
    }

    /// @dev PROVER's lock cost it nothing; the price went to `paid`, nothing else to anybody.
    function _wasExcused(address paid) private view {
        eq(staked(PROVER), STAKE);
        eq(obligated(PROVER), 0);
        eq(owedTo(paid), MIN);
        eq(owedTo(PROVER) + owedTo(RIVAL), MIN);
        eq(owedTo(TREASURY), 0);
        holdsDepositsOnly();
    }

    function _expireExcused(ProofRequest memory r, bytes32 id, bytes32 reason) private {
        goTo(START + 3601);
        _excused(id, reason);
        vm.prank(RIVAL);
        market.expire(r);
        isStatus(id, IProofMarket.RequestStatus.Refunded);
        eq(staked(PROVER), STAKE);
        eq(obligated(PROVER), 0);
        eq(owedTo(RIVAL), 0);
        eq(owedTo(TREASURY), 0);
        eq(market.depositOf(NODE), MONEY);
    }

    function _expireSlashed(ProofRequest memory r, bytes32 id) private {
        goTo(START + 3601);
        vm.prank(RIVAL);
        market.expire(r);
        isStatus(id, IProofMarket.RequestStatus.Refunded);
        eq(staked(PROVER), STAKE - COLLATERAL);
        eq(obligated(PROVER), 0);
        eq(owedTo(RIVAL), COLLATERAL / 20);
        eq(owedTo(TREASURY), COLLATERAL - COLLATERAL / 20);
        eq(market.depositOf(NODE), MONEY);
    }

    /// @dev Gas of a call by RIVAL, whatever comes of it; what it returns is not copied here either.
    function _gasOf(bytes memory data) private returns (uint256 used) {
        address target = address(market);
        uint256 before = gasleft();
        assembly ("memory-safe") {
            pop(call(5000000, target, 0, add(data, 0x20), mload(data), 0, 0))
        }
        used = before - gasleft();
    }
}
