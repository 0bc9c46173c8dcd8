/** Waits and tries again. */

/** Resolves early, without an error, when the signal is aborted. */
export const sleep = (ms: number, signal?: AbortSignal): Promise<void> => new Promise((resolve) => {
  if (signal?.aborted) return resolve();
  const done = (): void => { clearTimeout(timer); signal?.removeEventListener('abort', done); resolve(); };
  const timer = setTimeout(done, ms);
  signal?.addEventListener('abort', done);
});

export interface BackOffOptions {
  /** Pause after the first failure; it doubles, with up to a quarter more by chance so that provers do not come back all at once. */
  firstMs: number;
  longestMs: number;
  /** Default: until it works. */
  attempts?: number;
  /** Ends the waiting: the last error is thrown. */
  signal?: AbortSignal;
  /** Whether it may work later; default: always. */
  retry?: (error: unknown) => boolean;
  beforeRetry?: () => Promise<void>;
  onFailure?: (error: unknown, waitMs: number) => void;
}

export async function backOff<T>(work: () => Promise<T>, { firstMs, longestMs, attempts = Infinity, signal, retry = () => true, beforeRetry, onFailure }: BackOffOptions): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= attempts || signal?.aborted || !retry(error)) throw error;
      const waitMs = Math.min(longestMs, firstMs * 2 ** Math.min(attempt - 1, 30)) * (1 + Math.random() / 4);
      onFailure?.(error, waitMs);
      await sleep(waitMs, signal);
      await beforeRetry?.();
      if (signal?.aborted) throw error;
    }
  }
}
