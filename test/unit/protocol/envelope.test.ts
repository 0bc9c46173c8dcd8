import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { concat, hashTypedData, numberToHex, recoverAddress, toHex, type Hex } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { z } from 'zod';
import { envelopeHash, envelopeTypedData, openEnvelope, sealEnvelope, type Envelope } from '../../../src/protocol/network/index.js';
import { recoverSigner } from '../../../src/protocol/network/recover.js';
import { Random } from '../../support/scenario.js';

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n, HASH = toHex(7, { size: 32 });
const signature = (r: bigint, s: bigint, v = 27): Hex => concat([numberToHex(r, { size: 32 }), numberToHex(s, { size: 32 }), numberToHex(v, { size: 1 })]);
const word = (random: Random): Hex => `0x${Array.from({ length: 64 }, () => random.int(0, 15).toString(16)).join('')}`;

describe('recovery of signers', () => {
  it('is that of viem, for signatures and for noise', async () => {
    const random = new Random(3);
    let nobody = 0;
    for (let i = 0; i < 200; i++) {
      const account = privateKeyToAccount(generatePrivateKey()), hash = word(random), signed = await account.sign({ hash });
      assert.equal(recoverSigner(hash, signed), account.address);
      const noise = signature(BigInt(word(random)), BigInt(word(random)), 27 + random.int(0, 1)), expected = await recoverAddress({ hash, signature: noise }).catch(() => undefined);
      assert.equal(recoverSigner(hash, noise), expected, noise);
      if (expected === undefined) nobody++;
    }
    assert.ok(nobody > 50 && nobody < 150, `${nobody} of 200 noises are on no point`);
  });

  it('finds nobody where numbers are out of range or the length is another', () => {
    const good = signature(1n, 1n);
    assert.notEqual(recoverSigner(HASH, good), undefined);
    for (const bad of [signature(0n, 1n), signature(1n, 0n), signature(ORDER, 1n), signature(1n, ORDER), signature(2n ** 256n - 1n, 1n), signature(1n, 1n, 0), signature(1n, 1n, 29), `${good}00` as Hex, good.slice(0, -2) as Hex, '0x' as Hex]) assert.equal(recoverSigner(HASH, bad), undefined, bad);
  });
});

describe('envelopes', () => {
  it('are hashed as EIP-712 says', () => {
    const random = new Random(4);
    for (let i = 0; i < 100; i++) {
      const unsigned = { kind: 'k'.repeat(1 + random.int(0, 39)), chainId: 1 + random.int(0, 1 << 30), to: privateKeyToAccount(generatePrivateKey()).address, session: word(random), sequence: i === 0 ? Number.MAX_SAFE_INTEGER : random.int(0, 1 << 30), sentAt: Date.now(), body: JSON.stringify({ text: 'ä€'.repeat(random.int(0, 50)) }) };
      assert.equal(envelopeHash(unsigned), hashTypedData(envelopeTypedData(unsigned)));
    }
  });

  it('name their signer, and nobody else for any altered field', async () => {
    const account = privateKeyToAccount(generatePrivateKey()), rules = { schema: z.unknown(), chainId: 31337, to: account.address, now: 1000, clockSkewMs: 1e12 };
    const envelope = await sealEnvelope(account, { kind: 'lease', chainId: 31337, to: account.address, session: HASH, sequence: 5, sentAt: 1000, body: { a: 1 } });
    const from = async (change: Partial<Envelope>): Promise<string> => { const opened = await openEnvelope({ ...envelope, ...change }, rules); return opened.ok ? opened.from : opened.code; };
    assert.equal(await from({}), account.address);
    for (const change of [{ kind: 'result' }, { session: toHex(8, { size: 32 }) }, { sequence: 6 }, { sentAt: 1001 }, { body: '{"a":2}' }, { body: '{"a": 1}' }]) assert.notEqual(await from(change), account.address, JSON.stringify(change));
    assert.deepEqual([await from({ chainId: 1 }), await from({ to: '0x000000000000000000000000000000000000dEaD' }), await from({ signature: signature(1n, ORDER - 1n) }), await from({ signature: signature(0n, 1n) })], ['ENVELOPE_CHAIN', 'ENVELOPE_RECEIVER', 'ENVELOPE_SIGNATURE', 'ENVELOPE_SIGNATURE']);
  });
});
