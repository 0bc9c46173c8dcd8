/** snarkjs and ours on the same files: one interface, proofs in snarkjs' form. */
import { readFile } from 'node:fs/promises';
import { groth16, zKey } from 'snarkjs';
import { closeSnarkjs, toSnarkjsProof } from '../../prover/backends/groth16.js';
import { NativeBackend } from '../../prover/backends/native.js';
import type { Isa } from '../../prover/kernels/native/build/isa.js';

export interface ChainProof {
  proof: unknown;
  publicSignals: string[];
}

export interface Prover {
  name: string;
  /** The whole of what a user waits for with files at hand. */
  prove(): Promise<ChainProof>;
  close(): Promise<void>;
}

export type ProverKind = 'snarkjs' | 'snarkjs-memory' | 'ours' | 'ours-opening';
export interface ProverSpec {
  kind: ProverKind;
  threads: number;
  isa?: Isa;
}

/** snarkjs decides on its threads itself: one worker for each core. */
export const nameOf = ({ kind, threads, isa }: ProverSpec): string => (kind.startsWith('snarkjs') ? kind.replace('-', ', ') : `${kind.replace('-', ' with ')} ${isa ?? ''} x${threads}`.replace('  ', ' '));

async function snarkjsProver(spec: ProverSpec, zkeyPath: string, wtnsPath: string): Promise<Prover> {
  const mem = async (path: string): Promise<{ type: 'mem'; data: Uint8Array }> => ({ type: 'mem', data: new Uint8Array(await readFile(path)) });
  const [zkey, wtns] = spec.kind === 'snarkjs' ? [zkeyPath, wtnsPath] : [await mem(zkeyPath), await mem(wtnsPath)];
  return { name: nameOf(spec), prove: () => groth16.prove(zkey, wtns), close: closeSnarkjs };
}

/** `ours` keeps the key open between proofs, as an agent does; `ours-opening` starts threads, maps and checks the key for every proof. */
async function nativeProver(spec: ProverSpec, zkeyPath: string, wtnsPath: string): Promise<Prover> {
  const open = (): Promise<NativeBackend> => NativeBackend.open({ threads: spec.threads, isa: spec.isa });
  const kept = spec.kind === 'ours' ? await open() : undefined;
  return {
    name: nameOf(spec),
    async prove() {
      const backend = kept ?? (await open());
      try {
        const { proof, publicSignals } = await backend.proveWitness(zkeyPath, new Uint8Array(await readFile(wtnsPath)));
        return { proof: toSnarkjsProof(proof), publicSignals: publicSignals.map(String) };
      } finally {
        if (!kept) await backend.close();
      }
    },
    close: async () => kept?.close(),
  };
}

export const openProver = (spec: ProverSpec, zkeyPath: string, wtnsPath: string): Promise<Prover> =>
  (spec.kind.startsWith('snarkjs') ? snarkjsProver : nativeProver)(spec, zkeyPath, wtnsPath);

export type Verify = (proof: ChainProof) => Promise<boolean>;
/** snarkjs' verifier of a key, for the proofs of both. */
export async function verifierOf(zkeyPath: string): Promise<Verify> {
  const vk = await zKey.exportVerificationKey(zkeyPath);
  return ({ proof, publicSignals }) => groth16.verify(vk, publicSignals, proof);
}
