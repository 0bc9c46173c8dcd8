// Compiles what the deployment deploys with the npm compiler and writes src/chain/generated/contracts.ts: ABIs, creation code, and
// where the deployed code and its immutables lie in it, so that code on a chain can be compared. And test/fixtures/shipped.json: the
// hash of each creation code, which forge's tests hold against what they deploy.
// Usage: node verifier-contracts/build.mjs [--check]     --check fails when a generated file is out of date
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { keccak256 } from 'viem';

const solc = createRequire(import.meta.url)('solc');
const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, '..', 'node_modules');
const target = join(here, '..', 'src', 'chain', 'generated', 'contracts.ts');
const hashes = join(here, 'test', 'fixtures', 'shipped.json');

/** In the order of the deployment (src/chain/deploy.ts). */
const CONTRACTS = [
  ['src/verifiers', 'AttributionVerifier'],
  ['src/token', 'WrappedOpen'],
  ['node_modules/@openzeppelin/contracts/governance', 'TimelockController'],
  ['src/governance', 'OpenGovernor'],
  ['src/governance', 'Parameters'],
  ['src/rewards', 'StakeVault'],
  ['src/registry', 'DatanetRegistry'],
  ['src/verifiers', 'VerifierGateway'],
  ['src/registry', 'ModelRegistry'],
  ['src/rewards', 'RewardVault'],
  ['src/registry', 'InferenceRegistry'],
  ['src/rewards', 'AttributionSettlement'],
  ['src/market', 'ProofMarket'],
  ['src/audit', 'AuditCourt'],
  ['src/audit', 'FactCourt'],
].map(([folder, name]) => ({ file: `${folder}/${name}.sol`, name, key: name[0].toLowerCase() + name.slice(1) }));

/** EIP-170 and EIP-3860, bytes. */
const MAX_CODE = 24_576;
const MAX_CREATION_CODE = 49_152;

// The same settings as foundry.toml: tested code is shipped code. Code is generated for the listed contracts only.
const settings = {
  optimizer: { enabled: true, runs: 20000 },
  viaIR: true,
  evmVersion: 'cancun',
  metadata: { bytecodeHash: 'none', appendCBOR: false },
  remappings: ['@openzeppelin/=node_modules/@openzeppelin/', 'solady/=node_modules/solady/src/'],
  outputSelection: Object.fromEntries(
    CONTRACTS.map(({ file, name }) => [file, { [name]: ['abi', 'evm.bytecode', 'evm.deployedBytecode.object', 'evm.deployedBytecode.immutableReferences'] }]),
  ),
};

const load = (path) => {
  const file = path.startsWith('node_modules/') ? join(modules, path.slice('node_modules/'.length)) : join(here, path);
  return existsSync(file) ? { contents: readFileSync(file, 'utf8') } : { error: `not found: ${path}` };
};
const fail = (message) => {
  console.error(message);
  process.exit(1);
};

const sources = Object.fromEntries(
  CONTRACTS.map(({ file }) => {
    const { contents, error } = load(file);
    return [file, { content: contents ?? fail(error) }];
  }),
);
const output = JSON.parse(solc.compile(JSON.stringify({ language: 'Solidity', sources, settings }), { import: load }));
const messages = output.errors ?? [];
for (const m of messages) if (m.severity === 'error' || !m.sourceLocation?.file.startsWith('node_modules/')) console.error(m.formattedMessage);
if (messages.some((m) => m.severity === 'error')) process.exit(1);

/** Bytes of a code object; a placeholder of an unlinked library stands for its 20 bytes. */
function artifact({ file, name, key }) {
  const { abi, evm } = output.contracts[file][name];
  const creation = evm.bytecode.object, runtime = evm.deployedBytecode.object;
  const libraries = Object.values(evm.bytecode.linkReferences ?? {}).flatMap(Object.keys);
  if (libraries.length > 0) fail(`${name} calls external library code (${libraries.join(', ')}): the deployment links none`);
  const size = runtime.length / 2;
  if (size > MAX_CODE) fail(`${name}: ${size} bytes of code, ${MAX_CODE} are allowed`);
  if (creation.length / 2 > MAX_CREATION_CODE) fail(`${name}: ${creation.length / 2} bytes of creation code, ${MAX_CREATION_CODE} are allowed`);
  // The deployed code lies in the creation code, zeros where the constructor writes immutables.
  const at = creation.indexOf(runtime);
  if (at < 0 || at % 2 !== 0 || creation.indexOf(runtime, at + 1) >= 0) fail(`${name}: deployed code is not one part of the creation code`);
  const immutables = Object.values(evm.deployedBytecode.immutableReferences ?? {}).flat().map(({ start, length }) => [start, length]).sort((a, b) => a[0] - b[0]);
  console.error(`${name}: ${size} bytes`);
  return { name, key, abi, creation, runtime: { offset: at / 2, length: size, immutables } };
}
const artifacts = CONTRACTS.map(artifact);

// Errors raised behind an external call reach the caller too: one list of all.
const errors = new Map();
for (const { abi } of artifacts) for (const item of abi) if (item.type === 'error') errors.set(JSON.stringify(item), item);
const allErrors = [...errors.entries()].sort((a, b) => (a[0] < b[0] ? -1 : 1)).map(([, item]) => item);

let text = `// Generated by verifier-contracts/build.mjs with solc ${solc.version()}; do not edit.
/* eslint-disable */

type Code = \`0x\${string}\`;
/** The deployed code = \`length\` bytes of the creation code from \`offset\`; immutables = [start, length] in the deployed code. */
interface Runtime { offset: number; length: number; immutables: readonly (readonly [number, number])[] }
`;
for (const { key, abi, creation, runtime } of artifacts) {
  text += `\nexport const ${key}Abi = ${JSON.stringify(abi, null, 1)} as const;\n`;
  text += `\nexport const ${key}Bytecode: Code = '0x${creation}';\n`;
  text += `\nexport const ${key}Runtime: Runtime = ${JSON.stringify(runtime)};\n`;
}
text += `\n/** Custom errors of all contracts: one behind an external call surfaces in the caller. */\nexport const contractErrorsAbi = ${JSON.stringify(allErrors, null, 1)} as const;\n`;

const shipped = JSON.stringify({ generated: 'by build.mjs; do not edit', names: artifacts.map(({ name }) => name), hashes: artifacts.map(({ creation }) => keccak256(`0x${creation}`)) }, null, 2) + '\n';

for (const [file, content, label] of [[target, text, 'src/chain/generated/contracts.ts'], [hashes, shipped, 'verifier-contracts/test/fixtures/shipped.json']]) {
  if (process.argv.includes('--check')) {
    if (!existsSync(file) || readFileSync(file, 'utf8') !== content) fail(`${label} is out of date: run node verifier-contracts/build.mjs`);
  } else {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
}
