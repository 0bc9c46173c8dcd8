import { pino, type Logger } from 'pino';

/** Lines that wait for a log that cannot be written; what is more is dropped. */
const HELD_BYTES = 1 << 20;

/** JSON lines on standard error, each with the service's name unless the service says it itself. A log that cannot be written, on a full disk, does not end the service: lines wait, or are dropped. */
export function serviceLogger(service: string | undefined, level: string): Logger {
  const destination = pino.destination({ dest: 2, maxLength: HELD_BYTES });
  destination.on('error', () => undefined);
  return pino({ level, base: service === undefined ? null : { service } }, destination);
}
