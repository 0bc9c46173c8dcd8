// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IDatanetRegistry} from "../src/interfaces/IDatanetRegistry.sol";
import {EmptyList, ZeroAddress} from "../src/types/Errors.sol";
import {DatanetWorld} from "./support/DatanetWorld.sol";

/// @dev Roles, contributions and consent; snapshots and batches have their own files.
contract DatanetRegistryTest is DatanetWorld {
    function setUp() public {
        deploy();
    }

    // ---- Datanets and their owners ----

    function test_countsDatanetsFromOneAndSaysWhoseTheyAre() public {
        eq(datanetId, 1);
        vm.expectEmit();
        emit IDatanetRegistry.DatanetCreated(2, BOB, POLICY, "ipfs://second");
        vm.prank(BOB);
        eq(datanets.createDatanet(POLICY, "ipfs://second"), 2);
        (address owner, uint32 count, uint32 snapshots, bytes32 latest) = datanets.datanet(2);
        eq(owner, BOB);
        eq(uint256(count) + snapshots, 0);
        eq(latest, bytes32(0));
        eq(datanets.datanetCount(), 2);
        (owner,,,) = datanets.datanet(3);
        eq(owner, address(0));
    }

    function test_onlyTheOwnerUpdatesADatanet() public {
        vm.expectEmit();
        emit IDatanetRegistry.DatanetUpdated(datanetId, "new", "ipfs://new");
        vm.prank(OWNER);
        datanets.updateDatanet(datanetId, "new", "ipfs://new");
        _onlyOwner(abi.encodeCall(datanets.updateDatanet, (datanetId, "x", "")));
        refuse(OWNER, abi.encodeCall(datanets.updateDatanet, (9, "x", "")), _unknownDatanet(9));
    }

    function test_ownershipMovesInTwoSteps() public {
        vm.expectEmit();
        emit IDatanetRegistry.DatanetOwnerProposed(datanetId, BOB);
        vm.prank(OWNER);
        datanets.transferDatanet(datanetId, BOB);
        eq(datanets.pendingOwner(datanetId), BOB);
        (address owner,,,) = datanets.datanet(datanetId);
        eq(owner, OWNER);
        _refuseTaking(STRANGER);
        _refuseTaking(OWNER);

        vm.expectEmit();
        emit IDatanetRegistry.DatanetOwnerSet(datanetId, BOB);
        vm.prank(BOB);
        datanets.acceptDatanet(datanetId);
        (owner,,,) = datanets.datanet(datanetId);
        eq(owner, BOB);
        eq(datanets.pendingOwner(datanetId), address(0));
        _refuseTaking(BOB);
        _onlyOwner(abi.encodeCall(datanets.updateDatanet, (datanetId, "x", "")));
        assert(!datanets.isCurator(datanetId, OWNER) && datanets.isCurator(datanetId, BOB) && datanets.isCurator(datanetId, CURATOR));
    }

    function test_aProposedOwnerCanBeReplacedOrWithdrawn() public {
        vm.startPrank(OWNER);
        datanets.transferDatanet(datanetId, BOB);
        datanets.transferDatanet(datanetId, CAROL);
        vm.stopPrank();
        _refuseTaking(BOB);
        vm.prank(OWNER);
        datanets.transferDatanet(datanetId, address(0));
        _refuseTaking(CAROL);
        _onlyOwner(abi.encodeCall(datanets.transferDatanet, (datanetId, STRANGER)));
        refuse(OWNER, abi.encodeCall(datanets.transferDatanet, (9, OWNER)), _unknownDatanet(9));
        refuse(OWNER, abi.encodeCall(datanets.acceptDatanet, (9)), _unknownDatanet(9));
    }

    function test_onlyTheOwnerAppointsCurators() public {
        assert(datanets.isCurator(datanetId, CURATOR) && datanets.isCurator(datanetId, OWNER));
        assert(!datanets.isCurator(datanetId, STRANGER) && !datanets.isCurator(9, CURATOR) && !datanets.isCurator(9, address(0)));
        vm.expectEmit();
        emit IDatanetRegistry.CuratorSet(datanetId, CURATOR, false);
        vm.prank(OWNER);
        datanets.setCurator(datanetId, CURATOR, false);
        assert(!datanets.isCurator(datanetId, CURATOR));
        _onlyOwner(abi.encodeCall(datanets.setCurator, (datanetId, STRANGER, true)));
        refuse(OWNER, abi.encodeCall(datanets.setCurator, (datanetId, address(0), true)), abi.encodeWithSelector(ZeroAddress.selector));
        refuse(OWNER, abi.encodeCall(datanets.setCurator, (9, CURATOR, true)), _unknownDatanet(9));
        refuse(CURATOR, abi.encodeCall(datanets.accept, (list(contribute(ALICE, 1)))), _notCurator(datanetId, CURATOR));
    }

    // ---- contributions ----

    function test_keepsAContributionAsItWasMade() public {
        vm.expectEmit();
        emit IDatanetRegistry.Contributed(datanetId, 1, ALICE, "hash", 20, 1, "ipfs://rows");
        vm.prank(ALICE);
        eq(datanets.contribute(datanetId, "hash", 20, "ipfs://rows"), 1);
        IDatanetRegistry.Contribution memory c = datanets.contribution(1);
        eq(c.datanetId, datanetId);
        eq(c.contributor, ALICE);
        eq(uint256(c.rows), 20);
        eq(uint256(c.items), 1);
        eq(c.contentHash, "hash");
        assert(c.status == IDatanetRegistry.ContributionStatus.Pending && c.consent);
        eq(datanets.contributionOf(datanetId, "hash"), 1);
        eq(active(), 0);

        vm.expectEmit();
        emit IDatanetRegistry.Contributed(datanetId, 2, ALICE, "root", 70, 7, "ipfs://batch");
        vm.prank(ALICE);
        eq(datanets.contributeBatch(datanetId, "root", 7, 70, "ipfs://batch"), 2);
        eq(uint256(datanets.contribution(2).items), 7);
        eq(datanets.contributionCount(), 2);
        assert(statusOf(3) == IDatanetRegistry.ContributionStatus.None);
    }

    function test_refusesEmptyContributionsAndUnknownDatanets() public {
        bytes memory empty = abi.encodeWithSelector(IDatanetRegistry.EmptyContribution.selector);
        refuse(ALICE, abi.encodeCall(datanets.contribute, (datanetId, 0, 1, "")), empty);
        refuse(ALICE, abi.encodeCall(datanets.contribute, (datanetId, "hash", 0, "")), empty);
        refuse(ALICE, abi.encodeCall(datanets.contributeBatch, (datanetId, "hash", 0, 1, "")), empty);
        refuse(ALICE, abi.encodeCall(datanets.contributeBatch, (datanetId, "hash", 1, 0, "")), empty);
        refuse(ALICE, abi.encodeCall(datanets.contribute, (2, "hash", 1, "")), _unknownDatanet(2));
        refuse(ALICE, abi.encodeCall(datanets.contribute, (0, "hash", 1, "")), _unknownDatanet(0));
    }

    function test_contentIsUniqueInADatanetWhilePendingOrAccepted() public {
        vm.prank(ALICE);
        uint256 id = datanets.contribute(datanetId, "hash", 20, "");
        _refuseDuplicate(ALICE);
        _refuseDuplicate(BOB);
        accept(id);
        _refuseDuplicate(BOB);
        consent(ALICE, id, false);
        _refuseDuplicate(BOB);
        uint256 other = create(BOB);
        vm.prank(BOB);
        datanets.contribute(other, "hash", 20, ""); // another Datanet
    }

    function test_aRejectedHashIsFreeAgain() public {
        vm.prank(STRANGER); // a copy that came first
        uint256 copy = datanets.contribute(datanetId, "hash", 1, "");
        reject(copy);
        eq(datanets.contributionOf(datanetId, "hash"), 0);
        vm.prank(ALICE);
        uint256 id = datanets.contribute(datanetId, "hash", 20, "");
        eq(datanets.contributionOf(datanetId, "hash"), id);
        accept(id);
        // The rejected one cannot be rejected once more, which would free the hash of the other.
        refuse(CURATOR, abi.encodeCall(datanets.reject, (copy, "")), _wrongStatus(copy, IDatanetRegistry.ContributionStatus.Rejected));
        refuse(CURATOR, abi.encodeCall(datanets.accept, (list(copy))), _wrongStatus(copy, IDatanetRegistry.ContributionStatus.Rejected));
        eq(datanets.contributionOf(datanetId, "hash"), id);
        eq(active(), 1);
    }

    // ---- curation ----

    function test_ownerAndCuratorsAccept() public {
        (uint256 a, uint256 b) = (contribute(ALICE, 1), contribute(BOB, 2));
        vm.expectEmit();
        emit IDatanetRegistry.Accepted(datanetId, a, CURATOR);
        accept(a);
        vm.expectEmit();
        emit IDatanetRegistry.Accepted(datanetId, b, OWNER);
        vm.prank(OWNER);
        datanets.accept(list(b));
        eq(active(), 2);
        assert(statusOf(a) == IDatanetRegistry.ContributionStatus.Accepted);
    }

    function test_acceptsContributionsOfSeveralDatanetsAtOnce() public {
        uint256 other = create(BOB);
        (uint256 a, uint256 b) = (contribute(ALICE, 1), contributeTo(other, ALICE, 2));
        vm.prank(CURATOR);
        datanets.accept(list(a, b));
        (, uint32 count,,) = datanets.datanet(other);
        eq(active(), 1);
        eq(count, 1);
    }

    function test_refusesToAcceptWhatIsNotPendingHereOrNotTheCallersToDecide() public {
        uint256 id = contribute(ALICE, 1);
        refuse(CURATOR, abi.encodeCall(datanets.accept, (list())), abi.encodeWithSelector(EmptyList.selector));
        refuse(CURATOR, abi.encodeCall(datanets.accept, (list(9))), _unknownContribution(9));
        refuse(ALICE, abi.encodeCall(datanets.accept, (list(id))), _notCurator(datanetId, ALICE));
        uint256 foreign = contributeTo(create(BOB), ALICE, 1);
        refuse(OWNER, abi.encodeCall(datanets.accept, (list(id, foreign))), _notCurator(2, OWNER));
        eq(active(), 0);
        bytes memory twice = _wrongStatus(id, IDatanetRegistry.ContributionStatus.Accepted);
        refuse(CURATOR, abi.encodeCall(datanets.accept, (list(id, id))), twice);
        accept(id);
        refuse(CURATOR, abi.encodeCall(datanets.accept, (list(id))), twice);
        eq(active(), 1);
    }

    function test_curatorsRejectWhatIsPendingOrAccepted() public {
        (uint256 pending, uint256 taken) = (contribute(ALICE, 1), accepted(BOB, 1));
        vm.expectEmit();
        emit IDatanetRegistry.Rejected(datanetId, pending, CURATOR, "why");
        reject(pending);
        eq(active(), 1);
        reject(taken);
        eq(active(), 0);
        uint256 id = accepted(CAROL, 1);
        refuse(CAROL, abi.encodeCall(datanets.reject, (id, "")), _notCurator(datanetId, CAROL));
        refuse(CURATOR, abi.encodeCall(datanets.reject, (9, "")), _unknownContribution(9));
        uint256 foreign = contributeTo(create(BOB), ALICE, 1);
        refuse(OWNER, abi.encodeCall(datanets.reject, (foreign, "")), _notCurator(2, OWNER));
    }

    // ---- consent ----

    function test_onlyTheContributorChangesItsConsent() public {
        uint256 id = accepted(ALICE, 1);
        vm.expectEmit();
        emit IDatanetRegistry.ConsentSet(datanetId, id, false);
        consent(ALICE, id, false);
        assert(!datanets.contribution(id).consent);
        bytes memory unchanged = abi.encodeWithSelector(IDatanetRegistry.ConsentUnchanged.selector, id);
        refuse(ALICE, abi.encodeCall(datanets.setConsent, (id, false)), unchanged);
        consent(ALICE, id, true);
        refuse(ALICE, abi.encodeCall(datanets.setConsent, (id, true)), unchanged);
        address[3] memory others = [OWNER, CURATOR, BOB];
        for (uint256 i; i < 3; ++i) {
            bytes memory reason = abi.encodeWithSelector(IDatanetRegistry.NotContributor.selector, id, others[i]);
            refuse(others[i], abi.encodeCall(datanets.setConsent, (id, false)), reason);
        }
        refuse(ALICE, abi.encodeCall(datanets.setConsent, (9, false)), _unknownContribution(9));
    }

    function test_consentAndAcceptanceCountInEitherOrder() public {
        uint256 id = contribute(ALICE, 1);
        consent(ALICE, id, false);
        accept(id);
        eq(active(), 0);
        consent(ALICE, id, true);
        eq(active(), 1);
        consent(ALICE, id, false);
        eq(active(), 0);

        uint256 other = contribute(ALICE, 1);
        consent(ALICE, other, false);
        consent(ALICE, other, true);
        accept(other);
        eq(active(), 1);
    }

    function test_theConsentOfARejectedContributionCountsForNothing() public {
        (uint256 pending, uint256 withdrawn, uint256 taken) = (contribute(ALICE, 1), accepted(ALICE, 1), accepted(ALICE, 1));
        consent(ALICE, withdrawn, false);
        reject(pending);
        reject(withdrawn);
        reject(taken);
        eq(active(), 0);
        consent(ALICE, pending, false);
        consent(ALICE, withdrawn, true);
        consent(ALICE, taken, false);
        consent(ALICE, taken, true);
        eq(active(), 0);
    }

    // ---- helpers ----

    function _onlyOwner(bytes memory data) private {
        refuse(STRANGER, data, abi.encodeWithSelector(IDatanetRegistry.NotDatanetOwner.selector, datanetId, STRANGER));
        refuse(CURATOR, data, abi.encodeWithSelector(IDatanetRegistry.NotDatanetOwner.selector, datanetId, CURATOR));
    }

    function _refuseTaking(address who) private {
        refuse(who, abi.encodeCall(datanets.acceptDatanet, (datanetId)), abi.encodeWithSelector(IDatanetRegistry.NotPendingOwner.selector, datanetId, who));
    }

    function _refuseDuplicate(address who) private {
        bytes memory reason = abi.encodeWithSelector(IDatanetRegistry.DuplicateContent.selector, datanetId, bytes32("hash"));
        refuse(who, abi.encodeCall(datanets.contribute, (datanetId, "hash", 5, "")), reason);
        refuse(who, abi.encodeCall(datanets.contributeBatch, (datanetId, "hash", 2, 5, "")), reason);
    }

    function _unknownDatanet(uint256 id) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IDatanetRegistry.UnknownDatanet.selector, id);
    }

    function _unknownContribution(uint256 id) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IDatanetRegistry.UnknownContribution.selector, id);
    }

    function _notCurator(uint256 id, address who) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IDatanetRegistry.NotCurator.selector, id, who);
    }

    function _wrongStatus(uint256 id, IDatanetRegistry.ContributionStatus status) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IDatanetRegistry.WrongContributionStatus.selector, id, status);
    }
}
