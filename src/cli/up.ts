/** `argosy up`: makes a cluster, or brings it back, and returns when it answers. */
import type { Command } from 'commander';
import { freeClusterNumber, takenAddresses } from '../network/index.ts';
import { addApiOptions, apiWishes, type ApiOptions, type ApiSettings } from './api-options.ts';
import {
  checkDuration,
  checkInstanceType,
  checkMetrics,
  checkName,
  checkNodes,
  checkPort,
  DEFAULTS,
  readConfig,
  writeConfig,
  type ClusterConfig,
  type PoolConfig,
  type Wishes,
} from './config.ts';
import { connect } from './control.ts';
import { UserError } from './errors.ts';
import { readFleetFile } from './fleet-file.ts';
import { upFleet } from './fleet/up.ts';
import { clusterNames, clusterPaths, linkDataDir, shareWithCaller, upLock, type ClusterPaths } from './home.ts';
import { startClusterProcess, type StartedCluster } from './launch.ts';
import { withLock } from './lock.ts';
import { checkMachine, PROMETHEUS, freePort, isPortFree } from './needs.ts';
import { clusterCommand, type ClusterOptions } from './options.ts';
import { hasLeftovers, sweep } from './sweep.ts';

export interface UpOptions extends ClusterOptions, ApiOptions {
  file?: string;
  port?: string;
  bootDelay?: string;
  nodeType?: string;
  scaleDownAfter?: string;
  metrics?: string | true;
  nodes?: string;
  foreground?: boolean;
  fleet?: boolean;
  hub?: boolean;
}

export function upCommand(): Command {
  const command = clusterCommand('up')
    .description('boot a cluster on this machine, or bring one back with all its objects')
    .option('--port <port>', 'port of the API on 127.0.0.1 (default: the first free from 6443)')
    .option('--boot-delay <duration>', 'how long the simulated cloud takes to boot a node (default: 120s)')
    .option('--node-type <type>', `instance type of the nodes (default: ${DEFAULTS.pools[0].type})`)
    .option('--nodes <min..max>', 'fewest and most nodes (default: 1..5)')
    .option('--scale-down-after <duration>', 'how long a node must be idle before it is given back (default: 10m)')
    .option('--metrics [url]', "run Prometheus in the cluster, as http://prometheus-server, or use the one at this address; 'off' ends it")
    .option('-f, --file <fleet.yaml>', 'read these settings from a file; options win over it')
    .option('--fleet', 'a hub and the clusters eu, ap and us, joined; or those of the file')
    .option('--hub', 'a hub alone, without nodes, for clusters that join it')
    .option('--foreground', 'stay, and print the log; Ctrl-C stops the cluster');
  return addApiOptions(command)
    .addHelpText('after', '\nSettings are kept in cluster.json: a later `argosy up` needs none, and changes those it is given.')
    .action((options: UpOptions, command: Command) => up(options, command.getOptionValueSource('name') === 'cli'));
}

async function up(options: UpOptions, isNamed: boolean): Promise<void> {
  const fleetFile = options.file === undefined ? undefined : readFleetFile(options.file);
  if (options.fleet || (fleetFile !== undefined && fleetFile.clusters.length > 1)) return upFleet(options, isNamed, fleetFile);
  const file: Wishes = { ...fleetFile?.clusters[0]?.wishes, ...(options.hub || fleetFile?.clusters[0]?.isHub ? { role: 'hub' } : {}) };
  const name = checkName(isNamed ? options.name : (file.name ?? options.name), '--name');
  const paths = clusterPaths(name, options.data);
  const before = readConfig(paths);
  const wishes = { ...file, ...optionWishes(options, file.pools ?? before?.pools ?? DEFAULTS.pools) };
  const api = await apiWishes(options, before, paths);
  const { metrics, imagePolicy } = { ...DEFAULTS, ...before, ...wishes };
  checkMachine(paths.dataDir, metrics === 'on' && imagePolicy === 'host' ? PROMETHEUS : {});
  const say = sayer();
  const cluster = await withLock(upLock, async () => {
    const config = await prepare(name, paths, wishes, api, say);
    return config && launch(config, paths, options.foreground === true, say);
  });
  if (cluster === undefined) process.stdout.write(`cluster '${name}' is running already\n`);
  if (options.foreground) await cluster?.ended();
  else process.stdout.write(howToUse(name, paths));
}

/** Lines with the seconds since the command began. */
export function sayer(): (line: string) => void {
  const startedAt = performance.now();
  return (line) => void process.stderr.write(`${((performance.now() - startedAt) / 1000).toFixed(2).padStart(6)} s  ${line}\n`);
}

/** Settles what the cluster is to be like and writes it down; undefined when it runs already. Only under the lock. */
export async function prepare(
  name: string,
  paths: ClusterPaths,
  wishes: Wishes,
  api: ApiSettings,
  say: (line: string) => void,
): Promise<ClusterConfig | undefined> {
  if (await isRunning(name, paths)) return undefined;
  const before = readConfig(paths);
  if (before !== undefined && before.name !== name) {
    throw new UserError(`${paths.dataDir} holds the data of cluster '${before.name}'`, `say --name ${before.name}, or another --data`);
  }
  if (before === undefined && hasLeftovers(name)) {
    say(`removing what an earlier cluster '${name}' left behind`);
    await sweep(name, paths);
  }
  const config = { ...(await settle(name, before, wishes)), ...api };
  linkDataDir(name, paths.dataDir);
  writeConfig(paths, config);
  return config;
}

/** Resolves when the cluster answers. */
export async function launch(config: ClusterConfig, paths: ClusterPaths, foreground: boolean, say: (line: string) => void): Promise<StartedCluster> {
  const cluster = await startClusterProcess({ paths, config, foreground, say });
  shareWithCaller(paths);
  return cluster;
}

/** What the options say; --node-type and --nodes change `pools`, of which there must be just one. */
export function optionWishes(options: UpOptions, pools: readonly PoolConfig[]): Wishes {
  const wishes: Wishes = {};
  if (options.port !== undefined) wishes.port = checkPort(options.port, '--port');
  if (options.bootDelay !== undefined) wishes.bootDelayMs = checkDuration(options.bootDelay, '--boot-delay');
  if (options.scaleDownAfter !== undefined) wishes.scaleDownAfterMs = checkDuration(options.scaleDownAfter, '--scale-down-after');
  if (options.metrics !== undefined) wishes.metrics = checkMetrics(options.metrics, '--metrics');
  if (options.nodeType !== undefined || options.nodes !== undefined) {
    if (pools.length > 1) throw new UserError('--node-type and --nodes: the cluster has several node pools', 'change them in the file');
    wishes.pools = pools.map((pool) => ({
      ...pool,
      ...(options.nodeType === undefined ? {} : { type: checkInstanceType(options.nodeType, '--node-type') }),
      ...(options.nodes === undefined ? {} : checkNodes(options.nodes, '--nodes')),
    }));
  }
  return wishes;
}

async function isRunning(name: string, paths: ClusterPaths): Promise<boolean> {
  const connection = await connect(paths.controlSocket);
  if (connection === undefined) return false;
  const { dataDir } = await connection.status();
  connection.close();
  if (dataDir === paths.dataDir) return true;
  throw new UserError(`a cluster '${name}' is running with its data in ${dataDir}`, `choose another --name, or: argosy down --name ${name} --data ${dataDir}`);
}

/** What was settled before stays, except for what is wished for now. */
async function settle(name: string, before: ClusterConfig | undefined, wishes: Wishes): Promise<ClusterConfig> {
  const others = clusterNames()
    .filter((other) => other !== name)
    .map((other) => readConfig(clusterPaths(other)))
    .filter((c) => c !== undefined);
  let number = before?.number;
  if (number === undefined) {
    const { numbers, routes } = await takenAddresses();
    number = freeClusterNumber(new Set([...numbers, ...others.map((other) => other.number)]), routes);
  }
  let port = wishes.port ?? before?.port;
  if (port === undefined) port = await freePort(new Set(others.map((other) => other.port)));
  else if (!(await isPortFree(port))) throw new UserError(`port ${port} of 127.0.0.1 is taken by another program`, 'stop it, or choose another with --port');
  // What is not said of the API is settled elsewhere, and may have been taken back.
  const { audit: _audit, oidc: _oidc, ...kept } = before ?? {};
  return { ...DEFAULTS, pools: [...DEFAULTS.pools], ...kept, ...wishes, name, number, port };
}

function howToUse(name: string, paths: ClusterPaths): string {
  const flags = `${name === DEFAULTS.name ? '' : ` --name ${name}`}`;
  return `
  export KUBECONFIG=${paths.kubeconfig}
  kubectl get nodes

  npx argosy status${flags}    npx argosy down${flags}    npx argosy delete${flags}
`;
}
