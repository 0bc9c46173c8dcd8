/** The part of snarkjs 0.7.6 that is used here (the package ships no types). */
declare module 'snarkjs' {
  /** A file name, or a file kept in memory. */
  export type FileLike = string | Uint8Array | { type: 'mem'; data?: Uint8Array } | { type: 'bigMem' };

  export interface SnarkjsLogger {
    debug(message: string): void;
    info(message: string): void;
    warn(message: string): void;
    error(message: string): void;
    log?(message: string): void;
  }

  /** Decimal strings, projective with a last coordinate of 1; G2 coordinates as [c0, c1]. */
  export interface SnarkjsGroth16Proof {
    pi_a: [string, string, string];
    pi_b: [[string, string], [string, string], [string, string]];
    pi_c: [string, string, string];
    protocol: string;
    curve: string;
  }

  export const groth16: {
    prove(zkey: FileLike, wtns: FileLike, logger?: SnarkjsLogger): Promise<{ proof: SnarkjsGroth16Proof; publicSignals: string[] }>;
    verify(vk: unknown, publicSignals: readonly (string | bigint)[], proof: unknown, logger?: SnarkjsLogger): Promise<boolean>;
  };

  export const zKey: {
    /** Returns the circuit hash, or -1 (after logging why) when it refuses. */
    newZKey(r1cs: FileLike, ptau: FileLike, zkey: FileLike, logger?: SnarkjsLogger): Promise<Uint8Array | -1>;
    contribute(zkeyOld: FileLike, zkeyNew: FileLike, name: string, entropy: string, logger?: SnarkjsLogger): Promise<Uint8Array>;
    beacon(zkeyOld: FileLike, zkeyNew: FileLike, name: string, beaconHash: string, iterationsExp: number, logger?: SnarkjsLogger): Promise<Uint8Array | false>;
    verifyFromR1cs(r1cs: FileLike, ptau: FileLike, zkey: FileLike, logger?: SnarkjsLogger): Promise<boolean>;
    verifyFromInit(zkeyInit: FileLike, ptau: FileLike, zkey: FileLike, logger?: SnarkjsLogger): Promise<boolean>;
    exportVerificationKey(zkey: FileLike, logger?: SnarkjsLogger): Promise<Record<string, unknown>>;
  };

  export const powersOfTau: {
    verify(ptau: FileLike, logger?: SnarkjsLogger): Promise<boolean>;
  };

  export const wtns: {
    check(r1cs: FileLike, wtns: FileLike, logger?: SnarkjsLogger): Promise<boolean>;
  };
}
