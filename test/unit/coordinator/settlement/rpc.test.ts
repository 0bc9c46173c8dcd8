import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connectFailover, Endpoints } from '../../../../coordinator/settlement/index.js';
import { withCode } from '../../../contracts/refuses.js';

interface Node { chain: number; head: number; hash?: string; fail?: unknown; asked: string[] }
const node = (change: Partial<Node> = {}): Node => ({ chain: 1337, head: 100, asked: [], ...change });
const refused = Object.assign(new Error('execution reverted'), { code: 3 });

function endpoints(nodes: Node[], rules: Partial<{ maxLag: number; checkMs: number; cooldownMs: number; onFailover: (e: string) => void }> = {}): Endpoints {
  const urls = nodes.map((_, i) => `http://node${i}:8545/secret-key`);
  return new Endpoints(urls, { chainId: 1337, maxLag: 2, checkMs: 1e9, cooldownMs: 1e9, ...rules }, (url) => async ({ method }) => {
    const own = nodes[urls.indexOf(url)];
    own.asked.push(method);
    if (own.fail !== undefined) throw own.fail;
    if (method === 'eth_chainId') return `0x${own.chain.toString(16)}`;
    if (method === 'eth_blockNumber') return `0x${own.head.toString(16)}`;
    if (method === 'eth_getBlockByNumber') return { hash: own.hash ?? '0xaa' };
    return `answer of ${nodes.indexOf(own)}`;
  });
}
const states = (e: Endpoints): string[] => e.health().map(({ state }) => state);

describe('several endpoints of one chain', () => {
  it('are asked in their order, and the next one takes over from one that fails', async () => {
    const nodes = [node(), node()], failovers: string[] = [], e = endpoints(nodes, { onFailover: (name) => { failovers.push(name); } });
    assert.equal(await e.request({ method: 'eth_call' }), 'answer of 0');
    nodes[0].fail = new Error('socket hang up');
    assert.equal(await e.request({ method: 'eth_call' }), 'answer of 1');
    assert.deepEqual([states(e), failovers], [['down', 'up'], ['node0:8545']]);
    const asked = nodes[0].asked.length;
    await e.request({ method: 'eth_call' });
    assert.equal(nodes[0].asked.length, asked, 'it rests for cooldownMs');
    assert.ok(!JSON.stringify(e.health(), (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v)).includes('secret'));
  });

  it('come back after their rest', async () => {
    const nodes = [node(), node()], e = endpoints(nodes, { cooldownMs: 0, checkMs: -1 });
    nodes[0].fail = new Error('timeout');
    assert.equal(await e.request({ method: 'eth_call' }), 'answer of 1');
    nodes[0].fail = undefined;
    assert.equal(await e.request({ method: 'eth_call' }), 'answer of 0');
  });

  it('are not asked again for what a contract refused', async () => {
    const nodes = [node(), node()], e = endpoints(nodes);
    await e.check();
    nodes[0].fail = refused;
    await assert.rejects(e.request({ method: 'eth_call' }), /execution reverted/);
    assert.ok(!nodes[1].asked.includes('eth_call'));
    assert.deepEqual(states(e), ['up', 'up']);
  });

  it('are left out when they are of another chain, too far behind, or on another fork', async () => {
    const wrong = endpoints([node({ chain: 1 }), node()]);
    assert.equal(await wrong.request({ method: 'eth_call' }), 'answer of 1');
    assert.deepEqual(states(wrong), ['wrongChain', 'up']);
    const behind = endpoints([node({ head: 97 }), node({ head: 98 }), node()]);
    assert.equal(await behind.request({ method: 'eth_call' }), 'answer of 1');
    assert.deepEqual(states(behind), ['behind', 'up', 'up']);
    const forked = endpoints([node({ hash: '0xbb' }), node(), node()]);
    assert.equal(await forked.request({ method: 'eth_call' }), 'answer of 1');
    assert.deepEqual(states(forked), ['forked', 'up', 'up']);
    const tie = endpoints([node({ hash: '0xbb' }), node()]);
    assert.equal(await tie.request({ method: 'eth_call' }), 'answer of 0');
  });

  it('all get a signed transaction; one that takes it is enough', async () => {
    const nodes = [node(), node({ head: 50 }), node({ chain: 1 })], e = endpoints(nodes);
    await e.check();
    nodes[0].fail = new Error('timeout');
    assert.equal(await e.request({ method: 'eth_sendRawTransaction' }), 'answer of 1');
    assert.deepEqual(nodes.map(({ asked }) => asked.includes('eth_sendRawTransaction')), [true, true, false]);
    nodes[1].fail = Object.assign(new Error('nonce too low'), { code: -32003 });
    await assert.rejects(e.request({ method: 'eth_sendRawTransaction' }), /nonce too low/);
  });

  it('are refused at once when none answers', async () => {
    await assert.rejects(connectFailover({ urls: ['http://127.0.0.1:1'], chainId: 1337, timeoutMs: 300 }), withCode('CHAIN_UNREACHABLE'));
    await assert.rejects(connectFailover({ urls: [], chainId: 1337 }), withCode('CHAIN_UNREACHABLE'));
    await assert.rejects(connectFailover({ urls: ['nowhere'], chainId: 1337 }), withCode('CHAIN_UNREACHABLE'));
  });
});
