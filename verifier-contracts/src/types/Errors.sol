// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

// Statement and proof. `where` is the word of (gamma', digest, dims, y, p*, tau_hi, lists), or 0x1000 + the word of the opening proof.
error ScalarNotCanonical(uint256 where);
error PointNotOnCurve();
error PointAtInfinity();
error DegenerateChallenge();
error InverseHintWrong();
error OpeningIdentity();
error PairingRejected();
error ListTooLong(uint256 max, uint256 got);
error ListLength(uint256 expected, uint256 got);
error FeeTooLarge(uint256 index);
error PayoutTooLarge(uint256 index);
error BoundariesNotMonotone(uint256 index);
error TokensOutOfRange(uint256 got);
error PointBeyondVariables(uint256 index);

// Classes.
error UnknownClass(uint256 relation, uint256 classId);
error ClassExists(uint256 relation, uint256 classId);
error ClassMismatch();
error InvalidShape();
error GammaNotGenerator();
error UncontributedKey();
error BlindingMismatch();
error DevelopmentKey();
error InvalidG2();

// Registry.
error AdapterExists(bytes32 adapterId);
error UnknownAdapter(bytes32 adapterId);
error AdapterDataMismatch(bytes32 adapterId);
error NotAdapterOwner(address caller);
error RecordExists(bytes32 recordId);
error NoFeatures(bytes32 adapterId);
error ZeroAddress();
error ZeroRows(uint256 index);
error RowsOverflow(uint256 max, uint256 got);
error EmptyList();

// Escrow.
error FeeOutOfRange(uint256 fee);
error WrongValue(uint256 expected, uint256 got);
error PaymentExists(bytes32 key);
error NotFunded(bytes32 key);
error NotPayable(bytes32 key);
error NotRefundable(bytes32 key);
error BeforeDeadline(uint256 deadline);
error UnknownBlock(bytes32 blockId);
error BlockSettled(bytes32 blockId);
error BlockHeightMismatch(uint256 expected, uint256 got);
error PayoutBeyondRecord(uint256 index);
error PayoutsExceedFees(uint256 payouts, uint256 fees);
error NothingToClaim();
error TransferFailed();
