/** Provers over HTTP before several coordinators of one store: each knows the sessions that were opened with it alone. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { createLogger } from '../../../../prover/agent/logs.js';
import { ProverSession } from '../../../../prover/agent/session.js';
import type { ProverTransport } from '../../../../prover/agent/transport/index.js';
import type { ProverService } from '../../../../coordinator/scheduler/index.js';
import { CHAIN, HTTP, profile, Station, stubJob } from './station.js';

describe('a prover between two coordinators of one store', () => {
  let station: Station, coordinators: ProverService[], said: string[], route: () => number, logins: number, session: ProverSession;
  const account = privateKeyToAccount(generatePrivateKey());
  beforeEach(async () => {
    station = await Station.open();
    const first = station.service;
    station.restart();
    [coordinators, said, route, logins] = [[first, station.service], [], () => 0, 0];
    const transport: ProverTransport = {
      name: 'http', fetchArtifact: async () => undefined, onAnnounce: () => () => undefined, close: async () => undefined,
      request: async (kind, envelope) => {
        const to = route();
        said.push(`${kind} ${to}`);
        return await coordinators[to].handle(kind, envelope, HTTP) as never;
      },
    };
    session = new ProverSession({ transport, account, chainId: CHAIN, coordinator: station.coordinator.address, profile, logger: createLogger({ level: 'silent' }), clockSkewMs: 60_000, now: () => station.now++ });
    session.onLogin(() => { logins++; });
  });
  afterEach(async () => {
    await coordinators[0].close();
    await station.close();
  });
  const lease = (running: { jobId: `0x${string}`; token: number }[] = []) => session.request('lease', { free: running.length === 0 ? 1 : 0, memoryBytes: 1 << 30, running });

  it('logs in again at once where its session is not known, and keeps its lease there', async () => {
    const job = stubJob(1);
    await station.enqueue(job);
    await session.login();
    const offered = await lease();
    assert.ok(offered.ok && offered.offers.length === 1);
    const opened = await session.openOffer(offered.offers[0]);
    assert.ok(opened.ok);
    const { token } = opened.offer, held = { jobId: job.jobId, token };
    said = [];
    route = () => 1; // the first one is gone
    assert.ok((await lease([held])).ok);
    assert.deepEqual([said, logins], [['lease 1', 'hello 1', 'lease 1'], 1]);
    const beat = await session.request('heartbeat', { ...held, stage: 'msm', progress: 0.5 });
    assert.ok(beat.ok && beat.order === 'continue', JSON.stringify(beat));
    route = () => 0; // and comes back
    assert.ok((await lease([held])).ok);
    assert.deepEqual([said.slice(3), logins], [['heartbeat 1', 'lease 0', 'hello 0', 'lease 0'], 2]);
    assert.equal((await station.backend.queue.get(job.jobId))!.token, token, 'the same lease all the time');
  });

  it('is told by a code when every message goes to another one, after a bounded number of logins', async () => {
    let turn = 0;
    route = () => turn++ % 2;
    const reply = await lease();
    assert.deepEqual([reply.ok, !reply.ok && reply.code, !reply.ok && reply.retry], [false, 'SESSION_UNKNOWN', true]);
    assert.ok(said.length <= 6, said.join());
  });
});
