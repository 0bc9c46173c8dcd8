// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IDatanetRegistry} from "../src/interfaces/IDatanetRegistry.sol";
import {EmptyList, RowsOverflow} from "../src/types/Errors.sol";
import {DatanetWorld} from "./support/DatanetWorld.sol";
import {DatanetRegistry} from "./support/Deployed.sol";

/// @dev Snapshots hold everything that is accepted and consented to, in one order only.
contract DatanetSnapshotsTest is DatanetWorld {
    uint256 private a;
    uint256 private b;
    uint256 private c;

    function setUp() public {
        deploy();
        // Ids in another order than addresses.
        (c, a, b) = (accepted(CAROL, 14), accepted(ALICE, 20), accepted(BOB, 30));
    }

    function test_fixesContributorsAndRowsInAddressOrder() public {
        bytes32 id = _expectedId(datanetId, 1, _people(), _rows(20, 30, 14), list(a, b, c));
        vm.expectEmit();
        emit IDatanetRegistry.SnapshotCreated(datanetId, id, 1, list(a, b, c), _people(), _rows(20, 30, 14));
        eq(snapshot(list(a, b, c)), id);
        (,, uint32 snapshots, bytes32 latest) = datanets.datanet(datanetId);
        eq(snapshots, 1);
        eq(latest, id);
        assert(datanets.snapshotExists(id) && !datanets.snapshotExists(0) && !datanets.snapshotExists(bytes32(uint256(id) ^ 1)));
        datanets.requireLayout(id, _people(), _rows(20, 30, 14));
    }

    function test_ownerAndCuratorsOnlyCreateSnapshots() public {
        vm.prank(OWNER);
        datanets.createSnapshot(datanetId, list(a, b, c));
        bytes memory data = abi.encodeCall(datanets.createSnapshot, (datanetId, list(a, b, c)));
        refuse(ALICE, data, abi.encodeWithSelector(IDatanetRegistry.NotCurator.selector, datanetId, ALICE));
        vm.prank(OWNER);
        datanets.setCurator(datanetId, CURATOR, false);
        refuse(CURATOR, data, abi.encodeWithSelector(IDatanetRegistry.NotCurator.selector, datanetId, CURATOR));
        data = abi.encodeCall(datanets.createSnapshot, (9, list(a, b, c)));
        refuse(OWNER, data, abi.encodeWithSelector(IDatanetRegistry.UnknownDatanet.selector, 9));
    }

    function test_rowsOfOneContributorAddUpInOneInterval() public {
        uint256 more = accepted(ALICE, 5);
        uint256[] memory ids = new uint256[](4);
        (ids[0], ids[1], ids[2], ids[3]) = (a, more, b, c);
        bytes32 id = snapshot(ids);
        datanets.requireLayout(id, _people(), _rows(25, 30, 14));
        (ids[1], ids[2]) = (b, more); // in two intervals
        refuseSnapshot(ids, _order(2));
    }

    // ---- what a list can do wrong ----

    function test_refusesAListThatLeavesOneOut() public {
        refuseSnapshot(list(a, b), _incomplete(3, 2));
        refuseSnapshot(list(), abi.encodeWithSelector(EmptyList.selector));
        refuseSnapshot(list(a, b, b), _order(2)); // one twice instead
        refuseSnapshot(list(a, a, b), _order(1));
    }

    function test_refusesAListWithOneTooMany() public {
        uint256[] memory ids = new uint256[](4);
        (ids[0], ids[1], ids[2], ids[3]) = (a, b, c, c);
        refuseSnapshot(ids, _incomplete(3, 4));
    }

    function test_refusesEveryOtherOrder() public {
        refuseSnapshot(list(a, c, b), _order(2));
        refuseSnapshot(list(b, a, c), _order(1));
        refuseSnapshot(list(b, c, a), _order(2));
        refuseSnapshot(list(c, a, b), _order(1));
        refuseSnapshot(list(c, b, a), _order(1));
    }

    function test_refusesDescendingIdsOfOneContributor() public {
        uint256 more = accepted(CAROL, 1);
        uint256[] memory ids = new uint256[](4);
        (ids[0], ids[1], ids[2], ids[3]) = (a, b, more, c);
        refuseSnapshot(ids, _order(3));
        (ids[2], ids[3]) = (c, more);
        snapshot(ids);
    }

    function test_refusesPendingRejectedWithdrawnUnknownAndForeignContributions() public {
        uint256 pending = contribute(CAROL, 1);
        refuseSnapshot(list(a, b, pending), _notIncludable(pending));
        uint256 rejected = accepted(CAROL, 1);
        reject(rejected);
        refuseSnapshot(list(a, b, rejected), _notIncludable(rejected));
        uint256 withdrawn = accepted(CAROL, 1);
        consent(CAROL, withdrawn, false);
        refuseSnapshot(list(a, b, withdrawn), _notIncludable(withdrawn));
        refuseSnapshot(list(a, b, 99), _notIncludable(99));
        uint256 foreign = contributeTo(create(OWNER), CAROL, 1);
        accept(foreign);
        refuseSnapshot(list(a, b, foreign), _notIncludable(foreign));
        snapshot(list(a, b, c));
    }

    function test_withdrawnConsentLeavesAContributionOutFromThenOn() public {
        bytes32 before = snapshot(list(a, b, c));
        consent(BOB, b, false);
        refuseSnapshot(list(a, b, c), _incomplete(2, 3));
        refuseSnapshot(list(a, b), _notIncludable(b));
        bytes32 without = snapshot(list(a, c));
        datanets.requireLayout(before, _people(), _rows(20, 30, 14)); // as it was
        _refuseLayout(without, _people(), _rows(20, 30, 14));
        consent(BOB, b, true);
        refuseSnapshot(list(a, c), _incomplete(3, 2));
        snapshot(list(a, b, c));
    }

    function test_whoTogglesItsConsentToBlockSnapshotsCanBeRejected() public {
        consent(BOB, b, false); // before each snapshot of the full list, and back after
        refuseSnapshot(list(a, b, c), _incomplete(2, 3));
        consent(BOB, b, true);
        reject(b);
        consent(BOB, b, false);
        consent(BOB, b, true);
        snapshot(list(a, c));
    }

    function test_refusesAnEmptyDatanet() public {
        uint256 empty = create(OWNER);
        refuse(OWNER, abi.encodeCall(datanets.createSnapshot, (empty, list())), abi.encodeWithSelector(EmptyList.selector));
        contributeTo(empty, ALICE, 1); // pending only
        refuse(OWNER, abi.encodeCall(datanets.createSnapshot, (empty, list())), abi.encodeWithSelector(EmptyList.selector));
    }

    function test_refusesRowsOfOneContributorBeyondUint32() public {
        reject(a);
        reject(b);
        reject(c);
        uint32 most = type(uint32).max;
        (uint256 x, uint256 y) = (accepted(ALICE, most), accepted(ALICE, 1));
        refuseSnapshot(list(x, y), abi.encodeWithSelector(RowsOverflow.selector, most, uint256(most) + 1));
        reject(y);
        uint256 z = accepted(BOB, most); // each has its own sum
        bytes32 id = snapshot(list(x, z));
        address[] memory who = new address[](2);
        uint32[] memory rows = new uint32[](2);
        (who[0], who[1], rows[0], rows[1]) = (ALICE, BOB, most, most);
        datanets.requireLayout(id, who, rows);
    }

    // ---- ids ----

    function test_versionsTellEqualSnapshotsApart() public {
        bytes32 first = snapshot(list(a, b, c));
        bytes32 second = snapshot(list(a, b, c));
        assert(first != second);
        eq(second, _expectedId(datanetId, 2, _people(), _rows(20, 30, 14), list(a, b, c)));
        assert(datanets.snapshotExists(first) && datanets.snapshotExists(second));
    }

    function test_idsDifferByChainRegistryAndContents() public {
        uint256 at = vm.snapshotState();
        bytes32 id = snapshot(list(a, b, c));
        vm.revertToState(at);
        vm.chainId(block.chainid + 1);
        bytes32 elsewhere = snapshot(list(a, b, c));
        assert(id != elsewhere);
        vm.revertToState(at);

        // The same people and rows with other content, in the same place.
        reject(c);
        uint256 other = accepted(CAROL, 14);
        assert(snapshot(list(a, b, other)) != id);
        vm.revertToState(at);

        datanets = DatanetRegistry(payable(create("DatanetRegistry", "")));
        datanetId = create(OWNER);
        (c, a, b) = (accepted(CAROL, 14), accepted(ALICE, 20), accepted(BOB, 30));
        assert(snapshot(list(a, b, c)) != id);
    }

    // ---- layouts ----

    function test_aLayoutIsTheSamePeopleRowsAndOrderOrNone() public {
        bytes32 id = snapshot(list(a, b, c));
        (address[] memory who, uint32[] memory rows) = (_people(), _rows(20, 30, 14));
        datanets.requireLayout(id, who, rows);
        _refuseLayout(id, who, _rows(20, 31, 14));
        _refuseLayout(id, who, _rows(30, 20, 14));
        (who[0], who[1]) = (BOB, ALICE);
        _refuseLayout(id, who, rows);
        _refuseLayout(id, who, _rows(30, 20, 14)); // the pairs are right, their order is not
        who = _people();
        who[2] = STRANGER;
        _refuseLayout(id, who, rows);
        _refuseLayout(id, new address[](0), new uint32[](0));

        address[] memory four = new address[](4);
        uint32[] memory fourRows = new uint32[](4);
        for (uint256 i; i < 3; ++i) (four[i], fourRows[i]) = (_people()[i], rows[i]);
        (four[3], fourRows[3]) = (STRANGER, 1);
        _refuseLayout(id, four, fourRows);
        _refuseLayout(id, four, rows);
        _refuseLayout(id, _people(), fourRows);
        bytes memory unknown = abi.encodeWithSelector(IDatanetRegistry.UnknownSnapshot.selector, bytes32("none"));
        refuse(STRANGER, abi.encodeCall(datanets.requireLayout, ("none", _people(), rows)), unknown);
        unknown = abi.encodeWithSelector(IDatanetRegistry.UnknownSnapshot.selector, bytes32(0));
        refuse(STRANGER, abi.encodeCall(datanets.requireLayout, (0, _people(), rows)), unknown);
    }

    /// @dev Whatever was contributed by whom: of all lists of the right contributions, the sorted one passes, and no other.
    function testFuzz_oneOrderPasses(uint256 seed, uint256 i, uint256 j) public {
        datanetId = create(OWNER);
        uint256 count = 2 + seed % 7;
        uint256[] memory ids = new uint256[](count);
        for (uint256 n; n < count; ++n) {
            address who = address(uint160(0xc0de00 + uint256(keccak256(abi.encode(seed, n))) % 4));
            uint256 id = accepted(who, uint32(1 + n));
            uint256 k = n;
            for (; k != 0 && who < datanets.contribution(ids[k - 1]).contributor; --k) ids[k] = ids[k - 1];
            ids[k] = id;
        }
        (i, j) = (i % count, j % count);
        if (i != j) {
            (ids[i], ids[j]) = (ids[j], ids[i]);
            vm.prank(CURATOR);
            (bool ok, bytes memory reason) = address(datanets).call(abi.encodeCall(datanets.createSnapshot, (datanetId, ids)));
            assert(!ok && bytes4(reason) == IDatanetRegistry.SnapshotOrder.selector);
            (ids[i], ids[j]) = (ids[j], ids[i]);
        }
        assert(datanets.snapshotExists(snapshot(ids)));
    }

    // ---- helpers ----

    function _expectedId(uint256 id, uint256 version, address[] memory who, uint32[] memory rows, uint256[] memory ids)
        private
        view
        returns (bytes32)
    {
        bytes32[] memory hashes = new bytes32[](ids.length);
        for (uint256 i; i < ids.length; ++i) hashes[i] = datanets.contribution(ids[i]).contentHash;
        bytes32 layoutHash = keccak256(abi.encode(who, rows));
        bytes32 contentsHash = keccak256(abi.encode(ids, hashes));
        return keccak256(abi.encode(keccak256("zkattr.snapshot.v1"), block.chainid, address(datanets), id, version, layoutHash, contentsHash));
    }

    function _refuseLayout(bytes32 id, address[] memory who, uint32[] memory rows) private {
        refuse(STRANGER, abi.encodeCall(datanets.requireLayout, (id, who, rows)), abi.encodeWithSelector(IDatanetRegistry.LayoutMismatch.selector, id));
    }

    function _people() private pure returns (address[] memory who) {
        who = new address[](3);
        (who[0], who[1], who[2]) = (ALICE, BOB, CAROL);
    }

    function _rows(uint32 x, uint32 y, uint32 z) private pure returns (uint32[] memory rows) {
        rows = new uint32[](3);
        (rows[0], rows[1], rows[2]) = (x, y, z);
    }

    function _order(uint256 index) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IDatanetRegistry.SnapshotOrder.selector, index);
    }

    function _incomplete(uint256 expected, uint256 got) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IDatanetRegistry.SnapshotIncomplete.selector, expected, got);
    }

    function _notIncludable(uint256 id) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IDatanetRegistry.NotIncludable.selector, id);
    }
}
