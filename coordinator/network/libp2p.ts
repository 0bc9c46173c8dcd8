/**
 * The coordinator as a libp2p host: answers prover messages and artifact requests, and tells that jobs wait. On the topic only its own
 * messages count; what others publish there is rejected, and not passed on.
 */
import type { PeerId, PrivateKey, Stream, Connection } from '@libp2p/interface';
import { TopicValidatorResult } from '@libp2p/gossipsub';
import type { Logger } from 'pino';
import { answer } from '../../src/protocol/network/framing.js';
import { createPeer, type Peer } from '../../src/protocol/network/peer.js';
import { ANNOUNCE_TOPIC, ARTIFACT_PROTOCOL, MESSAGE_MAX, PROVER_PROTOCOL } from '../../src/protocol/network/prover.js';
import type { JobQueue } from '../queue/types.js';
import { refuse, type Channel, type ProverService } from '../scheduler/index.js';

export interface ProverNetworkOptions {
  service: ProverService;
  queue: Pick<JobQueue, 'waitingLanes'>;
  /** peerKey(file): the peer id is part of the address that provers are told. */
  key: PrivateKey;
  /** Multiaddrs, e.g. /ip4/0.0.0.0/tcp/4001, and those that others are told instead. */
  listen: readonly string[];
  announce?: readonly string[];
  logger: Logger;
  maxConnections?: number;
  /** New connections a second from one host. */
  inboundConnectionThreshold?: number;
  /** Announcements are at least this far apart. */
  announceMs?: number;
  /** For a request to arrive, and for an answer to be taken. */
  timeoutMs?: number;
}

/** One stream is one request; a prover fetches one package while it reports on several jobs. */
const STREAMS = 64;
const REJECTED_KEPT = 64;
/** After a restart all provers dial at once; each handshake is about 10 ms of work, so the last waits some seconds. */
const HANDSHAKES = 256;

export class ProverNetwork {
  /** What was published by others, newest last: a hint at who floods. */
  readonly rejected: { peer: string; reason: string }[] = [];
  #announcing?: NodeJS.Timeout;
  #lastAnnounced = 0;

  private constructor(private readonly peer: Peer, private readonly options: ProverNetworkOptions) {}

  static async open(options: ProverNetworkOptions): Promise<ProverNetwork> {
    const { key, listen, announce, maxConnections = 2000, inboundConnectionThreshold = 50 } = options;
    const peer = await createPeer({ key, listen, announce, maxConnections, inboundConnectionThreshold, maxIncomingPendingConnections: HANDSHAKES }), network = new ProverNetwork(peer, options);
    const { pubsub } = peer.services;
    pubsub.topicValidators.set(ANNOUNCE_TOPIC, (from, message) => network.#validate(from, message.type === 'signed' ? message.from : undefined));
    pubsub.subscribe(ANNOUNCE_TOPIC);
    const limits = { maxInboundStreams: STREAMS };
    await peer.handle(PROVER_PROTOCOL, (stream, connection) => network.#messages(stream, connection), limits);
    await peer.handle(ARTIFACT_PROTOCOL, (stream, connection) => network.#artifacts(stream, connection), limits);
    options.logger.info({ addresses: network.addresses }, 'prover network listens');
    return network;
  }

  get peerId(): string { return this.peer.peerId.toString(); }
  /** Where provers dial, with the peer id. */
  get addresses(): string[] { return this.peer.getMultiaddrs().map(String); }
  get connections(): number { return this.peer.getConnections().length; }

  /** Something waits that did not before: provers are told soon, many changes at once. */
  announce(): void {
    const { announceMs = 250 } = this.options;
    this.#announcing ??= setTimeout(() => {
      this.#announcing = undefined;
      this.#lastAnnounced = Date.now();
      void this.#publish();
    }, Math.max(0, announceMs - (Date.now() - this.#lastAnnounced)));
  }

  async close(): Promise<void> {
    clearTimeout(this.#announcing);
    await this.peer.stop();
  }

  async #publish(): Promise<void> {
    try {
      const lanes = await this.options.queue.waitingLanes();
      if (Object.keys(lanes).length > 0) await this.peer.services.pubsub.publish(ANNOUNCE_TOPIC, new TextEncoder().encode(JSON.stringify({ lanes })));
    } catch (error) {
      this.options.logger.warn({ err: error }, 'lanes could not be announced');
    }
  }

  #validate(from: PeerId, author: PeerId | undefined): TopicValidatorResult {
    if (author?.equals(this.peer.peerId)) return TopicValidatorResult.Accept;
    this.rejected.push({ peer: from.toString(), reason: author ? `published by ${author.toString()}, not by the coordinator` : 'not signed' });
    if (this.rejected.length > REJECTED_KEPT) this.rejected.shift();
    return TopicValidatorResult.Reject;
  }

  async #messages(stream: Stream, connection: Connection): Promise<void> {
    await this.#answer(stream, connection, async (request, channel) => {
      const value = parse(request);
      const reply = value === undefined ? refuse('ENVELOPE_FORMAT', 'request is not JSON') : await this.options.service.handle(undefined, value, channel);
      return new TextEncoder().encode(JSON.stringify(reply));
    });
  }

  async #artifacts(stream: Stream, connection: Connection): Promise<void> {
    await this.#answer(stream, connection, async (request, channel) => {
      const value = parse(request), reply = value === undefined ? undefined : await this.options.service.artifact(value, channel);
      return reply?.ok ? reply.data : new Uint8Array(0);
    });
  }

  async #answer(stream: Stream, connection: Connection, work: (request: Uint8Array, channel: Channel) => Promise<Uint8Array>): Promise<void> {
    const { logger, timeoutMs = 30_000 } = this.options, remotePeer = connection.remotePeer.toString();
    const fault = await answer(stream, { max: MESSAGE_MAX, timeoutMs }, (request) => work(request, { transport: 'libp2p', remotePeer }));
    if (fault) logger.debug({ peer: remotePeer, code: fault.code }, fault.message);
  }
}

function parse(data: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(data)) ?? undefined;
  } catch {
    return undefined;
  }
}
