import type { ContractEventName, Hex } from 'viem';
import { ChainError } from '../errors/chain.js';
import { Court } from './audits/court.js';
import { Facts } from './audits/facts.js';
import type { ChainClient } from './client.js';
import { accountOf, type EconomyContext, type Form } from './context.js';
import { CONTRACT_KEYS, type AbiOf, type ContractKey, type Deployment } from './contracts.js';
import { Datanets } from './datanets/datanets.js';
import { readEvents, type EventFilter, type EventsOf } from './events.js';
import { Gateway } from './governance/gateway.js';
import { Governance } from './governance/governance.js';
import { ProtocolParameters } from './governance/parameters.js';
import { Verifier } from './governance/verifier.js';
import { Inferences } from './inferences/inferences.js';
import { Market } from './market/market.js';
import { Models, type FeaturesInput } from './models/models.js';
import { Rewards, type ClaimInput } from './rewards/rewards.js';
import { assertDeployed, type Sent } from './send.js';
import { Settlements, type SettleInput } from './settlement/settlement.js';
import { Stakes } from './stakes/stakes.js';
import { Token } from './token/token.js';
import type { AdapterData, BlockCommitment, Payment } from './types.js';

/** A block of the client's account; without validUntil it is good for the transaction that carries it and an hour. */
export type BlockInput = Omit<BlockCommitment, 'node' | 'validUntil'> & Partial<Pick<BlockCommitment, 'validUntil'>>;

const HOUR = 3600n;

/**
 * One account's view of a deployment: a domain of actions for each contract, and the steps of the main path under short names.
 * All throw ChainError.
 */
export class Economy implements EconomyContext {
  readonly token: Token;
  readonly stakes: Stakes;
  readonly datanets: Datanets;
  readonly models: Models;
  readonly inferences: Inferences;
  readonly settlement: Settlements;
  readonly market: Market;
  readonly rewards: Rewards;
  readonly court: Court;
  readonly facts: Facts;
  readonly governance: Governance;
  readonly parameters: ProtocolParameters;
  readonly gateway: Gateway;
  readonly verifier: Verifier;

  private constructor(readonly client: ChainClient, readonly deployment: Deployment) {
    this.token = new Token(this);
    this.stakes = new Stakes(this);
    this.datanets = new Datanets(this);
    this.models = new Models(this);
    this.inferences = new Inferences(this);
    this.settlement = new Settlements(this);
    this.market = new Market(this);
    this.rewards = new Rewards(this);
    this.court = new Court(this);
    this.facts = new Facts(this);
    this.governance = new Governance(this);
    this.parameters = new ProtocolParameters(this);
    this.gateway = new Gateway(this);
    this.verifier = new Verifier(this);
  }

  /** Checks the chain id and that the contracts exist. @throws ChainError CHAIN_ID_MISMATCH, CONTRACT_MISSING */
  static async connect(client: ChainClient, deployment: Deployment): Promise<Economy> {
    if (client.chainId !== deployment.chainId) {
      throw new ChainError('deployment of another chain', { code: 'CHAIN_ID_MISMATCH', expected: deployment.chainId, got: client.chainId, hint: 'use the deployment file of this chain' });
    }
    await Promise.all(CONTRACT_KEYS.map((name) => assertDeployed(client, name, deployment[name])));
    return new Economy(client, deployment);
  }

  registerAdapter(data: AdapterData): Promise<Sent<Hex>> { return this.models.registerAdapter(data); }
  /** @returns the record id */
  async registerFeatures(input: FeaturesInput): Promise<Sent<Hex>> {
    return this.models.registerFeatures({ ...input, selector: input.selector ?? await this.gateway.liveSelector('features', input.adapter.classId) });
  }
  /** @returns payment keys */
  pay(list: readonly Payment[], form?: Form): Promise<Sent<readonly Hex[]>> { return this.inferences.pay(list, form); }
  /** Commits a block of the client's account. @returns the block id */
  async commitBlock(input: BlockInput): Promise<Sent<Hex>> {
    const validUntil = input.validUntil ?? (await this.client.publicClient.getBlock()).timestamp + HOUR;
    return this.inferences.commitBlock({ ...input, node: accountOf(this, 'commitBlock'), validUntil });
  }
  /** @returns the job id */
  async settle({ settlement, ...input }: SettleInput): Promise<Sent<Hex>> {
    return this.settlement.settle({ ...input, settlement: { ...settlement, selector: settlement.selector ?? await this.gateway.liveSelector('payout', input.job.record.classId) } });
  }
  /** Pays what is open to the client's account. @returns the amount */
  claim(input?: ClaimInput): Promise<Sent<bigint>> { return this.rewards.claim(input); }
  refund(keys: readonly Hex[]): Promise<Sent<void>> { return this.inferences.refund(keys); }
  currentRecord(adapterId: Hex): Promise<Hex> { return this.models.currentRecord(adapterId); }

  /** Events of one contract, oldest first. */
  events<K extends ContractKey, N extends ContractEventName<AbiOf<K>>>(contract: K, eventName: N, filter?: EventFilter<K, N>): Promise<EventsOf<K, N>> {
    return readEvents(this, contract, eventName, filter);
  }
}
