// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import "../../src/types/Economy.sol";
import "../../src/types/Types.sol";

/// @dev Copies from memory to storage, which the code generator of the tests has not for arrays of structs.
library Stored {
    function set(BlockRecord storage to, BlockRecord memory from) internal {
        (to.node, to.splitId, to.heightLog) = (from.node, from.splitId, from.heightLog);
        (to.dlt, to.x, to.dataHash) = (from.dlt, from.x, from.dataHash);
        delete to.inferences;
        for (uint256 i; i < from.inferences.length; ++i) to.inferences.push(from.inferences[i]);
    }

    function set(BlockCommitment storage to, BlockCommitment memory from) internal {
        (to.node, to.adapterId, to.heightLog) = (from.node, from.adapterId, from.heightLog);
        (to.dlt, to.x) = (from.dlt, from.x);
        (to.receiptHash, to.validUntil) = (from.receiptHash, from.validUntil);
        delete to.inferences;
        for (uint256 i; i < from.inferences.length; ++i) to.inferences.push(from.inferences[i]);
    }

    function set(TrainingData storage to, TrainingData memory from) internal {
        (to.heightLog, to.rows) = (from.heightLog, from.rows);
        delete to.dlt;
        delete to.x;
        for (uint256 k; k < from.dlt.length; ++k) to.dlt.push(from.dlt[k]);
        for (uint256 k; k < from.x.length; ++k) to.x.push(from.x[k]);
    }
}
