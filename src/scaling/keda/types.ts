/** The kinds of keda.sh/v1alpha1, as far as they are worked with. Upstream: KEDA 2.21. */
import type { Condition } from '../../kube/conditions.ts';
import type { Resource } from '../../kube/resources.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { Behavior } from '../hpa/types.ts';

export type MetricTargetType = 'AverageValue' | 'Value' | 'Utilization';

export interface Trigger {
  type: string;
  name?: string;
  metadata: Record<string, string>;
  metricType?: MetricTargetType;
  useCachedMetrics?: boolean;
  authenticationRef?: { name: string; kind?: string };
}

export type FallbackBehavior = 'static' | 'currentReplicas' | 'currentReplicasIfHigher' | 'currentReplicasIfLower' | 'scalingModifiers';

export interface Fallback {
  failureThreshold: number;
  replicas: number;
  behavior?: FallbackBehavior;
}

export interface ScalingModifiers {
  formula?: string;
  target?: string;
  activationTarget?: string;
  metricType?: MetricTargetType;
}

export interface ScaledObjectSpec {
  scaleTargetRef: { name: string; apiVersion?: string; kind?: string; envSourceContainerName?: string };
  /** Seconds, as the other periods. */
  pollingInterval?: number;
  cooldownPeriod?: number;
  initialCooldownPeriod?: number;
  idleReplicaCount?: number;
  minReplicaCount?: number;
  maxReplicaCount?: number;
  advanced?: {
    horizontalPodAutoscalerConfig?: { name?: string; behavior?: Behavior };
    restoreToOriginalReplicaCount?: boolean;
    scalingModifiers?: ScalingModifiers;
  };
  triggers: Trigger[];
  fallback?: Fallback;
}

export interface Health {
  numberOfFailures?: number;
  status?: 'Happy' | 'Failing';
}

export interface ScaledObjectStatus {
  /** 'apps/v1.Deployment' */
  scaleTargetKind?: string;
  scaleTargetGVKR?: { group: string; version: string; kind: string; resource: string };
  originalReplicaCount?: number;
  /** RFC 3339. */
  lastActiveTime?: string;
  externalMetricNames?: string[];
  resourceMetricNames?: string[];
  compositeScalerName?: string;
  /** Without times, as upstream. */
  conditions?: KedaCondition[];
  /** By the metric's name; kept only where there is a fallback. */
  health?: Record<string, Health>;
  triggersActivity?: Record<string, { isActive: boolean }>;
  pausedReplicaCount?: number;
  hpaName?: string;
  triggersTypes?: string;
  authenticationsTypes?: string;
}

export type KedaCondition = Omit<Condition, 'lastTransitionTime' | 'lastUpdateTime' | 'lastHeartbeatTime' | 'lastProbeTime' | 'observedGeneration'>;

export interface ScaledObject extends KubeObject {
  spec: ScaledObjectSpec;
  status?: ScaledObjectStatus;
}

interface AuthTarget {
  parameter: string;
  name: string;
  key: string;
}

export interface TriggerAuthentication extends KubeObject {
  spec?: {
    secretTargetRef?: AuthTarget[];
    configMapTargetRef?: AuthTarget[];
    env?: { parameter: string; name: string; containerName?: string }[];
    boundServiceAccountToken?: { parameter: string; serviceAccountName: string }[];
    podIdentity?: { provider: string };
    [source: string]: unknown;
  };
  /** Names of those who use it, with commas. */
  status?: { scaledobjects?: string; scaledjobs?: string };
}

function define<T extends KubeObject>(kind: string, plural: string, namespaced = true): Resource<T> {
  return Object.freeze({ group: 'keda.sh', version: 'v1alpha1', kind, plural, namespaced });
}

export const scaledObjects = define<ScaledObject>('ScaledObject', 'scaledobjects');
export const triggerAuthentications = define<TriggerAuthentication>('TriggerAuthentication', 'triggerauthentications');
export const clusterTriggerAuthentications = define<TriggerAuthentication>('ClusterTriggerAuthentication', 'clustertriggerauthentications', false);

/** The label by which a metric's autoscaler names its ScaledObject. */
export const OWNER_LABEL = 'scaledobject.keda.sh/name';
export const COMPOSITE_METRIC = 'composite-metric';
export const FINALIZER = 'finalizer.keda.sh';

const POLLING_SECONDS = 30;
const MAX_REPLICAS = 100;

export function pollingMs({ spec }: { spec: { pollingInterval?: number } }): number {
  return (spec.pollingInterval ?? POLLING_SECONDS) * 1000;
}

/** An autoscaler's minimum: zero is not its to reach. */
export function hpaMinReplicas({ spec }: ScaledObject): number {
  return spec.minReplicaCount || 1;
}

export function hpaMaxReplicas({ spec }: ScaledObject): number {
  return spec.maxReplicaCount ?? MAX_REPLICAS;
}

/** Undefined where none are used: empty ones count as none. */
export function modifiersOf({ spec }: ScaledObject): ScalingModifiers | undefined {
  const { formula = '', target = '', activationTarget = '', metricType } = spec.advanced?.scalingModifiers ?? {};
  if (formula === '' && target === '' && activationTarget === '' && metricType === undefined) return undefined;
  return { formula, target, activationTarget, ...(metricType && { metricType }) };
}

export const isResourceTrigger = ({ type }: Trigger): boolean => type === 'cpu' || type === 'memory';

/** What triggers have, each once: 'prometheus,cron'. */
export function joinedNames(triggers: readonly Trigger[], of: (trigger: Trigger) => string): string {
  return [...new Set(triggers.map(of).filter((text) => text !== ''))].join(',');
}
