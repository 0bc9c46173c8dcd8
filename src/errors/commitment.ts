import { AttributionError } from './base.js';

/** A commitment or opening that cannot be made from what was given. */
export class CommitmentError extends AttributionError {}
