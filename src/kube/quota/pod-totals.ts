/**
 * What a pod asks for and is held to, over all its containers, by resource name.
 * Containers and sidecars run together; each init container runs beside the sidecars started before it (KEP-753).
 */
import { isSidecar } from '../pods.ts';
import { compareQuantities } from '../quantity.ts';
import type { Container, Pod } from '../types.ts';
import { add, largest, type ResourceList } from './resource-list.ts';

interface Requirements {
  requests?: ResourceList;
  limits?: ResourceList;
}

/** What the kubelet says of a container that is, or was, resized in place. */
interface ContainerStatus {
  name: string;
  resources?: Requirements;
  allocatedResources?: ResourceList;
}

type ListOf = (container: Container, status: ContainerStatus | undefined) => ResourceList | undefined;

function overContainers(pod: Pod, listOf: ListOf): ResourceList {
  const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])] as ContainerStatus[];
  const of = (container: Container) => listOf(container, statuses.length === 0 ? undefined : statuses.find(({ name }) => name === container.name)) ?? {};
  let running: ResourceList = {};
  for (const container of pod.spec?.containers ?? []) running = add(running, of(container));
  let sidecars: ResourceList = {};
  let starting: ResourceList = {};
  for (const container of pod.spec?.initContainers ?? []) {
    const own = of(container);
    if (isSidecar(container)) {
      running = add(running, own);
      sidecars = add(sidecars, own);
      starting = largest(starting, sidecars);
    } else {
      starting = largest(starting, add(own, sidecars));
    }
  }
  return largest(running, starting);
}

const ofPod = (pod: Pod): Requirements | undefined => (pod.spec as { resources?: Requirements } | undefined)?.resources;

/** Resources that may be said for a pod as a whole. */
export const isPodLevel = (name: string): boolean => name === 'cpu' || name === 'memory' || name.startsWith('hugepages-');

function podLevel(list: ResourceList | undefined): ResourceList {
  return Object.fromEntries(Object.entries(list ?? {}).filter(([name]) => isPodLevel(name)));
}

/** The pod as a whole says what it needs, so that its containers need not. */
export function hasPodLevel(pod: Pod): boolean {
  const own = ofPod(pod);
  return [...Object.keys(own?.requests ?? {}), ...Object.keys(own?.limits ?? {})].some(isPodLevel);
}

function isInfeasible(pod: Pod): boolean {
  return pod.status?.conditions?.find(({ type }) => type === 'PodResizePending')?.reason === 'Infeasible';
}

/** By the spec alone: what the limits of a namespace look at. */
export function specRequests(pod: Pod): ResourceList {
  return { ...overContainers(pod, ({ resources }) => resources?.requests), ...podLevel(ofPod(pod)?.requests) };
}

export function specLimits(pod: Pod): ResourceList {
  return { ...overContainers(pod, ({ resources }) => resources?.limits), ...podLevel(ofPod(pod)?.limits) };
}

/** With overhead, and while a resize is under way the most of what is wanted, allocated and in force. */
export function totalRequests(pod: Pod): ResourceList {
  const infeasible = isInfeasible(pod);
  const wanted = (container: Container) => (infeasible ? undefined : container.resources?.requests);
  let total = infeasible ? {} : overContainers(pod, wanted);
  if (pod.status?.containerStatuses?.length) {
    const allocated = overContainers(pod, (container, status) => status?.allocatedResources ?? wanted(container));
    const inForce = overContainers(pod, (container, status) => status?.resources?.requests ?? status?.allocatedResources ?? wanted(container));
    total = largest(largest(total, allocated), inForce);
  }
  return add({ ...total, ...podLevel(ofPod(pod)?.requests) }, pod.spec?.overhead ?? {});
}

/** Overhead counts where there is a limit at all. */
export function totalLimits(pod: Pod): ResourceList {
  const infeasible = isInfeasible(pod);
  const wanted = (container: Container) => (infeasible ? undefined : container.resources?.limits);
  let total = infeasible ? {} : overContainers(pod, wanted);
  if (pod.status?.containerStatuses?.length)
    total = largest(
      total,
      overContainers(pod, (c, status) => status?.resources?.limits ?? wanted(c)),
    );
  total = { ...total, ...podLevel(ofPod(pod)?.limits) };
  const overhead = Object.entries(pod.spec?.overhead ?? {}).filter(([name]) => total[name] !== undefined && compareQuantities(total[name], '0') !== 0);
  return add(total, Object.fromEntries(overhead));
}
