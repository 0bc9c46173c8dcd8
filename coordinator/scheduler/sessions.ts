/**
 * Login and conversation of provers. A session is 32 random bytes for one payout address (and, over libp2p, one peer); each message in it
 * has a greater sequence than the one before. Sessions live in memory: after a restart a prover hears SESSION_UNKNOWN and logs in again
 * under a new one, so that nothing sent before can be repeated. Its leases are taken up by the jobs it names (`running`).
 */
import { randomBytes } from 'node:crypto';
import type { Address, Hex } from 'viem';
import { laneOf, NO_SESSION, PROTOCOL_VERSION, REFUSED, type Envelope, type ProverProfile, type Refusal } from '../../src/protocol/network/index.js';
import { TokenBucket } from './limits.js';
import type { ProverBook, ProverRecord } from './provers.js';
import { refuse, type AcceptedKey, type Channel, type SchedulerLimits } from './types.js';

export interface Session {
  id: Hex;
  prover: Address;
  profile: ProverProfile;
  /** It locks signed requests on chain. */
  locksOrders: boolean;
  /** What is known of the prover, shared by its sessions. */
  record: ProverRecord;
  transport: Channel['transport'];
  peer?: string;
  createdAt: number;
  lastSeen: number;
  /** Of the latest message. */
  sequence: number;
  /** Of the latest offer to it. */
  offers: number;
  bucket: TokenBucket;
  /** Lane -> seconds and memory of one proof, of the classes whose keys are accepted. */
  lanes: ReadonlyMap<string, { className: string; seconds: number; peakBytes: number }>;
  /** As of its latest lease message. */
  free: number;
  memoryBytes: number;
}

type Limits = Pick<SchedulerLimits, 'sessions' | 'sessionsPerProver' | 'onlineMs' | 'burst' | 'perSecond'>;

export class Sessions {
  readonly #sessions = new Map<Hex, Session>();
  readonly #byProver = new Map<Address, Set<Session>>();

  constructor(private readonly keys: readonly AcceptedKey[], private readonly book: ProverBook, private readonly limits: Limits, private readonly now: () => number) {}

  get size(): number { return this.#sessions.size; }
  get(id: Hex): Session | undefined { return this.#sessions.get(id); }
  all(): IterableIterator<Session> { return this.#sessions.values(); }
  online(session: Session): boolean { return this.now() - session.lastSeen <= this.limits.onlineMs; }
  onlineProvers(): number {
    let count = 0;
    for (const sessions of this.#byProver.values()) for (const session of sessions) if (this.online(session)) { count++; break; }
    return count;
  }
  of(prover: Address): Session | undefined {
    return [...(this.#byProver.get(prover) ?? [])].sort((a, b) => b.lastSeen - a.lastSeen)[0];
  }

  /** @param envelope  opened: its signature is the prover's */
  async login(prover: Address, profile: ProverProfile, envelope: Pick<Envelope, 'session' | 'sentAt' | 'sequence'>, channel: Channel): Promise<Session | Refusal> {
    if (profile.protocol !== PROTOCOL_VERSION) {
      return refuse(REFUSED.protocol, `prover ${profile.version} speaks prover protocol ${profile.protocol}, this coordinator ${PROTOCOL_VERSION}`, {
        hint: profile.protocol < PROTOCOL_VERSION ? 'the prover is too old: update it' : 'the coordinator is older than the prover: use the version it runs',
      });
    }
    if (envelope.session !== NO_SESSION) return refuse('SESSION_LOGIN', 'a login names no session', { hint: 'sign hello with session 0' });
    if (channel.transport === 'libp2p' && profile.peerId !== channel.remotePeer) {
      return refuse('PEER_ID', `profile names peer ${profile.peerId ?? 'none'}, the connection is of ${channel.remotePeer ?? 'none'}`, { hint: 'sign the peer id that the connection is made with' });
    }
    const lanes = this.#lanes(profile);
    if ('ok' in lanes) return lanes;
    const now = this.now();
    if (!this.#room(prover)) return refuse('BUSY', `${this.#sessions.size} sessions are open`, { retry: true, hint: 'try again in a minute' });
    const record = await this.book.login(prover, profile, channel.transport, envelope.sentAt, now);
    if (!record) {
      return refuse('HELLO_REPLAYED', 'a login of this or a later time was taken before', { retry: true, hint: 'sign a new one; a clock that was set back needs to catch up first' });
    }
    const session: Session = {
      id: `0x${randomBytes(32).toString('hex')}`, prover, profile, locksOrders: profile.locksOrders === true, record, transport: channel.transport, ...(channel.transport === 'libp2p' && { peer: channel.remotePeer }), createdAt: now, lastSeen: now,
      sequence: envelope.sequence, offers: 0, bucket: new TokenBucket(this.limits.burst, this.limits.perSecond, now), lanes, free: profile.parallel, memoryBytes: profile.memoryBytes,
    };
    this.#sessions.set(session.id, session);
    const own = this.#byProver.get(prover) ?? new Set();
    this.#byProver.set(prover, own.add(session));
    return session;
  }

  /** Takes the place of a message in its session. @returns the refusal, if it has none there */
  take(session: Session, from: Address, envelope: Pick<Envelope, 'sequence'>, channel: Channel): Refusal | undefined {
    if (from !== session.prover) return refuse('SESSION_SIGNER', `session of ${session.prover}, signed by ${from}`, { hint: 'log in with this key' });
    if (session.peer !== undefined && channel.remotePeer !== session.peer) return refuse('SESSION_CHANNEL', `session of peer ${session.peer}, sent by ${channel.remotePeer ?? 'HTTP'}`, { hint: 'log in on this connection' });
    if (envelope.sequence <= session.sequence) {
      return refuse(REFUSED.sequence, `sequence ${envelope.sequence} was taken: the next one is above ${session.sequence}`, { retry: true, hint: 'send messages of a session one after the other' });
    }
    session.sequence = envelope.sequence;
    session.lastSeen = this.now();
    // The order of use: the first of the map is the one that was silent for longest.
    this.#sessions.delete(session.id);
    this.#sessions.set(session.id, session);
    session.record.lastSeen = session.lastSeen;
    return undefined;
  }

  #lanes(profile: ProverProfile): Session['lanes'] | Refusal {
    const lanes = new Map<string, { className: string; seconds: number; peakBytes: number }>();
    for (const { className, relation, vkHash, seconds, peakBytes } of profile.classes) {
      const accepted = this.keys.filter((key) => key.className === className);
      if (relation !== 'payout' || accepted.length === 0) continue;
      if (!accepted.some((key) => key.vkHash === vkHash)) {
        return refuse('VK_HASH', `class ${className}: prover has key ${vkHash}, accepted is ${accepted.map((key) => key.vkHash).join(' or ')}`, { hint: 'fetch or make the keys of this deployment: its manifest names their hashes' });
      }
      lanes.set(laneOf(relation, className, vkHash), { className, seconds, peakBytes });
    }
    if (lanes.size === 0) {
      return refuse('NO_CLASS', `prover offers ${profile.classes.map((c) => `${c.relation} ${c.className}`).join(', ') || 'no class'}; jobs are payout ${this.keys.map((key) => key.className).join(', ')}`, { hint: 'set up one of these classes' });
    }
    return lanes;
  }

  /** Makes room: the prover's own oldest session goes first, then the one that was silent for longest, if it is offline. */
  #room(prover: Address): boolean {
    const own = this.#byProver.get(prover);
    if (own && own.size >= this.limits.sessionsPerProver) this.#drop([...own].reduce((a, b) => (b.lastSeen < a.lastSeen ? b : a)));
    if (this.#sessions.size < this.limits.sessions) return true;
    const oldest = this.#sessions.values().next().value as Session;
    if (this.online(oldest)) return false;
    this.#drop(oldest);
    return true;
  }

  #drop(session: Session): void {
    this.#sessions.delete(session.id);
    const own = this.#byProver.get(session.prover);
    own?.delete(session);
    if (own?.size === 0) this.#byProver.delete(session.prover);
  }
}
