/**
 * How a node's memory and CPU split: what the kernel keeps, what is reserved for the kubelet and the system, what stays free so that
 * eviction has time to act, and what is left for pods. One function a provider; sources beside each.
 */
import type { InstanceType, NodeResources } from './provider.ts';

const MIB = 1024 * 1024;
const MAX_PODS = 110;
/** kubelet's default hard eviction threshold. */
const EVICTION_MIB = 100;
/** Left on the disk for images and logs: kubelet's nodefs threshold, 10 %. */
const DISK_EVICTION_SHARE = 0.1;

/** Memory in bytes, CPU in milli-CPUs. `capacity` is what the node reports; system + kubelet + eviction + pods = capacity. */
export interface NodeSplit {
  nominal: { memoryBytes: number; cpuMillis: number };
  capacity: { memoryBytes: number; cpuMillis: number };
  /** The plan's memory that the kernel and firmware keep: never part of capacity. */
  kernel: { memoryBytes: number };
  /** kube-reserved and system-reserved. */
  reserved: { memoryBytes: number; cpuMillis: number };
  eviction: { memoryBytes: number };
  pods: { memoryBytes: number; cpuMillis: number };
  maxPods: number;
}

interface Reserve {
  memoryMiB: number;
  cpuMillis: number;
  evictionMiB: number;
}

/** 6 % of the first core, 1 % of the second, 0.5 % of the next two, 0.25 % of the rest (GKE, EKS). */
function cpuBands(vcpus: number): number {
  const band = (from: number, to: number, permille: number): number => Math.max(0, Math.min(vcpus, to) - from) * permille;
  return band(0, 1, 60) + band(1, 2, 10) + band(2, 4, 5) + band(4, Infinity, 2.5);
}

/** 25 % of the first 4 GiB, 20 % of the next 4, 10 % of the next 8, 6 % of the next 112, 2 % above; 255 MiB below 1 GiB. Source: GKE, "plan node sizes". */
function gkeMemory(memoryMiB: number): number {
  if (memoryMiB < 1024) return 255;
  const gib = memoryMiB / 1024;
  const band = (from: number, to: number, share: number): number => Math.max(0, Math.min(gib, to) - from) * share * 1024;
  return band(0, 4, 0.25) + band(4, 8, 0.2) + band(8, 16, 0.1) + band(16, 128, 0.06) + band(128, Infinity, 0.02);
}

/** By core count; between entries the next larger. Source: AKS, "node resource reservations". */
const AKS_CPU: readonly [number, number][] = [
  [1, 60],
  [2, 100],
  [4, 140],
  [8, 180],
  [16, 260],
  [32, 420],
  [64, 740],
];

const RESERVES: Record<InstanceType['provider'], (type: InstanceType, maxPods: number) => Reserve> = {
  // Nothing is reserved: the one profile under which all of the article's statements about a 4 GB node hold.
  lke: () => ({ memoryMiB: 0, cpuMillis: 0, evictionMiB: EVICTION_MIB }),
  // Source: nodeadm, kubelet reservations: 255 MiB and 11 MiB a pod.
  eks: ({ vcpus }, maxPods) => ({ memoryMiB: 255 + 11 * maxPods, cpuMillis: cpuBands(vcpus), evictionMiB: EVICTION_MIB }),
  gke: ({ vcpus, memoryMiB }) => ({ memoryMiB: gkeMemory(memoryMiB), cpuMillis: cpuBands(vcpus), evictionMiB: EVICTION_MIB }),
  // From 1.29 on: 20 MB a pod and 50 MB, at most a quarter.
  aks: ({ vcpus, memoryMiB }, maxPods) => ({
    memoryMiB: Math.min(20 * maxPods + 50, 0.25 * memoryMiB),
    cpuMillis: (AKS_CPU.find(([cores]) => cores >= vcpus) ?? AKS_CPU.at(-1) ?? [0, 0])[1],
    evictionMiB: EVICTION_MIB,
  }),
};

/** AKS counts 30 pods a node with its own network plugin unless told otherwise. */
const DEFAULT_MAX_PODS: Partial<Record<InstanceType['provider'], number>> = { aks: 30 };

/**
 * A Linode of 4096 MiB is taken to report 4 002 400 KiB: the kernel keeps the rest. Other plans are taken to lose the same share;
 * no genuine report of one was at hand.
 */
const LKE_CAPACITY_SHARE = (4_002_400 * 1024) / (4096 * MIB);

/** A 64th and 16 MiB, buffers for 64-bit addresses above 3 GiB, 8 MiB up to 8 GiB, and a measured remainder. Source: Cluster Autoscaler's GCE reservations. */
function gceKernel(memoryMiB: number): number {
  return memoryMiB / 64 + 16 + (memoryMiB > 3072 ? 64 : 0) + (memoryMiB <= 8192 ? 8 : 0) + Math.min(248, 0.00175 * memoryMiB);
}

/** MiB of a plan's memory that never show as capacity. The formulas of EKS and AKS count from nominal memory. */
const KERNEL: Record<InstanceType['provider'], (memoryMiB: number) => number> = {
  lke: (memoryMiB) => memoryMiB * (1 - LKE_CAPACITY_SHARE),
  eks: () => 0,
  gke: gceKernel,
  aks: () => 0,
};

/** The split of a node of this type. */
export function splitOf(type: InstanceType): NodeSplit {
  const nominal = type.memoryMiB * MIB;
  const maxPods = type.maxPods ?? DEFAULT_MAX_PODS[type.provider] ?? MAX_PODS;
  // Whole KiB, as a kubelet reports.
  const capacity = Math.round((type.memoryMiB - KERNEL[type.provider](type.memoryMiB)) * 1024) * 1024;
  const { memoryMiB, cpuMillis, evictionMiB } = RESERVES[type.provider](type, maxPods);
  const reserved = Math.round(memoryMiB * 1024) * 1024;
  const eviction = evictionMiB * MIB;
  const cpu = type.vcpus * 1000;
  return {
    nominal: { memoryBytes: nominal, cpuMillis: cpu },
    capacity: { memoryBytes: capacity, cpuMillis: cpu },
    kernel: { memoryBytes: nominal - capacity },
    reserved: { memoryBytes: reserved, cpuMillis: Math.ceil(cpuMillis) },
    eviction: { memoryBytes: eviction },
    pods: { memoryBytes: Math.max(0, capacity - reserved - eviction), cpuMillis: cpu - Math.ceil(cpuMillis) },
    maxPods,
  };
}

/** What a node of this type reports as capacity and allocatable. */
export function nodeResources(type: InstanceType): NodeResources {
  const split = splitOf(type);
  const disk = type.diskMiB * MIB;
  return {
    capacity: { ...split.capacity, pods: split.maxPods, ephemeralStorageBytes: disk },
    allocatable: { ...split.pods, pods: split.maxPods, ephemeralStorageBytes: Math.floor(disk * (1 - DISK_EVICTION_SHARE)) },
  };
}
