/** Numbers of the settlement, for a registry of prom-client that is handed in. */
import { Counter, Gauge, type Registry } from 'prom-client';
import { INTENT_STATES, type IntentKind } from './types.js';

export class SettlementMetrics {
  readonly #intents; readonly #sent; readonly #confirmed; readonly #failed; readonly #bumps; readonly #cancels; readonly #reorgs; readonly #lost; readonly #gasSpent; readonly #failovers; readonly #usable;

  constructor(registry: Registry) {
    const registers = [registry], name = (end: string): string => `zkattr_settlement_${end}`;
    this.#intents = new Gauge({ name: name('intents'), help: 'Intents by state; planned, sent and mined ones are pending', labelNames: ['state'], registers });
    this.#sent = new Counter({ name: name('sent_total'), help: 'Transactions sent for the first time', labelNames: ['kind'], registers });
    this.#confirmed = new Counter({ name: name('confirmed_total'), help: 'Intents that are final', labelNames: ['kind'], registers });
    this.#failed = new Counter({ name: name('failed_total'), help: 'Intents that failed, by code', labelNames: ['kind', 'code'], registers });
    this.#bumps = new Counter({ name: name('bumps_total'), help: 'Replacements with a higher fee', registers });
    this.#cancels = new Counter({ name: name('cancels_total'), help: 'Empty transactions that free or fill a nonce', registers });
    this.#reorgs = new Counter({ name: name('reorgs_total'), help: 'Included transactions that a reorganisation took out again', registers });
    this.#lost = new Counter({ name: name('nonces_lost_total'), help: 'Nonces that a transaction from elsewhere used up', registers });
    this.#gasSpent = new Counter({ name: name('gas_spent_wei_total'), help: 'Gas of final transactions times its price', registers });
    this.#failovers = new Counter({ name: name('rpc_failovers_total'), help: 'Requests that another endpoint had to answer', labelNames: ['endpoint'], registers });
    this.#usable = new Gauge({ name: name('rpc_usable'), help: '1 for an endpoint that is asked', labelNames: ['endpoint'], registers });
  }

  pending(counts: Record<string, number>): void { for (const state of INTENT_STATES) this.#intents.set({ state }, counts[state] ?? 0); }
  sent(kind: IntentKind): void { this.#sent.inc({ kind }); }
  confirmed(kind: IntentKind): void { this.#confirmed.inc({ kind }); }
  failed(kind: IntentKind, code: string): void { this.#failed.inc({ kind, code }); }
  bumped(): void { this.#bumps.inc(); }
  cancelled(): void { this.#cancels.inc(); }
  reorganised(): void { this.#reorgs.inc(); }
  lost(): void { this.#lost.inc(); }
  spent(wei: bigint): void { this.#gasSpent.inc(Number(wei)); }
  failover(endpoint: string): void { this.#failovers.inc({ endpoint }); }
  usable(endpoint: string, up: boolean): void { this.#usable.set({ endpoint }, up ? 1 : 0); }
}
