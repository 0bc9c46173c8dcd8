/** Deployed code, compared apart from its immutables. */
import { hexToBytes, keccak256, slice, type Hex } from 'viem';
import type { Artifact } from './contracts.js';

/** The code that this package would deploy, zeros where immutables are written. */
export const runtimeCode = ({ bytecode, runtime: { offset, length } }: Artifact): Hex => slice(bytecode, offset, offset + length);

/**
 * keccak256 of deployed code with zeros in place of its immutables: equal for all deployments of one source.
 * @param code  as eth_getCode returns it
 * @returns     undefined when the code has another length than the artifact's
 */
export function maskedCodeHash(artifact: Artifact, code: Hex): Hex | undefined {
  const bytes = hexToBytes(code);
  if (bytes.length !== artifact.runtime.length) return undefined;
  for (const [start, length] of artifact.runtime.immutables) bytes.fill(0, start, start + length);
  return keccak256(bytes);
}

export const expectedCodeHash = (artifact: Artifact): Hex => keccak256(runtimeCode(artifact));
