/** The verifier that an artifact names: one that has the auditor's key of this relation and class. */
import type { Hex } from 'viem';
import { contractKey, verifierSelector, vkHashOf, type VerifyingKey } from '../chain/index.js';
import { g2Words } from '../commitment/srs.js';
import { AuditMismatchError } from '../errors/audit.js';
import type { Relation } from '../statement/sizeClass.js';
import type { VerifierKey } from '../verify/proof.js';

/** Versions of one key that are looked for: governance counts them up. */
const VERSIONS = 64;

/** The auditor's key as the contract keeps it. */
export const contractKeyOf = ({ alpha, beta, gamma, delta, ic, tauG2 }: VerifierKey): VerifyingKey =>
  contractKey({ alpha, beta: g2Words(beta), gamma: g2Words(gamma), delta: g2Words(delta), IC: ic, tauG2: g2Words(tauG2) });

/** @returns the version  @throws AuditMismatchError */
export function assertSelector(artifact: string, selector: Hex, relation: Relation, classId: number, key: VerifierKey): number {
  const vkHash = vkHashOf(contractKeyOf(key));
  for (let version = 1; version <= VERSIONS; version++) if (verifierSelector(relation, classId, version, vkHash) === selector.toLowerCase()) return version;
  throw new AuditMismatchError(artifact, 'selector', `${selector} names no verifier with the auditor's key of ${relation}, ${vkHash}`);
}
