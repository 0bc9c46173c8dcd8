import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KernelDiagnosis } from '../../../prover/kernels/diagnosis.js';
import { checkCoordinator, checkDisk, checkGpus, checkMemory, checkNode, checkRpc, fail, gib, keysHere, ok, PEAKS, warn, type Check, type KeysHere } from './checks.js';

export interface DiagnosisOptions {
  /** Build the native kernels when they are not there, which takes a minute or two, once. */
  build: boolean;
  progress: (message: string) => void;
  /** Folder of the prover. */
  data: string;
  /** Classes that are to be proved; default: those of the coordinator, or all. */
  classes?: readonly string[];
  keys?: string;
  coordinator?: string;
  rpc?: string;
  /** Chain that is meant, when no coordinator says it. */
  chainId?: number;
}

/** The machine and what the prover makes of it; with addresses, the coordinator and the chain that it would work for. */
export interface Diagnosis {
  /** No check failed. */
  ok: boolean;
  node: string;
  platform: string;
  cpu: string;
  /** That this process may use. */
  cores: number;
  memory: { freeBytes: number };
  gpus: string[];
  kernels: KernelDiagnosis;
  checks: Check[];
}

const LOCAL_CHAIN = 31337;

export async function diagnose({ build, progress, data, classes, keys, coordinator, rpc, chainId }: DiagnosisOptions): Promise<Diagnosis> {
  const [{ diagnoseKernels }, { detectMachine }] = await Promise.all([import('../../../prover/kernels/diagnosis.js'), import('../../../prover/agent/profile.js')]);
  const [machine, disk, peaks] = await Promise.all([detectMachine(), checkDisk(data), measuredPeaks(data)]), kernels = await diagnoseKernels({ build, progress });
  const known = coordinator !== undefined || keys !== undefined ? await keysHere(chainId ?? LOCAL_CHAIN, keys) : undefined, here: readonly KeysHere[] | undefined = Array.isArray(known) ? known : undefined;
  const asked = coordinator === undefined ? undefined : await checkCoordinator(coordinator, { keys: here, want: classes });
  const wanted = classes ?? asked?.terms?.classes.map(({ className }) => className) ?? Object.keys(PEAKS), chain = chainId ?? asked?.stats?.chainId;
  const checks = [
    checkNode(process.version), ok('cpu', `${machine.cpu}, ${machine.cores} core${machine.cores === 1 ? '' : 's'} for this process`), ...kernelChecks(kernels), checkMemory(machine.memoryBytes, [...new Set(wanted)], peaks), disk, checkGpus(machine.gpus),
    ...(known !== undefined && !Array.isArray(known) ? [known as Check] : []), ...(asked?.checks ?? []), ...(rpc === undefined ? [] : await checkRpc(rpc, chain)),
  ];
  return {
    ok: checks.every(({ level }) => level !== 'fail'), node: process.version, platform: `${process.platform}-${process.arch}`, cpu: machine.cpu, cores: machine.cores, memory: { freeBytes: machine.memoryBytes }, gpus: machine.gpus, kernels, checks,
  };
}

export function kernelChecks({ compiler, asked, isa, library, runs, why, productsPerSecond }: KernelDiagnosis): Check[] {
  const wanted = runs === 'native' || runs === undefined || asked.kernels === undefined, built = [library.state, library.path, library.compiler && `by ${library.compiler}`, library.seconds && `in ${library.seconds.toFixed(0)} s`].filter(Boolean).join(', ');
  const sets = `${isa.usable.join(', ') || 'unknown'}${isa.chosen ? `; chosen: ${isa.chosen}${asked.isa ? ' (ZKATTR_ISA)' : ''}` : ''}`, slow = 'proofs take about 15 times as long without native kernels: install g++ or clang++';
  return [
    compiler ? ok('compiler', `${compiler.path}, ${compiler.version}`) : (wanted ? warn : ok)('compiler', 'none found ($CXX, g++, c++, clang++)', wanted ? slow : undefined),
    isa.usable.length > 0 ? ok('instruction sets', sets) : ok('instruction sets', `${sets}: asked for with the native library`),
    library.state === 'cached' || library.state === 'built now' ? ok('native library', built) : (wanted ? warn : ok)('native library', built, library.state === 'not built' ? 'it is built at the first start, or by `npm run build:native`' : wanted ? slow : undefined),
    ...(library.selfTest === undefined ? [] : [library.selfTest === 'passed' ? ok('self-test', 'passed') : warn('self-test', 'failed', 'the native kernels give wrong results here: they are not used; ZKATTR_ISA chooses another instruction set')]),
    runs === undefined ? fail('kernels', `NONE: ${why}`, 'unset ZKATTR_KERNELS and ZKATTR_ISA to take the best that runs here')
      : runs === 'native' || asked.kernels !== undefined ? ok('kernels', `${runs}: ${why}`) : warn('kernels', `${runs}: ${why}`, slow),
    ...(productsPerSecond === undefined ? [] : [ok('speed', `${(productsPerSecond / 1e6).toFixed(productsPerSecond < 1e7 ? 2 : 0)} million field products a second`)]),
  ];
}

/** What benchmarks of this prover measured, by class, bytes. */
async function measuredPeaks(data: string): Promise<Record<string, number>> {
  const peaks: Record<string, number> = {};
  try {
    const { measurements } = JSON.parse(await readFile(join(data, 'benchmark.json'), 'utf8')) as { measurements: Record<string, { className: string; peakBytes: number }> };
    for (const { className, peakBytes } of Object.values(measurements)) if (Number.isSafeInteger(peakBytes)) peaks[className] = Math.max(peaks[className] ?? 0, peakBytes);
  } catch { /* none yet */ }
  return peaks;
}

/** One line a check, and what to do below it. */
export function describe({ platform, checks, memory }: Diagnosis): string {
  const lines = checks.flatMap(({ name, level, text, hint }) => [`${level.padEnd(5)} ${name.padEnd(17)} ${plain(text)}`, ...(hint === undefined ? [] : [`${' '.repeat(24)}${plain(hint)}`])]);
  const count = (level: Check['level']): number => checks.filter((check) => check.level === level).length, failed = count('fail'), warned = count('warn');
  return [...lines, `${failed === 0 ? 'this machine can prove' : `${failed} of ${checks.length} checks failed`}${warned > 0 ? `; ${warned} to look at` : ''} (${platform}, ${gib(memory.freeBytes)} free)`].join('\n');
}

/** Answers of others are shown: on one line, without control characters. */
const plain = (text: string): string => text.replace(/[\p{C}\s]+/gu, ' ').trim().slice(0, 1000);
