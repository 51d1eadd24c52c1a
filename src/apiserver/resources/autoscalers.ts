/** HorizontalPodAutoscaler v1 over the stored v2: one CPU target has a field of its own, the rest travels in annotations. */
import type { KubeObject } from '../../kube/types.ts';

const METRICS = 'autoscaling.alpha.kubernetes.io/metrics';
const BEHAVIOR = 'autoscaling.alpha.kubernetes.io/behavior';
const CONDITIONS = 'autoscaling.alpha.kubernetes.io/conditions';
const CURRENT = 'autoscaling.alpha.kubernetes.io/current-metrics';

type Fields = Record<string, unknown>;

interface Autoscaler extends KubeObject {
  spec?: Fields;
  status?: Fields;
}

interface CpuMetric {
  type?: string;
  resource?: { name?: string; target?: { type?: string; averageUtilization?: number }; current?: { averageUtilization?: number } };
}

function isCpuUtilization(metric: CpuMetric): boolean {
  return metric.type === 'Resource' && metric.resource?.name === 'cpu' && metric.resource.target?.type === 'Utilization';
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

function fromStorage(object: KubeObject): KubeObject {
  const { metadata, spec = {}, status, ...rest } = object as Autoscaler;
  const annotations: Record<string, string> = { ...metadata.annotations };
  const { metrics = [], behavior, ...plainSpec } = spec as { metrics?: CpuMetric[]; behavior?: unknown };
  const cpu = metrics.find(isCpuUtilization);
  const others = metrics.filter((metric) => metric !== cpu);
  if (others.length > 0) annotations[METRICS] = JSON.stringify(others);
  if (behavior !== undefined) annotations[BEHAVIOR] = JSON.stringify(behavior);
  const { currentMetrics: metricsNow, conditions, ...plainStatus } = (status ?? {}) as { currentMetrics?: CpuMetric[] | null; conditions?: unknown };
  const currentMetrics = metricsNow ?? [];
  if (conditions !== undefined) annotations[CONDITIONS] = JSON.stringify(conditions);
  const current = currentMetrics.find((metric) => metric.type === 'Resource' && metric.resource?.name === 'cpu');
  const otherCurrent = currentMetrics.filter((metric) => metric !== current);
  if (otherCurrent.length > 0) annotations[CURRENT] = JSON.stringify(otherCurrent);
  const target = cpu?.resource?.target?.averageUtilization;
  const used = current?.resource?.current?.averageUtilization;
  return {
    ...rest,
    apiVersion: 'autoscaling/v1',
    metadata: { ...metadata, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) },
    spec: { ...plainSpec, ...(target === undefined ? {} : { targetCPUUtilizationPercentage: target }) },
    ...(status === undefined ? {} : { status: { currentReplicas: 0, desiredReplicas: 0, ...plainStatus, ...(used === undefined ? {} : { currentCPUUtilizationPercentage: used }) } }),
  } as KubeObject;
}

function toStorage(object: KubeObject): KubeObject {
  const { metadata, spec = {}, status, ...rest } = object as Autoscaler;
  const { [METRICS]: metricsText, [BEHAVIOR]: behaviorText, [CONDITIONS]: conditionsText, [CURRENT]: currentText, ...annotations } = metadata.annotations ?? {};
  const { targetCPUUtilizationPercentage: target, ...plainSpec } = spec;
  const others = parse(metricsText);
  const metrics = [
    ...(target === undefined ? [] : [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: target } } }]),
    ...(Array.isArray(others) ? others : []),
  ];
  const behavior = parse(behaviorText);
  const { currentCPUUtilizationPercentage: used, ...plainStatus } = status ?? {};
  const otherCurrent = parse(currentText);
  const current = [
    ...(used === undefined ? [] : [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: used } } }]),
    ...(Array.isArray(otherCurrent) ? otherCurrent : []),
  ];
  const conditions = parse(conditionsText);
  const { annotations: _replaced, ...plainMetadata } = metadata;
  return {
    ...rest,
    apiVersion: 'autoscaling/v2',
    metadata: { ...plainMetadata, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) },
    spec: { ...plainSpec, ...(metrics.length > 0 ? { metrics } : {}), ...(behavior === undefined ? {} : { behavior }) },
    ...(status === undefined
      ? {}
      : {
          status: { ...plainStatus, ...(current.length > 0 ? { currentMetrics: current } : {}), ...(conditions === undefined ? {} : { conditions }) },
        }),
  } as KubeObject;
}

export const convertAutoscalerV1 = { toStorage, fromStorage };
