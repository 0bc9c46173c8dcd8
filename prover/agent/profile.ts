/** What this machine offers: processor, memory that this process may use (cgroup limits count), GPUs. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus, freemem } from 'node:os';
import { promisify } from 'node:util';

export interface Machine {
  /** Model, and in brackets the features that kernels use. */
  cpu: string;
  cores: number;
  /** Free for this process now. */
  memoryBytes: number;
  gpus: string[];
}

/** Features that decide how fast a field product is. */
const FEATURES = ['avx2', 'bmi2', 'adx', 'avx512f', 'avx512ifma', 'avx512_ifma', 'asimd', 'sve'];
const GPU_TIMEOUT_MS = 5000;

export interface Sources {
  /** Text of a system file; undefined where there is none. */
  read: (path: string) => Promise<string | undefined>;
  run: (command: string, args: readonly string[]) => Promise<string>;
}

const SYSTEM: Sources = {
  read: (path) => readFile(path, 'utf8').catch(() => undefined),
  run: async (command, args) => (await promisify(execFile)(command, [...args], { timeout: GPU_TIMEOUT_MS })).stdout,
};

export async function detectMachine(sources: Sources = SYSTEM): Promise<Machine> {
  const [features, quota, memoryBytes, gpus] = await Promise.all([cpuFeatures(sources), cpuQuota(sources), availableMemory(sources), detectGpus(sources)]);
  const model = cpus()[0]?.model.trim() || process.arch;
  return { cpu: `${model}${features.length > 0 ? ` [${features.join(' ')}]` : ''}`.slice(0, 200), cores: Math.max(1, Math.min(availableParallelism(), quota)), memoryBytes, gpus };
}

async function cpuFeatures({ read }: Sources): Promise<string[]> {
  const line = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(await read('/proc/cpuinfo') ?? '')?.[1].split(/\s+/) ?? [];
  return FEATURES.filter((feature) => line.includes(feature));
}

/** Whole cores that the cgroup allows; Infinity without a limit. */
async function cpuQuota({ read }: Sources): Promise<number> {
  const [quota, period] = (await read('/sys/fs/cgroup/cpu.max') ?? 'max').trim().split(/\s+/);
  const cores = quota === 'max' ? Infinity : Number(quota) / Number(period ?? 100_000);
  return Number.isNaN(cores) ? Infinity : Math.ceil(cores);
}

/** The least of what the machine and the cgroup (v2, then v1) have left. */
export async function availableMemory({ read }: Sources = SYSTEM): Promise<number> {
  const number = (text: string | undefined): number | undefined => (text !== undefined && /^\d+\s*$/.test(text) ? Number(text) : undefined);
  const system = Number(/^MemAvailable:\s+(\d+) kB/m.exec(await read('/proc/meminfo') ?? '')?.[1] ?? freemem() / 1024) * 1024;
  const limits: number[] = [];
  for (const [limit, used] of [['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory.current'], ['/sys/fs/cgroup/memory/memory.limit_in_bytes', '/sys/fs/cgroup/memory/memory.usage_in_bytes']] as const) {
    const max = number(await read(limit)), now = number(await read(used)) ?? 0;
    // No limit in v1 is a number near 2^63. Of what is used, caches would be given back: half counts as free.
    if (max !== undefined && max < 2 ** 60) limits.push(Math.max(max - now, max / 2));
  }
  return Math.floor(Math.max(1, Math.min(system, ...limits)));
}

/** By nvidia-smi; none without it. Proofs do not use them yet: they are shown, and chosen by. */
async function detectGpus({ run }: Sources): Promise<string[]> {
  try {
    const out = await run('nvidia-smi', ['--query-gpu=name,memory.total', '--format=csv,noheader']);
    return out.split('\n').map((line) => line.trim().slice(0, 200)).filter(Boolean).slice(0, 64);
  } catch {
    return [];
  }
}
