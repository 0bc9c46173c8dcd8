import { AttributionError, type AttributionErrorOptions } from './base.js';

type Options = Omit<AttributionErrorOptions, 'code'>;

/** NaN or an infinity where a finite number is needed; names the tensor and the index. */
export class NonFiniteError extends AttributionError {
  constructor(
    readonly tensor: string,
    readonly index: number,
    value: number,
  ) {
    super('value is not finite', {
      code: 'NON_FINITE', where: `${tensor}[${index}]`, expected: 'a finite number', got: String(value),
      hint: 'check the input for NaN, and the model for overflow or a diverged training',
    });
  }
}

/** A quantisation scale or width that is out of range. */
export class QuantizeError extends AttributionError {
  constructor(message: string, options: Options) {
    super(message, { ...options, code: 'QUANTIZE' });
  }
}

/** Data, plan or training options that do not fit together. */
export class ModelError extends AttributionError {
  constructor(message: string, options: Options) {
    super(message, { ...options, code: 'MODEL' });
  }
}

/** A file of a model bundle that is missing, truncated, altered, or of another format. */
export class BundleError extends AttributionError {}
