/**
 * Conversation of one prover with one coordinator: login, then signed messages in rising order, one at a time, so that none arrives
 * before its predecessor. A session that the coordinator does not know any more, after its restart, is opened again by itself.
 */
import type { Address } from 'viem';
import { NetworkError } from '../../src/errors/network.js';
import { NO_SESSION, openEnvelope, sealEnvelope, type Envelope, type MessageSigner } from '../../src/protocol/network/envelope.js';
import { offerSchema, REFUSED, type Offer, type ProverMessage, type ProverMessageKind, type ProverProfile, type ProverReply, type Refusal } from '../../src/protocol/network/prover.js';
import type { AgentLogger } from './logs.js';
import { TransportError, type ProverTransport, type RequestKind } from './transport/types.js';

/** A coordinator that does not take this prover, for good. */
export class LoginRefusedError extends NetworkError {}

export interface SessionOptions {
  transport: ProverTransport;
  account: MessageSigner;
  chainId: number;
  coordinator: Address;
  /** As it is at the time of a login. */
  profile: () => ProverProfile;
  logger: AgentLogger;
  /** How far the coordinator's clock may be off, milliseconds. */
  clockSkewMs: number;
  now?: () => number;
}

interface Login {
  session: Envelope['session'];
  transport: ProverTransport['name'];
  heartbeatMs: number;
  sequence: number;
}

/** The conversation cannot go on, for whatever reason: unknown session, another channel, a sequence that was taken. */
const endsSession = (code: string): boolean => code === REFUSED.session || code === REFUSED.sequence || code.startsWith('SESSION_');
/** Of a login; the session counts on from it. */
const FIRST = 1;
/** Logins in one request: a coordinator that forgets at once is not asked for ever. */
const LOGINS = 3;

export class ProverSession {
  #login?: Login;
  #everLoggedIn = false;
  #turn: Promise<unknown> = Promise.resolve();
  readonly #listeners = new Set<() => void>();
  readonly #now: () => number;

  constructor(private readonly options: SessionOptions) { this.#now = options.now ?? Date.now; }

  get id(): Envelope['session'] | undefined { return this.#login?.session; }
  get heartbeatMs(): number | undefined { return this.#login?.heartbeatMs; }
  /** Told after every login but the first. */
  onLogin(listener: () => void): void { this.#listeners.add(listener); }

  /** Logs in unless it is. @throws TransportError, LoginRefusedError; NetworkError COORDINATOR when another one answers */
  async login(): Promise<void> { await this.#inTurn(() => this.#loggedIn()); }

  /** The answer to one message, which may be a refusal. @throws TransportError, LoginRefusedError */
  request<K extends RequestKind>(kind: K, body: ProverMessage<K>): Promise<ProverReply<K>> {
    return this.#inTurn(() => this.#withLogin(async (login) => this.options.transport.request(kind, await this.#seal(login, kind, body))));
  }

  /** An artifact's bytes, unchecked; undefined when the coordinator has none of that name. @throws as request */
  async artifact(hash: ProverMessage<'artifact'>['hash']): Promise<Uint8Array | undefined> {
    // Others may speak as soon as the answer begins: a package takes minutes on a slow line.
    let started!: () => void;
    const begun = new Promise<void>((resolve) => { started = resolve; });
    const result = this.#inTurn(async () => {
      const work = this.#withLogin(async (login) => this.options.transport.fetchArtifact(await this.#seal(login, 'artifact', { hash }), started));
      await Promise.race([begun, work]).catch(() => undefined);
      return { work };
    });
    const found = await (await result).work;
    if (found === undefined || found instanceof Uint8Array) return found;
    throw new TransportError('artifact was refused', { code: found.code, where: hash, got: found.message, hint: found.hint });
  }

  /** A signed offer of this coordinator to this prover; why not, otherwise. */
  async openOffer(envelope: unknown, now = this.#now()): Promise<{ ok: true; offer: Offer } | { ok: false; code: string; message: string }> {
    const { account, chainId, coordinator, clockSkewMs } = this.options;
    const opened = await openEnvelope(envelope, { schema: offerSchema, chainId, to: account.address, now, clockSkewMs });
    if (!opened.ok) return opened;
    if (opened.from !== coordinator) return { ok: false, code: 'OFFER_SIGNER', message: `signed by ${opened.from}, the coordinator is ${coordinator}` };
    if (opened.envelope.kind !== 'offer') return { ok: false, code: 'OFFER_KIND', message: `a message of kind ${opened.envelope.kind}` };
    return { ok: true, offer: opened.body };
  }

  async #withLogin<T>(ask: (login: Login) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const login = await this.#loggedIn(), reply = await ask(login);
      if (!isRefusal(reply) || !endsSession(reply.code) || attempt === LOGINS) return reply;
      this.options.logger.info({ code: reply.code }, 'the coordinator does not know this session: log in again');
      this.#login = undefined;
    }
  }

  async #loggedIn(): Promise<Login> {
    const { transport, coordinator, logger } = this.options;
    if (this.#login && this.#login.transport === transport.name) return this.#login;
    const again = this.#login !== undefined || this.#everLoggedIn, { name } = transport;
    const reply = await transport.request('hello', await this.#seal({ session: NO_SESSION, sequence: FIRST - 1 }, 'hello', { ...this.options.profile(), peerId: transport.peerId }));
    if (!reply.ok) throw refused(reply);
    if (reply.coordinator !== coordinator) throw new LoginRefusedError('another coordinator answers', { code: 'COORDINATOR', where: 'login', expected: coordinator, got: reply.coordinator, hint: 'check --coordinator and its account' });
    this.#login = { session: reply.session, transport: name, heartbeatMs: reply.heartbeatMs, sequence: FIRST };
    this.#everLoggedIn = true;
    logger.info({ session: reply.session, transport: name, coordinator }, 'logged in');
    if (again) for (const listener of this.#listeners) listener();
    return this.#login;
  }

  #seal<K extends ProverMessageKind>(login: Pick<Login, 'session' | 'sequence'>, kind: K, body: ProverMessage<K>): Promise<Envelope> {
    const { account, chainId, coordinator } = this.options;
    return sealEnvelope(account, { kind, chainId, to: coordinator, session: login.session, sequence: ++login.sequence, sentAt: this.#now(), body });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#turn.then(work, work);
    this.#turn = next.catch(() => undefined);
    return next;
  }
}

const isRefusal = (reply: unknown): reply is Refusal => typeof reply === 'object' && reply !== null && (reply as { ok?: unknown }).ok === false;

const refused = ({ code, message, hint, retry }: Refusal): NetworkError =>
  new (retry ? TransportError : LoginRefusedError)('the coordinator refuses this prover', { code, where: 'login', got: message, hint });
