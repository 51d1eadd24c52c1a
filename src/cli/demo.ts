/** `argosy demo`: the capacity experiment without and with a placeholder, measured and drawn. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { homedir, totalmem, cpus } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { runExperiment } from './demo/experiment.ts';
import { htmlReport, terminalReport } from './demo/report.ts';
import type { Run } from './demo/series.ts';
import { packageRoot } from './package-root.ts';
import { realClock } from '../runtime/clock.ts';
import { controllerContext, runControllers } from '../runtime/context.ts';
import { httpClient } from '../runtime/http/client.ts';
import { loadKubeconfig } from '../runtime/http/kubeconfig.ts';
import { silentLogger } from '../runtime/log.ts';
import { realRandom } from '../runtime/random.ts';

interface DemoOptions {
  name: string;
  bootDelay: string;
  rate: number;
  report: string;
  json: boolean;
  delete: boolean;
}

const DEFAULT_BOOT_DELAY = '15s';
const MAX_NODES = 3;

export function demoCommand(): Command {
  return new Command('demo')
    .description('run the capacity experiment: how long until a fifth pod serves, without and with a placeholder')
    .option('--name <name>', 'name of the cluster to make; one of this name is deleted first', 'demo')
    .option('--boot-delay <duration>', 'how long the simulated cloud takes to boot a node (a real one: about 120s)', DEFAULT_BOOT_DELAY)
    .option('--rate <n>', 'requests a second the client sends', positive, 50)
    .option('--report <file>', 'where to write the HTML report', 'demo-report.html')
    .option('--json', 'print the measurements as JSON instead of the table', false)
    .option('--delete', 'delete the cluster at the end instead of leaving it to look around', false)
    .action((options: DemoOptions) => demo(options));
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('must be a number greater than 0.');
  return value;
}

async function demo(options: DemoOptions): Promise<void> {
  const startedAt = performance.now();
  const say = (line: string): void => {
    process.stderr.write(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${line}\n`);
  };
  // Each run has a cluster of its own, so that both start with one node; the second one stays.
  const runs: Run[] = [await oneRun(options, false, say), await oneRun(options, true, say)];
  const facts = [
    `A g6-standard-2 node (simulated; 2 vCPU, 4 GB) holds four pods of 0.8G. Boot delay ${options.bootDelay}. ${options.rate} requests a second from this machine.`,
    `Measured on ${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}, ${Math.round(totalmem() / 2 ** 30)} GiB, with kubectl and real containers; podinfo is a stand-in with its ports and paths.`,
  ];
  const report = resolve(options.report);
  mkdirSync(dirname(report), { recursive: true });
  writeFileSync(report, htmlReport(runs, facts));
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ bootDelay: options.bootDelay, ratePerSecond: options.rate, runs }, null, 2)}\n`);
  } else {
    process.stdout.write(`\n${facts.join('\n')}\n\n${terminalReport(runs, process.stdout.columns ?? 100)}\n\nReport: ${report}\n`);
  }
  if (options.delete) {
    argosy('delete', '--name', options.name);
    return;
  }
  process.stderr.write(`
The cluster is still there. Look around:
  export KUBECONFIG=${join(homedir(), '.argosy', options.name, 'kubeconfig')}
  kubectl get pods -o wide
  kubectl get events --sort-by=.lastTimestamp
  npx argosy delete --name ${options.name}     # when done
`);
}

async function oneRun(options: DemoOptions, withPlaceholder: boolean, say: (line: string) => void): Promise<Run> {
  const title = withPlaceholder ? 'with a placeholder' : 'without a placeholder';
  say(`── ${title} ──`);
  argosy('delete', '--name', options.name);
  argosy('up', '--name', options.name, '--nodes', `1..${MAX_NODES}`, '--boot-delay', options.bootDelay);
  say(`cluster '${options.name}' is up: one node, room for ${MAX_NODES}`);
  const kubeconfig = join(homedir(), '.argosy', options.name, 'kubeconfig');
  const client = httpClient(await loadKubeconfig(kubeconfig));
  const ctx = controllerContext({ client, clock: realClock, random: realRandom, log: silentLogger });
  const stop = new AbortController();
  const informers = runControllers(ctx, [], stop.signal);
  try {
    return await runExperiment({
      title,
      kubeconfig,
      ctx,
      withPlaceholder,
      say,
      kubectl: 'kubectl',
      examplesDir: join(packageRoot, 'examples/capacity'),
      ratePerSecond: options.rate,
      tailSeconds: 2,
      timeoutSeconds: 600,
    });
  } finally {
    stop.abort();
    await informers;
    await client.close();
  }
}

/** Runs another command of ours, as a user would; its words are shown only when it fails. */
function argosy(...args: string[]): void {
  try {
    execFileSync(join(packageRoot, 'bin/argosy'), args, { stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    const { stderr, stdout } = error as { stderr?: Buffer; stdout?: Buffer };
    throw new Error(`argosy ${args.join(' ')} failed:\n${stderr?.toString() ?? ''}${stdout?.toString() ?? ''}`, { cause: error });
  }
}
