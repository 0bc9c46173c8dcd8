/** Commitments recomputed on the calling thread, from tables and blinding factors. */
import { commit, commitIntegers, type CommitmentKernels } from '../commitment/kzg.js';
import type { Srs } from '../commitment/srs.js';
import type { G1Affine } from '../curve/bn254.js';
import type { SmallIntegers } from '../curve/msmSmall.js';
import { getWasmCurve } from '../curve/wasm.js';
import { AuditMismatchError } from '../errors/audit.js';
import { frBufferFrom, frCount, G1_BYTES } from '../field/buffer.js';
import { FIELD_MODULUS, FR_BYTES, frFrom } from '../field/fr.js';
import { mismatch, samePoints } from './compare.js';

const JACOBIAN_BYTES = 96;

/** Commitment to integers of any size and sign: G of the registration. */
export async function commitField(srs: Srs, values: readonly bigint[], rho: bigint): Promise<G1Affine> {
  const wasm = await getWasmCurve();
  const kernels: CommitmentKernels = {
    msmSmall: () => Promise.reject(new TypeError('field elements only')),
    msm: (bases, scalars) => Promise.resolve(wasm.scope(() => {
      const n = frCount(scalars), out = wasm.alloc(JACOBIAN_BYTES), points = wasm.put(bases.subarray(0, n * G1_BYTES)), canonical = wasm.put(scalars);
      wasm.exports.frm_batchFromMontgomery(canonical, n, canonical);
      // multiexp takes memory by itself: at most 2^17 buckets of 96 bytes.
      wasm.reserve(1 << 24);
      wasm.exports.g1m_multiexpAffine(points, canonical, FR_BYTES, n, out);
      wasm.exports.g1m_toAffine(out, out);
      const affine = new Uint8Array(G1_BYTES);
      wasm.read(out, affine);
      return affine;
    })),
  };
  return (await commit(kernels, srs, { kind: 'fr', data: frBufferFrom(values.map(frFrom)) }, rho)).commitment;
}

/** One table, its blinding factor, and what it should commit to. */
export interface CommitmentCheck {
  /** File that gets the blame when the commitment differs. */
  blame: string;
  place: string;
  values: SmallIntegers | readonly bigint[];
  rho: bigint;
  expected: G1Affine;
}

export async function commitValues(srs: Srs, { values, rho, blame, place }: Pick<CommitmentCheck, 'values' | 'rho' | 'blame' | 'place'>): Promise<G1Affine> {
  if (rho >= FIELD_MODULUS) throw new AuditMismatchError(blame, place, 'blinding factor is not below p');
  return Array.isArray(values) ? commitField(srs, values as readonly bigint[], rho) : commitIntegers(srs, values as SmallIntegers, rho);
}

/** @throws AuditMismatchError */
export async function assertCommitment(srs: Srs, check: CommitmentCheck): Promise<void> {
  const got = await commitValues(srs, check);
  if (!samePoints(got, check.expected)) throw mismatch(check.blame, check.place, got, check.expected, ' (commitment of table and blinding factor)');
}
