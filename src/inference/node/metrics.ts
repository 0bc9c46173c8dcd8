/** What a node counts, in a registry of its own, and the logger it writes to. */
import type { Logger } from 'pino';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

export type NodeLogger = Logger;

export class NodeMetrics {
  readonly registry = new Registry();
  readonly #own = { registers: [this.registry] };
  readonly inferences = new Counter({ name: 'zkattr_node_inferences_total', help: 'Requests for inference by outcome: answered, repeated, or the code of the refusal', labelNames: ['outcome'], ...this.#own });
  readonly seconds = new Histogram({ name: 'zkattr_node_inference_seconds', help: 'From a request to its answer, of those that were answered', buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10], ...this.#own });
  readonly loads = new Counter({ name: 'zkattr_node_adapter_loads_total', help: 'Models loaded', ...this.#own });
  readonly evictions = new Counter({ name: 'zkattr_node_adapter_evictions_total', help: 'Models let go for others', ...this.#own });
  readonly refused = new Counter({ name: 'zkattr_node_adapter_refusals_total', help: 'Folders and models that were refused', ...this.#own });
  readonly blocks = new Counter({ name: 'zkattr_node_blocks_total', help: 'Blocks by the phase they reached', labelNames: ['phase'], ...this.#own });
  readonly submitFailures = new Counter({ name: 'zkattr_node_submit_failures_total', help: 'Failed tries to hand in a block, by code', labelNames: ['code'], ...this.#own });

  /** Gauges that are read when they are asked for. */
  watch(name: string, help: string, value: () => number): void {
    new Gauge({ name, help, ...this.#own, collect() { this.set(value()); } });
  }
}
