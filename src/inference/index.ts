export { splitBlocks, stackBlocks } from './blocks.js';
export { packActivations, queryExponent, type ActivationTables, type LayerTaps } from './pack.js';
export {
  createReceipt, inputHashOf, outputHashOf, requestHashOf, signReceipt, verifyReceipt, type AffinePoint, type CommitTable, type ExpectedReceipt, type ReceiptQuery, type ReceiptRequest,
} from './receipt.js';
export { closeTapSession, loadTapSession, runTaps, runtimeVersion, type TapFormat, type TapResult, type TapSession, type TapSpec } from './session.js';
