/** Commitments recomputed on the calling thread, from tables and blinding factors. */
import { commitField, commitIntegers } from '../commitment/kzg.js';
import type { Srs } from '../commitment/srs.js';
import type { G1Affine } from '../curve/bn254.js';
import type { SmallIntegers } from '../curve/msmSmall.js';
import { AuditMismatchError } from '../errors/audit.js';
import { FIELD_MODULUS } from '../field/fr.js';
import { mismatch, samePoints } from './compare.js';

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
