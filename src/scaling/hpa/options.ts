/** The controller manager's flags that matter to autoscalers, with upstream's defaults. */
export interface HpaOptions {
  /** Each autoscaler looks this often. */
  syncPeriodMs: number;
  /** How far from 1 the ratio of use and target may be, where an autoscaler does not say itself. */
  tolerance: number;
  /** Recommendations of that long count before replicas are taken away, where an autoscaler does not say itself. */
  downscaleStabilizationMs: number;
  /** So long after a pod's start the CPU it uses may be that of its start. */
  cpuInitializationMs: number;
  /** A pod that became unready within this time of its start has never been ready. */
  initialReadinessDelayMs: number;
  workers: number;
}

export const DEFAULT_OPTIONS: HpaOptions = {
  syncPeriodMs: 15_000,
  tolerance: 0.1,
  downscaleStabilizationMs: 300_000,
  cpuInitializationMs: 300_000,
  initialReadinessDelayMs: 30_000,
  workers: 5,
};
