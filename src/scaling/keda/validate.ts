/** What is refused of a ScaledObject when it is written, in the words of KEDA's webhook. Pure. */
import type { HorizontalPodAutoscaler, PodSpec } from '../../kube/types.ts';
import { hpaNameOf } from './hpa.ts';
import { formulaOf } from './modifiers.ts';
import { isTriggerType, TRIGGER_TYPES } from './scalers/index.ts';
import { hpaMaxReplicas, hpaMinReplicas, isResourceTrigger, modifiersOf, type ScaledObject, type Trigger } from './types.ts';

const TRANSFER = 'scaledobject.keda.sh/transfer-hpa-ownership';
const OWNERSHIP_CHECK = 'validations.keda.sh/hpa-ownership';

export interface Neighbours {
  /** 'apps/v1.Deployment' of a reference; throws where there is no such kind. */
  kindOf(ref: { apiVersion?: string; kind?: string }): string;
  /** Of the same namespace. */
  scaledObjects: readonly ScaledObject[];
  autoscalers: readonly HorizontalPodAutoscaler[];
  /** Of the target; undefined where it has none or is not there. */
  podSpec: PodSpec | undefined;
  /** Whether the namespace gives containers a default of the resource. */
  hasDefault(resource: string): boolean;
}

/** Undefined when the counts go together. */
export function whyNotReplicas(scaledObject: ScaledObject): string | undefined {
  const { minReplicaCount, idleReplicaCount: idle } = scaledObject.spec;
  const min = minReplicaCount === undefined ? 0 : hpaMinReplicas(scaledObject);
  const max = hpaMaxReplicas(scaledObject);
  if (min > max) return `MinReplicaCount=${min} must be less than MaxReplicaCount=${max}`;
  if (idle !== undefined && idle >= min) return `IdleReplicaCount=${idle} must be less than MinReplicaCount=${min}`;
  return undefined;
}

/** Undefined: it may be written. */
export function whyRefused(scaledObject: ScaledObject, neighbours: Neighbours): string | undefined {
  return (
    whyNotTriggers(scaledObject.spec.triggers) ??
    whyNotReplicas(scaledObject) ??
    whyNotFallback(scaledObject) ??
    whyNotModifiers(scaledObject) ??
    whyNotResources(scaledObject, neighbours) ??
    whyNotAlone(scaledObject, neighbours) ??
    whyNotAutoscalers(scaledObject, neighbours)
  );
}

/** Of ScaledObjects and ScaledJobs. */
export function whyNotTriggers(triggers: readonly Trigger[]): string | undefined {
  const names = triggers.map(({ name = '' }) => name).filter((name) => name !== '');
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) return `triggerName ${JSON.stringify(twice)} is defined multiple times in the ScaledObject/ScaledJob, but it must be unique`;
  for (const [i, { type, useCachedMetrics }] of triggers.entries()) {
    if (!isTriggerType(type)) return `spec.triggers[${i}].type: no scaler found for type: ${type}; there are: ${TRIGGER_TYPES.join(', ')}`;
    if (useCachedMetrics && (type === 'cpu' || type === 'memory' || type === 'cron'))
      return `property "useCachedMetrics" is not supported for ${JSON.stringify(type)} scaler`;
  }
  return undefined;
}

function whyNotFallback(scaledObject: ScaledObject): string | undefined {
  const { fallback, triggers } = scaledObject.spec;
  if (fallback === undefined) return undefined;
  const modifiers = modifiersOf(scaledObject);
  if (fallback.behavior === 'scalingModifiers' && !modifiers?.formula)
    return 'scalingModifiers fallback behavior requires scalingModifiers.formula to be defined';
  if (modifiers === undefined && triggers.every(isResourceTrigger))
    return 'at least one trigger (that is not cpu or memory) has to have the `AverageValue` type for the fallback to be enabled';
  return undefined;
}

function whyNotModifiers(scaledObject: ScaledObject): string | undefined {
  try {
    formulaOf(scaledObject);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function whyNotResources({ spec }: ScaledObject, { podSpec, hasDefault }: Neighbours): string | undefined {
  if (podSpec === undefined) return undefined;
  for (const { type, metadata } of spec.triggers.filter(isResourceTrigger)) {
    for (const { name, resources } of podSpec.containers) {
      if (metadata['containerName'] && name !== metadata['containerName']) continue;
      const says = resources?.requests?.[type] ?? resources?.limits?.[type];
      if (says === undefined && !hasDefault(type))
        return `the scaledobject has a ${type} trigger but the container ${name} doesn't have the ${type} request defined`;
    }
  }
  if (spec.triggers.every(isResourceTrigger) && !spec.minReplicaCount)
    return "scaledobject has only cpu/memory triggers AND minReplica is 0 (scale to zero doesn't work in this case)";
  return undefined;
}

function whyNotAlone(scaledObject: ScaledObject, { scaledObjects, kindOf }: Neighbours): string | undefined {
  const { scaleTargetRef } = scaledObject.spec;
  const kind = kindOf(scaleTargetRef);
  const hpaName = hpaNameOf(scaledObject);
  for (const other of scaledObjects) {
    const { name } = other.metadata;
    if (name === scaledObject.metadata.name) continue;
    const same = other.spec.scaleTargetRef.name === scaleTargetRef.name && kindOf(other.spec.scaleTargetRef) === kind;
    if (same) return `the workload '${scaleTargetRef.name}' of type '${kind}' is already managed by the ScaledObject '${name}'`;
    if (hpaNameOf(other) === hpaName) return `the HPA '${hpaName}' is already managed by the ScaledObject '${name}'`;
  }
  return undefined;
}

function whyNotAutoscalers({ metadata, spec }: ScaledObject, { autoscalers, kindOf }: Neighbours): string | undefined {
  const { name } = spec.scaleTargetRef;
  const kind = kindOf(spec.scaleTargetRef);
  for (const hpa of autoscalers) {
    const ref = hpa.spec?.scaleTargetRef;
    if (ref === undefined || ref.name !== name || hpa.metadata.annotations?.[OWNERSHIP_CHECK] === 'false' || kindOf(ref) !== kind) continue;
    if (hpa.metadata.ownerReferences?.some((owner) => owner.kind === 'ScaledObject' && owner.name === metadata.name)) continue;
    if (metadata.annotations?.[TRANSFER] !== 'true') return `the workload '${name}' of type '${kind}' is already managed by the hpa '${hpa.metadata.name}'`;
    if (spec.advanced?.horizontalPodAutoscalerConfig?.name !== hpa.metadata.name)
      return `the existing hpa '${hpa.metadata.name}' for workload '${name}' of type '${kind}' must be specified by name in advanced settings to enable ownership transfer`;
  }
  return undefined;
}

/** What is allowed and does nothing. */
export function warningsOf({ spec }: ScaledObject): string[] {
  const { minReplicaCount = 0, idleReplicaCount, pollingInterval, cooldownPeriod, triggers } = spec;
  if (minReplicaCount === 0 || idleReplicaCount !== undefined) return [];
  const warnings: string[] = [];
  if (pollingInterval !== undefined && !triggers.some(({ useCachedMetrics }) => useCachedMetrics))
    warnings.push(
      'PollingInterval is configured but is not relevant. PollingInterval is only relevant when minReplicaCount = 0, idleReplicaCount is set, or useCachedMetrics is enabled',
    );
  if (cooldownPeriod !== undefined)
    warnings.push('CooldownPeriod is configured but is not relevant. CooldownPeriod is only relevant when minReplicaCount = 0 or idleReplicaCount is set');
  return warnings;
}
