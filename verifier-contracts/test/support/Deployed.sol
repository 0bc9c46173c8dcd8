// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {IAttributionSettlement} from "../../src/interfaces/IAttributionSettlement.sol";
import {IAttributionVerifier} from "../../src/interfaces/IAttributionVerifier.sol";
import {IAuditCourt} from "../../src/interfaces/IAuditCourt.sol";
import {IDatanetRegistry} from "../../src/interfaces/IDatanetRegistry.sol";
import {IFactCourt} from "../../src/interfaces/IFactCourt.sol";
import {IInferenceRegistry} from "../../src/interfaces/IInferenceRegistry.sol";
import {IModelRegistry} from "../../src/interfaces/IModelRegistry.sol";
import {IParameters} from "../../src/interfaces/IParameters.sol";
import {IProofMarket} from "../../src/interfaces/IProofMarket.sol";
import {IRewardVault} from "../../src/interfaces/IRewardVault.sol";
import {IStakeVault} from "../../src/interfaces/IStakeVault.sol";
import {IVerifierGateway} from "../../src/interfaces/IVerifierGateway.sol";
import {IWrappedOpen} from "../../src/interfaces/IWrappedOpen.sol";
import "../../src/types/Types.sol";

// The contracts under test as a test calls them: their interfaces, and what only owners, users' wallets and tests call. A test
// names these, never the contracts of src/, and gets their code by create(name): it would be compiled again with the settings of
// the test otherwise, and vm.getCode would prefer that copy to the shipped one.

interface IOwnable {
    function owner() external view returns (address);
    function pendingOwner() external view returns (address);
    function transferOwnership(address to) external;
}

interface WrappedOpen is IWrappedOpen, IERC20Metadata, IERC20Permit, IVotes {
    function clock() external view returns (uint48);
    function CLOCK_MODE() external view returns (string memory);
}

interface OpenGovernor is IGovernor {
    function relay(address target, uint256 value, bytes calldata data) external payable;
    function setVotingPeriod(uint32 period) external;
    function updateTimelock(TimelockController timelock) external;
}

interface Parameters is IParameters, IOwnable {}

interface StakeVault is IStakeVault {}

interface DatanetRegistry is IDatanetRegistry {
    function datanetCount() external view returns (uint256);
    function contributionCount() external view returns (uint256);
}

interface VerifierGateway is IVerifierGateway, IOwnable {}

interface ModelRegistry is IModelRegistry {}

interface RewardVault is IRewardVault {
    error ZeroPeriod();

    function held() external view returns (uint256);
}

interface InferenceRegistry is IInferenceRegistry {
    function commitmentUsed(bytes32 commitment) external view returns (bool);
}

interface AttributionSettlement is IAttributionSettlement {}

interface ProofMarket is IProofMarket {
    function deliverMember(Delivery calldata delivery) external returns (bytes32);
}

interface AuditCourt is IAuditCourt {}

interface FactCourt is IFactCourt {
    function EQUIVOCATION() external view returns (bytes32);
    function RECEIPT_MISMATCH() external view returns (bytes32);
    function WRONG_OPENING() external view returns (bytes32);
    function decided(bytes32 factId) external view returns (bool);
}

interface AttributionVerifier is IAttributionVerifier, IOwnable {
    function addClass(uint256 relation, uint256 classId, ClassShape calldata shape, VerifyingKey calldata key, bool development) external;
}

/// @dev Of test/shipped.
interface TestVerifier is IAttributionVerifier {
    function set(bool accepting) external;
    function expect(bytes32 statementHash) external;
    function setTau(uint256[4] calldata tauG2) external;
}

/// @dev Of test/shipped.
interface BindingVerifier is IAttributionVerifier {
    function BOMB() external view returns (bytes4);
}
