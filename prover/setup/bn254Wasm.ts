/**
 * wasmcurves' BN254 module (the one inside ffjavascript), called directly on pointers: no copies, no task queue.
 * Field elements are 32 bytes little endian; frm_* and f1m_* are Montgomery operations, g1m_*, g2m_* points over them
 * (affine 2, Jacobian 3 coordinates). `frm_mul(canonical, Montgomery)` is a canonical product: used throughout setup.
 */
type Call = (...args: number[]) => number;

export interface Bn254Wasm {
  call: Record<string, Call>;
  memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  /** Reserves `bytes`; views taken earlier are invalid afterwards. */
  alloc(bytes: number): number;
  /** Reserves room for `data` and copies it in. */
  put(data: Uint8Array): number;
  get(pointer: number, length: number): Uint8Array;
  view(): Uint8Array;
}

/** What a worker needs to make its own instance. */
export interface Bn254Code {
  code: Uint8Array;
  g1: Uint8Array;
  g2: Uint8Array;
}

export interface Bn254Curve {
  Fr: {
    w: Uint8Array[];
    fromRng(rng: unknown): Uint8Array;
    toObject(x: Uint8Array): bigint;
  };
  G1: Bn254Group;
  G2: Bn254Group;
  tm: { code: Uint8Array };
}
export interface Bn254Group {
  oneAffine: Uint8Array;
  fromRng(rng: unknown): Uint8Array;
  timesFr(point: Uint8Array, scalar: Uint8Array): Uint8Array;
  timesScalar(point: Uint8Array, scalar: bigint): Uint8Array;
  toAffine(point: Uint8Array): Uint8Array;
  toUncompressed(point: Uint8Array): Uint8Array;
  batchLEMtoU(points: Uint8Array): Promise<Uint8Array>;
}
interface Ffjavascript {
  buildBn128(singleThread: boolean): Promise<Bn254Curve>;
  ChaCha: new (seed: number[]) => unknown;
}

const library = async (): Promise<Ffjavascript> => (await import('ffjavascript')) as unknown as Ffjavascript;
let shared: Promise<Bn254Curve> | undefined;

/** One single-threaded curve object a process. */
export const bn254Curve = (): Promise<Bn254Curve> => (shared ??= library().then((l) => l.buildBn128(true)));

/** snarkjs' deterministic random source. */
export const chaCha = async (seed: number[]): Promise<unknown> => new (await library()).ChaCha(seed);

export async function bn254Code(): Promise<Bn254Code> {
  const curve = await bn254Curve();
  return { code: curve.tm.code.slice(), g1: curve.G1.oneAffine, g2: curve.G2.oneAffine };
}

const wasm = (globalThis as unknown as {
  WebAssembly: {
    Memory: new (limits: { initial: number }) => Bn254Wasm['memory'];
    instantiate(code: Uint8Array, imports: object): Promise<{ instance: { exports: Record<string, Call> } }>;
  };
}).WebAssembly;
const PAGE = 65536;

/** A fresh instance with its own memory. */
export async function bn254Instance(code: Uint8Array): Promise<Bn254Wasm> {
  const memory = new wasm.Memory({ initial: 32 });
  const { instance } = await wasm.instantiate(code, { env: { memory } });
  const u8 = (): Uint8Array => new Uint8Array(memory.buffer);
  const free = (): Uint32Array => new Uint32Array(memory.buffer, 0, 1);
  const alloc = (bytes: number): number => {
    const pointer = (free()[0] + 15) & ~15;
    const end = pointer + bytes;
    // Batch routines of the module take scratch behind the free pointer without growing: keep 4 MiB of slack.
    const missing = Math.ceil((end + (4 << 20) - memory.buffer.byteLength) / PAGE);
    if (missing > 0) memory.grow(missing);
    free()[0] = end;
    return pointer >>> 0;
  };
  return {
    call: instance.exports,
    memory,
    alloc,
    put(data) {
      const pointer = alloc(data.byteLength);
      u8().set(data, pointer);
      return pointer;
    },
    get: (pointer, length) => u8().slice(pointer, pointer + length),
    view: u8,
  };
}
