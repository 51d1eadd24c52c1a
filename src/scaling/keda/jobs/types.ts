/** The kind ScaledJob of keda.sh/v1alpha1. */
import type { Resource } from '../../../kube/resources.ts';
import type { Job, KubeObject } from '../../../kube/types.ts';
import type { KedaCondition, Trigger } from '../types.ts';

export interface ScalingStrategy {
  strategy?: 'default' | 'custom' | 'accurate' | 'eager';
  customScalingQueueLengthDeduction?: number;
  customScalingRunningJobPercentage?: string;
  pendingPodConditions?: string[];
  multipleScalersCalculation?: 'min' | 'avg' | 'sum' | 'max';
}

export interface ScaledJobStatus {
  lastActiveTime?: string;
  conditions?: KedaCondition[];
  triggersTypes?: string;
  authenticationsTypes?: string;
  externalMetricNames?: string[];
  triggersActivity?: Record<string, { isActive: boolean }>;
}

export interface ScaledJob extends KubeObject {
  spec: {
    jobTargetRef: NonNullable<Job['spec']>;
    /** Seconds. */
    pollingInterval?: number;
    successfulJobsHistoryLimit?: number;
    failedJobsHistoryLimit?: number;
    /** The older form of `rollout.strategy`. */
    rolloutStrategy?: 'gradual' | 'immediate';
    rollout?: { strategy?: 'gradual' | 'immediate'; propagationPolicy?: 'foreground' | 'background' };
    envSourceContainerName?: string;
    minReplicaCount?: number;
    maxReplicaCount?: number;
    scalingStrategy?: ScalingStrategy;
    triggers: Trigger[];
  };
  status?: ScaledJobStatus;
}

export const scaledJobs: Resource<ScaledJob> = Object.freeze({
  group: 'keda.sh',
  version: 'v1alpha1',
  kind: 'ScaledJob',
  plural: 'scaledjobs',
  namespaced: true,
});

/** The label of the Jobs of a ScaledJob. */
export const JOB_OWNER_LABEL = 'scaledjob.keda.sh/name';
/** The generation of the ScaledJob a Job was made from. */
export const JOB_GENERATION = 'scaledjob.keda.sh/generation';

const MAX_REPLICAS = 100;

export interface Bounds {
  /** Jobs that run whether or not there is work. */
  min: number;
  /** Jobs above those. */
  max: number;
}

/** A minimum above the maximum is the maximum; the maximum counts from the minimum. */
export function boundsOf({ spec: { minReplicaCount = 0, maxReplicaCount } }: ScaledJob): Bounds {
  if (maxReplicaCount === undefined) return { min: minReplicaCount, max: MAX_REPLICAS };
  if (minReplicaCount > maxReplicaCount) return { min: maxReplicaCount, max: maxReplicaCount };
  return { min: minReplicaCount, max: maxReplicaCount - minReplicaCount };
}
