/**
 * Prover messages over libp2p: dials out to the coordinator's multiaddr and keeps that connection, so that announcements come through
 * NAT. A connection that breaks is dialled again with growing pauses; a request dials at once.
 */
import { AttributionError } from '../../../src/errors/base.js';
import { NetworkError } from '../../../src/errors/network.js';
import type { Envelope } from '../../../src/protocol/network/envelope.js';
import { ARTIFACT_MAX, exchange, type FrameLimits } from '../../../src/protocol/network/framing.js';
import { createPeer, peerKey, type Peer } from '../../../src/protocol/network/peer.js';
import { ANNOUNCE_TOPIC, ARTIFACT_PROTOCOL, MESSAGE_MAX, PROVER_PROTOCOL, type ProverReply } from '../../../src/protocol/network/prover.js';
import type { Connection, PeerId } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr';
import { backOff } from '../backOff.js';
import { parseReply, TIMES, transportError, TransportError, type ProverTransport, type RequestKind, type TransportTimes } from './types.js';

const FIRST_PAUSE_MS = 250, LONGEST_PAUSE_MS = 30_000;

export interface Libp2pTransportOptions {
  /** /ip4/.../tcp/.../p2p/<peer id> */
  coordinator: string;
  /** Where this prover's peer key is, or will be. */
  keyFile: string;
  times?: TransportTimes;
}

export class Libp2pTransport implements ProverTransport {
  readonly name = 'libp2p' as const;
  readonly peerId: string;
  readonly #listeners = new Set<() => void>();
  readonly #closed = new AbortController();
  #redialing = false;

  private constructor(private readonly peer: Peer, private readonly target: Multiaddr, private readonly coordinator: PeerId, private readonly times: TransportTimes) {
    this.peerId = peer.peerId.toString();
    const { pubsub } = peer.services;
    pubsub.subscribe(ANNOUNCE_TOPIC);
    pubsub.addEventListener('message', ({ detail }) => {
      if (detail.topic === ANNOUNCE_TOPIC && detail.type === 'signed' && detail.from.equals(coordinator)) this.#announced();
    });
    peer.addEventListener('peer:disconnect', ({ detail }) => { if (detail.equals(coordinator)) void this.#redial(); });
    // Missed announcements: ask after every new connection.
    peer.addEventListener('peer:connect', ({ detail }) => { if (detail.equals(coordinator)) this.#announced(); });
  }

  /** Opens the host; the coordinator need not be there yet. @throws NetworkError MULTIADDR, PEER_KEY */
  static async open({ coordinator, keyFile, times = TIMES }: Libp2pTransportOptions): Promise<Libp2pTransport> {
    const { target, id } = parseTarget(coordinator);
    const transport = new Libp2pTransport(await createPeer({ key: await peerKey(keyFile) }), target, id, times);
    void transport.#redial();
    return transport;
  }

  async request<K extends RequestKind>(kind: K, envelope: Envelope): Promise<ProverReply<K>> {
    const data = await this.#exchange(PROVER_PROTOCOL, envelope, { max: MESSAGE_MAX, ...this.times });
    return parseReply(kind, new TextDecoder().decode(data));
  }

  async fetchArtifact(envelope: Envelope, started?: () => void): Promise<Uint8Array | undefined> {
    const data = await this.#exchange(ARTIFACT_PROTOCOL, envelope, { max: ARTIFACT_MAX, ...this.times }, started);
    return data.length === 0 ? undefined : data;
  }

  onAnnounce(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.peer.stop();
  }

  async #exchange(protocol: string, envelope: Envelope, limits: FrameLimits, started?: () => void): Promise<Uint8Array> {
    try {
      const connection = await this.#connection(limits.timeoutMs);
      const stream = await connection.newStream(protocol, { signal: AbortSignal.timeout(limits.timeoutMs) });
      return await exchange(stream, new TextEncoder().encode(JSON.stringify(envelope)), limits, started);
    } catch (cause) {
      // The connection may be half dead: the next request is to find out at once.
      if (!(cause instanceof AttributionError) || cause.code === 'FRAME_TIMEOUT' || cause.code === 'STREAM') this.peer.getConnections(this.coordinator).forEach((connection) => connection.abort(new Error('no answer')));
      throw transportError(this.target.toString(), cause);
    }
  }

  #connection(timeoutMs: number): Promise<Connection> {
    if (this.#closed.signal.aborted) throw new TransportError('transport is closed', { code: 'CLOSED', where: 'libp2p' });
    return this.peer.dial(this.target, { signal: AbortSignal.any([AbortSignal.timeout(Math.min(timeoutMs, 15_000)), this.#closed.signal]) });
  }

  async #redial(): Promise<void> {
    if (this.#redialing) return;
    this.#redialing = true;
    try {
      await backOff(() => this.#connection(15_000), { firstMs: FIRST_PAUSE_MS, longestMs: LONGEST_PAUSE_MS, signal: this.#closed.signal });
    } catch {
      // Closed meanwhile.
    } finally {
      this.#redialing = false;
    }
  }

  #announced(): void { for (const listener of this.#listeners) listener(); }
}

function parseTarget(text: string): { target: Multiaddr; id: PeerId } {
  try {
    const target = multiaddr(text), id = target.getComponents().findLast(({ name }) => name === 'p2p')?.value;
    if (!id) throw new Error('it ends without /p2p/<peer id>');
    return { target, id: peerIdFromString(id) };
  } catch (cause) {
    throw new NetworkError('not the multiaddr of a coordinator', { code: 'MULTIADDR', where: '--coordinator', expected: '/ip4/1.2.3.4/tcp/4001/p2p/12D3...', got: text, hint: (cause as Error).message, cause });
  }
}
