/** What several rooms ask about a pod. */
import { getCondition } from './conditions.ts';
import { byteCount, cpuMillis } from './quantity.ts';
import type { Container, Pod, PodSpec } from './types.ts';

export interface PodResources {
  cpuMillis: number;
  memoryBytes: number;
  ephemeralStorageBytes: number;
  /** Extended resources, in whole units. */
  other: Record<string, number>;
}

function none(): PodResources {
  return { cpuMillis: 0, memoryBytes: 0, ephemeralStorageBytes: 0, other: {} };
}

type ResourceNames = Record<string, string | number> | undefined;

function parseResources(list: ResourceNames): PodResources {
  const resources = none();
  for (const [name, value] of Object.entries(list ?? {})) {
    if (name === 'cpu') resources.cpuMillis = cpuMillis(value);
    else if (name === 'memory') resources.memoryBytes = byteCount(value);
    else if (name === 'ephemeral-storage') resources.ephemeralStorageBytes = byteCount(value);
    else resources.other[name] = byteCount(value);
  }
  return resources;
}

function combine(a: PodResources, b: PodResources, with_: (x: number, y: number) => number): PodResources {
  const other = { ...a.other };
  for (const [name, value] of Object.entries(b.other)) other[name] = with_(other[name] ?? 0, value);
  return {
    cpuMillis: with_(a.cpuMillis, b.cpuMillis),
    memoryBytes: with_(a.memoryBytes, b.memoryBytes),
    ephemeralStorageBytes: with_(a.ephemeralStorageBytes, b.ephemeralStorageBytes),
    other,
  };
}

const sum = (a: PodResources, b: PodResources): PodResources => combine(a, b, (x, y) => x + y);
const largest = (a: PodResources, b: PodResources): PodResources => combine(a, b, Math.max);

/**
 * What the scheduler counts for a pod: the sum of containers and sidecars, or the largest init container with the sidecars
 * started before it, whichever is more; plus overhead. Source: KEP-753 (sidecar containers), "resources calculation".
 */
export function podRequests(pod: { spec?: PodSpec }): PodResources {
  const spec = pod.spec;
  let running = none();
  for (const container of spec?.containers ?? []) running = sum(running, parseResources(container.resources?.requests));
  let sidecars = none();
  let starting = none();
  for (const container of spec?.initContainers ?? []) {
    const requests = parseResources(container.resources?.requests);
    if (isSidecar(container)) {
      sidecars = sum(sidecars, requests);
      starting = largest(starting, sidecars);
    } else {
      starting = largest(starting, sum(sidecars, requests));
    }
  }
  const overhead = spec?.overhead ? parseResources(spec.overhead) : none();
  return sum(largest(sum(running, sidecars), starting), overhead);
}

/** All of them: init containers, containers, and ephemeral ones, which lack nothing that is asked of a container here. */
export function containersOf(spec: PodSpec | undefined): Container[] {
  return [...(spec?.initContainers ?? []), ...(spec?.containers ?? []), ...((spec?.ephemeralContainers ?? []) as Container[])];
}

/** An init container that keeps running beside the containers. */
export function isSidecar(container: Container): boolean {
  return container.restartPolicy === 'Always';
}

/**
 * The port of that name on the pod, among its containers and sidecars: the first of the protocol, as upstream finds it. Undefined when
 * there is none.
 */
export function namedPort(pod: { spec?: PodSpec }, name: string, protocol: string): number | undefined {
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? []).filter(isSidecar)];
  for (const { ports = [] } of containers) {
    for (const port of ports) if (port.name === name && (port.protocol ?? 'TCP') === protocol) return port.containerPort;
  }
  return undefined;
}

export function isPodReady(pod: Pod): boolean {
  return getCondition(pod.status?.conditions, 'Ready')?.status === 'True';
}

/** Ready for at least `minReadySeconds`. */
export function isPodAvailable(pod: Pod, minReadySeconds: number, nowMs: number): boolean {
  const ready = getCondition(pod.status?.conditions, 'Ready');
  if (ready?.status !== 'True') return false;
  if (minReadySeconds === 0) return true;
  return ready.lastTransitionTime !== undefined && Date.parse(ready.lastTransitionTime) + minReadySeconds * 1000 <= nowMs;
}

export function isPodTerminal(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

export function podPriority(pod: Pod): number {
  return pod.spec?.priority ?? 0;
}

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

/** By requests and limits of cpu and memory of all containers; as the API reference defines the classes. */
export function qosClass(pod: { spec?: PodSpec }): QosClass {
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  let any = false;
  let guaranteed = containers.length > 0;
  for (const { resources } of containers) {
    for (const name of ['cpu', 'memory']) {
      const limit = resources?.limits?.[name];
      const request = resources?.requests?.[name] ?? limit;
      if (positive(request) || positive(limit)) any = true;
      if (!positive(limit) || parseResources({ [name]: request ?? 0 })[unitOf(name)] !== parseResources({ [name]: limit ?? 0 })[unitOf(name)])
        guaranteed = false;
    }
  }
  if (!any) return 'BestEffort';
  return guaranteed ? 'Guaranteed' : 'Burstable';
}

function unitOf(name: string): 'cpuMillis' | 'memoryBytes' {
  return name === 'cpu' ? 'cpuMillis' : 'memoryBytes';
}

function positive(value: string | number | undefined): boolean {
  return value !== undefined && cpuMillis(value) > 0;
}
