/**
 * The public names of the SDK are pinned: adding or dropping one is a decision, not an accident.
 * Regenerate: npm run build && UPDATE_EXPORTS=1 node --test dist/test/unit/exports.test.js, then read the diff of test/vectors/exports.json.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import ts from 'typescript';
import { packageRoot } from '../../src/files/paths.js';

const root = packageRoot(), PINNED = join(root, 'test', 'vectors', 'exports.json');
/** Entries of package.json's exports map, by their source. */
const ENTRIES = { '.': 'src/index.ts', './inference': 'src/inference/index.ts', './prover': 'prover/index.ts' };

/** Exported names with `type ` before those that exist at compile time only. */
function exportedNames(program: ts.Program, path: string): string[] {
  const checker = program.getTypeChecker(), file = program.getSourceFile(join(root, path));
  const symbol = file && checker.getSymbolAtLocation(file);
  assert.ok(symbol, `${path} is a module`);
  return checker.getExportsOfModule(symbol).map((exported) => {
    const target = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    return target.flags & ts.SymbolFlags.Value ? exported.name : `type ${exported.name}`;
  }).sort();
}

describe('exports of the package', () => {
  it('are the pinned ones', () => {
    const present = Object.entries(ENTRIES).filter(([, path]) => existsSync(join(root, path)));
    const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as { config: object };
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
    const program = ts.createProgram(present.map(([, path]) => join(root, path)), { ...options, noEmit: true, incremental: false, tsBuildInfoFile: undefined });
    const names = Object.fromEntries(present.map(([entry, path]) => [entry, exportedNames(program, path)]));
    if (process.env.UPDATE_EXPORTS) {
      mkdirSync(dirname(PINNED), { recursive: true });
      writeFileSync(PINNED, `${JSON.stringify(names, null, 1)}\n`);
    }
    assert.deepEqual(names, JSON.parse(readFileSync(PINNED, 'utf8')), 'public names changed: if this is meant, see the head of this test');
  });
});
