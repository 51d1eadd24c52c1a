/**
 * What autoscalers cost: 1,000 HorizontalPodAutoscalers on what their pods use, and 2,000 ScaledObjects on the real Prometheus,
 * in one process with the API in memory, for as long as each is looked at twice.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { createEngine, inProcessClient, type ClosableEngine } from '../src/apiserver/index.ts';
import { customResourceController } from '../src/apiserver/crd/controller.ts';
import { withMetrics } from '../src/apiserver/metrics-api/index.ts';
import { servedKinds } from '../src/cli/cluster/stored-kinds.ts';
import { customResourceDefinitions, deployments, horizontalPodAutoscalers, pods } from '../src/kube/resources.ts';
import type { CustomResourceDefinition, HorizontalPodAutoscaler } from '../src/kube/types.ts';
import type { Client } from '../src/runtime/client.ts';
import { realClock } from '../src/runtime/clock.ts';
import { controllerContext, runControllers } from '../src/runtime/context.ts';
import type { Controller, ControllerContext } from '../src/runtime/controller.ts';
import { silentLogger } from '../src/runtime/log.ts';
import { realRandom } from '../src/runtime/random.ts';
import { horizontalPodAutoscaler, httpGet, keda, restMetrics, scaledObjects } from '../src/scaling/index.ts';
import { eventually, ROOT } from '../test/e2e/cluster.ts';
import type { Figure } from './spread.ts';

const AUTOSCALERS = 1000;
const SCALED_OBJECTS = 2000;
const LOOK_MS = 15_000;
const NAMESPACE = 'default';

interface Bench {
  engine: ClosableEngine;
  client: Client;
  ctx: ControllerContext;
}

async function withEngine<T>(use: (bench: Bench) => Promise<T>): Promise<T> {
  const engine = await createEngine({ clock: realClock, random: realRandom, log: silentLogger, serviceCidr: '10.200.0.0/16' });
  const client = inProcessClient(engine, { name: 'bench', groups: ['system:masters'] });
  try {
    return await use({ engine, client, ctx: controllerContext({ client, clock: realClock, random: realRandom, log: silentLogger }) });
  } finally {
    await engine.close();
  }
}

/** CPU time in ms of this process while the controllers run, from when `started` says that they do. */
async function cpuOf(ctx: ControllerContext, controllers: Controller[], started: () => Promise<void>, ms: number): Promise<number> {
  const stop = new AbortController();
  const ended = runControllers(ctx, controllers, stop.signal);
  await started();
  const before = process.cpuUsage();
  await realClock.sleep(ms);
  const { user, system } = process.cpuUsage(before);
  stop.abort();
  await ended;
  return (user + system) / 1000;
}

/** A deployment of one pod that runs and is Ready, of which the kubelet says that it uses 50 millicores. */
async function deploy(client: Client, name: string): Promise<void> {
  const labels = { app: name };
  const spec = { containers: [{ name: 'main', image: 'web:1', resources: { requests: { cpu: '100m' } } }] };
  await client.create(deployments, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: NAMESPACE },
    spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  });
  const deployment = await client.get(deployments, { namespace: NAMESPACE, name });
  await client.update(deployments, { ...deployment, status: { replicas: 1, readyReplicas: 1 } }, { subresource: 'status' });
  const pod = await client.create(pods, { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: NAMESPACE, labels }, spec: { ...spec, nodeName: 'n1' } });
  const ready = { type: 'Ready', status: 'True', lastTransitionTime: new Date(realClock.now() - 600_000).toISOString() };
  const status = { phase: 'Running' as const, startTime: new Date(realClock.now() - 600_000).toISOString(), conditions: [ready] };
  await client.update(pods, { ...pod, status: { ...pod.status, ...status } }, { subresource: 'status' });
}

const looked = (client: Client, count: number) => (): Promise<void> =>
  eventually(
    'all autoscalers have looked',
    async () => (await client.list(horizontalPodAutoscalers)).items.filter(({ status }) => status?.conditions !== undefined).length === count,
    120,
  ).then(() => undefined);

async function autoscalers(): Promise<Figure[]> {
  return withEngine(async ({ engine, client, ctx }) => {
    for (let i = 0; i < AUTOSCALERS; i++) {
      const name = `app-${i}`;
      await deploy(client, name);
      const hpa: HorizontalPodAutoscaler = {
        apiVersion: 'autoscaling/v2',
        kind: 'HorizontalPodAutoscaler',
        metadata: { name, namespace: NAMESPACE },
        spec: {
          maxReplicas: 10,
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
          metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } }],
        },
      };
      await client.create(horizontalPodAutoscalers, hpa);
    }
    const measuring = withMetrics(engine, { kubeletOf: () => undefined, clock: realClock, log: silentLogger });
    const usage = (name: string) => ({
      metadata: { name },
      timestamp: new Date().toISOString(),
      window: '15s',
      containers: [{ name: 'main', usage: { cpu: '50m' } }],
    });
    const items = Array.from({ length: AUTOSCALERS }, (_, i) => usage(`app-${i}`));
    const resources = { list: () => Promise.resolve({ metadata: { resourceVersion: '1' }, items }) } as unknown as Client;
    const kinds = servedKinds(engine);
    const metrics = restMetrics({ resources, adapters: client, kinds, clock: realClock });
    const controller = horizontalPodAutoscaler(ctx, { metrics, kinds });
    const ms = await cpuOf(ctx, [controller], looked(client, AUTOSCALERS), 2 * LOOK_MS);
    measuring.close();
    return [{ name: `CPU time of a look at a HorizontalPodAutoscaler, of ${AUTOSCALERS} each 15 s`, unit: 'ms', values: [ms / 2 / AUTOSCALERS] }];
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function withPrometheus<T>(use: (url: string) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), 'argosy-bench-'));
  const port = await freePort();
  writeFileSync(join(dir, 'prometheus.yml'), 'scrape_configs: []\n');
  const flags = [`--config.file=${dir}/prometheus.yml`, `--storage.tsdb.path=${dir}/data`, `--web.listen-address=127.0.0.1:${port}`];
  const server = spawn('prometheus', flags, { stdio: 'ignore' });
  try {
    const url = `http://127.0.0.1:${port}`;
    await eventually('prometheus answers', async () => (await fetch(`${url}/-/ready`)).status === 200);
    return await use(url);
  } finally {
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGKILL');
    await ended;
    rmSync(dir, { recursive: true, force: true });
  }
}

async function scaled(): Promise<Figure[]> {
  return withPrometheus((serverAddress) =>
    withEngine(async ({ engine, client, ctx }) => {
      const definition = parse(readFileSync(join(ROOT, 'manifests/kinds/scaledobjects.keda.sh.yaml'), 'utf8')) as CustomResourceDefinition;
      await client.create(customResourceDefinitions, definition);
      const http = httpGet((host) => Promise.resolve(host));
      const kinds = servedKinds(engine);
      const made = keda(ctx, { kinds, scalers: { http: http.get, resolve: (host) => Promise.resolve(host) } });
      const took: number[] = [];
      const external: typeof made.externalMetrics = async (query) => {
        const startedAt = performance.now();
        const values = await made.externalMetrics(query);
        took.push(performance.now() - startedAt);
        return values;
      };
      const measuring = withMetrics(engine, { kubeletOf: () => undefined, clock: realClock, log: silentLogger, external });
      const adapters = inProcessClient(measuring.engine, { name: 'hpa', groups: ['system:masters'] });
      const metrics = restMetrics({ resources: client, adapters, kinds, clock: realClock });
      const controllers = [customResourceController(ctx, engine), horizontalPodAutoscaler(ctx, { metrics, kinds }), ...made.controllers];
      const apply = async (): Promise<void> => {
        await eventually('the kind is served', () => client.list(scaledObjects).then(() => true));
        for (let i = 0; i < SCALED_OBJECTS; i++) {
          const name = `app-${i}`;
          await deploy(client, name);
          await client.create(scaledObjects, {
            apiVersion: 'keda.sh/v1alpha1',
            kind: 'ScaledObject',
            metadata: { name, namespace: NAMESPACE },
            spec: { scaleTargetRef: { name }, triggers: [{ type: 'prometheus', metadata: { serverAddress, query: `vector(${i})`, threshold: '10000' } }] },
          });
        }
        await looked(client, SCALED_OBJECTS)();
        took.length = 0;
      };
      const ms = await cpuOf(ctx, controllers, apply, 2 * LOOK_MS);
      measuring.close();
      http.close();
      took.sort((a, b) => a - b);
      const at = (share: number): number => took[Math.floor(took.length * share)] ?? 0;
      const of = `with ${SCALED_OBJECTS} ScaledObjects on Prometheus`;
      return [
        { name: `a metric's answer, p50, ${of}`, unit: 'ms', values: [at(0.5)] },
        { name: `a metric's answer, p99, ${of} (${took.length} answers)`, unit: 'ms', values: [at(0.99)] },
        { name: `CPU time of a second, ${of}`, unit: 'ms', values: [ms / ((2 * LOOK_MS) / 1000)] },
      ];
    }),
  );
}

/** Figures of the runs, each with all its values. */
export async function scalingBench(runs: number): Promise<Figure[]> {
  const all = new Map<string, Figure>();
  for (let run = 0; run < runs; run++)
    for (const figure of [...(await autoscalers()), ...(await scaled())]) {
      const name = figure.name.replace(/ \(\d+ answers\)/, '');
      const known = all.get(name) ?? { ...figure, name, values: [] };
      known.values.push(...figure.values);
      all.set(name, known);
    }
  return [...all.values()];
}
