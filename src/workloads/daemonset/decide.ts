/** Where a daemon set's pods should be, and which to replace (upstream's pkg/controller/daemon). */
import { isPodAvailable, isPodReady } from '../../kube/pods.ts';
import type { DaemonSet, Node, Pod, PodSpec, PodTemplateSpec } from '../../kube/types.ts';
import { REVISION_HASH } from '../shared/history.ts';
import { scaledValue } from '../shared/int-or-percent.ts';
import { matchesNode, toleratesAll } from '../shared/node-fit.ts';

type Toleration = NonNullable<PodSpec['tolerations']>[number];

const BURST = 250;

/** Every daemon pod tolerates a node's troubles: it is often what mends or reports them. */
const DAEMON_TOLERATIONS: readonly Toleration[] = [
  { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/disk-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/pid-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' },
];
const HOST_NETWORK_TOLERATION: Toleration = { key: 'node.kubernetes.io/network-unavailable', operator: 'Exists', effect: 'NoSchedule' };

function daemonTolerations(spec: PodSpec | undefined): Toleration[] {
  const own = spec?.tolerations ?? [];
  const added = spec?.hostNetwork ? [...DAEMON_TOLERATIONS, HOST_NETWORK_TOLERATION] : DAEMON_TOLERATIONS;
  return [...own, ...added.filter((a) => !own.some((t) => t.key === a.key && t.effect === a.effect && t.operator === a.operator))];
}

interface Eligibility {
  /** A pod should be made there. */
  shouldRun: boolean;
  /** A pod that is there may stay. */
  mayStay: boolean;
}

function eligibility(daemonSet: DaemonSet, node: Node): Eligibility {
  const spec = daemonSet.spec?.template?.spec;
  if (spec === undefined || !matchesNode(spec, node)) return { shouldRun: false, mayStay: false };
  const tolerations = daemonTolerations(spec);
  const taints = node.spec?.taints ?? [];
  return {
    shouldRun: toleratesAll(tolerations, taints, new Set(['NoSchedule', 'NoExecute'])),
    mayStay: toleratesAll(tolerations, taints, new Set(['NoExecute'])),
  };
}

/** The template's pod pinned to a node by name; the scheduler binds it there. */
export function daemonTemplate(daemonSet: DaemonSet, nodeName: string, hash: string): PodTemplateSpec {
  const template = daemonSet.spec?.template ?? {};
  const spec = template.spec as PodSpec;
  const pinned = { matchFields: [{ key: 'metadata.name', operator: 'In' as const, values: [nodeName] }] };
  const required = { nodeSelectorTerms: [pinned] };
  const generation = daemonSet.metadata.annotations?.['deprecated.daemonset.template.generation'] ?? String(daemonSet.metadata.generation ?? 1);
  return {
    metadata: { ...template.metadata, labels: { ...template.metadata?.labels, [REVISION_HASH]: hash, 'pod-template-generation': generation } },
    spec: {
      ...spec,
      tolerations: daemonTolerations(spec),
      affinity: { ...spec.affinity, nodeAffinity: { ...spec.affinity?.nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution: required } },
    },
  };
}

/** The node a daemon pod is on or meant for. */
export function targetNode(pod: Pod): string | undefined {
  if (pod.spec?.nodeName) return pod.spec.nodeName;
  const terms = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  for (const term of terms) {
    for (const field of term.matchFields ?? [])
      if (field.key === 'metadata.name' && field.operator === 'In' && field.values?.length === 1) return field.values[0];
  }
  return undefined;
}

export interface Changes {
  /** Nodes to make a pod for. */
  create: string[];
  remove: Pod[];
  /** Those of `remove` that had failed, for an event. */
  failed: Pod[];
}

/** `byNode`: the daemon set's pods by the node they are meant for. */
export function placePods(daemonSet: DaemonSet, nodes: readonly Node[], byNode: ReadonlyMap<string, readonly Pod[]>): Changes {
  const changes: Changes = { create: [], remove: [], failed: [] };
  const present = new Set<string>();
  for (const node of nodes) {
    const name = node.metadata.name ?? '';
    present.add(name);
    const { shouldRun, mayStay } = eligibility(daemonSet, node);
    const pods = byNode.get(name) ?? [];
    const alive: Pod[] = [];
    for (const pod of pods) {
      if (pod.metadata.deletionTimestamp !== undefined) continue;
      const over = pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded';
      if (over) changes.remove.push(pod);
      if (pod.status?.phase === 'Failed') changes.failed.push(pod);
      if (!over) alive.push(pod);
    }
    if (!mayStay) changes.remove.push(...alive);
    // A pod on its way out holds its place: two would compete for ports and files.
    else if (pods.length === 0) {
      if (shouldRun) changes.create.push(name);
    } else changes.remove.push(...surplus(alive, surgeAllowed(daemonSet)));
  }
  // Pods that were meant for a node that is gone would wait for ever.
  for (const [name, pods] of byNode) {
    if (!present.has(name)) changes.remove.push(...pods.filter((pod) => !pod.spec?.nodeName && pod.metadata.deletionTimestamp === undefined));
  }
  changes.create.splice(BURST);
  return changes;
}

function surgeAllowed(daemonSet: DaemonSet): boolean {
  const surge = daemonSet.spec?.updateStrategy?.rollingUpdate?.maxSurge;
  return surge !== undefined && surge !== 0 && surge !== '0%';
}

/** All but the oldest; with surge, the old template's and the new one's may live side by side for a while. */
function surplus(alive: readonly Pod[], surge: boolean): Pod[] {
  const sorted = [...alive].toSorted((a, b) => ((a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? -1 : 1));
  if (!surge) return sorted.slice(1);
  const seen = new Set<string>();
  return sorted.filter((pod) => {
    const hash = pod.metadata.labels?.[REVISION_HASH] ?? '';
    if (seen.has(hash)) return true;
    seen.add(hash);
    return false;
  });
}

/** One step of a rolling update: pods to delete, and nodes that get the new pod before the old one goes. */
export function rollPods(daemonSet: DaemonSet, nodes: readonly Node[], byNode: ReadonlyMap<string, readonly Pod[]>, hash: string, nowMs: number): Changes {
  const changes: Changes = { create: [], remove: [], failed: [] };
  const rolling = daemonSet.spec?.updateStrategy?.rollingUpdate;
  const wanted = nodes.filter((node) => eligibility(daemonSet, node).shouldRun);
  const minReady = daemonSet.spec?.minReadySeconds ?? 0;
  const maxSurge = scaledValue(rolling?.maxSurge ?? 0, wanted.length, 'up');
  const maxUnavailable = maxSurge > 0 ? 0 : Math.max(1, scaledValue(rolling?.maxUnavailable ?? 1, wanted.length, 'up'));
  let unavailable = 0;
  let surging = 0;
  const candidates: { old: Pod; name: string }[] = [];
  for (const node of wanted) {
    const name = node.metadata.name ?? '';
    const pods = (byNode.get(name) ?? []).filter((pod) => pod.metadata.deletionTimestamp === undefined);
    const fresh = pods.find((pod) => pod.metadata.labels?.[REVISION_HASH] === hash);
    const old = pods.find((pod) => pod !== fresh);
    const available = (pod: Pod | undefined) => pod !== undefined && isPodAvailable(pod, minReady, nowMs);
    if (maxSurge > 0) {
      if (fresh !== undefined && old !== undefined) {
        // The new one has taken over, or the old one was no use anyway.
        if (available(fresh) || !available(old)) changes.remove.push(old);
        surging++;
      } else if (old !== undefined) candidates.push({ old, name });
      continue;
    }
    if (fresh !== undefined) {
      if (!available(fresh)) unavailable++;
    } else if (old === undefined) unavailable++;
    else if (!available(old)) {
      changes.remove.push(old);
      unavailable++;
    } else candidates.push({ old, name });
  }
  if (maxSurge > 0) changes.create.push(...candidates.slice(0, Math.max(0, maxSurge - surging)).map((c) => c.name));
  else changes.remove.push(...candidates.slice(0, Math.max(0, maxUnavailable - unavailable)).map((c) => c.old));
  return changes;
}

export type DaemonSetStatus = NonNullable<DaemonSet['status']>;

export function daemonSetStatus(
  daemonSet: DaemonSet,
  nodes: readonly Node[],
  byNode: ReadonlyMap<string, readonly Pod[]>,
  hash: string,
  nowMs: number,
): DaemonSetStatus {
  const minReady = daemonSet.spec?.minReadySeconds ?? 0;
  let desired = 0,
    current = 0,
    misscheduled = 0,
    ready = 0,
    available = 0,
    updated = 0;
  for (const node of nodes) {
    const pods = byNode.get(node.metadata.name ?? '') ?? [];
    if (!eligibility(daemonSet, node).shouldRun) {
      if (pods.length > 0) misscheduled++;
      continue;
    }
    desired++;
    if (pods.length === 0) continue;
    current++;
    const oldest = [...pods].toSorted((a, b) => ((a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? -1 : 1))[0]!;
    if (pods.some((pod) => isPodReady(pod))) ready++;
    if (pods.some((pod) => isPodAvailable(pod, minReady, nowMs))) available++;
    if (oldest.metadata.labels?.[REVISION_HASH] === hash) updated++;
  }
  return {
    desiredNumberScheduled: desired,
    currentNumberScheduled: current,
    numberMisscheduled: misscheduled,
    numberReady: ready,
    ...(updated > 0 ? { updatedNumberScheduled: updated } : {}),
    ...(available > 0 ? { numberAvailable: available } : {}),
    ...(desired - available > 0 ? { numberUnavailable: desired - available } : {}),
    ...(daemonSet.metadata.generation === undefined ? {} : { observedGeneration: daemonSet.metadata.generation }),
    ...(daemonSet.status?.conditions ? { conditions: daemonSet.status.conditions } : {}),
    ...(daemonSet.status?.collisionCount ? { collisionCount: daemonSet.status.collisionCount } : {}),
  };
}
