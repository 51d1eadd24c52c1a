/** Cluster Autoscaler's flags that matter here, with its defaults. Times in milliseconds. */
export interface AutoscalerOptions {
  scanIntervalMs: number;
  /** A pod younger than this may still find a place by itself. */
  freshPodMs: number;
  /** Pods below this priority buy no nodes. */
  expendablePriorityCutoff: number;
  expander: 'least-waste' | 'price' | 'random' | 'most-pods' | 'least-nodes' | 'priority';
  scaleDownUtilizationThreshold: number;
  scaleDownUnneededMs: number;
  /** A node that is not ready is given back after this. */
  scaleDownUnreadyMs: number;
  scaleDownDelayAfterAddMs: number;
  scaleDownDelayAfterFailureMs: number;
  maxNodeProvisionMs: number;
  /** A pool whose boots fail is left alone, from the first to the second, doubling. */
  backoffMs: { initial: number; max: number };
}

export const DEFAULT_OPTIONS: AutoscalerOptions = {
  scanIntervalMs: 10_000,
  freshPodMs: 2_000,
  expendablePriorityCutoff: -10,
  expander: 'least-waste',
  scaleDownUtilizationThreshold: 0.5,
  scaleDownUnneededMs: 600_000,
  scaleDownUnreadyMs: 1_200_000,
  scaleDownDelayAfterAddMs: 600_000,
  scaleDownDelayAfterFailureMs: 180_000,
  maxNodeProvisionMs: 900_000,
  backoffMs: { initial: 300_000, max: 1_800_000 },
};
