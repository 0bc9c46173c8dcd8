// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {World} from "./support/World.sol";

/// @dev Gas of the registries' calls, by call: without the 21,000 of a transaction and its calldata. What a call needs is there
///      from setUp, so that its storage is cold, as in a transaction of its own.
contract RegistryGasTest is World {
    uint256 private small;
    uint256 private large;
    uint256[] private four;
    uint256[] private many;
    uint256 private pending;

    function setUp() public {
        deploy();
        registerAdapter();
        (small, four) = _datanet(4);
        (large, many) = _datanet(64);
        pending = _contribute(small, 5);
        adapter.quantisationHash = "other";
    }

    function test_gasOfContributions() public {
        vm.prank(ALICE);
        datanets.contribute(small, "single", 20, "ipfs://bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi");
        vm.snapshotGasLastCall("DatanetRegistry", "contribute");
    }

    function test_gasOfABatch() public {
        vm.prank(ALICE);
        datanets.contributeBatch(small, "batch", 1000, 20_000, "ipfs://bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi");
        vm.snapshotGasLastCall("DatanetRegistry", "contributeBatch, any number of items");
    }

    function test_gasOfAcceptance() public {
        uint256[] memory ids = new uint256[](1);
        ids[0] = pending;
        vm.prank(CURATOR);
        datanets.accept(ids);
        vm.snapshotGasLastCall("DatanetRegistry", "accept one");
    }

    function test_gasOfASnapshotOfFour() public {
        uint256[] memory ids = four;
        vm.prank(CURATOR);
        datanets.createSnapshot(small, ids);
        vm.snapshotGasLastCall("DatanetRegistry", "createSnapshot, 4 contributors");
    }

    function test_gasOfASnapshotOfSixtyFour() public {
        uint256[] memory ids = many;
        vm.prank(CURATOR);
        datanets.createSnapshot(large, ids);
        vm.snapshotGasLastCall("DatanetRegistry", "createSnapshot, 64 contributors");
    }

    function test_gasOfAnAdapter() public {
        vm.prank(OWNER);
        models.registerAdapter(adapter);
        vm.snapshotGasLastCall("ModelRegistry", "registerAdapter");
    }

    function _datanet(uint256 count) private returns (uint256 id, uint256[] memory ids) {
        vm.startPrank(OWNER);
        id = datanets.createDatanet("policy", "ipfs://datanet");
        datanets.setCurator(id, CURATOR, true);
        vm.stopPrank();
        ids = new uint256[](count);
        for (uint256 c; c < count; ++c) ids[c] = _contribute(id, c);
        vm.prank(CURATOR);
        datanets.accept(ids);
    }

    function _contribute(uint256 id, uint256 c) private returns (uint256) {
        vm.prank(address(uint160(0xc0de00 + c)));
        return datanets.contribute(id, keccak256(abi.encode(c)), 20, "ipfs://rows");
    }
}
