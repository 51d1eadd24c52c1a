/** One simulated node: registers it, runs its pods, answers for them. */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { configMaps, pods, secrets, services } from '../../kube/resources.ts';
import { isNotFound } from '../../kube/status.ts';
import type { KubeObject, Pod, Service } from '../../kube/types.ts';
import type { Resource } from '../../kube/resources.ts';
import type { ControllerContext } from '../../runtime/controller.ts';
import type { Kubelet } from '../../runtime/kubelet.ts';
import type { ImageStore } from '../images/image.ts';
import { rotateIfLarge } from '../logs/rotation.ts';
import { removeCgroup } from '../oci/cgroups.ts';
import { unmountBelow } from '../oci/mounts.ts';
import { ContainerRuntime } from '../oci/runtime.ts';
import { loadRecord, type PodRecord } from '../pod/record.ts';
import { PodWorker } from '../pod/worker.ts';
import type { PodNetwork } from '../ports.ts';
import { claimedVolume } from '../volumes/claims.ts';
import type { NodeWorld } from '../world.ts';
import { beat, register } from './heartbeat.ts';
import { kubelet } from './kubelet.ts';
import { machineInfo } from './machine-info.ts';
import type { Amounts, NodeDescription } from './node-object.ts';

/** Rotation of logs, lost file events, tokens about to end. */
const HOUSEKEEPING_MS = 10_000;
const REFRESH_MS = 60_000;

export interface NodeAgentOptions {
  nodeName: string;
  ctx: ControllerContext;
  network: PodNetwork;
  images: ImageStore;
  /** The node's own directory; what containers and volumes it has is found there again. */
  dir: string;
  /** '/argosy/NAME': control groups of the cluster's containers are below. */
  cgroupParent: string;
  resources: { capacity: Amounts; allocatable: Amounts };
  labels?: Readonly<Record<string, string>>;
  taints?: NodeDescription['taints'];
  addresses: NodeDescription['addresses'];
  providerID?: string;
}

export interface NodeAgent {
  readonly nodeName: string;
  readonly kubelet: Kubelet;
  /** Pods that are worked on here. */
  readonly podCount: number;
  /** Resolves when the node is registered and Ready. */
  readonly ready: Promise<void>;
  /** Ends the agent. `keepPods`: containers go on and the next agent of this directory adopts them; otherwise they are ended. */
  stop(options: { keepPods: boolean }): Promise<void>;
  /** The node is gone for good: ends everything and removes its directory. The Node object is the caller's. */
  remove(): Promise<void>;
}

/** Begins at once; `ctx`'s informers must be run by the caller (runControllers). */
export function startNodeAgent(options: NodeAgentOptions): NodeAgent {
  return new Agent(options);
}

class Agent implements NodeAgent {
  readonly nodeName: string;
  readonly kubelet: Kubelet;
  readonly ready: Promise<void>;
  readonly #options: NodeAgentOptions;
  readonly #world: NodeWorld;
  readonly #workers = new Map<string, PodWorker>();
  readonly #running = new AbortController();
  readonly #unsubscribe: (() => void)[] = [];
  readonly #loops: Promise<void>[] = [];
  /** What an earlier run left, until its pods are seen. */
  readonly #left = new Map<string, PodRecord>();

  constructor(options: NodeAgentOptions) {
    const { ctx, nodeName, dir, addresses, cgroupParent, network, images, resources } = options;
    this.#options = options;
    this.nodeName = nodeName;
    mkdirSync(join(dir, 'pods'), { recursive: true, mode: 0o700 });
    const configMapInformer = ctx.informer(configMaps);
    const secretInformer = ctx.informer(secrets);
    const serviceInformer = ctx.informer(services);
    const look = <T extends KubeObject>(resource: Resource<T>, seen: T | undefined, namespace: string, name: string): Promise<T | undefined> =>
      // The view may lag behind a pod that was made right after what it refers to.
      seen !== undefined
        ? Promise.resolve(seen)
        : ctx.client.get(resource, { namespace, name }).catch((error: unknown) => {
            if (isNotFound(error)) return undefined;
            throw error;
          });
    this.#world = {
      nodeName,
      dir,
      network,
      images,
      cgroupParent,
      client: ctx.client,
      clock: ctx.clock,
      random: ctx.random,
      log: ctx.log.child({ node: nodeName }),
      recorder: ctx.recorder('kubelet'),
      hostIp: addresses.find(({ type }) => type === 'InternalIP')?.address,
      runtime: new ContainerRuntime(dir, ctx.clock),
      allocatable: resources.allocatable,
      lookups: (namespace) => ({
        configMap: (name) => look(configMaps, configMapInformer.get({ namespace, name }), namespace, name),
        secret: (name) => look(secrets, secretInformer.get({ namespace, name }), namespace, name),
        volume: (claimName) => claimedVolume(ctx.client, namespace, claimName),
      }),
      servicesFor: (namespace, all) => {
        const api = serviceInformer.get({ namespace: 'default', name: 'kubernetes' });
        const own: Service[] = all ? serviceInformer.list(namespace) : [];
        return [...(api !== undefined && !own.includes(api) ? [api] : []), ...own];
      },
    };
    this.kubelet = kubelet(
      this.#world,
      ({ uid, namespace, name }) => {
        const worker = this.#workers.get(uid);
        return worker?.record.namespace === namespace && worker.record.name === name ? worker : undefined;
      },
      () => this.#workers.values(),
    );
    const changed = (kind: 'ConfigMap' | 'Secret') => ({ upsert: (object: KubeObject) => this.#refresh(kind, object) });
    this.#unsubscribe.push(configMapInformer.onChange(changed('ConfigMap')), secretInformer.onChange(changed('Secret')));
    this.ready = this.#begin();
  }

  get podCount(): number {
    return this.#workers.size;
  }

  async #begin(): Promise<void> {
    const { ctx, labels = {}, taints = [], addresses, providerID, resources } = this.#options;
    const { signal } = this.#running;
    const description: NodeDescription = {
      nodeName: this.nodeName,
      labels,
      taints,
      addresses,
      providerID,
      ...resources,
      machine: await machineInfo(ctx.random.uuid()),
    };
    const heartbeat = { client: ctx.client, clock: ctx.clock, log: ctx.log, images: this.#options.images };
    const node = await register(heartbeat, description, signal);
    if (node === undefined) return;
    this.#loops.push(beat(heartbeat, description, node, signal), this.#watchPods(), this.#keepHouse());
  }

  async #watchPods(): Promise<void> {
    const { signal } = this.#running;
    const informer = this.#options.ctx.informer(pods);
    for (const uid of readdirSync(join(this.#world.dir, 'pods'))) {
      const record = loadRecord(join(this.#world.dir, 'pods', uid));
      if (record !== undefined) this.#left.set(uid, record);
    }
    await informer.synced(signal);
    if (signal.aborted) return;
    this.#unsubscribe.push(
      informer.onChange({
        upsert: (pod) => {
          if (pod.spec?.nodeName === this.nodeName) this.#seen(pod);
        },
        delete: (pod) => this.#workers.get(pod.metadata.uid ?? '')?.removed(),
      }),
    );
    await this.#removeOrphans();
  }

  #seen(pod: Pod): void {
    const uid = pod.metadata.uid ?? '';
    const worker = this.#workers.get(uid);
    if (worker !== undefined) return worker.update(pod);
    const left = this.#left.get(uid);
    this.#left.delete(uid);
    const made = new PodWorker(this.#world, pod, left, () => this.#workers.delete(uid));
    this.#workers.set(uid, made);
    void made.begin();
  }

  /** Pods that were deleted while no agent ran, and containers no record knows. */
  async #removeOrphans(): Promise<void> {
    const { runtime, network, dir, log } = this.#world;
    const known = new Set([...this.#workers.values()].flatMap(({ record }) => Object.values(record.containers).map(({ id }) => id)));
    const strays = runtime.ids().filter((id) => !known.has(id));
    await Promise.all(
      strays.map((id) => runtime.remove(id).catch((error: unknown) => log.warn('a stray container could not be removed', { id, error: String(error) }))),
    );
    for (const uid of [...this.#left.keys(), ...readdirSync(join(dir, 'pods')).filter((name) => !this.#workers.has(name))]) {
      this.#left.delete(uid);
      await network.detach(uid).catch((error: unknown) => log.warn('a stray pod network could not be removed', { uid, error: String(error) }));
      await unmountBelow(join(dir, 'pods', uid));
      removeCgroup(`${this.#world.cgroupParent}/${uid}`);
      rmSync(join(dir, 'pods', uid), { recursive: true, force: true });
    }
  }

  async #keepHouse(): Promise<void> {
    const { clock, runtime } = this.#world;
    const { signal } = this.#running;
    let refreshedAtMs = clock.monotonic();
    while (!signal.aborted) {
      await clock.sleep(HOUSEKEEPING_MS, signal);
      runtime.checkExits();
      const due = clock.monotonic() - refreshedAtMs >= REFRESH_MS;
      if (due) refreshedAtMs = clock.monotonic();
      for (const worker of this.#workers.values()) {
        this.#rotateLogs(worker);
        if (due) void worker.refresh();
      }
    }
  }

  #rotateLogs(worker: PodWorker): void {
    for (const { name, id, phase, restartCount } of Object.values(worker.record.containers)) {
      if (phase !== 'running' || id === undefined) continue;
      try {
        if (rotateIfLarge(join(worker.sandbox.dir, 'logs', name, `${restartCount}.log`))) this.#world.runtime.reopenLog(id);
      } catch (error) {
        this.#world.log.warn('a log could not be rotated', { container: name, error: String(error) });
      }
    }
  }

  #refresh(kind: 'ConfigMap' | 'Secret', { metadata: { namespace, name = '' } }: KubeObject): void {
    for (const worker of this.#workers.values()) if (worker.record.namespace === namespace && worker.refersTo(kind, name)) void worker.refresh();
  }

  async stop({ keepPods }: { keepPods: boolean }): Promise<void> {
    this.#running.abort();
    for (const stop of this.#unsubscribe) stop();
    await this.ready.catch(() => undefined);
    await Promise.all([...this.#loops, ...[...this.#workers.values()].map((worker) => worker.stop(keepPods))]);
    this.#workers.clear();
    this.#world.runtime.close();
  }

  async remove(): Promise<void> {
    await this.stop({ keepPods: false });
    const { dir } = this.#world;
    await unmountBelow(dir);
    if (existsSync(dir)) rmSync(dir, { recursive: true, force: true });
  }
}
