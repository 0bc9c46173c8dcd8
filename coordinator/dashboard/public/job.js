/** One job: where it stands and why, who tried, what is in it, who was credited. Live by the job's events. */
import { useEffect, useState } from './vendor/hooks.js';
import { follow, get, usePoll } from './api.js';
import { JobAttribution } from './attribution.js';
import { formatCount, formatSeconds, plainText } from './format.js';
import { Amount, BLOCK_PHASES, Card, Copy, Empty, eventLabel, eventTone, Facts, h, Hex, JOB_PHASES, link, Load, Outcome, Phase, Table, Tag, Time, Title } from './parts.js';

const PATH = ['waiting', 'leased', 'proved', 'settling', 'settled'], AT_ONCE = 8;
const ended = (phase) => ['settled', 'dead', 'cancelled'].includes(phase);

/** Why the job stands where it does, from its newest entries. @returns {{tone: string, text: string, more?: string}} */
export function whyOf({ phase, timeline, attempts, deadline }, now = Date.now()) {
  const last = timeline.at(-1), failed = attempts.filter((a) => !['running', 'completed', 'stopped'].includes(a.outcome)).at(-1);
  const reason = failed && [failed.code, failed.message].filter(Boolean).map(plainText).join(': ');
  const late = !ended(phase) && deadline * 1000 < now ? ' Its deadline has passed: payers can take their fees back.' : '';
  if (phase === 'waiting') {
    const skips = timeline.filter((e) => e.event === 'skipped');
    if (skips.length > 0) return { tone: 'warn', text: `It waits: provers asked, but could not take it.${late}`, more: skips.at(-1).detail };
    return failed ? { tone: 'warn', text: `It waits for another try: the last attempt did not end well.${late}`, more: reason } : { tone: late ? 'warn' : 'idle', text: `It waits for a prover that has its circuit and enough memory.${late}`, more: last?.event === 'enqueued' ? undefined : last?.detail };
  }
  if (phase === 'dead') return { tone: 'bad', text: 'It is dead: too many attempts failed. Whoever runs the coordinator can revive it when the cause is gone.', more: reason ?? last?.detail };
  if (phase === 'cancelled') return { tone: 'off', text: 'It was cancelled.', more: last?.detail };
  const [tone, text] = JOB_PHASES[phase] ?? ['idle', plainText(phase)];
  return { tone: late ? 'warn' : tone, text: `${text[0].toUpperCase()}${text.slice(1)}.${late}` };
}

const Steps = ({ phase }) => h('ol', { class: 'steps', 'aria-label': 'Steps of a job' }, PATH.map((step, n) => {
  const at = PATH.indexOf(phase), state = at > n || phase === 'settled' ? 'done' : at === n ? 'now' : '';
  return h('li', { class: state, 'aria-current': at === n ? 'step' : undefined, title: JOB_PHASES[step][1] }, step, h('span', { class: 'hidden' }, state === 'done' ? ' (done)' : state === 'now' ? ' (now)' : ''));
}));

/** Attempts on one time scale, from the first lease on. */
function Attempts({ attempts }) {
  if (attempts.length === 0) return h(Empty, { title: 'Nobody has tried yet' }, 'An attempt starts when a prover leases the job.');
  const now = Date.now(), end = (a) => a.endedAt ?? now, first = Math.min(...attempts.map((a) => a.leasedAt)), span = Math.max(1, Math.max(...attempts.map(end)) - first);
  return h(Table, {
    caption: 'Attempts of provers, oldest first', columns: [['Prover'], ['Outcome'], ['Leased'], ['Took', 'num'], ['When']],
    rows: attempts.map((a) => ({
      key: String(a.token), cells: [h(Hex, { value: a.prover, href: link.prover(a.prover) }),
        h('div', null, h(Outcome, { outcome: a.outcome }), (a.code || a.message) && h('div', { class: 'soft small reason' }, a.code && h('code', null, plainText(a.code)), a.code && a.message ? ' ' : '', plainText(a.message))),
        h(Time, { at: a.leasedAt }), h('span', { class: 'num' }, formatSeconds((end(a) - a.leasedAt) / 1000), a.endedAt === undefined ? ' so far' : ''),
        h('div', { class: 'gantt', 'aria-hidden': 'true' }, h('i', { class: { completed: 'good', running: 'busy', released: 'off', stopped: 'off', timedOut: 'warn' }[a.outcome] ?? 'bad', style: { left: `${((a.leasedAt - first) / span) * 100}%`, width: `${Math.max(1.5, ((end(a) - a.leasedAt) / span) * 100)}%` } }))],
    })),
  });
}

const Timeline = ({ entries }) => (entries.length === 0 ? h(Empty, { title: 'Nothing noted' }, 'What happens to the job is noted here.') : h('ol', { class: 'timeline', 'aria-label': 'Timeline, newest first' },
  entries.map((entry, n) => ({ ...entry, n })).reverse().map(({ at, event, detail, n }) => h('li', { key: n },
    h('i', { class: `dot ${eventTone(event)}` }), h('div', null, h('span', null, h('b', null, eventLabel(event)), ' ', h('span', { class: 'soft small' }, h(Time, { at }))), detail && h('p', { class: 'reason' }, plainText(detail)))))));

/** Views of blocks, a few at a time; null for one that is not known here. */
function useBlocks(ids, version) {
  const [views, set] = useState({});
  useEffect(() => {
    const stop = new AbortController();
    (async () => {
      for (let n = 0; n < ids.length && !stop.signal.aborted; n += AT_ONCE) {
        const some = ids.slice(n, n + AT_ONCE), read = await Promise.all(some.map((id) => get(`/v1/blocks/${id}`, stop.signal).catch(() => null)));
        if (!stop.signal.aborted) set((old) => ({ ...old, ...Object.fromEntries(some.map((id, i) => [id, read[i]])) }));
      }
    })();
    return () => stop.abort();
  }, [ids.join(), version]);
  return views;
}

function Batches({ ids, version }) {
  const views = useBlocks(ids, version), of = (id, show) => (views[id] === undefined ? '…' : views[id] === null ? '–' : show(views[id]));
  return h(Table, {
    caption: 'Batches of the job', columns: [['Batch'], ['Phase'], ['Node'], ['Inferences', 'num'], ['Fees', 'num']],
    rows: ids.map((id) => ({ key: id, cells: [h(Hex, { value: id, href: link.block(id) }), of(id, (b) => h(Phase, { of: BLOCK_PHASES, phase: b.phase })), of(id, (b) => h(Hex, { value: b.node, href: link.account(b.node) })), of(id, (b) => formatCount(b.queries)), of(id, (b) => h(Amount, { units: b.fees }))] })),
  });
}

function Details({ job, live }) {
  const { jobId, phase, transaction: tx } = job, why = whyOf(job);
  return h('div', null,
    h(Title, { tags: [h(Phase, { of: JOB_PHASES, phase }), !ended(phase) && h(Tag, { tone: live ? 'good' : 'off', title: live ? 'Changes appear as they happen' : 'Asked for every few seconds' }, live ? 'live' : 'polling')] }, 'Job ', h(Hex, { value: jobId })),
    PATH.includes(phase) && h(Steps, { phase }),
    h('div', { class: `callout ${why.tone}`, 'aria-live': 'polite' }, h('b', null, why.text), why.more && h('p', { class: 'reason' }, plainText(why.more))),
    h('div', { class: 'two' },
      h(Card, { title: 'Job' }, h(Facts, {
        facts: [['Inferences', formatCount(job.queries)], ['Fees', h(Amount, { units: job.fees })], ['Size class', plainText(job.className)], ['Created', h(Time, { at: job.createdAt })], ['Changed', h(Time, { at: job.updatedAt })],
          ['Deadline', h(Time, { at: job.deadline * 1000 })], ['Id', h('span', null, h(Hex, { value: jobId, full: true }), ' ', h(Copy, { value: jobId, what: 'the id of the job' }))], ['Record', h(Hex, { value: job.recordId })], ['Proof request', job.requestId && h(Hex, { value: job.requestId })]],
      })),
      h(Card, { title: 'Transaction' }, tx
        ? h(Facts, { facts: [['Hash', h('span', null, h(Hex, { value: tx.hash, full: true }), ' ', h(Copy, { value: tx.hash, what: 'the hash of the transaction' }))], ['Block', tx.block && plainText(tx.block)], ['Confirmations', tx.confirmations === undefined ? undefined : formatCount(tx.confirmations)]] })
        : h(Empty, { title: 'Not sent yet' }, 'The settlement is sent once a proof was checked.'))),
    h(JobAttribution, { jobId, phase }),
    h(Card, { title: 'Attempts' }, h(Attempts, { attempts: job.attempts })),
    h(Card, { title: 'Timeline' }, h(Timeline, { entries: job.timeline })),
    h(Card, { title: 'Batches' }, h(Batches, { ids: job.blockIds, version: phase })));
}

export function Job({ id }) {
  const poll = usePoll(`/v1/jobs/${encodeURIComponent(id)}`), [live, setLive] = useState(false), phase = poll.data?.phase, open = phase !== undefined && !ended(phase);
  useEffect(() => {
    setLive(false);
    return open ? follow(id, (job) => (job ? poll.update(job) : poll.again()), setLive) : undefined;
  }, [id, open]);
  const missing = h('div', null, h(Title, null, 'Job'), h(Empty, { title: 'No such job here' }, `This coordinator does not know ${plainText(id).slice(0, 80)}. `, h('a', { href: '#/jobs' }, 'See all jobs')));
  return h(Load, { poll, what: 'The job', missing }, (job) => h(Details, { job, live }));
}
