/** A settler in a process of its own that is killed, by the kernel, at a step: `settlementChild.js <world.json> <store> <step>`. */
import { readFile } from 'node:fs/promises';
import { mnemonicToAccount } from 'viem/accounts';
import { openEmbedded } from '../../coordinator/backend.js';
import { connectFailover, Settler } from '../../coordinator/settlement/index.js';
import { Economy, type Deployment } from '../../src/chain/index.js';
import { batchSchema, jobSchema, registrationSchema } from '../../src/protocol/artifacts.js';

const [file, dir, fatal] = process.argv.slice(2);
const world = JSON.parse(await readFile(file, 'utf8')) as { rpcUrl: string; deployment: Deployment; mnemonic: string; index: number; job: unknown; registration: unknown; batches: unknown[] };
const account = mnemonicToAccount(world.mnemonic, { addressIndex: world.index });
const client = await connectFailover({ urls: [world.rpcUrl], chainId: world.deployment.chainId, account, pollingIntervalMs: 10, timeoutMs: 60_000 });
const settler = new Settler({
  economy: await Economy.connect(client, world.deployment), records: openEmbedded(dir).records, rules: { confirmations: 2, retryMs: 1 },
  onStep: (step) => { if (step === fatal) process.kill(process.pid, 'SIGKILL'); },
});
await settler.enqueueSettle(jobSchema.parse(world.job), registrationSchema.parse(world.registration), world.batches.map((batch) => batchSchema.parse(batch)));
for (;;) await settler.tick();
