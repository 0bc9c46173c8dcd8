// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Split} from "../types/Economy.sol";

/// @title How one fee is divided
/// @notice contributors, node, prover, auditors = floor(fee * part / 10000); the treasury gets the rest, so the five always sum
///         to the fee.
library FeeSplit {
    uint256 internal constant WHOLE = 10_000;

    struct Parts {
        uint256 contributors;
        uint256 node;
        uint256 prover;
        uint256 auditors;
        uint256 treasury;
    }

    /// @param s parts that sum to 10000 (Parameters keeps no other): the four floors never exceed the fee
    function parts(uint256 fee, Split memory s) internal pure returns (Parts memory p) {
        p.contributors = fee * s.contributors / WHOLE;
        p.node = fee * s.node / WHOLE;
        p.prover = fee * s.prover / WHOLE;
        p.auditors = fee * s.auditors / WHOLE;
        p.treasury = fee - p.contributors - p.node - p.prover - p.auditors;
    }
}
