/** The server ends when its requests have: connections that clients would keep do not hold it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { closeWithin } from '../../../../src/protocol/network/closing.js';
import { ApiWorld } from './support.js';

describe('the end of the API', () => {
  it('lets a request end that runs, refuses the next, and closes the connections of both', async () => {
    let running = false;
    const world = await ApiWorld.open({ ready: async () => { running = true; await sleep(300); } }), agent = new Agent({ keepAlive: true, maxSockets: 2 });
    const ask = async (path: string): Promise<number> => {
      const [response] = await once(get(`${world.url}${path}`, { agent }), 'response') as [IncomingMessage];
      response.resume();
      return response.statusCode!;
    };
    assert.equal(await ask('/healthz'), 200, 'a connection that is kept');
    const slow = ask('/readyz');
    while (!running) await sleep(5);
    const started = Date.now(), closing = closeWithin(world.app, 10_000);
    assert.equal(await slow, 200);
    await closing;
    assert.ok(Date.now() - started < 3000, `${Date.now() - started} ms`);
    await assert.rejects(ask('/healthz'));
    agent.destroy();
    await world.close();
  });
});
