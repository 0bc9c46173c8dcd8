// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import "../../src/types/Economy.sol";
import {Test} from "./Vm.sol";

/// @dev The parameters that tests start with.
abstract contract Rules is Test {
    function defaultSplit() internal pure returns (Split memory) {
        return Split({contributors: 6000, node: 2000, prover: 1000, auditors: 500, treasury: 500});
    }

    function stakeRules() internal pure returns (StakeRules memory) {
        return StakeRules({node: 10 ether, adapter: 5 ether, auditor: 20 ether, unbondingSeconds: 14 days});
    }

    function windowRules() internal pure returns (WindowRules memory) {
        return WindowRules({settlementSeconds: 3 days, challengeSeconds: 1 days});
    }

    function marketRules() internal pure returns (MarketRules memory) {
        return MarketRules({minPrice: 1e12, maxPrice: 100 ether, minCollateral: 1e12, minLockSeconds: 60, maxRequestSeconds: 1 days, lateBps: 5000, slasherBps: 500});
    }

    function courtRules() internal pure returns (CourtRules memory) {
        return CourtRules({
            bond: 1 ether, nodeSlash: 10 ether, adapterSlash: 5 ether, voterSlash: 1 ether, auditFee: 0.1 ether, seats: 3, commitSeconds: 1 hours,
            revealSeconds: 1 hours, auditSeconds: 1 days, challengerBps: 5000, committeeBps: 2500, auditRateBps: 1000
        });
    }
}
