/**
 * A coordinator that speaks the prover protocol over HTTP and libp2p, and does what a test tells it: one queue in memory, no chain.
 * `meddle` may answer, or spoil an answer, before it does.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Address, Hex } from 'viem';
import { generatePrivateKey, privateKeyToAccount, type PrivateKeyAccount } from 'viem/accounts';
import { answer } from '../../src/protocol/network/framing.js';
import {
  ANNOUNCE_TOPIC, ARTIFACT_PROTOCOL, envelopeSchema, NO_SESSION, openEnvelope, proverMessages, PROVER_PROTOCOL, REFUSED, sealEnvelope, type Envelope, type ProofJob, type ProverMessage, type ProverMessageKind,
} from '../../src/protocol/network/index.js';
import { createPeer, type Peer } from '../../src/protocol/network/peer.js';
import { CHAIN_ID } from './proofJob.js';

export interface Seen {
  kind: ProverMessageKind;
  body: unknown;
}
/** An answer; a string is sent as it is. Undefined: the coordinator's own. */
export type Meddle = (kind: ProverMessageKind, body: unknown) => unknown;

const refuse = (code: string, retry = false): unknown => ({ ok: false, code, message: code, retry });

export class FakeCoordinator {
  readonly account: PrivateKeyAccount = privateKeyToAccount(generatePrivateKey());
  readonly seen: Seen[] = [];
  readonly results: ProverMessage<'result'>[] = [];
  readonly released: ProverMessage<'release'>[] = [];
  /** Jobs that wait. */
  readonly queue: ProofJob[] = [];
  artifacts = new Map<Hex, Uint8Array>();
  heartbeatMs = 100;
  waitMs = 50;
  /** Who signs offers; default the coordinator. */
  signer: PrivateKeyAccount = this.account;
  meddle?: Meddle;
  #tokens = new Map<Hex, number>();
  #sessions = new Map<Hex, { prover: Address; sequence: number }>();
  #token = 0;
  #server?: Server;
  #peer?: Peer;
  #waiting: { match: () => boolean; resolve: () => void }[] = [];

  get address(): Address { return this.account.address; }
  get url(): string { return `http://127.0.0.1:${(this.#server!.address() as AddressInfo).port}`; }
  get multiaddr(): string { return this.#peer!.getMultiaddrs()[0].toString(); }
  tokenOf(job: ProofJob): number | undefined { return this.#tokens.get(job.jobId); }
  count(kind: ProverMessageKind): number { return this.seen.filter((seen) => seen.kind === kind).length; }

  /** As after a restart: nobody is logged in. */
  forgetSessions(): void { this.#sessions.clear(); }
  /** Somebody else has the job now. */
  takeAway(job: ProofJob): void { this.#tokens.set(job.jobId, ++this.#token); }

  async until(match: () => boolean, what: string, timeoutMs = 120_000): Promise<void> {
    if (match()) return;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`waited for: ${what}; seen ${this.seen.map(({ kind }) => kind).slice(-20).join(' ')}`)), timeoutMs);
      this.#waiting.push({ match, resolve: () => { clearTimeout(timer); resolve(); } });
    });
  }

  async listenHttp(port = 0): Promise<void> {
    this.#server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part)).on('end', () => {
        void (async () => {
          const path = request.url ?? '';
          if (path === '/v1/stats') return response.setHeader('content-type', 'application/json').end(JSON.stringify({ chainId: CHAIN_ID, coordinator: this.address, jobs: {} }));
          const reply = await this.#handle(JSON.parse(Buffer.concat(parts).toString()));
          if (reply instanceof Uint8Array) response.setHeader('content-type', 'application/octet-stream').end(reply);
          else response.setHeader('content-type', 'application/json').writeHead((reply as { code?: string }).code === 'ARTIFACT_UNKNOWN' ? 404 : 200).end(typeof reply === 'string' ? reply : JSON.stringify(reply));
        })().catch(() => response.destroy());
      });
    });
    await new Promise<void>((resolve) => this.#server!.listen(port, '127.0.0.1', resolve));
  }

  async listenLibp2p(options: Parameters<typeof createPeer>[0] = {}): Promise<void> {
    this.#peer = await createPeer({ listen: ['/ip4/127.0.0.1/tcp/0'], ...options });
    this.#peer.services.pubsub.subscribe(ANNOUNCE_TOPIC);
    for (const protocol of [PROVER_PROTOCOL, ARTIFACT_PROTOCOL]) {
      await this.#peer.handle(protocol, async (stream) => void await answer(stream, { max: 8 << 20, timeoutMs: 5000 }, async (request) => {
        const reply = await this.#handle(JSON.parse(Buffer.from(request).toString()));
        if (reply instanceof Uint8Array) return reply;
        return protocol === ARTIFACT_PROTOCOL ? new Uint8Array(0) : new TextEncoder().encode(typeof reply === 'string' ? reply : JSON.stringify(reply));
      }));
    }
  }
  async announce(): Promise<void> { await this.#peer!.services.pubsub.publish(ANNOUNCE_TOPIC, new TextEncoder().encode('{"lanes":{}}')); }
  get subscribers(): number { return this.#peer!.services.pubsub.getSubscribers(ANNOUNCE_TOPIC).length; }

  async closeHttp(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  }
  async close(): Promise<void> {
    await this.closeHttp();
    await this.#peer?.stop();
  }

  /** A signed offer of a job under a new token. */
  async offer(job: ProofJob, to: Address, session: Hex, signer = this.signer): Promise<Envelope> {
    this.#tokens.set(job.jobId, ++this.#token);
    return sealEnvelope(signer, { kind: 'offer', chainId: CHAIN_ID, to, session, sequence: this.#token, sentAt: Date.now(), body: { job, token: this.#token, attempt: 1, leaseMs: 10 * this.heartbeatMs, heartbeatMs: this.heartbeatMs } });
  }

  async #handle(value: unknown): Promise<unknown> {
    const envelope = envelopeSchema.parse(value), kind = envelope.kind as ProverMessageKind;
    const opened = await openEnvelope(value, { schema: proverMessages[kind], chainId: CHAIN_ID, to: this.address, now: Date.now(), clockSkewMs: 5000 });
    if (!opened.ok) return refuse(opened.code);
    const { body, from } = opened, session = this.#sessions.get(envelope.session);
    if (kind !== 'hello') {
      if (!session || session.prover !== from) return refuse(REFUSED.session, true);
      if (envelope.sequence <= session.sequence) return refuse(REFUSED.sequence, true);
      session.sequence = envelope.sequence;
    }
    this.seen.push({ kind, body });
    try {
      return (await this.meddle?.(kind, body)) ?? await this.#reply(kind, body, from, envelope);
    } finally {
      setImmediate(() => { this.#waiting = this.#waiting.filter(({ match, resolve }) => !match() || void resolve()); });
    }
  }

  async #reply(kind: ProverMessageKind, body: unknown, from: Address, { session, sequence }: Envelope): Promise<unknown> {
    const mine = ({ jobId, token }: { jobId: Hex; token: number }): boolean => this.#tokens.get(jobId) === token;
    switch (kind) {
      case 'hello': {
        if (session !== NO_SESSION) return refuse('SESSION_LOGIN');
        const id: Hex = `0x${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('hex')}`;
        this.#sessions.set(id, { prover: from, sequence });
        return { ok: true, session: id, coordinator: this.address, heartbeatMs: this.heartbeatMs };
      }
      case 'lease': {
        const jobs = this.queue.splice(0, (body as ProverMessage<'lease'>).free);
        return { ok: true, offers: await Promise.all(jobs.map((job) => this.offer(job, from, session))), waitMs: this.waitMs, why: jobs.length ? '' : 'no job waits' };
      }
      case 'heartbeat': return mine(body as ProverMessage<'heartbeat'>) ? { ok: true, order: 'continue' } : refuse(REFUSED.lease);
      case 'result':
        if (!mine(body as ProverMessage<'result'>)) return refuse(REFUSED.lease);
        this.results.push(body as ProverMessage<'result'>);
        return { ok: true };
      case 'release':
        this.released.push(body as ProverMessage<'release'>);
        return { ok: true };
      case 'artifact': return this.artifacts.get((body as ProverMessage<'artifact'>).hash) ?? refuse('ARTIFACT_UNKNOWN');
    }
  }
}
