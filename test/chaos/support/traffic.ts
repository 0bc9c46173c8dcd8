/** Inferences that are asked and paid for while things break, and the account of them that the chain gives at the end. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Hex } from 'viem';
import { connectChain, deploymentOf, Economy } from '../../../src/chain/index.js';
import { account } from '../../../src/cli/accounts.js';
import { Workspace } from '../../../src/cli/workspace.js';
import { inferRemote, remoteAdapters, remoteInference } from '../../../src/inference/node/index.js';
import { readBundle } from '../../../src/models/index.js';

const TRIES = 90, TRY_MS = 1000;
/** Inferences asked for at once, the pause after them, and between two faults. */
const ROWS = 2, PAUSE_MS = 300, BETWEEN_MS = 5000;
export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export type Fault = readonly [name: string, happens: () => Promise<void>];

export interface TrafficOptions {
  /** Workspace of the network. */
  dir: string;
  rpcUrl: string;
  chainId: number;
  nodeUrl: string;
}

export class Traffic {
  readonly #asked: { key: Hex; fee: bigint }[] = [];
  readonly #base = BigInt(Date.now()) << 20n;
  #rows = 0;

  private constructor(readonly payer: Economy, private readonly nodeUrl: string, private readonly inputOf: (row: number) => number[]) {}

  static async open({ dir, rpcUrl, chainId, nodeUrl }: TrafficOptions): Promise<Traffic> {
    const client = await connectChain({ rpcUrl, chainId, account: account(chainId, 'payer') }), workspace = new Workspace(dir);
    const { heldOut, manifest } = await readBundle(workspace.model), width = manifest.taps.inputWidth;
    return new Traffic(await Economy.connect(client, deploymentOf(await workspace.deployment())), nodeUrl, (row) => Array.from(heldOut.inputs.subarray(row * width, (row + 1) * width)));
  }

  get firstPayment(): Hex { return this.#asked[0].key; }

  /** Asks for so many inferences until all are answered: with the same nonces nothing is paid twice. */
  async ask(count: number): Promise<void> {
    const first = this.#rows, inputs = Array.from({ length: count }, (_, i) => this.inputOf(first + i)), nonces = inputs.map((_, i) => this.#base + BigInt(first + i));
    this.#rows += count;
    for (let tries = 1; ; tries++) {
      try {
        const [adapter] = (await remoteAdapters({ nodeUrl: this.nodeUrl })).filter((a) => a.state !== 'refused');
        const answers = await inferRemote({ nodeUrl: this.nodeUrl, economy: this.payer, adapterId: adapter.adapterId, inputs, nonces });
        this.#asked.push(...answers.map(({ paymentKey: key, fee }) => ({ key, fee })));
        return;
      } catch (error) {
        if (tries === TRIES) throw error;
        await sleep(TRY_MS);
      }
    }
  }

  /** Asks all the time while one fault comes after the other; resolves when the last is answered. */
  async during(faults: readonly Fault[]): Promise<void> {
    let over = false;
    const asking = (async () => {
      while (!over) {
        await this.ask(ROWS);
        await sleep(PAUSE_MS);
      }
    })();
    asking.catch(() => undefined); // looked at below
    for (const [name, happens] of faults) {
      await sleep(BETWEEN_MS);
      console.log(`  fault: ${name}`);
      await happens();
    }
    over = true;
    await asking;
  }

  /**
   * Waits until every payment has ended, then holds the chain's own story against what was asked: each payment in one settled block or
   * given back, each fee credited once, no money left over. Prints jobs, faults, losses, double payments.
   */
  async account(faults: number, settleMs: number): Promise<void> {
    const { payer } = this, asked = this.#asked, open = new Set(asked.map(({ key }) => key));
    for (const end = Date.now() + settleMs; open.size > 0 && Date.now() < end; await sleep(1000)) {
      for (const key of open) if (['paid', 'refunded'].includes((await payer.inferences.payment(key)).status)) open.delete(key);
    }
    const states = await Promise.all([...open].map((key) => remoteInference({ nodeUrl: this.nodeUrl }, key).catch((error: unknown) => String(error))));

    const blocks = await payer.events('inferences', 'BlockCommitted'), settled = await payer.events('inferences', 'BlockSettledBy'), credits = await payer.events('vault', 'JobCredited'), jobs = await payer.events('settlement', 'JobSettled');
    const times = new Map<Hex, number>();
    for (const { args: { blockId } } of settled) for (const { key } of blocks.find((b) => b.args.blockId === blockId)!.args.data.inferences) times.set(key, (times.get(key) ?? 0) + 1);
    const losses = open.size, doubles = [...times.values()].filter((n) => n !== 1).length + (settled.length - new Set(settled.map((e) => e.args.blockId)).size);
    console.log(`  ${asked.length} inferences, ${jobs.length} jobs, ${faults} faults, losses ${losses}, double payments ${doubles}`);
    assert.equal(losses, 0, `not settled: ${JSON.stringify(states, null, 1)}`);
    assert.equal(doubles, 0);
    assert.equal(new Set(asked.map(({ key }) => key)).size, this.#rows, 'every inference that was asked for was answered under a payment of its own');
    let feesIn = 0n;
    for (const { key, fee } of asked) {
      const refunded = (await payer.inferences.payment(key)).status === 'refunded';
      assert.equal(times.get(key) ?? 0, refunded ? 0 : 1, key);
      if (!refunded) feesIn += fee;
    }
    const credited = credits.reduce((sum, { args }) => sum + args.amount, 0n), { deployment } = payer, balance = await payer.token.balanceOf(deployment.vault);
    assert.equal(jobs.reduce((sum, { args }) => sum + args.fees, 0n), feesIn, 'fees of the jobs are the fees that were paid');
    assert.equal(credited, feesIn, 'every wei of the fees was credited');
    assert.ok(balance >= credited, `the vault holds ${balance} for ${credited}`);
    assert.equal(await payer.token.balanceOf(deployment.inferences), 0n, 'no fee stays with the registry');
  }
}

/** Where the node of a workspace keeps the last block it made of an adapter's first. */
export const nodeBlock = (dir: string, name: string): string => join(dir, 'node', 'blocks', '0', name);
