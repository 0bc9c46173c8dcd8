import { AttributionError } from '../errors/base.js';

/** A false or malformed proof is a result, not an exception. */
export type VerifyResult<T = object> = ({ ok: true } & T) | { ok: false; error: AttributionError };

/** Runs a verifier; what it throws as AttributionError becomes the failed result, anything else is a bug and passes through. */
export function resultOf<T extends object>(verify: () => T): VerifyResult<T> {
  try {
    return { ok: true, ...verify() };
  } catch (error) {
    if (error instanceof AttributionError) return { ok: false, error };
    throw error;
  }
}
