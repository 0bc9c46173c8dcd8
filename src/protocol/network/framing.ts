/**
 * Frames on a libp2p stream: length (uint32, big-endian), then so many bytes. One request and one answer a stream; who asks closes its
 * end after the request. A frame that is too long, cut short, late, or followed by more bytes is a typed error, and resets the stream:
 *   FRAME_SIZE  FRAME_CUT  FRAME_TRAILING  FRAME_TIMEOUT  STREAM (the connection broke)
 */
import './withResolvers.js';
import type { MessageStream, Stream } from '@libp2p/interface';
import { byteStream, type ByteStream } from '@libp2p/utils';
import { AttributionError } from '../../errors/base.js';
import { NetworkError } from '../../errors/network.js';

/** Largest package that is sent. */
export const ARTIFACT_MAX = 1 << 30;
const LENGTH_BYTES = 4;
/** One piece of a large frame; the stream's own flow control waits between them. */
const PIECE = 1 << 18;

export interface FrameLimits {
  /** Largest frame that is read, bytes. */
  max: number;
  /** For one whole frame to be sent, and for the answer to begin. */
  timeoutMs: number;
  /** Between two pieces of a frame, once it began; default timeoutMs. */
  idleMs?: number;
}

const fail = (code: string, message: string, options: { expected?: unknown; got?: unknown; hint?: string; cause?: unknown } = {}): NetworkError => new NetworkError(message, { code, where: 'stream', ...options });

/** What the stream throws -> NetworkError. */
function streamError(error: unknown, timedOut: boolean): AttributionError {
  if (error instanceof AttributionError) return error;
  if (timedOut) return fail('FRAME_TIMEOUT', 'the other side did not answer in time', { cause: error, hint: 'it is busy or gone: try again' });
  return fail('STREAM', 'the connection broke', { got: (error as Error)?.message, cause: error, hint: 'try again' });
}

/** Writes one frame. @throws NetworkError */
export async function writeFrame(bytes: ByteStream<MessageStream>, data: Uint8Array, timeoutMs: number): Promise<void> {
  const length = new Uint8Array(LENGTH_BYTES);
  new DataView(length.buffer).setUint32(0, data.length);
  for (const piece of [length, ...pieces(data)]) {
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      await bytes.write(piece, { signal });
    } catch (error) {
      throw streamError(error, signal.aborted);
    }
  }
}

function* pieces(data: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < data.length; at += PIECE) yield data.subarray(at, at + PIECE);
}

/** Reads one frame, and that nothing follows it so far. @param started  told when its length is known @throws NetworkError */
export async function readFrame(bytes: ByteStream<MessageStream>, { max, timeoutMs, idleMs = timeoutMs }: FrameLimits, started?: () => void): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let have = 0, length: number | undefined;
  while (length === undefined || have < LENGTH_BYTES + length) {
    const signal = AbortSignal.timeout(length === undefined ? timeoutMs : idleMs);
    let piece;
    try {
      piece = await bytes.read({ signal });
    } catch (error) {
      throw streamError(error, signal.aborted);
    }
    if (piece === null) throw fail('FRAME_CUT', 'the stream ended within a frame', { expected: length === undefined ? `${LENGTH_BYTES} bytes of length` : `${length} bytes`, got: Math.max(0, length === undefined ? have : have - LENGTH_BYTES), hint: 'try again' });
    // A copy: the pieces are views of larger buffers, which would stay alive.
    parts.push(piece.slice());
    have += piece.byteLength;
    if (length === undefined && have >= LENGTH_BYTES) {
      const head = Buffer.concat(parts.splice(0));
      length = head.readUInt32BE();
      if (length > max) throw fail('FRAME_SIZE', 'frame is too long', { expected: `at most ${max} bytes`, got: length });
      parts.push(head.subarray(LENGTH_BYTES));
      started?.();
    }
  }
  if (have > LENGTH_BYTES + length) throw fail('FRAME_TRAILING', 'more than one frame was sent', { expected: `${length} bytes`, got: have - LENGTH_BYTES });
  // Of its own: a Buffer may share Node's pool.
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** libp2p counts what waits to be read: a whole frame may wait while its reader is busy. */
const open = (stream: Stream, max: number): ByteStream<MessageStream> => byteStream(stream, { maxBufferSize: max + LENGTH_BYTES + (4 << 20) });

/** Sends a request and takes its answer; the stream is over then. @param started  told when the answer begins @throws NetworkError */
export async function exchange(stream: Stream, request: Uint8Array, limits: FrameLimits, started?: () => void): Promise<Uint8Array> {
  try {
    const bytes = open(stream, limits.max);
    await writeFrame(bytes, request, limits.timeoutMs);
    await stream.close({ signal: AbortSignal.timeout(limits.timeoutMs) }).catch((error: unknown) => { throw streamError(error, (error as Error)?.name === 'AbortError'); });
    return await readFrame(bytes, limits, started);
  } catch (error) {
    const typed = streamError(error, false);
    stream.abort(typed);
    throw typed;
  }
}

/**
 * Answers the one request of a stream. What goes wrong with the stream, or is thrown by `work`, resets it.
 * @returns the fault, or nothing: a handler has nobody to throw to
 */
export async function answer(stream: Stream, limits: FrameLimits, work: (request: Uint8Array) => Promise<Uint8Array>): Promise<AttributionError | undefined> {
  try {
    const bytes = open(stream, limits.max);
    await writeFrame(bytes, await work(await readFrame(bytes, limits)), limits.timeoutMs);
    await stream.close({ signal: AbortSignal.timeout(limits.timeoutMs) });
    return undefined;
  } catch (error) {
    const typed = streamError(error, false);
    stream.abort(typed);
    return typed;
  }
}
