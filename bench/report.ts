/** What every bench writes beside its figures: machine, commit, command. And its tables. */
import { execFileSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import { join, relative } from 'node:path';
import { writeFileAtomic } from '../src/files/atomic.js';
import { packageRoot } from '../src/files/paths.js';

const git = (...args: string[]): string => {
  try {
    return execFileSync('git', args, { cwd: packageRoot(), encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return 'unknown'; // not a git checkout: the result says so
  }
};

export interface Report {
  bench: string;
  command: string;
  [figures: string]: unknown;
}

/** Writes bench/results/<bench>.json (or `out`). @throws FileError */
export async function writeReport(report: Report, out?: string): Promise<string> {
  const path = out ?? join(packageRoot(), 'bench', 'results', `${report.bench}.json`);
  const { bench, command, ...figures } = report;
  // Uncommitted changes anywhere but in the results themselves mean that the commit does not tell all.
  const modified = git('status', '--porcelain', '--untracked-files=no', '--', '.', ':!bench/results') !== '';
  const full = {
    bench, command, date: new Date().toISOString(), commit: git('rev-parse', 'HEAD'), modified,
    machine: { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, memoryGiB: Math.round(totalmem() / 2 ** 30), node: process.version, platform: `${process.platform} ${process.arch}` },
    ...figures,
  };
  await writeFileAtomic(path, `${JSON.stringify(full, (_, value: unknown) => (typeof value === 'bigint' ? Number(value) : typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value), 1)}\n`);
  console.log(`\nwritten to ${relative(process.cwd(), path)}`);
  return path;
}

/** Prints rows under a title: first column left, the rest right. */
export function printTable(title: string, head: readonly string[], rows: readonly (readonly (string | number | bigint)[])[]): void {
  const cells = [head, ...rows].map((row) => row.map((cell) => (typeof cell === 'number' && !Number.isInteger(cell) ? cell.toFixed(cell < 10 ? 3 : 1) : typeof cell === 'string' ? cell : cell.toLocaleString('en-US'))));
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ').trimEnd();
  console.log(`\n${title}`);
  cells.forEach((row) => console.log(`  ${line(row)}`));
}

const started = performance.now();
/** A line on stderr with the seconds since start. */
export const progress = (text: string): void => { process.stderr.write(`[${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s] ${text}\n`); };

/** Wall-clock seconds of `work`, and its result. */
export async function timed<T>(work: () => Promise<T> | T): Promise<{ seconds: number; value: T }> {
  const start = performance.now();
  const value = await work();
  return { seconds: (performance.now() - start) / 1000, value };
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b), middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};
