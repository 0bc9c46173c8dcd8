/**
 * Worker process: proves one job at a time, as the agent sends them, and keeps kernels, keys and reference string of the last class
 * open. It ends with its agent. A crash, or the end of memory, costs the job and nothing else.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { readSrs, type Srs } from '../../src/commitment/srs.js';
import { AttributionError } from '../../src/errors/base.js';
import { NetworkError } from '../../src/errors/network.js';
import { artifactJson, jobSchema } from '../../src/protocol/artifacts.js';
import type { Statement } from '../../src/statement/statement.js';
import { sizeClass } from '../../src/statement/classes.js';
import { verifierKey } from '../../src/verify/key.js';
import { verifyProof, type AttributionProof, type VerifierKey } from '../../src/verify/proof.js';
import type { Groth16Backend } from '../backends/groth16.js';
import { selectGroth16 } from '../backends/select.js';
import { selectKernels } from '../kernels/index.js';
import type { Kernels } from '../kernels/types.js';
import { readVerificationKey } from '../setup/verificationKey.js';
import { buildPayout } from '../workflow/payout.js';
import { deliveryCalldata, openJob, statementOf } from './job.js';
import type { WorkerKeys, WorkerMessage, WorkerResult, WorkerTask } from './messages.js';
import { samplePayout } from './sample.js';

const send = (message: WorkerMessage): void => void process.send?.(message);
const progress = (stage: string): void => send({ kind: 'stage', stage });

let engine: Promise<{ kernels: Kernels; groth16: Groth16Backend; backend: string }> | undefined;
let opened: { srsPath: string; vkPath: string; srs: Srs; vk: VerifierKey } | undefined;

const openEngine = (): NonNullable<typeof engine> => engine ??= (async () => {
  const kernels = await selectKernels(), groth16 = await selectGroth16(kernels.name);
  return { kernels, groth16, backend: `${kernels.name}, ${groth16.name}` };
})();

async function openKeys({ srs, vkPath }: WorkerKeys): Promise<NonNullable<typeof opened>> {
  if (opened?.srsPath === srs && opened.vkPath === vkPath) return opened;
  opened = undefined;
  opened = { srsPath: srs, vkPath, srs: await readSrs(srs), vk: verifierKey(await readVerificationKey(vkPath)) };
  return opened;
}

/** Peak resident memory since forgetPeak (Linux), else since the start. */
function peakBytes(): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]) * 1024;
  } catch {
    return process.resourceUsage().maxRSS * 1024;
  }
}
function forgetPeak(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // The peak then counts from the start of this process.
  }
}

/** A proof that its own prover does not accept is a fault of machine or software: it is not sent. */
function requireAccepted(statement: Statement, proof: AttributionProof, vk: VerifierKey): void {
  progress('verify');
  const checked = verifyProof(statement, proof, vk);
  if (!checked.ok) throw new NetworkError('the proof is not accepted', { code: 'OWN_PROOF', where: 'verify', got: checked.error.message, hint: 'the packages do not fit their commitments, or memory is faulty', cause: checked.error });
}

async function run(task: WorkerTask): Promise<WorkerResult> {
  const { kernels, groth16, backend } = await openEngine();
  if (task.kind === 'describe') return { backend, seconds: 0, peakBytes: peakBytes() };
  progress('open');
  const { srs, vk } = await openKeys(task.keys), options = { kernels, groth16, srs, keys: { zkey: task.keys.zkey, wasm: task.keys.wasm }, progress };
  if (task.kind === 'benchmark') {
    const input = await samplePayout(kernels, srs, sizeClass(task.keys.className));
    forgetPeak();
    const start = performance.now(), { statement, job } = await buildPayout(input, options), seconds = (performance.now() - start) / 1000;
    requireAccepted(statement, job.proof, vk);
    return { backend, seconds, peakBytes: peakBytes() };
  }
  forgetPeak();
  const start = performance.now();
  progress('unpack');
  const [record, ...blocks] = await Promise.all([task.record, ...task.blocks].map(async (path) => new Uint8Array(await readFile(path))));
  const own = openJob(task.job, record, blocks, task.prover), { job } = await buildPayout(own.input, options), text = artifactJson(job);
  // From the text that is sent: what is checked is what the coordinator gets.
  const file = jobSchema.parse(JSON.parse(text));
  requireAccepted(statementOf(own, file), file.proof, vk);
  const { order } = task.job;
  return { job: text, ...(order && { delivery: deliveryCalldata(own, file, order) }), backend, seconds: (performance.now() - start) / 1000, peakBytes: peakBytes() };
}

function failure(error: unknown): WorkerMessage {
  const { code, message } = error as { code?: unknown; message?: string };
  return { kind: 'failed', code: error instanceof AttributionError ? error.code : typeof code === 'string' ? code : 'WORKER', message: (message ?? String(error)).slice(0, 2000) };
}

process.on('message', (task: WorkerTask) => {
  run(task).then((result) => send({ kind: 'done', result }), (error: unknown) => send(failure(error)));
});
process.on('disconnect', () => process.exit(0));
// The terminal sends these to the whole group: the agent says when to end.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
