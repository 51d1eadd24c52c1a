/** HorizontalPodAutoscaler v1 over the stored v2: one CPU target has a field of its own, the rest travels in annotations. */
import type { KubeObject } from '../../kube/types.ts';
import { behaviorFromV1, behaviorToV1, metricFromV1, metricToV1, type Behavior, type Metric } from './autoscaler-metrics.ts';

const METRICS = 'autoscaling.alpha.kubernetes.io/metrics';
const BEHAVIOR = 'autoscaling.alpha.kubernetes.io/behavior';
const CONDITIONS = 'autoscaling.alpha.kubernetes.io/conditions';
const CURRENT = 'autoscaling.alpha.kubernetes.io/current-metrics';

type Fields = Record<string, unknown>;

interface Autoscaler extends KubeObject {
  spec?: Fields;
  status?: Fields;
}

/** The one metric that version 1 has a field for. */
function isCpuUtilization({ type, resource }: Metric): boolean {
  return type === 'Resource' && resource?.name === 'cpu' && resource.target?.averageUtilization !== undefined;
}

function parse(annotation: string | undefined): unknown {
  if (annotation === undefined) return undefined;
  try {
    return JSON.parse(annotation);
  } catch {
    // Someone wrote the annotation by hand: it means nothing.
    return undefined;
  }
}

const ROUND_TRIP = [METRICS, BEHAVIOR, CONDITIONS, CURRENT];

function fromStorage(object: KubeObject): KubeObject {
  const { metadata, spec = {}, status, ...rest } = object as Autoscaler;
  const annotations = Object.fromEntries(Object.entries(metadata.annotations ?? {}).filter(([name]) => !ROUND_TRIP.includes(name)));
  const { metrics = [], behavior, ...plainSpec } = spec as { metrics?: Metric[]; behavior?: Behavior };
  const { currentMetrics, conditions = [], ...plainStatus } = (status ?? {}) as { currentMetrics?: Metric[] | null; conditions?: Fields[] };
  const others = metrics.filter((metric) => !isCpuUtilization(metric));
  if (others.length > 0) annotations[METRICS] = JSON.stringify(others.map((metric) => metricToV1(metric, 'target')));
  // Also what has a field of its own: the field holds less.
  if (currentMetrics?.length) annotations[CURRENT] = JSON.stringify(currentMetrics.map((metric) => metricToV1(metric, 'current')));
  if (behavior !== undefined) annotations[BEHAVIOR] = JSON.stringify(behaviorToV1(behavior));
  if (conditions.length > 0) annotations[CONDITIONS] = JSON.stringify(conditions.map(inOrder));
  const target = metrics.find(isCpuUtilization)?.resource?.target?.averageUtilization;
  const used = currentMetrics?.find(({ type, resource }) => type === 'Resource' && resource?.name === 'cpu')?.resource?.current?.averageUtilization;
  const { annotations: _stored, ...plainMetadata } = metadata;
  return {
    ...rest,
    apiVersion: 'autoscaling/v1',
    metadata: { ...plainMetadata, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) },
    spec: { ...plainSpec, ...(target === undefined ? {} : { targetCPUUtilizationPercentage: target }) },
    ...(status === undefined
      ? {}
      : { status: { currentReplicas: 0, desiredReplicas: 0, ...plainStatus, ...(used === undefined ? {} : { currentCPUUtilizationPercentage: used }) } }),
  } as KubeObject;
}

/** As upstream's type has the fields. */
function inOrder({ type, status, lastTransitionTime, reason, message, observedGeneration }: Fields): Fields {
  return { type, status, lastTransitionTime: lastTransitionTime ?? null, reason, message, observedGeneration };
}

function toStorage(object: KubeObject): KubeObject {
  const { metadata, spec = {}, status, ...rest } = object as Autoscaler;
  const { [METRICS]: metricsText, [BEHAVIOR]: behaviorText, [CONDITIONS]: conditionsText, [CURRENT]: currentText, ...annotations } = metadata.annotations ?? {};
  const { targetCPUUtilizationPercentage: target, ...plainSpec } = spec;
  const list = (text: string | undefined): Fields[] => {
    const value = parse(text);
    return Array.isArray(value) ? (value as Fields[]) : [];
  };
  const metrics: unknown[] = [
    ...list(metricsText).map((metric) => metricFromV1(metric, 'target')),
    ...(target === undefined ? [] : [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: target } } }]),
  ];
  const behavior = behaviorFromV1(parse(behaviorText));
  const { currentCPUUtilizationPercentage: used, currentReplicas, ...plainStatus } = status ?? {};
  const current: unknown[] = list(currentText).map((metric) => metricFromV1(metric, 'current'));
  if (current.length === 0 && used !== undefined) current.push({ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: used } } });
  const conditions = list(conditionsText);
  const { annotations: _replaced, ...plainMetadata } = metadata;
  return {
    ...rest,
    apiVersion: 'autoscaling/v2',
    metadata: { ...plainMetadata, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) },
    spec: { ...plainSpec, ...(metrics.length > 0 ? { metrics } : {}), ...(behavior === undefined ? {} : { behavior }) },
    ...(status === undefined
      ? {}
      : {
          status: {
            ...(currentReplicas ? { currentReplicas } : {}),
            ...plainStatus,
            currentMetrics: current.length > 0 ? current : null,
            ...(conditions.length > 0 ? { conditions } : {}),
          },
        }),
  } as KubeObject;
}

export const convertAutoscalerV1 = { toStorage, fromStorage };
