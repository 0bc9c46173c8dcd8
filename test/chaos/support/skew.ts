/** Preloaded (`node --import`) into a process whose clock is to be wrong: by SKEW_MS milliseconds, for everything that asks Date. */
const skewMs = Number(process.env.SKEW_MS), now = Date.now.bind(Date), Right = Date;
if (!Number.isFinite(skewMs)) throw new Error(`SKEW_MS: expected milliseconds, got ${process.env.SKEW_MS}`);

class SkewedDate extends Right {
  constructor(...args: [] | [string | number | Date]) {
    super(...(args.length === 0 ? [now() + skewMs] : args) as [number]);
  }

  static override now(): number { return now() + skewMs; }
}
globalThis.Date = SkewedDate as DateConstructor;

export {};
