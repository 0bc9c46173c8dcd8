/** Wall-clock seconds by stage, in order of first use; a stage timed twice adds up. */
export class StageClock {
  readonly seconds: Record<string, number> = {};
  constructor(private readonly progress?: (stage: string) => void) {}

  async time<T>(stage: string, work: () => Promise<T>): Promise<T> {
    this.progress?.(stage);
    const start = performance.now();
    try {
      return await work();
    } finally {
      this.seconds[stage] = (this.seconds[stage] ?? 0) + (performance.now() - start) / 1000;
    }
  }
}
