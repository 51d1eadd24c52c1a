/** The table of autoscalers. */
import type { Unstructured } from '../../kube/types.ts';
import { AGE, ageOf, columns, joined, NAME, printer, UNSET } from './columns.ts';

const SPEC = 'autoscaling/v2/HorizontalPodAutoscalerSpec';

interface Hpa extends Unstructured {
  spec?: {
    scaleTargetRef?: { kind?: string; name?: string };
    minReplicas?: number;
    maxReplicas?: number;
    metrics?: HpaMetric[];
    targetCPUUtilizationPercentage?: number;
  };
  status?: { currentReplicas?: number; currentMetrics?: HpaMetric[]; currentCPUUtilizationPercentage?: number };
}

type HpaValue = { averageUtilization?: number; averageValue?: string; value?: string };
type HpaSource = { name?: string; target?: HpaValue; current?: HpaValue };
interface HpaMetric {
  type?: string;
  resource?: HpaSource;
  containerResource?: HpaSource;
  pods?: HpaSource;
  object?: HpaSource;
  external?: HpaSource;
}

export const hpaPrinter = printer<Hpa>(
  columns(
    NAME,
    ['Reference', `${SPEC}#scaleTargetRef`],
    ['Targets', `${SPEC}#metrics`],
    ['MinPods', `${SPEC}#minReplicas`],
    ['MaxPods', `${SPEC}#maxReplicas`],
    ['Replicas', 'autoscaling/v2/HorizontalPodAutoscalerStatus#currentReplicas'],
    AGE,
  ),
  (hpa, now) => {
    const { scaleTargetRef, minReplicas, maxReplicas } = hpa.spec ?? {};
    return [
      hpa.metadata.name ?? '',
      `${scaleTargetRef?.kind ?? ''}/${scaleTargetRef?.name ?? ''}`,
      hpaTargets(hpa),
      minReplicas === undefined ? UNSET : String(minReplicas),
      maxReplicas ?? 0,
      hpa.status?.currentReplicas ?? 0,
      ageOf(hpa, now),
    ];
  },
);

const SOURCES = ['resource', 'containerResource', 'pods', 'object', 'external'] as const;

function sourceOf(metric: HpaMetric | undefined): HpaSource | undefined {
  return SOURCES.map((name) => metric?.[name]).find((source) => source !== undefined);
}

function hpaTargets({ spec, status }: Hpa): string {
  if (spec?.targetCPUUtilizationPercentage !== undefined)
    return `cpu: ${status?.currentCPUUtilizationPercentage ?? '<unknown>'}${status?.currentCPUUtilizationPercentage === undefined ? '' : '%'}/${spec.targetCPUUtilizationPercentage}%`;
  const metrics = spec?.metrics ?? [];
  const shown = metrics.slice(0, 2).map((metric, i) => {
    const source = sourceOf(metric);
    const current = sourceOf(status?.currentMetrics?.[i])?.current;
    const prefix = metric.type === 'Resource' || metric.type === 'ContainerResource' ? `${source?.name ?? ''}: ` : '';
    const { averageUtilization, averageValue, value } = source?.target ?? {};
    if (averageUtilization !== undefined)
      return `${prefix}${current?.averageUtilization === undefined ? '<unknown>' : `${current.averageUtilization}%`}/${averageUtilization}%`;
    if (averageValue !== undefined)
      return `${prefix}${current?.averageValue ?? '<unknown>'}/${averageValue}${metric.type === 'Object' || metric.type === 'External' ? ' (avg)' : ''}`;
    return `${prefix}${current?.value ?? '<unknown>'}/${value ?? ''}`;
  });
  const more = metrics.length > 2 ? ` + ${metrics.length - 2} more...` : '';
  return joined(shown).replaceAll(',', ', ') + more;
}
