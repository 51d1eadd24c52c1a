/** `argosy load`: requests at a URL or a service of the cluster, and how it answers. */
import { readFileSync, writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { formatDuration, parseDuration } from './duration.ts';
import { UserError } from './errors.ts';
import { findTarget } from './load/target.ts';
import { whileWatching } from './load/watching.ts';
import { httpTransport, whyUnreachable, type HttpRequest } from '../load/http/transport.ts';
import { liveView } from '../load/live.ts';
import { preciseClock } from '../load/precise-clock.ts';
import { htmlReport } from '../load/report.ts';
import { runLoad, type LoadPlan } from '../load/run.ts';
import { parseRate } from '../load/schedule.ts';
import { summary } from '../load/summary.ts';
import { realRandom } from '../runtime/random.ts';

export interface LoadOptions {
  namespace?: string;
  kubeconfig?: string;
  context?: string;
  path: string;
  users?: number;
  spawnRate?: number;
  wait?: { min: number; max: number };
  rate?: string;
  for?: number;
  method: string;
  header: [string, string][];
  body?: string;
  timeout: number;
  connections?: number;
  reuse: number;
  insecure: boolean;
  output: 'text' | 'json';
  report?: string;
}

const DEFAULT_USERS = 10;
const DEFAULT_MS = 60_000;
const DEFAULT_CONNECTIONS = 1000;
const REACH_MS = 900;

export function loadCommand(): Command {
  return new Command('load')
    .description('send requests as users who wait for answers, or at a rate whatever the answers take, and measure')
    .argument('<target>', 'a URL, or service/NAME[:PORT] of the cluster')
    .option('-n, --namespace <name>', "the service's namespace (default: the kubeconfig's)")
    .option('--kubeconfig <file>', 'which cluster (default: $KUBECONFIG, ~/.kube/config, or the only cluster of argosy list)')
    .option('--context <name>', "the kubeconfig's context")
    .option('--path <path>', 'what to ask a service for', '/')
    .option('--users <n>', `users, each of whom waits for its answer before it sends again (default: ${DEFAULT_USERS})`, whole)
    .option('--spawn-rate <n>', 'users that begin a second (default: all within the first)', positive)
    .option('--wait <min-max>', "a user's wait between an answer and the next request: 1s, or 1s-3s (default: none)", waitRange)
    .option('--rate <rate>', 'requests a second instead of users: 500/s, a ramp 0-1000/s, or steps 100/s:1m,200/s:1m')
    .option('--for <duration>', `how long (default: ${formatDuration(DEFAULT_MS)})`, duration)
    .option('--method <method>', 'of the requests', method, 'GET')
    .addOption(new Option('-H, --header <line>', "'Name: value'; may be repeated").argParser(header).default([] as [string, string][], 'none'))
    .option('--body <text>', 'what to send, or @FILE')
    .option('--timeout <duration>', 'give up on an answer after', duration, 10_000)
    .option('--connections <n>', `with --rate: connections at most (default: ${DEFAULT_CONNECTIONS})`, whole)
    .option('--reuse <n>', 'requests a connection carries before a new one takes its place (default: all)', whole, Number.POSITIVE_INFINITY)
    .option('--insecure', 'take any certificate', false)
    .addOption(new Option('-o, --output <format>', 'output format').choices(['text', 'json']).default('text'))
    .option('--report <file>', 'write an HTML page with charts')
    .addHelpText(
      'after',
      '\nExamples:\n  argosy load service/podinfo --users 300 --spawn-rate 0.4 --for 5m\n  argosy load http://10.200.0.7/ --rate 500/s --for 1m --report load.html\n',
    )
    .action((target: string, options: LoadOptions) => load(target, options));
}

function checked<T>(read: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return read(text);
    } catch (error) {
      throw new InvalidArgumentError(`${(error as Error).message}.`);
    }
  };
}

const duration = checked((text) => {
  const ms = parseDuration(text);
  if (ms === 0) throw new Error('must be longer than 0');
  return ms;
});

const waitRange = checked((text) => {
  const [min = '', max = min, ...more] = text.split('-');
  const wait = { min: parseDuration(min), max: parseDuration(max) };
  if (more.length > 0 || wait.max < wait.min) throw new Error('write the shorter wait first: 1s-3s');
  return wait;
});

const whole = checked((text) => {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error('must be a whole number of at least 1');
  return Number(text);
});

const positive = checked((text) => {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new Error('must be a number greater than 0');
  return value;
});

const method = checked((text) => {
  if (!/^[A-Za-z]+$/.test(text)) throw new Error('must be a method like GET or POST');
  return text.toUpperCase();
});

function header(line: string, before: [string, string][]): [string, string][] {
  const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n]*)$/.exec(line);
  if (match === null) throw new InvalidArgumentError(`'${line}': write it as 'Name: value'.`);
  return [...before, [match[1]!, match[2]!]];
}

function planOf(options: LoadOptions): LoadPlan {
  if (options.rate === undefined) {
    if (options.connections !== undefined)
      throw new UserError('--connections goes with --rate: each user has a connection of its own', 'leave it away, or say --rate');
    const users = options.users ?? DEFAULT_USERS;
    const waitMs = options.wait ?? { min: 0, max: 0 };
    return {
      profile: { loop: 'closed', users, spawnRate: options.spawnRate ?? users, waitMs },
      durationMs: options.for ?? DEFAULT_MS,
      timeoutMs: options.timeout,
    };
  }
  for (const name of ['users', 'spawnRate', 'wait'] as const) {
    if (options[name] === undefined) continue;
    const flag = name === 'spawnRate' ? 'spawn-rate' : name;
    throw new UserError(`--${flag} and --rate exclude each other: users wait for answers, a rate does not`, `leave one of them away`);
  }
  try {
    const needsLength = !/:[^,]*$/.test(options.rate);
    const steps = parseRate(options.rate, options.for ?? (needsLength ? DEFAULT_MS : undefined), parseDuration);
    const durationMs = steps.reduce((sum, step) => sum + step.ms, 0);
    return { profile: { loop: 'open', steps, connections: options.connections ?? DEFAULT_CONNECTIONS }, durationMs, timeoutMs: options.timeout };
  } catch (error) {
    throw new UserError(`--rate: ${(error as Error).message}`);
  }
}

function bodyOf(text: string | undefined): Buffer | undefined {
  if (!text?.startsWith('@')) return text === undefined ? undefined : Buffer.from(text);
  try {
    return readFileSync(text.slice(1));
  } catch (error) {
    throw new UserError(`--body: ${(error as Error).message}`);
  }
}

async function load(given: string, options: LoadOptions): Promise<void> {
  const plan = planOf(options);
  const body = bodyOf(options.body);
  if (options.report !== undefined) writeReport(options.report, '');
  const target = await findTarget(given, options);
  try {
    const request: HttpRequest = {
      url: target.url,
      method: options.method,
      headers: [...target.headers, ...options.header],
      body,
      tls: { ...target.tls, ...(options.insecure ? { rejectUnauthorized: false } : {}) },
      requestsPerConnection: options.reuse,
    };
    const why = await whyUnreachable(request, REACH_MS);
    if (why !== undefined) {
      throw new UserError(
        `${target.url.origin} does not answer: ${why}`,
        why.startsWith('TLS') ? '--insecure takes any certificate' : 'start what listens there, or check host and port',
      );
    }
    const transport = await httpTransport(request);
    const shown = `${options.method} ${target.url.href.replace(/\/\/[^/@]*@/, '//')}`;
    const what = describe(options, plan);
    process.stderr.write(`${shown}${target.through === undefined ? '' : ` (service, through ${target.through})`}: ${what}\n`);
    const stop = new AbortController();
    const interrupt = (): void => stop.abort();
    process.once('SIGINT', interrupt);
    process.once('SIGTERM', interrupt);
    const { result, cluster } = await whileWatching(target, (watched) => {
      const live = liveView(process.stderr, plan.durationMs);
      return runLoad({ clock: preciseClock, random: realRandom, transport }, plan, stop.signal, (point) => {
        live(point);
        watched(point.at);
      });
    });
    process.removeListener('SIGINT', interrupt);
    process.removeListener('SIGTERM', interrupt);
    if (options.report !== undefined) writeReport(options.report, htmlReport({ target: shown, load: what, result, cluster }));
    if (options.output === 'json') process.stdout.write(`${JSON.stringify({ target: shown, load: what, ...result, cluster }, null, 2)}\n`);
    else process.stdout.write(`\n${summary(result)}${options.report === undefined ? '' : `  report       ${options.report}\n`}`);
  } finally {
    await target.close();
  }
}

/** Before the run too: a place that cannot be written must not cost the run. */
function writeReport(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new UserError(`--report: ${(error as Error).message}`, 'name a file in a directory that is there');
  }
}

function describe(options: LoadOptions, { profile, durationMs }: LoadPlan): string {
  const long = `for ${formatDuration(durationMs)}`;
  return profile.loop === 'open' ? `${options.rate} ${long}` : `${profile.users} users, ${profile.spawnRate} more a second, ${long}`;
}
