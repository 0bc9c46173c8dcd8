/** What an audit found: one entry a check, in an order in which the first failure names the altered artifact. */
import { sep } from 'node:path';
import type { AuditCheck } from '../protocol/summary.js';

export interface AuditReport {
  ok: boolean;
  checks: AuditCheck[];
  /** Detail of the first check that failed. */
  finding?: string;
}

/** Collects checks. Whatever a check throws is its failure: a hostile artifact must not end the audit. */
export class Checklist {
  readonly checks: AuditCheck[] = [];

  /** @param dir  workspace folder; paths in details are relative to it */
  constructor(private readonly dir: string, private readonly progress?: (check: string) => void) {}

  /** Runs a check that returns its detail. */
  async check(name: string, work: () => string | Promise<string>): Promise<boolean> {
    return (await this.value(name, work, (detail) => detail)) !== undefined;
  }

  /** Runs a check that makes a value; undefined after a failure. */
  async value<T>(name: string, work: () => T | Promise<T>, detail: (value: T) => string): Promise<T | undefined> {
    this.progress?.(name);
    try {
      const value = await work();
      this.add(name, true, detail(value));
      return value;
    } catch (error) {
      this.add(name, false, error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  /** A check that could not be made, because of an earlier failure. */
  skip(name: string, reason: string): void {
    this.add(name, false, `not checked: ${reason}`);
  }

  add(name: string, ok: boolean, detail: string): void {
    this.checks.push({ name, ok, detail: detail.replaceAll(this.dir + sep, '') });
  }

  report(): AuditReport {
    const finding = this.checks.find((check) => !check.ok)?.detail;
    return { ok: finding === undefined, checks: this.checks, ...(finding === undefined ? {} : { finding }) };
  }
}

/** Report as text: one line a check, the first finding at the end. */
export function renderReport(report: AuditReport): string {
  const width = Math.max(0, ...report.checks.map((check) => check.name.length));
  const lines = report.checks.map(({ name, ok, detail }) => `${ok ? 'ok  ' : 'FAIL'}  ${name.padEnd(width)}  ${detail}`);
  const failed = report.checks.filter((check) => !check.ok).length;
  const verdict = report.ok ? `audit passed: ${report.checks.length} checks` : `audit failed: ${failed} of ${report.checks.length} checks\nfinding: ${report.finding}`;
  return [...lines, '', verdict].join('\n');
}
