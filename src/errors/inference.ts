import { AttributionError, type AttributionErrorOptions } from './base.js';

type Options = Omit<AttributionErrorOptions, 'code'>;

/** The model does not keep the tap contract (src/inference/README.md): a tap is missing, or of the wrong rank, width or type. */
export class TapError extends AttributionError {
  constructor(message: string, options: Options) {
    super(message, { ...options, code: 'TAP_CONTRACT' });
  }
}

/** The runtime refused to load or run the model, or its input does not fit. */
export class InferenceError extends AttributionError {
  constructor(message: string, options: Options) {
    super(message, { ...options, code: 'INFERENCE' });
  }
}

/** A receipt that is malformed, or whose signature, signer or content does not match. */
export class ReceiptError extends AttributionError {
  constructor(message: string, options: Options) {
    super(message, { ...options, code: 'RECEIPT' });
  }
}
