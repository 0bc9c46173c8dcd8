/** The payer's side: quote, pay on chain, ask, and check what the node signed. */
import { randomBytes } from 'node:crypto';
import { hexToBigInt, bytesToHex, isAddressEqual, type Address, type Hex } from 'viem';
import type { z } from 'zod';
import { paymentKey, receiptTypedData, type Economy, type Payment, type Receipt } from '../../chain/index.js';
import { NetworkError } from '../../errors/network.js';
import { apiErrorSchema } from '../../protocol/network/api.js';
import { backOff, pause } from '../../protocol/network/client.js';
import { inputHashOf, outputHashOf, requestHashOf } from '../receipt.js';
import { adaptersSchema, answerSchema, inferenceViewSchema, quoteSchema, type AdapterView, type Answer, type InferenceView } from './api.js';

export interface InferRemoteOptions {
  nodeUrl: string;
  /** Connected as the payer. */
  economy: Economy;
  adapterId: Hex;
  /** Rows, one inference each. */
  inputs: readonly (readonly number[])[];
  /** One a row; random without them. The same ones again ask for what was paid already. */
  nonces?: readonly bigint[];
  /** Highest fee of one inference, base units; what the node asks without it. */
  maxFee?: bigint;
  /** Signs requests by the payer. */
  sign?: boolean;
  /** Tries of a request whose connection broke. */
  attempts?: number;
  signal?: AbortSignal;
  fetch?: typeof fetch;
}

export interface RemoteInference {
  prediction: number;
  outputHash: Hex;
  receipt: Receipt;
  /** EIP-712, by the node. */
  signature: Hex;
  paymentKey: Hex;
  nonce: bigint;
  /** Base units. */
  fee: bigint;
  /** Absolute. */
  statusUrl: string;
}

/** A node's refusal, with its own code. */
export class InferenceNodeError extends NetworkError {
  constructor(message: string, readonly status: number, options: ConstructorParameters<typeof NetworkError>[1]) { super(message, options); }
}

type Access = Pick<InferRemoteOptions, 'nodeUrl' | 'fetch' | 'attempts' | 'signal'>;

/** One call; tried again when the connection breaks or the node is busy: every route may be repeated. */
async function call<S extends z.ZodType>({ nodeUrl, fetch = globalThis.fetch, attempts = 4, signal }: Access, path: string, schema: S, body?: unknown): Promise<z.output<S>> {
  const url = `${nodeUrl.replace(/\/+$/, '')}${path}`;
  for (let failures = 0; ; failures++) {
    let error: InferenceNodeError;
    try {
      const limit = AbortSignal.timeout(60_000);
      const response = await fetch(url, { ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }), signal: signal ? AbortSignal.any([signal, limit]) : limit });
      const json: unknown = await response.json().catch(() => undefined);
      if (response.ok) {
        const parsed = schema.safeParse(json);
        if (parsed.success) return parsed.data;
        const [issue] = parsed.error.issues;
        throw new InferenceNodeError('answer does not match its format', 400, { code: 'NODE_ANSWER', where: `${path}: ${issue.path.join('.')}`, got: issue.message, hint: 'node and client are of different versions' });
      }
      const refused = apiErrorSchema.safeParse(json), { code, message, hint, where } = refused.success ? refused.data.error : { code: `HTTP_${response.status}`, message: 'node refused without a reason', hint: undefined, where: path };
      error = new InferenceNodeError(message, response.status, { code, where, hint });
    } catch (cause) {
      if (cause instanceof InferenceNodeError) throw cause;
      error = new InferenceNodeError('node does not answer', 503, { code: 'NODE_UNREACHABLE', where: url, got: (cause as Error).message, hint: 'is it running, is the URL right?', cause });
    }
    if ((error.status < 500 && error.status !== 429) || failures + 1 >= attempts || signal?.aborted) throw error;
    await pause(backOff(failures, 250), signal);
  }
}

/** What a node serves. @throws InferenceNodeError */
export const remoteAdapters = async (access: Access): Promise<AdapterView[]> => (await call(access, '/v1/adapters', adaptersSchema)).adapters;
/** Where an answered request stands. @throws InferenceNodeError */
export const remoteInference = (access: Access, key: Hex): Promise<InferenceView> => call(access, `/v1/inferences/${key}`, inferenceViewSchema);

/**
 * Pays all rows in one transaction and asks for them one by one. Rows that were paid before (same nonces) are not paid again.
 * @throws InferenceNodeError the node refuses; NetworkError QUOTE, FEE, NODE_INACTIVE before anything is paid, ANSWER for an answer that
 *   does not hold: the error of a paid request names its payment key; ChainError
 */
export async function inferRemote(options: InferRemoteOptions): Promise<RemoteInference[]> {
  const { economy, adapterId, inputs, maxFee, sign } = options, { deployment, client: { account } } = economy;
  if (!account) throw new NetworkError('client has no account', { code: 'READ_ONLY_CLIENT', where: 'inferRemote', hint: 'connect as the payer' });
  if (inputs.length === 0) throw new NetworkError('there is no row', { code: 'INPUT_FORMAT', where: 'inputs' });
  const payer = account.address, nonces = options.nonces ?? inputs.map(() => hexToBigInt(bytesToHex(randomBytes(31))));
  if (nonces.length !== inputs.length) throw new NetworkError('one nonce a row is needed', { code: 'NONCE', where: 'nonces', expected: inputs.length, got: nonces.length });
  const served = (await remoteAdapters(options)).find((a) => a.adapterId === adapterId);
  if (!served) throw new NetworkError('node does not serve the adapter', { code: 'ADAPTER_UNKNOWN', where: options.nodeUrl, got: adapterId });
  await checkAdapter(economy, served);

  const requests = await Promise.all(inputs.map(async (row, i) => {
    const nonce = nonces[i], inputHash = inputHashOf(Float32Array.from(row), 1), requestHash = requestHashOf(payer, served.modelHash, inputHash, nonce), key = paymentKey(served.node, adapterId, requestHash, nonce);
    const quote = await call(options, '/v1/quote', quoteSchema, { adapterId, payer, inputs: row, nonce: nonce.toString() }), fee = BigInt(quote.fee);
    const expected = { requestHash, paymentKey: key, node: served.node, nonce: nonce.toString(), registry: deployment.inferences };
    for (const [what, value] of Object.entries(expected)) {
      const got = quote[what as keyof typeof expected];
      if (got.toLowerCase() !== value.toLowerCase()) throw new NetworkError('quote is for another request', { code: 'QUOTE', where: what, expected: value, got, hint: 'do not pay it' });
    }
    if (maxFee !== undefined && fee > maxFee) throw new NetworkError('node asks for more than allowed', { code: 'FEE', where: 'quote', expected: `at most ${maxFee}`, got: quote.fee });
    return { row, nonce, requestHash, key, fee, paid: (await economy.inferences.payment(key)).status !== 'none' };
  }));
  const due = requests.filter((r) => !r.paid).map(({ requestHash, nonce, fee }): Payment => ({ node: served.node, adapterId, requestHash, nonce, fee }));
  if (due.length > 0) await economy.pay(due);

  const out: RemoteInference[] = [];
  for (const { row, nonce, requestHash, key } of requests) {
    const signature = sign ? await signKey(economy, key) : undefined;
    const answer = await call(options, '/v1/infer', answerSchema, { adapterId, payer, inputs: row, nonce: nonce.toString(), ...(signature ? { signature } : {}) });
    out.push(await checkAnswer(economy, options.nodeUrl, { node: served.node, adapterId, requestHash, nonce, outputHash: answer.outputHash }, key, served.classes, answer));
  }
  return out;
}

/** Before money moves: the node is active on this chain, and the model is the one of the adapter's registration. */
async function checkAdapter(economy: Economy, { node, chainId, registry, adapterId, modelHash }: AdapterView): Promise<void> {
  const { deployment } = economy;
  if (chainId !== deployment.chainId || !isAddressEqual(registry, deployment.inferences)) throw new NetworkError('node serves another deployment', { code: 'QUOTE', where: 'registry', expected: deployment.inferences, got: registry });
  if (!await economy.inferences.isActiveNode(node)) throw new NetworkError('node has no stake, or is not registered', { code: 'NODE_INACTIVE', where: node, hint: 'its blocks would be refused: choose another node' });
  const [registered] = await economy.events('models', 'AdapterRegistered', { args: { adapterId } });
  if (registered?.args.data.modelHash !== modelHash) throw new NetworkError('node names another model than the adapter has', { code: 'QUOTE', where: 'modelHash', expected: registered?.args.data.modelHash ?? 'a registered adapter', got: modelHash });
}

const signKey = ({ client: { account, walletClient } }: Economy, key: Hex): Promise<Hex> => (account!.type === 'local' ? account!.signMessage!({ message: { raw: key } }) : walletClient!.signMessage({ account: account!, message: { raw: key } }));

/** The node's signature holds for exactly this request and this prediction. @throws NetworkError ANSWER */
async function checkAnswer(economy: Economy, nodeUrl: string, receipt: Receipt, key: Hex, classes: number, answer: Answer): Promise<RemoteInference> {
  const { prediction, outputHash, receipt: signed } = answer;
  const fail = (where: string, expected: unknown, got: unknown): never => { throw new NetworkError('answer does not hold', { code: 'ANSWER', where: `${key}: ${where}`, expected, got, hint: 'keep it: two receipts with different outputs convict a node; the fee goes back when no block takes it' }); };
  if (prediction >= classes) fail('prediction', `below ${classes}`, prediction);
  if (answer.paymentKey !== key) fail('paymentKey', key, answer.paymentKey);
  const hash = outputHashOf(Int32Array.of(prediction));
  if (outputHash !== hash) fail('outputHash', hash, outputHash);
  const told = { ...signed.receipt, nonce: BigInt(signed.receipt.nonce) };
  for (const field of ['node', 'adapterId', 'requestHash', 'nonce', 'outputHash'] as const) if (String(told[field]).toLowerCase() !== String(receipt[field]).toLowerCase()) fail(`receipt.${field}`, String(receipt[field]), String(told[field]));
  const valid = await economy.client.publicClient.verifyTypedData({ address: receipt.node as Address, ...receiptTypedData(economy.deployment, receipt), signature: signed.signature });
  if (!valid) fail('signature', `by ${receipt.node}`, 'another');
  return { prediction, outputHash, receipt, signature: signed.signature, paymentKey: key, nonce: receipt.nonce, fee: BigInt(answer.fee), statusUrl: new URL(answer.statusUrl, nodeUrl).href };
}
