import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { JobQueue } from '../queue/types.js';

export interface SchedulerMetrics {
  messages: Counter<'kind' | 'code'>;
  messageSeconds: Histogram<'kind'>;
  leases: Counter<'class'>;
  outcomes: Counter<'outcome'>;
  waitSeconds: Histogram;
  attemptSeconds: Histogram<'outcome'>;
  verifySeconds: Histogram;
}

const SECONDS = [0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3000];

/** Registers the metrics of the prover-facing side. Gauges read queue and sessions when they are scraped. */
export function schedulerMetrics(registry: Registry, queue: JobQueue, online: () => number): SchedulerMetrics {
  const registers = [registry];
  new Gauge({ name: 'zkattr_provers_online', help: 'Provers that spoke lately', registers, collect() { this.set(online()); } });
  new Gauge({
    name: 'zkattr_queue_waiting_jobs', help: 'Jobs that wait, by lane', labelNames: ['lane'], registers,
    async collect() {
      this.reset();
      for (const [lane, count] of Object.entries(await queue.waitingLanes())) this.set({ lane }, count);
    },
  });
  new Gauge({
    name: 'zkattr_queue_jobs', help: 'Jobs by state', labelNames: ['state'], registers,
    async collect() { for (const [state, count] of Object.entries(await queue.counts())) this.set({ state }, count); },
  });
  return {
    messages: new Counter({ name: 'zkattr_prover_messages_total', help: 'Messages of provers, by kind and what was answered', labelNames: ['kind', 'code'], registers }),
    messageSeconds: new Histogram({ name: 'zkattr_prover_message_seconds', help: 'Time to an answer', labelNames: ['kind'], buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3], registers }),
    leases: new Counter({ name: 'zkattr_leases_total', help: 'Offers made', labelNames: ['class'], registers }),
    outcomes: new Counter({ name: 'zkattr_lease_outcomes_total', help: 'How attempts ended', labelNames: ['outcome'], registers }),
    waitSeconds: new Histogram({ name: 'zkattr_job_wait_seconds', help: 'From the queue to a lease', buckets: SECONDS, registers }),
    attemptSeconds: new Histogram({ name: 'zkattr_lease_seconds', help: 'From a lease to its end', labelNames: ['outcome'], buckets: SECONDS, registers }),
    verifySeconds: new Histogram({ name: 'zkattr_result_verify_seconds', help: 'Check of a result, waiting for a thread included', buckets: [0.01, 0.03, 0.1, 0.3, 1, 3, 10], registers }),
  };
}
