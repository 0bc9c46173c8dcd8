import { AttributionError } from './base.js';

/** A chain that cannot be reached, a contract that is missing or reverted, a transaction that failed. */
export class ChainError extends AttributionError {}
