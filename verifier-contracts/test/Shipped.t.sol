// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "./support/Vm.sol";

/// @dev Tested code is shipped code: what create(name) deploys here is what build.mjs wrote for the deployment.
contract ShippedTest is Test {
    string private json;

    function setUp() public {
        json = vm.readFile("test/fixtures/shipped.json");
    }

    function test_deploysTheCodeThatIsShipped() public view {
        string[] memory names = vm.parseJsonStringArray(json, ".names");
        bytes32[] memory hashes = vm.parseJsonBytes32Array(json, ".hashes");
        assert(names.length > 14);
        eq(names.length, hashes.length);
        for (uint256 i; i < names.length; ++i) {
            // The timelock has another name in the tests (Timelock.sol).
            string memory name = keccak256(bytes(names[i])) == keccak256("TimelockController") ? "Timelock" : names[i];
            if (keccak256(vm.getCode(string.concat(name, ".sol:", name))) != hashes[i]) {
                revert(string.concat(name, " is not the shipped code: run build.mjs, or a test imports the contract"));
            }
        }
    }
}
