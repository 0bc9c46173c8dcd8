import { Counter, Gauge, type Registry } from 'prom-client';
import { BLOCK_PHASES, JOB_PHASES } from '../../src/protocol/network/index.js';
import type { Documents } from './documents.js';

export class IntakeMetrics {
  readonly formed; readonly proved; readonly settled; readonly trouble; readonly uploads; readonly uploadedBytes; readonly requests;

  /** Gauges read the store when they are scraped. */
  constructor(registry: Registry, documents: Documents) {
    const registers = [registry];
    this.formed = new Counter({ name: 'zkattr_jobs_formed_total', help: 'Jobs formed, by why they went then', labelNames: ['reason'], registers });
    this.proved = new Counter({ name: 'zkattr_jobs_proved_total', help: 'Jobs whose proof was taken', registers });
    this.settled = new Counter({ name: 'zkattr_jobs_settled_total', help: 'Jobs whose settlement is final', registers });
    this.trouble = new Counter({ name: 'zkattr_intake_trouble_total', help: 'Steps that failed and are tried again', labelNames: ['step'], registers });
    this.uploads = new Counter({ name: 'zkattr_uploads_total', help: 'Uploads, by what was answered', labelNames: ['code'], registers });
    this.uploadedBytes = new Counter({ name: 'zkattr_upload_bytes_total', help: 'Bytes of uploads that were kept', registers });
    this.requests = new Counter({ name: 'zkattr_api_requests_total', help: 'Requests of the HTTP API', labelNames: ['route', 'status'], registers });
    const gauge = (name: string, help: string, phases: readonly string[], counts: () => Promise<Record<string, number>>): Gauge<'phase'> => new Gauge({
      name, help, labelNames: ['phase'], registers,
      async collect() {
        const found = await counts();
        for (const phase of phases) this.set({ phase }, found[phase] ?? 0);
      },
    });
    gauge('zkattr_blocks', 'Blocks by phase', BLOCK_PHASES, () => documents.blocks.counts());
    gauge('zkattr_jobs', 'Jobs by phase; leased ones count as waiting', [...JOB_PHASES, 'requested', 'forming'], () => documents.jobs.counts());
  }
}
