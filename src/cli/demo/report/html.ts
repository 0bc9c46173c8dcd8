/**
 * The summary of the demonstration as one HTML file: no scripts, no requests (its own content policy forbids them),
 * light and dark by the reader's setting.
 */
import type { DemoSummary, QuerySummary } from '../../../protocol/summary.js';
import { formatBytes, formatCount, formatGas, formatSeconds, formatShare, formatTokens, formatUnits, NOT_KNOWN, parseUnits, plainText, ratio } from './format.js';
import { html, Markup } from './markup.js';
import { OTHER_HUE, STAGE_HUES, STYLE } from './style.js';
import { type Account, chainFacts, claimState, counts, happenings, headline, kindClass, kindLabel, money, type MoneyRow, NOTES, people, type Person, proofColumns, type ProofColumn, reason, splits, stageNames, tamperedVerdict } from './view.js';

const GRID = 8;
const PIXEL_MAX = 16;
const MONEY_HUES: Record<MoneyRow['key'], string> = { in: OTHER_HUE, paid: '#2f9e68', node: '#0ea5a4', prover: '#8b5cf6', auditors: '#d946ef', refunded: '#3b82f6', treasury: '#f59e0b', escrow: OTHER_HUE };

function width(fraction: number): string {
  const safe = Number.isFinite(fraction) ? Math.max(0, Math.min(1, fraction)) : 0;
  return `width:${(safe * 100).toFixed(2)}%`;
}

function tokens(units: bigint): Markup {
  return html`<span class="num" title="${formatUnits(units)}">${formatTokens(units)}</span>`;
}

function mark(ok: boolean): Markup {
  return ok ? html`<span class="ok" role="img" aria-label="passed">✓</span>` : html`<span class="no" role="img" aria-label="failed">✗</span>`;
}

/** Part of `fraction` of a track; a part that is not zero stays visible. */
function track(fraction: number, kind: string): Markup {
  const size = fraction > 0 ? Math.max(fraction, 0.004) : 0;
  return html`<div class="track" aria-hidden="true">${size > 0 ? html`<i class="${kind}" style="${width(size)}"></i>` : ''}</div>`;
}

function header(summary: DemoSummary): Markup {
  const balance = money(summary), tampered = tamperedVerdict(summary);
  const tag = (ok: boolean, yes: string, no: string): Markup => html`<span class="tag ${ok ? 'good' : 'bad'}">${ok ? '✓ ' + yes : '✗ ' + no}</span>`;
  const tile = (value: Markup | string, label: string): Markup => html`<div class="tile"><b class="num">${value}</b><span class="soft small">${label}</span></div>`;
  return html`<header>
<div class="tags">${tag(summary.verifiedOnChain, headline(summary), headline(summary))}${tag(balance.conserved, 'conserved to the last unit', 'money does not add up')}${tag(summary.audit.ok, 'audit agrees', 'audit failed')}${tag(tampered.caught, tampered.text.toLowerCase(), tampered.text.toLowerCase())}</div>
<h1>Who taught the model, and what each one earned</h1>
<p class="soft">${formatCount(summary.payouts.length)} contributors, ${formatCount(summary.queries.length)} paid queries; influence and payouts proven in zero knowledge and settled by contract. Size class ${summary.className}.</p>
<div class="tiles">
${tile(tokens(parseUnits(summary.paidOut)), 'paid to contributors')}
${tile(`${formatShare(summary.accuracy.base)} → ${formatShare(summary.accuracy.adapted)}`, 'accuracy before and with their data')}
${tile(formatSeconds(summary.r1.proveSeconds + summary.r2.proveSeconds), 'to prove both relations')}
${tile(formatGas(summary.r2.gas), 'to verify the payouts')}
</div></header>`;
}

function moneySection(summary: DemoSummary): Markup {
  const balance = money(summary), parts = balance.rows.slice(1), total = parts.reduce((sum, r) => sum + r.units, 0n);
  const hue = (key: MoneyRow['key']): string => `background:${MONEY_HUES[key]}`;
  return html`<section><h2>Money: ${tokens(balance.rows[0].units)} in, ${balance.conserved ? 'conserved to the last unit' : 'NOT conserved'} ${mark(balance.conserved)}</h2>
<div class="stack" aria-hidden="true">${parts.filter((r) => r.units > 0n).map((r) => html`<i style="${width(ratio(r.units, total))};${hue(r.key)}"></i>`)}</div>
<ul class="legend">${parts.map((r) => html`<li><i class="dot" style="${hue(r.key)}"></i>${r.label} ${tokens(r.units)}</li>`)}</ul>
<details><summary>Exact amounts</summary><table>
${balance.rows.map((r, n) => html`<tr><th scope="row">${['', '= '][n] ?? '+ '}${r.label}</th><td>${formatUnits(r.units)}</td></tr>`)}
<tr><th scope="row">fees left in the contracts now</th><td>${formatUnits(balance.escrowBalance)}</td></tr></table></details></section>`;
}

function sum(units: bigint, share: number): Markup {
  return html`<div class="sum num">${tokens(units)} <span>${formatShare(share)}</span></div>`;
}

function accountRow(account: Account, largest: bigint): Markup {
  const { payout } = account;
  return html`<div class="row"><div class="who" title="${account.name} ${payout.address}">${account.name}</div>${track(ratio(account.units, largest), kindClass(payout.kind))}${sum(account.units, account.share)}
<div class="why"><span class="tag ${kindClass(payout.kind)}" title="${counts(payout)}">${kindLabel(payout.kind)}</span><span class="tag">${claimState(account)}</span> ${reason(account)}</div></div>`;
}

function personBlock(person: Person, largest: bigint): Markup {
  if (person.accounts.length === 1) return html`<div class="person">${accountRow(person.accounts[0], largest)}</div>`;
  return html`<div class="person"><div class="row"><div class="who">${person.name}</div>${track(ratio(person.units, largest), 'total')}${sum(person.units, person.share)}
<div class="why"><span class="tag sybil">one person, ${person.accounts.length} accounts</span>together ${formatShare(person.share)}</div></div>
<div class="accounts">${person.accounts.map((a) => accountRow(a, largest))}</div></div>`;
}

function payoutSection(summary: DemoSummary): Markup {
  const all = people(summary.payouts);
  return html`<section><h2>Payouts</h2>${all.length === 0 ? html`<p class="soft">No contributors.</p>` : all.map((p) => personBlock(p, all[0].units))}</section>`;
}

function digit(query: QuerySummary): Markup {
  const rects = query.pixels.slice(0, GRID * GRID).map((value, n) => {
    const ink = Number.isFinite(value) ? Math.max(0, Math.min(1, value / PIXEL_MAX)) : 0;
    return ink === 0 ? '' : html`<rect x="${n % GRID}" y="${Math.floor(n / GRID)}" width="1" height="1" opacity="${Number(ink.toFixed(3))}"/>`;
  });
  return html`<svg viewBox="0 0 8 8" fill="currentColor" shape-rendering="crispEdges" role="img" aria-label="digit of query ${formatCount(query.query)}">${rects}</svg>`;
}

function queryCard(query: QuerySummary): Markup {
  const right = query.predicted === query.actual;
  return html`<div class="query${right ? '' : ' miss'}">${digit(query)}<b>reads ${formatCount(query.predicted)} ${mark(right)}</b>
${right ? '' : html`<span>is ${formatCount(query.actual)}</span>`}<span class="top" title="${query.topContributor}">${plainText(query.topContributor) === '' ? html`<span class="soft">nobody helped</span>` : query.topContributor}</span>
<span class="soft" title="paid by ${query.payer}"><span class="word">fee </span>${tokens(parseUnits(query.fee))}</span>${query.refunded ? html`<span><span class="tag">refunded</span></span>` : ''}</div>`;
}

function querySection(summary: DemoSummary): Markup {
  const { queries } = summary;
  if (queries.length === 0) return html``;
  const right = queries.filter((q) => q.predicted === q.actual).length, back = queries.filter((q) => q.refunded).length;
  return html`<section><h2>Queries</h2><p class="soft small">${formatCount(right)} of ${formatCount(queries.length)} read correctly, ${formatCount(back)} refunded. The name is the contributor who helped most; where nobody's data helped, the fee goes back.</p>
<div class="gallery">${queries.map(queryCard)}</div>
<details><summary>How each fee was split</summary><ul class="small">${splits(queries).map((line) => html`<li>${line}</li>`)}</ul></details></section>`;
}

function economySections(summary: DemoSummary): Markup {
  const { explained } = summary;
  return html`<div class="two"><section><h2>Why ${explained.contributor} was paid</h2><p class="soft small"><code>${explained.account}</code></p><ul class="small">${explained.sentences.map((line) => html`<li>${line}</li>`)}</ul></section>
<section><h2>Market and courts</h2>${happenings(summary).map(({ title, text }) => html`<p class="small"><b>${title}.</b> ${text}</p>`)}</section></div>`;
}

function stageBars(columns: readonly ProofColumn[]): Markup {
  const names = stageNames(columns), longest = Math.max(0, ...columns.map((c) => c.stages.reduce((s, [, t]) => s + t, 0)));
  const hue = (name: string): string => `background:${name === 'other' ? OTHER_HUE : STAGE_HUES[names.indexOf(name) % STAGE_HUES.length]}`;
  return html`${columns.map((c) => html`<p class="small" style="margin-top:14px">${c.title} <span class="soft num">${formatSeconds(c.relation.proveSeconds)}</span></p>
<div class="stack" role="img" aria-label="stages of ${c.title}">${c.stages.filter(([, s]) => s > 0).map(([name, s]) => html`<i style="${width(longest > 0 ? s / longest : 0)};${hue(name)}" title="${name}: ${formatSeconds(s)}"></i>`)}</div>`)}
<ul class="legend">${names.map((n) => html`<li><i class="dot" style="${hue(n)}"></i>${n}</li>`)}</ul>
<details><summary>Seconds by stage</summary><table><thead><tr><th></th>${columns.map((c) => html`<th scope="col">${c.title}</th>`)}</tr></thead>
${names.map((n) => html`<tr><th scope="row">${n}</th>${columns.map((c) => html`<td>${stageSeconds(c, n)}</td>`)}</tr>`)}</table></details>`;
}

function stageSeconds(column: ProofColumn, name: string): string {
  const found = column.stages.find(([stage]) => stage === name);
  return found ? formatSeconds(found[1]) : NOT_KNOWN;
}

function proofSection(summary: DemoSummary): Markup {
  const columns = proofColumns(summary), [r1, r2] = [summary.r1, summary.r2];
  const rows: [string, string, string][] = [
    ['Constraints', formatCount(r1.constraints), formatCount(r2.constraints)],
    ['Contributors', formatCount(r1.contributors), formatCount(r2.contributors)],
    ['Blocks', formatCount(r1.blocks), formatCount(r2.blocks)],
    ['Queries', NOT_KNOWN, formatCount(r2.queries)],
    ['Proving time', formatSeconds(r1.proveSeconds), formatSeconds(r2.proveSeconds)],
    ['Proof', formatBytes(r1.proofBytes), formatBytes(r2.proofBytes)],
    ['Gas', formatCount(r1.gas), formatCount(r2.gas)],
  ];
  return html`<section><h2>Two proofs</h2><table><thead><tr><th></th>${columns.map((c) => html`<th scope="col">${c.title}</th>`)}</tr></thead>
${rows.map(([label, a, b]) => html`<tr><th scope="row">${label}</th><td>${a}</td><td>${b}</td></tr>`)}</table>${stageBars(columns)}</section>`;
}

function phaseSection(summary: DemoSummary): Markup {
  const phases = Object.entries(summary.phases), finite = phases.map(([, s]) => (Number.isFinite(s) ? s : 0)), longest = Math.max(0, ...finite);
  const total = finite.reduce((a, b) => a + b, 0), { machine } = summary;
  return html`<section><h2>Time of the run: ${formatSeconds(total)}</h2>
${phases.map(([name, s], n) => html`<div class="phase"><span>${name}</span>${track(longest > 0 ? finite[n] / longest : 0, 'plain')}<span class="num soft">${formatSeconds(s)}</span></div>`)}
<p class="soft small" style="margin-top:10px">${machine.cpu}, ${formatCount(machine.cores)} cores, Node ${machine.node}</p></section>`;
}

function auditSection(summary: DemoSummary): Markup {
  const tampered = tamperedVerdict(summary), { checks } = summary.audit;
  return html`<section><h2>Audit by replay ${mark(summary.audit.ok)}</h2>${checks.length === 0 ? html`<p class="soft">No checks were made.</p>` : ''}
<ul class="checks">${checks.map((c) => html`<li>${mark(c.ok)}<span>${c.name}<br><span class="soft small">${c.detail}</span></span></li>`)}</ul>
<div class="callout ${tampered.caught ? 'good' : 'bad'}"><b>${tampered.text}.</b> ${summary.tamperedAudit.finding}</div></section>`;
}

function chainSections(summary: DemoSummary): Markup {
  const gas = Object.entries(summary.gas);
  return html`<div class="two"><section><h2>Gas of the other transactions</h2>${gas.length === 0 ? html`<p class="soft">None.</p>` : html`<table>${gas.map(([name, g]) => html`<tr><th scope="row">${name}</th><td>${formatCount(g)}</td></tr>`)}</table>`}</section>
<section><h2>On chain</h2><dl>${chainFacts(summary).map(([name, value]) => html`<dt>${name}</dt><dd><code>${value}</code></dd>`)}</dl></section></div>`;
}

/**
 * @param summary  what the demonstration measured
 * @returns        a whole HTML document; every string of the summary is escaped
 * @throws AttributionError when an amount is not an integer of base units
 */
export function renderHtml(summary: DemoSummary): string {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,"><title>Attribution report: ${headline(summary).toLowerCase()}</title><style>${new Markup(STYLE)}</style></head>
<body><main>
${header(summary)}
${moneySection(summary)}
${payoutSection(summary)}
${querySection(summary)}
${economySections(summary)}
${proofSection(summary)}
${phaseSection(summary)}
${auditSection(summary)}
${chainSections(summary)}
<section><h2>What version 1 does not prove</h2><div class="notes">${NOTES.map((n) => html`<div><h3>${n.title}</h3><p class="soft small">${n.text}</p></div>`)}</div></section>
</main></body></html>
`.source;
}
