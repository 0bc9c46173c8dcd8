// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {RecordHash} from "../../src/libraries/RecordHash.sol";
import "../../src/types/Economy.sol";
import "../../src/types/Types.sol";
import {AttributionSettlement, AuditCourt, DatanetRegistry, FactCourt, InferenceRegistry, ModelRegistry, OpenGovernor, Parameters, ProofMarket, RewardVault, StakeVault, TestVerifier, VerifierGateway, WrappedOpen} from "./Deployed.sol";
import {Rules} from "./Rules.sol";

/// @dev All contracts of the economy, wired as the deployment does it (addresses by nonce), and one adapter with three
///      contributors in address order. Only the verifier is a double: forge cannot make proofs.
abstract contract World is Rules {
    address internal constant OWNER = address(0x0a01);
    address internal constant PAYER = address(0x0a02);
    address internal constant NODE = address(0x0a03);
    address internal constant PROVER = address(0x0a04);
    address internal constant TREASURY = address(0x0a05);
    address internal constant GUARDIAN = address(0x0a06);
    address internal constant CURATOR = address(0x0a07);
    address internal constant OPERATOR = address(0x0a08);
    address internal constant RIVAL = address(0x0a09);
    address internal constant ALICE = address(0x0b01);
    address internal constant BOB = address(0x0b02);
    address internal constant CAROL = address(0x0b03);
    uint256 internal constant PERIOD = 1 hours;
    uint256 internal constant START = 1_800_000_000;
    uint8 internal constant HEIGHT_LOG = 7;
    bytes32 internal constant RECEIPT = keccak256("receipt");
    bytes32 internal constant MODEL = keccak256("model");
    bytes32 internal constant VK = bytes32(uint256(1));

    WrappedOpen internal open;
    Parameters internal parameters;
    StakeVault internal stakes;
    DatanetRegistry internal datanets;
    VerifierGateway internal gateway;
    ModelRegistry internal models;
    RewardVault internal vault;
    InferenceRegistry internal inferences;
    AttributionSettlement internal settlement;
    ProofMarket internal market;
    AuditCourt internal court;
    FactCourt internal facts;
    TimelockController internal timelock;
    OpenGovernor internal governor;
    TestVerifier internal verifier;

    AdapterData internal adapter;
    FeatureRecord internal record;
    bytes32 internal adapterId;
    bytes32 internal recordId;
    bytes32 internal featuresSelector;
    bytes32 internal payoutSelector;
    uint256 private _points;

    /// @dev Deploys everything; the timelock owns what is owned.
    function deploy() internal {
        vm.warp(START);
        verifier = TestVerifier(create("TestVerifier", ""));
        open = WrappedOpen(payable(create("WrappedOpen", "")));
        address[] memory none = new address[](0);
        timelock = TimelockController(payable(create("Timelock", abi.encode(1 days, none, none, address(this)))));
        governor = OpenGovernor(payable(create("OpenGovernor", abi.encode(open, timelock, 1 hours, 1 days, 1 ether, 4))));
        timelock.grantRole(timelock.PROPOSER_ROLE(), address(governor));
        timelock.grantRole(timelock.CANCELLER_ROLE(), address(governor));
        timelock.grantRole(timelock.EXECUTOR_ROLE(), address(0));
        timelock.renounceRole(timelock.DEFAULT_ADMIN_ROLE(), address(this));
        parameters = Parameters(payable(create("Parameters", abi.encode(address(timelock), GUARDIAN, TREASURY, defaultSplit(), stakeRules(), windowRules(), marketRules(), courtRules()))));

        uint256 nonce = vm.getNonce(address(this));
        address at_stakes = vm.computeCreateAddress(address(this), nonce);
        address at_inferences = vm.computeCreateAddress(address(this), nonce + 5);
        address at_settlement = vm.computeCreateAddress(address(this), nonce + 6);
        address at_market = vm.computeCreateAddress(address(this), nonce + 7);
        address at_court = vm.computeCreateAddress(address(this), nonce + 8);
        address at_facts = vm.computeCreateAddress(address(this), nonce + 9);
        stakes = StakeVault(payable(create("StakeVault", abi.encode(open, parameters, at_market, at_court, at_facts))));
        require(address(stakes) == at_stakes, "nonce");
        datanets = DatanetRegistry(payable(create("DatanetRegistry", "")));
        gateway = VerifierGateway(payable(create("VerifierGateway", abi.encode(address(timelock), parameters))));
        models = ModelRegistry(payable(create("ModelRegistry", abi.encode(parameters, stakes, datanets, gateway, at_court))));
        vault = RewardVault(payable(create("RewardVault", abi.encode(open, parameters, at_settlement, at_court, PERIOD))));
        inferences = InferenceRegistry(payable(create("InferenceRegistry", abi.encode(open, parameters, stakes, models, gateway, vault, at_settlement, at_market, at_court, at_facts))));
        require(address(inferences) == at_inferences, "nonce");
        settlement = AttributionSettlement(payable(create("AttributionSettlement", abi.encode(parameters, models, inferences, gateway, vault, at_market, at_court))));
        market = ProofMarket(payable(create("ProofMarket", abi.encode(open, parameters, stakes, inferences, models, settlement, vault, gateway))));
        court = AuditCourt(payable(create("AuditCourt", abi.encode(open, parameters, stakes, inferences, models, vault))));
        facts = FactCourt(payable(create("FactCourt", abi.encode(open, parameters, stakes, inferences, vault, gateway))));
        require(address(facts) == at_facts, "nonce");

        vm.startPrank(address(timelock));
        featuresSelector = gateway.add(verifier, 1, 1, 1, VK);
        payoutSelector = gateway.add(verifier, 2, 1, 1, VK);
        vm.stopPrank();
        address[8] memory rich = [OWNER, PAYER, NODE, PROVER, RIVAL, OPERATOR, CURATOR, GUARDIAN];
        for (uint256 i; i < rich.length; ++i) vm.deal(rich[i], 1e30);
    }

    /// @dev Datanet with three contributors, its snapshot, the model, the adapter.
    function registerAdapter() internal {
        vm.prank(OWNER);
        uint256 datanetId = datanets.createDatanet(keccak256("policy"), "ipfs://datanet");
        vm.prank(OWNER);
        datanets.setCurator(datanetId, CURATOR, true);
        uint256[] memory ids = new uint256[](3);
        address[] memory who = contributors();
        uint32[] memory rows = training().rows;
        for (uint256 c; c < 3; ++c) {
            vm.prank(who[c]);
            ids[c] = datanets.contribute(datanetId, keccak256(abi.encode("content", c)), rows[c], "ipfs://rows");
        }
        vm.startPrank(CURATOR);
        datanets.accept(ids);
        bytes32 snapshotId = datanets.createSnapshot(datanetId, ids);
        vm.stopPrank();
        vm.prank(OWNER);
        models.registerModel(MODEL, "ipfs://model");
        adapter = AdapterData(OWNER, 1, point(), point(), point(), point(), MODEL, keccak256("scales"), snapshotId);
        vm.prank(OWNER);
        adapterId = models.registerAdapter(adapter);
    }

    /// @dev The adapter owner's stake and its features record.
    function registerFeatures() internal {
        stake(Role.Adapter, OWNER, 5 ether);
        OpeningProof memory opening;
        Groth16Proof memory proof;
        // Every external call, a precompile too, would take the prank: arguments first.
        (G1Point memory g, G1Point memory m, TrainingData memory rows) = (point(), point(), training());
        vm.prank(OWNER);
        recordId = models.registerFeatures(adapter, rows, contributors(), g, m, featuresSelector, opening, proof);
        record = FeatureRecord(adapterId, 1, g, adapter.aStar, adapter.bStar, contributors(), RecordHash.trainingHash(rows));
    }

    /// @dev NODE, with stake; OPERATOR may request proofs for it.
    function registerNode() internal {
        stake(Role.Node, NODE, 20 ether);
        vm.prank(NODE);
        inferences.registerNode(OPERATOR, "https://node");
    }

    /// @dev All of the above.
    function build() internal {
        deploy();
        registerAdapter();
        registerFeatures();
        registerNode();
    }

    function stake(Role role, address who, uint256 amount) internal {
        vm.deal(who, who.balance + amount);
        vm.prank(who);
        stakes.deposit{value: amount}(role, amount);
    }

    /// @dev A fresh point of the curve.
    function point() internal returns (G1Point memory p) {
        return fixedPoint(1_000_000 + ++_points);
    }

    function fixedPoint(uint256 k) internal view returns (G1Point memory p) {
        (, bytes memory out) = address(7).staticcall(abi.encode(1, 2, k));
        p = abi.decode(out, (G1Point));
    }

    function training() internal view returns (TrainingData memory t) {
        t.heightLog = 5;
        t.dlt = new G1Point[](2);
        t.x = new G1Point[](2);
        for (uint256 k; k < 2; ++k) {
            t.dlt[k] = fixedPoint(1000 + k);
            t.x[k] = fixedPoint(1010 + k);
        }
        t.rows = new uint32[](3);
        (t.rows[0], t.rows[1], t.rows[2]) = (20, 30, 14);
    }

    function contributors() internal pure returns (address[] memory list) {
        list = new address[](3);
        (list[0], list[1], list[2]) = (ALICE, BOB, CAROL);
    }

    function inference(uint256 nonce, uint32 rows) internal pure returns (Inference memory) {
        return Inference(keccak256(abi.encode("request", nonce)), nonce, rows, keccak256(abi.encode("output", nonce)));
    }

    function pay(Inference memory i, uint256 fee) internal returns (bytes32) {
        Payment[] memory list = new Payment[](1);
        list[0] = Payment(NODE, adapterId, i.requestHash, i.nonce, fee);
        vm.prank(PAYER);
        return inferences.pay{value: fee}(list)[0];
    }

    /// @dev Commits as NODE; returns what a settlement hands in.
    function commit(Inference[] memory list) internal returns (BlockRecord memory data) {
        BlockCommitment memory c = commitment(list);
        vm.prank(NODE);
        bytes32 id = inferences.commitBlock(c);
        data = blockRecord(c);
        eq(id, blockIdOf(data));
    }

    function commitment(Inference[] memory list) internal returns (BlockCommitment memory) {
        return BlockCommitment(NODE, adapterId, HEIGHT_LOG, point(), point(), list, RECEIPT, uint64(block.timestamp + 1 hours));
    }

    function blockRecord(BlockCommitment memory c) internal view returns (BlockRecord memory data) {
        data.node = c.node;
        data.splitId = parameters.currentSplitId();
        data.heightLog = c.heightLog;
        (data.dlt, data.x) = (c.dlt, c.x);
        data.dataHash = keccak256(abi.encode(c.inferences, c.receiptHash));
        data.inferences = new BlockInference[](c.inferences.length);
        for (uint256 i; i < c.inferences.length; ++i) {
            data.inferences[i] = BlockInference(RecordHash.paymentKey(c.node, c.adapterId, c.inferences[i].requestHash, c.inferences[i].nonce), c.inferences[i].rows);
        }
    }

    function blockIdOf(BlockRecord memory data) internal view returns (bytes32) {
        return RecordHash.blockId(address(inferences), recordId, data);
    }

    /// @dev Pays for and commits one block with one inference of this fee.
    function paidBlock(uint256 nonce, uint256 fee) internal returns (BlockRecord memory) {
        Inference[] memory list = new Inference[](1);
        list[0] = inference(nonce, 5);
        pay(list[0], fee);
        return commit(list);
    }

    function blocks1(BlockRecord memory b) internal pure returns (BlockRecord[] memory list) {
        list = new BlockRecord[](1);
        list[0] = b;
    }

    function settlementOf(uint256[] memory payouts, uint256 zeroQueries) internal view returns (Settlement memory) {
        return Settlement(payoutSelector, fixedPoint(50), fixedPoint(51), payouts, zeroQueries);
    }

    function settle(BlockRecord[] memory blocks, uint256[] memory payouts, uint256 zeroQueries) internal returns (bytes32) {
        OpeningProof memory opening;
        Groth16Proof memory proof;
        Settlement memory claim = settlementOf(payouts, zeroQueries);
        vm.prank(PROVER);
        return settlement.settle(Job(record, blocks, PROVER), claim, opening, proof);
    }
}
