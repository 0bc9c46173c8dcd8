/**
 * The circuit that both provers get: a chain of Poseidon hashes, as many as fill a domain.
 *   h_0 = start (private),  h_(i+1) = Poseidon(h_i, i),  out = h_n (public)
 * Compiled, with development key and witness, under cacheRoot()/bench/chain: minutes for 2^18 constraints, once.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../../src/files/atomic.js';
import { cacheRoot } from '../../src/files/paths.js';
import { calculateWitness, compileGenerator } from '../../prover/backends/witness.js';
import { compileSource } from '../../prover/setup/circuit.js';
import { writeDevelopmentZkey } from '../../prover/setup/developmentKeys.js';
import { readR1cs } from '../../prover/setup/qap.js';

export interface ChainFiles {
  hashes: number;
  constraints: number;
  domainLog: number;
  zkey: string;
  wtns: string;
}

/** Constraints of one link at --O2. */
const PER_HASH = 237;
const START = 0x1234567890abcdefn;

const source = (hashes: number): string => `pragma circom 2.2.0;
include "poseidon.circom";
template Chain(n) {
    signal input start;
    signal output out;
    signal state[n + 1];
    state[0] <== start;
    for (var i = 0; i < n; i++) state[i + 1] <== Poseidon(2)([state[i], i]);
    out <== state[n];
}
component main = Chain(${hashes});
`;

/** A chain whose constraints fill a domain of 2^domainLog, with room for the public signals. @throws CircuitError, FileError */
export async function prepareChain(domainLog: number, progress: (message: string) => void): Promise<ChainFiles> {
  const hashes = Math.floor((2 ** domainLog - 16) / PER_HASH);
  const circuit = await compileSource(source(hashes), [], join(cacheRoot(), 'bench', 'chain'), { progress });
  const r1cs = readR1cs(circuit.r1cs);
  if (r1cs.power !== domainLog) throw new Error(`chain of ${hashes} hashes: ${r1cs.nConstraints} constraints need 2^${r1cs.power}, meant for 2^${domainLog}`);
  const zkey = join(circuit.dir, 'development.zkey'), wtns = join(circuit.dir, 'witness.wtns');
  if (!existsSync(zkey)) {
    progress(`development key of ${r1cs.nConstraints} constraints`);
    await writeDevelopmentZkey(circuit.r1cs, zkey);
  }
  if (!existsSync(wtns)) await writeFileAtomic(wtns, await calculateWitness(await compileGenerator(await readFile(circuit.wasm)), { start: START }, circuit.wasm));
  return { hashes, constraints: r1cs.nConstraints, domainLog, zkey, wtns };
}
