/** The result as one page of HTML that needs nothing else: figures, and charts on one time axis. */
import type { ClusterPoint } from './cluster/observe.ts';
import type { LoadResult } from './run.ts';
import { bytesText, countText, latencyText } from './summary.ts';

export interface Report {
  /** 'GET http://10.200.0.7:80/' */
  target: string;
  /** '500/s for 5m' */
  load: string;
  result: LoadResult;
  /** Empty where no cluster was watched. */
  cluster: readonly ClusterPoint[];
}

interface Line {
  name: string;
  points: readonly (readonly [at: number, value: number])[];
  /** The value holds until the next point. */
  stepped?: boolean;
}

const WIDTH = 860;
const HEIGHT = 210;
const MARGIN = { left: 64, right: 16, top: 12, bottom: 30 };
const TICKS = 5;

export function htmlReport({ target, load, result, cluster }: Report): string {
  const { series, latencyMs } = result;
  const end = Math.max(1, series.at(-1)?.at ?? 0);
  const line = (name: string, value: (point: LoadResult['series'][number]) => number): Line => ({
    name,
    points: series.map((point) => [point.at, value(point)]),
  });
  const stepped = (name: string, value: (point: ClusterPoint) => number | undefined): Line => ({
    name,
    stepped: true,
    points: cluster.flatMap((point) => {
      const found = value(point);
      return found === undefined ? [] : [[point.at, found] as const];
    }),
  });
  const charts = [
    chart('Requests ended a second', end, countText, [line('requests', (p) => p.requestsPerSecond)]),
    chart('Latency', end, latencyText, [line('p50', (p) => p.p50), line('p90', (p) => p.p90), line('p99', (p) => p.p99)]),
    chart('Failed a second', end, countText, [line('failed', (p) => p.failedPerSecond)]),
    series.some((point) => point.users > 0)
      ? chart('Users', end, countText, [line('users', (p) => p.users)])
      : chart('Requests on their way, and waiting for a connection', end, countText, [
          line('on their way', (p) => p.inFlight),
          line('waiting', (p) => p.waiting),
        ]),
    ...(cluster.length === 0
      ? []
      : [
          chart('Pods of the target', end, countText, [stepped('ready', (p) => p.ready), stepped('wanted', (p) => p.pods)]),
          chart('Nodes', end, countText, [stepped('Ready', (p) => p.nodes)]),
          chart('Headroom: more pods of the target that nodes have room for', end, countText, [stepped('headroom', (p) => p.headroom)]),
        ]),
  ];
  const figures: [string, string][] = [
    ['sent', countText(result.requests.sent)],
    ['answered', countText(result.requests.answered)],
    ['failed', countText(result.requests.failed)],
    ['not sent', countText(result.requests.unsent)],
    ['a second', countText(result.requestsPerSecond)],
    ['p50', latencyText(latencyMs.p50)],
    ['p90', latencyText(latencyMs.p90)],
    ['p99', latencyText(latencyMs.p99)],
    ['p99.9', latencyText(latencyMs.p999)],
    ['max', latencyText(latencyMs.max)],
    ['read', bytesText(result.bytes)],
  ];
  const kinds = { ...result.statusCodes, ...result.errors };
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Load of ${escape(target)}</title>
<style>
:root { color-scheme: light dark; --text: light-dark(#1c2733, #dfe6ec); --soft: light-dark(#5d6b78, #9aa8b4); --line: light-dark(#e1e7ec, #323c46); --back: light-dark(#fff, #14191e);
 --c0: light-dark(#1f7a6d, #4fc4b2); --c1: light-dark(#b7791f, #e5b567); --c2: light-dark(#c2543a, #f08a70); }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 880px; margin: 2rem auto; padding: 0 1rem; color: var(--text); background: var(--back); }
dl { display: flex; flex-wrap: wrap; gap: .4rem 2rem; } dt { color: var(--soft); font-size: 13px; } dd { margin: 0; font-size: 18px; font-variant-numeric: tabular-nums; }
h2 { font-size: 15px; margin: 1.4rem 0 0; } svg { width: 100%; } .grid { stroke: var(--line); } text { font-size: 12px; fill: var(--soft); }
path { fill: none; stroke-width: 2; } .c0 { stroke: var(--c0); } .c1 { stroke: var(--c1); } .c2 { stroke: var(--c2); } .key { font-size: 13px; margin-right: 1rem; } .key::before { content: '━ '; }
.k0::before { color: var(--c0); } .k1::before { color: var(--c1); } .k2::before { color: var(--c2); }
</style>
<h1>${escape(target)}</h1>
<p>${escape(load)}; ${result.interrupted ? 'interrupted after' : 'took'} ${result.seconds.toFixed(1)} s; started at ${escape(result.startedAt)}</p>
<dl>${figures.map(([name, value]) => `<div><dt>${name}</dt><dd>${escape(value)}</dd></div>`).join('')}</dl>
<p>${Object.entries(kinds)
    .map(([name, count]) => `${escape(name)}: ${countText(count)}`)
    .join(' · ')}</p>
${charts.join('\n')}
</html>
`;
}

function chart(title: string, end: number, text: (value: number) => string, lines: readonly Line[]): string {
  const most = Math.max(0, ...lines.flatMap((line) => line.points.map(([, value]) => value)));
  const smallest = text === countText ? 1 : 0;
  const step = Math.max(smallest, niceStep(Math.max(most, 1e-3) / TICKS));
  const top = Math.max(step, Math.ceil(most / step) * step);
  const x = (at: number): string => (MARGIN.left + (at / end) * (WIDTH - MARGIN.left - MARGIN.right)).toFixed(1);
  const y = (value: number): string => (HEIGHT - MARGIN.bottom - (value / top) * (HEIGHT - MARGIN.top - MARGIN.bottom)).toFixed(1);
  const grid: string[] = [];
  for (let n = 0; n * step <= top * 1.0001; n++) {
    const level = y(n * step);
    grid.push(`<line class="grid" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${level}" y2="${level}"/>`);
    grid.push(`<text x="${MARGIN.left - 8}" y="${level}" dy="4" text-anchor="end">${escape(text(n * step))}</text>`);
  }
  const seconds = Math.max(1, niceStep(end / 8));
  for (let at = 0; at <= end; at += seconds) grid.push(`<text x="${x(at)}" y="${HEIGHT - 10}" text-anchor="middle">${at} s</text>`);
  const paths = lines.map(({ points, stepped }, i) => {
    const drawn = points.map(([at, value], n) => (n === 0 ? `M${x(at)},${y(value)}` : stepped ? `H${x(at)}V${y(value)}` : `L${x(at)},${y(value)}`));
    return `<path class="c${i}" d="${drawn.join('')}${stepped && drawn.length > 0 ? `H${x(end)}` : ''}"/>`;
  });
  const keys = lines.map(({ name }, i) => `<span class="key k${i}">${escape(name)}</span>`);
  return `<h2>${escape(title)}</h2>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escape(title)}">${grid.join('')}${paths.join('')}</svg>
<div>${keys.join('')}</div>`;
}

/** 1, 2 or 5 times a power of ten. */
function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * (rough / power <= 1 ? 1 : rough / power <= 2 ? 2 : rough / power <= 5 ? 5 : 10);
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
