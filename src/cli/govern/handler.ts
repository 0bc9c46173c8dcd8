/** Proposals: what they call, found again by id. */
import { z } from 'zod';
import { economyConfigSchema, type Call, type Economy, type Proposal } from '../../chain/index.js';
import { CliError } from '../../errors/cli.js';

export const RULES = ['stakes', 'windows', 'market', 'court'] as const;
export type RuleName = (typeof RULES)[number];
export const SPLIT_PARTS = ['contributors', 'node', 'prover', 'auditors', 'treasury'] as const;

/** "6000,2000,1000,500,500" -> the call that adds a split of the fees, for blocks that are committed from then on. @throws CliError SPLIT */
export function splitCall({ governance }: Economy, text: string): Call {
  const parts = text.split(',').map(Number);
  const parsed = economyConfigSchema.shape.split.safeParse(Object.fromEntries(SPLIT_PARTS.map((name, i) => [name, parts[i]])));
  if (parts.length !== SPLIT_PARTS.length || !parsed.success) {
    throw new CliError('not a split', { code: 'SPLIT', where: '--split', expected: `basis points of ${SPLIT_PARTS.join(',')} that sum to 10000`, got: text });
  }
  return governance.call('parameters', 'addSplit', [parsed.data]);
}

/** The call that sets one group of rules: present ones with the given fields changed, amounts as "0.1". @throws CliError RULE */
export async function ruleCall(economy: Economy, name: RuleName, changes: string): Promise<Call> {
  const schema = economyConfigSchema.shape[name] as unknown as z.ZodType<never>;
  const present = await economy.parameters[name]();
  let fields: Record<string, unknown>;
  try {
    fields = z.record(z.string(), z.unknown()).parse(JSON.parse(changes));
  } catch (cause) {
    throw new CliError('changes are not a JSON object', { code: 'RULE', where: name, expected: '{"challengeSeconds": 3600}', got: changes, cause });
  }
  const parsed = schema.safeParse({ ...present, ...fields });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new CliError('not a rule', { code: 'RULE', where: `${name}.${issue.path.join('.')}`, expected: `fields ${Object.keys(present).join(', ')}`, got: issue.message });
  }
  const setter = { stakes: 'setStakes', windows: 'setWindows', market: 'setMarket', court: 'setCourt' } as const;
  return economy.governance.call('parameters', setter[name], [parsed.data]);
}

/** A proposal by its id, from its event. @throws CliError PROPOSAL */
export async function findProposal(economy: Economy, proposalId: bigint): Promise<Proposal> {
  const created = (await economy.events('governor', 'ProposalCreated')).find(({ args }) => args.proposalId === proposalId);
  if (!created) throw new CliError('no such proposal', { code: 'PROPOSAL', where: String(proposalId), hint: 'zkattr govern list' });
  const { targets, values, calldatas, description } = created.args;
  return { description, calls: targets.map((target, i) => ({ target, value: values[i], data: calldatas[i] })) };
}
