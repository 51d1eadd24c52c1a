/** Which of the pools that would do is bought. Sources: Cluster Autoscaler's expander packages. */
import type { NodePool, NodeResources } from '../../cloud/provider.ts';
import { podInfo } from '../../scheduler/index.ts';
import type { Pod } from '../../kube/types.ts';
import { pick, type Random } from '../../runtime/random.ts';
import type { AutoscalerOptions } from './options.ts';

/** What buying from one pool would give. */
export interface Option {
  pool: NodePool;
  capacity: NodeResources['capacity'];
  nodes: number;
  pods: Pod[];
}

const REFERENCE_POD = { cpu: 0.5, memoryGiB: 500 / 1024 };

/** Unused cpu and memory as shares of the nodes' capacity, added up. */
export function waste({ capacity, nodes, pods }: Option): number {
  const sum = pods.reduce((total, pod) => {
    const { requests } = podInfo(pod);
    return { cpuMillis: total.cpuMillis + requests.cpuMillis, memoryBytes: total.memoryBytes + requests.memoryBytes };
  }, { cpuMillis: 0, memoryBytes: 0 });
  const unused = (wanted: number, has: number): number => (has - wanted) / has;
  return unused(sum.cpuMillis, capacity.cpuMillis * nodes) + unused(sum.memoryBytes, capacity.memoryBytes * nodes);
}

/** Price of the nodes over the price their pods are worth: `(nodes + x) ÷ (pods + x)`. */
function priceScore({ pool, capacity, nodes, pods }: Option): number {
  const perCpu = pool.instanceType.hourlyUsd / 2 / (capacity.cpuMillis / 1000);
  const perGiB = pool.instanceType.hourlyUsd / 2 / (capacity.memoryBytes / 2 ** 30);
  const worth = pods.reduce((sum, pod) => {
    const { requests } = podInfo(pod);
    return sum + (requests.cpuMillis / 1000) * perCpu + (requests.memoryBytes / 2 ** 30) * perGiB;
  }, 0);
  const x = REFERENCE_POD.cpu * perCpu + REFERENCE_POD.memoryGiB * perGiB;
  return (pool.instanceType.hourlyUsd * nodes + x) / (worth + x);
}

const COSTS: Record<AutoscalerOptions['expander'], (option: Option) => number> = {
  'least-waste': waste,
  price: priceScore,
  'most-pods': (option) => -option.pods.length,
  'least-nodes': (option) => option.nodes,
  random: () => 0,
};

/** The best option; equals are drawn by lot. */
export function choose(options: readonly Option[], expander: AutoscalerOptions['expander'], random: Random): Option | undefined {
  if (options.length === 0) return undefined;
  const costs = options.map(COSTS[expander]);
  const best = Math.min(...costs);
  return pick(random, options.filter((_, i) => costs[i] === best));
}
