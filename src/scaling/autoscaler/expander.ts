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

/** Unused cpu and memory as shares of the nodes' capacity, added up. */
export function waste({ capacity, nodes, pods }: Option): number {
  const sum = pods.reduce(
    (total, pod) => {
      const { requests } = podInfo(pod);
      return { cpuMillis: total.cpuMillis + requests.cpuMillis, memoryBytes: total.memoryBytes + requests.memoryBytes };
    },
    { cpuMillis: 0, memoryBytes: 0 },
  );
  const unused = (wanted: number, has: number): number => (has - wanted) / has;
  return unused(sum.cpuMillis, capacity.cpuMillis * nodes) + unused(sum.memoryBytes, capacity.memoryBytes * nodes);
}

/** A pod's worth is never nothing: this one is added on both sides. */
const REFERENCE_POD = { cpu: 0.5, memoryGiB: 500 / 1024 };
/** Up to so many nodes in the cluster, nodes of so many cores suit it. */
const PREFERRED_CORES: readonly [number, number][] = [
  [2, 1],
  [6, 2],
  [20, 4],
  [60, 8],
  [200, 16],
  [Infinity, 32],
];

/**
 * `suppressed unfitness × (price of the nodes + x) ÷ (price of the pods + x)`. Unfitness says how far a node's cores are from what suits
 * the size of the cluster; it counts less the more nodes are bought. Source: Cluster Autoscaler's price expander.
 */
function priceCosts(options: readonly Option[], clusterNodes: number): number[] {
  // What a core and a GiB cost where they are cheapest, half of a node's price going to each: the same measure for all pools.
  const perCpu = Math.min(...options.map(({ pool }) => pool.instanceType.hourlyUsd / 2 / pool.instanceType.vcpus));
  const perGiB = Math.min(...options.map(({ pool }) => pool.instanceType.hourlyUsd / 2 / (pool.instanceType.memoryMiB / 1024)));
  const worth = (cpu: number, memoryGiB: number): number => cpu * perCpu + memoryGiB * perGiB;
  const x = worth(REFERENCE_POD.cpu, REFERENCE_POD.memoryGiB);
  const preferred = PREFERRED_CORES.find(([nodes]) => clusterNodes <= nodes)?.[1] ?? 32;
  return options.map(({ pool, nodes, pods }) => {
    const podsPrice = pods.reduce((sum, pod) => {
      const { requests } = podInfo(pod);
      return sum + worth(requests.cpuMillis / 1000, requests.memoryBytes / 2 ** 30);
    }, 0);
    const { vcpus, hourlyUsd } = pool.instanceType;
    const unfitness = Math.max(preferred / vcpus, vcpus / preferred);
    const suppressed = (unfitness - 1) * (1 - Math.tanh((nodes - 1) / 15)) + 1;
    return (suppressed * (hourlyUsd * nodes + x)) / (podsPrice + x);
  });
}

/** Pool names by priority, as the ConfigMap `cluster-autoscaler-priority-expander` has them: the highest group with a match counts. */
export type Priorities = readonly { priority: number; patterns: readonly RegExp[] }[];

function priorityOf(pool: string, priorities: Priorities): number {
  return Math.max(-Infinity, ...priorities.filter(({ patterns }) => patterns.some((pattern) => pattern.test(pool))).map(({ priority }) => priority));
}

export interface ChooseContext {
  expander: AutoscalerOptions['expander'];
  random: Random;
  /** Nodes there are: the price expander likes larger nodes in larger clusters. */
  clusterNodes: number;
  /** For the priority expander; without any, all pools are alike. */
  priorities?: Priorities | undefined;
}

function costsOf(options: readonly Option[], { expander, clusterNodes, priorities = [] }: ChooseContext): number[] {
  switch (expander) {
    case 'least-waste':
      return options.map(waste);
    case 'price':
      return priceCosts(options, clusterNodes);
    case 'most-pods':
      return options.map(({ pods }) => -pods.length);
    case 'least-nodes':
      return options.map(({ nodes }) => nodes);
    case 'priority':
      return options.map(({ pool }) => -priorityOf(pool.name, priorities));
    case 'random':
      return options.map(() => 0);
  }
}

/** The best option; equals are drawn by lot. */
export function choose<O extends Option>(options: readonly O[], context: ChooseContext): O | undefined {
  if (options.length === 0) return undefined;
  const costs = costsOf(options, context);
  const best = Math.min(...costs);
  return pick(
    context.random,
    options.filter((_, i) => costs[i] === best),
  );
}
