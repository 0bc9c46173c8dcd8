/** Frames between two ends of a stream: whatever the other side sends, the answer is a frame or a typed error. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { answer, exchange, type FrameLimits } from '../../../../src/protocol/network/framing.js';
import { streamPair } from '@libp2p/utils';
import type { Stream } from '@libp2p/interface';
import type { AttributionError } from '../../../../src/errors/base.js';
import { Random } from '../../../support/scenario.js';

const limits: FrameLimits = { max: 1 << 20, timeoutMs: 300 };
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const frame = (length: number, body: Uint8Array): Uint8Array => {
  const out = new Uint8Array(4 + body.length);
  new DataView(out.buffer).setUint32(0, length);
  out.set(body, 4);
  return out;
};
const pair = async (): Promise<[Stream, Stream]> => await streamPair() as unknown as [Stream, Stream];
/** The other side of an exchange sends these bytes and ends, or does not. */
async function against(bytes: Uint8Array | undefined, end = true): Promise<string> {
  const [own, other] = await pair();
  other.addEventListener('message', () => undefined);
  if (bytes && bytes.length > 0) other.send(bytes);
  if (end) await other.close();
  return exchange(own, text('request'), limits).then((data) => `frame of ${data.length}`, (error: AttributionError) => error.code);
}

// Streams without a socket and timeouts of a signal do not keep a process alive.
let alive: NodeJS.Timeout;
before(() => { alive = setInterval(() => undefined, 1000); });
after(() => clearInterval(alive));

describe('framing', () => {
  it('carries a request and its answer, small, empty and large', async () => {
    for (const size of [0, 1, 5, 70_000, 1 << 20]) {
      const [own, other] = await pair(), data = new Uint8Array(size).map((_, i) => i);
      const served = answer(other, limits, async (request) => { assert.equal(new TextDecoder().decode(request), 'request'); return data; });
      let began = false;
      assert.deepEqual(await exchange(own, text('request'), limits, () => { began = true; }), data);
      assert.ok(began);
      assert.equal(await served, undefined);
    }
  });

  it('names what is wrong with an answer: too long, cut, trailed, late', async () => {
    assert.equal(await against(frame((1 << 20) + 1, text('x'))), 'FRAME_SIZE');
    assert.equal(await against(frame(0xffffffff, text(''))), 'FRAME_SIZE');
    assert.equal(await against(frame(10, text('short'))), 'FRAME_CUT');
    assert.equal(await against(frame(0, text('')).subarray(0, 3)), 'FRAME_CUT');
    assert.equal(await against(undefined), 'FRAME_CUT');
    assert.equal(await against(frame(3, text('four'))), 'FRAME_TRAILING');
    assert.equal(await against(frame(10, text('short')), false), 'FRAME_TIMEOUT');
    assert.equal(await against(undefined, false), 'FRAME_TIMEOUT');
  });

  it('answers garbage with a typed error, whatever it is', async () => {
    const random = new Random(11), known = ['FRAME_SIZE', 'FRAME_CUT', 'FRAME_TRAILING', 'FRAME_TIMEOUT', 'STREAM'];
    for (let i = 0; i < 200; i++) {
      const bytes = Uint8Array.from({ length: random.int(0, 64) }, () => random.int(0, 255));
      if (random.int(0, 1)) bytes.set([0, 0, 0, random.int(0, 80)].slice(0, bytes.length));
      const result = await against(bytes);
      assert.ok(known.includes(result) || result.startsWith('frame of '), result);
    }
  });

  it('resets a request whose handler fails, and says why to its owner', async () => {
    const [own, other] = await pair(), served = answer(other, limits, () => Promise.reject(new Error('broken')));
    await assert.rejects(exchange(own, text('request'), limits), (error: AttributionError) => error.code === 'STREAM' || error.code === 'FRAME_CUT');
    assert.equal((await served)?.code, 'STREAM');
  });
});
