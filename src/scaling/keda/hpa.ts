/** The HorizontalPodAutoscaler of a ScaledObject. Pure. */
import { ownerReference } from '../../kube/owners.ts';
import type { HorizontalPodAutoscaler } from '../../kube/types.ts';
import type { Behavior, MetricSpec, ScalingRules } from '../hpa/types.ts';
import { isScaleInPaused, isScaleOutPaused } from './annotations.ts';
import { quantityOf } from './scaler.ts';
import { COMPOSITE_METRIC, hpaMaxReplicas, hpaMinReplicas, modifiersOf, OWNER_LABEL, type ScaledObject } from './types.ts';

/** The version whose behaviour this follows; autoscalers carry it as a label. */
export const KEDA_VERSION = '2.21.0';
const LABEL_MAX = 63;
const EXCLUDED_LABELS = 'scaledobject.keda.sh/hpa-excluded-labels';

export function hpaNameOf({ metadata, spec }: ScaledObject): string {
  return spec.advanced?.horizontalPodAutoscalerConfig?.name || `keda-hpa-${metadata.name}`;
}

export interface MetricSpecs {
  specs: MetricSpec[];
  externalNames: string[];
  resourceNames: string[];
}

/** Of all triggers together, in upstream's order. Throws an Error when two have the same name. */
export function metricSpecsOf(scaledObject: ScaledObject, metrics: readonly MetricSpec[]): MetricSpecs {
  const { name = '' } = scaledObject.metadata;
  const selector = { matchLabels: { [OWNER_LABEL]: name } };
  const externalNames: string[] = [];
  const specs = metrics.map((spec): MetricSpec => {
    if (spec.external === undefined) return spec;
    const { metric } = spec.external;
    if (externalNames.includes(metric.name)) throw new Error(`metricName ${metric.name} defined multiple times in ScaledObject ${name}`);
    externalNames.push(metric.name);
    return { ...spec, external: { ...spec.external, metric: { ...metric, selector } } };
  });
  const resourceNames = specs.flatMap(({ resource }) => (resource === undefined ? [] : [resource.name]));
  const sorted = specs.toSorted((a, b) => (a.type < b.type ? -1 : a.type > b.type ? 1 : 0));
  const modifiers = modifiersOf(scaledObject);
  if (modifiers === undefined) return { specs: sorted, externalNames, resourceNames };
  const value = quantityOf(Number(modifiers.target));
  const target = modifiers.metricType === 'Value' ? { type: 'Value', value } : { type: 'AverageValue', averageValue: value };
  const composite: MetricSpec = { type: 'External', external: { metric: { name: COMPOSITE_METRIC, selector }, target } };
  return { specs: [...sorted.filter(({ external }) => external === undefined), composite], externalNames, resourceNames };
}

export interface HpaInput {
  scaledObject: ScaledObject;
  specs: MetricSpec[];
  target: { apiVersion: string; kind: string };
}

export function wantedHpa({ scaledObject, specs, target }: HpaInput): HorizontalPodAutoscaler {
  const { metadata, spec } = scaledObject;
  const name = hpaNameOf(scaledObject);
  const behavior = behaviorOf(scaledObject);
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: {
      name,
      namespace: metadata.namespace ?? '',
      labels: labelsOf(scaledObject, name),
      ...(metadata.annotations && { annotations: metadata.annotations }),
      ownerReferences: [ownerReference(scaledObject, { controller: true })],
    },
    spec: {
      minReplicas: hpaMinReplicas(scaledObject),
      maxReplicas: hpaMaxReplicas(scaledObject),
      metrics: specs,
      ...(behavior && { behavior }),
      scaleTargetRef: { name: spec.scaleTargetRef.name, ...target },
    },
  };
}

function labelsOf({ metadata }: ScaledObject, name: string): Record<string, string> {
  const excluded = new Set((metadata.annotations?.[EXCLUDED_LABELS] ?? '').split(','));
  const own = Object.entries(metadata.labels ?? {}).filter(([label]) => !excluded.has(label));
  return {
    'app.kubernetes.io/name': name.length > LABEL_MAX ? name.slice(0, LABEL_MAX).replace(/[^\p{L}\p{N}]+$/u, '') : name,
    'app.kubernetes.io/version': KEDA_VERSION,
    'app.kubernetes.io/part-of': metadata.name ?? '',
    'app.kubernetes.io/managed-by': 'keda-operator',
    ...Object.fromEntries(own),
  };
}

/** A pause of one direction is a policy of the autoscaler. */
function behaviorOf(scaledObject: ScaledObject): Behavior | undefined {
  const asked = scaledObject.spec.advanced?.horizontalPodAutoscalerConfig?.behavior;
  const off = (rules: ScalingRules | undefined): ScalingRules => ({ ...rules, selectPolicy: 'Disabled' });
  const behavior = {
    ...asked,
    ...(isScaleInPaused(scaledObject) ? { scaleDown: off(asked?.scaleDown) } : {}),
    ...(isScaleOutPaused(scaledObject) ? { scaleUp: off(asked?.scaleUp) } : {}),
  };
  return Object.keys(behavior).length === 0 ? undefined : behavior;
}

/** Whether everything wanted is there: what the API filled in beside it does not matter, what is too much of a list does. */
export function isUpToDate(found: HorizontalPodAutoscaler, wanted: HorizontalPodAutoscaler): boolean {
  const { behavior, ...spec } = wanted.spec ?? {};
  return (
    covers(found.spec, spec) &&
    (behavior === undefined ? !isDisabled(found) : covers(found.spec?.behavior, behavior)) &&
    covers(found.metadata.labels, wanted.metadata.labels) &&
    covers(found.metadata.annotations, wanted.metadata.annotations) &&
    covers(found.metadata.ownerReferences, wanted.metadata.ownerReferences)
  );
}

/** A pause that is over leaves no field behind to compare with. */
function isDisabled({ spec }: HorizontalPodAutoscaler): boolean {
  return [spec?.behavior?.scaleDown, spec?.behavior?.scaleUp].some((rules) => rules?.selectPolicy === 'Disabled');
}

function covers(found: unknown, wanted: unknown): boolean {
  if (wanted === undefined || Object.is(found, wanted)) return true;
  if (typeof wanted !== 'object' || wanted === null || typeof found !== 'object' || found === null) return false;
  if (Array.isArray(wanted)) return Array.isArray(found) && found.length === wanted.length && wanted.every((item, i) => covers(found[i], item));
  return Object.entries(wanted).every(([name, value]) => covers((found as Record<string, unknown>)[name], value));
}
