/** The circuits' permutation is circomlib's PoseidonEx: not one constraint differs, so keys made for either fit both. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { compileSource } from '../../prover/setup/circuit.js';
import { cacheRoot, packageRoot } from '../../src/files/paths.js';

const SHAPES: readonly [words: number, outs: number][] = [[1, 1], [2, 3], [5, 1], [12, 13], [16, 17]];

const constraints = async (file: string, template: string): Promise<Buffer> => {
  const calls = SHAPES.map(([words, outs], i) => `    component c${i} = ${template}(${words}, ${outs});
    c${i}.initialState <== in[16];
    for (var j = 0; j < ${words}; j++) c${i}.inputs[j] <== in[j];
    for (var j = 0; j < ${outs}; j++) out[${i}][j] <== c${i}.out[j];
    for (var j = ${outs}; j < 17; j++) out[${i}][j] <== 0;`);
  const source = `pragma circom 2.2.0;\ninclude "${file}";
template Both() {
    signal input in[17];
    signal output out[${SHAPES.length}][17];
${calls.join('\n')}
}
component main = Both();
`;
  const { r1cs } = await compileSource(source, [join(packageRoot(), 'circuits')], join(cacheRoot(), 'circuits', 'gadgets'));
  return readFile(r1cs);
};

describe('permutation', () => {
  it('has the constraint system of circomlib\'s PoseidonEx, byte for byte', async () => {
    const ours = await constraints('lib/permutation.circom', 'Permutation');
    const theirs = await constraints('poseidon.circom', 'PoseidonEx');
    assert.ok(ours.length > 10_000);
    assert.ok(ours.equals(theirs));
  });
});
