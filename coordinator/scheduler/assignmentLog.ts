/**
 * Assignment log: who was offered which job, took it, gave it back or proved it. Each entry names the envelope and carries its signature,
 * and holds the hash of the entry before: nobody can say later that a lease or a result was not there.
 */
import type { Address, Hex } from 'viem';
import { envelopeHash, type Envelope } from '../../src/protocol/network/index.js';
import type { ChainedEntry, ChainedLog } from '../store/types.js';

export type LogKind = 'offer' | 'accept' | 'heartbeat' | 'result' | 'release' | 'falseProof' | 'expired' | 'stop';

export interface LogBody {
  at: number;
  kind: LogKind;
  jobId?: Hex;
  prover?: Address;
  detail: string;
  /** Hash of the message, and its signature: a prover's, or the coordinator's of an offer. */
  envelope?: Hex;
  signature?: Hex;
}

export class AssignmentLog {
  constructor(private readonly log: ChainedLog, private readonly now: () => number) {}

  append(kind: LogKind, entry: Omit<LogBody, 'at' | 'kind' | 'envelope' | 'signature'>, envelope?: Envelope): Promise<ChainedEntry> {
    const body: LogBody = { at: this.now(), kind, ...entry, ...(envelope && { envelope: envelopeHash(envelope), signature: envelope.signature }) };
    return this.log.append(JSON.stringify(body));
  }
}
