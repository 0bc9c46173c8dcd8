// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BlockInference} from "../types/Types.sol";
import {EmptyList, RowsOverflow, ZeroRows} from "../types/Errors.sol";

/// @title Segment ends, always derived by the contract (docs/PROTOCOL.md section 2)
library Boundaries {
    /// @notice Ends of contributors' rows: running sums of `rows`, at most `capacity`; rows behind the last are nobody's.
    function ofRows(uint32[] calldata rows, uint256 capacity) internal pure returns (uint256[] memory ends) {
        if (rows.length == 0) revert EmptyList();
        ends = new uint256[](rows.length);
        uint256 end;
        for (uint256 i; i < rows.length; ++i) {
            if (rows[i] == 0) revert ZeroRows(i);
            end += rows[i];
            ends[i] = end;
        }
        if (end > capacity) revert RowsOverflow(capacity, end);
    }

    /// @notice Ends of the queries of block `index`, written to ends[start..): the block starts at index 2^heightLog, and
    ///         its last query ends where the block ends, padding rows included.
    /// @return next start + number of queries
    function putBlock(uint256[] memory ends, uint256 start, BlockInference[] calldata inferences, uint256 index, uint256 heightLog)
        internal
        pure
        returns (uint256 next)
    {
        uint256 end = index << heightLog;
        next = start + inferences.length;
        for (uint256 i; i < inferences.length; ++i) {
            end += inferences[i].rows;
            ends[start + i] = end;
        }
        ends[next - 1] = (index + 1) << heightLog;
    }
}
