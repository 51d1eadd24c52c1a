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
import { AGE, ageOf, columns, NAME, NONE, printer, UNSET, type Cell, type Column, type ColumnSpec } from './columns.ts';

const CONTAINERS: ColumnSpec = ['Containers*', 'Names of each container in the template.'];
const IMAGES: ColumnSpec = ['Images*', 'Images referenced by each container in the template.'];

const wideColumns = (type: string): ColumnSpec[] => [CONTAINERS, IMAGES, ['Selector*', `${type}#selector`]];

function wide(template: PodTemplateSpec | undefined, selector: LabelSelector | undefined): Cell[] {
  const containers = template?.spec?.containers ?? [];
  return [containers.map((c) => c.name).join(','), containers.map((c) => c.image ?? '').join(','), formatLabelSelector(selector)];
}

export const deploymentPrinter = printer<Deployment>(
  columns(
    NAME,
    ['Ready', 'Number of the pod with ready state'],
    ['Up-to-date', 'apps/v1/DeploymentStatus#updatedReplicas'],
    ['Available', 'apps/v1/DeploymentStatus#availableReplicas'],
    AGE,
    ...wideColumns('apps/v1/DeploymentSpec'),
  ),
  (d, now) => [
    d.metadata.name ?? '',
    `${d.status?.readyReplicas ?? 0}/${d.spec?.replicas ?? 0}`,
    d.status?.updatedReplicas ?? 0,
    d.status?.availableReplicas ?? 0,
    ageOf(d, now),
    ...wide(d.spec?.template, d.spec?.selector),
  ],
);

const replicaColumns = (type: string): Column[] =>
  columns(
    NAME,
    ['Desired:integer', `${type}Spec#replicas`],
    ['Current:integer', `${type}Status#replicas`],
    ['Ready:integer', `${type}Status#readyReplicas`],
    AGE,
    ...wideColumns(`${type}Spec`),
  );

export const replicaSetPrinter = printer<ReplicaSet>(replicaColumns('apps/v1/ReplicaSet'), (rs, now) => [
  rs.metadata.name ?? '',
  rs.spec?.replicas ?? 0,
  rs.status?.replicas ?? 0,
  rs.status?.readyReplicas ?? 0,
  ageOf(rs, now),
  ...wide(rs.spec?.template, rs.spec?.selector),
]);

export const replicationControllerPrinter = printer<ReplicationController>(replicaColumns('v1/ReplicationController'), (rc, now) => [
  rc.metadata.name ?? '',
  rc.spec?.replicas ?? 0,
  rc.status?.replicas ?? 0,
  rc.status?.readyReplicas ?? 0,
  ageOf(rc, now),
  ...wide(rc.spec?.template, { matchLabels: rc.spec?.selector ?? {} }),
]);

export const statefulSetPrinter = printer<StatefulSet>(columns(NAME, ['Ready', 'Number of the pod with ready state'], AGE, CONTAINERS, IMAGES), (sts, now) => [
  sts.metadata.name ?? '',
  `${sts.status?.readyReplicas ?? 0}/${sts.spec?.replicas ?? 0}`,
  ageOf(sts, now),
  ...wide(sts.spec?.template, undefined).slice(0, 2),
]);

export const daemonSetPrinter = printer<DaemonSet>(
  columns(
    NAME,
    ['Desired:integer', 'apps/v1/DaemonSetStatus#desiredNumberScheduled'],
    ['Current:integer', 'apps/v1/DaemonSetStatus#currentNumberScheduled'],
    ['Ready:integer', 'apps/v1/DaemonSetStatus#numberReady'],
    ['Up-to-date:integer', 'apps/v1/DaemonSetStatus#updatedNumberScheduled'],
    ['Available:integer', 'apps/v1/DaemonSetStatus#numberAvailable'],
    ['Node Selector', 'v1/PodSpec#nodeSelector'],
    AGE,
    ...wideColumns('apps/v1/DaemonSetSpec'),
  ),
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

export const jobPrinter = printer<Job>(
  columns(
    NAME,
    ['Status', 'Status of the job.'],
    ['Completions', 'batch/v1/JobStatus#succeeded'],
    ['Duration', 'Time required to complete the job.'],
    AGE,
    ...wideColumns('batch/v1/JobSpec'),
  ),
  (job, now) => [
    job.metadata.name ?? '',
    jobStatus(job),
    jobCompletions(job),
    jobDuration(job, now),
    ageOf(job, now),
    ...wide(job.spec?.template, job.spec?.selector),
  ],
);

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
  const ended = job.status?.completionTime;
  return humanDuration((ended ? Date.parse(ended) : now) - Date.parse(started));
}

interface CronJob extends Unstructured {
  spec?: { schedule?: string; timeZone?: string; suspend?: boolean; jobTemplate?: { spec?: Job['spec'] } };
  status?: { active?: unknown[]; lastScheduleTime?: string };
}

export const cronJobPrinter = printer<CronJob>(
  columns(
    NAME,
    ['Schedule', 'batch/v1/CronJobSpec#schedule'],
    ['Timezone', 'batch/v1/CronJobSpec#timeZone'],
    ['Suspend:boolean', 'batch/v1/CronJobSpec#suspend'],
    ['Active:integer', 'batch/v1/CronJobStatus#active'],
    ['Last Schedule', 'batch/v1/CronJobStatus#lastScheduleTime'],
    AGE,
    ...wideColumns('batch/v1/JobSpec'),
  ),
  (cron, now) => [
    cron.metadata.name ?? '',
    cron.spec?.schedule ?? '',
    cron.spec?.timeZone ?? NONE,
    cron.spec?.suspend === undefined ? UNSET : cron.spec.suspend ? 'True' : 'False',
    cron.status?.active?.length ?? 0,
    cron.status?.lastScheduleTime ? age(cron.status.lastScheduleTime, now) : NONE,
    ageOf(cron, now),
    ...wide(cron.spec?.jobTemplate?.spec?.template, cron.spec?.jobTemplate?.spec?.selector),
  ],
);
