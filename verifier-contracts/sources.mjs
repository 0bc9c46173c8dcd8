// The contracts of src/, analysed by the npm compiler without code generation: what access.mjs and layout.mjs check.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const solc = createRequire(import.meta.url)('solc');
export const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, '..', 'node_modules');

const walk = (dir) =>
  readdirSync(dir, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((e) => (e.isDirectory() ? walk(join(dir, e.name)) : e.name.endsWith('.sol') ? [join(dir, e.name)] : []));

const load = (path) => {
  const file = path.startsWith('node_modules/') ? join(modules, path.slice('node_modules/'.length)) : join(here, path);
  return existsSync(file) ? { contents: readFileSync(file, 'utf8') } : { error: `not found: ${path}` };
};

/**
 * Every contract of src/ that can be deployed (no interface, library or abstract contract), by name.
 * @returns {[name: string, { abi: object[], storageLayout: { storage: object[], types: object | null } }][]}
 */
export function contracts() {
  const files = walk(join(here, 'src')).map((file) => relative(here, file));
  const output = JSON.parse(
    solc.compile(
      JSON.stringify({
        language: 'Solidity',
        sources: Object.fromEntries(files.map((file) => [file, { content: readFileSync(join(here, file), 'utf8') }])),
        settings: {
          evmVersion: 'cancun',
          viaIR: true,
          remappings: ['@openzeppelin/=node_modules/@openzeppelin/', 'solady/=node_modules/solady/src/'],
          outputSelection: { '*': { '*': ['abi', 'storageLayout'], '': ['ast'] } },
        },
      }),
      { import: load },
    ),
  );
  const errors = (output.errors ?? []).filter((m) => m.severity === 'error');
  for (const m of errors) console.error(m.formattedMessage);
  if (errors.length > 0) process.exit(1);
  return files
    .flatMap((file) =>
      output.sources[file].ast.nodes
        .filter((node) => node.nodeType === 'ContractDefinition' && node.contractKind === 'contract' && !node.abstract)
        .map((node) => [node.name, output.contracts[file][node.name]]),
    )
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
