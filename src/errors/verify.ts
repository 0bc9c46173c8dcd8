import { AttributionError, type AttributionErrorOptions } from './base.js';

/** A proof that is malformed or false. Thrown inside the verifier's stages, turned into a typed result at its border. */
export class ProofRejectedError extends AttributionError {
  constructor(message: string, options: AttributionErrorOptions) {
    super(message, options);
  }
}
