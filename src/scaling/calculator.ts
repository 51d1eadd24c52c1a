/** The arithmetic of `argosy calc`: how a node splits, what fits on it, and which instance type suits a pod best. Pure. */
import { CATALOGUE } from '../cloud/catalogue/index.ts';
import { splitOf, type NodeSplit } from '../cloud/allocatable.ts';
import type { InstanceType } from '../cloud/provider.ts';

/** Milli-CPUs and bytes. */
export interface Request {
  cpuMillis: number;
  memoryBytes: number;
}

export interface Fit {
  type: InstanceType;
  split: NodeSplit;
  /** What daemon sets take of every node. */
  daemons: Request;
  /** Left for the pods in question. */
  room: Request;
  /** Replicas that fit on one node. */
  replicas: number;
  /** What stops one more: 'memory', 'cpu' or 'pods'. */
  limitedBy: 'memory' | 'cpu' | 'pods';
  wasted: Request;
}

export function sum(requests: readonly Request[]): Request {
  return requests.reduce((total, r) => ({ cpuMillis: total.cpuMillis + r.cpuMillis, memoryBytes: total.memoryBytes + r.memoryBytes }), {
    cpuMillis: 0,
    memoryBytes: 0,
  });
}

/** How many replicas of `request` a node of the type takes beside its daemon pods. */
export function fitOn(type: InstanceType, request: Request, daemonSets: readonly Request[] = []): Fit {
  const split = splitOf(type);
  const daemons = sum(daemonSets);
  const room = { cpuMillis: Math.max(0, split.pods.cpuMillis - daemons.cpuMillis), memoryBytes: Math.max(0, split.pods.memoryBytes - daemons.memoryBytes) };
  const limits: [Fit['limitedBy'], number][] = [
    ['memory', request.memoryBytes === 0 ? Infinity : Math.floor(room.memoryBytes / request.memoryBytes)],
    ['cpu', request.cpuMillis === 0 ? Infinity : Math.floor(room.cpuMillis / request.cpuMillis)],
    ['pods', Math.max(0, split.maxPods - daemonSets.length)],
  ];
  const [limitedBy, replicas] = limits.reduce((least, limit) => (limit[1] < least[1] ? limit : least));
  return {
    type,
    split,
    daemons,
    room,
    replicas,
    limitedBy,
    wasted: { cpuMillis: room.cpuMillis - replicas * request.cpuMillis, memoryBytes: room.memoryBytes - replicas * request.memoryBytes },
  };
}

export interface PlaceholderFit {
  request: Request;
  /** Whether an empty node of the type can ever take it. */
  fits: boolean;
  /** It keeps the node for itself: beside it no pod of the request fits, so a real pod must displace it. */
  holdsNode: boolean;
}

export function placeholderOn(type: InstanceType, placeholder: Request, request: Request, daemonSets: readonly Request[] = []): PlaceholderFit {
  const { room } = fitOn(type, request, daemonSets);
  const within = (r: Request): boolean => r.cpuMillis <= room.cpuMillis && r.memoryBytes <= room.memoryBytes;
  return { request: placeholder, fits: within(placeholder), holdsNode: !within(sum([placeholder, request])) };
}

export interface Offer {
  fit: Fit;
  nodes: number;
  monthlyUsd: number;
  /** Of what is bought, the share that the replicas ask for: the larger of cpu and memory. */
  usedShare: number;
}

/** All types that can take the request, the cheapest for `replicas` first; of equals the one that wastes less. */
export function offers(request: Request, replicas: number, options: { daemonSets?: readonly Request[]; provider?: string } = {}): Offer[] {
  return CATALOGUE.filter((type) => options.provider === undefined || type.provider === options.provider)
    .map((type) => fitOn(type, request, options.daemonSets))
    .filter((fit) => fit.replicas > 0)
    .map((fit): Offer => {
      const nodes = Math.ceil(replicas / fit.replicas);
      const share = (asked: number, has: number): number => (has === 0 ? 0 : (asked * replicas) / (has * nodes));
      return {
        fit,
        nodes,
        monthlyUsd: Math.round(nodes * fit.type.monthlyUsd * 100) / 100,
        usedShare: Math.max(share(request.cpuMillis, fit.split.nominal.cpuMillis), share(request.memoryBytes, fit.split.nominal.memoryBytes)),
      };
    })
    .sort((a, b) => a.monthlyUsd - b.monthlyUsd || b.usedShare - a.usedShare);
}
