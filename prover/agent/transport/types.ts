/** How the agent reaches its coordinator: libp2p or plain HTTP, the same messages over both. */
import { AttributionError } from '../../../src/errors/base.js';
import { NetworkError } from '../../../src/errors/network.js';
import type { Envelope } from '../../../src/protocol/network/envelope.js';
import { proverReplies, refusalSchema, type ProverMessageKind, type ProverReply, type Refusal } from '../../../src/protocol/network/prover.js';

/** What is asked and answered in JSON. */
export type RequestKind = Exclude<ProverMessageKind, 'artifact'>;

export interface ProverTransport {
  readonly name: 'libp2p' | 'http';
  /** What the channel proves of this prover; only libp2p proves anything. */
  readonly peerId?: string;
  /** @throws NetworkError when no well-formed answer comes; a refusal is an answer */
  request<K extends RequestKind>(kind: K, envelope: Envelope): Promise<ProverReply<K>>;
  /**
   * @param started  told when the answer begins: from then on the next message may be sent
   * @returns the bytes, unchecked; undefined when the coordinator has none of that name; a refusal over HTTP
   */
  fetchArtifact(envelope: Envelope, started?: () => void): Promise<Uint8Array | Refusal | undefined>;
  /** A hint that jobs wait: ask. Over HTTP none comes. @returns ends it */
  onAnnounce(listener: () => void): () => void;
  close(): Promise<void>;
}

export interface TransportTimes {
  /** For an answer to begin. Results are verified before they are answered. */
  timeoutMs: number;
  /** Between two pieces of an artifact. */
  idleMs: number;
}
export const TIMES: TransportTimes = { timeoutMs: 60_000, idleMs: 30_000 };

/** A message that did not get through, or whose answer nobody can read; the same may work later. */
export class TransportError extends NetworkError {}

export const transportError = (where: string, cause: unknown): TransportError => cause instanceof TransportError ? cause : new TransportError('no answer from the coordinator', {
  code: cause instanceof AttributionError ? cause.code : 'UNREACHABLE', where, got: cause instanceof AttributionError ? cause.shortMessage : reason(cause), cause, hint: 'it is tried again; check the address and the network if this goes on',
});

/** fetch hides the reason in the cause. */
const reason = (error: unknown): string => {
  const { message, cause } = error as { message?: string; cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? message ?? String(error);
};

/** An answer's JSON text -> refusal or reply of its kind. @throws TransportError REPLY_FORMAT */
export function parseReply<K extends ProverMessageKind>(kind: K, text: string): ProverReply<K> {
  const malformed = (got: string, cause?: unknown): TransportError => new TransportError('answer does not match its format', { code: 'REPLY_FORMAT', where: kind, got, cause, hint: 'the coordinator is of another version, or something between changes its answers' });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw malformed(`${text.length} characters that are not JSON`, cause);
  }
  const refusal = refusalSchema.safeParse(json);
  if (refusal.success) return refusal.data;
  const parsed = proverReplies[kind].safeParse(json);
  if (parsed.success) return parsed.data as ProverReply<K>;
  const [issue] = parsed.error.issues;
  throw malformed(`${issue.path.join('.') || 'answer'}: ${issue.message}`.slice(0, 300), parsed.error);
}
