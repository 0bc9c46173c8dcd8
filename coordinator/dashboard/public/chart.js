/** Settled inferences over time, from the latest settled jobs, drawn by uPlot, which is loaded with the first chart. */
import { useEffect, useRef, useState } from './vendor/hooks.js';
import { formatCount } from './format.js';
import { h } from './parts.js';

const STEPS = [60, 300, 900, 3600, 21_600, 86_400, 604_800], MOST_BARS = 36, HEIGHT = 190;

/** Jobs -> inferences by time step, empty steps as 0. @param {{updatedAt: number, queries: number}[]} jobs @returns {{step: number, times: number[], counts: number[]}} */
export function buckets(jobs, now = Date.now()) {
  const first = Math.min(...jobs.map((j) => j.updatedAt)) / 1000, last = Math.max(now, ...jobs.map((j) => j.updatedAt)) / 1000;
  const step = STEPS.find((s) => (last - first) / s <= MOST_BARS) ?? STEPS.at(-1), start = Math.floor(first / step) * step;
  const size = Math.max(12, Math.floor((last - start) / step) + 1), end = Math.floor(last / step), times = Array.from({ length: size }, (_, n) => (end - size + 1 + n) * step);
  const counts = times.map(() => 0);
  for (const { updatedAt, queries } of jobs) {
    const n = Math.floor(updatedAt / 1000 / step) - times[0] / step;
    if (n >= 0 && n < counts.length) counts[n] += queries;
  }
  return { step, times, counts };
}

const NAMES = { 60: 'minute', 300: '5 minutes', 900: '15 minutes', 3600: 'hour', 21600: '6 hours', 86400: 'day', 604800: 'week' };

/** @param {{jobs: {updatedAt: number, queries: number}[]}} props */
export function Chart({ jobs }) {
  const box = useRef(null), plot = useRef(undefined), [failed, setFailed] = useState(false);
  const { step, times, counts } = buckets(jobs), key = `${times[0]}/${step}/${counts.join()}`;
  useEffect(() => {
    let gone = false;
    const element = box.current;
    const draw = (UPlot) => {
      plot.current?.destroy();
      const css = getComputedStyle(element), colour = (name) => css.getPropertyValue(name).trim(), probe = document.createElement('i');
      // light-dark() is resolved only where it is used: by a colour of an element.
      const resolved = (name) => { probe.style.color = colour(name); element.append(probe); const value = getComputedStyle(probe).color; probe.remove(); return value; };
      const soft = resolved('--soft'), line = resolved('--line'), bar = resolved('--accent'), font = '12px system-ui, sans-serif';
      const time = (s) => new Date(s * 1000).toLocaleString('en-GB', step < 21_600 ? { hour: '2-digit', minute: '2-digit' } : { day: 'numeric', month: 'short' });
      const axis = { stroke: soft, font, grid: { stroke: line, width: 1 }, ticks: { show: false } };
      plot.current = new UPlot({
        width: Math.max(200, element.clientWidth), height: HEIGHT, legend: { show: false }, cursor: { show: false }, padding: [8, 8, 0, 0],
        scales: { x: { time: true, range: (_, min, max) => [min - step / 2, max + step / 2] }, y: { range: (_, __, max) => [0, Math.max(4, max * 1.1)] } },
        axes: [{ ...axis, grid: { show: false }, size: 30, space: 64, values: (_, ticks) => ticks.map(time) }, { ...axis, size: 48, values: (_, ticks) => ticks.map((v) => (Number.isInteger(v) ? formatCount(v) : '')) }],
        series: [{}, { fill: bar, stroke: bar, width: 0, points: { show: false }, paths: UPlot.paths.bars({ size: [0.72, 40], radius: 0.15 }) }],
      }, [times, counts], element);
    };
    const redraw = () => import('./vendor/uplot.js').then(({ default: UPlot }) => { if (!gone) draw(UPlot); }).catch(() => setFailed(true));
    const watch = new ResizeObserver(() => plot.current?.setSize({ width: Math.max(200, element.clientWidth), height: HEIGHT }));
    watch.observe(element);
    redraw();
    const theme = matchMedia('(prefers-color-scheme: dark)');
    theme.addEventListener('change', redraw);
    document.addEventListener('zkattr-theme', redraw);
    return () => { gone = true; watch.disconnect(); theme.removeEventListener('change', redraw); document.removeEventListener('zkattr-theme', redraw); plot.current?.destroy(); plot.current = undefined; };
  }, [key]);
  const total = counts.reduce((a, b) => a + b, 0), most = Math.max(...counts);
  return h('figure', null,
    h('div', { ref: box, class: 'chart', role: 'img', 'aria-label': `Bars of settled inferences: ${formatCount(total)} in ${times.length} bars, one for each ${NAMES[step]}; at most ${formatCount(most)} in one` }),
    h('figcaption', { class: 'soft small' }, failed ? 'The chart could not be loaded; reload the page.' : `Inferences settled per ${NAMES[step]}, of ${formatCount(jobs.length)} ${jobs.length === 1 ? 'job' : 'jobs'}.`));
}
