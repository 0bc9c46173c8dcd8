/**
 * Groth16 provers behind one interface. Proofs are canonical bigints: `a` and `c` are (x, y),
 * `b` is four words in the order of the EVM's precompile, x.c1, x.c0, y.c1, y.c0.
 */
import { performance } from 'node:perf_hooks';
import { FileError } from '../../src/errors/files.js';
import { SetupError } from '../../src/errors/setup.js';
import { assertContributed, readZkeyHeader, type ZkeyHeader } from '../setup/zkey.js';
import { witnessCalculator } from './calculator.js';
import { FileCache } from './fileCache.js';
import type { CircuitInput } from './witness.js';

export type { CircuitInput, InputValue } from './witness.js';

export interface Groth16Points {
  a: readonly [bigint, bigint];
  b: readonly [bigint, bigint, bigint, bigint];
  c: readonly [bigint, bigint];
}

export interface Groth16Result {
  proof: Groth16Points;
  publicSignals: bigint[];
  seconds: { witness: number; prove: number };
}

export interface Groth16Backend {
  readonly name: string;
  /**
   * Computes the witness and proves it.
   * @throws FileError       key or witness generator missing, truncated, of another format or circuit
   * @throws UncontributedKeyError  the key has delta = gamma
   * @throws WitnessError    the inputs do not satisfy the circuit
   */
  prove(zkeyPath: string, wasmPath: string, input: CircuitInput): Promise<Groth16Result>;
  /** Ends the worker threads; the process can exit afterwards. Await pending proofs first. */
  close(): Promise<void>;
}

/** snarkjs' form of a proof, for its verifier. */
export const toSnarkjsProof = ({ a, b, c }: Groth16Points): Record<string, unknown> => ({
  pi_a: [...a.map(String), '1'],
  pi_b: [[b[1], b[0]].map(String), [b[3], b[2]].map(String), ['1', '0']],
  pi_c: [...c.map(String), '1'],
  protocol: 'groth16',
  curve: 'bn128',
});

/** Ends the threads that snarkjs started in this process, if any. */
export async function closeSnarkjs(): Promise<void> {
  const curve = (globalThis as { curve_bn128?: { terminate(): Promise<void> } | null }).curve_bn128;
  await curve?.terminate();
}

function loadZkey(path: string): ZkeyHeader {
  const zkey = readZkeyHeader(path);
  assertContributed(zkey);
  return zkey;
}

/** Groth16 by snarkjs: WebAssembly on worker threads, runs everywhere. */
export class SnarkjsBackend implements Groth16Backend {
  /** snarkjs keeps one set of threads a process: the last backend to close ends it. */
  private static open = 0;
  private closed = false;
  readonly name = 'snarkjs';
  private readonly zkeys = new FileCache(loadZkey);
  private readonly calculators = new FileCache((path) => witnessCalculator(path, { mode: 'wasm' }));

  constructor() {
    SnarkjsBackend.open++;
  }

  async prove(zkeyPath: string, wasmPath: string, input: CircuitInput): Promise<Groth16Result> {
    if (this.closed) throw new SetupError('the backend is closed', { code: 'GROTH16_CLOSED', where: this.name, hint: 'make a new one' });
    const [zkey, calculator] = await Promise.all([this.zkeys.get(zkeyPath), this.calculators.get(wasmPath)]);
    const start = performance.now();
    const wtns = await calculator.calculate(input);
    const proving = performance.now();
    const nVars = new DataView(wtns.buffer).getUint32(60, true);
    if (nVars !== zkey.nVars) {
      throw new FileError('key and witness generator are of different circuits', { code: 'ZKEY_CIRCUIT', where: zkeyPath, expected: `${nVars} signals`, got: `${zkey.nVars} signals`, hint: 'take both from one setup folder' });
    }
    const { groth16 } = await import('snarkjs');
    const { proof, publicSignals } = await groth16.prove(zkeyPath, { type: 'mem', data: wtns }).catch((cause: unknown) => {
      throw new SetupError('snarkjs could not prove', { code: 'GROTH16_PROVE', where: zkeyPath, got: String(cause), hint: 'see the cause', cause });
    });
    const [a, b, c] = [proof.pi_a.map(BigInt), proof.pi_b.map((pair) => pair.map(BigInt)), proof.pi_c.map(BigInt)];
    return {
      proof: { a: [a[0], a[1]], b: [b[0][1], b[0][0], b[1][1], b[1][0]], c: [c[0], c[1]] },
      publicSignals: publicSignals.map(BigInt),
      seconds: { witness: (proving - start) / 1000, prove: (performance.now() - proving) / 1000 },
    };
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    if (--SnarkjsBackend.open === 0) await closeSnarkjs();
  }
}
