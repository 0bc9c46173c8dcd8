import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import type { KernelDiagnosis } from '../../../prover/kernels/diagnosis.js';

/** The machine and what the prover makes of it. Services (chain, Redis) and GPUs are not asked. */
export interface Diagnosis {
  node: string;
  platform: string;
  cpu: string;
  /** That this process may use. */
  cores: number;
  memory: { totalBytes: number; freeBytes: number };
  kernels: KernelDiagnosis;
}

/** @param build build the native kernels when they are not there, which takes a minute or two, once */
export async function diagnose(build: boolean, progress: (message: string) => void): Promise<Diagnosis> {
  const { diagnoseKernels } = await import('../../../prover/kernels/diagnosis.js');
  return {
    node: process.version, platform: `${process.platform}-${process.arch}`, cpu: cpus()[0]?.model.trim() ?? 'unknown', cores: availableParallelism(),
    memory: { totalBytes: totalmem(), freeBytes: freemem() },
    kernels: await diagnoseKernels({ build, progress }),
  };
}

const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

/** One line a fact. */
export function describe({ node, platform, cpu, cores, memory, kernels }: Diagnosis): string {
  const { compiler, asked, isa, library, runs, why, productsPerSecond } = kernels;
  const built = [library.state, library.path, library.compiler && `by ${library.compiler}`, library.seconds && `in ${library.seconds.toFixed(0)} s`].filter(Boolean).join(', ');
  const rows: [string, string][] = [
    ['node', `${node}, ${platform}`],
    ['cpu', `${cpu}, ${cores} core${cores === 1 ? '' : 's'} for this process`],
    ['memory', `${gib(memory.totalBytes)}, ${gib(memory.freeBytes)} free`],
    ['compiler', compiler ? `${compiler.path}, ${compiler.version}` : 'none found ($CXX, g++, c++, clang++)'],
    ['instruction sets', `${isa.usable.join(', ') || 'unknown'}${isa.chosen ? `; chosen: ${isa.chosen}${asked.isa ? ' (ZKATTR_ISA)' : ''}` : ''}`],
    ['native library', built],
    ['self-test', library.selfTest ?? 'not run'],
    ['kernels', runs ? `${runs}: ${why}` : `NONE: ${why}`],
    ...(productsPerSecond === undefined ? [] : [['speed', `${(productsPerSecond / 1e6).toFixed(productsPerSecond < 1e7 ? 2 : 0)} million field products a second`] as [string, string]]),
  ];
  return rows.map(([name, value]) => `${name.padEnd(18)}${value}`).join('\n');
}
