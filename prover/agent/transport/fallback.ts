/** libp2p, and HTTP for a while when libp2p fails repeatedly. Who logs in looks at `name`: another channel needs another session. */
import type { Envelope } from '../../../src/protocol/network/envelope.js';
import type { ProverReply, Refusal } from '../../../src/protocol/network/prover.js';
import { TransportError, type ProverTransport, type RequestKind } from './types.js';

/** Failures in a row after which the second one takes over, and for how long. */
const FAILURES = 3, RETURN_MS = 300_000;

export class FallbackTransport implements ProverTransport {
  #failures = 0;
  #since = 0;
  constructor(private readonly first: ProverTransport, private readonly second: ProverTransport, private readonly now: () => number = Date.now) {}

  get #active(): ProverTransport {
    if (this.#failures < FAILURES) return this.first;
    if (this.now() - this.#since < RETURN_MS) return this.second;
    // One failure is enough to come back here.
    this.#failures = FAILURES - 1;
    return this.first;
  }
  get name(): 'libp2p' | 'http' { return this.#active.name; }
  get peerId(): string | undefined { return this.#active.peerId; }

  request<K extends RequestKind>(kind: K, envelope: Envelope): Promise<ProverReply<K>> { return this.#watch((transport) => transport.request(kind, envelope)); }
  fetchArtifact(envelope: Envelope, started?: () => void): Promise<Uint8Array | Refusal | undefined> { return this.#watch((transport) => transport.fetchArtifact(envelope, started)); }
  onAnnounce(listener: () => void): () => void { return this.first.onAnnounce(listener); }
  async close(): Promise<void> { await Promise.all([this.first.close(), this.second.close()]); }

  async #watch<T>(work: (transport: ProverTransport) => Promise<T>): Promise<T> {
    const transport = this.#active;
    try {
      const value = await work(transport);
      if (transport === this.first) this.#failures = 0;
      return value;
    } catch (error) {
      if (transport === this.first && error instanceof TransportError && ++this.#failures === FAILURES) this.#since = this.now();
      throw error;
    }
  }
}
