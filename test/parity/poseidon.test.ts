/** Poseidon and the duplex: TypeScript = circomlibjs = circuit, for every width and every shape of a call. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { before, describe, it } from 'node:test';
import { FIELD_MODULUS as P } from '../../src/field/fr.js';
import { poseidonPermutation, POSEIDON_RATE } from '../../src/hash/poseidon.js';
import { DuplexTranscript } from '../../src/transcript/duplex.js';
import { Gadget } from '../support/gadget.js';
import { Random } from '../support/scenario.js';

interface Circomlib { (inputs: bigint[], state: bigint, outputs: number): unknown; F: { toObject(x: unknown): bigint; e(x: bigint): unknown } }
const { buildPoseidonReference } = createRequire(import.meta.url)('circomlibjs') as { buildPoseidonReference(): Promise<Circomlib> };

const WIDTHS = Array.from({ length: POSEIDON_RATE }, (_, i) => i + 1);
const offset = (n: number): number => (n * (n - 1)) / 2;
const allWidths = `
template AllWidths() {
    signal input state;
    signal input in[${offset(17)}];
    signal output out[${offset(17) + 16}];
    component p[16];
    var at = 0;
    var to = 0;
    for (var n = 1; n <= 16; n++) {
        p[n - 1] = PoseidonEx(n, n + 1);
        p[n - 1].initialState <== state;
        for (var i = 0; i < n; i++) p[n - 1].inputs[i] <== in[at + i];
        for (var i = 0; i <= n; i++) out[to + i] <== p[n - 1].out[i];
        at += n;
        to += n + 1;
    }
}`;

describe('Poseidon', () => {
  let reference: Circomlib, circuit: Gadget;
  before(async () => {
    reference = await buildPoseidonReference();
    circuit = await Gadget.compile('AllWidths()', ['poseidon.circom'], allWidths);
  });
  const inputs = (kind: number, random: Random): bigint[] => Array.from({ length: offset(17) }, () => (kind === 0 ? 0n : kind === 1 ? P - 1n : random.scalar()));

  it('is one permutation in TypeScript, circomlibjs and the circuit, for 1 to 16 inputs', async () => {
    const random = new Random(1);
    for (let kind = 0; kind < 4; kind++) {
      const state = [0n, P - 1n, random.scalar(), random.scalar()][kind];
      const all = inputs(kind, random);
      const out = await circuit.outputs({ state, in: all }, offset(17) + 16);
      let to = 0;
      for (const n of WIDTHS) {
        const words = all.slice(offset(n), offset(n + 1));
        const lanes = poseidonPermutation(words, state);
        const expected = (reference(words, state, n + 1) as unknown[]).map((x) => reference.F.toObject(x));
        assert.deepEqual(lanes, expected, `${n} inputs, circomlibjs`);
        assert.deepEqual(lanes, out.slice(to, to + n + 1), `${n} inputs, circuit`);
        to += n + 1;
      }
    }
  });
});

describe('the duplex', () => {
  // words and challenges at the edges of chunks: fewer, as many and more challenges than words, several squeezes
  const calls = [[1, 0], [1, 1], [1, 5], [2, 1], [15, 16], [16, 16], [16, 17], [17, 0], [17, 3], [33, 2], [3, 33], [32, 40]];
  it('draws the same challenges and carries the same state in TypeScript and the circuit, call after call', async () => {
    const words = calls.reduce((sum, [w]) => sum + w, 0), drawn = calls.reduce((sum, [, c]) => sum + c, 0);
    const chain = `
template Chain() {
    signal input in[${words}];
    signal output out[${drawn}];
    signal state[${calls.length + 1}];
    state[0] <== 0;
${calls.map(([w, c], i) => {
    const from = calls.slice(0, i).reduce((sum, [x]) => sum + x, 0), to = calls.slice(0, i).reduce((sum, [, x]) => sum + x, 0);
    return `    component d${i} = Duplex(${w}, ${c});
    d${i}.state <== state[${i}];
    for (var i = 0; i < ${w}; i++) d${i}.in[i] <== in[${from} + i];
    for (var i = 0; i < ${c}; i++) out[${to} + i] <== d${i}.out[i];
    state[${i + 1}] <== d${i}.next;`;
  }).join('\n')}
}`;
    const circuit = await Gadget.compile('Chain()', ['lib/duplex.circom'], chain);
    const random = new Random(2);
    for (let round = 0; round < 3; round++) {
      const input = Array.from({ length: words }, random.scalar);
      const transcript = new DuplexTranscript();
      const expected: bigint[] = [];
      let at = 0;
      for (const [w, c] of calls) {
        expected.push(...transcript.absorb('words', input.slice(at, at + w), c));
        at += w;
      }
      assert.deepEqual(await circuit.outputs({ in: input }, drawn), expected);
    }
  });
});
