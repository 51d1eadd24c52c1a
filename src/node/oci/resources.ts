/** What Kubernetes' requests and limits mean to the kernel. Pure. */

export interface ResourceSettings {
  /** 0: none asked for. */
  cpuRequestMillis: number;
  /** 0: no limit. */
  cpuLimitMillis: number;
  /** 0: no limit. */
  memoryLimitBytes: number;
}

const CPU_PERIOD_US = 100_000;
const CPU_QUOTA_MIN_US = 1000;
const CPU_SHARES_MIN = 2;
const CPU_SHARES_MAX = 262_144;

/** The `linux.resources` part of a runtime specification. Formulas: kubelet cm/helpers_linux.go (MilliCPUToShares, MilliCPUToQuota). */
export function containerResources({ cpuRequestMillis, cpuLimitMillis, memoryLimitBytes }: ResourceSettings): object {
  const millis = cpuRequestMillis > 0 ? cpuRequestMillis : cpuLimitMillis;
  const shares = Math.min(Math.max(Math.floor((millis * 1024) / 1000), CPU_SHARES_MIN), CPU_SHARES_MAX);
  const quota = cpuLimitMillis > 0 ? { quota: Math.max(Math.floor((cpuLimitMillis * CPU_PERIOD_US) / 1000), CPU_QUOTA_MIN_US), period: CPU_PERIOD_US } : {};
  return {
    cpu: { shares, ...quota },
    ...(memoryLimitBytes > 0 ? { memory: { limit: memoryLimitBytes } } : {}),
  };
}
