/** `argosy demo`: the article's two experiments, measured and drawn. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { dirname, resolve } from 'node:path';
import { Argument, Command, InvalidArgumentError } from 'commander';
import { argosy, kubeconfigOf, withCluster } from './demo/cluster.ts';
import * as fifthPod from './demo/fifth-pod-report.ts';
import { runExperiment } from './demo/fifth-pod.ts';
import type { Run as FifthPodRun } from './demo/fifth-pod-series.ts';
import * as traffic from './demo/traffic-report.ts';
import { runTraffic, type Headroom } from './demo/traffic.ts';
import { instanceType } from '../cloud/catalogue/index.ts';

interface DemoOptions {
  name: string;
  bootDelay?: string;
  rate: number;
  users: number;
  spawnRate: number;
  bufferNodes: number[];
  oneByOne: boolean;
  report: string;
  json: boolean;
  delete: boolean;
}

type Say = (line: string) => void;

const NODE_TYPE = 'g6-standard-2';
const FIFTH_POD_MAX_NODES = 3;
const TRAFFIC_NODES = '2..11';
/** As rate-limiter.yaml and scaled-object.yaml say. */
const TRAFFIC = { perPod: 10, most: 30 };
const TRAFFIC_LIMIT_SECONDS = 2400;
const TRAFFIC_TAIL_SECONDS = 20;
const WAIT_SECONDS = 600;

export function demoCommand(): Command {
  return new Command('demo')
    .description('run an experiment: how fast a fifth pod serves (capacity), or how requests a second climb with the nodes (rps)')
    .addArgument(new Argument('[experiment]', 'which one').choices(['capacity', 'rps']).default('capacity'))
    .option('--name <name>', 'name of the cluster to make; one of this name is deleted first', 'demo')
    .option('--boot-delay <duration>', 'how long the simulated cloud takes to boot a node; a real one about 120s (default: 15s, of rps 60s)')
    .option('--rate <n>', 'capacity: requests a second the client sends', positive, 50)
    .option('--users <n>', 'rps: users in the end', positive, 300)
    .option('--spawn-rate <n>', 'rps: users that come a second (the article: 0.4)', positive, 3)
    .option('--buffer-nodes <n,...>', 'rps: nodes that a buffer keeps free; for each number a run', positives, [2])
    .option('--one-by-one', 'rps: one run after the other instead of a cluster for each at a time', false)
    .option('--report <file>', 'where to write the HTML report', 'demo-report.html')
    .option('--json', 'print the measurements as JSON instead of the table', false)
    .option('--delete', 'delete the clusters at the end instead of leaving them to look around', false)
    .action((experiment: string, options: DemoOptions) => demo(experiment, options));
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('must be a number greater than 0.');
  return value;
}

function positives(text: string): number[] {
  const values = text.split(',').map(Number);
  if (!values.every((value) => Number.isInteger(value) && value > 0)) throw new InvalidArgumentError('must be whole numbers greater than 0, like 2 or 2,3.');
  return values;
}

async function demo(experiment: string, options: DemoOptions): Promise<void> {
  const startedAt = performance.now();
  const say: Say = (line) => {
    process.stderr.write(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${line}\n`);
  };
  const report = resolve(options.report);
  mkdirSync(dirname(report), { recursive: true });
  const names = await (experiment === 'rps' ? rps(options, say, report) : capacity(options, say, report));
  if (!options.json) process.stdout.write(`\nReport: ${report}\n`);
  if (options.delete) {
    for (const name of names) await argosy('delete', '--name', name);
    return;
  }
  const last = names.at(-1) ?? options.name;
  process.stderr.write(`
The cluster is still there. Look around:
  export KUBECONFIG=${kubeconfigOf(last)}
  kubectl get pods -o wide
  kubectl get events --sort-by=.lastTimestamp
${names.map((name) => `  npx argosy delete --name ${name}     # when done\n`).join('')}`);
}

function machine(): string {
  return `Measured on ${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}, ${Math.round(totalmem() / 2 ** 30)} GiB, with kubectl and real containers`;
}

function show(options: DemoOptions, facts: readonly string[], terminal: string, json: object): void {
  if (options.json) process.stdout.write(`${JSON.stringify(json, null, 2)}\n`);
  else process.stdout.write(`\n${facts.join('\n')}\n\n${terminal}\n`);
}

/** Answers the clusters it leaves. */
async function capacity(options: DemoOptions, say: Say, report: string): Promise<string[]> {
  const { name, bootDelay = '15s', rate: ratePerSecond } = options;
  const runs: FifthPodRun[] = [];
  // Each run has a cluster of its own, so that both start with one node; the second one stays.
  for (const withPlaceholder of [false, true]) {
    const title = withPlaceholder ? 'with a placeholder' : 'without a placeholder';
    say(`── ${title} ──`);
    const up = ['--nodes', `1..${FIFTH_POD_MAX_NODES}`, '--boot-delay', bootDelay];
    runs.push(
      await withCluster({ name, up, timeoutSeconds: WAIT_SECONDS, say }, (cluster) => {
        say(`cluster '${name}' is up: one node, room for ${FIFTH_POD_MAX_NODES}`);
        return runExperiment(cluster, { title, withPlaceholder, ratePerSecond, tailSeconds: 2, say });
      }),
    );
  }
  const facts = [
    `A ${NODE_TYPE} node (simulated; 2 vCPU, 4 GB) holds four pods of 0.8G. Boot delay ${bootDelay}. ${ratePerSecond} requests a second from this machine.`,
    `${machine()}; podinfo is a stand-in with its ports and paths.`,
  ];
  writeFileSync(report, fifthPod.htmlReport(runs, facts));
  show(options, facts, fifthPod.terminalReport(runs, process.stdout.columns ?? 100), { bootDelay, ratePerSecond, runs });
  return [name];
}

async function rps(options: DemoOptions, say: Say, report: string): Promise<string[]> {
  const { bootDelay = '60s', users, spawnRate, bufferNodes } = options;
  const kinds: { headroom: Headroom; title: string; name: string }[] = [
    { headroom: 'none', title: 'no headroom', name: `${options.name}-none` },
    { headroom: 'placeholder', title: 'a placeholder', name: `${options.name}-placeholder` },
    ...bufferNodes.map((n) => ({ headroom: { bufferNodes: n }, title: `a buffer of ${n} ${n === 1 ? 'node' : 'nodes'}`, name: `${options.name}-buffer-${n}` })),
  ];
  let waiting = kinds.length;
  const run = async ({ headroom, title, name }: (typeof kinds)[number]) => {
    const tell: Say = (line) => say(`${title.padEnd(20)}  ${line}`);
    const up = ['--nodes', TRAFFIC_NODES, '--boot-delay', bootDelay, '--metrics'];
    return withCluster({ name, up, timeoutSeconds: WAIT_SECONDS, say: tell }, (cluster) => {
      tell(`cluster '${cluster.name}' is up`);
      let reached = false;
      return runTraffic(cluster, {
        title,
        headroom,
        users,
        spawnRate,
        most: TRAFFIC.most,
        limitSeconds: TRAFFIC_LIMIT_SECONDS,
        tailSeconds: TRAFFIC_TAIL_SECONDS,
        reached: () => {
          reached = true;
          waiting--;
        },
        isOver: () => (options.oneByOne ? reached : waiting === 0),
        say: tell,
      });
    });
  };
  const runs = [];
  if (options.oneByOne) for (const kind of kinds) runs.push(await run(kind));
  else runs.push(...(await Promise.all(kinds.map(run))));
  const hourlyUsd = instanceType(NODE_TYPE)?.hourlyUsd ?? 0;
  const facts = [
    `Each pod serves ${TRAFFIC.perPod} requests a second; ${users} users want more, ${spawnRate} more of them each second. A ${NODE_TYPE} node (simulated; $${hourlyUsd} an hour) holds four pods and takes ${bootDelay} to boot.`,
    `The autoscaler reads the requests from Prometheus every 15 s: as many pods as 8 requests a second each make (sum(increase(http_requests_total[60s])), threshold 480).`,
    `${machine()}, ${options.oneByOne ? 'one run after the other' : 'the runs at the same time'}. Prometheus is the real one; the app is a stand-in.`,
  ];
  const result = { runs, facts, ...TRAFFIC, nodeHourlyUsd: hourlyUsd };
  writeFileSync(report, traffic.htmlReport(result));
  show(options, facts, traffic.terminalReport(result, process.stdout.columns ?? 100), { bootDelay, users, spawnRate, bufferNodes, runs });
  return kinds.map(({ name }) => name);
}
