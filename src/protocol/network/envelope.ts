/**
 * Envelope: one message from one key to one coordinator (or back), signed by EIP-712 over the hash of its body's exact text.
 *   Message(string kind, address to, bytes32 session, uint64 sequence, uint64 sentAt, bytes32 bodyHash), domain "zkattr network" 1, chain id
 * The domain binds the chain, `to` the receiver, session and sequence the place in a conversation: a receiver takes each sequence of a
 * session once, in rising order, and no message whose clock is further off than it allows. Signatures with high s are refused.
 */
import { concat, domainSeparator, keccak256, numberToHex, pad, stringToBytes, type Address, type Hex } from 'viem';
import { z } from 'zod';
import { address, count, signature, word } from '../words.js';
import { recoverSigner } from './recover.js';

export const ENVELOPE_TYPES = {
  Message: [
    { name: 'kind', type: 'string' }, { name: 'to', type: 'address' }, { name: 'session', type: 'bytes32' }, { name: 'sequence', type: 'uint64' },
    { name: 'sentAt', type: 'uint64' }, { name: 'bodyHash', type: 'bytes32' },
  ],
} as const;

export const envelopeSchema = z.strictObject({
  kind: z.string().min(1).max(40),
  chainId: z.int().positive(),
  to: address,
  /** 0 before a session was given. */
  session: word,
  sequence: count,
  /** Milliseconds since 1970, by the sender's clock. */
  sentAt: count,
  /** JSON text; its bytes are what is signed. */
  body: z.string().max(4 << 20),
  signature,
});
export type Envelope = z.infer<typeof envelopeSchema>;

export const NO_SESSION: Hex = `0x${'0'.repeat(64)}`;

type Unsigned = Omit<Envelope, 'signature'>;

export const envelopeTypedData = ({ kind, chainId, to, session, sequence, sentAt, body }: Unsigned) => ({
  domain: { name: 'zkattr network', version: '1', chainId }, types: ENVELOPE_TYPES, primaryType: 'Message',
  message: { kind, to, session, sequence: BigInt(sequence), sentAt: BigInt(sentAt), bodyHash: keccak256(stringToBytes(body)) },
} as const);

const TYPE_HASH = keccak256(stringToBytes(`Message(${ENVELOPE_TYPES.Message.map(({ type, name }) => `${type} ${name}`).join(',')})`));
const separators = new Map<number, Hex>();
/** One chain is spoken of for a whole process: its separator is computed once. */
function separatorOf(chainId: number): Hex {
  let separator = separators.get(chainId);
  if (separator === undefined) {
    if (separators.size > 16) separators.clear(); // chain ids of messages are anybody's
    separators.set(chainId, separator = domainSeparator({ domain: { name: 'zkattr network', version: '1', chainId } }));
  }
  return separator;
}

/**
 * Names one message for good: log entries refer to it. The digest of EIP-712, that is hashTypedData(envelopeTypedData(envelope)):
 *   keccak(0x1901, separator, keccak(type hash, keccak(kind), to, session, sequence, sentAt, keccak(body)))
 */
export function envelopeHash({ kind, chainId, to, session, sequence, sentAt, body }: Unsigned): Hex {
  const words = [TYPE_HASH, keccak256(stringToBytes(kind)), pad(to), session, numberToHex(sequence, { size: 32 }), numberToHex(sentAt, { size: 32 }), keccak256(stringToBytes(body))];
  return keccak256(concat(['0x1901', separatorOf(chainId), keccak256(concat(words))]));
}

/** A local account: viem's `privateKeyToAccount`. */
export interface MessageSigner {
  address: Address;
  signTypedData(data: ReturnType<typeof envelopeTypedData>): Promise<Hex>;
}

export async function sealEnvelope(signer: MessageSigner, message: Omit<Unsigned, 'body'> & { body: unknown }): Promise<Envelope> {
  const unsigned = { ...message, body: JSON.stringify(message.body) };
  return { ...unsigned, signature: await signer.signTypedData(envelopeTypedData(unsigned)) };
}

const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

/** Why an envelope is refused: codes on the wire. */
export type EnvelopeFault = 'ENVELOPE_FORMAT' | 'ENVELOPE_CHAIN' | 'ENVELOPE_RECEIVER' | 'ENVELOPE_CLOCK' | 'ENVELOPE_SIGNATURE' | 'ENVELOPE_BODY';
export type Opened<T> = { ok: true; from: Address; body: T; envelope: Envelope } | { ok: false; code: EnvelopeFault; message: string };

export interface OpenRules<S extends z.ZodType> {
  schema: S;
  chainId: number;
  to: Address;
  /** The receiver's clock, and how far the sender's may be off, milliseconds. */
  now: number;
  clockSkewMs: number;
}

/** Never throws for what somebody sent. Sequence and session are the receiver's to check. */
export async function openEnvelope<S extends z.ZodType>(value: unknown, { schema, chainId, to, now, clockSkewMs }: OpenRules<S>): Promise<Opened<z.output<S>>> {
  const refuse = (code: EnvelopeFault, message: string): Opened<never> => ({ ok: false, code, message });
  const parsed = envelopeSchema.safeParse(value);
  if (!parsed.success) return refuse('ENVELOPE_FORMAT', firstIssue(parsed.error));
  const envelope = parsed.data;
  if (envelope.chainId !== chainId) return refuse('ENVELOPE_CHAIN', `signed for chain ${envelope.chainId}, this is ${chainId}`);
  if (envelope.to !== to) return refuse('ENVELOPE_RECEIVER', `signed for ${envelope.to}, this is ${to}`);
  if (Math.abs(envelope.sentAt - now) > clockSkewMs) return refuse('ENVELOPE_CLOCK', `sent at ${envelope.sentAt}, here it is ${now}: more than ${clockSkewMs} ms apart; set the clock`);
  const v = parseInt(envelope.signature.slice(-2), 16);
  if (BigInt(`0x${envelope.signature.slice(66, 130)}`) > HALF_ORDER || (v !== 27 && v !== 28)) return refuse('ENVELOPE_SIGNATURE', 'signature is not in its canonical form');
  const from = recoverSigner(envelopeHash(envelope), envelope.signature);
  if (from === undefined) return refuse('ENVELOPE_SIGNATURE', 'signature recovers to nobody');
  let json: unknown;
  try {
    json = JSON.parse(envelope.body);
  } catch {
    return refuse('ENVELOPE_BODY', 'body is not JSON');
  }
  const body = schema.safeParse(json);
  if (!body.success) return refuse('ENVELOPE_BODY', firstIssue(body.error));
  return { ok: true, from, body: body.data, envelope };
}

const firstIssue = (error: z.ZodError): string => {
  const [issue] = error.issues;
  return `${issue.path.join('.') || 'message'}: ${issue.message}`.slice(0, 500);
};
