/** Tables of apps and batch. */
import { getCondition } from '../../kube/conditions.ts';
import { humanDuration } from '../../kube/duration.ts';
import { formatLabelSelector } from '../../kube/selectors.ts';
import type {
  DaemonSet,
  Deployment,
  Job,
  LabelSelector,
  PodTemplateSpec,
  ReplicaSet,
  ReplicationController,
  StatefulSet,
  Unstructured,
} from '../../kube/types.ts';
import { age } from '../../kube/duration.ts';
import { ageOf, columns, joined, NONE, printer, type Cell } from './columns.ts';

const WIDE = ['Containers*', 'Images*', 'Selector*'];

function wide(template: PodTemplateSpec | undefined, selector: LabelSelector | undefined): Cell[] {
  const containers = template?.spec?.containers ?? [];
  return [containers.map((c) => c.name).join(','), containers.map((c) => c.image ?? '').join(','), formatLabelSelector(selector)];
}

export const deploymentPrinter = printer<Deployment>(columns('Name', 'Ready', 'Up-to-date', 'Available', 'Age', ...WIDE), (d, now) => [
  d.metadata.name ?? '',
  `${d.status?.readyReplicas ?? 0}/${d.spec?.replicas ?? 0}`,
  String(d.status?.updatedReplicas ?? 0),
  String(d.status?.availableReplicas ?? 0),
  ageOf(d, now),
  ...wide(d.spec?.template, d.spec?.selector),
]);

export const replicaSetPrinter = printer<ReplicaSet>(columns('Name', 'Desired:integer', 'Current:integer', 'Ready:integer', 'Age', ...WIDE), (rs, now) => [
  rs.metadata.name ?? '',
  rs.spec?.replicas ?? 0,
  rs.status?.replicas ?? 0,
  rs.status?.readyReplicas ?? 0,
  ageOf(rs, now),
  ...wide(rs.spec?.template, rs.spec?.selector),
]);

export const replicationControllerPrinter = printer<ReplicationController>(
  columns('Name', 'Desired:integer', 'Current:integer', 'Ready:integer', 'Age', ...WIDE),
  (rc, now) => [
    rc.metadata.name ?? '',
    rc.spec?.replicas ?? 0,
    rc.status?.replicas ?? 0,
    rc.status?.readyReplicas ?? 0,
    ageOf(rc, now),
    ...wide(rc.spec?.template, { matchLabels: rc.spec?.selector ?? {} }),
  ],
);

export const statefulSetPrinter = printer<StatefulSet>(columns('Name', 'Ready', 'Age', 'Containers*', 'Images*'), (sts, now) => [
  sts.metadata.name ?? '',
  `${sts.status?.readyReplicas ?? 0}/${sts.spec?.replicas ?? 0}`,
  ageOf(sts, now),
  ...wide(sts.spec?.template, undefined).slice(0, 2),
]);

export const daemonSetPrinter = printer<DaemonSet>(
  columns('Name', 'Desired:integer', 'Current:integer', 'Ready:integer', 'Up-to-date:integer', 'Available:integer', 'Node Selector', 'Age', ...WIDE),
  (ds, now) => [
    ds.metadata.name ?? '',
    ds.status?.desiredNumberScheduled ?? 0,
    ds.status?.currentNumberScheduled ?? 0,
    ds.status?.numberReady ?? 0,
    ds.status?.updatedNumberScheduled ?? 0,
    ds.status?.numberAvailable ?? 0,
    formatLabelSelector({ matchLabels: ds.spec?.template?.spec?.nodeSelector ?? {} }),
    ageOf(ds, now),
    ...wide(ds.spec?.template, ds.spec?.selector),
  ],
);

export const jobPrinter = printer<Job>(columns('Name', 'Status', 'Completions', 'Duration', 'Age', ...WIDE), (job, now) => [
  job.metadata.name ?? '',
  jobStatus(job),
  jobCompletions(job),
  jobDuration(job, now),
  ageOf(job, now),
  ...wide(job.spec?.template, job.spec?.selector),
]);

function jobStatus(job: Job): string {
  const holds = (type: string): boolean => getCondition(job.status?.conditions, type)?.status === 'True';
  if (holds('Complete')) return 'Complete';
  if (holds('Failed')) return 'Failed';
  if (job.metadata.deletionTimestamp) return 'Terminating';
  if (holds('Suspended')) return 'Suspended';
  if (holds('FailureTarget')) return 'FailureTarget';
  if (holds('SuccessCriteriaMet')) return 'SuccessCriteriaMet';
  return 'Running';
}

function jobCompletions(job: Job): string {
  const succeeded = job.status?.succeeded ?? 0;
  if (job.spec?.completions !== undefined && job.spec.completions !== null) return `${succeeded}/${job.spec.completions}`;
  const parallelism = job.spec?.parallelism ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function jobDuration(job: Job, now: number): string {
  const started = job.status?.startTime;
  if (!started) return '';
  const ended = job.status?.completionTime ?? getCondition(job.status?.conditions, 'Failed')?.lastTransitionTime;
  return humanDuration((ended ? Date.parse(ended) : now) - Date.parse(started));
}

interface CronJob extends Unstructured {
  spec?: { schedule?: string; timeZone?: string; suspend?: boolean; jobTemplate?: { spec?: Job['spec'] } };
  status?: { active?: unknown[]; lastScheduleTime?: string };
}

export const cronJobPrinter = printer<CronJob>(
  columns('Name', 'Schedule', 'Timezone', 'Suspend:boolean', 'Active:integer', 'Last Schedule', 'Age', ...WIDE),
  (cron, now) => [
    cron.metadata.name ?? '',
    cron.spec?.schedule ?? '',
    cron.spec?.timeZone ?? NONE,
    cron.spec?.suspend ?? false,
    cron.status?.active?.length ?? 0,
    cron.status?.lastScheduleTime ? age(cron.status.lastScheduleTime, now) : NONE,
    ageOf(cron, now),
    ...wide(cron.spec?.jobTemplate?.spec?.template, cron.spec?.jobTemplate?.spec?.selector),
  ],
);

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

export const hpaPrinter = printer<Hpa>(columns('Name', 'Reference', 'Targets', 'MinPods', 'MaxPods', 'Replicas', 'Age'), (hpa, now) => {
  const { scaleTargetRef, minReplicas, maxReplicas } = hpa.spec ?? {};
  return [
    hpa.metadata.name ?? '',
    `${scaleTargetRef?.kind ?? ''}/${scaleTargetRef?.name ?? ''}`,
    hpaTargets(hpa),
    minReplicas === undefined ? '<unset>' : String(minReplicas),
    String(maxReplicas ?? 0),
    String(hpa.status?.currentReplicas ?? 0),
    ageOf(hpa, now),
  ];
});

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
    if (averageValue !== undefined) return `${prefix}${current?.averageValue ?? '<unknown>'}/${averageValue}${prefix === '' ? ' (avg)' : ''}`;
    return `${prefix}${current?.value ?? '<unknown>'}/${value ?? ''}`;
  });
  const more = metrics.length > 2 ? ` + ${metrics.length - 2} more...` : '';
  return joined(shown).replaceAll(',', ', ') + more;
}
