/**
 * What must outlive the agent: the jobs that it holds, and proofs that are made but not delivered.
 *   <dir>/running.json           signed offers that were accepted
 *   <dir>/results/<job id>.json  one undelivered result each
 *   <dir>/agent.lock             process id: two agents of one folder would answer each other's sessions
 */
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Hex } from 'viem';
import { z } from 'zod';
import { NetworkError } from '../../src/errors/network.js';
import { writeFileAtomic } from '../../src/files/atomic.js';
import { envelopeSchema, type Envelope } from '../../src/protocol/network/envelope.js';
import { proverMessages, type ProverMessage } from '../../src/protocol/network/prover.js';
import { word } from '../../src/protocol/words.js';

const runningSchema = z.strictObject({ version: z.literal(1), jobs: z.array(z.strictObject({ jobId: word, offer: envelopeSchema })) });

export class Journal {
  readonly #jobs = new Map<Hex, Envelope>();
  #writing: Promise<void> = Promise.resolve();

  private constructor(private readonly dir: string) {}

  /** @throws NetworkError AGENT_RUNNING when another agent has the folder */
  static async open(dir: string): Promise<Journal> {
    await mkdir(join(dir, 'results'), { recursive: true, mode: 0o700 });
    await lock(join(dir, 'agent.lock'));
    return new Journal(dir);
  }

  /** Jobs that an agent before this one held. A file that cannot be read is as good as none: their leases run out. */
  async heldBefore(): Promise<Envelope[]> {
    const parsed = runningSchema.safeParse(await json(join(this.dir, 'running.json')));
    return parsed.success ? parsed.data.jobs.map(({ offer }) => offer) : [];
  }

  async unsent(): Promise<ProverMessage<'result'>[]> {
    const names = (await readdir(join(this.dir, 'results'))).filter((name) => /^0x[0-9a-f]{64}\.json$/.test(name));
    const read = await Promise.all(names.map(async (name) => proverMessages.result.safeParse(await json(join(this.dir, 'results', name)))));
    return read.flatMap((result) => (result.success ? [result.data] : []));
  }

  /** @throws FileError; then it is not held */
  async begin(jobId: Hex, offer: Envelope): Promise<void> {
    const before = this.#jobs.get(jobId);
    this.#jobs.set(jobId, offer);
    try {
      await this.#write();
    } catch (error) {
      if (before) this.#jobs.set(jobId, before);
      else this.#jobs.delete(jobId);
      throw error;
    }
  }

  /** Kept until `end`. */
  finished(result: ProverMessage<'result'>): Promise<void> { return writeFileAtomic(this.#result(result.jobId), JSON.stringify(result)); }

  async end(jobId: Hex): Promise<void> {
    await rm(this.#result(jobId), { force: true });
    if (this.#jobs.delete(jobId)) await this.#write();
  }

  async close(): Promise<void> {
    await this.#writing;
    await rm(join(this.dir, 'agent.lock'), { force: true });
  }

  #result(jobId: Hex): string { return join(this.dir, 'results', `${jobId}.json`); }
  #write(): Promise<void> {
    const write = (): Promise<void> => writeFileAtomic(join(this.dir, 'running.json'), `${JSON.stringify({ version: 1, jobs: [...this.#jobs].map(([jobId, offer]) => ({ jobId, offer })) })}\n`);
    this.#writing = this.#writing.then(write, write);
    return this.#writing;
  }
}

async function json(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return undefined;
  }
}

async function lock(path: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      const handle = await open(path, 'wx');
      await handle.writeFile(String(process.pid));
      await handle.close();
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt > 0) throw error;
      const pid = Number(await readFile(path, 'utf8').catch(() => ''));
      if (pid !== process.pid && alive(pid)) throw new NetworkError('another agent works in this folder', { code: 'AGENT_RUNNING', where: path, got: `process ${pid}`, hint: 'give each agent a folder of its own' });
      if (existsSync(path)) await rm(path, { force: true });
    }
  }
}

function alive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
