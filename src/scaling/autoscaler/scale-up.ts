/**
 * Which nodes to buy for pods that cannot be scheduled. Pure. Reacts to pods, not to usage; only hard rules count
 * (the scheduler's filters, not its scores).
 */
import { podPriority } from '../../kube/pods.ts';
import type { DaemonSet, Pod } from '../../kube/types.ts';
import type { CloudProvider, NodePool } from '../../cloud/provider.ts';
import type { Random } from '../../runtime/random.ts';
import { filtersFor, podInfo, type NodeInfo, type Snapshot } from '../../scheduler/index.ts';
import { choose, type Option, type Priorities } from './expander.ts';
import type { AutoscalerOptions } from './options.ts';
import { templateInfo } from './template.ts';

export interface PoolState {
  pool: NodePool;
  /** Nodes that run or boot. */
  size: number;
  /** Of those, the ones that do not run yet. */
  upcoming: number;
  /** Left alone after failures. */
  backedOff: boolean;
}

export interface ScaleUp {
  /** Absent: nothing is to be bought. */
  buy?: { pool: string; count: number; from: number; max: number; pods: Pod[] };
  /** Why no pool helps a pod, by uid: counts of reasons in Cluster Autoscaler's words. */
  refused: Map<string, { pod: Pod; reasons: Map<string, number> }>;
  /** Pods that upcoming nodes will take: nothing to say of them. */
  waiting: Pod[];
  /** Chunks of buffers that nodes there are have room for: the node by the chunk's uid. */
  roomy: Map<string, string>;
}

const MAX_NODES_PER_SCALE_UP = 1000;

export interface ScaleUpInput {
  snapshot: Snapshot;
  pods: readonly Pod[];
  /** Of capacity buffers: wanted as pods are, but after them. Like ones follow each other. */
  chunks?: readonly Pod[];
  pools: readonly PoolState[];
  provider: CloudProvider;
  daemonSets: readonly DaemonSet[];
  options: Pick<AutoscalerOptions, 'expander'>;
  priorities?: Priorities | undefined;
  random: Random;
}

export function decideScaleUp({ snapshot, pods, chunks = [], pools, provider, daemonSets, options, priorities, random }: ScaleUpInput): ScaleUp {
  const world = withUpcoming(snapshot, pools, provider, daemonSets);
  // The important ones first, as the scheduler will.
  const homeless = [...pods].sort((a, b) => podPriority(b) - podPriority(a)).filter((pod) => !packInto(pod, world, [...world.nodes.values()]));
  const waiting = pods.filter((pod) => !homeless.includes(pod));
  const places = placeChunks(chunks, world);
  const roomy = new Map([...places].filter(([, node]) => snapshot.nodes.has(node)));
  const left = [...homeless, ...chunks.filter(({ metadata }) => !places.has(metadata.uid ?? ''))];
  const refused: ScaleUp['refused'] = new Map(left.map((pod) => [pod.metadata.uid ?? '', { pod, reasons: new Map<string, number>() }]));
  if (left.length === 0) return { refused: new Map(), waiting, roomy };

  const candidates: (Option & { state: PoolState })[] = [];
  for (const state of pools) {
    const { pool, size } = state;
    const blocked = state.backedOff ? 'in backoff after failed scale-up' : size >= pool.max ? 'max node group size reached' : undefined;
    if (blocked) {
      for (const { reasons } of refused.values()) count(reasons, blocked);
      continue;
    }
    const { nodes, packed } = estimate(left, pool, Math.min(pool.max - size, MAX_NODES_PER_SCALE_UP), { snapshot: world, provider, daemonSets, refused });
    if (packed.length > 0) candidates.push({ pool, state, capacity: provider.template(pool.name).capacity, nodes, pods: packed });
  }
  const best = choose(candidates, { expander: options.expander, random, clusterNodes: snapshot.nodes.size, priorities });
  if (!best) return { refused, waiting, roomy };
  for (const pod of candidates.flatMap((candidate) => candidate.pods)) refused.delete(pod.metadata.uid ?? '');
  return { buy: { pool: best.pool.name, count: best.nodes, from: best.state.size, max: best.pool.max, pods: best.pods }, refused, waiting, roomy };
}

function count(reasons: Map<string, number>, reason: string): void {
  reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
}

/** The cluster as it will be when what was bought has come. */
function withUpcoming(snapshot: Snapshot, pools: readonly PoolState[], provider: CloudProvider, daemonSets: readonly DaemonSet[]): Snapshot {
  const world = snapshot.copy();
  for (const { pool, upcoming } of pools) {
    for (let i = 0; i < upcoming; i++) {
      const name = `upcoming-${pool.name}-${i}`;
      world.nodes.set(name, templateInfo(provider, pool, name, daemonSets, snapshot));
    }
  }
  return world;
}

function packInto(pod: Pod, world: Snapshot, nodes: readonly NodeInfo[]): boolean {
  const check = filtersFor(pod, world);
  const node = nodes.find((candidate) => !check(candidate));
  node?.add(pod);
  return node !== undefined;
}

/** Nodes only fill up, so what has been refused one chunk is not asked for the next one like it. Answers the nodes by the chunks' uids. */
function placeChunks(chunks: readonly Pod[], world: Snapshot): Map<string, string> {
  const places = new Map<string, string>();
  const nodes = [...world.nodes.values()];
  let like: Pod['spec'];
  let from = 0;
  for (const chunk of chunks) {
    if (chunk.spec !== like) from = 0;
    like = chunk.spec;
    const check = filtersFor(chunk, world);
    while (from < nodes.length && check(nodes[from]!)) from++;
    const node = nodes[from];
    node?.add(chunk);
    if (node) places.set(chunk.metadata.uid ?? '', node.name);
  }
  return places;
}

interface EstimateContext {
  snapshot: Snapshot;
  provider: CloudProvider;
  daemonSets: readonly DaemonSet[];
  refused: ScaleUp['refused'];
}

/** First fit, the largest pods first: how many new nodes of the pool take which pods. */
function estimate(pods: readonly Pod[], pool: NodePool, maxNodes: number, ctx: EstimateContext): { nodes: number; packed: Pod[] } {
  const { allocatable } = ctx.provider.template(pool.name);
  const size = (pod: Pod): number => {
    const { requests } = podInfo(pod);
    return requests.cpuMillis / allocatable.cpuMillis + requests.memoryBytes / allocatable.memoryBytes;
  };
  const packed: Pod[] = [];
  const fresh: NodeInfo[] = [];
  let world = ctx.snapshot;
  for (const pod of [...pods].sort((a, b) => size(b) - size(a))) {
    if (packInto(pod, world, fresh)) {
      packed.push(pod);
      continue;
    }
    const node = templateInfo(ctx.provider, pool, `new-${pool.name}-${fresh.length}`, ctx.daemonSets, ctx.snapshot);
    const next = world.withNode(node);
    const refusal = filtersFor(pod, next)(node);
    if (refusal) {
      const entry = ctx.refused.get(pod.metadata.uid ?? '');
      for (const reason of refusal.reasons) if (entry) count(entry.reasons, reason);
      continue;
    }
    if (fresh.length >= maxNodes) {
      const entry = ctx.refused.get(pod.metadata.uid ?? '');
      if (entry) count(entry.reasons, 'max node group size reached');
      continue;
    }
    node.add(pod);
    fresh.push(node);
    world = next;
    packed.push(pod);
  }
  return { nodes: fresh.length, packed };
}

/** "1 max node group size reached, 2 Insufficient memory" */
export function refusalText(reasons: ReadonlyMap<string, number>): string {
  return [...reasons]
    .map(([reason, n]) => `${n} ${reason}`)
    .sort()
    .join(', ');
}
