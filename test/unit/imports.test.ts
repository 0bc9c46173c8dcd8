/**
 * Direction of imports. A layer may use what stands before it in LAYERS, and itself; layers on one line may use each other as long
 * as no cycle of files arises. Type-only imports do not count for cycles (they vanish when compiled), but do count for direction.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative, sep } from 'node:path';
import { describe, it } from 'node:test';
import ts from 'typescript';
import { packageRoot } from '../../src/files/paths.js';

/** Inside src, lowest first. */
const LAYERS: readonly (readonly string[])[] = [
  ['errors', 'types'], ['files', 'field'], ['curve', 'hash'], ['sizes'], ['poly', 'quantize'], ['attribution', 'statement'], ['transcript'], ['commitment'],
  ['verify'], ['protocol', 'chain'], ['inference', 'models'], ['audit'], ['cli', 'index'],
];
/** What each top-level folder may import of the others. The CLI is the composition root: see below. */
const FOLDERS: Record<string, readonly string[]> = {
  src: [], prover: ['src'], coordinator: ['src'], bench: ['src', 'prover', 'coordinator', 'test'], test: ['src', 'prover', 'coordinator', 'bench'],
};
/** Folder -> what no file below it may import. */
const FORBIDDEN: readonly [string, RegExp, string][] = [
  ['src/verify', /^prover\//, 'the verifier never sees a witness or a kernel'],
  ['prover/kernels', /^src\/transcript\/|^prover\/(stages|witness)\//, 'kernels never see a transcript or a witness'],
  ['bench', /^test\/(?!support\/)/, 'benches take jobs from test/support only'],
];

interface Import {
  from: string;
  to: string;
  typeOnly: boolean;
  dynamic: boolean;
}

const root = packageRoot();

/** Relative imports of one file, as paths from the root with .ts. */
function importsOf(file: string): Import[] {
  const source = ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.ES2022, true);
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, typeOnly: boolean, dynamic = false): void => {
    if (!specifier || !ts.isStringLiteral(specifier) || !specifier.text.startsWith('.')) return;
    const to = normalize(join(dirname(file), specifier.text)).split(sep).join('/').replace(/\.js$/, '.ts');
    found.push({ from: file, to, typeOnly, dynamic });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      const clause = node.importClause, named = clause?.namedBindings;
      const all = clause?.name === undefined && named !== undefined && ts.isNamedImports(named) && named.elements.length > 0 && named.elements.every((e) => e.isTypeOnly);
      add(node.moduleSpecifier, clause?.isTypeOnly === true || all);
    } else if (ts.isExportDeclaration(node)) {
      const named = node.exportClause;
      add(node.moduleSpecifier, node.isTypeOnly || (named !== undefined && ts.isNamedExports(named) && named.elements.every((e) => e.isTypeOnly)));
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], false, true);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, true);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

const files = Object.keys(FOLDERS).filter((folder) => existsSync(join(root, folder))).flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter((name) => /(?<!\.d)\.ts$/.test(name) && !name.split(sep).includes('node_modules'))
    .map((name) => `${folder}/${name.split(sep).join('/')}`)).sort();
const imports = files.flatMap(importsOf);
const folderOf = (path: string): string => path.split('/')[0];
/** The sizes of a class are constants without imports, a layer of their own below the statement that uses them. */
const layerOf = (path: string): string => (path === 'src/statement/sizeClass.ts' ? 'sizes' : path.split('/')[1].replace(/\.ts$/, ''));
const rank = (layer: string): number => LAYERS.findIndex((names) => names.includes(layer));
const show = (list: readonly Import[]): string => list.map(({ from, to }) => `  ${from} -> ${to}`).join('\n');
const none = (list: readonly Import[], rule: string): void => assert.equal(list.length, 0, `${rule}:\n${show(list)}`);

describe('imports', () => {
  it('are found: the graph is not empty and every target exists', () => {
    assert.ok(imports.length > 200, `${imports.length} imports`);
    none(imports.filter(({ to }) => !existsSync(join(root, to)) && !existsSync(join(root, to.replace(/\.ts$/, '.d.ts'))) && /\.ts$/.test(to)), 'import of a file that does not exist');
  });

  it('cross top-level folders in one direction only', () => {
    const composes = ({ from, to, dynamic, typeOnly }: Import): boolean => from.startsWith('src/cli/') && ['prover', 'coordinator'].includes(folderOf(to)) && (dynamic || typeOnly);
    none(imports.filter((i) => folderOf(i.from) !== folderOf(i.to) && !FOLDERS[folderOf(i.from)].includes(folderOf(i.to)) && !composes(i)),
    'src imports no other folder; the CLI alone loads prover and coordinator, by dynamic import; prover and coordinator import src');
  });

  it('inside src go from later layers to earlier ones', () => {
    const inside = imports.filter(({ from, to }) => folderOf(from) === 'src' && folderOf(to) === 'src' && layerOf(from) !== layerOf(to));
    const unknown = [...new Set(inside.flatMap(({ from, to }) => [layerOf(from), layerOf(to)]).filter((layer) => rank(layer) < 0))];
    assert.deepEqual(unknown, [], 'folders of src without a place in LAYERS');
    none(inside.filter(({ from, to }) => rank(layerOf(to)) > rank(layerOf(from))), `order is ${LAYERS.map((names) => names.join(', ')).join(' -> ')}`);
  });

  for (const [folder, pattern, rule] of FORBIDDEN) {
    it(`${folder}: ${rule}`, () => none(imports.filter(({ from, to }) => from.startsWith(`${folder}/`) && pattern.test(to)), rule));
  }

  it('form no cycle of files, types aside', () => {
    const next = new Map<string, string[]>();
    for (const { from, to, typeOnly, dynamic } of imports) if (!typeOnly && !dynamic) next.set(from, [...(next.get(from) ?? []), to]);
    const cycles: string[] = [], state = new Map<string, 'open' | 'done'>(), path: string[] = [];
    const walk = (file: string): void => {
      if (state.get(file) === 'done') return;
      if (state.get(file) === 'open') {
        cycles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
        return;
      }
      state.set(file, 'open');
      path.push(file);
      (next.get(file) ?? []).forEach(walk);
      path.pop();
      state.set(file, 'done');
    };
    files.forEach(walk);
    assert.deepEqual(cycles, []);
  });

  it('never reach outside the repository', () => {
    none(imports.filter(({ to }) => relative(root, join(root, to)).startsWith('..')), 'import from outside');
  });
});
