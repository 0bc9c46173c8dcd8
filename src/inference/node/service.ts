/** What a node answers: quotes, paid inferences, and where they stand. A payment key is answered once, and on disk before it is told. */
import { getAddress, type Address, type Hex } from 'viem';
import { paymentKey, type Economy } from '../../chain/index.js';
import { AttributionError } from '../../errors/base.js';
import { NetworkError } from '../../errors/network.js';
import { randomScalar } from '../../commitment/kzg.js';
import { inputHashOf, outputHashOf, requestHashOf } from '../receipt.js';
import type { Adapter, AdapterPool } from './adapters.js';
import { NONCE_RULES, type AdapterView, type Answer, type InferenceView, type InferRequest, type Quote } from './api.js';
import { chainClock, type Batcher } from './batcher.js';
import type { NodeLogger, NodeMetrics } from './metrics.js';
import type { AnswerFile, NodeStore } from './store.js';

export interface ServiceOptions {
  economy: Economy;
  store: NodeStore;
  pool: AdapterPool;
  batcher: Batcher;
  /** Least fee of one inference, base units. */
  price: bigint;
  /** A payment that goes back sooner is not served: block and proof take their time. */
  minRemainingSeconds: number;
  /** Refuses requests that their payer has not signed. */
  requireSignature: boolean;
  logger: NodeLogger;
  metrics: NodeMetrics;
}

/** A request with all its names. */
interface Named {
  adapter: Adapter;
  payer: Address;
  inputs: Float32Array;
  inputHash: Hex;
  requestHash: Hex;
  nonce: bigint;
  key: Hex;
}

const refuse = (message: string, code: string, options: { where?: string; expected?: unknown; got?: unknown; hint?: string }): never => { throw new NetworkError(message, { code, ...options }); };
const toHex = (inputs: Float32Array): Hex => `0x${Buffer.from(inputs.buffer, inputs.byteOffset, inputs.byteLength).toString('hex')}`;

export class InferenceService {
  readonly #running = new Map<Hex, Promise<AnswerFile>>();
  #closing = false;
  readonly node: Address;

  constructor(private readonly options: ServiceOptions) {
    this.node = options.economy.client.account!.address;
  }

  adapters(): AdapterView[] {
    const { pool, price, economy: { deployment } } = this.options;
    return pool.list().map(({ adapter: { id, name, manifest, registration, cls }, state, reason }) => ({
      adapterId: id, name, modelHash: manifest.modelHash, recordId: registration.recordId, className: cls.name, inputWidth: manifest.taps.inputWidth, classes: manifest.taps.classes,
      price: price.toString(), node: this.node, chainId: deployment.chainId, registry: deployment.inferences, state, ...(reason ? { reason } : {}),
    }));
  }

  /** What has to be paid; nothing is kept of it. */
  quote(request: Omit<InferRequest, 'nonce' | 'signature'> & { nonce?: string }): Quote {
    const nonce = request.nonce ?? (randomScalar() >> 2n).toString(), { adapter, payer, inputHash, requestHash, key } = this.#named({ ...request, nonce });
    const { price, minRemainingSeconds, economy: { deployment } } = this.options;
    return {
      adapterId: adapter.id, modelHash: adapter.manifest.modelHash, payer, inputHash, requestHash, nonce, nonceRules: NONCE_RULES, fee: price.toString(), paymentKey: key,
      node: this.node, chainId: deployment.chainId, registry: deployment.inferences, minRemainingSeconds,
    };
  }

  /** The payment key of a request: its name in logs. */
  keyOf(request: InferRequest): Hex { return this.#named(request).key; }

  /** @throws NetworkError: PAYMENT_MISSING, PAYMENT_TOO_LOW, PAYER_MISMATCH, PAYMENT_EXPIRED, PAYMENT_REFUNDED, PAYMENT_USED, SIGNATURE, INPUT_WIDTH, INPUT_NOT_FINITE, ADAPTER_* */
  async infer(request: InferRequest, log: NodeLogger): Promise<Answer> {
    const { store, metrics } = this.options, started = performance.now();
    try {
      const named = this.#named(request), { key } = named;
      await this.#checkSignature(named, request.signature);
      const known = store.answers.has(key);
      let running = this.#running.get(key);
      if (!running) {
        if (!known && this.#closing) refuse('node is shutting down', 'DRAINING', { hint: 'ask again later; the payment stays good' });
        running = (known ? store.answer(key) : this.#answer(named, log)).finally(() => this.#running.delete(key));
        this.#running.set(key, running);
      }
      const answer = answerOf(await running);
      metrics.inferences.inc({ outcome: known ? 'repeated' : 'answered' });
      metrics.seconds.observe((performance.now() - started) / 1000);
      return answer;
    } catch (error) {
      metrics.inferences.inc({ outcome: error instanceof AttributionError ? error.code : 'INTERNAL' });
      throw error;
    }
  }

  status(key: Hex): InferenceView {
    const { store } = this.options, entry = store.answers.get(key);
    if (!entry) return refuse('no such inference here', 'INFERENCE_UNKNOWN', { where: 'paymentKey', got: key, hint: 'it was not asked for, or of another node' });
    const block = store.blockOf(key), view = { paymentKey: key, adapterId: entry.adapterId, answeredAt: entry.answeredAt };
    if (!block) return { ...view, state: entry.lapsed ? 'lapsed' : 'answered', ...(entry.lapsed ? { reason: entry.lapsed } : {}) };
    const { progress: { step, jobId, reason }, batch: { blockId } } = block;
    return { ...view, state: step === 'signed' || step === 'dropped' ? 'inBlock' : step, blockId, ...(jobId ? { jobId } : {}), ...(reason ? { reason } : {}) };
  }

  get running(): number { return this.#running.size; }

  /** No new request from here on; waits for those that run. */
  async drain(): Promise<void> {
    this.#closing = true;
    await Promise.allSettled(this.#running.values());
  }

  #named({ adapterId, payer: from, inputs: values, nonce: text }: InferRequest): Named {
    const { pool, economy } = this.options, adapter = pool.get(adapterId), { taps, modelHash } = adapter.manifest, payer = getAddress(from), nonce = BigInt(text);
    if (values.length !== taps.inputWidth) refuse('input has the wrong width', 'INPUT_WIDTH', { where: 'inputs', expected: taps.inputWidth, got: values.length, hint: 'GET /v1/adapters tells the width' });
    const inputs = Float32Array.from(values), bad = inputs.findIndex((v) => !Number.isFinite(v));
    if (bad >= 0) refuse('input is not a finite float32 number', 'INPUT_NOT_FINITE', { where: `inputs[${bad}]`, got: String(values[bad]), hint: 'scale it into the range of float32' });
    const inputHash = inputHashOf(inputs, 1), requestHash = requestHashOf(payer, modelHash, inputHash, nonce);
    return { adapter, payer, inputs, inputHash, requestHash, nonce, key: paymentKey(economy.client.account!.address, adapterId, requestHash, nonce) };
  }

  async #checkSignature({ payer, key }: Named, signature?: Hex): Promise<void> {
    const { requireSignature, economy: { client: { publicClient } } } = this.options;
    if (signature === undefined) {
      if (requireSignature) refuse('request is not signed', 'SIGNATURE', { where: 'signature', hint: 'sign the payment key: personal_sign over its 32 bytes, by the payer' });
      return;
    }
    if (!await publicClient.verifyMessage({ address: payer, message: { raw: key }, signature }).catch(() => false)) refuse('signature is not by the payer', 'SIGNATURE', { where: 'signature', expected: payer, hint: 'sign the payment key: personal_sign over its 32 bytes' });
  }

  async #answer(named: Named, log: NodeLogger): Promise<AnswerFile> {
    const { pool, store, batcher, economy } = this.options, { adapter, payer, requestHash, nonce, inputs, key } = named, { id: adapterId } = adapter;
    const { fee, deadline } = await this.#checkPayment(named);
    const prediction = await pool.use(adapterId, async (loaded) => (await loaded.run(inputs)).predictions[0]);
    const outputHash = outputHashOf(Int32Array.of(prediction)), receipt = { node: this.node, adapterId, requestHash, nonce, outputHash };
    const signature = await economy.inferences.signReceipt(receipt);
    // On disk first: whoever has a receipt can show it, and another output for the same request convicts the node.
    await store.saveAnswer({ adapterId, paymentKey: key, payer, requestHash, nonce, fee, inputs: toHex(inputs), prediction, outputHash, receipt: { receipt, signature }, deadline, answeredAt: Date.now() });
    log.info({ adapterId, payer, prediction }, 'answered');
    batcher.add(store.answers.get(key)!);
    return store.answer(key);
  }

  /** The payment of exactly this request is on chain, large enough, and good for long enough. */
  async #checkPayment({ key, payer, requestHash, nonce, adapter }: Named): Promise<{ fee: bigint; deadline: number }> {
    const { economy, price, minRemainingSeconds, batcher } = this.options;
    const [{ status, feeWei, payer: paidBy, deadline }, { seconds, offset }] = await Promise.all([economy.inferences.payment(key), chainClock(economy)]);
    batcher.observe(offset);
    const where = `payment ${key}`, pay = `pay(node ${this.node}, adapter ${adapter.id}, requestHash ${requestHash}, nonce ${nonce}, fee ${price})`;
    if (status === 'none') refuse('request is not paid', 'PAYMENT_MISSING', { where, expected: `${price} base units`, hint: `${pay} at the inference registry; POST /v1/quote tells what` });
    if (status === 'refunded') refuse('payment went back to its payer', 'PAYMENT_REFUNDED', { where, hint: 'pay again with another nonce' });
    if (status !== 'funded') refuse('payment was used for an answer that is not here', 'PAYMENT_USED', { where, got: status, hint: 'ask with another nonce' });
    if (paidBy !== payer) refuse('request was paid by another account', 'PAYER_MISMATCH', { where, expected: payer, got: paidBy, hint: 'the payer of a request pays for it' });
    if (feeWei < price) refuse('payment is below the price', 'PAYMENT_TOO_LOW', { where, expected: price.toString(), got: feeWei.toString(), hint: 'pay again with another nonce; this payment goes back after its deadline' });
    if (Number(deadline) < seconds + minRemainingSeconds) refuse('payment goes back too soon', 'PAYMENT_EXPIRED', { where, expected: `${minRemainingSeconds} s left`, got: `${Number(deadline) - seconds} s`, hint: 'pay again with another nonce, and ask at once' });
    return { fee: feeWei, deadline: Number(deadline) };
  }
}

function answerOf({ prediction, outputHash, receipt: { receipt, signature }, paymentKey: key, fee }: AnswerFile): Answer {
  return { prediction, outputHash, receipt: { receipt: { ...receipt, nonce: receipt.nonce.toString() }, signature }, paymentKey: key, fee: fee.toString(), statusUrl: `/v1/inferences/${key}` };
}
