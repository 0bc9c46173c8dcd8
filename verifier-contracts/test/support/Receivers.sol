// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CreditKind} from "../../src/types/Economy.sol";
import {IRewardVault} from "../../src/interfaces/IRewardVault.sol";

/// @dev A contract that has something to claim.
abstract contract Claimer {
    IRewardVault internal immutable vault;

    constructor(IRewardVault vault_) {
        vault = vault_;
    }

    function claim(uint256[] calldata periods, bool unwrap) external {
        vault.claim(periods, unwrap);
    }

    function setPayoutAddress(address to) external {
        vault.setPayoutAddress(to);
    }
}

/// @dev Tries every entrance of the vault from inside its claim, and keeps the reasons.
contract Reentrant is Claimer {
    bytes4[] public reasons;

    constructor(IRewardVault vault_) Claimer(vault_) {}

    receive() external payable {
        uint256[] memory periods = new uint256[](1); // period 0: what it did not claim yet
        _try(abi.encodeCall(vault.claim, (periods, true)));
        _try(abi.encodeCall(vault.claim, (periods, false)));
        _try(abi.encodeCall(vault.claimFor, (address(this), periods, true)));
        _try(abi.encodeCall(vault.creditNow, (address(this), 1, CreditKind.Refund, 0)));
    }

    function count() external view returns (uint256) {
        return reasons.length;
    }

    function _try(bytes memory data) private {
        (bool ok, bytes memory reason) = address(vault).call(data);
        require(!ok, "went in again");
        reasons.push(bytes4(reason));
    }
}

/// @dev Takes no native payment.
contract Refuser is Claimer {
    constructor(IRewardVault vault_) Claimer(vault_) {}
}

/// @dev Burns all the gas it gets.
contract GasBurner is Claimer {
    constructor(IRewardVault vault_) Claimer(vault_) {}

    receive() external payable {
        assembly {
            invalid()
        }
    }
}

/// @dev Answers with 256 KiB, in a return or in a revert.
contract DataBomb is Claimer {
    bool private immutable reverts;

    constructor(IRewardVault vault_, bool reverts_) Claimer(vault_) {
        reverts = reverts_;
    }

    receive() external payable {
        if (reverts) {
            assembly {
                revert(0, 0x40000)
            }
        }
        assembly {
            return(0, 0x40000)
        }
    }
}

/// @dev A node that is a contract (ERC-1271). It answers as its mode says; Reenter tries a call first, and only signs when
///      that call fails.
contract ContractNode {
    enum Mode {
        Sign,
        Refuse,
        Reenter,
        Burn,
        Bomb,
        Revert
    }

    bytes32 private _digest;
    Mode private _mode;
    address private _target;
    bytes private _data;

    receive() external payable {}

    function sign(bytes32 digest, Mode mode) external {
        (_digest, _mode) = (digest, mode);
    }

    function reenter(address target, bytes calldata data) external {
        (_target, _data) = (target, data);
    }

    function execute(address target, uint256 value, bytes calldata data) external {
        (bool ok, bytes memory reason) = target.call{value: value}(data);
        if (!ok) {
            assembly {
                revert(add(reason, 0x20), mload(reason))
            }
        }
    }

    function isValidSignature(bytes32 digest, bytes calldata) external returns (bytes4) {
        bytes4 yes = this.isValidSignature.selector;
        if (_mode == Mode.Refuse || digest != _digest) return 0xffffffff;
        if (_mode == Mode.Revert) revert("no");
        if (_mode == Mode.Reenter) {
            (bool ok,) = _target.call(_data);
            return ok ? bytes4(0) : yes;
        }
        if (_mode == Mode.Burn) {
            assembly {
                invalid()
            }
        }
        if (_mode == Mode.Bomb) {
            assembly {
                mstore(0, yes)
                return(0, 0x40000) // the answer is in the first word; nobody has to read on
            }
        }
        return yes;
    }
}
