/** A kubelet's /stats/summary: what is measured of it, in upstream's shape (kubelet/pkg/apis/stats/v1alpha1). */
import type { Node } from '../../kube/types.ts';
import { byteCount } from '../../kube/quantity.ts';
import { timestamp } from '../../runtime/clock.ts';
import type { NodeStats } from '../../runtime/kubelet.ts';

export function nodeSummary({ metadata, status }: Node, stats: NodeStats) {
  const time = timestamp(stats.time);
  const usage = (cpuNanoseconds: number, memoryBytes: number) => ({
    cpu: { time, usageCoreNanoSeconds: cpuNanoseconds },
    memory: { time, workingSetBytes: memoryBytes },
  });
  const availableBytes = byteCount(status?.capacity?.['memory'] ?? '0') - stats.memoryBytes;
  const whole = usage(stats.cpuNanoseconds, stats.memoryBytes);
  return {
    node: { nodeName: metadata.name ?? '', ...whole, memory: { ...whole.memory, availableBytes } },
    pods: stats.pods.map(({ pod: { name, namespace, uid }, containers }) => ({
      podRef: { name, namespace, uid },
      containers: containers.map(({ name: container, cpuNanoseconds, memoryBytes }) => ({ name: container, ...usage(cpuNanoseconds, memoryBytes) })),
    })),
  };
}
