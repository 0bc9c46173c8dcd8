// Who may call what: access.json names, for every function of src/ that changes state, its only callers ("a or b"); "anyone" acts on
// what is its own, or on evidence and times that the contract checks. Fails when a function is missing there, or there and not here.
// Writes test/fixtures/access.json: the calls that test/Access.t.sol makes as everybody else.
// Usage: node verifier-contracts/access.mjs [--check]     --check fails when the fixture is out of date
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeFunctionData, toFunctionSelector } from 'viem';
import { contracts, here } from './sources.mjs';

const target = join(here, 'test', 'fixtures', 'access.json');
const table = JSON.parse(readFileSync(join(here, 'access.json'), 'utf8'));

/** What a contract answers somebody without the role. UnknownCase and the like: the role is one in something that does not exist. */
const REFUSALS = {
  owner: ['OwnableUnauthorizedAccount'],
  'pending owner': ['OwnableUnauthorizedAccount'],
  guardian: ['NotGuardian', 'NotAGuardian'],
  governance: ['GovernorOnlyExecutor'],
  proposer: ['GovernorNonexistentProposal', 'GovernorUnableToCancel'],
  nobody: ['GovernorDisabledDeposit'],
  settlement: ['NotSettlement'],
  market: ['NotMarket', 'NotController'],
  court: ['NotCourt', 'NotController'],
  'fact court': ['NotCourt', 'NotController'],
  self: ['OnlySelf'],
  node: ['NotANode', 'BadSignature'],
  requester: ['NotRequester'],
  payee: ['NotPayee'],
  'adapter owner': ['NotAdapterOwner', 'UnknownAdapter'],
  'datanet owner': ['NotDatanetOwner'],
  'pending datanet owner': ['NotPendingOwner'],
  curator: ['NotCurator'],
  contributor: ['NotContributor'],
  auditor: ['NotAnAuditor'],
  'seated auditor': ['NotDrawn', 'UnknownCase'],
  'assigned auditor': ['NotAnAuditor'],
};

/** The callers of the test, by the roles that each has; in the order of Access.t.sol. */
const ACTORS = [
  ['stranger'],
  ['owner', 'governance'],
  ['guardian'],
  ['settlement'],
  ['market'],
  ['court'],
  ['fact court'],
  ['datanet owner', 'adapter owner'],
  ['curator'],
  ['contributor'],
  ['node'],
];

/** Arguments that are not zero: the Datanet and the contribution of the test. */
const ARGUMENTS = {
  'DatanetRegistry.accept(uint256[])': [[1n]],
  'DatanetRegistry.acceptDatanet(uint256)': [1n],
  'DatanetRegistry.createSnapshot(uint256,uint256[])': [1n, []],
  'DatanetRegistry.reject(uint256,string)': [1n, ''],
  'DatanetRegistry.setConsent(uint256,bool)': [1n, false],
  'DatanetRegistry.setCurator(uint256,address,bool)': [1n, `0x${'11'.repeat(20)}`, true],
  'DatanetRegistry.transferDatanet(uint256,address)': [1n, `0x${'11'.repeat(20)}`],
  'DatanetRegistry.updateDatanet(uint256,bytes32,string)': [1n, `0x${'11'.repeat(32)}`, ''],
};

/** The value of a type of which everything is 0 or empty. */
function zero({ type, components }) {
  const array = /^(.*)\[(\d*)\]$/.exec(type);
  if (array) return Array.from({ length: Number(array[2]) }, () => zero({ type: array[1], components }));
  if (type === 'tuple') return Object.fromEntries(components.map((c) => [c.name, zero(c)]));
  if (type === 'bool') return false;
  if (type === 'string') return '';
  if (type === 'bytes') return '0x';
  if (type === 'address') return `0x${'0'.repeat(40)}`;
  if (type.startsWith('bytes')) return `0x${'0'.repeat(2 * Number(type.slice(5)))}`;
  return Number(/\d+/.exec(type)[0]) <= 48 ? 0 : 0n;
}

const rolesOf = (entry) => entry.split(' or ');
/** As it stands in the source: pay(Payment[]). */
const signatureOf = (f) => `${f.name}(${f.inputs.map((i) => i.internalType.replace(/^(struct|enum|contract) /, '')).join(',')})`;

const problems = [];
const fixture = { generated: 'by access.mjs; do not edit', actors: ACTORS.map((names) => names.join(', ')), contracts: [], signatures: [], calls: [], allowed: [], refusals: [] };

const all = contracts();
for (const name of Object.keys(table)) if (!all.some(([n]) => n === name)) problems.push(`access.json has ${name}, src has not`);
for (const [name, { abi }] of all) {
  const changing = new Map(abi.filter((f) => f.type === 'function' && !['view', 'pure'].includes(f.stateMutability)).map((f) => [signatureOf(f), f]));
  for (const f of abi) if (f.type === 'receive' || f.type === 'fallback') changing.set(`${f.type}()`, f);
  const listed = table[name] ?? {};
  for (const signature of Object.keys(listed)) if (!changing.has(signature)) problems.push(`access.json has ${name}.${signature}, the contract has not`);
  for (const [signature, f] of changing) {
    const entry = listed[signature];
    if (entry === undefined) {
      problems.push(`${name}.${signature} is not in access.json`);
      continue;
    }
    if (entry === 'anyone') continue;
    const roles = rolesOf(entry);
    const unknown = roles.filter((role) => !(role in REFUSALS));
    if (unknown.length > 0) {
      problems.push(`${name}.${signature}: what does a contract answer who is not "${unknown.join('", "')}"?`);
      continue;
    }
    const refusals = new Set(roles.flatMap((role) => REFUSALS[role]));
    const errors = abi.filter((e) => e.type === 'error' && refusals.has(e.name));
    if (errors.length === 0) problems.push(`${name}.${signature}: the contract has none of the errors ${[...refusals].join(', ')}`);
    fixture.contracts.push(name);
    fixture.signatures.push(signature);
    fixture.calls.push(f.type === 'function' ? encodeFunctionData({ abi: [f], args: ARGUMENTS[`${name}.${signature}`] ?? f.inputs.map(zero) }) : '0x');
    fixture.allowed.push(ACTORS.reduce((bits, names, i) => bits + (names.some((n) => roles.includes(n)) ? 2 ** i : 0), 0));
    fixture.refusals.push(`0x${errors.map((e) => toFunctionSelector({ ...e, type: 'function', outputs: [], stateMutability: 'view' }).slice(2)).join('')}`);
  }
}
if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exit(1);
}
const text = JSON.stringify(fixture, null, 2) + '\n';
if (process.argv.includes('--check')) {
  if (!existsSync(target) || readFileSync(target, 'utf8') !== text) {
    console.error('verifier-contracts/test/fixtures/access.json is out of date: run node verifier-contracts/access.mjs');
    process.exit(1);
  }
} else {
  writeFileSync(target, text);
}
