import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { privateKeyToAccount } from 'viem/accounts';
import { ReceiptError } from '../../../src/errors/inference.js';
import { closeTapSession, createReceipt, loadTapSession, runTaps, signReceipt, verifyReceipt, type ReceiptQuery, type ReceiptRequest, type TapSession } from '../../../src/inference/index.js';
import { receiptSchema, type SignedReceipt } from '../../../src/protocol/receipt.js';
import { tinyModel, tinyShape, tinySpec } from './tiny.js';

describe('receipt', () => {
  const model = tinyModel(), node = privateKeyToAccount(`0x${'11'.repeat(32)}`), other = privateKeyToAccount(`0x${'22'.repeat(32)}`);
  let session: TapSession, request: ReceiptRequest, signed: SignedReceipt;
  before(async () => {
    session = await loadTapSession(model.onnx(), tinySpec);
    const inputs = model.train.inputs.slice(0, 20 * 6);
    const result = await runTaps(session, inputs, { scales: model.adapter.scales, shape: tinyShape }, undefined, 32);
    const query = (from: number, to: number, nonce: bigint): ReceiptQuery =>
      ({ payer: other.address, nonce, fee: 10n ** 18n, inputs: inputs.slice(from * 6, to * 6), predictions: result.predictions.slice(from, to) });
    request = {
      chainId: 31337, registry: other.address, node: node.address, modelHash: session.modelHash, adapterId: `0x${'ab'.repeat(32)}`,
      heightLog: 5, queries: [query(0, 16, 5n), query(16, 20, 6n)], tables: result,
      commit: (table, role) => ({ x: BigInt(table.length + 1), y: role === 'X' ? 1n : 2n }),
    };
    signed = await signReceipt(await createReceipt(request), node);
  });
  after(() => closeTapSession(session));
  const refused = async (value: unknown, where?: string): Promise<void> => {
    const got = await verifyReceipt(value);
    assert.ok(!got.ok && got.error instanceof ReceiptError);
    if (where) assert.equal(got.error.where, where);
  };

  it('survives JSON and verifies against what a verifier knows', async () => {
    const wire = JSON.parse(JSON.stringify(signed)) as unknown;
    const got = await verifyReceipt(wire, { node: node.address, modelHash: session.modelHash, chainId: 31337 });
    assert.ok(got.ok);
    assert.deepEqual(got.receipt.inferences.map((i) => i.rows), [16, 4]);
    assert.equal(BigInt(got.receipt.Delta.y), 2n);
  });

  it('is refused after a change of any field', async () => {
    const flip = (hexValue: string): string => hexValue.slice(0, -1) + (hexValue.endsWith('0') ? '1' : '0');
    const { receipt } = signed;
    const [first, second] = receipt.inferences;
    const inner = (change: object): object => ({ inferences: [{ ...first, ...change }, second] });
    const changed: object[] = [
      ...(['modelHash', 'adapterId', 'registry', 'node'] as const).map((k) => ({ [k]: flip(receipt[k].toLowerCase()) })),
      ...(['inputHash', 'outputHash', 'requestHash', 'payer'] as const).map((k) => inner({ [k]: flip(first[k].toLowerCase()) })),
      inner({ nonce: '7' }), inner({ fee: '1' }), inner({ rows: 15 }), { chainId: 1 }, { runtime: 'other' }, { heightLog: 6 },
      { inferences: [first] }, { inferences: [second, first] }, { X: receipt.Delta }, { Delta: receipt.X },
    ];
    for (const change of changed) await refused({ ...signed, receipt: { ...receipt, ...change } });
    await refused({ ...signed, signature: `0x${'00'.repeat(65)}` }, 'signature');
    await refused({ ...signed, signature: '0x00' });
  });

  it('is refused when it states another value than expected, naming it', async () => {
    const got = await verifyReceipt(signed, { heightLog: 7 });
    assert.ok(!got.ok && got.error.where === 'heightLog');
  });

  it('cannot be signed by another account', async () => {
    await assert.rejects(signReceipt(signed.receipt, other), ReceiptError);
  });

  it('refuses malformed values: infinity, fee of 2^80, unknown keys, truncation', async () => {
    await assert.rejects(createReceipt({ ...request, queries: [{ ...request.queries[0], fee: 1n << 80n }] }), ReceiptError);
    await assert.rejects(createReceipt({ ...request, commit: () => ({ x: 0n, y: 0n }) }), ReceiptError);
    assert.ok(!receiptSchema.safeParse({ ...signed.receipt, extra: 1 }).success);
    assert.ok(!receiptSchema.safeParse({ ...signed.receipt, heightLog: 3 }).success);
    assert.ok(!receiptSchema.safeParse({ ...signed.receipt, inferences: [] }).success);
    const { adapterId: _, ...cut } = signed.receipt;
    await refused({ ...signed, receipt: cut });
    await refused(undefined);
  });
});
