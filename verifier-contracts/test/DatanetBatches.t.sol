// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {DatanetWorld} from "./support/DatanetWorld.sol";

/// @dev Batches: items under a Merkle root, laid out as src/chain/datanets/batch.ts does (sorted pairs, an odd last node moves up).
contract DatanetBatchesTest is DatanetWorld {
    struct Item {
        bytes32 contentHash;
        uint32 rows;
    }

    function setUp() public {
        deploy();
    }

    function test_verifiesEveryItemOfABatch() public {
        for (uint256 count = 1; count <= 9; ++count) {
            (uint256 id, Item[] memory items) = _batch(count);
            for (uint32 i; i < count; ++i) assert(datanets.verifyItem(id, i, items[i].contentHash, items[i].rows, _proof(items, i)));
        }
    }

    function test_pinsTheLeafAsItIsSpecified() public {
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(uint256(0), bytes32("content"), uint256(5)))));
        vm.prank(ALICE);
        uint256 id = datanets.contributeBatch(datanetId, leaf, 1, 5, "");
        assert(datanets.verifyItem(id, 0, "content", 5, new bytes32[](0)));
        assert(!datanets.verifyItem(id, 0, leaf, 5, new bytes32[](0)));
    }

    function test_refusesAnotherIndexContentOrRowCount() public {
        (uint256 id, Item[] memory items) = _batch(4);
        bytes32[] memory proof = _proof(items, 1);
        assert(datanets.verifyItem(id, 1, items[1].contentHash, items[1].rows, proof));
        for (uint32 i; i < 6; ++i) assert(i == 1 || !datanets.verifyItem(id, i, items[1].contentHash, items[1].rows, proof));
        assert(!datanets.verifyItem(id, 1, items[0].contentHash, items[1].rows, proof));
        assert(!datanets.verifyItem(id, 1, items[1].contentHash, items[1].rows + 1, proof));
        assert(!datanets.verifyItem(id, 1, items[1].contentHash, items[1].rows, _proof(items, 0)));
    }

    function test_anotherBatchHasOtherItems() public {
        (uint256 a, Item[] memory items) = _batch(4);
        (uint256 b,) = _batch(3);
        assert(datanets.verifyItem(a, 0, items[0].contentHash, items[0].rows, _proof(items, 0)));
        assert(!datanets.verifyItem(b, 0, items[0].contentHash, items[0].rows, _proof(items, 0)));
        assert(!datanets.verifyItem(99, 0, items[0].contentHash, items[0].rows, _proof(items, 0)));
        assert(!datanets.verifyItem(99, 0, 0, 0, new bytes32[](0)));
    }

    /// @dev An inner node is the hash of 64 bytes, a leaf is the hash of a hash: neither node nor pre-image passes for an item.
    function test_refusesInnerNodesAsItems() public {
        (uint256 id, Item[] memory items) = _batch(4);
        bytes32[] memory level = _level(_leaves(items));
        bytes32[] memory rest = new bytes32[](1);
        for (uint32 side; side < 2; ++side) {
            rest[0] = level[1 - side];
            for (uint32 index; index < 4; ++index) {
                assert(!datanets.verifyItem(id, index, level[side], items[0].rows, rest));
                assert(!datanets.verifyItem(id, index, _leaves(items)[side], uint32(uint256(_leaves(items)[1])), rest));
            }
        }
        bytes32 root = _level(level)[0];
        assert(!datanets.verifyItem(id, 0, root, 0, new bytes32[](0)));
    }

    function test_refusesProofsThatAreTooShortOrTooLong() public {
        (uint256 id, Item[] memory items) = _batch(4);
        bytes32[] memory proof = _proof(items, 2);
        bytes32[] memory short = new bytes32[](1);
        short[0] = proof[0];
        bytes32[] memory long = new bytes32[](3);
        (long[0], long[1]) = (proof[0], proof[1]);
        assert(!datanets.verifyItem(id, 2, items[2].contentHash, items[2].rows, short));
        assert(!datanets.verifyItem(id, 2, items[2].contentHash, items[2].rows, long));
        assert(!datanets.verifyItem(id, 2, items[2].contentHash, items[2].rows, new bytes32[](0)));
    }

    /// @dev A root over more leaves than the contribution declares shows none of the others.
    function test_refusesItemsBeyondTheDeclaredNumber() public {
        Item[] memory items = _items(5, 77);
        bytes32 root = _root(items);
        vm.prank(ALICE);
        uint256 id = datanets.contributeBatch(datanetId, root, 4, 100, "");
        assert(datanets.verifyItem(id, 3, items[3].contentHash, items[3].rows, _proof(items, 3)));
        assert(!datanets.verifyItem(id, 4, items[4].contentHash, items[4].rows, _proof(items, 4)));
    }

    function test_aSingleContributionHoldsNoItems() public {
        vm.prank(ALICE);
        uint256 id = datanets.contribute(datanetId, "content", 5, "");
        assert(!datanets.verifyItem(id, 0, "content", 5, new bytes32[](0)));
    }

    function test_aBatchCountsInASnapshotWithAllItsRows() public {
        (uint256 id, Item[] memory items) = _batch(3);
        uint256 rows = items[0].rows + items[1].rows + items[2].rows;
        accept(id);
        bytes32 snapshotId = snapshot(list(id));
        address[] memory who = new address[](1);
        uint32[] memory counts = new uint32[](1);
        (who[0], counts[0]) = (ALICE, uint32(rows));
        datanets.requireLayout(snapshotId, who, counts);
        assert(datanets.verifyItem(id, 2, items[2].contentHash, items[2].rows, _proof(items, 2)));
    }

    function testFuzz_verifiesItemsAndNothingElse(uint256 count, uint256 index, uint256 tamper, bytes32 noise) public {
        count = bound(count, 1, 33);
        index = bound(index, 0, count - 1);
        (uint256 id, Item[] memory items) = _batch(count);
        bytes32[] memory proof = _proof(items, index);
        Item memory item = items[index];
        assert(datanets.verifyItem(id, uint32(index), item.contentHash, item.rows, proof));
        vm.assume(noise != 0);
        tamper = tamper % (2 + proof.length);
        if (tamper == 0) item.contentHash ^= noise;
        else if (tamper == 1) index ^= 1 + uint256(noise) % type(uint16).max;
        else proof[tamper - 2] ^= noise;
        assert(!datanets.verifyItem(id, uint32(index), item.contentHash, item.rows, proof));
    }

    // ---- the tree ----

    function _batch(uint256 count) private returns (uint256 id, Item[] memory items) {
        items = _items(count, count);
        uint32 rows;
        for (uint256 i; i < count; ++i) rows += items[i].rows;
        bytes32 root = _root(items);
        vm.prank(ALICE);
        id = datanets.contributeBatch(datanetId, root, uint32(count), rows, "ipfs://batch");
    }

    function _items(uint256 count, uint256 seed) private pure returns (Item[] memory items) {
        items = new Item[](count);
        for (uint256 i; i < count; ++i) items[i] = Item(keccak256(abi.encode("item", seed, i)), uint32(3 + i));
    }

    function _leaves(Item[] memory items) private pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](items.length);
        for (uint256 i; i < items.length; ++i) {
            leaves[i] = keccak256(bytes.concat(keccak256(abi.encode(uint32(i), items[i].contentHash, items[i].rows))));
        }
    }

    function _level(bytes32[] memory below) private pure returns (bytes32[] memory level) {
        level = new bytes32[]((below.length + 1) / 2);
        for (uint256 i; i < level.length; ++i) {
            level[i] = 2 * i + 1 == below.length ? below[2 * i] : _parent(below[2 * i], below[2 * i + 1]);
        }
    }

    function _parent(bytes32 a, bytes32 b) private pure returns (bytes32) {
        return a < b ? keccak256(bytes.concat(a, b)) : keccak256(bytes.concat(b, a));
    }

    function _root(Item[] memory items) private pure returns (bytes32) {
        bytes32[] memory level = _leaves(items);
        while (level.length > 1) level = _level(level);
        return level[0];
    }

    function _proof(Item[] memory items, uint256 index) private pure returns (bytes32[] memory proof) {
        bytes32[] memory buffer = new bytes32[](32);
        uint256 n;
        for (bytes32[] memory level = _leaves(items); level.length > 1; (level = _level(level), index >>= 1)) {
            uint256 sibling = index ^ 1;
            if (sibling < level.length) buffer[n++] = level[sibling];
        }
        proof = new bytes32[](n);
        for (uint256 i; i < n; ++i) proof[i] = buffer[i];
    }
}
