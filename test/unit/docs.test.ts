/** docs/contracts.md says what the sources say: its tables are theirs, and every test and contract that it names exists. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { packageRoot } from '../../src/files/paths.js';
import { accessTable, parameterTable, signingTable, type Access } from '../support/contractsDoc.js';

const root = packageRoot(), contracts = join(root, 'verifier-contracts');
const read = (...path: string[]): string => readFileSync(join(...path), 'utf8');
const page = read(root, 'docs', 'contracts.md');
const sources = (folder: string): string[] => readdirSync(join(contracts, folder), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.sol'));

describe('docs/contracts.md', () => {
  it('has the tables of its sources', () => {
    for (const made of [accessTable(JSON.parse(read(contracts, 'access.json')) as Access), parameterTable(), signingTable()]) assert.ok(page.includes(made), `not on the page:\n${made}`);
  });

  it('names tests that exist', () => {
    const tests = sources('test').map((name) => read(contracts, 'test', name)).join('\n');
    const named = [...new Set(page.match(/\b(?:test|testFuzz|invariant)_\w+/g))];
    assert.ok(named.length > 40);
    assert.deepEqual(named.filter((name) => !tests.includes(`function ${name}(`)), []);
  });

  it('names contracts and paths that exist', () => {
    const known = new Set([...sources('src'), ...sources('test')].map((name) => name.split('/').at(-1)!.replace(/(\.t)?\.sol$/, '')));
    const linked = [...new Set([...page.matchAll(/`([A-Z]\w+)\.sol`/g)].map((m) => m[1]))];
    assert.deepEqual(linked.filter((name) => !known.has(name)), []);
    for (const [, path] of page.matchAll(/`((?:src|test|docs|verifier-contracts)\/[\w./-]+\.\w+)`/g)) assert.doesNotThrow(() => read(root, path), path);
  });
});
