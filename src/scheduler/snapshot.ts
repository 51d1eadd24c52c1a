/** What the scheduler believes of the cluster: nodes with the sums of what their pods ask for. Kept incrementally. */
import { podRequests, type PodResources } from '../kube/pods.ts';
import { byteCount, cpuMillis } from '../kube/quantity.ts';
import type { Namespace, Node, Pod } from '../kube/types.ts';
import type { VolumeView } from './volume-view.ts';

/** Counted for pods that ask for nothing, in scores only: 100 m and 200 MB, so that they spread too. */
const DEFAULT_CPU_MILLIS = 100;
const DEFAULT_MEMORY_BYTES = 200 * 1024 * 1024;

export interface PodInfo {
  pod: Pod;
  requests: PodResources;
  /** At least the defaults: what scores count. */
  scoredCpuMillis: number;
  scoredMemoryBytes: number;
}

const infos = new WeakMap<Pod, PodInfo>();

/** Parses a pod's requests once; pods from informers never change. */
export function podInfo(pod: Pod): PodInfo {
  let info = infos.get(pod);
  if (!info) {
    const requests = podRequests(pod);
    info = { pod, requests, scoredCpuMillis: requests.cpuMillis || DEFAULT_CPU_MILLIS, scoredMemoryBytes: requests.memoryBytes || DEFAULT_MEMORY_BYTES };
    infos.set(pod, info);
  }
  return info;
}

export interface Allocatable {
  cpuMillis: number;
  memoryBytes: number;
  ephemeralStorageBytes: number;
  pods: number;
  other: Record<string, number>;
}

export function allocatableOf(node: Node): Allocatable {
  const result: Allocatable = { cpuMillis: 0, memoryBytes: 0, ephemeralStorageBytes: 0, pods: 0, other: {} };
  for (const [name, value] of Object.entries(node.status?.allocatable ?? {})) {
    if (name === 'cpu') result.cpuMillis = cpuMillis(value);
    else if (name === 'memory') result.memoryBytes = byteCount(value);
    else if (name === 'ephemeral-storage') result.ephemeralStorageBytes = byteCount(value);
    else if (name === 'pods') result.pods = byteCount(value);
    else result.other[name] = byteCount(value);
  }
  return result;
}

/** One node and the pods on it. */
export class NodeInfo {
  node: Node;
  allocatable: Allocatable;
  readonly pods = new Map<string, PodInfo>();
  readonly requested: PodResources = { cpuMillis: 0, memoryBytes: 0, ephemeralStorageBytes: 0, other: {} };
  scoredCpuMillis = 0;
  scoredMemoryBytes = 0;
  /** Of the pods, those with required anti-affinity: they can refuse newcomers. */
  antiAffinityPods = 0;

  constructor(node: Node, allocatable = allocatableOf(node)) {
    this.node = node;
    this.allocatable = allocatable;
  }

  get name(): string {
    return this.node.metadata.name ?? '';
  }

  setNode(node: Node): void {
    this.node = node;
    this.allocatable = allocatableOf(node);
  }

  add(pod: Pod): void {
    const uid = pod.metadata.uid ?? '';
    this.remove(uid);
    const info = podInfo(pod);
    this.pods.set(uid, info);
    this.#count(info, 1);
  }

  remove(uid: string): void {
    const info = this.pods.get(uid);
    if (!info) return;
    this.pods.delete(uid);
    this.#count(info, -1);
  }

  #count(info: PodInfo, sign: 1 | -1): void {
    const { requested } = this;
    requested.cpuMillis += sign * info.requests.cpuMillis;
    requested.memoryBytes += sign * info.requests.memoryBytes;
    requested.ephemeralStorageBytes += sign * info.requests.ephemeralStorageBytes;
    for (const [name, value] of Object.entries(info.requests.other)) requested.other[name] = (requested.other[name] ?? 0) + sign * value;
    this.scoredCpuMillis += sign * info.scoredCpuMillis;
    this.scoredMemoryBytes += sign * info.scoredMemoryBytes;
    if (info.pod.spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.length) this.antiAffinityPods += sign;
  }

  /** For dry runs: changes to the copy do not show in the original. */
  copy(): NodeInfo {
    const copy = new NodeInfo(this.node, this.allocatable);
    for (const { pod } of this.pods.values()) copy.add(pod);
    return copy;
  }
}

export class Snapshot {
  readonly nodes = new Map<string, NodeInfo>();
  /** Labels of namespaces, for affinity terms that select by them. */
  readonly namespaces = new Map<string, Record<string, string>>();
  /** Absent in trials that do not mind volumes. */
  volumes?: VolumeView;
  readonly #nodeOfPod = new Map<string, string>();
  #list: NodeInfo[] | undefined;

  /** The nodes in the order they came; kept between changes, not to be changed. */
  nodeList(): readonly NodeInfo[] {
    return (this.#list ??= [...this.nodes.values()]);
  }

  setNode(node: Node): void {
    const name = node.metadata.name ?? '';
    const known = this.nodes.get(name);
    if (known) return known.setNode(node);
    this.nodes.set(name, new NodeInfo(node));
    this.#list = undefined;
  }

  /** Pods of the node are forgotten with it; they come back when they are seen again. */
  removeNode(name: string): void {
    for (const uid of this.nodes.get(name)?.pods.keys() ?? []) this.#nodeOfPod.delete(uid);
    this.nodes.delete(name);
    this.#list = undefined;
  }

  setNamespace(namespace: Namespace): void {
    this.namespaces.set(namespace.metadata.name ?? '', namespace.metadata.labels ?? {});
  }

  /** Counts a pod on the node its spec names; replaces what was known of it. Answers whether the node is known. */
  setPod(pod: Pod): boolean {
    const uid = pod.metadata.uid ?? '';
    const nodeName = pod.spec?.nodeName ?? '';
    const before = this.#nodeOfPod.get(uid);
    if (before !== undefined && before !== nodeName) this.removePod(uid);
    const node = this.nodes.get(nodeName);
    if (!node) return false;
    node.add(pod);
    this.#nodeOfPod.set(uid, nodeName);
    return true;
  }

  removePod(uid: string): void {
    const nodeName = this.#nodeOfPod.get(uid);
    if (nodeName === undefined) return;
    this.nodes.get(nodeName)?.remove(uid);
    this.#nodeOfPod.delete(uid);
  }

  nodeOfPod(uid: string): string | undefined {
    return this.#nodeOfPod.get(uid);
  }

  /** For simulations: nothing is shared but the objects. */
  copy(): Snapshot {
    const copy = new Snapshot();
    for (const [name, node] of this.nodes) copy.nodes.set(name, node.copy());
    for (const [name, labels] of this.namespaces) copy.namespaces.set(name, labels);
    return copy;
  }

  /** The same snapshot with one node replaced: for dry runs. */
  withNode(info: NodeInfo): Snapshot {
    const copy = new Snapshot();
    for (const [name, node] of this.nodes) copy.nodes.set(name, node);
    for (const [name, labels] of this.namespaces) copy.namespaces.set(name, labels);
    copy.nodes.set(info.name, info);
    return copy;
  }
}
