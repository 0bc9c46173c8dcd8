/** What selectKernels would choose here and why, for people: `zkattr doctor`. */
import { AttributionError } from '../../src/errors/base.js';
import { NativeKernelsError } from '../../src/errors/kernels.js';
import { frBuffer } from '../../src/field/buffer.js';
import { chosenKernels, selectKernels, type KernelName, type Kernels } from './index.js';
import { findCompiler, needCompiler } from './native/build/compiler.js';
import type { Isa } from './native/build/isa.js';
import { chooseIsa, findBuilt, loadNative, usableIsas } from './native/load.js';

export interface KernelDiagnosis {
  compiler?: { path: string; version: string };
  /** What ZKATTR_KERNELS and ZKATTR_ISA say. */
  asked: { kernels?: string; isa?: string };
  isa: { usable: Isa[]; chosen?: Isa };
  library: { state: 'cached' | 'built now' | 'not built' | 'unavailable'; path?: string; compiler?: string; selfTest?: 'passed' | 'failed'; seconds?: number };
  /** Undefined when what was asked for cannot run. */
  runs?: KernelName;
  why: string;
  /** Field products a second of `runs`, all threads: sums of products, as sumchecks and openings make them. */
  productsPerSecond?: number;
}

export interface DiagnosisOptions {
  /** Build the native library when it is not there; default true. */
  build?: boolean;
  progress?: (message: string) => void;
}

/** Never throws for kernels that cannot run: that is the diagnosis. */
export async function diagnoseKernels({ build = true, progress = () => undefined }: DiagnosisOptions = {}): Promise<KernelDiagnosis> {
  const compiler = await findCompiler();
  const found: KernelDiagnosis = {
    ...(compiler && { compiler: { path: compiler.path, version: compiler.version } }),
    asked: { kernels: process.env.ZKATTR_KERNELS || undefined, isa: process.env.ZKATTR_ISA || undefined },
    isa: { usable: [] }, library: { state: 'unavailable' }, why: '',
  };
  try {
    const asked = chosenKernels();
    // What is not going to run is looked at, not built.
    const fault = await examineNative(found, build && (asked === undefined || asked === 'native'), progress);
    if (asked !== undefined && asked !== 'native') Object.assign(found, { runs: asked, why: `ZKATTR_KERNELS=${asked}` });
    else if (fault === undefined) Object.assign(found, { runs: 'native', why: asked ? 'ZKATTR_KERNELS=native' : 'the best that runs here' });
    else if (asked === undefined && fault instanceof NativeKernelsError) Object.assign(found, { runs: 'portable', why: `native kernels cannot run: ${fault.message}` });
    else found.why = fault.message;
  } catch (error) {
    if (!(error instanceof AttributionError)) throw error;
    found.why = error.message;
  }
  if (found.runs !== undefined && (found.runs !== 'native' || found.library.state !== 'not built')) {
    const kernels = await selectKernels(found.runs);
    found.productsPerSecond = await productRate(kernels).finally(() => kernels.close());
  }
  return found;
}

/** Fills in what is known of the native library. Returns what stands in its way. */
async function examineNative(found: KernelDiagnosis, build: boolean, progress: (message: string) => void): Promise<AttributionError | undefined> {
  try {
    found.isa.usable = await usableIsas();
    const isa = (found.isa.chosen = await chooseIsa());
    const cached = await findBuilt(isa);
    if (!cached && !build) {
      found.library = { state: 'not built' };
      await needCompiler();
      return undefined;
    }
    const { built } = await loadNative({ isa, progress });
    found.library = { state: cached ? 'cached' : 'built now', path: built.path, compiler: built.compiler, selfTest: 'passed', ...(!cached && { seconds: built.seconds }) };
    return undefined;
  } catch (error) {
    if (!(error instanceof AttributionError)) throw error;
    if (error instanceof NativeKernelsError && error.fault === 'selfTest') found.library.selfTest = 'failed';
    return error;
  }
}

/** By products of rows, which read much and write little, for a fifth of a second; the first ones start the threads. */
async function productRate(kernels: Kernels): Promise<number> {
  const table = { kind: 'fr', data: frBuffer(ROWS * ROW_LENGTH).fill(1) } as const, weights = frBuffer(ROW_LENGTH).fill(2);
  for (let i = 0; i < 2; i++) await kernels.dotRows(table, weights, ROW_LENGTH, 1);
  const start = performance.now();
  let products = 0;
  while (performance.now() - start < 200) {
    await kernels.dotRows(table, weights, ROW_LENGTH, 1);
    products += ROWS * ROW_LENGTH;
  }
  return Math.round(products / (performance.now() - start) * 1000);
}

const ROWS = 64, ROW_LENGTH = 1024;
