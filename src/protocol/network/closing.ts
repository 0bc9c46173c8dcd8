/** The end of an HTTP server that people wait for. */
import type { Server } from 'node:http';

const IDLE_MS = 100;

export interface ClosingApp {
  server: Server;
  close(): PromiseLike<unknown>;
}

/**
 * Closes a server: requests that run get their answers, for as long as `drainMs`; then what is still open is cut. Node by itself waits for
 * connections that became idle after the call until their clients let go, and a minute for one on which no request ever came.
 */
export async function closeWithin(app: ClosingApp, drainMs: number): Promise<void> {
  const idle = setInterval(() => app.server.closeIdleConnections(), IDLE_MS), cut = setTimeout(() => app.server.closeAllConnections(), drainMs);
  try {
    await app.close();
  } finally {
    clearInterval(idle);
    clearTimeout(cut);
  }
}
