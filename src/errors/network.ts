import { AttributionError } from './base.js';

/**
 * A message, package, lease or request between nodes that cannot be taken as it is; a store that cannot keep it.
 * Codes of stores: STORE (see the cause), STORE_LOCKED (another coordinator has the folder), STORE_VERSION (written by a newer one),
 * STORE_SPACE, STORE_CLOSED, STORE_SETTINGS (Redis would lose jobs), STORE_UNREACHABLE;
 * ARTIFACT_HASH, ARTIFACT_SIZE, ARTIFACT_SPACE, ARTIFACT_STORE (the bucket refused).
 */
export class NetworkError extends AttributionError {}
