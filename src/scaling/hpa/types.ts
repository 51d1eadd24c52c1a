/** The parts of an autoscaler by name; upstream's autoscaling/v2. */
import type { HorizontalPodAutoscaler, KubeObject } from '../../kube/types.ts';

type Spec = NonNullable<HorizontalPodAutoscaler['spec']>;
type Status = NonNullable<HorizontalPodAutoscaler['status']>;

export type Behavior = NonNullable<Spec['behavior']>;
export type ScalingRules = NonNullable<Behavior['scaleUp']>;
export type MetricSpec = NonNullable<Spec['metrics']>[number];
export type MetricStatus = NonNullable<Status['currentMetrics']>[number];
export type Identifier = NonNullable<MetricSpec['pods']>['metric'];
export type ObjectReference = NonNullable<MetricSpec['object']>['describedObject'];
export type HpaCondition = NonNullable<Status['conditions']>[number];

/** With null, as upstream writes a list that is not there. */
export type HpaStatus = Omit<Status, 'currentMetrics'> & { currentMetrics?: MetricStatus[] | null };

/** autoscaling/v1 Scale. */
export interface Scale extends KubeObject {
  spec?: { replicas?: number };
  status?: { replicas?: number; selector?: string };
}

export const REPLICAS_MAX = 2 ** 31 - 1;

/** What upstream's float becomes as a number of replicas. */
export function replicaCount(value: number): number {
  return Math.min(Math.ceil(value), REPLICAS_MAX);
}
