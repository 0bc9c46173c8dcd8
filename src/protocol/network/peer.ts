/**
 * A libp2p host as coordinator and provers run it: TCP, noise, yamux, identify, ping, gossipsub. Provers only dial out, so that they
 * work behind NAT. libp2p loads with this file: import it when it is needed.
 */
import './withResolvers.js';
import { gossipsub, type GossipSub } from '@libp2p/gossipsub';
import { noise } from '@libp2p/noise';
import { identify, type Identify } from '@libp2p/identify';
import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys';
import type { Libp2p, PrivateKey } from '@libp2p/interface';
import { ping, type Ping } from '@libp2p/ping';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { chmod } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { createLibp2p, type Libp2pOptions } from 'libp2p';
import { NetworkError } from '../../errors/network.js';
import { readFileChecked, writeFileAtomic } from '../../files/atomic.js';

export type PeerServices = { identify: Identify; ping: Ping; pubsub: GossipSub };
export type Peer = Libp2p<PeerServices>;

export interface PeerOptions {
  /** Default: a new one. */
  key?: PrivateKey;
  /** Multiaddrs; none: it only dials. */
  listen?: readonly string[];
  /** Multiaddrs that others are told instead of the ones it listens on. */
  announce?: readonly string[];
  /** Default 300. */
  maxConnections?: number;
  /** Connections that one host may have in the making, and open a second; default libp2p's. */
  inboundConnectionThreshold?: number;
  /** Incoming connections in the making, of all hosts; more are closed. Default libp2p's, 10. */
  maxIncomingPendingConnections?: number;
}

/** Largest gossip message: announcements are hints. */
const GOSSIP_MAX = 1 << 16;

export async function createPeer({ key, listen = [], announce = [], maxConnections = 300, inboundConnectionThreshold, maxIncomingPendingConnections }: PeerOptions = {}): Promise<Peer> {
  const options: Libp2pOptions<PeerServices> = {
    ...(key ? { privateKey: key } : {}),
    addresses: { listen: [...listen], announce: [...announce] },
    transports: [tcp()], connectionEncrypters: [noise()], streamMuxers: [yamux()],
    connectionManager: { maxConnections, ...(inboundConnectionThreshold !== undefined && { inboundConnectionThreshold }), ...(maxIncomingPendingConnections !== undefined && { maxIncomingPendingConnections }) },
    services: {
      identify: identify(), ping: ping(),
      pubsub: gossipsub({ allowPublishToZeroTopicPeers: true, maxInboundDataLength: GOSSIP_MAX, fallbackToFloodsub: false } as Parameters<typeof gossipsub>[0]),
    },
  };
  return createLibp2p(options);
}

/** The key in `path`, made on first use and readable by its owner alone: a peer keeps its id. @throws FileError, NetworkError PEER_KEY */
export async function peerKey(path: string): Promise<PrivateKey> {
  if (existsSync(path)) {
    try {
      return privateKeyFromProtobuf(await readFileChecked(path));
    } catch (cause) {
      throw new NetworkError('file does not hold a peer key', { code: 'PEER_KEY', where: path, hint: 'remove it: a new one is made, with another peer id', cause });
    }
  }
  const key = await generateKeyPair('Ed25519');
  await writeFileAtomic(path, privateKeyToProtobuf(key));
  await chmod(path, 0o600);
  return key;
}
