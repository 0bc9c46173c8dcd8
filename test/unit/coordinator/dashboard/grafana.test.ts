/** Every metric and label that the Grafana dashboard asks for is one that the code registers. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { Registry } from 'prom-client';
import { IntakeMetrics, type Documents } from '../../../../coordinator/intake/index.js';
import type { JobQueue } from '../../../../coordinator/queue/types.js';
import { schedulerMetrics } from '../../../../coordinator/scheduler/metrics.js';
import { SettlementMetrics } from '../../../../coordinator/settlement/metrics.js';
import { packageRoot } from '../../../../src/files/paths.js';
import { NodeMetrics } from '../../../../src/inference/node/metrics.js';

interface Panel { id: number; title: string; type: string; gridPos: { x: number; y: number; w: number; h: number }; targets?: { expr: string }[] }

const KEYWORDS = new Set(['sum', 'max', 'min', 'by', 'rate', 'increase', 'histogram_quantile', 'job']);

describe('Grafana dashboard', () => {
  const file = JSON.parse(readFileSync(join(packageRoot(), 'coordinator', 'dashboard', 'grafana.json'), 'utf8')) as { panels: Panel[]; __inputs: unknown[]; schemaVersion: number };
  const expressions = file.panels.flatMap(({ targets = [], title }) => targets.map(({ expr }) => ({ title, expr })));
  /** Name, with the suffixes of a histogram -> labels. */
  const known = new Map<string, Set<string>>();
  before(() => {
    const registry = new Registry(), node = new NodeMetrics();
    schedulerMetrics(registry, undefined as unknown as JobQueue, () => 0);
    new SettlementMetrics(registry);
    new IntakeMetrics(registry, undefined as unknown as Documents);
    // Gauges of the node are named where the node is put together.
    for (const [, name] of readFileSync(join(packageRoot(), 'src', 'inference', 'node', 'node.ts'), 'utf8').matchAll(/metrics\.watch\('(\w+)'/g)) node.watch(name, name, () => 0);
    for (const metric of [...registry.getMetricsAsArray(), ...node.registry.getMetricsAsArray()] as unknown as { name: string; labelNames: string[]; buckets?: number[] }[]) {
      const labels = new Set(metric.labelNames);
      known.set(metric.name, labels);
      if (metric.buckets) for (const end of ['bucket', 'sum', 'count']) known.set(`${metric.name}_${end}`, new Set([...labels, ...(end === 'bucket' ? ['le'] : [])]));
    }
  });

  it('asks only for metrics that are registered', () => {
    assert.ok(expressions.length > 30 && known.size > 30);
    for (const { title, expr } of expressions) {
      const names = expr.match(/zkattr_\w+/g) ?? [];
      assert.ok(names.length > 0, `${title}: ${expr} asks for no metric of ours`);
      for (const name of names) assert.ok(known.has(name), `${title}: ${name} is not registered`);
    }
  });

  it('groups and filters only by labels that the metrics have', () => {
    for (const { title, expr } of expressions) {
      const labels = [...new Set(expr.match(/zkattr_\w+/g))].map((name) => known.get(name)!);
      const used = [...[...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list]) => list.split(',').map((l) => l.trim())), ...[...expr.matchAll(/(\w+)=~?"/g)].map(([, label]) => label)].filter((label) => !KEYWORDS.has(label));
      for (const label of used) assert.ok(labels.every((own) => own.has(label)), `${title}: no label ${label} in ${expr}`);
    }
  });

  it('shows what an operator needs: queue, leases, outcomes, provers, settlement, nodes', () => {
    const all = expressions.map(({ expr }) => expr).join('\n');
    for (const name of ['zkattr_queue_waiting_jobs', 'zkattr_job_wait_seconds_bucket', 'zkattr_lease_seconds_bucket', 'zkattr_lease_outcomes_total', 'zkattr_provers_online', 'zkattr_settlement_intents', 'zkattr_settlement_bumps_total',
      'zkattr_settlement_rpc_failovers_total', 'zkattr_node_inferences_total', 'zkattr_node_adapters_loaded']) assert.ok(all.includes(name), name);
    for (const quantile of ['histogram_quantile(0.5,', 'histogram_quantile(0.99,']) assert.ok(all.includes(quantile), quantile);
  });

  it('can be imported: a data source to choose, ids of its own, no panel over another', () => {
    assert.equal(file.__inputs.length, 1);
    assert.equal(new Set(file.panels.map((p) => p.id)).size, file.panels.length);
    for (const [n, { gridPos: a, title }] of file.panels.entries()) {
      assert.ok(a.x + a.w <= 24, title);
      for (const { gridPos: b, title: other } of file.panels.slice(n + 1)) assert.ok(a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y, `${title} and ${other} overlap`);
    }
  });
});
