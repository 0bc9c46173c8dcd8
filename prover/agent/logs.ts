/** Logs on standard error: lines for people on a terminal, JSON elsewhere. Every line about a job carries its id as `job`; the first its payment keys, which node and coordinator name too. */
import { pino, type Logger } from 'pino';

export type AgentLogger = Logger;

export interface LogOptions {
  level?: string;
  /** Lines for people; default: when standard error is a terminal. */
  human?: boolean;
  write?: (text: string) => void;
}

const LEVELS: Record<number, string> = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'WARN', 50: 'ERROR', 60: 'FATAL' };
/** First characters of a hash: enough to tell jobs apart on a screen. */
export const shortId = (id: string): string => id.slice(0, 10);

const ignore = (): void => undefined;
/** A log that cannot be written, on a full disk or to a reader that is gone, does not end the prover: its lines are lost. */
function toStandardError(text: string): void {
  if (!process.stderr.listeners('error').includes(ignore)) process.stderr.on('error', ignore);
  try {
    process.stderr.write(text);
  } catch {
    // of a file it is thrown at once
  }
}

export function createLogger({ level = 'info', human = process.stderr.isTTY === true, write = toStandardError }: LogOptions = {}): AgentLogger {
  return pino({ level, base: { service: 'prover' } }, { write: human ? (line: string) => write(humanLine(line)) : write });
}

/** One JSON line of pino -> time, level, job, message, then what else it says. */
export function humanLine(line: string): string {
  let entry: Record<string, unknown>;
  try {
    entry = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return line;
  }
  const { level, time, msg, job, stage, seconds, err, service: _service, paymentKeys: _paymentKeys, ...rest } = entry;
  const at = new Date(Number(time)).toISOString().slice(11, 19);
  const parts = [at, (LEVELS[Number(level)] ?? String(level)).padEnd(5), ...(typeof job === 'string' ? [shortId(job)] : []), String(msg ?? '')];
  if (typeof stage === 'string') parts.push(stage);
  if (typeof seconds === 'number') parts.push(`${seconds.toFixed(1)} s`);
  for (const [key, value] of Object.entries(rest)) parts.push(`${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  if (typeof err === 'object' && err !== null && 'message' in err) parts.push(String((err as { message: unknown }).message));
  return `${parts.join('  ')}\n`;
}
