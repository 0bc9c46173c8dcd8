/**
 * Markdown tables from bench/results, for documents: figures there are generated, never typed.
 * Run: npm run bench -- tables [kernels|groth16|prove|gas ...] [--from folder]
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { packageRoot } from '../../src/files/paths.js';
import { gasTables } from './gas.js';
import { groth16Tables } from './groth16.js';
import { kernelTables } from './kernels.js';
import { heading, type Results } from './markdown.js';
import { proveTables } from './prove.js';

const TABLES: Record<string, (results: never) => string[]> = { kernels: kernelTables, groth16: groth16Tables, prove: proveTables, gas: gasTables };

const { values: { from = join(packageRoot(), 'bench', 'results') }, positionals } = parseArgs({ options: { from: { type: 'string' } }, allowPositionals: true });
const unknown = positionals.filter((name) => !Object.hasOwn(TABLES, name));
if (unknown.length > 0) {
  console.error(`tables: ${Object.keys(TABLES).join(', ')}, not ${unknown.join(', ')}`);
  process.exit(2);
}
for (const name of positionals.length > 0 ? positionals : Object.keys(TABLES)) {
  const path = join(from, `${name}.json`);
  if (!existsSync(path)) {
    console.error(`${path}: not there yet, run npm run bench -- ${name}`);
    continue;
  }
  const results = JSON.parse(await readFile(path, 'utf8')) as Results;
  console.log([heading(results), ...TABLES[name](results as never)].join('\n\n'));
  console.log();
}
