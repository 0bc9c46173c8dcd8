/** The state of the network on one page. */
import { useJobs, usePoll } from './api.js';
import { Chart } from './chart.js';
import { formatCount, plainText } from './format.js';
import { JobTable } from './pages.js';
import { Amount, BLOCK_PHASES, Card, Copy, Empty, Facts, h, Hex, JOB_PHASES, listOf, Load, Stack, Tile, Title } from './parts.js';

const OPEN = ['leased', 'proved', 'settling', 'waiting'], FIRST = 5, CHARTED = 1000;
const phases = (map, counts, href) => Object.entries(map).map(([phase, [tone, title]]) => ({ label: phase, tone, title, size: counts?.[phase] ?? 0, value: formatCount(counts?.[phase] ?? 0), href: href?.(phase) }));
const total = (counts) => Object.values(counts ?? {}).reduce((sum, n) => sum + n, 0);

function Stats({ stats }) {
  const { jobs, blocks, provers, settled } = stats, dead = jobs.dead ?? 0, open = (jobs.waiting ?? 0) + (jobs.leased ?? 0) + (jobs.proved ?? 0) + (jobs.settling ?? 0);
  return h('div', { class: 'loaded' },
    dead > 0 && h('div', { class: 'callout bad' }, h('b', null, `${formatCount(dead)} ${dead === 1 ? 'job is' : 'jobs are'} dead. `), h('a', { href: '#/jobs?phase=dead' }, 'See why'), dead === 1 ? ', then have it revived before its deadline.' : ', then have them revived before their deadlines.'),
    provers.online === 0 && open > 0 && h('div', { class: 'callout warn' }, h('b', null, 'No prover is online. '), `${formatCount(open)} open ${open === 1 ? 'job waits' : 'jobs wait'}: start one with `, h('code', null, 'zkattr prover run'), '.'),
    h('div', { class: 'tiles' },
      h(Tile, { label: 'Inferences settled', note: `in ${formatCount(settled.jobs)} ${settled.jobs === 1 ? 'job' : 'jobs'}`, href: '#/jobs?phase=settled' }, formatCount(settled.inferences)),
      h(Tile, { label: 'Fees settled', note: 'who got them', href: '#/rewards' }, h(Amount, { units: settled.fees })),
      h(Tile, { label: 'Provers online', note: `of ${formatCount(provers.known)} known`, href: '#/provers' }, formatCount(provers.online)),
      h(Tile, { label: 'Jobs open', note: `${formatCount(jobs.waiting ?? 0)} waiting`, href: '#/jobs?phase=waiting' }, formatCount(open))),
    h('div', { class: 'two' },
      h(Card, { title: 'Jobs' }, total(jobs) === 0 ? h(Empty, { title: 'No job yet' }, 'A job is formed when a node hands in a batch of paid inferences.') : h(Stack, { parts: phases(JOB_PHASES, jobs, (phase) => `#/jobs?phase=${phase}`) })),
      h(Card, { title: 'Batches' }, total(blocks) === 0 ? h(Empty, { title: 'No batch yet' }, 'Nodes hand in signed batches with POST /v1/blocks.') : h(Stack, { parts: phases(BLOCK_PHASES, blocks) }))));
}

const Network = ({ stats: { chainId, coordinator, contracts, log } }) => h(Card, { title: 'Network' },
  h(Facts, {
    facts: [['Chain', formatCount(chainId).replaceAll(',', '')], ['Coordinator', h(Hex, { value: coordinator, full: true })],
      ['Assignment log', h('a', { href: '#/log' }, `${formatCount(log.entries)} ${log.entries === 1 ? 'entry' : 'entries'}`)], ['Log root', h('span', null, h(Hex, { value: log.root, full: true }), ' ', h(Copy, { value: log.root, what: 'the root of the log' }))]],
  }),
  h('details', null, h('summary', null, 'Contracts'), h(Facts, { facts: Object.entries(contracts).map(([name, value]) => [plainText(name), h(Hex, { value, full: true })]) })));

/** The first open jobs of each phase: the oldest, which are the most urgent. */
function Open({ counts }) {
  const polls = OPEN.map((phase) => usePoll(counts[phase] > 0 ? `/v1/jobs?phase=${phase}&limit=${FIRST}` : null)), asked = polls.filter((_, n) => counts[OPEN[n]] > 0);
  if (asked.length === 0) return null;
  return h(Card, { title: 'Open jobs', aside: h('a', { href: '#/jobs' }, 'All jobs') }, h(Load, { poll: asked.find((p) => p.error && !p.data) ?? asked[0], what: 'Jobs' }, () => h(JobTable, { jobs: asked.flatMap((p) => listOf(p.data)) })));
}

export function Overview() {
  const stats = usePoll('/v1/stats'), settled = useJobs('settled', 30_000, CHARTED);
  return h('div', null, h(Title, null, 'Overview'),
    h(Load, { poll: stats, what: 'The state of the coordinator' }, (data) => h(Stats, { stats: data })),
    h(Card, { title: 'Settled over time' }, h(Load, { poll: settled, what: 'Settled jobs' }, ({ jobs }) => (jobs.length === 0 ? h(Empty, { title: 'Nothing settled yet' }, 'Bars appear with the first job that is proved and credited.') : h(Chart, { jobs })))),
    stats.data && h(Open, { counts: stats.data.jobs }),
    stats.data && h(Network, { stats: stats.data }));
}
