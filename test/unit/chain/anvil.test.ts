import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startAnvil } from '../../../src/chain/index.js';

describe('local chain', () => {
  it('answers with its chain id, and is gone after stop', async () => {
    const anvil = await startAnvil({ chainId: 1337 });
    assert.equal(anvil.chainId, 1337);
    await anvil.stop();
    assert.throws(() => process.kill(anvil.pid, 0), { code: 'ESRCH' });
    await anvil.stop();
  });

  it('reports a port in use and a refused argument', async () => {
    const anvil = await startAnvil();
    try {
      await assert.rejects(startAnvil({ port: anvil.port }), { code: 'PORT_IN_USE' });
      await assert.rejects(startAnvil({ args: ['--no-such-option'] }), { code: 'ANVIL_EXITED' });
    } finally {
      await anvil.stop();
    }
  });
});
