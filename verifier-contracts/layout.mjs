// Writes snapshots/storage.json: where every deployed contract of src/ keeps its variables. A change that moves one is seen in review.
// Usage: node verifier-contracts/layout.mjs [--check]     --check fails when the file is out of date
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { contracts, here } from './sources.mjs';

const target = join(here, 'snapshots', 'storage.json');

/** "slot+offset": "label: type, size"; by type labels, because type ids change with every edit. */
function variables(storage, types) {
  return Object.fromEntries(
    storage.map(({ label, slot, offset, type }) => {
      const bytes = types[type].numberOfBytes;
      return [`${slot}+${offset}`, `${label}: ${types[type].label}, ${bytes} ${bytes === '1' ? 'byte' : 'bytes'}`];
    }),
  );
}

const layouts = Object.fromEntries(
  contracts().map(([contract, { storageLayout: { storage, types } }]) => {
    const structs = Object.values(types ?? {}).filter((t) => t.members);
    return [
      contract,
      {
        variables: variables(storage, types ?? {}),
        structs: Object.fromEntries(structs.map((t) => [t.label, variables(t.members, types)]).sort(([a], [b]) => (a < b ? -1 : 1))),
      },
    ];
  }),
);
const text = JSON.stringify(layouts, null, 2) + '\n';

if (process.argv.includes('--check')) {
  if (!existsSync(target) || readFileSync(target, 'utf8') !== text) {
    console.error('verifier-contracts/snapshots/storage.json is out of date: run node verifier-contracts/layout.mjs and read the difference');
    process.exit(1);
  }
} else {
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
}
