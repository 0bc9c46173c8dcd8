/** A small circuit with the project's three public inputs, and what the setup tests share. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileSource, type CompiledCircuit } from '../../../prover/setup/circuit.js';

/** gammaPrime = H^(rounds)(secret), listEvaluation = gammaList secret. */
export const toySource = (rounds: number): string => `pragma circom 2.2.0;
include "poseidon.circom";
template Toy(rounds) {
    signal input gammaPrime;
    signal input gammaList;
    signal input listEvaluation;
    signal input secret;
    signal input path[rounds];
    signal state[rounds + 1];
    component hash[rounds];
    state[0] <== secret;
    for (var i = 0; i < rounds; i++) {
        hash[i] = Poseidon(2);
        hash[i].inputs[0] <== state[i];
        hash[i].inputs[1] <== path[i];
        state[i + 1] <== hash[i].out;
    }
    signal output last;
    last <== state[rounds];
    listEvaluation === gammaList * secret;
}
component main {public [gammaPrime, gammaList, listEvaluation]} = Toy(${rounds});
`;

export const toyInput = (rounds: number): { gammaPrime: bigint; gammaList: bigint; listEvaluation: bigint; secret: bigint; path: bigint[] } => ({
  gammaPrime: 11n, gammaList: 5n, listEvaluation: 35n, secret: 7n, path: Array.from({ length: rounds }, (_, i) => BigInt(i)),
});

export async function temporaryFolder(): Promise<{ dir: string; remove(): Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'zkattr-setup-'));
  return { dir, remove: () => rm(dir, { recursive: true, force: true }) };
}

export const compileToy = (rounds: number, dir: string): Promise<CompiledCircuit> => compileSource(toySource(rounds), [], dir);
