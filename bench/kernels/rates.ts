/** What this machine does at best, measured in the same run as the kernels: field products from registers, bytes by working set. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheRoot, packageRoot } from '../../src/files/paths.js';
import { compile, needCompiler } from '../../prover/kernels/native/build/compiler.js';
import { ISAS, type Isa } from '../../prover/kernels/native/build/isa.js';
import { sourcesIn } from '../../prover/kernels/native/build/sources.js';
import type { Kernels } from '../../prover/kernels/types.js';
import { timed } from '../report.js';
import { randomElements } from './inputs.js';

export interface Rates {
  /** Products a second, all threads together, and what was measured. */
  products: number;
  productsFrom: string;
  /** Bytes a second when a kernel touches 2^log of them: the better of reading and copying. */
  bytes: { log: number; read: number; copy: number }[];
}

const run = promisify(execFile);

async function buildProbe(isa: Isa): Promise<string> {
  const compiler = await needCompiler();
  const { units } = sourcesIn(join(packageRoot(), 'bench', 'kernels', 'probe'));
  const flags = ['-std=c++17', '-O3', '-pthread', ...ISAS[isa].flags];
  const key = createHash('sha256').update(JSON.stringify([units.map(({ hash }) => hash), flags, compiler.id])).digest('hex').slice(0, 16);
  const dir = join(cacheRoot(), 'bench', 'probe'), path = join(dir, `${isa}-${key}`);
  if (existsSync(path)) return path;
  await mkdir(dir, { recursive: true });
  const temporary = `${path}.${process.pid}`;
  await compile(compiler, [...flags, ...units.map((unit) => unit.path), '-o', temporary], `probe for ${isa}`);
  await rename(temporary, path);
  return path;
}

/** @throws NativeKernelsError without a compiler */
export async function nativeRates(isa: Isa, threads: number, milliseconds: number): Promise<Rates> {
  const { stdout } = await run(await buildProbe(isa), [String(threads), String(milliseconds)]);
  return { ...(JSON.parse(stdout) as Pick<Rates, 'products' | 'bytes'>), productsFrom: 'loop over registers' };
}

/** WebAssembly has no such loop: products by one factor over a table in the cache; bytes from the native probe where it can be built. */
export async function wasmRates(kernels: Kernels, threads: number, milliseconds: number): Promise<Rates> {
  const log = 16, table = randomElements(2 ** log, 'rates');
  let best = Infinity;
  for (let i = 0; i < 8; i++) best = Math.min(best, (await timed(() => kernels.linearCombination([3n], [{ kind: 'fr', data: table }], 2 ** log))).seconds);
  const bytes = await nativeRates('portable', threads, milliseconds).then((rates) => rates.bytes, () => copyRates());
  return { products: 2 ** log / best, productsFrom: `linearCombination of 2^${log}`, bytes };
}

/** One thread's copies, where there is no compiler. */
function copyRates(): Rates['bytes'] {
  return [16, 18, 20, 22, 24, 26, 28].map((log) => {
    const from = new Uint8Array(2 ** log / 2).fill(1), to = new Uint8Array(from.length);
    let best = Infinity;
    for (let i = 0; i < 9; i++) {
      const start = performance.now();
      for (let k = 0; k < 2 ** (28 - log); k++) to.set(from);
      best = Math.min(best, (performance.now() - start) / 1000 / 2 ** (28 - log));
    }
    return { log, read: 2 ** log / best, copy: 2 ** log / best };
  });
}

/** The faster of two measurements, figure by figure. */
export const faster = (a: Rates, b: Rates): Rates => ({
  products: Math.max(a.products, b.products), productsFrom: a.productsFrom,
  bytes: a.bytes.map((at, i) => ({ log: at.log, read: Math.max(at.read, b.bytes[i].read), copy: Math.max(at.copy, b.bytes[i].copy) })),
});

/** Bytes a second for a working set: that of the largest measured size not above it, so that caches count as caches. */
export function byteRate({ bytes }: Rates, touched: number): number {
  const at = bytes.filter(({ log }) => 2 ** log <= touched).pop() ?? bytes[0];
  return Math.max(at.read, at.copy);
}
