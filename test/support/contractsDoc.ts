/** Tables of docs/contracts.md that are made from their sources; test/unit/docs.test.ts holds the page against them. */
import { localConfig, productionConfig, configJson, SIGNING_DOMAINS, SIGNING_TYPES, type EconomyConfigInput } from '../../src/chain/index.js';

/** access.json of verifier-contracts: contract -> function -> callers. */
export type Access = Record<string, Record<string, string>>;

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string => [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');
const nameOf = (signature: string): string => `\`${signature.slice(0, signature.indexOf('('))}\``;

/** One row a contract and group of callers; what anyone may call last. */
export function accessTable(access: Access): string {
  const rows = Object.entries(access).flatMap(([contract, functions]) => {
    const callers = new Map<string, string[]>();
    for (const [signature, who] of Object.entries(functions)) callers.set(who, [...callers.get(who) ?? [], nameOf(signature)]);
    return [...callers].sort(([a], [b]) => Number(a === 'anyone') - Number(b === 'anyone') || (a < b ? -1 : 1)).map(([who, names]) => [contract, who, [...new Set(names)].join(', ')]);
  });
  return table(['contract', 'caller', 'functions'], rows);
}

const DAY = 86_400;
const seconds = (n: number): string => (n % DAY === 0 ? `${n / DAY} d` : n % 3600 === 0 ? `${n / 3600} h` : n % 60 === 0 ? `${n / 60} min` : `${n} s`);

/** name -> bounds, as Parameters.sol, the vault and the timelock have them. */
const BOUNDS: Record<string, string> = {
  'split.contributors': '1000 to 10000; the five sum to 10000', 'split.node': '', 'split.prover': '', 'split.auditors': '', 'split.treasury': '',
  'stakes.node': '1 wei to 10^6 OPEN', 'stakes.adapter': '1 wei to 10^6 OPEN', 'stakes.auditor': '1 wei to 10^6 OPEN, at least voterSlash',
  'stakes.unbondingSeconds': 'settlement + challenge + 2 (commit + reveal) to 365 d',
  'windows.settlementSeconds': '60 s to 90 d, above maxRequestSeconds', 'windows.challengeSeconds': '0 to 30 d',
  'market.minPrice': '0 to maxPrice', 'market.maxPrice': '0 to 10^6 OPEN', 'market.minCollateral': '0 to 10^6 OPEN', 'market.minLockSeconds': '1 s to maxRequestSeconds',
  'market.maxRequestSeconds': 'minLockSeconds to settlementSeconds - 1', 'market.lateBps': '0 to 5000', 'market.slasherBps': '0 to 5000',
  'court.bond': '1 wei to 10^6 OPEN', 'court.nodeSlash': '0 to 10^6 OPEN', 'court.adapterSlash': '0 to 10^6 OPEN', 'court.voterSlash': '0 to stakes.auditor', 'court.auditFee': '0 to 10^6 OPEN',
  'court.seats': '1 to 21, odd', 'court.commitSeconds': '1 s to 30 d', 'court.revealSeconds': '1 s to 30 d', 'court.auditSeconds': '1 s to 90 d',
  'court.challengerBps': '0 to 10000 - committeeBps', 'court.committeeBps': '0 to 10000', 'court.auditRateBps': '0 to 10000',
  periodSeconds: 'from 1 s; fixed when deployed', timelockDelaySeconds: 'set by the timelock itself',
};

function flat(config: EconomyConfigInput): Record<string, string> {
  const text = (name: string, value: unknown): string => (/Seconds$/.test(name) ? seconds(Number(value)) : /Bps$|^split|seats$/.test(name) ? String(value) : `${String(value)} OPEN`);
  return Object.fromEntries(Object.entries(config).flatMap(([group, value]) =>
    typeof value === 'object' && group !== 'governor' ? Object.entries(value as object).map(([name, v]): [string, string] => [`${group}.${name}`, text(group === 'split' ? 'split' : name, v)]) : [[group, text(group, value)]]));
}

export function parameterTable(): string {
  const guardian = `0x${'11'.repeat(20)}` as const;
  const [local, production] = [localConfig, productionConfig].map((make) => flat(configJson(make({ guardian }))));
  return table(['parameter', 'bounds', 'local', 'production'], Object.entries(BOUNDS).map(([name, bounds]) => [`\`${name}\``, bounds, local[name], production[name]]));
}

/** EIP-712 types, as they are hashed without the types they refer to. */
export function signingTable(): string {
  const used: [keyof typeof SIGNING_DOMAINS, keyof typeof SIGNING_TYPES][] = [['inferences', 'BlockCommitment'], ['inferences', 'Receipt'], ['inferences', 'OpeningClaim'], ['market', 'ProofRequest'], ['open', 'Permit']];
  return table(['domain', 'type'], used.map(([domain, type]) => [`\`${SIGNING_DOMAINS[domain].name}\`, ${SIGNING_DOMAINS[domain].version}`, `\`${type}(${SIGNING_TYPES[type].map((f) => `${f.type} ${f.name}`).join(',')})\``]));
}
