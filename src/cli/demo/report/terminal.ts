/** The summary of the demonstration for a terminal: plain text of a given width, with or without colours. */
import type { DemoSummary } from '../../../protocol/summary.js';
import { formatBytes, formatCount, formatSeconds, formatShare, formatTokens, formatUnits, NOT_KNOWN, plainText, ratio, shortHex } from './format.js';
import { bar, displayWidth, padEnd, padStart, truncate, wrap } from './textLayout.js';
import { type Account, chainFacts, claimState, happenings, headline, kindLabel, money, NOTES, people, type Person, proofColumns, reason, splits, stageNames, tamperedVerdict } from './view.js';

export interface TerminalOptions {
  /** Cells a line may take; kept between MIN_WIDTH and MAX_WIDTH. */
  width: number;
  color: boolean;
}

export const MIN_WIDTH = 40;
/** Beyond this, sentences are hard to read and bars say nothing more. */
export const MAX_WIDTH = 108;

const INDENT = '  ';
const GROUP_CELL = '░';
const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, magenta: 35, cyan: 36 };
type Style = keyof typeof CODES;
const KIND_STYLES: Record<string, Style> = { honest: 'green', flipped: 'red', duplicate: 'yellow', sybil: 'magenta' };

/** Options for a stream: colours only on a terminal that takes them and without NO_COLOR (no-color.org). */
export function terminalOptions(stream: { isTTY?: boolean; columns?: number }, env: Record<string, string | undefined> = process.env): TerminalOptions {
  return { width: stream.columns ?? 80, color: stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb' };
}

class Page {
  readonly lines: string[] = [];
  readonly width: number;
  constructor(width: number, private readonly color: boolean) {
    this.width = Math.max(MIN_WIDTH, Math.min(MAX_WIDTH, Number.isFinite(width) ? Math.floor(width) : 80));
  }

  paint(text: string, ...styles: Style[]): string {
    return this.color && text !== '' && styles.length > 0 ? `\u001b[${styles.map((s) => CODES[s]).join(';')}m${text}\u001b[0m` : text;
  }

  mark(ok: boolean): string {
    return this.paint(ok ? '✓' : '✗', ok ? 'green' : 'red', 'bold');
  }

  add(line = ''): void {
    this.lines.push(line.trimEnd());
  }

  section(title: string): void {
    this.add();
    this.add(`${this.paint(title, 'bold')} ${this.paint('─'.repeat(Math.max(0, this.width - displayWidth(title) - 1)), 'dim')}`);
  }

  /** Wrapped text behind a first-line prefix; further lines stand below the text. */
  text(text: string, prefix = INDENT, ...styles: Style[]): void {
    const lead = displayWidth(prefix);
    wrap(plainText(text), this.width - lead).forEach((line, n) => this.add((n === 0 ? prefix : ' '.repeat(lead)) + this.paint(line, ...styles)));
  }
}

function addHeadline(page: Page, summary: DemoSummary): void {
  const balance = money(summary), tampered = tamperedVerdict(summary);
  page.add(page.paint('━'.repeat(page.width), summary.verifiedOnChain ? 'green' : 'red'));
  page.text(`${headline(summary)}: who taught the model, and what each one earned`, `${page.mark(summary.verifiedOnChain)} `, 'bold');
  page.text(balance.conserved ? 'Money conserved to the last unit' : 'Money does NOT add up', `${page.mark(balance.conserved)} `);
  page.text(summary.audit.ok ? 'Audit by replay agrees with the chain' : 'Audit by replay FAILED', `${page.mark(summary.audit.ok)} `);
  page.text(tampered.text, `${page.mark(tampered.caught)} `);
  page.text(`accuracy ${formatShare(summary.accuracy.base)} before, ${formatShare(summary.accuracy.adapted)} with the contributed data; size class ${plainText(summary.className)}`, INDENT, 'dim');
  page.add(page.paint('━'.repeat(page.width), summary.verifiedOnChain ? 'green' : 'red'));
}

function addMoney(page: Page, summary: DemoSummary): void {
  const balance = money(summary), lead = INDENT.length + 2;
  page.section('Money');
  const amounts = Math.max(...balance.rows.map((r) => formatTokens(r.units).length)), exact = Math.max(...balance.rows.map((r) => formatUnits(r.units).length));
  const labels = Math.max(0, Math.min(Math.max(...balance.rows.map((r) => r.label.length)) + 2, page.width - lead - amounts));
  const showExact = lead + labels + amounts + 3 + exact <= page.width;
  for (const [n, row] of balance.rows.entries()) {
    const line = `${INDENT}${n < 2 ? (n === 0 ? '' : '= ') : '+ '}`.padEnd(lead);
    page.add(`${line}${padEnd(truncate(row.label, labels), labels)}${padStart(formatTokens(row.units), amounts)}${showExact ? page.paint(`   ${padStart(formatUnits(row.units), exact)}`, 'dim') : ''}`);
  }
  page.text(balance.conserved ? 'conserved to the last unit' : 'these amounts do not add up, or the chain disagrees', `${INDENT}${page.mark(balance.conserved)} `);
  page.text(`fees left in the contracts now: ${formatTokens(balance.escrowBalance)}`, INDENT, 'dim');
}

interface ChartColumns {
  name: number;
  bar: number;
  amount: number;
  share: number;
}

function chartColumns(page: Page, all: readonly Person[]): ChartColumns {
  const accounts = all.flatMap((p) => p.accounts);
  const amount = Math.max(...[...accounts, ...all].map((a) => formatTokens(a.units).length)), share = 6;
  const rest = page.width - INDENT.length - amount - share - 3;
  const wanted = Math.max(8, ...all.map((p) => displayWidth(p.name) + (p.accounts.length > 1 ? ` (${p.accounts.length} accounts)`.length : 0)), ...accounts.map((a) => displayWidth(a.name) + 2));
  const name = Math.max(0, Math.min(wanted, Math.floor(page.width * 0.32), rest));
  return { name, bar: Math.max(0, rest - name), amount, share };
}

function chartRow(page: Page, name: string, blocks: string, style: Style | undefined, units: bigint, share: number, columns: ChartColumns): void {
  const drawn = padEnd(blocks, columns.bar);
  page.add(`${INDENT}${padEnd(truncate(name, columns.name), columns.name)} ${style ? page.paint(drawn, style) : drawn} ${padStart(formatTokens(units), columns.amount)} ${padStart(formatShare(share), columns.share)}`);
}

function addAccount(page: Page, account: Account, prefix: string, largest: bigint, columns: ChartColumns): void {
  const { payout } = account, style = KIND_STYLES[payout.kind];
  chartRow(page, prefix + account.name, bar(ratio(account.units, largest), columns.bar), style, account.units, account.share, columns);
  const below = INDENT + ' '.repeat(prefix === '' ? 2 : 4);
  page.text(`${kindLabel(payout.kind)}, ${claimState(account)}: ${reason(account)}`, below, ...(payout.kind === 'honest' || !style ? ['dim' as const] : [style]));
}

function addPayouts(page: Page, summary: DemoSummary): void {
  page.section('Payouts');
  const all = people(summary.payouts);
  if (all.length === 0) return page.text('no contributors');
  const largest = all[0].units, columns = chartColumns(page, all);
  for (const person of all) {
    if (person.accounts.length === 1) {
      addAccount(page, person.accounts[0], '', largest, columns);
      continue;
    }
    const cellsWide = Math.round(ratio(person.units, largest) * columns.bar);
    chartRow(page, `${person.name} (${person.accounts.length} accounts)`, GROUP_CELL.repeat(cellsWide), 'magenta', person.units, person.share, columns);
    page.text(`one person, ${person.accounts.length} accounts: ${formatShare(person.share)} together`, `${INDENT}  `, 'magenta');
    person.accounts.forEach((account, n) => addAccount(page, account, n < person.accounts.length - 1 ? '├ ' : '└ ', largest, columns));
  }
}

function addQueries(page: Page, summary: DemoSummary): void {
  const { queries } = summary;
  if (queries.length === 0) return;
  page.section('Queries');
  const right = queries.filter((q) => q.predicted === q.actual).length, refunded = queries.filter((q) => q.refunded).length;
  page.text(`${formatCount(queries.length)} paid questions, ${formatCount(right)} answered correctly, ${formatCount(refunded)} refunded because nobody's data helped`);
  for (const line of splits(queries)) page.text(line, INDENT, 'dim');
}

function addEconomy(page: Page, summary: DemoSummary): void {
  page.section('Market and courts');
  for (const { title, text } of happenings(summary)) page.text(`${title}: ${text}`, `${INDENT}• `);
}

function addExplanation(page: Page, { explained }: DemoSummary): void {
  page.section(`Why ${truncate(plainText(explained.contributor), Math.max(0, page.width - 14))} was paid`);
  page.text(`account ${explained.account}`, INDENT, 'dim');
  for (const sentence of explained.sentences) page.text(sentence, `${INDENT}• `);
}

function addTable(page: Page, head: string[], rows: string[][]): void {
  const widths = head.map((_, c) => Math.max(...[head, ...rows].map((row) => displayWidth(row[c]))));
  const values = widths.slice(1).reduce((sum, w) => sum + w + 2, 0);
  const label = Math.max(4, Math.min(widths[0], page.width - INDENT.length - values));
  const line = (row: string[]): string => INDENT + padEnd(truncate(row[0], label), label) + row.slice(1).map((cell, c) => `  ${padStart(cell, widths[c + 1])}`).join('');
  if (head.some((h) => h !== '')) page.add(page.paint(line(head), 'bold'));
  rows.forEach((row) => page.add(line(row)));
}

function addProofs(page: Page, summary: DemoSummary): void {
  page.section('Proofs');
  const columns = proofColumns(summary), both = (label: string, show: (n: 0 | 1) => string): string[] => [label, show(0), show(1)];
  const relation = (n: 0 | 1) => columns[n].relation;
  addTable(page, ['', columns[0].title, columns[1].title], [
    both('constraints', (n) => formatCount(relation(n).constraints)),
    both('contributors', (n) => formatCount(relation(n).contributors)),
    both('blocks', (n) => formatCount(relation(n).blocks)),
    ['queries', NOT_KNOWN, formatCount(summary.r2.queries)],
    both('proof', (n) => formatBytes(relation(n).proofBytes)),
    both('gas', (n) => formatCount(relation(n).gas)),
    both('proving time', (n) => formatSeconds(relation(n).proveSeconds)),
    ...stageNames(columns).map((stage) => both(`  ${stage}`, (n) => {
      const found = columns[n].stages.find(([name]) => name === stage);
      return found ? formatSeconds(found[1]) : NOT_KNOWN;
    })),
  ]);
}

function addGas(page: Page, summary: DemoSummary): void {
  const entries = Object.entries(summary.gas);
  if (entries.length === 0) return;
  page.section('Gas of the other transactions');
  addTable(page, ['', ''], entries.map(([name, gas]) => [plainText(name), formatCount(gas)]));
}

function addPhases(page: Page, summary: DemoSummary): void {
  const entries = Object.entries(summary.phases).map(([name, seconds]): [string, number] => [plainText(name), seconds]);
  if (entries.length === 0) return;
  page.section('Time');
  const finite = entries.map(([, s]) => (Number.isFinite(s) ? s : 0)), longest = Math.max(...finite), total = finite.reduce((a, b) => a + b, 0);
  const time = Math.max(...[...entries.map(([, s]) => s), total].map((s) => formatSeconds(s).length));
  const name = Math.min(Math.max(5, ...entries.map(([n]) => displayWidth(n))), Math.floor(page.width * 0.4)), room = page.width - INDENT.length - name - time - 2;
  for (const [phase, seconds] of entries) {
    page.add(`${INDENT}${padEnd(truncate(phase, name), name)} ${padStart(formatSeconds(seconds), time)} ${page.paint(bar(longest > 0 ? seconds / longest : 0, room), 'cyan')}`);
  }
  page.add(`${INDENT}${padEnd('total', name)} ${padStart(formatSeconds(total), time)}`);
  page.text(`${plainText(summary.machine.cpu)}, ${formatCount(summary.machine.cores)} cores, Node ${plainText(summary.machine.node)}`, INDENT, 'dim');
}

function addAudit(page: Page, summary: DemoSummary): void {
  page.section('Audit');
  for (const check of summary.audit.checks) page.text(check.detail === '' ? check.name : `${check.name}: ${check.detail}`, `${INDENT}${page.mark(check.ok)} `);
  if (summary.audit.checks.length === 0) page.text('no checks were made');
  const tampered = tamperedVerdict(summary);
  page.text(`${tampered.text}: ${summary.tamperedAudit.finding}`, `${INDENT}${page.mark(tampered.caught)} `);
}

function addChain(page: Page, summary: DemoSummary): void {
  page.section('On chain');
  const rows = chainFacts(summary);
  const label = 13, room = page.width - INDENT.length - label;
  for (const [name, value] of rows) {
    const text = plainText(value);
    page.add(`${INDENT}${padEnd(name, label)}${page.paint(displayWidth(text) <= room ? text : truncate(shortHex(text), room), 'dim')}`);
  }
}

/**
 * @param summary  what the demonstration measured
 * @returns        text without a final line break; every line takes at most `width` cells
 * @throws AttributionError when an amount is not an integer of base units
 */
export function renderTerminal(summary: DemoSummary, options: TerminalOptions): string {
  const page = new Page(options.width, options.color);
  addHeadline(page, summary);
  addMoney(page, summary);
  addPayouts(page, summary);
  addQueries(page, summary);
  addExplanation(page, summary);
  addEconomy(page, summary);
  addProofs(page, summary);
  addGas(page, summary);
  addPhases(page, summary);
  addAudit(page, summary);
  addChain(page, summary);
  page.section('What version 1 does not prove');
  for (const note of NOTES) {
    page.text(note.title, `${INDENT}${page.paint('!', 'yellow', 'bold')} `, 'bold');
    page.text(note.text, `${INDENT}  `, 'dim');
  }
  return page.lines.join('\n');
}
