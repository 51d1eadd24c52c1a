import { podInfo, type NodeInfo } from '../snapshot.ts';
import { refuse, refuseForGood, type Filter, type Refusal } from './filter.ts';

/** Runs for every node and pod: no allocation while everything fits. */
export const nodeResourcesFit: Filter = (pod) => {
  const { requests } = podInfo(pod);
  const others = Object.entries(requests.other);
  return (node: NodeInfo): Refusal | undefined => {
    const { allocatable, requested } = node;
    const tooMany = node.pods.size + 1 > allocatable.pods;
    const cpu = requests.cpuMillis > 0 && requests.cpuMillis > allocatable.cpuMillis - requested.cpuMillis;
    const memory = requests.memoryBytes > 0 && requests.memoryBytes > allocatable.memoryBytes - requested.memoryBytes;
    const storage = requests.ephemeralStorageBytes > 0 && requests.ephemeralStorageBytes > allocatable.ephemeralStorageBytes - requested.ephemeralStorageBytes;
    const lacking =
      others.length === 0 ? others : others.filter(([name, value]) => value > 0 && value > (allocatable.other[name] ?? 0) - (requested.other[name] ?? 0));
    if (!tooMany && !cpu && !memory && !storage && lacking.length === 0) return undefined;
    const reasons = [
      ...(tooMany ? ['Too many pods'] : []),
      ...(cpu ? ['Insufficient cpu'] : []),
      ...(memory ? ['Insufficient memory'] : []),
      ...(storage ? ['Insufficient ephemeral-storage'] : []),
      ...lacking.map(([name]) => `Insufficient ${name}`),
    ];
    // An empty node would not do either: evicting pods cannot help.
    const never =
      (cpu && requests.cpuMillis > allocatable.cpuMillis) ||
      (memory && requests.memoryBytes > allocatable.memoryBytes) ||
      (storage && requests.ephemeralStorageBytes > allocatable.ephemeralStorageBytes) ||
      lacking.some(([name, value]) => value > (allocatable.other[name] ?? 0));
    return never ? refuseForGood(...reasons) : refuse(...reasons);
  };
};
