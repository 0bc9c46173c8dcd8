// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IInferenceRegistry} from "../interfaces/IInferenceRegistry.sol";
import {IParameters} from "../interfaces/IParameters.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {Role} from "../types/Economy.sol";
import {ZeroAddress} from "../types/Errors.sol";

/// @title Inference nodes
/// @notice Who serves inferences, under which stake, and who may request proofs for it.
abstract contract InferenceNodes is IInferenceRegistry {
    struct Node {
        address operator;
        bool registered;
    }

    IParameters public immutable parameters;
    IStakeVault public immutable stakes;

    mapping(address node => Node) private _nodes;

    constructor(IParameters parameters_, IStakeVault stakes_) {
        if (address(parameters_) == address(0) || address(stakes_) == address(0)) revert ZeroAddress();
        parameters = parameters_;
        stakes = stakes_;
    }

    /// @inheritdoc IInferenceRegistry
    function registerNode(address operator, string calldata uri) external {
        if (_nodes[msg.sender].registered) revert NodeExists(msg.sender);
        if (!_hasStake(msg.sender)) revert NotActiveNode(msg.sender);
        _nodes[msg.sender] = Node(operator, true);
        emit NodeRegistered(msg.sender, operator, uri);
    }

    /// @inheritdoc IInferenceRegistry
    function updateNode(address operator, string calldata uri) external {
        if (!_nodes[msg.sender].registered) revert NotANode(msg.sender);
        _nodes[msg.sender].operator = operator;
        emit NodeUpdated(msg.sender, operator, uri);
    }

    /// @notice The caller commits no more blocks until it registers again. Its operator stays: what is committed can still be
    ///         proved and paid.
    function retireNode() external {
        if (!_nodes[msg.sender].registered) revert NotANode(msg.sender);
        _nodes[msg.sender].registered = false;
        emit NodeRetired(msg.sender);
    }

    /// @inheritdoc IInferenceRegistry
    function isActiveNode(address node) public view returns (bool) {
        return _nodes[node].registered && _hasStake(node);
    }

    /// @inheritdoc IInferenceRegistry
    function nodeOperator(address node) public view returns (address) {
        return _nodes[node].operator;
    }

    function _hasStake(address node) private view returns (bool) {
        return stakes.active(Role.Node, node) >= parameters.stakes().node;
    }
}
