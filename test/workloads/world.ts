/** A cluster without machines: the real engine in memory, the real controllers, a virtual clock, and nodes whose pods only say that they run. */
import { createEngine, inProcessClient, type ClosableEngine } from '../../src/apiserver/index.ts';
import { leases, nodes, pods, type Resource } from '../../src/kube/resources.ts';
import { isConflict, isNotFound } from '../../src/kube/status.ts';
import type { KubeObject, Lease, Node, Pod } from '../../src/kube/types.ts';
import type { Client } from '../../src/runtime/client.ts';
import { microTimestamp, timestamp } from '../../src/runtime/clock.ts';
import { controllerContext, runControllers } from '../../src/runtime/context.ts';
import type { Controller, ControllerContext } from '../../src/runtime/controller.ts';
import { silentLogger, type Logger } from '../../src/runtime/log.ts';
import { seededRandom } from '../../src/runtime/random.ts';
import { startController, watching } from '../../src/runtime/reconcile.ts';
import { VirtualClock } from '../../src/runtime/virtual-clock.ts';
import { storedResources, workloadControllers } from '../../src/workloads/index.ts';

/** How long a pod takes from being bound to Ready. */
const START_MS = 500;

export interface WorldOptions {
  /** More controllers; with them come their own scheduler and nodes: none is made at the start, and pods are not bound by the fake kubelets. */
  controllers?(ctx: ControllerContext, world: World): Controller[];
  /** Time shared with other worlds. */
  clock?: VirtualClock;
}

export class World {
  readonly clock: VirtualClock;
  readonly random = seededRandom(1);
  engine!: ClosableEngine;
  client!: Client;
  /** Nodes that send no heartbeats. */
  readonly silent = new Set<string>();
  /** Directories of volumes that were given up. */
  readonly removed: string[] = [];
  /** Warnings of controllers, for the tests' failure messages. */
  readonly warnings: string[] = [];
  #stop: (() => Promise<void>) | undefined;

  readonly #options: WorldOptions;

  constructor(options: WorldOptions = {}) {
    this.#options = options;
    this.clock = options.clock ?? new VirtualClock(Date.UTC(2026, 0, 1));
  }

  static async start(options: WorldOptions = {}): Promise<World> {
    const world = new World(options);
    world.engine = await createEngine({ clock: world.clock, random: world.random, log: silentLogger, serviceCidr: '10.200.0.0/16' });
    world.client = inProcessClient(world.engine, { name: 'system:kube-controller-manager', groups: ['system:masters'] });
    if (!options.controllers) await world.addNode('n1');
    world.startControllers();
    // Namespaces get their service accounts before pods are asked for.
    await world.clock.advance(1000);
    return world;
  }

  startControllers(): void {
    const log: Logger = {
      ...silentLogger,
      warn: (message, fields) => void this.warnings.push(`${message} ${JSON.stringify(fields)}`),
      error: (message, fields) => void this.warnings.push(`${message} ${JSON.stringify(fields)}`),
      child: () => log,
    };
    const ctx = controllerContext({ client: this.client, clock: this.clock, random: this.random, log });
    const controllers = [
      ...workloadControllers(ctx, {
        resources: () => storedResources(this.engine.definitions()),
        ca: 'CA',
        loadBalancerCidr: '172.31.0.0/24',
        localPath: { root: '/volumes', remove: (path) => Promise.resolve(void this.removed.push(path)) },
      }),
      kubelets(ctx, this.#options.controllers === undefined),
      heartbeats(ctx, this.silent),
      ...(this.#options.controllers?.(ctx, this) ?? []),
    ];
    const abort = new AbortController();
    const ended = runControllers(ctx, controllers, abort.signal);
    this.#stop = async () => {
      abort.abort();
      await ended;
    };
  }

  async stopControllers(): Promise<void> {
    await this.#stop?.();
    this.#stop = undefined;
  }

  /** `allocatable` absent: the fake scheduler does not ask. */
  async addNode(name: string, allocatable?: Record<string, string>): Promise<void> {
    const at = timestamp(this.clock.now());
    const node: Node = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels: { 'kubernetes.io/hostname': name } },
      status: {
        ...(allocatable ? { allocatable, capacity: allocatable } : {}),
        conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: '', lastHeartbeatTime: at, lastTransitionTime: at }],
      },
    };
    await this.client.create(nodes, node);
    await this.client.patch(nodes, { name }, { status: node.status }, { type: 'merge', subresource: 'status' });
  }

  async create<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> {
    return this.client.create(resource, object);
  }

  async list<T extends KubeObject>(resource: Resource<T>, namespace = 'default'): Promise<T[]> {
    return (await this.client.list(resource, resource.namespaced ? { namespace } : {})).items;
  }

  /** Moves time on until the condition holds; throws with the controllers' warnings when it does not within ten virtual minutes. */
  async until(what: string, condition: () => Promise<boolean>, limitMs = 600_000): Promise<void> {
    if (await this.clock.runUntil(condition, limitMs)) return;
    throw new Error(`not reached: ${what}\n${this.warnings.slice(-3).join('\n')}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopControllers();
    await this.engine.close();
  }
}

/** Renews every node's Lease. */
function heartbeats(ctx: ControllerContext, silent: ReadonlySet<string>): Controller {
  const nodeInformer = ctx.informer(nodes);
  return {
    name: 'heartbeats',
    async run(signal) {
      await nodeInformer.synced(signal);
      while (!signal.aborted) {
        for (const node of nodeInformer.list()) {
          const name = node.metadata.name ?? '';
          if (silent.has(name)) continue;
          const key = { namespace: 'kube-node-lease', name };
          const spec = { holderIdentity: name, renewTime: microTimestamp(ctx.clock.now()) };
          const lease: Lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: key, spec };
          await ctx.client
            .patch(leases, key, { spec }, { type: 'merge' })
            .catch(() => ctx.client.create(leases, lease))
            .catch(() => {});
        }
        await ctx.clock.sleep(10_000, signal);
      }
    },
  };
}

/** Every scheduler and node agent in one: binds pods, lets them run, heeds a pod's annotation `test/ends` (an exit code), finishes deleted ones. */
function kubelets(ctx: ControllerContext, binds: boolean): Controller {
  const podInformer = ctx.informer(pods);
  const nodeInformer = ctx.informer(nodes);
  return startController(ctx, {
    name: 'kubelets',
    watches: [
      watching(pods),
      watching(nodes, () => podInformer.list().map((pod) => ({ namespace: pod.metadata.namespace ?? '', name: pod.metadata.name ?? '' }))),
    ],
    async reconcile(key) {
      const pod = podInformer.get(key);
      if (pod === undefined) return;
      try {
        const wait = await step(pod);
        if (wait !== undefined) return { requeueAfterMs: wait };
      } catch (error) {
        if (!isNotFound(error) && !isConflict(error)) throw error;
        return { requeueAfterMs: 10 };
      }
    },
  });

  async function step(pod: Pod): Promise<number | undefined> {
    const key = { namespace: pod.metadata.namespace ?? '', name: pod.metadata.name ?? '' };
    if (pod.metadata.deletionTimestamp !== undefined) {
      await ctx.client.delete(pods, key, { gracePeriodSeconds: 0 });
      return undefined;
    }
    if (!pod.spec?.nodeName) {
      if (!binds) return undefined;
      const pinned = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms?.[0]?.matchFields?.[0]?.values?.[0];
      const target = nodeInformer.list().find((node) => (pinned === undefined ? !node.spec?.taints?.length : node.metadata.name === pinned))?.metadata.name;
      if (target === undefined) return undefined;
      await ctx.client.createSubresource(pods, key, 'binding', {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: key,
        target: { kind: 'Node', name: target },
      } as KubeObject);
      return undefined;
    }
    const code = pod.metadata.annotations?.['test/ends'];
    if (pod.status?.phase === 'Running' && code !== undefined) return finish(pod, Number(code));
    if (pod.status?.phase !== 'Pending' && pod.status?.phase !== undefined) return undefined;
    const bound = pod.status?.conditions?.find((c) => c.type === 'PodScheduled')?.lastTransitionTime ?? pod.metadata.creationTimestamp;
    const left = Date.parse(bound ?? '') + START_MS - ctx.clock.now();
    if (left > 0) return left;
    const at = timestamp(ctx.clock.now());
    const ip = `10.100.${Math.floor(ctx.random.next() * 250)}.${Math.floor(ctx.random.next() * 250)}`;
    const conditions = [...(pod.status?.conditions ?? []).filter((c) => c.type !== 'Ready'), { type: 'Ready', status: 'True', lastTransitionTime: at }];
    await ctx.client.update(
      pods,
      { ...pod, status: { ...pod.status, phase: 'Running', podIP: ip, podIPs: [{ ip }], startTime: at, conditions } },
      { subresource: 'status' },
    );
    return undefined;
  }

  async function finish(pod: Pod, exitCode: number): Promise<undefined> {
    const finishedAt = timestamp(ctx.clock.now());
    const conditions = (pod.status?.conditions ?? []).map((c) => (c.type === 'Ready' ? { ...c, status: 'False', lastTransitionTime: finishedAt } : c));
    const containerStatuses = (pod.spec?.containers ?? []).map(({ name }) => ({
      name,
      image: '',
      imageID: '',
      ready: false,
      restartCount: 0,
      state: { terminated: { exitCode, finishedAt } },
    }));
    const phase = exitCode === 0 ? ('Succeeded' as const) : ('Failed' as const);
    await ctx.client.update(pods, { ...pod, status: { ...pod.status, phase, conditions, containerStatuses } }, { subresource: 'status' });
    return undefined;
  }
}
