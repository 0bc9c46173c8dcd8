/** Who was credited how much by a job: bars, the whole split, and the exact amounts as a table. */
import { formatCount, formatShare, formatUnits, parseUnits, plainText, ratio } from './format.js';
import { Amount, Card, Empty, h, Hex, link, listOf, Load, Stack, sumOf, Table, Track } from './parts.js';
import { usePoll } from './api.js';

const MOST_BARS = 24;
/** Kind of a credit -> label and colour, in the order of the split. */
export const KINDS = {
  contributor: ['contributors', 'good'], node: ['inference node', 'busy'], prover: ['prover', 'more'], auditors: ['auditors', 'pink'], treasury: ['treasury', 'warn'], zeroQuery: ['back to payers', 'idle'], refund: ['refunded', 'idle'],
  proofPrice: ['price of the proof', 'more'], slashed: ['slashed stake', 'bad'], bond: ['bond returned', 'off'], courtReward: ['court reward', 'warn'], deposit: ['deposit', 'off'],
};
export const kindOf = (kind) => (Object.hasOwn(KINDS, kind) ? KINDS[kind] : [plainText(kind) || 'other', 'off']);

const larger = (a, b) => (a.units < b.units ? 1 : a.units > b.units ? -1 : 0);

/** Credits summed by `key`, largest first. @returns {{name: string, units: bigint}[]} */
export function totals(credits, key) {
  const sums = new Map();
  for (const credit of credits) sums.set(credit[key], (sums.get(credit[key]) ?? 0n) + parseUnits(credit.amount));
  return [...sums].map(([name, units]) => ({ name, units })).sort(larger);
}

export function Attribution({ credits }) {
  const accounts = totals(credits.filter((c) => c.kind === 'contributor'), 'account'), whole = sumOf(accounts, (a) => a.units), all = sumOf(credits, (c) => parseUnits(c.amount));
  if (credits.length === 0) return h(Empty, { title: 'No credits yet' }, 'They are booked when the proof is verified on chain.');
  const shown = accounts.slice(0, MOST_BARS), rest = accounts.slice(MOST_BARS), order = Object.keys(KINDS);
  const kinds = totals(credits, 'kind').sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  const bar = (name, units, key) => h('li', { key }, h('span', { class: 'who' }, name), h(Track, { fraction: ratio(units, accounts[0].units), tone: 'good' }), h('span', { class: 'sum' }, h(Amount, { units }), h('b', { class: 'num' }, formatShare(ratio(units, whole)))));
  return h('div', { class: 'attribution' },
    accounts.length === 0
      ? h(Empty, { title: 'No contributor was credited' }, 'Nobody’s data helped these answers: the contributors’ part went back to the payers.')
      : h('div', null,
        h('p', { class: 'soft' }, `${formatCount(accounts.length)} ${accounts.length === 1 ? 'contributor' : 'contributors'} taught what these answers used. Together they were credited `, h(Amount, { units: whole }), '. Bars compare with the largest; percentages are of what contributors got.'),
        h('ol', { class: 'bars', 'aria-label': 'Contributors by credit' }, shown.map(({ name, units }) => bar(h(Hex, { value: name, href: link.account(name) }), units, name)),
          rest.length > 0 && bar(`${formatCount(rest.length)} others`, sumOf(rest, (a) => a.units), 'rest'))),
    h('h3', null, 'Where the fees went'),
    h(Stack, { parts: kinds.map(({ name, units }) => ({ label: kindOf(name)[0], tone: kindOf(name)[1], size: ratio(units, all), value: h(Amount, { units }) })) }),
    h('details', null, h('summary', null, 'Exact amounts'),
      h(Table, {
        caption: 'Every credit of the job, in base units', class: 'exact', columns: [['Account'], ['As'], ['Amount', 'num'], ['Share of all', 'num']],
        rows: [...credits].map((c, n) => ({ ...c, n, units: parseUnits(c.amount) })).sort(larger).map(({ account, kind, units, n }) => ({
          key: `${account}/${kind}/${n}`, cells: [h(Hex, { value: account, href: link.account(account), full: true }), kindOf(kind)[0], h('span', { class: 'num' }, formatUnits(units)), formatShare(ratio(units, all))],
        })),
      })));
}

/** Attribution of a job; asked for only when it is settled. @param {{jobId: string, phase: string, title?: string, aside?: any}} props */
export function JobAttribution({ jobId, phase, title = 'Who was credited', aside }) {
  const settled = phase === 'settled', poll = usePoll(settled ? `/v1/jobs/${jobId}/credits` : null, 30_000);
  return h(Card, { title, aside }, settled
    ? h(Load, { poll, what: 'Credits', missing: h(Empty, { title: 'Not known here' }, 'This coordinator does not tell the credits of jobs. The chain does: ', h('code', null, 'zkattr rewards explain')) }, (data) => h(Attribution, { credits: listOf(data.credits) }))
    : h(Empty, { title: 'Nothing credited yet' }, phase === 'dead' || phase === 'cancelled' ? 'This job was not settled.' : 'The shares appear here when the proof is verified on chain.'));
}
