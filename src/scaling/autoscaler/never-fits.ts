/** A pod larger than any node that could be bought: it would wait for ever, and nobody would say why. */
import { formatBytes, formatMillis } from '../../kube/quantity.ts';
import type { DaemonSet, Pod } from '../../kube/types.ts';
import type { CloudProvider } from '../../cloud/provider.ts';
import { podInfo, type NodeInfo, type Snapshot } from '../../scheduler/index.ts';
import { templateInfo } from './template.ts';

/** Cpu (milli) and memory (bytes) a node has for pods besides those of daemon sets. */
function room({ allocatable, requested }: NodeInfo): { cpuMillis: number; memoryBytes: number } {
  return { cpuMillis: allocatable.cpuMillis - requested.cpuMillis, memoryBytes: allocatable.memoryBytes - requested.memoryBytes };
}

/** Why no node, present or of any pool, even an empty one, holds the pod, with the numbers; undefined when one would. Cpu and memory only. */
export function neverFits(
  pod: Pod,
  { snapshot, provider, daemonSets }: { snapshot: Snapshot; provider: CloudProvider; daemonSets: readonly DaemonSet[] },
): string | undefined {
  const { cpuMillis, memoryBytes } = podInfo(pod).requests;
  const holds = (has: { cpuMillis: number; memoryBytes: number }): boolean => has.cpuMillis >= cpuMillis && has.memoryBytes >= memoryBytes;
  if (snapshot.nodeList().some((node) => holds(node.allocatable))) return undefined;
  const pools = provider.pools().map((pool) => ({ name: pool.name, has: room(templateInfo(provider, pool, `empty-${pool.name}`, daemonSets, snapshot)) }));
  if (pools.length === 0 || pools.some(({ has }) => holds(has))) return undefined;
  const offers = pools.map(({ name, has }) => `${name} ${formatMillis(has.cpuMillis)} cpu and ${formatBytes(has.memoryBytes)} memory`).join(', ');
  return `no node pool can ever hold this pod: it asks for ${formatMillis(cpuMillis)} cpu and ${formatBytes(memoryBytes)} memory; an empty node has room for: ${offers}`;
}
