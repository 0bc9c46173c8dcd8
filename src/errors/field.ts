import { AttributionError, type AttributionErrorOptions } from './base.js';

/** A scalar outside [0, p), or without the inverse that was asked for. */
export class InvalidScalarError extends AttributionError {
  constructor(message: string, options: Omit<AttributionErrorOptions, 'code'>) {
    super(message, { ...options, code: 'INVALID_SCALAR' });
  }
}

/** A point that is not on its curve, not in its subgroup, or at infinity where that is refused. */
export class InvalidPointError extends AttributionError {
  constructor(message: string, options: Omit<AttributionErrorOptions, 'code'>) {
    super(message, { ...options, code: 'INVALID_POINT' });
  }
}
