import { AttributionError, type AttributionErrorOptions } from './base.js';

/** A table, list or boundary whose length does not fit its shape. */
export class AttributionShapeError extends AttributionError {
  constructor(message: string, options: Omit<AttributionErrorOptions, 'code'>) {
    super(message, { ...options, code: 'ATTRIBUTION_SHAPE' });
  }
}

/** A fee, score or payout outside its protocol range. */
export class AttributionRangeError extends AttributionError {
  constructor(message: string, options: Omit<AttributionErrorOptions, 'code'>) {
    super(message, { ...options, code: 'ATTRIBUTION_RANGE' });
  }
}

/** |G| >= 2^80 for one segment: the features cannot be proved. */
export class FeatureOverflowError extends AttributionError {
  constructor(
    readonly segment: number,
    readonly layer: number,
    value: bigint,
    bits: number,
  ) {
    super('feature is too large to be proved', {
      code: 'FEATURE_OVERFLOW', where: `segment ${segment}, layer ${layer}`, expected: `|G| < 2^${bits}`, got: value.toString(),
      hint: 'use fewer tokens in a segment, or a coarser quantisation scale',
    });
  }
}

/** |s_qc| >= 2^120: the query cannot be proved, and is left out of a job. */
export class ScoreOverflowError extends AttributionError {
  constructor(
    readonly query: number,
    readonly contributor: number,
    value: bigint,
    bits: number,
  ) {
    super('influence score is too large to be proved', {
      code: 'SCORE_OVERFLOW', where: `query ${query}, contributor ${contributor}`, expected: `|s| < 2^${bits}`, got: value.toString(),
      hint: 'leave this query out of the job; its fee is refunded after the deadline',
    });
  }
}
