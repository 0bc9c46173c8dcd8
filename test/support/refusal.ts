import assert from 'node:assert/strict';
import type { Statement } from '../../src/statement/statement.js';
import { verifyFeaturesChain, verifyPayoutChain, type FeaturesMessages, type PayoutMessages } from '../../src/verify/chain.js';
import type { OpeningClaim } from '../../src/statement/statement.js';
import type { VerifyResult } from '../../src/verify/result.js';
import type { Play } from './adversary.js';
import type { System } from './system.js';

export const verifyChain = (statement: Statement, messages: FeaturesMessages | PayoutMessages): VerifyResult<{ claim: OpeningClaim }> =>
  statement.relation === 'payout' ? verifyPayoutChain(statement, messages as PayoutMessages) : verifyFeaturesChain(statement, messages);

/** The chain verifier refuses at `where` with `code`, and the circuit has no witness: its first broken constraint is in `fault`. */
export async function refusedByChainAndCircuit(
  system: System, statement: Statement, attack: Play<FeaturesMessages | PayoutMessages>, { code, where, fault }: { code: string | RegExp; where?: string | RegExp; fault: RegExp }, label = '',
): Promise<void> {
  const verdict = verifyChain(statement, attack.messages);
  assert.ok(!verdict.ok, `${label}: chain verifier accepts`);
  assert.match(verdict.error.code, code instanceof RegExp ? code : new RegExp(`^${code}$`), `${label}: ${verdict.error.message}`);
  if (where !== undefined) assert.match(verdict.error.where ?? '', where instanceof RegExp ? where : new RegExp(`^${where}$`), label);
  const broken = await system.circuitFault(statement.relation, attack.input);
  assert.ok(broken !== undefined, `${label}: circuit has a witness`);
  assert.match(broken, fault, label);
}

/** Chain verifier and circuit accept alike. */
export async function acceptedByChainAndCircuit(system: System, statement: Statement, attack: Play<FeaturesMessages | PayoutMessages>, label = ''): Promise<void> {
  const verdict = verifyChain(statement, attack.messages);
  assert.ok(verdict.ok, `${label}: ${verdict.ok ? '' : verdict.error.message}`);
  assert.deepEqual(verdict.claim, attack.claim, label);
  assert.equal(await system.circuitFault(statement.relation, attack.input), undefined, label);
}
