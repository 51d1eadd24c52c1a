/** The report of the capacity experiment: a table and a chart for the terminal, and a page. */
import { table } from '../table.ts';
import { svgChart, terminalChart } from './chart.ts';
import type { Run } from './fifth-pod-series.ts';
import { htmlPage, seconds } from './page.ts';

const HEAD = ['', 'FIFTH POD RUNNING', 'FIFTH POD READY', 'REQUESTS', 'FAILED', 'P50', 'P99'];

function cells(run: Run): string[] {
  const { sent, failed, p50Ms, p99Ms } = run.requests;
  return [
    run.title,
    seconds(run.fifthRunningSeconds),
    seconds(run.fifthReadySeconds),
    String(sent),
    String(failed),
    `${p50Ms.toFixed(1)} ms`,
    `${p99Ms.toFixed(1)} ms`,
  ];
}

export function terminalReport(runs: readonly Run[], width: number): string {
  const chart = terminalChart(runs, { width, value: (s) => s.ready, glyph: (n) => String(Math.min(9, n)), since: 'kubectl scale' });
  return `${table(HEAD, runs.map(cells))}\nReady pods over time\n${chart}`;
}

/** `facts` are lines under the title: boot delay, node type, machine. */
export function htmlReport(runs: readonly Run[], facts: readonly string[]): string {
  return htmlPage({
    title: 'Capacity before it is needed',
    facts,
    head: HEAD,
    rows: runs.map(cells),
    charts: [
      svgChart(runs, { title: 'Ready podinfo pods, seconds after kubectl scale --replicas=5', value: (s) => s.ready }),
      svgChart(runs, { title: 'Ready nodes', value: (s) => s.nodes }),
      svgChart(runs, { title: 'Requests answered a second', value: (s) => s.requestsPerSecond }),
    ],
  });
}
