/** Usage of nodes and pods from two samples of a kubelet: CPU is the growth of a counter, memory the newest value. */
import type { ContainerUsage, NodeStats } from '../../runtime/kubelet.ts';

export interface Usage {
  /** CPU time a second, in nanoseconds: a billion is one core. */
  cpuNanocores: number;
  memoryBytes: number;
}

export interface PodUsage {
  namespace: string;
  name: string;
  containers: { name: string; usage: Usage }[];
}

export interface NodeUsage {
  /** Epoch ms of the newer sample, and how long before it the older one was taken. */
  time: number;
  windowMs: number;
  node: Usage;
  pods: PodUsage[];
}

/** Pods and containers that are not in both samples are left out: one value of a counter says nothing. */
export function usageBetween(older: NodeStats, newer: NodeStats): NodeUsage | undefined {
  const windowMs = newer.time - older.time;
  if (windowMs <= 0) return undefined;
  const before = new Map(older.pods.map((sample) => [sample.pod.uid, new Map(sample.containers.map((container) => [container.name, container]))]));
  const pods = newer.pods.flatMap(({ pod, containers }) => {
    const known = before.get(pod.uid);
    const usages = containers.flatMap((now) => {
      const then = known?.get(now.name);
      return then === undefined ? [] : [{ name: now.name, usage: between(then, now, windowMs) }];
    });
    return usages.length === 0 ? [] : [{ namespace: pod.namespace, name: pod.name, containers: usages }];
  });
  return { time: newer.time, windowMs, node: between(older, newer, windowMs), pods };
}

type Counters = Pick<ContainerUsage, 'cpuNanoseconds' | 'memoryBytes'>;

/** A counter that fell was started anew: what it shows has been used since. */
function between(then: Counters, now: Counters, windowMs: number): Usage {
  const used = now.cpuNanoseconds >= then.cpuNanoseconds ? now.cpuNanoseconds - then.cpuNanoseconds : now.cpuNanoseconds;
  return { cpuNanocores: (used * 1000) / windowMs, memoryBytes: now.memoryBytes };
}

/** As metrics-server writes them: '12345n' and '20480Ki'. */
export function usageList({ cpuNanocores, memoryBytes }: Usage): { cpu: string; memory: string } {
  const nanocores = Math.ceil(cpuNanocores);
  return { cpu: nanocores === 0 ? '0' : `${nanocores}n`, memory: memoryBytes === 0 ? '0' : `${Math.ceil(memoryBytes / 1024)}Ki` };
}
