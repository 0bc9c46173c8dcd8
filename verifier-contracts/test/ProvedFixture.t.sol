// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Fixture} from "./support/Fixture.sol";

/// @dev Proofs that the prover made (test/contracts/writeProvedFixtures.ts), not simulated ones: accepted, and rejected with any word changed.
contract ProvedFixtureTest is Fixture {
    bytes private payout;
    bytes private features;

    function setUp() public {
        deployVerifier();
        uint256 relation;
        uint256 classId;
        bytes memory entry;
        (relation, classId, entry, payout) = load("payout-4x4-proved");
        add(relation, classId, entry);
        (relation, classId, entry, features) = load("features-4x4-proved");
        add(relation, classId, entry);
    }

    function test_acceptsWhatTheProverMade() public view {
        assert(accepts(payout));
        assert(accepts(features));
    }

    function test_rejectsEveryChangedWordOfTheProvedPayout() public view {
        _rejectsChanges(payout);
    }

    function test_rejectsEveryChangedWordOfTheProvedFeatures() public view {
        _rejectsChanges(features);
    }

    function _rejectsChanges(bytes memory proved) private view {
        for (uint256 offset = 36; offset <= proved.length; offset += 32) {
            bytes memory data = bytes.concat(proved);
            assembly ("memory-safe") {
                let at := add(data, offset)
                mstore(at, xor(mload(at), 1))
            }
            assert(!accepts(data));
        }
    }
}
