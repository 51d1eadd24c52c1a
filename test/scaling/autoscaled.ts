/** For tests of pod autoscalers: real API and controllers under a virtual clock, and pods that share a load, which their kubelets measure. */
import { inProcessClient } from '../../src/apiserver/index.ts';
import { customResourceController } from '../../src/apiserver/crd/controller.ts';
import { withMetrics } from '../../src/apiserver/metrics-api/index.ts';
import { servedKinds } from '../../src/cli/cluster/stored-kinds.ts';
import { isPodReady } from '../../src/kube/pods.ts';
import { deployments, events, horizontalPodAutoscalers, pods } from '../../src/kube/resources.ts';
import type { Deployment, HorizontalPodAutoscaler, Pod } from '../../src/kube/types.ts';
import type { Client } from '../../src/runtime/client.ts';
import type { ControllerContext } from '../../src/runtime/controller.ts';
import type { Kubelet, KubeletOf } from '../../src/runtime/kubelet.ts';
import { silentLogger } from '../../src/runtime/log.ts';
import { horizontalPodAutoscaler, restMetrics } from '../../src/scaling/index.ts';
import { schedulerController } from '../../src/scheduler/index.ts';
import { World } from '../workloads/world.ts';

type Spec = NonNullable<HorizontalPodAutoscaler['spec']>;

export class Autoscaled {
  readonly world: World;
  /** Millicores that the ready pods of an app share. */
  readonly load = new Map<string, number>();
  /** Nodes tell what is used; else they do not answer. */
  measured = true;
  readonly #close: () => void;

  private constructor(world: World, close: () => void) {
    this.world = world;
    this.#close = close;
  }

  /** `adapters`: what serves metrics that are not of resources; default: nobody. */
  static async start({ adapters }: { adapters?: Pick<Client, 'get' | 'list'> } = {}): Promise<Autoscaled> {
    let self: Autoscaled | undefined;
    const world = await World.start({
      controllers(ctx, made) {
        const measuring = withMetrics(made.engine, {
          kubeletOf: kubelets(ctx, (app) => (self?.measured === false ? undefined : (self?.load.get(app) ?? 0))),
          clock: ctx.clock,
          log: silentLogger,
        });
        self = new Autoscaled(made, () => measuring.close());
        const client = inProcessClient(measuring.engine, { name: 'hpa', groups: ['system:masters'] });
        const kinds = servedKinds(made.engine);
        const metrics = restMetrics({ resources: client, adapters: { ...client, ...adapters }, kinds, clock: ctx.clock });
        return [schedulerController(ctx), customResourceController(ctx, made.engine), horizontalPodAutoscaler(ctx, { metrics, kinds })];
      },
    });
    if (self === undefined) throw new Error('the world made no controllers');
    await world.addNode('n1', { cpu: '100', memory: '100Gi', pods: '500' });
    return self;
  }

  /** Pods ask for a tenth of a core. */
  async deploy(app: string, replicas: number): Promise<void> {
    const deployment: Deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: app, namespace: 'default' },
      spec: {
        replicas,
        selector: { matchLabels: { app } },
        template: { metadata: { labels: { app } }, spec: { containers: [{ name: 'main', image: 'web:1', resources: { requests: { cpu: '100m' } } }] } },
      },
    };
    await this.world.create(deployments, deployment);
    await this.world.until(`${replicas} of ${app} run`, async () => (await this.ready(app)).length === replicas);
  }

  async autoscale(name: string, spec: Partial<Spec> = {}): Promise<void> {
    await this.world.create(horizontalPodAutoscalers, {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name, namespace: 'default' },
      spec: { maxReplicas: 10, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name }, ...cpu(50), ...spec },
    });
  }

  hpa(name: string): Promise<HorizontalPodAutoscaler> {
    return this.world.client.get(horizontalPodAutoscalers, { namespace: 'default', name });
  }

  /** 'TYPE=STATUS REASON' of each. */
  async conditions(name: string): Promise<string[]> {
    return ((await this.hpa(name)).status?.conditions ?? []).map(({ type, status, reason }) => `${type}=${status} ${reason}`);
  }

  /** What the deployment is to have. */
  async replicas(app: string): Promise<number> {
    return (await this.world.client.get(deployments, { namespace: 'default', name: app })).spec?.replicas ?? 0;
  }

  async ready(app: string): Promise<Pod[]> {
    return (await this.world.list(pods)).filter((pod) => pod.metadata.labels?.['app'] === app && isPodReady(pod) && !pod.metadata.deletionTimestamp);
  }

  async events(reason: string): Promise<string[]> {
    return (await this.world.list(events)).filter((event) => event.reason === reason).map(({ message = '' }) => message);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#close();
    await this.world[Symbol.asyncDispose]();
  }
}

export function cpu(averageUtilization: number): Pick<Spec, 'metrics'> {
  return { metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } } }] };
}

/** Counts the CPU time of each pod from its share of the load. */
function kubelets({ informer, clock }: ControllerContext, loadOf: (app: string) => number | undefined): KubeletOf {
  const view = informer(pods);
  const counted = new Map<string, { at: number; nanoseconds: number }>();
  const count = (pod: Pod): number => {
    const { uid = '', labels } = pod.metadata;
    const app = labels?.['app'] ?? '';
    const sharing = view.list('default').filter((other) => other.metadata.labels?.['app'] === app && isPodReady(other)).length;
    const load = loadOf(app);
    if (load === undefined) throw new Error('the node does not answer');
    const before = counted.get(uid) ?? { at: clock.now(), nanoseconds: 0 };
    // A millicore is a thousand nanoseconds in a millisecond.
    const nanoseconds = before.nanoseconds + ((clock.now() - before.at) * load * 1000) / Math.max(1, sharing);
    counted.set(uid, { at: clock.now(), nanoseconds });
    return nanoseconds;
  };
  return (nodeName) =>
    ({
      stats: async () => ({
        time: clock.now(),
        cpuNanoseconds: 0,
        memoryBytes: 0,
        pods: view
          .list('default')
          .filter((pod) => pod.spec?.nodeName === nodeName && isPodReady(pod))
          .map((pod) => ({
            pod: { namespace: 'default', name: pod.metadata.name ?? '', uid: pod.metadata.uid ?? '' },
            containers: [{ name: 'main', cpuNanoseconds: count(pod), memoryBytes: 1 << 20 }],
          })),
      }),
    }) as Pick<Kubelet, 'stats'> as Kubelet;
}
