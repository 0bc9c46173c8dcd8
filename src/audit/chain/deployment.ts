/** The deployment is what its manifest says: code, wiring, owners, roles, keys; and what governance has changed since is named. */
import type { ContractEventName } from 'viem';
import { CONTRACTS, contractShape, VERIFIER_STATUS, verifierSelector, verifyDeployment, vkHashOf, type AbiOf, type ContractKey, type Manifest, type Mismatch } from '../../chain/index.js';
import { AuditMismatchError } from '../../errors/audit.js';
import { sizeClass } from '../../statement/classes.js';
import { RELATION_CODE } from '../../statement/sizeClass.js';
import { assertOnChain, contrast } from '../compare.js';
import type { AuditContext } from '../context.js';
import { contractKeyOf } from '../selector.js';
import { inOrder, sameAccount, type ChainView } from './view.js';

const FILE = 'deployment.json';
const RELATIONS = ['features', 'payout'] as const;

/** A governed value: the event that sets it, and what the manifest says of it. */
interface Governed {
  /** `where` of verifyDeployment. */
  where: string;
  contract: ContractKey;
  event: string;
  argument: string;
  expected: (manifest: Manifest) => unknown;
}

const rule = (name: 'stakes' | 'windows' | 'market' | 'court', event: string): Governed =>
  ({ where: name, contract: 'parameters', event, argument: 'rules', expected: (m) => m.config[name] });
const governor = (where: string, event: string, argument: string, expected: Governed['expected']): Governed => ({ where: `governor.${where}`, contract: 'governor', event, argument, expected });

const GOVERNED: readonly Governed[] = [
  { where: 'guardian', contract: 'parameters', event: 'GuardianSet', argument: 'guardian', expected: (m) => m.config.guardian },
  { where: 'treasury', contract: 'parameters', event: 'TreasurySet', argument: 'treasury', expected: (m) => m.config.treasury ?? m.contracts.timelock.address },
  { where: 'currentSplitId', contract: 'parameters', event: 'SplitAdded', argument: 'id', expected: () => 1 },
  rule('stakes', 'StakesSet'), rule('windows', 'WindowsSet'), rule('market', 'MarketSet'), rule('court', 'CourtSet'),
  governor('votingDelay', 'VotingDelaySet', 'newVotingDelay', (m) => BigInt(m.config.governor.votingDelaySeconds)),
  governor('votingPeriod', 'VotingPeriodSet', 'newVotingPeriod', (m) => BigInt(m.config.governor.votingPeriodSeconds)),
  governor('proposalThreshold', 'ProposalThresholdSet', 'newProposalThreshold', (m) => m.config.governor.proposalThreshold),
  governor('quorumNumerator', 'QuorumNumeratorUpdated', 'newQuorumNumerator', (m) => BigInt(m.config.governor.quorumPercent)),
  { where: 'timelock: delay', contract: 'timelock', event: 'MinDelayChange', argument: 'newDuration', expected: (m) => BigInt(m.config.timelockDelaySeconds) },
];

/** A status that changed is the business of the check of verifiers. */
const isStatus = ({ check, where }: Mismatch): boolean => check === 'selector' && !where.endsWith('in the manifest');

export async function auditDeployment({ list, deployment: manifest }: AuditContext, view: ChainView): Promise<void> {
  await list.check('chain: deployment', async () => {
    if (!manifest) throw new AuditMismatchError(FILE, 'file', 'could not be read');
    const { client, deployment } = view.economy;
    assertOnChain(FILE, 'chainId', await client.publicClient.getChainId(), manifest.chainId);
    for (const key of Object.keys(CONTRACTS) as ContractKey[]) assertOnChain(FILE, `contracts.${key}.address`, deployment[key], manifest.contracts[key].address);
    const changed: string[] = [];
    for (const mismatch of (await verifyDeployment(client, manifest)).filter((m) => !isStatus(m))) {
      const governed = GOVERNED.find((g) => g.where === mismatch.where);
      if (!governed || !await changedSince(view, manifest, governed)) {
        const [expected, got] = contrast(mismatch.expected, mismatch.got);
        throw new AuditMismatchError(FILE, `${mismatch.check}, ${mismatch.where}`, `expected ${expected}, got ${got}`);
      }
      changed.push(governed.where);
    }
    return `chain ${manifest.chainId}: code, addresses, wiring, owners, roles and keys of ${Object.keys(CONTRACTS).length} contracts equal the manifest's${changed.length > 0 ? `; changed by governance since: ${changed.join(', ')}` : ''}`;
  });
}

/** Whether governance set the value after the deployment, which had left it as the manifest says. */
async function changedSince(view: ChainView, manifest: Manifest, { where, contract, event, argument, expected }: Governed): Promise<boolean> {
  const events = [...await view.events(contract, event as ContractEventName<AbiOf<typeof contract>>)].sort(inOrder);
  const last = BigInt(manifest.blocks.last), then = events.filter((e) => e.blockNumber <= last).at(-1);
  if (!then || !events.some((e) => e.blockNumber > last)) return false;
  assertOnChain(FILE, where, (then.args as Record<string, unknown>)[argument], expected(manifest));
  return true;
}

/** The verifiers that the manifest names have the auditor's keys; and which of them are live. */
export async function auditVerifiers({ list, deployment: manifest, keys }: AuditContext, view: ChainView, className: string): Promise<void> {
  await list.check('chain: verifiers', async () => {
    if (!manifest) throw new AuditMismatchError(FILE, 'file', 'could not be read');
    const cls = sizeClass(className), notes: string[] = [];
    for (const relation of RELATIONS) {
      const index = manifest.classes.findIndex((c) => c.className === className && c.relation === relation), named = manifest.classes[index];
      if (!named) throw new AuditMismatchError(FILE, 'classes', `${relation} of ${className} is missing`);
      const at = `classes[${index}]`, code = RELATION_CODE[relation], key = contractKeyOf(keys[relation]), own = vkHashOf(key);
      const entry = await view.read('gateway', 'entry', [named.selector]);
      assertOnChain(FILE, `${at}.vkHash`, entry.vkHash, named.vkHash);
      assertOnChain(FILE, at, { relation: entry.relation, classId: entry.classId, version: entry.version, verifier: entry.verifier },
        { relation: code, classId: cls.id, version: named.version, verifier: manifest.contracts.verifier.address });
      assertOnChain(FILE, `${at}.selector`, verifierSelector(relation, cls.id, entry.version, entry.vkHash), named.selector);
      assertOnChain(`verification key of ${relation}`, 'hash', entry.vkHash, own);
      const [shape, vk] = await view.read('verifier', 'classEntry', [BigInt(code), BigInt(cls.id)]);
      assertOnChain('circuits/circuits.json', `${relation} of ${cls.name}`, shape, contractShape(cls, relation));
      assertOnChain(`verification key of ${relation}`, 'key', vk, key);
      const status = VERIFIER_STATUS[entry.status];
      if (status === 'unknown' || status === 'stopped') throw new AuditMismatchError(FILE, `${at}.selector`, `the gateway says ${status}${status === 'stopped' ? ': somebody showed that this verifier accepts a false proof' : ''}`);
      const live = status === 'live' ? await view.read('gateway', 'liveSelector', [BigInt(code), BigInt(cls.id)]) : undefined;
      notes.push(`${relation} ${status}${live !== undefined && !sameAccount(live, named.selector) ? `, a later one too: ${live}` : ''}`);
    }
    return `keys of class ${className} equal the auditor's; ${notes.join(', ')}`;
  });
}
