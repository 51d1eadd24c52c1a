/** The report of the traffic experiment: a table and charts for the terminal, and a page. */
import { table } from '../table.ts';
import { svgChart, terminalChart } from './chart.ts';
import { htmlPage, seconds } from './page.ts';
import { figuresOf, type Run } from './traffic-series.ts';

export interface TrafficReport {
  runs: readonly Run[];
  /** Lines under the title. */
  facts: readonly string[];
  perPod: number;
  most: number;
  /** USD an hour of a node. */
  nodeHourlyUsd: number;
}

const HEAD = ['', 'NINTH POD', 'ALL PODS', 'PLATEAUS', 'REQUESTS ANSWERED', 'LOST TO WAITING', 'NODE-MINUTES', 'COST'];
const NOTES = [
  'NINTH POD: from wanted to Ready. ALL PODS: from the first user until all were Ready. PLATEAUS: more than 10 s in which pods were wanted and none came.',
  'LOST TO WAITING: what pods that were wanted and not Ready would have served. NODE-MINUTES and COST: nodes running or booting, over the time of the longest run.',
];
const LEVELS = ' ▁▂▃▄▅▆▇█';

function cells({ runs, perPod, most, nodeHourlyUsd }: TrafficReport): string[][] {
  const untilSeconds = Math.max(...runs.map(({ samples }) => samples.at(-1)?.atSeconds ?? 0));
  return runs.map((run) => {
    const { ninthSeconds, allReadySeconds, plateauSeconds, lostRequests, nodeMinutes } = figuresOf(run, { perPod, most, untilSeconds });
    const cost = (nodeMinutes / 60) * nodeHourlyUsd;
    const minutes = nodeMinutes.toFixed(1);
    return [
      run.title,
      seconds(ninthSeconds),
      seconds(allReadySeconds),
      seconds(plateauSeconds),
      String(run.requests.answered),
      String(Math.round(lostRequests)),
      minutes,
      `$${cost.toFixed(4)}`,
    ];
  });
}

export function terminalReport(report: TrafficReport, width: number): string {
  const { runs } = report;
  const most = Math.max(1, ...runs.flatMap(({ samples }) => samples.map((sample) => sample.requestsPerSecond)));
  const level = (value: number, top: number): string => LEVELS[Math.min(LEVELS.length - 1, Math.round((value / top) * (LEVELS.length - 1)))] ?? ' ';
  const since = 'the first user';
  const requests = terminalChart(runs, { width, since, value: (s) => s.requestsPerSecond, glyph: (value) => level(value, most) });
  const nodes = terminalChart(runs, { width, since, value: (s) => s.nodes, glyph: (value) => value.toString(36) });
  return `${table(HEAD, cells(report))}\n${NOTES.join('\n')}\n\nRequests a second, up to ${Math.round(most)}\n${requests}\n\nNodes paid for (a: 10)\n${nodes}`;
}

export function htmlReport(report: TrafficReport): string {
  const { runs, facts } = report;
  return htmlPage({
    title: 'Requests a second, and the nodes they need',
    facts,
    head: HEAD,
    rows: cells(report),
    charts: [
      svgChart(runs, { title: 'Requests answered a second', value: (s) => s.requestsPerSecond }),
      svgChart(runs, { title: 'Pods Ready (dashed: wanted)', value: (s) => s.ready, beside: (s) => s.wanted }),
      svgChart(runs, { title: 'Nodes paid for', value: (s) => s.nodes }),
      svgChart(runs, { title: 'Users', value: (s) => s.users }),
    ],
    notes: NOTES,
  });
}
