/** What the control plane thinks of a node from its heartbeats, and the taints that follow (upstream's nodelifecycle). */
import { getCondition } from '../../kube/conditions.ts';
import type { Node } from '../../kube/types.ts';
import { timestamp } from '../../runtime/clock.ts';

export type Taint = NonNullable<NonNullable<Node['spec']>['taints']>[number];
export type NodeStatus = NonNullable<Node['status']>;
type NodeCondition = NonNullable<NodeStatus['conditions']>[number];

const NOT_READY = 'node.kubernetes.io/not-ready';
const UNREACHABLE = 'node.kubernetes.io/unreachable';
const UNSCHEDULABLE = 'node.kubernetes.io/unschedulable';

/** Condition types whose True means pressure, and their taints. */
const PRESSURES: readonly [type: string, taint: string][] = [
  ['MemoryPressure', 'node.kubernetes.io/memory-pressure'],
  ['DiskPressure', 'node.kubernetes.io/disk-pressure'],
  ['PIDPressure', 'node.kubernetes.io/pid-pressure'],
  ['NetworkUnavailable', 'node.kubernetes.io/network-unavailable'],
];
/** Conditions a node reports itself, which become Unknown together when it falls silent. */
const REPORTED = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'];
const OURS = new Set([NOT_READY, UNREACHABLE, UNSCHEDULABLE, ...PRESSURES.map(([, taint]) => taint)]);

export function isReady(node: Node): boolean {
  return getCondition(node.status?.conditions, 'Ready')?.status === 'True';
}

/** The status of a node that has fallen silent; undefined when it says so already. */
export function unknownStatus(node: Node, nowMs: number): NodeStatus | undefined {
  if (getCondition(node.status?.conditions, 'Ready')?.status === 'Unknown') return undefined;
  const now = timestamp(nowMs);
  const conditions: NodeCondition[] = [...(node.status?.conditions ?? [])];
  for (const type of REPORTED) {
    const at = conditions.findIndex((condition) => condition.type === type);
    const old = conditions[at];
    if (old === undefined) {
      const since = node.metadata.creationTimestamp ?? now;
      conditions.push({
        type,
        status: 'Unknown',
        reason: 'NodeStatusNeverUpdated',
        message: 'Kubelet never posted node status.',
        lastHeartbeatTime: since,
        lastTransitionTime: now,
      });
    } else if (old.status !== 'Unknown') {
      conditions[at] = { ...old, status: 'Unknown', reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting node status.', lastTransitionTime: now };
    }
  }
  return { ...node.status, conditions };
}

/**
 * The node's taints as they should be; undefined when they are. Taints of others are left alone, kept ones keep their time.
 * `evict` is false while no node at all is ready: then the fault is more likely ours, and no pod is driven out.
 */
export function wantedTaints(node: Node, evict: boolean, nowMs: number): Taint[] | undefined {
  const wanted: Taint[] = [];
  const ready = getCondition(node.status?.conditions, 'Ready')?.status;
  if (ready !== 'True') {
    const key = ready === 'False' ? NOT_READY : UNREACHABLE;
    // A node that never said anything is not ready rather than lost.
    const effective = ready === undefined ? NOT_READY : key;
    wanted.push({ key: effective, effect: 'NoSchedule' });
    if (evict) wanted.push({ key: effective, effect: 'NoExecute' });
  }
  if (node.spec?.unschedulable) wanted.push({ key: UNSCHEDULABLE, effect: 'NoSchedule' });
  for (const [type, key] of PRESSURES) {
    if (getCondition(node.status?.conditions, type)?.status === 'True') wanted.push({ key, effect: 'NoSchedule' });
  }
  const current = node.spec?.taints ?? [];
  const same = (a: Taint, b: Taint) => a.key === b.key && a.effect === b.effect;
  const kept = current.filter((taint) => !OURS.has(taint.key) || wanted.some((w) => same(w, taint)));
  const added = wanted.filter((w) => !current.some((taint) => same(w, taint)));
  if (added.length === 0 && kept.length === current.length) return undefined;
  const timeAdded = timestamp(nowMs);
  return [...kept, ...added.map(({ key, effect }) => ({ key, effect, timeAdded }))];
}
