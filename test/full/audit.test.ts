import assert from 'node:assert/strict';
import { cp, mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { keccak256, type Hex, type LocalAccount } from 'viem';
import { auditJob, renderReport, type AuditReport } from '../../src/audit/index.js';
import { blockId, proofRequestId, type ProofRequest } from '../../src/chain/index.js';
import { account } from '../../src/cli/accounts.js';
import { signReceipt } from '../../src/inference/index.js';
import { adapterIdOf, type BundleManifest } from '../../src/models/index.js';
import { writeArtifact } from '../../src/protocol/artifacts.js';
import type { InferenceReceipt, SignedReceipt } from '../../src/protocol/receipt.js';
import { batchBlock } from '../../src/protocol/statements.js';
import { makeWorkspace, type TestWorkspace } from '../support/workspace.js';

type Json = any;

const editBytes = (file: string, edit: (data: Buffer) => void) => async (dir: string): Promise<void> => {
  const data = await readFile(join(dir, file));
  edit(data);
  await writeFile(join(dir, file), data);
};
const editJson = (file: string, edit: (json: Json) => void) => async (dir: string): Promise<void> => {
  const json = JSON.parse(await readFile(join(dir, file), 'utf8')) as Json;
  edit(json);
  await writeFile(join(dir, file), JSON.stringify(json));
};
const plusOne = (hex: string): string => `0x${(BigInt(hex) + 1n).toString(16)}`;

/** Makes the manifest fit altered files again, as a forger would. */
const rehash = editJsonAsync('model/manifest.json', async (manifest: BundleManifest, dir) => {
  const data: Record<string, Buffer> = {};
  for (const name of Object.keys(manifest.files)) {
    data[name] = await readFile(join(dir, 'model', name));
    manifest.files[name] = { bytes: data[name].length, keccak256: keccak256(data[name]) };
  }
  manifest.modelHash = keccak256(data['model.onnx']);
  const table = (name: string): Int8Array => Int8Array.from(data[name], (b) => (b << 24) >> 24);
  manifest.adapterId = adapterIdOf(manifest.modelHash, { A: table('A.i8'), B: table('B.i8'), queryA: table('queryA.i8'), queryB: table('queryB.i8') }, manifest.scales, manifest.sizeClass.id);
});
function editJsonAsync<T>(file: string, edit: (json: T, dir: string) => Promise<void>) {
  return async (dir: string): Promise<void> => {
    const json = JSON.parse(await readFile(join(dir, file), 'utf8')) as T;
    await edit(json, dir);
    await writeFile(join(dir, file), JSON.stringify(json));
  };
}

/** The node itself signs another receipt, and everything derived from it fits. */
const resign = (batch: number, edit: (receipt: InferenceReceipt) => void) => async (dir: string): Promise<void> => {
  let id: Hex;
  const { recordId } = JSON.parse(await readFile(join(dir, 'registration/registration.json'), 'utf8')) as { recordId: Hex };
  await editJsonAsync<{ signed: SignedReceipt; blockId: Hex; split: { id: number; contributors: number } }>(`batches/${batch}/batch.json`, async (json) => {
    edit(json.signed.receipt);
    json.signed = await signReceipt(json.signed.receipt, account(json.signed.receipt.chainId, 'node') as LocalAccount);
    const { receipt } = json.signed;
    id = json.blockId = blockId({ chainId: receipt.chainId, address: receipt.registry }, recordId, batchBlock(json));
  })(dir);
  await editJson(`batches/${batch}/secrets.json`, (json) => { json.blockId = id; })(dir);
};

// Row 1, layer 0, column 5 of a batch's tables: 2 layers of 64 columns.
const CELL = 128 + 5;

describe('audit by replay', () => {
  let w: TestWorkspace, copies = 0;
  before(async () => { w = await makeWorkspace(); });
  after(() => w?.close());

  const audit = (dir: string, chain = false): Promise<AuditReport> => auditJob({ dir, srs: w.srs, keys: w.keys, ...(chain ? { economy: w.economy } : {}) });
  async function altered(edits: ((dir: string) => Promise<void>)[], chain = false): Promise<AuditReport> {
    const dir = join(w.root, `altered-${copies++}`);
    await cp(w.dir, dir, { recursive: true });
    try {
      for (const edit of edits) await edit(dir);
      return await audit(dir, chain);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  }

  it('passes an untouched workspace, with and without the chain', async () => {
    for (const chain of [false, true]) {
      const report = await audit(w.dir, chain);
      assert.ok(report.ok, renderReport(report));
      assert.equal(report.finding, undefined);
      assert.equal(report.checks.some((c) => c.name.startsWith('chain:')), chain);
    }
    const one = await auditJob({ dir: w.dir, job: '0', srs: w.srs, keys: w.keys });
    assert.ok(one.ok, renderReport(one));
  });

  const bundle: [string, ((dir: string) => Promise<void>)[], RegExp][] = [
    ['model.onnx', [editBytes('model/model.onnx', (d) => { d[d.length >> 1] ^= 1; })], /^model\/model\.onnx: file has the wrong hash/],
    ['model.onnx with a manifest that fits', [editBytes('model/model.onnx', (d) => { d[d.length >> 1] ^= 1; }), rehash], /^model\/model\.onnx: model hash: replay gives 0x/],
    ['an adapter table', [editBytes('model/A.i8', (d) => { d[3] ^= 1; })], /^model\/A\.i8: file has the wrong hash/],
    ['an adapter table with a manifest that fits', [editBytes('model/queryB.i8', (d) => { d[3] ^= 1; }), rehash], /^model\/queryB\.i8: table: replay gives \(0x/],
    ['an adapter entry out of range', [editBytes('model/B.i8', (d) => { d[0] = 0x80; }), rehash], /^model\/B\.i8: row 0, layer 0, column 0: -128 is not in -127\.\.127/],
    ['padding of an adapter', [editBytes('model/B.i8', (d) => { d[64 + 63] = 1; }), rehash], /^model\/B\.i8: row 0, layer 1, column 63: padding is 1, not 0/],
    ['training deltas', [editBytes('model/train.Delta.i16', (d) => { d.writeInt16LE(d.readInt16LE(2 * CELL) + 1, 2 * CELL); }), rehash], /^model\/train\.Delta\.i16: row 1, layer 0, column 5: replay gives (-?\d+), artifact has (-?\d+)$/],
    ['training inputs table', [editBytes('model/train.X.i8', (d) => { d[CELL] ^= 1; }), rehash], /^model\/train\.X\.i8: row 1, layer 0, column 5: replay gives/],
    ['a training label', [editBytes('model/train.labels.i32', (d) => { d[28] = (d[28] + 1) % 10; }), rehash], /^model\/train\.labels\.i32: row 7: replay gives .* of the committed train\.Delta\.i16/],
    ['a training row', [editBytes('model/train.inputs.f32', (d) => { d.writeFloatLE(0.5, 4 * (64 * 9 + 30)); d.writeFloatLE(0.9, 4 * (64 * 9 + 31)); }), rehash], /^model\/train\.inputs\.f32: row 9: /],
    ['rows of a contributor in the manifest', [editJson('model/manifest.json', (m) => { m.contributors[3].rows++; })], /^model\/manifest\.json: contributors\[3\]\.rows: replay gives 80, artifact has 81/],
    ['the damping of the manifest', [editJson('model/manifest.json', (m) => { m.damping = 0.1; })], /^model\/queryA\.i8: layer 0: direction differs from P A.*damping 0\.1 of manifest/],
    ['a missing model file', [(dir) => rm(join(dir, 'model/A.i8'))], /^model\/A\.i8: cannot read file/],
    ['a truncated manifest', [(dir) => truncate(join(dir, 'model/manifest.json'), 100)], /^model\/manifest\.json: manifest is not JSON/],
  ];
  const registration: typeof bundle = [
    ['a point of A', [editJson('registration/registration.json', (r) => { r.adapter.a = r.adapter.b; })], /^registration\/registration\.json: adapter\.a: replay gives/],
    ['the point of G', [editJson('registration/registration.json', (r) => { r.g = r.adapter.aStar; })], /^registration\/registration\.json: g: replay gives/],
    ['a point of the training rows', [editJson('registration/registration.json', (r) => { r.training.x[1] = r.training.x[0]; })], /^registration\/registration\.json: training\.x\[1\]: replay gives/],
    ['rows of a contributor', [editJson('registration/registration.json', (r) => { r.training.rows[0]++; })], /^registration\/registration\.json: training\.rows\[0\]: replay gives 130, artifact has 131/],
    ['a payout address', [editJson('registration/registration.json', (r) => { r.contributors[2].address = r.contributors[1].address; })], /^registration\/registration\.json: recordId/],
    ['the owner', [editJson('registration/registration.json', (r) => { r.adapter.owner = r.contributors[1].address; })], /^registration\/registration\.json: adapterId/],
    ['a proof scalar of R1', [editJson('registration/registration.json', (r) => { r.proof.y = plusOne(r.proof.y); })], /^registration\/registration\.json: proof: /],
    ['a proof point of R1', [editJson('registration/registration.json', (r) => { r.proof.groth16.a = r.proof.groth16.c; })], /^registration\/registration\.json: proof: /],
    ['the mask', [editJson('registration/registration.json', (r) => { r.mask = r.g; })], /^registration\/registration\.json: proof: /],
    ['a blinding factor of the adapter', [editJson('registration/secrets.json', (s) => { s.aStar = plusOne(s.aStar); })], /^registration\/secrets\.json: aStar: /],
    ['a blinding factor of the training rows', [editJson('registration/secrets.json', (s) => { s.blocks[2].delta = plusOne(s.blocks[2].delta); })], /^registration\/secrets\.json: blocks\[2\]\.delta: /],
    ['the blinding factor of G', [editJson('registration/secrets.json', (s) => { s.g = plusOne(s.g); })], /^registration\/secrets\.json: g: /],
    ['a missing registration', [(dir) => rm(join(dir, 'registration/registration.json'))], /^registration\/registration\.json: cannot read file/],
    ['the record id', [editJson('registration/registration.json', (r) => { r.recordId = `0x${'11'.repeat(32)}`; })], /^registration\/registration\.json: recordId/],
    ['an unknown class', [editJson('registration/registration.json', (r) => { r.className = '5x5'; })], /^registration\/registration\.json: className: "5x5" is no class/],
    ['another class', [editJson('registration/registration.json', (r) => { r.className = '4x4'; })], /^registration\/registration\.json: className: replay gives 16x16, artifact has 4x4/],
    ['a row count beyond 32 bits', [editJson('registration/registration.json', (r) => { r.training.rows[1] = 2 ** 40; })], /^registration\/registration\.json: training\.rows\[1\]/],
    ['one more block', [editJson('registration/registration.json', (r) => { r.training.x.push(r.g); r.training.dlt.push(r.g); })], /^registration\/registration\.json: training\.dlt: length/],
    ['a blinding factor of the training rows beyond p', [editJson('registration/secrets.json', (s) => { s.blocks[0].x = `0x${'ff'.repeat(32)}`; })], /^registration\/secrets\.json: blocks\[0\]\.x: blinding factor is not below p/],
    ['the inference registry of the deployment', [editJson('deployment.json', (d) => { d.contracts.inferences.address = d.contracts.models.address; })], /^deployment\.json: contracts\.inferences\.address/],
    ['the settlement of the deployment', [editJson('deployment.json', (d) => { d.contracts.settlement.address = d.contracts.models.address; })], /^deployment\.json: contracts\.settlement\.address/],
    ['a selector of the deployment', [editJson('deployment.json', (d) => { d.classes[1].selector = d.classes[0].selector; })], /^deployment\.json: classes\[1\]\.selector/],
    ['the selector of the features', [editJson('registration/registration.json', (r) => { r.selector = `0x${'33'.repeat(32)}`; })], /^registration\/registration\.json: selector: 0x33/],
    ['the snapshot', [editJson('registration/registration.json', (r) => { r.adapter.snapshotId = `0x${'33'.repeat(32)}`; })], /^registration\/registration\.json: adapterId/],
    ['a missing deployment', [(dir) => rm(join(dir, 'deployment.json'))], /^deployment\.json: cannot read file/],
    ['a missing field', [editJson('registration/registration.json', (r) => { delete r.g; })], /^registration\/registration\.json: g: artifact does not match its format/],
    ['the verifier of the deployment', [editJson('deployment.json', (d) => { d.contracts.verifier.address = d.contracts.vault.address; })], /^deployment\.json: contracts\.verifier\.address/],
    ['a key hash of the deployment', [editJson('deployment.json', (d) => { d.classes[1].vkHash = d.classes[0].vkHash; })], /^deployment\.json: classes\[1\]\.vkHash/],
  ];
  const batch: typeof bundle = [
    ['a fee of the receipt', [editJson('batches/1/batch.json', (b) => { b.signed.receipt.inferences[1].fee = '7'; })], /^batches\/1\/batch\.json: signed: signature: signature is not of the node/],
    ['a commitment of the receipt', [editJson('batches/1/batch.json', (b) => { b.signed.receipt.X = b.signed.receipt.Delta; })], /^batches\/1\/batch\.json: signed: /],
    ['a nonce of the receipt', [editJson('batches/1/batch.json', (b) => { b.signed.receipt.inferences[0].nonce = '1'; })], /^batches\/1\/batch\.json: signed: inferences\[0\]\.requestHash/],
    ['an output of a payer\'s receipt', [editJson('batches/1/receipts.json', (r) => { r.receipts[2].receipt.outputHash = `0x${'11'.repeat(32)}`; })], /^batches\/1\/receipts\.json: receipts\[2\]\.receipt\.outputHash: replay gives/],
    ['the signature of a payer\'s receipt', [editJson('batches/1/receipts.json', (r) => { r.receipts[1].signature = r.receipts[0].signature; })], /^batches\/1\/receipts\.json: receipts\[1\]\.signature: is not of the node/],
    ['a missing receipt', [editJson('batches/0/receipts.json', (r) => { r.receipts.pop(); })], /^batches\/0\/receipts\.json: receipts: length/],
    ['a fee of the order', [editJson('batches/1/order.json', (o) => { o.queries[1].fee = plusOne(o.queries[1].fee); })], /^batches\/1\/order\.json: queries\[1\]\.fee: replay gives/],
    ['the split of a block', [editJson('batches/1/batch.json', (b) => { b.split.id = 2; })], /^batches\/1\/batch\.json: blockId/],
    ['the contributors\' part of a split', [editJson('batches/1/batch.json', (b) => { b.split.contributors = 7000; })], /^batches\/1\/batch\.json: split\.contributors: replay gives 6000, artifact has 7000$/],
    ['the block id', [editJson('batches/0/batch.json', (b) => { b.blockId = `0x${'11'.repeat(32)}`; })], /^batches\/0\/batch\.json: blockId/],
    ['the block id of the secrets', [editJson('batches/0/secrets.json', (b) => { b.blockId = `0x${'11'.repeat(32)}`; })], /^batches\/0\/secrets\.json: blockId/],
    ['labels that are missing', [editJson('batches/2/batch.json', (b) => { b.labels.push(1); })], /^batches\/2\/batch\.json: labels: length/],
    ['a block height beyond the class', [resign(1, (r) => { r.heightLog = 24; })], /^batches\/1\/batch\.json: heightLog 24 is more/],
    ['a prediction', [editJson('batches/0/batch.json', (b) => { b.predictions[3] = (b.predictions[3] + 1) % 10; })], /^batches\/0\/batch\.json: predictions\[3\]/],
    ['a label', [editJson('batches/2/batch.json', (b) => { b.labels[1] = (b.labels[1] + 1) % 10; })], /^batches\/2\/batch\.json: labels\[1\]/],
    ['inputs', [editBytes('batches/1/inputs.f32', (d) => { d.writeFloatLE(0.25, 4 * (64 * 2 + 20)); })], /^batches\/1\/inputs\.f32: inference 2, row 2: keccak256/],
    ['X', [editBytes('batches/2/X.i8', (d) => { d[CELL] ^= 1; })], /^batches\/2\/X\.i8: row 1, layer 0, column 5: replay gives -?\d+, artifact has -?\d+$/],
    ['X beyond int8 of the quantiser', [editBytes('batches/2/X.i8', (d) => { d[CELL] = 0x80; })], /^batches\/2\/X\.i8: row 1, layer 0, column 5: -128 is not in/],
    ['Delta', [editBytes('batches/2/Delta.i16', (d) => { d.writeInt16LE(d.readInt16LE(2 * CELL) + 1, 2 * CELL); })], /^batches\/2\/Delta\.i16: row 1, layer 0, column 5: replay gives -?\d+, artifact has -?\d+$/],
    ['a padding row of Delta', [editBytes('batches/2/Delta.i16', (d) => { d[2 * 128 * 3] = 1; })], /^batches\/2\/Delta\.i16: row 3, layer 0, column 0: replay gives 0, artifact has 1$/],
    ['a blinding factor', [editJson('batches/0/secrets.json', (s) => { s.x = plusOne(s.x); })], /^batches\/0\/secrets\.json: x: /],
    ['a blinding factor beyond p', [editJson('batches/0/secrets.json', (s) => { s.delta = `0x${'ff'.repeat(32)}`; })], /^batches\/0\/secrets\.json: delta: blinding factor is not below p/],
    ['a missing table', [(dir) => rm(join(dir, 'batches/0/X.i8'))], /^batches\/0\/X\.i8: cannot read file/],
    ['a truncated table', [(dir) => truncate(join(dir, 'batches/0/Delta.i16'), 100)], /^batches\/0\/Delta\.i16: table has the wrong size/],
    ['a truncated file', [(dir) => truncate(join(dir, 'batches/1/batch.json'), 200)], /^batches\/1\/batch\.json: artifact is not JSON/],
    ['a fee that the node signs again', [resign(1, (r) => { r.inferences[1].fee = '7'; })], /^batches\/1\/order\.json: queries\[1\]\.fee: replay gives 7, artifact has 1000000000000005$/],
    ['a fee that the node signs again, and the order', [resign(1, (r) => { r.inferences[1].fee = '7'; }), editJson('batches/1/order.json', (o) => { o.queries[1].fee = '0x7'; })], /^jobs\/0\/job\.json: jobId/],
  ];
  const job: typeof bundle = [
    ['a payout', [editJson('jobs/0/job.json', (j) => { j.payouts[3] = plusOne(j.payouts[3]); })], /^jobs\/0\/job\.json: payouts\[3\]: replay gives (\d+), artifact has (\d+)$/],
    ['a fee', [editJson('jobs/0/job.json', (j) => { j.fees[1] = plusOne(j.fees[1]); })], /^jobs\/0\/job\.json: fees\[1\]: replay gives 600000000000000, artifact has 600000000000001$/],
    ['a boundary', [editJson('jobs/0/job.json', (j) => { j.boundaries[0] = '0x2'; })], /^jobs\/0\/job\.json: boundaries\[0\]: replay gives 1, artifact has 2$/],
    ['the zero queries', [editJson('jobs/0/job.json', (j) => { j.zeroQueries = plusOne(j.zeroQueries); })], /^jobs\/0\/job\.json: zeroQueries: replay gives 64512, artifact has 64513$/],
    ['the prover', [editJson('jobs/0/job.json', (j) => { j.prover = j.settlement; })], /^jobs\/0\/job\.json: context/],
    ['the settlement', [editJson('jobs/0/job.json', (j) => { j.settlement = j.verifier; })], /^jobs\/0\/job\.json: context/],
    ['the selector', [editJson('jobs/0/job.json', (j) => { j.selector = `0x${'33'.repeat(32)}`; })], /^jobs\/0\/job\.json: selector: 0x33/],
    ['a credit that is missing', [editJson('jobs/0/job.json', (j) => { j.credits.splice(1, 1); })], /^jobs\/0\/job\.json: credits\[1\]: replay gives \d+ credits, artifact has \d+: missing is contributor 0x/],
    ['the amount of a credit', [editJson('jobs/0/job.json', (j) => { j.credits[0].amount = plusOne(j.credits[0].amount); })], /^jobs\/0\/job\.json: credits\[0\]: replay gives contributor/],
    ['all credits', [editJson('jobs/0/job.json', (j) => { delete j.credits; })], /^jobs\/0\/job\.json: credits: a settled job has both/],
    ['the order of batches', [editJson('jobs/0/job.json', (j) => { j.batches.reverse(); })], /^jobs\/0\/job\.json: jobId/],
    ['a batch outside the workspace', [editJson('jobs/0/job.json', (j) => { j.batches[0] = '../../0'; })], /^jobs\/0\/job\.json: batches\[0\]: /],
    ['the bits', [editJson('jobs/0/job.json', (j) => { j.bits = j.mask; })], /^jobs\/0\/job\.json: bits/],
    ['the blinding factor of the bits', [editJson('jobs/0/secrets.json', (s) => { s.bits = plusOne(s.bits); })], /^jobs\/0\/secrets\.json: bits: replay gives/],
    ['a blinding factor of the bits beyond p', [editJson('jobs/0/secrets.json', (s) => { s.bits = `0x${'ff'.repeat(32)}`; })], /^jobs\/0\/secrets\.json: bits: blinding factor is not below p/],
    ['a proof scalar of R2', [editJson('jobs/0/job.json', (j) => { j.proof.rho = plusOne(j.proof.rho); })], /^jobs\/0\/job\.json: proof: /],
    ['a proof point of R2', [editJson('jobs/0/job.json', (j) => { j.proof.opening.wz = j.proof.opening.wi; })], /^jobs\/0\/job\.json: proof: /],
    ['a missing job', [(dir) => rm(join(dir, 'jobs/0/job.json'))], /^jobs\/0\/job\.json: cannot read file/],
    ['a truncated job', [(dir) => truncate(join(dir, 'jobs/0/job.json'), 1000)], /^jobs\/0\/job\.json: artifact is not JSON/],
  ];
  for (const [part, cases] of Object.entries({ bundle, registration, batch, job })) {
    describe(`names the altered artifact of the ${part}:`, () => {
      for (const [name, edits, expected] of cases) {
        it(name, async () => {
          const report = await altered(edits);
          assert.equal(report.ok, false);
          assert.match(report.finding ?? '', expected, renderReport(report));
        });
      }
    });
  }

  it('takes an order that waits to be served and a request that waits to be proved for no fault, but for what they say', async () => {
    const request = (edit: (request: ProofRequest) => void) => async (dir: string): Promise<void> => {
      const [{ contracts, chainId }, batch, { recordId }] = await Promise.all(['deployment.json', 'batches/0/batch.json', 'registration/registration.json'].map(async (file) => JSON.parse(await readFile(join(dir, file), 'utf8')) as Json));
      const own: ProofRequest = {
        requester: batch.signed.receipt.node, recordId, blockIds: [batch.blockId], minPrice: 1n, maxPrice: 2n, collateral: 3n, biddingStart: 4n, rampSeconds: 5, lockSeconds: 6, deadline: 7n, nonce: 8n,
      };
      const requestId = proofRequestId({ chainId, market: contracts.market.address }, own);
      edit(own);
      await mkdir(join(dir, 'jobs/7'));
      await writeArtifact(join(dir, 'jobs/7/request.json'), { format: 'zkattr-request', chainId, market: contracts.market.address, requestId, batches: ['0'], request: own });
    };
    const waiting = async (dir: string): Promise<void> => {
      await mkdir(join(dir, 'batches/7'));
      await cp(join(dir, 'batches/0/order.json'), join(dir, 'batches/7/order.json'));
    };
    const report = await altered([waiting, request(() => undefined)]);
    assert.ok(report.ok, renderReport(report));
    assert.match(report.checks.find((c) => c.name === 'job 7: proof request')!.detail, /1 to 2 for 1 blocks; not proved yet$/);
    assert.match((await altered([request((own) => { own.maxPrice = 3n; })])).finding ?? '', /^jobs\/7\/request\.json: requestId: replay gives/);
  });

  it('collects every finding and keeps the rest', async () => {
    const report = await altered([
      editBytes('batches/0/X.i8', (d) => { d[CELL] ^= 1; }), editJson('batches/2/secrets.json', (s) => { s.x = plusOne(s.x); }), editJson('jobs/0/job.json', (j) => { j.payouts[0] = plusOne(j.payouts[0]); }),
    ]);
    const failed = report.checks.filter((c) => !c.ok).map((c) => c.name);
    assert.deepEqual(failed, ['batch 0: replay', 'batch 0: commitments', 'batch 2: commitments', 'job 0: payouts', 'job 0: credits']);
    assert.match(report.checks.find((c) => c.name === 'batch 0: commitments')!.detail, /X\.i8: commitment: the replayed table gives the receipt's commitment.*altered after/);
  });

  it('reports another build of the runtime as a finding of its own, and only where tables differ', async () => {
    const other = resign(2, (r) => { r.runtime = 'onnxruntime-node 0.0.1 vax'; });
    const equal = (await altered([other])).checks.find((c) => c.name === 'batch 2: runtime')!;
    assert.ok(equal.ok);
    assert.match(equal.detail, /0\.0\.1 vax.*equal all the same/);
    const report = await altered([other, editBytes('batches/2/X.i8', (d) => { d[CELL] ^= 1; })]);
    assert.match(report.finding ?? '', /^batches\/2\/batch\.json: runtime: the receipt names onnxruntime-node 0\.0\.1 vax/);
  });

  describe('compares with the chain:', () => {
    const cases: [string, ((dir: string) => Promise<void>)[], string, RegExp][] = [
      ['a receipt that the node signed again', [resign(1, (r) => { r.inferences[1].fee = '7'; })], 'chain: batch 1', /^batches\/1\/batch\.json: blockId: 0x[0-9a-f]+ is not committed on chain$/],
      ['the split of a batch', [editJson('batches/0/batch.json', (b) => { b.split.contributors = 7000; })], 'chain: batch 0', /^batches\/0\/batch\.json: split\.contributors: chain has 6000, artifact has 7000$/],
      ['a payout', [editJson('jobs/0/job.json', (j) => { j.payouts[3] = plusOne(j.payouts[3]); })], 'chain: job 0', /^jobs\/0\/job\.json: settlement\.payouts: chain has \d+, artifact has \d+$/],
      ['payouts that are swapped', [editJson('jobs/0/job.json', (j) => { [j.payouts[0], j.payouts[1]] = [j.payouts[1], j.payouts[0]]; })], 'chain: job 0', /^jobs\/0\/job\.json: credits\[0\]: replay gives contributor .*, chain has contributor/],
      ['zero queries', [editJson('jobs/0/job.json', (j) => { j.zeroQueries = plusOne(j.zeroQueries); })], 'chain: job 0', /^jobs\/0\/job\.json: settlement\.dust: chain has/],
      ['a credit that is missing', [editJson('jobs/0/job.json', (j) => { j.credits.pop(); })], 'chain: job 0', /^jobs\/0\/job\.json: credits\[\d+\]: replay gives \d+ credits, artifact has \d+: missing is treasury/],
      ['the selector of a job', [editJson('jobs/0/job.json', (j) => { j.selector = `0x${'33'.repeat(32)}`; })], 'chain: job 0', /^jobs\/0\/job\.json: selector: chain has/],
      ['a transaction', [editJson('jobs/0/job.json', (j) => { j.transaction.hash = `0x${'22'.repeat(32)}`; })], 'chain: job 0', /^jobs\/0\/job\.json: transaction\.hash: chain has/],
      ['gas', [editJson('registration/registration.json', (r) => { r.transaction.gas++; })], 'chain: registration', /^registration\/registration\.json: transaction\.gas: chain has/],
      ['a training point', [editJson('registration/registration.json', (r) => { r.training.x[1] = r.training.x[0]; })], 'chain: registration', /^registration\/registration\.json: record\.trainingHash: chain has/],
      ['the selector of the features', [editJson('registration/registration.json', (r) => { r.selector = `0x${'33'.repeat(32)}`; })], 'chain: registration', /^registration\/registration\.json: selector: chain has/],
      ['another snapshot', [editJson('registration/registration.json', (r) => { r.adapter.snapshotId = `0x${'33'.repeat(32)}`; })], 'chain: Datanet snapshot', /^registration\/registration\.json: adapter\.snapshotId: 0x33.* is no snapshot on chain$/],
      ['contributions of another snapshot', [editJson('registration/registration.json', (r) => { r.contributionIds.reverse(); })], 'chain: Datanet snapshot', /^registration\/registration\.json: contributionIds\[0\]: chain has/],
      ['training rows that nobody contributed', [editBytes('model/train.inputs.f32', (d) => { d.writeFloatLE(0.5, 4 * (64 * 9 + 30)); }), rehash], 'chain: contents of the training rows', /^model\/train\.inputs\.f32, train\.labels\.i32: rows 0 to \d+: chain has 0x.*content hash of contribution/],
      ['a contract of the deployment', [editJson('deployment.json', (d) => { d.contracts.vault.address = d.contracts.court.address; })], 'chain: deployment', /^deployment\.json: contracts\.vault\.address: chain has/],
      ['the configuration of the deployment', [editJson('deployment.json', (d) => { d.config.windows.challengeSeconds++; })], 'chain: deployment', /^deployment\.json: creation, parameters: constructorArguments: expected/],
    ];
    for (const [name, edits, check, expected] of cases) {
      it(name, async () => {
        const found = (await altered(edits, true)).checks.find((c) => c.name === check);
        assert.equal(found?.ok, false);
        assert.match(found?.detail ?? '', expected);
      });
    }
  });
});
