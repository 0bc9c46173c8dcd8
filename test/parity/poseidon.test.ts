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
/** Widths that go through the circuit as well: compiling the round constants of one takes seconds. */
const COMPILED = [1, 2, 3, 6, 13, 16];
const start = (n: number): number => COMPILED.filter((m) => m < n).reduce((sum, m) => sum + m + 1, 0);
const PERMUTATIONS = start(17);
/** Words and challenges at the edges of chunks: fewer, as many and more challenges than words, several squeezes. */
const CALLS = [[1, 0], [1, 1], [2, 1], [3, 16], [16, 16], [16, 17], [17, 0], [17, 3], [33, 2], [13, 33], [32, 40]];
const sum = (index: 0 | 1, calls = CALLS): number => calls.reduce((total, call) => total + call[index], 0);

const source = `
template Parity() {
    signal input state;
    signal input in[16];
    signal input words[${sum(0)}];
    signal output out[${PERMUTATIONS}];
    signal output drawn[${sum(1)}];
${COMPILED.map((n) => `    component p${n} = Permutation(${n}, ${n + 1});
    p${n}.initialState <== state;
    for (var i = 0; i < ${n}; i++) p${n}.inputs[i] <== in[i];
    for (var i = 0; i <= ${n}; i++) out[${start(n)} + i] <== p${n}.out[i];`).join('\n')}
    signal states[${CALLS.length + 1}];
    states[0] <== 0;
${CALLS.map(([w, c], i) => `    component d${i} = Duplex(${w}, ${c});
    d${i}.state <== states[${i}];
    for (var i = 0; i < ${w}; i++) d${i}.in[i] <== words[${sum(0, CALLS.slice(0, i))} + i];
    for (var i = 0; i < ${c}; i++) drawn[${sum(1, CALLS.slice(0, i))} + i] <== d${i}.out[i];
    states[${i + 1}] <== d${i}.next;`).join('\n')}
}`;

let circuit: Gadget;
before(async () => { circuit = await Gadget.compile('Parity()', ['lib/duplex.circom'], source); });

describe('Poseidon', () => {
  it('is one permutation in TypeScript, circomlibjs and the circuit, for 1 to 16 inputs', async () => {
    const reference = await buildPoseidonReference();
    const random = new Random(1);
    for (let kind = 0; kind < 4; kind++) {
      const state = [0n, P - 1n, random.scalar(), random.scalar()][kind];
      const all = Array.from({ length: 16 }, () => (kind === 0 ? 0n : kind === 1 ? P - 1n : random.scalar()));
      const out = await circuit.outputs({ state, in: all, words: new Array<bigint>(sum(0)).fill(0n) }, PERMUTATIONS);
      for (const n of WIDTHS) {
        const lanes = poseidonPermutation(all.slice(0, n), state);
        assert.deepEqual(lanes, (reference(all.slice(0, n), state, n + 1) as unknown[]).map((x) => reference.F.toObject(x)), `${n} inputs, circomlibjs`);
        if (COMPILED.includes(n)) assert.deepEqual(lanes, out.slice(start(n), start(n) + n + 1), `${n} inputs, circuit`);
      }
    }
  });
});

describe('the duplex', () => {
  it('draws the same challenges and carries the same state in TypeScript and the circuit, call after call', async () => {
    const random = new Random(2);
    for (let round = 0; round < 3; round++) {
      const words = Array.from({ length: sum(0) }, random.scalar);
      const transcript = new DuplexTranscript();
      const expected = CALLS.flatMap(([w, c], i) => transcript.absorb('words', words.slice(sum(0, CALLS.slice(0, i))).slice(0, w), c));
      const out = await circuit.outputs({ state: 0n, in: new Array<bigint>(16).fill(0n), words }, PERMUTATIONS + sum(1));
      assert.deepEqual(out.slice(PERMUTATIONS), expected);
    }
  });
});
