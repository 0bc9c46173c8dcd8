/** What the pages are made of. Text of the API only ever becomes text nodes and attributes. */
import { h } from './vendor/preact.js';
import { useState } from './vendor/hooks.js';
import { formatAgo, formatTime, formatTokens, formatUnits, parseUnits, plainText, shortHex } from './format.js';

export { h };

/** Phase of a job or block -> colour, and what it means. */
export const JOB_PHASES = {
  waiting: ['idle', 'waits for a prover that can take it'], leased: ['busy', 'a prover works on it'], proved: ['more', 'the proof is there and was checked; its transaction comes next'],
  settling: ['warn', 'its transaction is sent and waits for confirmations'], settled: ['good', 'proved, verified on chain and credited'],
  dead: ['bad', 'too many attempts failed: nobody works on it until it is revived'], cancelled: ['off', 'given up: its blocks settled elsewhere or went back'],
};
export const BLOCK_PHASES = {
  received: ['idle', 'taken in, not on chain yet'], committed: ['busy', 'committed on chain, in no job yet'], assigned: ['warn', 'part of a job that is proved'],
  settled: ['good', 'proved and paid out'], refused: ['bad', 'not accepted'], cancelled: ['off', 'taken back by its node'], refunded: ['more', 'too late: the fees went back to the payers'],
};
export const OUTCOMES = {
  running: ['busy', 'running'], completed: ['good', 'completed'], failed: ['bad', 'failed'], timedOut: ['warn', 'timed out'], released: ['off', 'given back'],
  outOfMemory: ['bad', 'out of memory'], falseProof: ['bad', 'false proof'], stopped: ['off', 'stopped'],
};
const EVENTS = {
  skipped: 'warn', failed: 'bad', dead: 'bad', falseProof: 'bad', outOfMemory: 'bad', timedOut: 'warn', refused: 'bad', completed: 'good', settled: 'good', leased: 'busy', proved: 'more', settling: 'warn',
};
const known = (map, key) => (Object.hasOwn(map, key) ? map[key] : undefined);

/** @param {{tone?: string, title?: string, children?: any}} props */
export const Tag = ({ tone = 'off', title, children }) => h('span', { class: `tag ${tone}`, title }, children);
export const Phase = ({ of, phase }) => { const [tone, title] = known(of, phase) ?? ['off', undefined]; return h(Tag, { tone, title }, plainText(phase)); };
export const Outcome = ({ outcome }) => { const [tone, label] = known(OUTCOMES, outcome) ?? ['off', plainText(outcome)]; return h(Tag, { tone }, label); };
export const eventTone = (event) => known(EVENTS, event) ?? 'idle';
export const eventLabel = (event) => known(OUTCOMES, event)?.[1] ?? plainText(event);

/** Base units as OPEN; in full on hover. @param {{units: string | bigint}} props */
export function Amount({ units }) {
  const exact = typeof units === 'bigint' ? units : parseUnits(units);
  return h('span', { class: 'num', title: formatUnits(exact) }, formatTokens(exact));
}

/** A point in time, relative; in full on hover. @param {{at: number}} props */
export function Time({ at }) {
  const date = new Date(at), valid = !Number.isNaN(date.getTime());
  return h('time', { class: 'num', dateTime: valid ? date.toISOString() : undefined, title: formatTime(at) }, formatAgo(at));
}

/** An id or address: short, in full on hover. @param {{value: string, href?: string, full?: boolean}} props */
export function Hex({ value, href, full = false }) {
  const text = plainText(value), code = h('code', full ? null : { class: 'num', title: text }, full ? text : shortHex(text));
  return href ? h('a', { href }, code) : code;
}

/** Copies a text; absent where the browser gives no clipboard (plain http of another machine). */
export function Copy({ value, what }) {
  const [done, set] = useState(false);
  if (!globalThis.navigator?.clipboard) return null;
  const copy = () => navigator.clipboard.writeText(value).then(() => { set(true); setTimeout(() => set(false), 1500); }, () => {});
  return h('button', { type: 'button', class: 'quiet', onClick: copy, 'aria-label': `Copy ${what}` }, done ? 'Copied' : 'Copy');
}

/** @param {{title: string, aside?: any, children?: any, class?: string}} props */
export const Card = ({ title, aside, children, class: name = '' }) => h('section', { class: `card ${name}` }, h('div', { class: 'head' }, h('h2', null, title), aside), children);
export const Tile = ({ label, children, note, href }) => h('div', { class: 'tile' }, h('span', { class: 'soft small' }, label), h('b', null, children), note && h('span', { class: 'soft small' }, href ? h('a', { href }, note) : note));
export const Title = ({ children, tags }) => h('div', { class: 'title' }, h('h1', { tabIndex: -1 }, children), tags);

/**
 * A table that becomes a list of cards on a phone. Roles are spelled out: browsers drop those of a table that is laid out otherwise.
 * @param {{caption: string, columns: [name: string, kind?: 'num'][], rows: {key: string, cells: any[]}[], class?: string}} props  first cell names the row
 */
export function Table({ caption, columns, rows, class: name = '' }) {
  return h('table', { role: 'table', class: name }, h('caption', { class: 'hidden' }, caption),
    h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, columns.map(([label, kind]) => h('th', { role: 'columnheader', scope: 'col', class: kind }, label)))),
    h('tbody', { role: 'rowgroup' }, rows.map(({ key, cells }) => h('tr', { role: 'row', key }, cells.map((cell, n) => (n === 0
      ? h('th', { role: 'rowheader', scope: 'row', class: columns[n][1] }, cell)
      : h('td', { role: 'cell', class: columns[n][1], 'data-label': columns[n][0] }, h('div', null, cell))))))));
}

/** Facts by name; those without a value are left out. @param {{facts: [string, any][]}} props */
export const Facts = ({ facts }) => h('dl', null, facts.filter(([, value]) => value !== undefined && value !== null && value !== '').map(([name, value]) => [h('dt', null, name), h('dd', null, value)]));

/** Parts of a whole as one bar with a legend. @param {{parts: {label: any, tone: string, size: number, value: any, href?: string, title?: string}[]}} props */
export function Stack({ parts }) {
  const whole = parts.reduce((sum, p) => sum + p.size, 0);
  return h('div', null,
    h('div', { class: 'stack', 'aria-hidden': 'true' }, parts.filter((p) => p.size > 0).map((p) => h('i', { class: p.tone, style: { width: `${(p.size / whole) * 100}%` } }))),
    h('ul', { class: 'legend' }, parts.map((p) => h('li', { title: p.title, class: p.size > 0 ? '' : 'none' }, h('i', { class: `dot ${p.tone}` }), p.href ? h('a', { href: p.href }, p.label) : p.label, ' ', h('b', { class: 'num' }, p.value)))));
}

/** Part of a track; a part that is not zero stays visible. */
export const Track = ({ fraction, tone = 'busy' }) => h('div', { class: 'track', 'aria-hidden': 'true' },
  fraction > 0 && h('i', { class: tone, style: { width: `${Math.min(1, Math.max(fraction, 0.006)) * 100}%` } }));

export const Empty = ({ title, children }) => h('div', { class: 'empty' }, h('b', null, title), h('p', { class: 'soft' }, children));

export const Failure = ({ error, again, what }) => h('div', { class: 'callout bad', role: 'alert' },
  h('b', null, `${what}: ${plainText(error.message)}`), error.hint && h('p', null, plainText(error.hint)),
  again && h('button', { type: 'button', onClick: again }, 'Try again'));

/**
 * What a poll has: a placeholder, an error with what to do, or the data - with a note when it is old.
 * @param {{poll: {data: any, error: any, again: () => void}, what: string, missing?: any, children: (data: any) => any}} props  missing: shown for 404
 */
export function Load({ poll: { data, error, again }, what, missing, children }) {
  if (error?.status === 404 && missing) return missing;
  if (data === undefined) return error ? h(Failure, { error, again, what }) : h('div', { class: 'wait', role: 'status' }, h('span', { class: 'hidden' }, `${what} is being read`), h('i'), h('i'), h('i'));
  return h('div', { class: 'loaded' }, error && h('p', { class: 'callout warn small' }, `Not up to date: ${plainText(error.message)}. This page tries again by itself.`), children(data));
}

/** What should be a list of the API. @returns {any[]} */
export const listOf = (body) => (Array.isArray(body) ? body : []);
export const sumOf = (list, pick) => list.reduce((sum, item) => sum + pick(item), 0n);
/** Of an account, a job, a block: where its page is. */
export const link = { job: (id) => `#/jobs/${encodeURIComponent(id)}`, block: (id) => `#/blocks/${encodeURIComponent(id)}`, account: (id) => `#/rewards/${encodeURIComponent(id)}`, prover: (id) => `#/provers/${encodeURIComponent(id)}` };
