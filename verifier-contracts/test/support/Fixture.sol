// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import "../../src/types/Types.sol";
import {AttributionVerifier} from "./Deployed.sol";
import {Test} from "./Vm.sol";

/// @dev Fixtures name chain and verifier: the digest binds both. The verifier is the first contract (nonce 0) of DEPLOYER on
///      chain 31337; test/contracts/fixture.ts computes the same address. A file of test/fixtures has: provenance,
///      relation, classId, entry = abi.encode(ClassShape, VerifyingKey), calldata = the whole verify call.
abstract contract Fixture is Test {
    address internal constant DEPLOYER = 0x00000000000000000000000000000000000A77e5;

    AttributionVerifier internal verifier;

    function deployVerifier() internal {
        vm.chainId(31337);
        vm.prank(DEPLOYER);
        verifier = AttributionVerifier(payable(create("AttributionVerifier", abi.encode(address(this), bytes32(0)))));
    }

    function load(string memory name) internal view returns (uint256 relation, uint256 classId, bytes memory entry, bytes memory data) {
        string memory json = vm.readFile(string.concat("test/fixtures/", name, ".json"));
        relation = vm.parseJsonUint(json, ".relation");
        classId = vm.parseJsonUint(json, ".classId");
        entry = vm.parseJsonBytes(json, ".entry");
        data = vm.parseJsonBytes(json, ".calldata");
        require(vm.parseJsonAddress(json, ".verifier") == address(verifier), "fixture for another verifier address");
    }

    function add(uint256 relation, uint256 classId, bytes memory entry) internal {
        (ClassShape memory shape, VerifyingKey memory key) = abi.decode(entry, (ClassShape, VerifyingKey));
        verifier.addClass(relation, classId, shape, key, true);
    }

    /// @dev A failing precompile eats all gas it is given, hence the limit.
    function accepts(bytes memory data) internal view returns (bool ok) {
        (ok,) = address(verifier).staticcall{gas: 1_500_000}(data);
    }
}
