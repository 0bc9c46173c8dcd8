/** snarkjs and ours on the same files: one interface, proofs in snarkjs' form. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { groth16, zKey, type SnarkjsGroth16Proof } from 'snarkjs';
import { g1Get, g2Get } from '../../src/curve/bn254.js';
import { bigintToBytes, bytesToBigint, G1_BYTES, G2_BYTES } from '../../src/field/buffer.js';
import { FIELD_MODULUS } from '../../src/field/fr.js';
import { closeSnarkjs } from '../../prover/backends/groth16.js';
import { NativeArithmetic, type NativeZkey } from '../../prover/kernels/native/arithmetic.js';
import type { Isa } from '../../prover/kernels/native/build/isa.js';

export interface ChainProof {
  proof: SnarkjsGroth16Proof;
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

/** r and s, uniform below the modulus by rejection. */
function freshBlinding(): Uint8Array {
  const out = new Uint8Array(64);
  for (let at = 0; at < 64; ) {
    const bytes = randomBytes(32);
    bytes[31] &= 0x3f;
    const x = bytesToBigint(bytes);
    if (x >= FIELD_MODULUS) continue;
    bigintToBytes(x, out, at);
    at += 32;
  }
  return out;
}

function fromPoints(bytes: Uint8Array): SnarkjsGroth16Proof {
  const a = g1Get(bytes), b = g2Get(bytes.subarray(G1_BYTES, G1_BYTES + G2_BYTES)), c = g1Get(bytes.subarray(G1_BYTES + G2_BYTES));
  return {
    pi_a: [String(a.x), String(a.y), '1'], pi_b: [[String(b.x[0]), String(b.x[1])], [String(b.y[0]), String(b.y[1])], ['1', '0']], pi_c: [String(c.x), String(c.y), '1'],
    protocol: 'groth16', curve: 'bn128',
  };
}

/** Offset of the values in a .wtns of snarkjs or ours: two sections, header first. */
const WTNS_VALUES = 76;

/** `ours` keeps the key open between proofs, as an agent does; `ours-opening` maps and checks it for every proof. */
async function nativeProver(spec: ProverSpec, zkeyPath: string, wtnsPath: string): Promise<Prover> {
  const arithmetic = await NativeArithmetic.open({ threads: spec.threads, isa: spec.isa });
  const kept = spec.kind === 'ours' ? await arithmetic.openZkey(zkeyPath) : undefined;
  const proveWith = async (zkey: NativeZkey): Promise<ChainProof> => {
    const wtns = new Uint8Array(await readFile(wtnsPath));
    const proof = fromPoints(await arithmetic.groth16Prove(zkey, wtns, freshBlinding()));
    return { proof, publicSignals: Array.from({ length: zkey.publics }, (_, i) => String(bytesToBigint(wtns, WTNS_VALUES + 32 * (i + 1)))) };
  };
  return {
    name: nameOf(spec),
    async prove() {
      const zkey = kept ?? (await arithmetic.openZkey(zkeyPath));
      try {
        return await proveWith(zkey);
      } finally {
        if (!kept) zkey.close();
      }
    },
    async close() {
      kept?.close();
      await arithmetic.close();
    },
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
