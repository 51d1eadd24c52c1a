/** `argosy up --fleet`: boots a hub and its members at once, joins them, and returns when all are ready. */
import { join } from 'node:path';
import { apiWishes } from '../api-options.ts';
import { checkName, DEFAULTS, readConfig, type ClusterConfig, type Place, type Wishes } from '../config.ts';
import { UserError } from '../errors.ts';
import type { FileCluster, FleetFile } from '../fleet-file.ts';
import { clusterPaths, shareWithCaller, upLock, type ClusterPaths } from '../home.ts';
import { withLock } from '../lock.ts';
import { checkMachine, PROMETHEUS } from '../needs.ts';
import { launch, optionWishes, prepare, sayer, type UpOptions } from '../up.ts';
import { readFleet, writeFleet, type FleetRecord } from './clusters.ts';
import { join as joinFleet, untilReady } from './join.ts';
import { mergeKubeconfigs } from './kubeconfig.ts';
import { reachHub, reachMember } from './reach.ts';

const NAME = 'fleet';
/** The article's three regions, under the names that its cloud gives them. */
const CLUSTERS: readonly FileCluster[] = [
  { isHub: true, wishes: { name: 'hub' } },
  { isHub: false, region: 'eu-west', provider: 'local', wishes: { name: 'eu' } },
  { isHub: false, region: 'ap-south', provider: 'local', wishes: { name: 'ap' } },
  { isHub: false, region: 'us-west', provider: 'local', wishes: { name: 'us' } },
];

interface Planned extends Place {
  /** Its context, and its name on the hub. */
  name: string;
  /** On this machine. */
  cluster: string;
  paths: ClusterPaths;
  isHub: boolean;
  wishes: Wishes;
}

export async function upFleet(options: UpOptions, isNamed: boolean, file: FleetFile | undefined): Promise<void> {
  if (options.foreground) throw new UserError('--foreground: a fleet has several processes', 'leave it away; argosy logs --name CLUSTER -f follows one');
  if (options.port !== undefined) throw new UserError("--port: a fleet's clusters have a port each", 'name them in a file: argosy up -f fleet.yaml');
  const name = checkName(isNamed ? options.name : (file?.name ?? NAME), '--name');
  const home = clusterPaths(name, options.data);
  if (readConfig(home) !== undefined) throw new UserError(`'${name}' is a cluster, not a fleet`, 'choose another --name for the fleet');
  const planned = plan(name, home, options, file, readFleet(home));
  const metrics = planned.some(({ wishes }) => wishes.metrics === 'on' && (wishes.imagePolicy ?? DEFAULTS.imagePolicy) === 'host');
  checkMachine(home.dataDir, metrics ? PROMETHEUS : {});
  const say = sayer();
  await withLock(upLock, () => startAll(planned, options, say));
  writeFleet(home, { name, clusters: planned.map(({ name: own, cluster, paths, isHub }) => ({ name: own, cluster, dataDir: paths.dataDir, isHub })) });
  mergeKubeconfigs(
    planned.map(({ paths }) => paths.kubeconfig),
    home.kubeconfig,
  );
  shareWithCaller(home);
  await joinAll(planned, say);
  process.stdout.write(howToUse(name, home, planned));
}

/** What the file says, else what is there already, else the three regions. */
function plan(fleet: string, home: ClusterPaths, options: UpOptions, file: FleetFile | undefined, before: FleetRecord | undefined): Planned[] {
  const clusters: readonly FileCluster[] =
    file !== undefined && file.clusters.length > 1
      ? file.clusters
      : before !== undefined
        ? before.clusters.map(({ name, isHub }) => CLUSTERS.find((known) => known.wishes.name === name && known.isHub === isHub) ?? { isHub, wishes: { name } })
        : CLUSTERS;
  return clusters
    .map(({ isHub, wishes, ...place }): Planned => {
      const name = wishes.name ?? '';
      const cluster = checkName(`${fleet}-${name}`, `clusters: ${name}`);
      const paths = clusterPaths(cluster, options.data === undefined ? undefined : join(home.dataDir, name));
      const own = isHub ? {} : optionWishes(options, wishes.pools ?? readConfig(paths)?.pools ?? DEFAULTS.pools);
      return { ...place, name, cluster, paths, isHub, wishes: { ...wishes, ...own, name: cluster, context: name, fleet, ...(isHub ? { role: 'hub' } : {}) } };
    })
    .toSorted((a, b) => Number(b.isHub) - Number(a.isHub));
}

/** Numbers and ports are chosen one after the other, then all start at once. */
async function startAll(planned: readonly Planned[], options: UpOptions, say: (line: string) => void): Promise<void> {
  const toStart: { config: ClusterConfig; planned: Planned }[] = [];
  for (const one of planned) {
    const config = await prepare(one.cluster, one.paths, one.wishes, await apiWishes(options, readConfig(one.paths), one.paths), say);
    if (config === undefined) say(`${one.name}: is running already`);
    else toStart.push({ config, planned: one });
  }
  const started = await Promise.allSettled(toStart.map(({ config, planned: one }) => launch(config, one.paths, false, (line) => say(`${one.name}: ${line}`))));
  const failed = started.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

async function joinAll(planned: readonly Planned[], say: (line: string) => void): Promise<void> {
  const hub = planned.find(({ isHub }) => isHub);
  if (hub === undefined) throw new Error('a fleet has a hub');
  const reached = await reachHub({ hubKubeconfig: hub.paths.kubeconfig });
  try {
    await Promise.all(
      planned
        .filter(({ isHub }) => !isHub)
        .map(async ({ name, paths, region, zone, provider }) => {
          const member = await reachMember(name, { kubeconfig: paths.kubeconfig });
          try {
            const place = {
              ...(region === undefined ? {} : { region }),
              ...(zone === undefined ? {} : { zone }),
              ...(provider === undefined ? {} : { provider }),
            };
            await joinFleet(name, reached, { ...member, isOurs: true, what: `cluster '${name}'` }, { pull: true, ...place });
            await untilReady(reached.client, name);
            say(`${name}: is a ready member`);
          } finally {
            await member.client.close();
          }
        }),
    );
  } finally {
    await reached.client.close();
  }
}

function howToUse(name: string, home: ClusterPaths, planned: readonly Planned[]): string {
  const flags = ` --name ${name}`;
  const hub = planned.find(({ isHub }) => isHub)?.name ?? '';
  const member = planned.find(({ isHub }) => !isHub)?.name ?? '';
  return `
  export KUBECONFIG=${home.kubeconfig}
  kubectl --context ${hub} get clusters
  kubectl --context ${member} get nodes

  npx argosy status${flags}    npx argosy down${flags}    npx argosy delete${flags}
`;
}
