/** What an error says, beside its one-line message. */
export interface AttributionErrorOptions {
  /** Stable machine-readable code, e.g. `SUMCHECK_ROUND`. */
  code: string;
  /** Where it happened: file, stage, field, index. */
  where?: string;
  expected?: unknown;
  got?: unknown;
  /** What the reader can do about it. */
  hint?: string;
  cause?: unknown;
}

const show = (value: unknown): string =>
  typeof value === 'bigint' ? `0x${value.toString(16)}` : typeof value === 'string' ? value : JSON.stringify(value);

/**
 * Base of every error this project throws.
 * The message reads: "<where>: <short message>: expected <e>, got <g>. Hint: <hint>".
 */
export class AttributionError extends Error {
  readonly code: string;
  readonly shortMessage: string;
  readonly where?: string;
  readonly expected?: unknown;
  readonly got?: unknown;
  readonly hint?: string;

  constructor(shortMessage: string, options: AttributionErrorOptions) {
    const { where, expected, got, hint } = options;
    let message = where ? `${where}: ${shortMessage}` : shortMessage;
    if (expected !== undefined) message += `: expected ${show(expected)}`;
    if (got !== undefined) message += `${expected === undefined ? ':' : ','} got ${show(got)}`;
    if (hint) message += `. Hint: ${hint}`;
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = options.code;
    this.shortMessage = shortMessage;
    this.where = where;
    this.expected = expected;
    this.got = got;
    this.hint = hint;
  }
}
