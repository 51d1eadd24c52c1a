/** For tests of ScaledObjects: the real API, KEDA, autoscalers and scheduler under a virtual clock; what Prometheus would answer is a number. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { inProcessClient } from '../../src/apiserver/index.ts';
import { customResourceController } from '../../src/apiserver/crd/controller.ts';
import { withMetrics } from '../../src/apiserver/metrics-api/index.ts';
import { servedKinds } from '../../src/cli/cluster/stored-kinds.ts';
import { isPodReady } from '../../src/kube/pods.ts';
import { customResourceDefinitions, deployments, events, horizontalPodAutoscalers, pods } from '../../src/kube/resources.ts';
import type { CustomResourceDefinition, Deployment, HorizontalPodAutoscaler } from '../../src/kube/types.ts';
import type { ControllerContext } from '../../src/runtime/controller.ts';
import { silentLogger } from '../../src/runtime/log.ts';
import { horizontalPodAutoscaler, keda, restMetrics, scaledObjects, type ScaledObject } from '../../src/scaling/index.ts';
import { schedulerController } from '../../src/scheduler/index.ts';
import { World } from '../workloads/world.ts';

const KINDS = ['scaledobjects', 'scaledjobs', 'triggerauthentications', 'clustertriggerauthentications'];
const MANIFESTS = join(import.meta.dirname, '../../manifests/kinds');

type Spec = ScaledObject['spec'];

export class Scaled {
  readonly world: World;
  /** What the query answers, by the server's host name; an Error fails. */
  readonly answers: Map<string, number | Error>;
  /** How often servers were asked. */
  asked = 0;

  private constructor(world: World, answers: Map<string, number | Error>) {
    this.world = world;
    this.answers = answers;
  }

  static async start(): Promise<Scaled> {
    const answers = new Map<string, number | Error>();
    let self: Scaled | undefined;
    const world = await World.start({
      controllers: (ctx, made) => controllersOf(ctx, made, (url) => self?.answer(url) ?? Promise.reject(new Error('not started'))),
    });
    self = new Scaled(world, answers);
    for (const plural of KINDS)
      await world.create(customResourceDefinitions, parse(readFileSync(join(MANIFESTS, `${plural}.keda.sh.yaml`), 'utf8')) as CustomResourceDefinition);
    await world.addNode('n1', { cpu: '100', memory: '100Gi', pods: '500' });
    await world.until('the kinds are served', () =>
      world.client.list(scaledObjects).then(
        () => true,
        () => false,
      ),
    );
    return self;
  }

  answer(url: string): Promise<{ status: number; body: string }> {
    this.asked++;
    const answer = this.answers.get(new URL(url).hostname);
    if (answer instanceof Error) return Promise.reject(answer);
    const result = answer === undefined ? [] : [{ metric: {}, value: [0, String(answer)] }];
    return Promise.resolve({ status: 200, body: JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }) });
  }

  /** Pods ask for a tenth of a core. */
  async deploy(app: string, replicas: number): Promise<void> {
    const containers = [{ name: 'main', image: 'web:1', resources: { requests: { cpu: '100m' } } }];
    const template = { metadata: { labels: { app } }, spec: { containers } };
    const deployment: Deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: app, namespace: 'default' },
      spec: { replicas, selector: { matchLabels: { app } }, template },
    };
    await this.world.create(deployments, deployment);
    await this.ready(app, replicas);
  }

  ready(app: string, replicas: number): Promise<void> {
    return this.world.until(`${replicas} of ${app} are ready`, async () => {
      const mine = (await this.world.list(pods)).filter((pod) => pod.metadata.labels?.['app'] === app && !pod.metadata.deletionTimestamp);
      return mine.length === replicas && mine.every(isPodReady);
    });
  }

  async scale(name: string, spec: Partial<Spec> = {}, metadata: Partial<ScaledObject['metadata']> = {}): Promise<ScaledObject> {
    return this.world.create(scaledObjects, {
      apiVersion: 'keda.sh/v1alpha1',
      kind: 'ScaledObject',
      metadata: { name, namespace: 'default', ...metadata },
      spec: { scaleTargetRef: { name }, triggers: [query('server')], pollingInterval: 10, cooldownPeriod: 60, ...spec },
    });
  }

  get(name: string): Promise<ScaledObject> {
    return this.world.client.get(scaledObjects, { namespace: 'default', name });
  }

  hpa(name: string): Promise<HorizontalPodAutoscaler> {
    return this.world.client.get(horizontalPodAutoscalers, { namespace: 'default', name });
  }

  /** 'TYPE=STATUS REASON' of each. */
  async conditions(name: string): Promise<string[]> {
    return ((await this.get(name)).status?.conditions ?? []).map(({ type, status, reason }) => [`${type}=${status}`, ...(reason ? [reason] : [])].join(' '));
  }

  /** What the deployment is to have. */
  async replicas(app: string): Promise<number> {
    return (await this.world.client.get(deployments, { namespace: 'default', name: app })).spec?.replicas ?? 0;
  }

  wants(app: string, replicas: number, limitMs?: number): Promise<void> {
    return this.world.until(`${app} is to have ${replicas}`, async () => (await this.replicas(app)) === replicas, limitMs);
  }

  says(name: string, condition: string): Promise<void> {
    return this.world.until(`${name} says ${condition}`, async () => (await this.conditions(name)).includes(condition));
  }

  async annotate(name: string, annotations: Record<string, string | null>): Promise<void> {
    await this.world.client.patch(scaledObjects, { namespace: 'default', name }, { metadata: { annotations } }, { type: 'merge' });
  }

  async events(reason: string): Promise<string[]> {
    return (await this.world.list(events)).filter((event) => event.reason === reason).map(({ message = '' }) => message);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.world[Symbol.asyncDispose]();
  }
}

/** One replica for each ten. */
export function query(server: string, more: Partial<Spec['triggers'][number]> = {}): Spec['triggers'][number] {
  return { type: 'prometheus', metadata: { serverAddress: `http://${server}`, query: 'work', threshold: '10' }, ...more };
}

function controllersOf(ctx: ControllerContext, { engine }: World, answer: (url: string) => Promise<{ status: number; body: string }>) {
  const kinds = servedKinds(engine);
  const scaled = keda(ctx, { kinds, scalers: { http: ({ url }) => answer(url), resolve: (host) => Promise.resolve(host) } });
  const measuring = withMetrics(engine, { kubeletOf: () => undefined, clock: ctx.clock, log: silentLogger, external: scaled.externalMetrics });
  const client = inProcessClient(measuring.engine, { name: 'hpa', groups: ['system:masters'] });
  const metrics = restMetrics({ resources: client, adapters: client, kinds, clock: ctx.clock });
  return [schedulerController(ctx), customResourceController(ctx, engine), horizontalPodAutoscaler(ctx, { metrics, kinds }), ...scaled.controllers];
}
