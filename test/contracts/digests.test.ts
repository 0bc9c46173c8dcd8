/** Ids, typed-data digests, prices and Merkle proofs of TypeScript against the contracts, on seeded random inputs. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { encodeAbiParameters, hashTypedData, keccak256, numberToHex, pad, type Address, type Hex } from 'viem';
import {
  adapterId, batchLeaf, blockCommitmentTypedData, blockId, blockRecord, CONTRACTS, layoutHash, openingClaimTypedData, paymentKey, priceAt, priceReachedAt, proofRequestTypedData, read, receiptTypedData, SIGNING_DOMAINS, snapshotId, startAnvil, verifierSelector, voteHash,
  type AdapterData, type Anvil, type BatchItem, type BlockCommitment, type ProofRequest, type Receipt,
} from '../../src/chain/index.js';
import { actor, hashOf, serve, world, type World } from './scenario.js';
import { g1, seeded } from './trapdoor.js';

const ROUNDS = 20;

describe('parity with the contracts', () => {
  let anvil: Anvil;
  let w: World;
  const draw = seeded('parity of digests');
  const upTo = (bits: number): bigint => draw() & ((1n << BigInt(bits)) - 1n);
  const below = (limit: number): number => Number(draw() % BigInt(limit));
  const word = (): Hex => keccak256(numberToHex(draw(), { size: 32 }));
  const address = (): Address => pad(numberToHex(upTo(160)), { size: 20 });

  before(async () => {
    anvil = await startAnvil();
    w = await world(anvil.rpcUrl, anvil.chainId);
  });
  after(async () => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    await anvil?.stop();
  });

  it('holds for signing domains', async () => {
    for (const key of ['inferences', 'market', 'open'] as const) {
      const [, name, version, chainId, verifyingContract] = await read(w.owner.client, CONTRACTS[key].abi, w.deployment[key], 'eip712Domain', []);
      assert.deepEqual({ name, version, chainId, verifyingContract }, { ...SIGNING_DOMAINS[key], chainId: BigInt(anvil.chainId), verifyingContract: w.deployment[key] });
    }
  });

  it('holds for payment keys, block commitments, receipts and openings', async () => {
    const { abi } = CONTRACTS.inferences, at = w.deployment.inferences, { client } = w.owner;
    for (let round = 0; round < ROUNDS; round++) {
      const commitment: BlockCommitment = {
        node: address(), adapterId: word(), heightLog: below(256), dlt: g1(draw()), x: g1(draw()), receiptHash: word(), validUntil: upTo(64),
        inferences: Array.from({ length: below(5) }, () => ({ requestHash: word(), nonce: draw(), rows: Number(upTo(32)), outputHash: word() })),
      };
      assert.equal(hashTypedData(blockCommitmentTypedData(w.deployment, commitment)), await read(client, abi, at, 'commitmentDigest', [commitment]));
      const receipt: Receipt = { node: address(), adapterId: word(), requestHash: word(), nonce: draw(), outputHash: word() };
      assert.equal(hashTypedData(receiptTypedData(w.deployment, receipt)), await read(client, abi, at, 'receiptDigest', [receipt]));
      const claim = { blockId: word(), table: below(2), z: draw(), value: draw(), rho: draw(), w: g1(draw()) };
      assert.equal(hashTypedData(openingClaimTypedData(w.deployment, claim)), await read(client, abi, at, 'openingDigest', [claim]));
      const { node, adapterId: adapter, requestHash, nonce } = receipt;
      assert.equal(paymentKey(node, adapter, requestHash, nonce), await read(client, abi, at, 'paymentKey', [node, adapter, requestHash, nonce]));
    }
  });

  it('holds for proof requests and their prices, at every edge of the ramp', async () => {
    const { abi } = CONTRACTS.market, at = w.deployment.market, { client } = w.owner;
    for (let round = 0; round < ROUNDS; round++) {
      const [a, b] = [upTo(96), upTo(96)], rampSeconds = round % 4 === 0 ? 0 : below(10 ** (1 + (round % 8)));
      const request: ProofRequest = {
        requester: address(), recordId: word(), blockIds: Array.from({ length: below(4) }, word), minPrice: a < b ? a : b, maxPrice: a < b ? b : a, collateral: upTo(96),
        biddingStart: upTo(40), rampSeconds, lockSeconds: Number(upTo(32)), deadline: upTo(64), nonce: draw(),
      };
      assert.equal(hashTypedData(proofRequestTypedData(w.deployment, request)), await read(client, abi, at, 'requestId', [request]));
      const end = request.biddingStart + BigInt(rampSeconds);
      const times = [0n, request.biddingStart - 1n, request.biddingStart, request.biddingStart + 1n, end - 1n, end, end + 1n, request.biddingStart + BigInt(below(rampSeconds + 2))].filter((t) => t >= 0n);
      for (const time of times) assert.equal(priceAt(request, time), await read(client, abi, at, 'priceAt', [request, time]), `at ${time}`);
      const wanted = request.minPrice + (draw() % (request.maxPrice - request.minPrice + 1n)), reached = priceReachedAt(request, wanted)!;
      assert.ok(priceAt(request, reached) >= wanted);
      if (reached > 0n) assert.ok(priceAt(request, reached - 1n) < wanted);
    }
  });

  it('holds for selectors and vote hashes', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const classId = Number(upTo(32)), version = Number(upTo(32)), vkHash = word(), relation = round % 2 ? 'payout' : 'features';
      assert.equal(verifierSelector(relation, classId, version, vkHash), await read(w.owner.client, CONTRACTS.gateway.abi, w.deployment.gateway, 'selectorOf', [BigInt(round % 2 ? 2 : 1), BigInt(classId), BigInt(version), vkHash]));
    }
    const types = [{ type: 'uint256' }, { type: 'uint256' }, { type: 'address' }, { type: 'bool' }, { type: 'bytes32' }] as const;
    const salt = word();
    assert.equal(voteHash(3n, 2, actor(1).address, true, salt), keccak256(encodeAbiParameters(types, [3n, 2n, actor(1).address, true, salt])));
  });

  it('holds for snapshots, adapters and blocks', async () => {
    const served = await serve(w), { contributed } = served, { chainId } = w.deployment;
    const contributions = await Promise.all((await w.owner.datanets.snapshot(contributed.snapshotId))!.contributionIds.map(async (id) => ({ id, ...await w.owner.datanets.contribution(id) })));
    const contents = { ids: contributions.map((c) => c.id), contentHashes: contributions.map((c) => c.contentHash) };
    assert.equal(snapshotId({ chainId, address: w.deployment.datanets }, contributed.datanetId, 1n, layoutHash(contributed.contributors, contributed.rows), contents), contributed.snapshotId);

    const { publicClient, account } = w.owner.client, node = w.node.client.account!.address;
    for (let round = 0; round < 5; round++) {
      const data: AdapterData = { ...served.tables.data, a: g1(draw()), b: g1(draw()), aStar: g1(draw()), bStar: g1(draw()), quantisationHash: word() };
      const adapter = await publicClient.simulateContract({ abi: CONTRACTS.models.abi, address: w.deployment.models, functionName: 'registerAdapter', args: [data], account });
      assert.equal(adapterId(w.models, data), adapter.result);

      const inferences = Array.from({ length: 1 + below(4) }, () => ({ requestHash: word(), nonce: draw(), rows: 1 + below(8), outputHash: word() }));
      await w.payer.pay(inferences.map(({ requestHash, nonce }) => ({ node, adapterId: served.adapterId, requestHash, nonce, fee: 1n + upTo(40) })));
      const commitment: BlockCommitment = { node, adapterId: served.adapterId, heightLog: 5 + below(3), dlt: g1(draw()), x: g1(draw()), inferences, receiptHash: word(), validUntil: 1n << 60n };
      const block = await publicClient.simulateContract({ abi: CONTRACTS.inferences.abi, address: w.deployment.inferences, functionName: 'commitBlock', args: [commitment], account: node });
      assert.equal(blockId(w.inferences, served.recordId, blockRecord(commitment, await w.owner.parameters.currentSplitId())), block.result);
    }
  });

  it('holds for batches of contributions: each item is found, no other', async () => {
    const { result: datanetId } = await w.payer.datanets.create(hashOf('policy'), '');
    for (const length of [1, 2, 3, 5, 8]) {
      const items: BatchItem[] = Array.from({ length }, () => ({ contentHash: word(), rows: 1 + below(9) }));
      const { result: id } = await w.payer.datanets.contributeBatch(datanetId, items, 'ipfs://batch');
      const { rows } = await w.payer.datanets.contribution(id);
      assert.equal(rows, items.reduce((n, i) => n + i.rows, 0));
      for (let index = 0; index < length; index++) {
        assert.equal(await w.payer.datanets.verifyItem(id, items, index), true, `item ${index} of ${length}`);
        const other = items.map((item, i) => (i === index ? { ...item, rows: item.rows + 1 } : item));
        assert.equal(await w.payer.datanets.verifyItem(id, other, index), false);
      }
    }
    assert.notEqual(batchLeaf(0, { contentHash: hashOf('a'), rows: 1 }), batchLeaf(1, { contentHash: hashOf('a'), rows: 1 }));
  });
});
