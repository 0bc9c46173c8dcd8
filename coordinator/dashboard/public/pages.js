/** Lists: jobs, one batch, provers, rewards, the assignment log. */
import { useState } from './vendor/hooks.js';
import { get, useJobs, usePoll } from './api.js';
import { JobAttribution, kindOf, totals } from './attribution.js';
import { formatBytes, formatCount, formatSeconds, plainText, ratio, shortHex } from './format.js';
import { Amount, BLOCK_PHASES, Card, Copy, Empty, Facts, Failure, h, Hex, JOB_PHASES, link, listOf, Load, Phase, Stack, sumOf, Table, Tag, Time, Title } from './parts.js';

const PAGE = 25, MOST_PAGES = 80, LOG_PAGE = 50, CHOICE = 100;
const ACCOUNT = /^0x[0-9a-f]{40}$/i, WORD = /^0x[0-9a-f]{64}$/i;

export function JobTable({ jobs, phase }) {
  if (jobs.length === 0) return h(Empty, { title: phase ? `No job is ${phase}` : 'No jobs' }, 'A job is formed when a node hands in a batch of paid inferences.');
  return h(Table, {
    caption: 'Jobs', columns: [['Job'], ['Phase'], ['Class'], ['Inferences', 'num'], ['Fees', 'num'], ['Attempts', 'num'], ['Changed', 'num']],
    rows: jobs.map((job) => ({ key: job.jobId, cells: [h(Hex, { value: job.jobId, href: link.job(job.jobId) }), h(Phase, { of: JOB_PHASES, phase: job.phase }), plainText(job.className), formatCount(job.queries), h(Amount, { units: job.fees }), formatCount(job.attempts.length), h(Time, { at: job.updatedAt })] })),
  });
}

/** Goes to what an id names: an account's rewards, a job, else a batch. */
export function Find({ value = '', label = 'Job, batch or account: 0x…' }) {
  const [text, set] = useState(value), [error, setError] = useState('');
  const is = (kind, id) => get(`/v1/${kind}/${id}`).then(() => true, (e) => { if (e.status === 404) return false; throw e; });
  const find = async (event) => {
    event.preventDefault();
    const id = text.trim();
    setError('');
    try {
      if (ACCOUNT.test(id)) location.hash = link.account(id);
      else if (!WORD.test(id)) setError('That is no id: 0x and 64 hex digits for a job or batch, 40 for an account.');
      else if (await is('jobs', id.toLowerCase())) location.hash = link.job(id.toLowerCase());
      else if (await is('blocks', id.toLowerCase())) location.hash = link.block(id.toLowerCase());
      else setError('Neither a job nor a batch of this coordinator has that id.');
    } catch (e) { setError(e.message); }
  };
  return h('form', { class: 'find', onSubmit: find, role: 'search' }, h('label', { class: 'hidden', for: 'find' }, label),
    h('input', { id: 'find', value: text, onInput: (e) => set(e.currentTarget.value), placeholder: label, autocomplete: 'off', spellcheck: false, 'aria-describedby': error ? 'find-error' : undefined }),
    h('button', { type: 'submit' }, 'Find'), error && h('p', { id: 'find-error', class: 'error small', role: 'alert' }, plainText(error)));
}

export function Jobs({ query }) {
  const phase = Object.hasOwn(JOB_PHASES, query.get('phase') ?? '') ? query.get('phase') : '', asked = Math.min(Math.max(Math.floor(Number(query.get('page'))) || 1, 1), MOST_PAGES), poll = useJobs(phase, undefined, asked * PAGE + 1);
  const href = (name, page = 1) => { const all = new URLSearchParams({ ...(name && { phase: name }), ...(page > 1 && { page }) }); return `#/jobs${all.size > 0 ? `?${all}` : ''}`; };
  return h('div', null, h(Title, null, 'Jobs'), h(Find),
    h('nav', { class: 'chips', 'aria-label': 'Filter by phase' }, ['', ...Object.keys(JOB_PHASES)].map((name) => h('a', { href: href(name), 'aria-current': name === phase ? 'true' : undefined }, name || 'all'))),
    h(Card, { title: phase ? `Jobs: ${phase}` : 'All jobs', aside: phase && h('span', { class: 'soft small' }, JOB_PHASES[phase][1]) }, h(Load, { poll, what: 'Jobs' }, ({ jobs, complete }) => {
      const pages = Math.max(1, Math.ceil(jobs.length / PAGE)), page = Math.min(asked, pages);
      return h('div', null, page === MOST_PAGES && !complete && h('p', { class: 'callout warn small' }, 'There are older ones: find them by their id.'), h(JobTable, { jobs: jobs.slice((page - 1) * PAGE, page * PAGE), phase }),
        pages > 1 && h('nav', { class: 'paging', 'aria-label': 'Pages of jobs' }, page > 1 && h('a', { class: 'button', href: href(phase, page - 1) }, 'Newer'), h('span', { class: 'soft small' }, `${page} of ${pages}${complete ? '' : '+'}`), page < Math.min(pages, MOST_PAGES) && h('a', { class: 'button', href: href(phase, page + 1) }, 'Older')));
    })));
}

export function Block({ id }) {
  const poll = usePoll(`/v1/blocks/${encodeURIComponent(id)}`);
  const missing = h('div', null, h(Title, null, 'Batch'), h(Empty, { title: 'No such batch here' }, 'This coordinator has not received it. ', h('a', { href: '#/jobs' }, 'See all jobs')));
  return h(Load, { poll, what: 'The batch', missing }, (b) => h('div', null,
    h(Title, { tags: h(Phase, { of: BLOCK_PHASES, phase: b.phase }) }, 'Batch ', h(Hex, { value: b.blockId })),
    h('div', { class: `callout ${(BLOCK_PHASES[b.phase] ?? ['off'])[0]}` }, h('b', null, `This batch is ${plainText(b.phase)}: ${(BLOCK_PHASES[b.phase] ?? ['', 'see the reason'])[1]}.`), b.reason && h('p', { class: 'reason' }, plainText(b.reason))),
    h(Card, { title: 'Batch' }, h(Facts, {
      facts: [['Job', b.jobId ? h(Hex, { value: b.jobId, href: link.job(b.jobId) }) : 'none yet'], ['Inferences', formatCount(b.queries)], ['Fees', h(Amount, { units: b.fees })], ['Node', h(Hex, { value: b.node, href: link.account(b.node), full: true })], ['Received', h(Time, { at: b.receivedAt })], ['Deadline', h(Time, { at: b.deadline * 1000 })],
        ['Adapter', h(Hex, { value: b.adapterId, full: true })], ['Record', h(Hex, { value: b.recordId, full: true })], ['Id', h('span', null, h(Hex, { value: b.blockId, full: true }), ' ', h(Copy, { value: b.blockId, what: 'the id of the batch' }))]],
    }))));
}

const Prover = ({ prover: p, open }) => h('section', { class: `card prover ${p.online ? '' : 'away'}` },
  h('div', { class: 'head' }, h('h2', null, h(Hex, { value: p.address, href: open ? undefined : link.prover(p.address), full: open })), h(Tag, { tone: p.online ? 'good' : 'off' }, p.online ? 'online' : 'offline')),
  h('p', { class: 'soft small' }, plainText(p.cpu), ` · ${formatCount(p.cores)} cores · ${formatBytes(p.memoryBytes)} · ${formatCount(p.parallel)} at once`),
  h('div', { class: 'counts' }, [['completed', p.completed, 'good'], ['failed', p.failed, 'bad'], ['timed out', p.timedOut, 'warn'], ['false proofs', p.falseProofs, 'bad']].map(([label, n, tone]) => h('div', { class: n > 0 ? tone : 'zero' }, h('b', { class: 'num' }, formatCount(n)), h('span', null, label)))),
  h(Facts, {
    facts: [['Running', p.running.length === 0 ? 'nothing' : h('span', { class: 'list' }, p.running.map((id) => h(Hex, { key: id, value: id, href: link.job(id) })))], ['Seen', h(Time, { at: p.lastSeen })], ['Backend', plainText(p.backend)], ['Version', plainText(p.version)], ['Over', plainText(p.transport)],
      ['Proves', p.classes.length === 0 ? 'no class' : h('span', { class: 'list' }, p.classes.map((c) => h('span', { key: `${c.relation}/${c.className}`, class: 'pill' }, `${plainText(c.className)} ${plainText(c.relation)}: ${formatSeconds(c.seconds)}, ${formatBytes(c.peakBytes)}`)))]],
  }),
  open && h('p', null, h('a', { href: link.account(p.address) }, 'Rewards of this prover')));

export function Provers({ id }) {
  const poll = usePoll('/v1/provers');
  return h('div', null, h(Title, null, id ? 'Prover' : 'Provers'), h(Load, { poll, what: 'Provers' }, (data) => {
    const all = listOf(data), shown = (id ? all.filter((p) => p.address.toLowerCase() === id.toLowerCase()) : all).sort((a, b) => Number(b.online) - Number(a.online) || b.completed - a.completed);
    if (shown.length === 0 && id) return h(Empty, { title: 'No such prover' }, 'It has not spoken to this coordinator lately. ', h('a', { href: '#/provers' }, 'See all provers'));
    if (shown.length === 0) return h(Empty, { title: 'No prover has come yet' }, 'Start one on any machine that reaches this coordinator: ', h('code', null, 'zkattr prover run'));
    return h('div', null, !id && h('p', { class: 'soft' }, `${formatCount(all.filter((p) => p.online).length)} of ${formatCount(all.length)} online.`), h('div', { class: id ? '' : 'grid' }, shown.map((p) => h(Prover, { key: p.address, prover: p, open: Boolean(id) }))));
  }));
}

/** Contributors of a settled job, the latest unless another is chosen. */
export function Rewards() {
  const poll = useJobs('settled', 30_000), [chosen, choose] = useState(undefined);
  return h('div', null, h(Title, null, 'Rewards'), h(Find, { label: 'Account: 0x…' }), h(Load, { poll, what: 'Settled jobs' }, ({ jobs }) => {
    const job = jobs.find((j) => j.jobId === chosen) ?? jobs[0];
    if (!job) return h(Card, { title: 'Contributors' }, h(Empty, { title: 'Nothing settled yet' }, 'Contributors are credited when the first job is proved and verified on chain.'));
    const pick = h('label', { class: 'small' }, 'of job ', h('select', { value: job.jobId, onChange: (e) => choose(e.currentTarget.value) }, jobs.slice(0, CHOICE).map((j) => h('option', { key: j.jobId, value: j.jobId }, `${shortHex(j.jobId)}, ${formatCount(j.queries)} inferences`))));
    return h(JobAttribution, { key: job.jobId, jobId: job.jobId, phase: 'settled', title: 'Contributors', aside: pick });
  }));
}

export function Account({ id }) {
  const poll = usePoll(`/v1/rewards/${encodeURIComponent(id)}`, 15_000);
  return h('div', null, h(Title, null, 'Rewards of ', h(Hex, { value: id })), h(Find, { value: id, key: id, label: 'Account: 0x…' }), h(Load, { poll, what: 'Rewards' }, ({ total, byKind, credits }) => {
    if (listOf(credits).length === 0) return h(Card, { title: 'Credits' }, h(Empty, { title: 'None yet' }, 'No job settled by this coordinator has credited the account. Contributors are credited when a job that used their data is settled.'));
    const kinds = totals(Object.entries(byKind).map(([kind, amount]) => ({ kind, amount })), 'kind'), whole = sumOf(kinds, (k) => k.units);
    return h('div', null,
      h(Card, { title: 'Credited' }, h('p', { class: 'big' }, h(Amount, { units: total })), h(Stack, { parts: kinds.map(({ name, units }) => ({ label: kindOf(name)[0], tone: kindOf(name)[1], size: ratio(units, whole), value: h(Amount, { units }) })) }),
        h('p', { class: 'soft small note' }, 'In jobs settled by this coordinator. What is open and what was claimed, and why: ', h('code', null, `zkattr rewards explain ${plainText(id)}`), '.')),
      h(Card, { title: 'Latest credits' }, h(Table, {
        caption: 'Credits, newest first', columns: [['Job'], ['As'], ['When'], ['Amount', 'num']],
        rows: listOf(credits).map((c, n) => ({ key: String(n), cells: [h(Hex, { value: c.jobId, href: link.job(c.jobId) }), kindOf(c.kind)[0], h(Time, { at: c.at }), h(Amount, { units: c.amount })] })),
      })));
  }));
}

export function Log({ query }) {
  const head = usePoll('/v1/stats'), entries = head.data?.log.entries, asked = query.get('from'), from = /^\d{1,12}$/.test(asked ?? '') ? Number(asked) : entries === undefined ? undefined : Math.max(0, entries - LOG_PAGE);
  const poll = usePoll(from === undefined ? null : `/v1/log?from=${from}`);
  return h('div', null, h(Title, null, 'Assignment log'), h('p', { class: 'soft' }, 'Every offer, result and skip in order. Each entry holds the hash of the one before it, so none can be changed or left out later.'),
    h(Card, { title: 'Entries', aside: head.data && h('span', { class: 'soft small' }, 'root ', h(Hex, { value: head.data.log.root })) }, head.error && from === undefined ? h(Failure, { error: head.error, again: head.again, what: 'The log' }) : h(Load, { poll, what: 'The log' }, (data) => {
      const list = listOf(data).filter((e) => e.sequence < from + LOG_PAGE);
      return h('div', null, list.length === 0 ? h(Empty, { title: 'No entries' }, 'The first prover that leases a job makes the first one.') : h(Table, {
        caption: 'Entries of the assignment log, newest first', columns: [['Entry'], ['When'], ['What'], ['Job'], ['Prover'], ['Detail'], ['Hash']],
        rows: [...list].reverse().map((e) => ({ key: String(e.sequence), cells: [`#${formatCount(e.sequence)}`, h(Time, { at: e.at }), h('b', null, plainText(e.kind)), e.jobId ? h(Hex, { value: e.jobId, href: link.job(e.jobId) }) : '–', e.prover ? h(Hex, { value: e.prover, href: link.prover(e.prover) }) : '–', h('span', { class: 'reason' }, plainText(e.detail)), h(Hex, { value: e.hash })] })),
      }), h('div', { class: 'paging' }, asked !== null && h('a', { class: 'button', href: '#/log' }, 'Newest'), from > 0 && h('a', { class: 'button', href: `#/log?from=${Math.max(0, from - LOG_PAGE)}` }, 'Older')));
    })));
}
