// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {IAuditCourt} from "../src/interfaces/IAuditCourt.sol";
import {IFactCourt} from "../src/interfaces/IFactCourt.sol";
import {IInferenceRegistry} from "../src/interfaces/IInferenceRegistry.sol";
import {IParameters} from "../src/interfaces/IParameters.sol";
import {IRewardVault} from "../src/interfaces/IRewardVault.sol";
import {IStakeVault} from "../src/interfaces/IStakeVault.sol";
import {IVerifierGateway} from "../src/interfaces/IVerifierGateway.sol";
import {IWrappedOpen} from "../src/interfaces/IWrappedOpen.sol";
import {Bn254} from "../src/libraries/Bn254.sol";
import {KzgOpening} from "../src/libraries/KzgOpening.sol";
import "../src/types/Economy.sol";
import {ZeroAddress} from "../src/types/Errors.sol";
import "../src/types/Types.sol";
import {FactCourt} from "./support/Deployed.sol";
import {FactWorld} from "./support/FactWorld.sol";

/// @dev A node that is a contract: signs what it is told to, until it takes all back.
contract WalletNode is IERC1271 {
    mapping(bytes32 digest => bool) public signed;

    function sign(bytes32 digest, bool yes) external {
        signed[digest] = yes;
    }

    function isValidSignature(bytes32 digest, bytes calldata) external view returns (bytes4) {
        return signed[digest] ? IERC1271.isValidSignature.selector : bytes4(0);
    }
}

/// @dev The library alone: here a wrong answer needs no gas of its own to get out.
contract Opener {
    function isTrue(G1Point memory c, OpeningClaim memory claim, VerifyingKey memory key) external view returns (bool) {
        return KzgOpening.isTrue(c, claim.z, claim.value, claim.rho, claim.w, key.tauG2, key.blinding);
    }
}

contract FactCourtTest is FactWorld {
    function setUp() public {
        buildFacts(5);
    }

    function test_refusesAZeroAddress() public {
        vm.expectRevert(ZeroAddress.selector);
        FactCourt(payable(create("FactCourt", abi.encode(IWrappedOpen(address(0)), parameters, stakes, inferences, vault, gateway))));
        vm.expectRevert(ZeroAddress.selector);
        FactCourt(payable(create("FactCourt", abi.encode(open, IParameters(address(0)), stakes, inferences, vault, gateway))));
        vm.expectRevert(ZeroAddress.selector);
        FactCourt(payable(create("FactCourt", abi.encode(open, parameters, IStakeVault(address(0)), inferences, vault, gateway))));
        vm.expectRevert(ZeroAddress.selector);
        FactCourt(payable(create("FactCourt", abi.encode(open, parameters, stakes, IInferenceRegistry(address(0)), vault, gateway))));
        vm.expectRevert(ZeroAddress.selector);
        FactCourt(payable(create("FactCourt", abi.encode(open, parameters, stakes, inferences, IRewardVault(address(0)), gateway))));
        vm.expectRevert(ZeroAddress.selector);
        FactCourt(payable(create("FactCourt", abi.encode(open, parameters, stakes, inferences, vault, IVerifierGateway(address(0))))));
    }

    // ---- equivocation ----

    function test_twoOutputsForOneRequestCostTheNode() public {
        (Receipt memory a, Receipt memory b) = (_receipt("a"), _receipt("b"));
        (bytes memory signA, bytes memory signB) = (_sign(KEY, a), _sign(KEY, b));
        bytes32 kind = facts.EQUIVOCATION();
        bytes32 factId = keccak256(abi.encode(kind, inferences.paymentKey(node, adapterId, a.requestHash, a.nonce)));
        vm.expectEmit();
        emit IFactCourt.FactProved(factId, node, REPORTER, kind, NODE_SLASH);
        vm.prank(REPORTER);
        facts.proveEquivocation(a, signA, b, signB);
        assert(facts.decided(factId));
        eq(stakes.active(Role.Node, node), 20 ether - NODE_SLASH);
        eq(owedTo(REPORTER), NODE_SLASH / 2);
        eq(owedTo(TREASURY), NODE_SLASH / 2);
        eq(open.balanceOf(address(facts)), 0);
    }

    function test_anInferenceIsOneFactHoweverManyOutputsWereSigned() public {
        (Receipt memory a, Receipt memory b, Receipt memory c) = (_receipt("a"), _receipt("b"), _receipt("c"));
        (bytes memory signA, bytes memory signB, bytes memory signC) = (_sign(KEY, a), _sign(KEY, b), _sign(KEY, c));
        facts.proveEquivocation(a, signA, b, signB);
        bytes memory decided = abi.encodeWithSelector(
            IFactCourt.AlreadyDecided.selector,
            keccak256(abi.encode(facts.EQUIVOCATION(), inferences.paymentKey(node, adapterId, a.requestHash, a.nonce)))
        );
        vm.expectRevert(decided);
        facts.proveEquivocation(a, signA, b, signB);
        vm.expectRevert(decided);
        facts.proveEquivocation(b, signB, a, signA);
        vm.expectRevert(decided);
        facts.proveEquivocation(b, signB, c, signC);
        eq(stakes.active(Role.Node, node), 20 ether - NODE_SLASH);
        b.nonce = a.nonce = 99; // another request is another fact
        facts.proveEquivocation(a, _sign(KEY, a), b, _sign(KEY, b));
        eq(stakes.active(Role.Node, node), 0);
    }

    function test_receiptsThatDifferInMoreOrLessThanTheOutputAreNoEquivocation() public {
        Receipt memory a = _receipt("a");
        for (uint256 k; k < 5; ++k) {
            Receipt memory b = _receipt("b");
            if (k == 0) b.outputHash = a.outputHash;
            if (k == 1) b.node = NODE;
            if (k == 2) b.adapterId = "another";
            if (k == 3) b.requestHash = "another";
            if (k == 4) ++b.nonce;
            (bytes memory signA, bytes memory signB) = (_sign(KEY, a), _sign(KEY, b));
            vm.expectRevert(IFactCourt.NotEquivocation.selector);
            facts.proveEquivocation(a, signA, b, signB);
        }
    }

    function test_bothReceiptsAreSignedByTheNodeForThisChainAndRegistry() public {
        (Receipt memory a, Receipt memory b) = (_receipt("a"), _receipt("b"));
        (bytes memory signA, bytes memory signB) = (_sign(KEY, a), _sign(KEY, b));
        bytes memory bad = abi.encodeWithSelector(IFactCourt.BadSignature.selector, node);
        bytes[4] memory wrong = [_sign(OTHER_KEY, b), signA, bytes(""), _sign(KEY, keccak256(abi.encode(b)))];
        for (uint256 k; k < 4; ++k) {
            vm.expectRevert(bad);
            facts.proveEquivocation(a, signA, b, wrong[k]);
            vm.expectRevert(bad);
            facts.proveEquivocation(b, wrong[k], a, signA);
        }
        vm.chainId(999);
        bytes memory elsewhere = _sign(KEY, b);
        vm.expectRevert(bad);
        facts.proveEquivocation(a, signA, b, signB); // receipts of chain 31337 on 999
        vm.chainId(31337);
        vm.expectRevert(bad);
        facts.proveEquivocation(a, signA, b, elsewhere);
        facts.proveEquivocation(a, signA, b, signB);
    }

    function test_theOtherFormOfASignatureIsRefused() public {
        (Receipt memory a, Receipt memory b) = (_receipt("a"), _receipt("b"));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, inferences.receiptDigest(b));
        uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        bytes memory high = abi.encodePacked(r, order - uint256(s), v == 27 ? uint8(28) : uint8(27));
        bytes memory signA = _sign(KEY, a);
        vm.expectRevert(abi.encodeWithSelector(IFactCourt.BadSignature.selector, node));
        facts.proveEquivocation(a, signA, b, high);
    }

    function test_aNodeThatIsAContractAnswersForItself() public {
        WalletNode wallet = new WalletNode();
        stake(Role.Node, address(wallet), 20 ether);
        (Receipt memory a, Receipt memory b) = (_receipt("a"), _receipt("b"));
        a.node = b.node = address(wallet);
        wallet.sign(inferences.receiptDigest(a), true);
        vm.expectRevert(abi.encodeWithSelector(IFactCourt.BadSignature.selector, address(wallet)));
        facts.proveEquivocation(a, "", b, "");
        wallet.sign(inferences.receiptDigest(b), true);
        facts.proveEquivocation(a, "", b, "");
        eq(stakes.active(Role.Node, address(wallet)), 20 ether - NODE_SLASH);
    }

    function test_codeThatANodeDelegatesToLaterDisownsNothing() public {
        (Receipt memory a, Receipt memory b) = (_receipt("a"), _receipt("b"));
        (bytes memory signA, bytes memory signB) = (_sign(KEY, a), _sign(KEY, b));
        vm.etch(node, hex"5f5ffd"); // as code behind EIP-7702: answers no question
        facts.proveEquivocation(a, signA, b, signB);
        eq(stakes.active(Role.Node, node), 20 ether - NODE_SLASH);
    }

    function test_takesWhatThereIsAndDecidesWithoutStakeToo() public {
        vm.prank(node);
        stakes.startUnbonding(Role.Node, 15 ether); // 5 active, 15 unbonding: both are in reach
        for (uint256 n; n < 3; ++n) {
            (Receipt memory a, Receipt memory b) = (_receipt("a"), _receipt("b"));
            a.nonce = b.nonce = 100 + n;
            (bytes memory signA, bytes memory signB) = (_sign(KEY, a), _sign(KEY, b));
            vm.prank(REPORTER);
            facts.proveEquivocation(a, signA, b, signB);
        }
        eq(owedTo(REPORTER) + owedTo(TREASURY), 20 ether);
        eq(stakes.active(Role.Node, node), 0);
        eq(open.balanceOf(address(stakes)), 20 ether + 5 * STAKE + 5 ether); // NODE, auditors, OWNER
    }

    function test_sharesAsTheRulesSay(uint16 challengerBps, uint96 slash) public {
        CourtRules memory rules = courtRules();
        rules.challengerBps = uint16(bound(challengerBps, 0, 7500));
        rules.nodeSlash = uint96(bound(slash, 0, 20 ether));
        vm.prank(address(timelock));
        parameters.setCourt(rules);
        (Receipt memory a, Receipt memory b) = (_receipt("a"), _receipt("b"));
        (bytes memory signA, bytes memory signB) = (_sign(KEY, a), _sign(KEY, b));
        vm.prank(REPORTER);
        facts.proveEquivocation(a, signA, b, signB);
        eq(owedTo(REPORTER), uint256(rules.nodeSlash) * rules.challengerBps / 10_000);
        eq(owedTo(REPORTER) + owedTo(TREASURY), rules.nodeSlash);
        eq(open.balanceOf(address(facts)), 0);
    }

    function test_theGuardianCannotStopFacts() public {
        BlockRecord memory data = _block();
        vm.startPrank(GUARDIAN);
        for (uint256 m; m < 6; ++m) parameters.pause(Module(m));
        vm.stopPrank();
        Receipt memory r = _receipt("other");
        facts.proveReceiptMismatch(r, _sign(KEY, r), recordId, data, list, RECEIPT, 0);
        _isStatus(data, IInferenceRegistry.BlockStatus.Rejected);
    }

    // ---- receipt against block ----

    function test_aReceiptThatTheBlockBeliesCostsTheNodeAndRejectsTheBlock() public {
        BlockRecord memory data = _block();
        Receipt memory r = _receipt("other");
        bytes memory signature = _sign(KEY, r);
        vm.prank(REPORTER);
        facts.proveReceiptMismatch(r, signature, recordId, data, list, RECEIPT, 0);
        _isStatus(data, IInferenceRegistry.BlockStatus.Rejected);
        eq(stakes.active(Role.Node, node), 20 ether - NODE_SLASH);
        eq(owedTo(REPORTER), NODE_SLASH / 2);
        inferences.refundRejected(recordId, data);
        eq(owedTo(PAYER), 2 ether);
        bytes32 factId = keccak256(abi.encode(facts.RECEIPT_MISMATCH(), data.inferences[0].key));
        vm.expectRevert(abi.encodeWithSelector(IFactCourt.AlreadyDecided.selector, factId));
        facts.proveReceiptMismatch(r, signature, recordId, data, list, RECEIPT, 0);
        Receipt memory second = _receiptOf(1, "other"); // the other inference of the block is another fact
        facts.proveReceiptMismatch(second, _sign(KEY, second), recordId, data, list, RECEIPT, 1);
        eq(stakes.active(Role.Node, node), 0);
    }

    function test_anHonestReceiptFits() public {
        BlockRecord memory data = _block();
        for (uint256 i; i < 2; ++i) {
            Receipt memory r = _receiptOf(i, "");
            r.outputHash = list[i].outputHash;
            bytes memory signature = _sign(KEY, r);
            vm.expectRevert(IFactCourt.ReceiptFits.selector);
            facts.proveReceiptMismatch(r, signature, recordId, data, list, RECEIPT, i);
            vm.expectRevert(IFactCourt.NotEquivocation.selector); // nor against the other inference
            facts.proveReceiptMismatch(r, signature, recordId, data, list, RECEIPT, 1 - i);
        }
    }

    function test_blockAndInferencesAreThoseThatWereCommitted() public {
        BlockRecord memory data = _block();
        bytes32 id = blockIdOf(data);
        Receipt memory r = _receipt("other");
        bytes memory signature = _sign(KEY, r);
        bytes memory unknown = abi.encodeWithSelector(IFactCourt.UnknownBlockData.selector, id);
        list[0].outputHash = r.outputHash;
        vm.expectRevert(unknown);
        facts.proveReceiptMismatch(r, signature, recordId, data, list, RECEIPT, 1);
        list[0].outputHash = inference(1, 5).outputHash;
        vm.expectRevert(unknown);
        facts.proveReceiptMismatch(r, signature, recordId, data, list, "another", 0);
        data.dataHash = keccak256(abi.encode(list, bytes32("another"))); // a block that was never committed
        unknown = abi.encodeWithSelector(IFactCourt.UnknownBlockData.selector, blockIdOf(data));
        vm.expectRevert(unknown);
        facts.proveReceiptMismatch(r, signature, recordId, data, list, "another", 0);
        r.adapterId = "another"; // another adapter is another payment key
        data = _recommitted(data);
        signature = _sign(KEY, r);
        vm.expectRevert(IFactCourt.NotEquivocation.selector);
        facts.proveReceiptMismatch(r, signature, recordId, data, list, RECEIPT, 0);
        r = _receipt("other");
        signature = _sign(OTHER_KEY, r);
        vm.expectRevert(abi.encodeWithSelector(IFactCourt.BadSignature.selector, node));
        facts.proveReceiptMismatch(r, signature, recordId, data, list, RECEIPT, 0);
    }

    function test_aBlockOnTrialIsRejectedAndItsCaseStillCloses() public {
        BlockRecord memory data = _block();
        uint256 caseId = challengeBlock(data);
        Receipt memory r = _receipt("other");
        facts.proveReceiptMismatch(r, _sign(KEY, r), recordId, data, list, RECEIPT, 0);
        _isStatus(data, IInferenceRegistry.BlockStatus.Rejected);
        drawn(caseId);
        vote(caseId, 0, 7);
        court.close(caseId);
        eq(statusOf(caseId), uint256(IAuditCourt.CaseStatus.Dismissed));
        _isStatus(data, IInferenceRegistry.BlockStatus.Rejected);
        eq(stakes.holds(Role.Node, node), 0);
    }

    function test_aSettledBlockStaysSettledButItsNodePays() public {
        BlockRecord memory data = _block();
        this.settleOut(blocks1(data), new uint256[](3));
        Receipt memory r = _receipt("other");
        facts.proveReceiptMismatch(r, _sign(KEY, r), recordId, data, list, RECEIPT, 0);
        _isStatus(data, IInferenceRegistry.BlockStatus.Settled);
        eq(stakes.active(Role.Node, node), 20 ether - NODE_SLASH);
    }

    // ---- openings ----

    function test_aTrueOpeningIsNeverWrong(uint256 z, uint256 a, uint256 b, uint256 c, uint256 rho) public {
        f = [a % Bn254.P, b % Bn254.P, c % Bn254.P];
        rho %= Bn254.P;
        BlockRecord memory data = _blockOf(_commit(f, rho));
        _refusesTrue(data, _opening(data, z % Bn254.P, rho));
    }

    function test_aConstantsOpeningWithInfinityAsQuotientIsTrue() public {
        f = [uint256(42), 0, 0];
        BlockRecord memory data = _blockOf(_commit(f, RHO));
        OpeningClaim memory claim = _opening(data, 123, RHO);
        eq(claim.w.x | claim.w.y, 0);
        eq(claim.value, 42);
        _refusesTrue(data, claim);
        claim.z = 0;
        _refusesTrue(data, claim);
        claim.value = 43;
        _convicts(data, claim);
    }

    function test_edgesOfTheScalarsAreTrueWhereTheyAre() public {
        BlockRecord memory data = _block();
        uint256[4] memory points = [uint256(0), 1, Bn254.P - 1, TAU]; // z = tau: the left side is e(C - value G - rho H + tau W)
        for (uint256 k; k < 4; ++k) _refusesTrue(data, _opening(data, points[k], RHO));
        f = [uint256(0), 0, 7]; // f(0) = 0 without blinding
        data = _recommitted(data, _commit(f, 0));
        _refusesTrue(data, _opening(data, 0, 0));
    }

    function test_theOtherTableIsOpenedByItsOwnCommitment() public {
        BlockRecord memory data = _block();
        f = [uint256(4), 9, 0];
        OpeningClaim memory claim = _opening(data, 1000, 0);
        claim.table = 1;
        _refusesTrue(data, claim);
        claim.table = 0;
        _convicts(data, claim);
    }

    function test_anyWrongElementConvicts(uint8 which, uint256 by, uint256 z) public {
        BlockRecord memory data = _block();
        z %= Bn254.P;
        vm.assume(z != TAU); // there any W fits: (tau - z) W = 0. Nobody knows a real tau
        OpeningClaim memory claim = _opening(data, z, RHO);
        by = 1 + by % (Bn254.P - 1);
        which %= 4;
        if (which == 0) claim.value = addmod(claim.value, by, Bn254.P);
        if (which == 1) claim.rho = addmod(claim.rho, by, Bn254.P);
        if (which == 2) claim.w = _add(claim.w, fixedPoint(by));
        if (which == 3) {
            uint256 at = addmod(claim.z, by, Bn254.P);
            // w is not 0 (f is not constant), so the claim holds at no other point
            claim.z = at;
        }
        _convicts(data, claim);
    }

    function test_nonCanonicalScalarsAndPointsOffTheCurveAreWrongByThemselves() public {
        BlockRecord memory data = _block();
        uint256 before = vm.snapshotState();
        for (uint256 k; k < 7; ++k) {
            OpeningClaim memory claim = _opening(data, 5, RHO);
            if (k == 0) claim.z += Bn254.P;
            if (k == 1) claim.value += Bn254.P;
            if (k == 2) claim.rho += Bn254.P;
            if (k == 3) claim.w.x += Bn254.Q;
            if (k == 4) claim.w.y += Bn254.Q;
            if (k == 5) claim.w.y ^= 1;
            if (k == 6) claim.w = G1Point(0, 1);
            _convicts(data, claim);
            vm.revertToState(before);
        }
    }

    function test_aBlockIsOneFactHoweverManyOpeningsAreWrong() public {
        BlockRecord memory data = _block();
        OpeningClaim memory claim = _opening(data, 5, RHO);
        claim.value ^= 1;
        bytes memory signature = _sign(KEY, claim);
        vm.expectEmit();
        emit IFactCourt.FactProved(keccak256(abi.encode(facts.WRONG_OPENING(), blockIdOf(data))), node, REPORTER, facts.WRONG_OPENING(), NODE_SLASH);
        vm.prank(REPORTER);
        facts.proveWrongOpening(claim, signature, recordId, data, payoutSelector);
        eq(owedTo(REPORTER), NODE_SLASH / 2);
        claim.value ^= 2;
        signature = _sign(KEY, claim);
        bytes32 factId = keccak256(abi.encode(facts.WRONG_OPENING(), blockIdOf(data)));
        vm.expectRevert(abi.encodeWithSelector(IFactCourt.AlreadyDecided.selector, factId));
        facts.proveWrongOpening(claim, signature, recordId, data, payoutSelector);
    }

    function test_aClaimIsAboutATableOfThisBlockAndSignedByItsNode() public {
        BlockRecord memory data = _block();
        OpeningClaim memory claim = _opening(data, 5, RHO);
        claim.value ^= 1;
        bytes memory signature = _sign(OTHER_KEY, claim);
        vm.expectRevert(abi.encodeWithSelector(IFactCourt.BadSignature.selector, node));
        facts.proveWrongOpening(claim, signature, recordId, data, payoutSelector);
        claim.table = 2;
        signature = _sign(KEY, claim);
        vm.expectRevert(abi.encodeWithSelector(IFactCourt.UnknownBlockData.selector, claim.blockId));
        facts.proveWrongOpening(claim, signature, recordId, data, payoutSelector);
        (claim.table, claim.blockId) = (0, "another");
        signature = _sign(KEY, claim);
        vm.expectRevert(abi.encodeWithSelector(IFactCourt.UnknownBlockData.selector, bytes32("another")));
        facts.proveWrongOpening(claim, signature, recordId, data, payoutSelector);
        data.node = REPORTER; // not committed
        claim.blockId = blockIdOf(data);
        signature = _sign(KEY, claim);
        vm.expectRevert(abi.encodeWithSelector(IFactCourt.UnknownBlockData.selector, claim.blockId));
        facts.proveWrongOpening(claim, signature, recordId, data, payoutSelector);
    }

    /// @dev The setup of another class would make every honest opening look wrong.
    function test_theSetupIsThatOfTheRecordsClassAndLive() public {
        BlockRecord memory data = _block();
        OpeningClaim memory claim = _opening(data, 5, RHO);
        bytes memory signature = _sign(KEY, claim);
        vm.prank(address(timelock));
        bytes32 other = gateway.add(verifier, 2, 3, 1, VK);
        vm.expectRevert(abi.encodeWithSelector(IVerifierGateway.WrongClass.selector, other, 2, 1));
        facts.proveWrongOpening(claim, signature, recordId, data, other);
        vm.expectRevert(abi.encodeWithSelector(IVerifierGateway.WrongClass.selector, featuresSelector, 2, 1));
        facts.proveWrongOpening(claim, signature, recordId, data, featuresSelector);
        vm.prank(GUARDIAN);
        gateway.freeze(payoutSelector);
        vm.expectRevert(abi.encodeWithSelector(IVerifierGateway.NotLive.selector, payoutSelector, IVerifierGateway.Status.Frozen));
        facts.proveWrongOpening(claim, signature, recordId, data, payoutSelector);
        eq(stakes.active(Role.Node, node), 20 ether);
    }

    /// @dev Whatever gas the caller gives: a precompile that runs short must not read as "false".
    function test_shortGasNeverConvictsATrueOpening() public {
        BlockRecord memory data = _block();
        OpeningClaim memory claim = _opening(data, 5, RHO);
        bytes memory signature = _sign(KEY, claim);
        bytes memory call = abi.encodeCall(facts.proveWrongOpening, (claim, signature, recordId, data, payoutSelector));
        bytes4 last;
        for (uint256 gasLimit = 20_000; gasLimit < 400_000; gasLimit += 500) {
            (bool ok, bytes memory reason) = address(facts).call{gas: gasLimit}(call);
            assert(!ok);
            last = reason.length < 4 ? bytes4(0) : bytes4(reason);
        }
        eq(bytes32(last), bytes32(IFactCourt.OpeningIsTrue.selector)); // the gas did suffice in the end
        eq(stakes.active(Role.Node, node), 20 ether);
        _isStatus(data, IInferenceRegistry.BlockStatus.Committed);
        claim.value ^= 1; // and 500,000 are enough to convict a false one
        facts.proveWrongOpening{gas: 500_000}(claim, _sign(KEY, claim), recordId, data, payoutSelector);
    }

    function test_shortGasRevertsAndNeverAnswersFalse() public {
        BlockRecord memory data = _block();
        (, VerifyingKey memory key) = verifier.classEntry(2, 1);
        bytes memory call = abi.encodeCall(Opener.isTrue, (data.dlt, _opening(data, 5, RHO), key));
        Opener opener = new Opener();
        uint256 answers;
        for (uint256 gasLimit = 1000; gasLimit < 200_000; gasLimit += 50) {
            (bool ok, bytes memory answer) = address(opener).staticcall{gas: gasLimit}(call);
            if (!ok) continue;
            assert(abi.decode(answer, (bool)));
            ++answers;
        }
        assert(answers != 0);
    }

    function test_aSetupThatThePairingRefusesIsNoVerdict() public {
        BlockRecord memory data = _block();
        verifier.setTau([uint256(1), 2, 3, 4]); // not in G2
        OpeningClaim memory claim = _opening(data, 5, RHO);
        bytes memory signature = _sign(KEY, claim);
        vm.expectRevert(KzgOpening.PairingFailed.selector);
        facts.proveWrongOpening(claim, signature, recordId, data, payoutSelector);
    }
}
