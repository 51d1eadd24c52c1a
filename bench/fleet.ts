/** A fleet: how soon it is ready, what it holds, how long a template takes to its members, and what a hub does with 5,000 workloads. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { loadCustomResources } from '../src/apiserver/crd/controller.ts';
import { createEngine, inProcessClient, type ClosableEngine } from '../src/apiserver/index.ts';
import { memberApi } from '../src/cli/cluster/member-api.ts';
import { ensureOwnKinds } from '../src/cli/cluster/own-kinds.ts';
import { servedKinds } from '../src/cli/cluster/stored-kinds.ts';
import { ensureHub, hubControllers, runAgent } from '../src/fleet/index.ts';
import { resourceBindings } from '../src/fleet/kinds/binding.ts';
import { clusters } from '../src/fleet/kinds/cluster.ts';
import { propagationPolicies, type PropagationPolicy } from '../src/fleet/kinds/policy.ts';
import { works } from '../src/fleet/kinds/work.ts';
import { getCondition } from '../src/kube/conditions.ts';
import { deployments } from '../src/kube/resources.ts';
import type { Deployment } from '../src/kube/types.ts';
import type { Client } from '../src/runtime/client.ts';
import { realClock } from '../src/runtime/clock.ts';
import { controllerContext, runControllers } from '../src/runtime/context.ts';
import { httpClient } from '../src/runtime/http/client.ts';
import { loadKubeconfig } from '../src/runtime/http/kubeconfig.ts';
import { silentLogger } from '../src/runtime/log.ts';
import { realRandom } from '../src/runtime/random.ts';
import { hubWorkloadControllers, storedResources } from '../src/workloads/index.ts';
import { processesNaming } from './processes.ts';
import type { Figure } from './spread.ts';

const IDLE_SECONDS = 10;
const TEMPLATES = 200;
const MANY_MEMBERS = 100;
const MANY_TEMPLATES = 50;
const WORKLOADS = 5000;
const ROOT = join(import.meta.dirname, '..');
const run = promisify(execFile);

function deployment(name: string): Deployment {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default' },
    // None runs: only the way of the object is measured.
    spec: { replicas: 0, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'main' }] } } },
  };
}

const policy: PropagationPolicy = {
  apiVersion: 'policy.karmada.io/v1alpha1',
  kind: 'PropagationPolicy',
  metadata: { name: 'all', namespace: 'default' },
  spec: {
    resourceSelectors: [{ apiVersion: 'apps/v1', kind: 'Deployment' }],
    placement: { replicaScheduling: { replicaSchedulingType: 'Divided', replicaDivisionPreference: 'Weighted' } },
  },
};

/** Milliseconds from before the template is sent until the last member has the object. */
async function latencies(hub: Client, members: readonly Client[], count: number): Promise<number[]> {
  const abort = new AbortController();
  const arrived = new Map<string, { left: number; done: () => void }>();
  for (const member of members) {
    const { metadata } = await member.list(deployments);
    void (async () => {
      for await (const event of member.watch(deployments, { resourceVersion: metadata.resourceVersion, signal: abort.signal })) {
        if (event.type !== 'ADDED') continue;
        const waiting = arrived.get(event.object.metadata.name ?? '');
        if (waiting !== undefined && --waiting.left === 0) waiting.done();
      }
    })().catch(() => undefined);
  }
  const found: number[] = [];
  for (let i = 0; i < count; i++) {
    const name = `measured-${i}`;
    const all = Promise.withResolvers<void>();
    arrived.set(name, { left: members.length, done: all.resolve });
    const from = performance.now();
    await hub.create(deployments, deployment(name));
    await all.promise;
    found.push(performance.now() - from);
  }
  abort.abort();
  return found.sort((a, b) => a - b);
}

const at = (sorted: readonly number[], share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}

async function realFleet(): Promise<{ up: number; rss: number; pss: number; p50: number; p99: number }> {
  const home = mkdtempSync(join(tmpdir(), 'argosy-bench-fleet-'));
  const env = { ...process.env, ARGOSY_HOME: home };
  const argosy = (...args: string[]) => run(join(ROOT, 'bin/argosy'), args, { env });
  try {
    const from = performance.now();
    await argosy('up', '--fleet', '--name', 'bench', '--nodes', '1..1');
    const up = (performance.now() - from) / 1000;
    await new Promise((resolve) => setTimeout(resolve, IDLE_SECONDS * 1000));
    const processes = processesNaming(home);
    const file = join(home, 'bench/kubeconfig');
    const [hub, ...members] = await Promise.all(['hub', 'eu', 'ap', 'us'].map(async (context) => httpClient(await loadKubeconfig(file, context))));
    await hub!.create(propagationPolicies, policy);
    const sorted = await latencies(hub!, members, TEMPLATES);
    await Promise.all([hub!, ...members].map((client) => client.close()));
    const sum = (of: (p: (typeof processes)[number]) => number): number => processes.reduce((total, p) => total + of(p), 0);
    return { up, rss: sum((p) => p.rssMb), pss: sum((p) => p.pssMb), p50: at(sorted, 0.5), p99: at(sorted, 0.99) };
  } finally {
    await argosy('delete', '--name', 'bench');
    rmSync(home, { recursive: true, force: true });
  }
}

async function engineIn(dataDir?: string): Promise<ClosableEngine> {
  return createEngine({ clock: realClock, random: realRandom, log: silentLogger, serviceCidr: '10.200.0.0/16', ...(dataDir === undefined ? {} : { dataDir }) });
}

const clientOf = (engine: ClosableEngine): Client => inProcessClient(engine, { name: 'bench', groups: ['system:masters'] });

interface Hub {
  client: Client;
  stop(): Promise<void>;
}

/** A hub in this process, its store on disk. */
async function startHub(dataDir: string): Promise<Hub> {
  const engine = await engineIn(dataDir);
  const client = clientOf(engine);
  await ensureOwnKinds(client, realClock, 'manifests/fleet');
  await loadCustomResources(engine);
  await ensureHub(client);
  const ctx = controllerContext({ client, clock: realClock, random: realRandom, log: silentLogger });
  const abort = new AbortController();
  const resources = () => storedResources(engine.definitions());
  const controllers = [...hubWorkloadControllers(ctx, { resources, ca: 'CA' }), ...hubControllers(ctx, servedKinds(engine))];
  const ended = runControllers(ctx, controllers, abort.signal);
  return {
    client,
    async stop() {
      abort.abort();
      await ended;
      await engine.close();
    },
  };
}

async function addCluster(hub: Client, name: string): Promise<void> {
  await hub.create(clusters, { apiVersion: 'cluster.karmada.io/v1alpha1', kind: 'Cluster', metadata: { name }, spec: { syncMode: 'Pull' } });
}

const world = { clock: realClock, random: realRandom, log: silentLogger };

async function manyMembers(): Promise<{ p50: number; p99: number }> {
  const dir = mkdtempSync(join(tmpdir(), 'argosy-bench-hub-'));
  const hub = await startHub(dir);
  const abort = new AbortController();
  const engines: ClosableEngine[] = [];
  const agents: Promise<void>[] = [];
  try {
    for (let i = 0; i < MANY_MEMBERS; i++) {
      const name = `member-${i}`;
      const engine = await engineIn();
      engines.push(engine);
      await addCluster(hub.client, name);
      agents.push(
        runAgent(
          { cluster: name, hub: { ...world, client: hub.client }, member: { ...world, client: clientOf(engine) }, api: memberApi(engine) },
          abort.signal,
        ),
      );
    }
    await until(async () => (await hub.client.list(clusters)).items.every(({ status }) => getCondition(status?.conditions, 'Ready')?.status === 'True'));
    await hub.client.create(propagationPolicies, policy);
    const sorted = await latencies(hub.client, engines.map(clientOf), MANY_TEMPLATES);
    return { p50: at(sorted, 0.5), p99: at(sorted, 0.99) };
  } finally {
    abort.abort();
    await Promise.all(agents);
    await hub.stop();
    await Promise.all(engines.map((engine) => engine.close()));
    rmSync(dir, { recursive: true, force: true });
  }
}

async function manyWorkloads(): Promise<{ perSecond: number; restart: number }> {
  const dir = mkdtempSync(join(tmpdir(), 'argosy-bench-hub-'));
  let hub = await startHub(dir);
  try {
    // Without agents: works are written, nobody brings them anywhere. A taint tells the scheduler of it, which the policy puts up with.
    for (const name of ['eu', 'ap', 'us']) {
      await addCluster(hub.client, name);
      const known = await hub.client.get(clusters, { name });
      const apiEnablements = [{ groupVersion: 'apps/v1', resources: [{ name: 'deployments', kind: 'Deployment' }] }];
      await hub.client.patch(clusters, { name }, { status: { ...known.status, apiEnablements } }, { type: 'merge', subresource: 'status' });
    }
    for (let i = 0; i < WORKLOADS; i += 50) await Promise.all(Array.from({ length: 50 }, (_, j) => hub.client.create(deployments, deployment(`app-${i + j}`))));
    const from = performance.now();
    await hub.client.create(propagationPolicies, {
      ...policy,
      spec: { ...policy.spec, placement: { ...policy.spec.placement, clusterTolerations: [{ operator: 'Exists' }] } },
    });
    await until(async () => {
      const { items } = await hub.client.list(resourceBindings);
      return items.length === WORKLOADS && items.every(({ status }) => getCondition(status?.conditions, 'Scheduled')?.status === 'True');
    });
    const perSecond = WORKLOADS / ((performance.now() - from) / 1000);
    await until(
      async () => (await hub.client.list(works)).items.filter(({ spec }) => spec.workload.manifests[0]?.kind === 'Deployment').length === 3 * WORKLOADS,
    );
    await hub.stop();
    const startAt = performance.now();
    hub = await startHub(dir);
    await hub.client.patch(deployments, { namespace: 'default', name: 'app-4711' }, { spec: { replicas: 3 } }, { type: 'merge' });
    await until(async () => {
      const { items } = await hub.client.list(works, { namespace: 'karmada-es-eu', limit: 1_000_000 });
      const work = items.find(({ spec }) => spec.workload.manifests[0]?.metadata.name === 'app-4711');
      return (work?.spec.workload.manifests[0] as Deployment | undefined)?.spec?.replicas === 1;
    });
    return { perSecond, restart: (performance.now() - startAt) / 1000 };
  } finally {
    await hub.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

export async function fleetBench(runs: number): Promise<Figure[]> {
  const real: Awaited<ReturnType<typeof realFleet>>[] = [];
  const members: Awaited<ReturnType<typeof manyMembers>>[] = [];
  const workloads: Awaited<ReturnType<typeof manyWorkloads>>[] = [];
  for (let i = 0; i < runs; i++) {
    real.push(await realFleet());
    members.push(await manyMembers());
    workloads.push(await manyWorkloads());
  }
  return [
    { name: 'argosy up --fleet: a hub and three members, all ready', unit: 's', values: real.map(({ up }) => up) },
    { name: `  idle after ${IDLE_SECONDS} s, resident memory of all processes`, unit: 'MB', values: real.map(({ rss }) => rss) },
    { name: '  idle, proportional memory', unit: 'MB', values: real.map(({ pss }) => pss) },
    { name: '  template on the hub to the object in all three, p50', unit: 'ms', values: real.map(({ p50 }) => p50) },
    { name: '  template on the hub to the object in all three, p99', unit: 'ms', values: real.map(({ p99 }) => p99) },
    { name: `template to the object in all of ${MANY_MEMBERS} members in memory, p50`, unit: 'ms', values: members.map(({ p50 }) => p50) },
    { name: `template to the object in all of ${MANY_MEMBERS} members in memory, p99`, unit: 'ms', values: members.map(({ p99 }) => p99) },
    {
      name: `bindings made and scheduled, of ${WORKLOADS} workloads, works written meanwhile`,
      unit: '/s',
      values: workloads.map(({ perSecond }) => perSecond),
    },
    { name: `hub started again with ${WORKLOADS} workloads, to the first change in a work`, unit: 's', values: workloads.map(({ restart }) => restart) },
  ];
}
