import { AttributionError } from './base.js';

/** A message, package, lease or request between nodes that cannot be taken as it is. */
export class NetworkError extends AttributionError {}
