// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IDatanetRegistry} from "../src/interfaces/IDatanetRegistry.sol";
import {DatanetWorld} from "./support/DatanetWorld.sol";
import {Test} from "./support/Vm.sol";

/// @dev Random contributors and curators of two Datanets. `broken` keeps what must not happen inside an action: a revert there
///      would only be skipped.
contract DatanetHandler is DatanetWorld {
    struct Frozen {
        bytes32 id;
        address[] contributors;
        uint32[] rows;
    }

    Frozen[] private _frozen;
    bool public broken;
    uint256 public includedMost;

    constructor() {
        deploy();
        create(OWNER);
    }

    function contributeSome(uint256 who, uint256 where, uint256 content, uint32 rows) external {
        (uint256 id, bytes32 hash) = (1 + where % 2, bytes32(1 + content % 24));
        bool free = datanets.contributionOf(id, hash) == 0;
        vm.prank(_account(who));
        (bool ok,) = address(datanets).call(abi.encodeCall(datanets.contribute, (id, hash, 1 + rows % 1000, "")));
        if (ok != free) broken = true;
    }

    function acceptSome(uint256 first, uint256 second, bool two) external {
        uint256[] memory ids = two ? list(_pick(first), _pick(second)) : list(_pick(first));
        vm.prank(CURATOR);
        datanets.accept(ids);
    }

    function acceptOne(uint256 index) external {
        accept(_pick(index));
    }

    function rejectOne(uint256 index) external {
        reject(_pick(index));
    }

    function toggle(uint256 index) external {
        IDatanetRegistry.Contribution memory c = datanets.contribution(_pick(index));
        consent(c.contributor, _pick(index), !c.consent);
    }

    /// @dev The full list in its order is always taken; and never without its last, or with one more.
    function freeze(uint256 where, uint256 extra) external {
        uint256 id = 1 + where % 2;
        uint256[] memory ids = _sortedActive(id);
        if (ids.length == 0) return;
        uint256[] memory more = new uint256[](ids.length + 1);
        uint256[] memory less = new uint256[](ids.length - 1);
        for (uint256 i; i < ids.length; ++i) {
            more[i] = ids[i];
            if (i < less.length) less[i] = ids[i];
        }
        more[ids.length] = _pick(extra);
        if (_tryFreeze(id, more) || _tryFreeze(id, less)) broken = true;
        (,, uint32 version,) = datanets.datanet(id);
        if (!_tryFreeze(id, ids)) {
            broken = true;
            return;
        }
        (,, uint32 next, bytes32 snapshotId) = datanets.datanet(id);
        if (next != version + 1) broken = true;
        if (ids.length > includedMost) includedMost = ids.length;
        _remember(snapshotId, ids);
    }

    /// @dev Number of accepted and consented contributions, counted one by one.
    function recount(uint256 id) public view returns (uint256 count) {
        for (uint256 n = 1; n <= datanets.contributionCount(); ++n) {
            IDatanetRegistry.Contribution memory c = datanets.contribution(n);
            if (c.datanetId == id && c.status == IDatanetRegistry.ContributionStatus.Accepted && c.consent) ++count;
        }
    }

    function activeOf(uint256 id) external view returns (uint256 count) {
        (, count,,) = datanets.datanet(id);
    }

    /// @dev A hash names the one contribution that is pending or accepted with it; a rejected one is named by nothing.
    function requireContentsUnique() external view {
        for (uint256 n = 1; n <= datanets.contributionCount(); ++n) {
            IDatanetRegistry.Contribution memory c = datanets.contribution(n);
            bool named = datanets.contributionOf(c.datanetId, c.contentHash) == n;
            assert(named == (c.status != IDatanetRegistry.ContributionStatus.Rejected));
        }
    }

    function requireLayoutsKept() external view {
        for (uint256 i; i < _frozen.length; ++i) datanets.requireLayout(_frozen[i].id, _frozen[i].contributors, _frozen[i].rows);
    }

    function _account(uint256 seed) private pure returns (address) {
        return [ALICE, BOB, CAROL][seed % 3];
    }

    /// @dev 0 (unknown) while there is none.
    function _pick(uint256 seed) private view returns (uint256) {
        uint256 count = datanets.contributionCount();
        return count == 0 ? 0 : 1 + seed % count;
    }

    function _tryFreeze(uint256 id, uint256[] memory ids) private returns (bool ok) {
        vm.prank(CURATOR);
        (ok,) = address(datanets).call(abi.encodeCall(datanets.createSnapshot, (id, ids)));
    }

    function _sortedActive(uint256 id) private view returns (uint256[] memory ids) {
        ids = new uint256[](recount(id));
        uint256 k;
        address[3] memory order = [ALICE, BOB, CAROL];
        for (uint256 who; who < 3; ++who) {
            for (uint256 n = 1; n <= datanets.contributionCount(); ++n) {
                IDatanetRegistry.Contribution memory c = datanets.contribution(n);
                bool in_ = c.datanetId == id && c.contributor == order[who] && c.consent;
                if (in_ && c.status == IDatanetRegistry.ContributionStatus.Accepted) ids[k++] = n;
            }
        }
    }

    function _remember(bytes32 snapshotId, uint256[] memory ids) private {
        Frozen storage f = _frozen.push();
        f.id = snapshotId;
        for (uint256 i; i < ids.length; ++i) {
            IDatanetRegistry.Contribution memory c = datanets.contribution(ids[i]);
            if (f.contributors.length == 0 || f.contributors[f.contributors.length - 1] != c.contributor) {
                f.contributors.push(c.contributor);
                f.rows.push(0);
            }
            f.rows[f.rows.length - 1] += c.rows;
        }
    }
}

contract DatanetInvariants is Test {
    DatanetHandler private handler;

    function setUp() public {
        handler = new DatanetHandler();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_activeContributionsAreThoseAcceptedWithConsent() public view {
        eq(handler.activeOf(1), handler.recount(1));
        eq(handler.activeOf(2), handler.recount(2));
    }

    function invariant_contentsAreUniqueWhilePendingOrAccepted() public view {
        handler.requireContentsUnique();
    }

    function invariant_snapshotsStayAsTheyWere() public view {
        handler.requireLayoutsKept();
    }

    function invariant_onlyTheFullListIsTaken() public view {
        assert(!handler.broken());
    }

    /// @dev The handler does reach snapshots of several contributions: see that the invariants are not about nothing.
    function test_theHandlerFreezesWhatIsActive() public {
        for (uint256 i; i < 6; ++i) handler.contributeSome(i, 0, i, uint32(i));
        handler.acceptSome(0, 1, true);
        handler.acceptOne(2);
        handler.acceptOne(3);
        handler.toggle(2);
        handler.rejectOne(3);
        handler.toggle(3);
        handler.freeze(0, 4);
        eq(handler.includedMost(), 2);
        eq(handler.activeOf(1), 2);
        handler.toggle(2);
        handler.freeze(0, 4);
        eq(handler.includedMost(), 3);
        handler.requireLayoutsKept();
        assert(!handler.broken());
    }
}
