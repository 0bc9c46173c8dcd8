import { AttributionError } from './base.js';

/** A statement, list or record whose shape or values break the protocol's bounds. */
export class StatementError extends AttributionError {}
