/** Markdown for tables of figures. */

/** What report.ts puts into every file. */
export interface Results {
  bench: string;
  command: string;
  date: string;
  commit: string;
  modified: boolean;
  machine: { cpu: string; cores: number; memoryGiB: number; node: string };
}

export const heading = ({ command, date, commit, modified, machine }: Results): string =>
  `\`${command}\`, ${date.slice(0, 10)}, commit ${commit.slice(0, 8)}${modified ? ' with changes' : ''}; ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, Node ${machine.node}.`;

export type Cell = string | number | undefined;
/** First column left, the rest right; undefined is a dash. */
export function markdownTable(title: string, head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const line = (cells: readonly Cell[]): string => `| ${cells.map((cell) => cell ?? '-').join(' | ')} |`;
  return [`**${title}**`, '', line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

/** Three significant digits, no exponent. */
export function significant(x: number | undefined): string | undefined {
  if (x === undefined) return undefined;
  if (x === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(x))));
  return x.toLocaleString('en-US', { maximumFractionDigits: Math.min(digits, 6), minimumFractionDigits: Math.min(digits, 6) });
}
export const times = (x: number | undefined): string | undefined => (x === undefined ? undefined : `${significant(x)}x`);

/** Seconds in the unit that suits them. */
export const duration = (seconds: number | undefined): string | undefined =>
  seconds === undefined ? undefined : seconds >= 1 ? `${significant(seconds)} s` : seconds >= 1e-3 ? `${significant(seconds * 1e3)} ms` : `${significant(seconds * 1e6)} us`;
