/** `argosy status`: how a cluster is doing. */
import { InvalidArgumentError, type Command } from 'commander';
import { readConfig, type ClusterConfig } from './config.ts';
import { connect, type ClusterStatus } from './control.ts';
import { clustersNamed, readFleet } from './fleet/clusters.ts';
import { formatDuration } from './duration.ts';
import { UserError } from './errors.ts';
import { clusterNames, clusterPaths, type ClusterPaths } from './home.ts';
import { clusterCommand, pathsOf, type ClusterOptions } from './options.ts';
import { table } from './table.ts';
import { version } from './version.ts';

interface StatusOptions extends ClusterOptions {
  output?: 'json';
}

export function statusCommand(): Command {
  return clusterCommand('status')
    .description('show how clusters are doing: all of them, or the one named by --name or --data')
    .option('-o, --output <format>', 'json', (format) => {
      if (format !== 'json') throw new InvalidArgumentError("the only other format is 'json'.");
      return format;
    })
    .action(async (options: StatusOptions, command: Command) => {
      const named = command.getOptionValueSource('name') === 'cli' || options.data !== undefined;
      const clusters = named ? clustersNamed(options.name, pathsOf(options)) : clusterNames().map((name) => ({ name, paths: clusterPaths(name) }));
      const reports = await Promise.all(clusters.map(({ name, paths }) => report(name, paths)));
      const isOne = named && readFleet(pathsOf(options)) === undefined;
      if (options.output === 'json') process.stdout.write(`${JSON.stringify(isOne ? reports[0] : reports, null, 2)}\n`);
      else process.stdout.write(reports.length === 0 ? 'no clusters; argosy up makes one\n' : text(reports));
    });
}

interface Report {
  name: string;
  state: 'up' | 'down';
  version: string;
  nodes: { min: number; max: number; now: ClusterStatus['nodes'] };
  pods: number;
  memoryBytes: number;
  url: string;
  bootDelay: string;
  dataDir: string;
  kubeconfig: string;
  pid?: number;
  upSeconds?: number;
}

async function report(name: string, paths: ClusterPaths): Promise<Report> {
  const config = readConfig(paths);
  if (config === undefined) throw new UserError(`there is no cluster '${name}' in ${paths.dataDir}`, 'argosy list shows all');
  const connection = await connect(paths.controlSocket);
  const status = await connection?.status();
  connection?.close();
  const known = fixed(config, paths);
  if (status === undefined) return { ...known, state: 'down' };
  return {
    ...known,
    state: 'up',
    nodes: { ...known.nodes, now: status.nodes },
    pods: status.pods,
    memoryBytes: status.memoryBytes,
    pid: status.pid,
    upSeconds: Math.round((Date.now() - status.startedAt) / 1000),
  };
}

function fixed(config: ClusterConfig, paths: ClusterPaths): Omit<Report, 'state'> {
  return {
    name: config.name,
    version,
    nodes: { min: sum(config.pools.map((pool) => pool.min)), max: sum(config.pools.map((pool) => pool.max)), now: [] },
    pods: 0,
    memoryBytes: 0,
    url: `https://127.0.0.1:${config.port}`,
    bootDelay: formatDuration(config.bootDelayMs),
    dataDir: paths.dataDir,
    kubeconfig: paths.kubeconfig,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function text(reports: readonly Report[]): string {
  return table(
    ['NAME', 'STATE', 'VERSION', 'NODES', 'PODS', 'MEMORY', 'BOOT DELAY', 'URL', 'DATA'],
    reports.map((r) => [
      r.name,
      r.state,
      r.version,
      `${r.nodes.now.length} (${r.nodes.min}..${r.nodes.max})`,
      String(r.pods),
      r.state === 'up' ? `${Math.round(r.memoryBytes / 2 ** 20)} MiB` : '-',
      r.bootDelay,
      r.url,
      r.dataDir,
    ]),
  );
}
