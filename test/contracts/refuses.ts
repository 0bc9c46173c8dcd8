import assert from 'node:assert/strict';
import { ChainError } from '../../src/errors/chain.js';

/** For assert.rejects: a ChainError with this code. */
export const withCode = (code: string) => (error: unknown): boolean => {
  assert.ok(error instanceof ChainError, String(error));
  assert.equal(error.code, code, error.message);
  return true;
};

/** A ChainError that names this custom error. */
export const reverts = (name: string): ((error: unknown) => boolean) => withCode(`REVERT_${name}`);
