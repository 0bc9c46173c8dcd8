// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IDatanetRegistry} from "../../src/interfaces/IDatanetRegistry.sol";
import {DatanetRegistry} from "./Deployed.sol";
import {Test} from "./Vm.sol";

/// @dev A Datanet with an owner and a curator, and what its tests share.
abstract contract DatanetWorld is Test {
    address internal constant OWNER = address(0x0a01);
    address internal constant CURATOR = address(0x0a07);
    address internal constant STRANGER = address(0x0a09);
    address internal constant ALICE = address(0x0b01);
    address internal constant BOB = address(0x0b02);
    address internal constant CAROL = address(0x0b03);
    bytes32 internal constant POLICY = keccak256("policy");

    DatanetRegistry internal datanets;
    uint256 internal datanetId;
    uint256 private _contents;

    function deploy() internal {
        datanets = DatanetRegistry(payable(create("DatanetRegistry", "")));
        datanetId = create(OWNER);
    }

    function create(address owner) internal returns (uint256 id) {
        vm.prank(owner);
        id = datanets.createDatanet(POLICY, "ipfs://datanet");
        vm.prank(owner);
        datanets.setCurator(id, CURATOR, true);
    }

    /// @dev Fresh content, pending.
    function contribute(address who, uint32 rows) internal returns (uint256) {
        return contributeTo(datanetId, who, rows);
    }

    function contributeTo(uint256 id, address who, uint32 rows) internal returns (uint256) {
        vm.prank(who);
        return datanets.contribute(id, keccak256(abi.encode("content", ++_contents)), rows, "ipfs://rows");
    }

    function accept(uint256 id) internal {
        vm.prank(CURATOR);
        datanets.accept(list(id));
    }

    function reject(uint256 id) internal {
        vm.prank(CURATOR);
        datanets.reject(id, "why");
    }

    function consent(address who, uint256 id, bool given) internal {
        vm.prank(who);
        datanets.setConsent(id, given);
    }

    function accepted(address who, uint32 rows) internal returns (uint256 id) {
        id = contribute(who, rows);
        accept(id);
    }

    function snapshot(uint256[] memory ids) internal returns (bytes32) {
        vm.prank(CURATOR);
        return datanets.createSnapshot(datanetId, ids);
    }

    function active() internal view returns (uint32 count) {
        (, count,,) = datanets.datanet(datanetId);
    }

    function statusOf(uint256 id) internal view returns (IDatanetRegistry.ContributionStatus) {
        return datanets.contribution(id).status;
    }

    /// @dev The call fails with exactly this reason.
    function refuse(address from, bytes memory data, bytes memory reason) internal {
        vm.prank(from);
        (bool ok, bytes memory got) = address(datanets).call(data);
        if (ok) revert("was not refused");
        if (keccak256(got) != keccak256(reason)) {
            assembly {
                revert(add(got, 0x20), mload(got))
            }
        }
    }

    function refuseSnapshot(uint256[] memory ids, bytes memory reason) internal {
        refuse(CURATOR, abi.encodeCall(datanets.createSnapshot, (datanetId, ids)), reason);
    }

    function list() internal pure returns (uint256[] memory) {
        return new uint256[](0);
    }

    function list(uint256 a) internal pure returns (uint256[] memory l) {
        l = new uint256[](1);
        l[0] = a;
    }

    function list(uint256 a, uint256 b) internal pure returns (uint256[] memory l) {
        l = new uint256[](2);
        (l[0], l[1]) = (a, b);
    }

    function list(uint256 a, uint256 b, uint256 c) internal pure returns (uint256[] memory l) {
        l = new uint256[](3);
        (l[0], l[1], l[2]) = (a, b, c);
    }
}
