/** What an autoscaler asks about pods: whose numbers count, and what they were promised. */
import { getCondition } from '../../kube/conditions.ts';
import { isSidecar, podRequests } from '../../kube/pods.ts';
import { cpuMillis as milliValue } from '../../kube/quantity.ts';
import type { Pod } from '../../kube/types.ts';
import type { PodMetric, PodMetrics } from './metrics-client.ts';
import type { HpaOptions } from './options.ts';

export interface PodGroups {
  ready: number;
  /** Not started, or their CPU may still be that of their start. */
  unready: Set<string>;
  /** They run, and nobody measured them. */
  missing: Set<string>;
  /** Going, or failed. */
  ignored: Set<string>;
}

export type Delays = Pick<HpaOptions, 'cpuInitializationMs' | 'initialReadinessDelayMs'>;

/** `resource` only where the metric is one: readiness counts for CPU alone. */
export function groupPods(pods: readonly Pod[], metrics: PodMetrics, resource: string | undefined, delays: Delays, nowMs: number): PodGroups {
  const groups: PodGroups = { ready: 0, unready: new Set(), missing: new Set(), ignored: new Set() };
  for (const pod of pods) {
    const name = pod.metadata.name ?? '';
    const phase = pod.status?.phase;
    const metric = metrics.get(name);
    if (pod.metadata.deletionTimestamp || phase === 'Failed') groups.ignored.add(name);
    else if (phase === 'Pending') groups.unready.add(name);
    else if (metric === undefined) groups.missing.add(name);
    else if (resource === 'cpu' && isStarting(pod, metric, delays, nowMs)) groups.unready.add(name);
    else groups.ready++;
  }
  return groups;
}

/** While it may still initialize, a pod must be ready for a whole window; later, it counts unless it has never been ready. */
function isStarting(pod: Pod, metric: PodMetric, { cpuInitializationMs, initialReadinessDelayMs }: Delays, nowMs: number): boolean {
  const ready = getCondition(pod.status?.conditions, 'Ready');
  if (ready === undefined || !pod.status?.startTime) return true;
  const started = Date.parse(pod.status.startTime);
  const changed = Date.parse(ready.lastTransitionTime ?? '') || 0;
  // One of the future started before the machine's time was set back.
  if (started <= nowMs && started + cpuInitializationMs > nowMs) return ready.status === 'False' || metric.time < changed + metric.windowMs;
  return ready.status === 'False' && started + initialReadinessDelayMs > changed;
}

/** Requests in thousandths by pod name; of one container, or of the pod. Throws an Error that names what has none. */
export function requestsOf(pods: readonly Pod[], resource: string, container?: string): Map<string, number> {
  return new Map(
    pods.map((pod) => [
      pod.metadata.name ?? '',
      container === undefined && hasPodLevelRequests(pod) ? podLevelRequest(pod, resource) : ofContainers(pod, resource, container),
    ]),
  );
}

type Requests = Record<string, string | number> | undefined;

function hasPodLevelRequests(pod: Pod): boolean {
  return Object.keys(pod.spec?.resources?.requests ?? {}).some((name) => name === 'cpu' || name === 'memory' || name.startsWith('hugepages-'));
}

/** The pod's own word counts for what it speaks of; else its containers'. */
function podLevelRequest(pod: Pod, resource: string): number {
  const own = (pod.spec?.resources?.requests as Requests)?.[resource];
  if (own !== undefined) return milliValue(own) + milliValue((pod.spec?.overhead as Requests)?.[resource]);
  const { cpuMillis, memoryBytes, ephemeralStorageBytes, other } = podRequests(pod);
  const known: Record<string, number> = { cpu: cpuMillis, memory: memoryBytes * 1000, 'ephemeral-storage': ephemeralStorageBytes * 1000 };
  const summed = known[resource] ?? (other[resource] ?? 0) * 1000;
  if (summed === 0) throw new Error(`missing pod-level request for ${resource} in Pod ${pod.metadata.name ?? ''}`);
  return summed;
}

function ofContainers(pod: Pod, resource: string, wanted: string | undefined): number {
  const name = pod.metadata.name ?? '';
  const all = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? []).filter(isSidecar)];
  const containers = wanted === undefined ? all : all.filter((container) => container.name === wanted);
  if (wanted !== undefined && containers.length === 0) throw new Error(`container ${wanted} not found in Pod ${name}`);
  return containers.reduce((sum, container) => {
    const request = (container.resources?.requests as Requests)?.[resource];
    if (request === undefined) throw new Error(`missing request for ${resource} in container ${container.name} of Pod ${name}`);
    return sum + milliValue(request);
  }, 0);
}
