/** Keeps the snapshot, the queue and the nominations in step with the informers, and tells the queue which changes may help whom. */
import { claimNames } from '../kube/claims.ts';
import { isPodTerminal, podPriority } from '../kube/pods.ts';
import { namespaces, nodes, podDisruptionBudgets, pods } from '../kube/resources.ts';
import type { Node, ObjectKey, Pod, PodDisruptionBudget } from '../kube/types.ts';
import type { ControllerContext } from '../runtime/controller.ts';
import { objectKey } from '../runtime/reconcile.ts';
import { Nominations } from './nominations.ts';
import { isLeavingByPreemption } from './preemption.ts';
import { SchedulingQueue } from './queue.ts';
import { Snapshot } from './snapshot.ts';
import { VolumeBinder } from './volumes.ts';

export const SCHEDULER_NAME = 'default-scheduler';
const BY_NODE = 'scheduler/pods-by-node';

export class ClusterView {
  readonly snapshot = new Snapshot();
  readonly nominations = new Nominations();
  readonly queue: SchedulingQueue;
  readonly volumes: VolumeBinder;
  /** Pods that were given a node the API does not show yet. */
  readonly #assumed = new Set<string>();
  readonly #ctx: ControllerContext;

  constructor(ctx: ControllerContext) {
    this.#ctx = ctx;
    this.queue = new SchedulingQueue(ctx.clock);
    ctx.informer(pods).addIndex(BY_NODE, (pod) => (pod.spec?.nodeName ? [pod.spec.nodeName] : []));
    ctx.informer(nodes);
    ctx.informer(namespaces);
    ctx.informer(podDisruptionBudgets);
    this.volumes = new VolumeBinder(ctx);
    this.snapshot.volumes = this.volumes;
  }

  /** Resolves when everything there is has been seen. Answers how to stop. */
  async follow(signal: AbortSignal): Promise<() => void> {
    const stops = [
      this.#ctx.informer(namespaces).onChange({
        upsert: (namespace) => {
          this.snapshot.setNamespace(namespace);
          this.queue.moveAll((entry) => this.#dependsOnPods(entry.key));
        },
        delete: (namespace) => void this.snapshot.namespaces.delete(namespace.metadata.name ?? ''),
      }),
      this.#ctx.informer(nodes).onChange({ upsert: (node, old) => this.#nodeSeen(node, old), delete: (node) => this.#nodeGone(node) }),
      this.#ctx.informer(pods).onChange({ upsert: (pod, old) => this.#podSeen(pod, old), delete: (pod) => this.#podGone(pod) }),
    ];
    stops.push(...this.volumes.follow(() => this.queue.moveAll((entry) => claimNames(this.pod(entry.key)).length > 0)));
    const { informer } = this.#ctx;
    await this.volumes.synced(signal);
    await Promise.all([informer(nodes), informer(pods), informer(namespaces), informer(podDisruptionBudgets)].map((seen) => seen.synced(signal)));
    return () => stops.forEach((stop) => stop());
  }

  pod(key: ObjectKey): Pod | undefined {
    return this.#ctx.informer(pods).get(key);
  }

  budgets(): PodDisruptionBudget[] {
    return this.#ctx.informer(podDisruptionBudgets).list();
  }

  /** Counts the pod on the node before the API knows, so that the next pod does not get the same room. */
  assume(pod: Pod, nodeName: string): void {
    const uid = pod.metadata.uid ?? '';
    this.#assumed.add(uid);
    this.snapshot.setPod({ ...pod, spec: { ...pod.spec, containers: pod.spec?.containers ?? [], nodeName } });
    this.nominations.clear(uid);
    this.queue.moveAll((entry) => this.#dependsOnPods(entry.key));
  }

  /** The API did not take the binding. */
  forget(uid: string): void {
    if (!this.#assumed.delete(uid)) return;
    this.snapshot.removePod(uid);
    this.queue.moveAll();
  }

  #nodeSeen(node: Node, old: Node | undefined): void {
    const isNew = !this.snapshot.nodes.has(node.metadata.name ?? '');
    this.snapshot.setNode(node);
    // Pods may be seen before their node is.
    if (isNew) for (const pod of this.#ctx.informer(pods).byIndex(BY_NODE, node.metadata.name ?? '')) if (!isPodTerminal(pod)) this.snapshot.setPod(pod);
    if (isNew || old === undefined || offer(node) !== offer(old)) this.queue.moveAll();
  }

  #nodeGone(node: Node): void {
    const name = node.metadata.name ?? '';
    this.snapshot.removeNode(name);
    for (const pod of this.nominations.on(name)) this.nominations.clear(pod.metadata.uid ?? '');
    this.queue.moveAll((entry) => this.#dependsOnPods(entry.key));
  }

  #podSeen(pod: Pod, old: Pod | undefined): void {
    const uid = pod.metadata.uid ?? '';
    if (isPodTerminal(pod)) return this.#podGone(pod);
    if (pod.spec?.nodeName) {
      this.queue.remove(uid);
      this.nominations.clear(uid);
      const wasAssumed = this.#assumed.delete(uid);
      this.snapshot.setPod(pod);
      const sameForOthers = old?.spec?.nodeName === pod.spec.nodeName && JSON.stringify(old.metadata.labels) === JSON.stringify(pod.metadata.labels);
      if (!wasAssumed && !sameForOthers) this.queue.moveAll((entry) => this.#dependsOnPods(entry.key));
      // Resized in place: room may have come free.
      if (old?.spec?.nodeName && old.metadata.generation !== pod.metadata.generation) this.queue.moveAll();
      return;
    }
    if (pod.spec?.schedulerName !== SCHEDULER_NAME || this.#assumed.has(uid)) return;
    if (pod.metadata.deletionTimestamp || pod.spec.schedulingGates?.length) {
      this.queue.remove(uid);
      this.nominations.clear(uid);
      return;
    }
    const nominated = pod.status?.nominatedNodeName;
    if (nominated !== old?.status?.nominatedNodeName) {
      if (nominated) this.nominations.set(pod, nominated);
      else this.nominations.clear(uid);
    }
    if (!this.queue.has(uid)) this.queue.add(uid, objectKey(pod), podPriority(pod));
    else if (old && wish(pod) !== wish(old)) this.queue.moveAll((entry) => entry.uid === uid);
  }

  #podGone(pod: Pod): void {
    const uid = pod.metadata.uid ?? '';
    this.queue.remove(uid);
    this.nominations.clear(uid);
    this.#assumed.delete(uid);
    const nodeName = this.snapshot.nodeOfPod(uid);
    if (nodeName === undefined) return;
    this.snapshot.removePod(uid);
    this.queue.moveAll();
    // The last victim has left: who waited for it goes at once, without serving a back-off.
    const node = this.snapshot.nodes.get(nodeName);
    if (node && [...node.pods.values()].some((info) => isLeavingByPreemption(info.pod))) return;
    for (const waiting of this.nominations.on(nodeName)) this.queue.activate(waiting.metadata.uid ?? '');
  }

  #dependsOnPods(key: ObjectKey): boolean {
    const spec = this.pod(key)?.spec;
    return spec?.affinity?.podAffinity !== undefined || spec?.affinity?.podAntiAffinity !== undefined || (spec?.topologySpreadConstraints?.length ?? 0) > 0;
  }
}

/** What of a node matters to pods that wait; heartbeats do not. */
function offer(node: Node): string {
  return JSON.stringify([node.metadata.labels, node.spec?.taints, node.spec?.unschedulable, node.status?.allocatable]);
}

/** What of a pod matters to where it may go. */
function wish(pod: Pod): string {
  return JSON.stringify([pod.metadata.labels, pod.spec]);
}
