/** What the cluster does while the load runs: pods of the target, nodes, and room for more; from watches. */
import { isPodReady, isPodTerminal, podPriority, podRequests } from '../../kube/pods.ts';
import { byteCount, cpuMillis } from '../../kube/quantity.ts';
import { nodes, pods } from '../../kube/resources.ts';
import type { Node, Pod, Service } from '../../kube/types.ts';
import type { ControllerContext } from '../../runtime/controller.ts';

export interface ClusterPoint {
  /** Seconds after the start of the run. */
  at: number;
  /** Pods that the service selects, and those of them that are Ready. */
  pods: number;
  ready: number;
  /** Ready and schedulable nodes. */
  nodes: number;
  /** How many more pods of the target have room on these nodes by their requests, pods of lower priority giving way; undefined without a pod to go by. */
  headroom: number | undefined;
}

/** Looks at the informers of a context whose informers run. */
export function observer(ctx: ControllerContext, service: Service): (at: number) => ClusterPoint {
  const podInformer = ctx.informer(pods);
  const nodeInformer = ctx.informer(nodes);
  const selector = Object.entries(service.spec?.selector ?? {});
  const isTarget = (pod: Pod): boolean =>
    selector.length > 0 &&
    pod.metadata.namespace === service.metadata.namespace &&
    pod.metadata.deletionTimestamp === undefined &&
    selector.every(([key, value]) => pod.metadata.labels?.[key] === value);
  return (at) => {
    const all = podInformer.list().filter((pod) => !isPodTerminal(pod));
    const mine = all.filter(isTarget);
    const usable = nodeInformer.list().filter(isUsable);
    const [model] = mine;
    return { at, pods: mine.length, ready: mine.filter(isPodReady).length, nodes: usable.length, headroom: model && headroom(model, all, usable) };
  };
}

function isUsable(node: Node): boolean {
  return node.spec?.unschedulable !== true && (node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false);
}

function headroom(model: Pod, all: readonly Pod[], usable: readonly Node[]): number {
  const wanted = podRequests(model);
  const priority = podPriority(model);
  const free = new Map(
    usable.map(({ metadata, status }) => [
      metadata.name,
      {
        cpu: cpuMillis(status?.allocatable?.cpu ?? '0'),
        memory: byteCount(status?.allocatable?.memory ?? '0'),
        pods: Number(status?.allocatable?.pods ?? 110),
      },
    ]),
  );
  for (const pod of all) {
    const room = free.get(pod.spec?.nodeName);
    if (room === undefined || podPriority(pod) < priority) continue;
    const { cpuMillis: cpu, memoryBytes } = podRequests(pod);
    room.cpu -= cpu;
    room.memory -= memoryBytes;
    room.pods--;
  }
  const fits = (room: number, each: number): number => (each === 0 ? Number.POSITIVE_INFINITY : Math.floor(room / each));
  return [...free.values()].reduce(
    (sum, room) => sum + Math.max(0, Math.min(fits(room.cpu, wanted.cpuMillis), fits(room.memory, wanted.memoryBytes), room.pods)),
    0,
  );
}
