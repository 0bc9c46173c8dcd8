/** Frame, routes and theme. Views are fragments: #/jobs?phase=dead, #/jobs/0x.. */
import { render } from './vendor/preact.js';
import { useEffect, useRef, useState } from './vendor/hooks.js';
import { useHealth } from './api.js';
import { formatAgo } from './format.js';
import { Job } from './job.js';
import { Overview } from './overview.js';
import { Account, Block, Jobs, Log, Provers, Rewards } from './pages.js';
import { Empty, h, Title } from './parts.js';

const NAV = [['', 'Overview'], ['jobs', 'Jobs'], ['provers', 'Provers'], ['rewards', 'Rewards'], ['log', 'Log']];
const THEMES = ['system', 'light', 'dark'];

/** @returns {{name: string, id: string, query: URLSearchParams, key: string}} */
function route() {
  const [path, search = ''] = location.hash.replace(/^#\/?/, '').split('?'), [name = '', raw = ''] = path.split('/');
  let id = raw;
  try { id = decodeURIComponent(raw); } catch { /* as it is */ }
  return { name, id, query: new URLSearchParams(search), key: `${name}/${id}` };
}

function View({ name, id, query }) {
  if (name === '') return h(Overview);
  if (name === 'jobs') return id ? h(Job, { id, key: id }) : h(Jobs, { query });
  if (name === 'blocks' && id) return h(Block, { id, key: id });
  if (name === 'provers') return h(Provers, { id });
  if (name === 'rewards') return id ? h(Account, { id, key: id }) : h(Rewards);
  if (name === 'log') return h(Log, { query });
  return h('div', null, h(Title, null, 'No such page'), h(Empty, { title: 'Nothing is here' }, h('a', { href: '#/' }, 'Go to the overview')));
}

function Theme() {
  const [theme, set] = useState(document.documentElement.dataset.theme ?? 'system'), next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
  const choose = () => {
    if (next === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
    try { localStorage.setItem('zkattr-theme', next); } catch { /* for this visit only */ }
    set(next);
    document.dispatchEvent(new Event('zkattr-theme'));
  };
  return h('button', { type: 'button', class: 'quiet', id: 'theme', onClick: choose, 'aria-label': `Theme: ${theme}. Switch to ${next}`, title: `Theme: ${theme}` }, { system: '◐', light: '☀', dark: '☾' }[theme], h('span', null, theme));
}

function Health() {
  const { failures, seen } = useHealth(), state = failures > 0 ? 'bad' : seen > 0 ? 'good' : 'idle';
  return h('span', { class: 'health', role: 'status' }, h('i', { class: `dot ${state}` }), failures > 0 ? `no answer${seen > 0 ? `, last ${formatAgo(seen)}` : ''}` : seen > 0 ? 'up to date' : 'connecting');
}

function App() {
  const [at, go] = useState(route), main = useRef(null), first = useRef(true);
  useEffect(() => { const moved = () => go(route()); addEventListener('hashchange', moved); return () => removeEventListener('hashchange', moved); }, []);
  useEffect(() => {
    const label = { jobs: at.id ? 'Job' : 'Jobs', blocks: 'Batch', provers: 'Provers', rewards: 'Rewards', log: 'Log' }[at.name] ?? 'Overview';
    document.title = `${label} · zkattr coordinator`;
    // A new page starts at its heading, for the eye and for a screen reader.
    if (!first.current) { scrollTo(0, 0); (main.current.querySelector('h1') ?? main.current).focus({ preventScroll: true }); }
    first.current = false;
  }, [at.key]);
  const skip = (event) => { event.preventDefault(); main.current.focus(); };
  return [
    h('a', { class: 'skip', href: '#main', onClick: skip }, 'Skip to the content'),
    h('header', null, h('div', { class: 'bar' }, h('a', { class: 'brand', href: '#/' }, h('img', { src: '/dashboard/icon.svg', alt: '', width: 24, height: 24 }), 'zkattr'),
      h('nav', { 'aria-label': 'Pages' }, NAV.map(([name, label]) => h('a', { href: `#/${name}`, 'aria-current': at.name === name || (name === 'jobs' && at.name === 'blocks') ? 'page' : undefined }, label))),
      h('div', { class: 'tools' }, h(Health), h(Theme)))),
    h('main', { id: 'main', ref: main, tabIndex: -1 }, h(View, { ...at, key: at.key })),
    h('footer', { class: 'soft small' }, 'Served by the coordinator itself. Everything here is public: ', h('a', { href: '/openapi.json' }, 'API'), ' · ', h('a', { href: '/metrics' }, 'metrics'), ' · ', h('a', { href: '/healthz' }, 'health')),
  ];
}

const root = document.getElementById('app');
root.textContent = '';
render(h(App), root);
