/**
 * A cloud that sells nodes. One interface for the simulated cloud and real ones; the cluster autoscaler and `argosy up` know only this.
 */

/** A plan of a provider's catalogue. Memory and disk are what the price list says (MiB), not what the kernel sees. */
export interface InstanceType {
  /** 'g6-standard-2' */
  name: string;
  provider: 'lke' | 'eks' | 'gke' | 'aks';
  vcpus: number;
  memoryMiB: number;
  diskMiB: number;
  hourlyUsd: number;
  monthlyUsd: number;
  /** Pods the provider's network allows a node; absent: 110. */
  maxPods?: number;
}

/** How a node's capacity splits: everything in bytes and milli-CPUs; `allocatable` is what pods may request. */
export interface NodeResources {
  capacity: { cpuMillis: number; memoryBytes: number; pods: number; ephemeralStorageBytes: number };
  allocatable: { cpuMillis: number; memoryBytes: number; pods: number; ephemeralStorageBytes: number };
}

/** A group of like nodes that can grow and shrink. */
export interface NodePool {
  name: string;
  instanceType: InstanceType;
  min: number;
  max: number;
  labels?: Record<string, string>;
  taints?: { key: string; value?: string; effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute' }[];
}

export type InstancePhase = 'booting' | 'running' | 'failed' | 'deleting';

/** A machine that was asked for; `nodeName` is the Node it will register as. */
export interface Instance {
  nodeName: string;
  pool: string;
  phase: InstancePhase;
  /** Epoch ms. */
  requestedAt: number;
  readyAt?: number;
  /** Why `phase` is failed. */
  error?: string;
}

export interface CloudProvider {
  pools(): readonly NodePool[];
  instances(pool: string): Promise<readonly Instance[]>;
  /** Asks for `count` more nodes; resolves when the request is taken, long before the nodes are Ready. Rejects past `max`. */
  increase(pool: string, count: number): Promise<void>;
  /** Gives a node back. */
  remove(pool: string, nodeName: string): Promise<void>;
  /** What a new node of the pool will offer: for deciding before buying. */
  template(pool: string): NodeResources & { labels: Record<string, string>; taints: NonNullable<NodePool['taints']> };
}
