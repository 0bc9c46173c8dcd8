/** Opens the transport that an address asks for; libp2p loads only when it is one of its own. */
import { join } from 'node:path';
import { NetworkError } from '../../../src/errors/network.js';
import { FallbackTransport } from './fallback.js';
import { HttpTransport } from './http.js';
import type { ProverTransport, TransportTimes } from './types.js';

export { parseReply, TransportError, type ProverTransport, type RequestKind, type TransportTimes } from './types.js';

export interface TransportOptions {
  /** http(s)://... or a multiaddr with the coordinator's peer id. */
  coordinator: string;
  /** HTTP address that is used while libp2p fails. */
  httpFallback?: string;
  dataDir: string;
  times?: TransportTimes;
}

/** @throws NetworkError MULTIADDR, PEER_KEY */
export async function openTransport({ coordinator, httpFallback, dataDir, times }: TransportOptions): Promise<{ transport: ProverTransport; http?: HttpTransport }> {
  if (/^https?:\/\//.test(coordinator)) {
    const http = new HttpTransport(coordinator, times);
    return { transport: http, http };
  }
  if (!coordinator.startsWith('/')) throw new NetworkError('not an address of a coordinator', { code: 'COORDINATOR_ADDRESS', where: '--coordinator', expected: 'http(s)://... or a multiaddr', got: coordinator });
  const { Libp2pTransport } = await import('./libp2p.js');
  const first = await Libp2pTransport.open({ coordinator, keyFile: join(dataDir, 'peer.key'), times });
  if (!httpFallback) return { transport: first };
  const http = new HttpTransport(httpFallback, times);
  return { transport: new FallbackTransport(first, http), http };
}
