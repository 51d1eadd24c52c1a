/** The jobs of a cron job: how they are made, and which have had their time. */
import { Zone } from '../../kube/cron/zone.ts';
import { ownerReference } from '../../kube/owners.ts';
import type { CronJob, Job } from '../../kube/types.ts';

const SCHEDULED_AT = 'batch.kubernetes.io/cronjob-scheduled-timestamp';

/** How a job ended; undefined while it has not. */
export function outcome(job: Job): 'Complete' | 'Failed' | undefined {
  return job.status?.conditions?.find(({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True')?.type as
    | 'Complete'
    | 'Failed'
    | undefined;
}

/** One name a time, so that no time gets two jobs: upstream's count of minutes. */
export function jobName(cronJob: CronJob, dueMs: number): string {
  return `${cronJob.metadata.name}-${Math.floor(dueMs / 60_000)}`;
}

export function jobFor(cronJob: CronJob, dueMs: number): Job {
  const { spec, metadata } = cronJob;
  const template = spec?.jobTemplate;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      namespace: metadata.namespace,
      name: jobName(cronJob, dueMs),
      ...(template?.metadata?.labels ? { labels: template.metadata.labels } : {}),
      annotations: { ...template?.metadata?.annotations, [SCHEDULED_AT]: Zone.load(spec?.timeZone ?? '').format(dueMs) },
      ownerReferences: [ownerReference(cronJob, { controller: true })],
    },
    spec: template?.spec,
  } as Job;
}

/** Finished jobs beyond what the limits keep, the oldest first. */
export function beyondHistory({ spec }: CronJob, jobs: readonly Job[]): Job[] {
  const excess = (kind: string, limit: number | undefined): Job[] => {
    if (limit === undefined) return [];
    const ended = jobs.filter((job) => outcome(job) === kind).sort(byStart);
    return ended.slice(0, Math.max(0, ended.length - limit));
  };
  return [...excess('Complete', spec?.successfulJobsHistoryLimit), ...excess('Failed', spec?.failedJobsHistoryLimit)];
}

/** Those that never started last. */
function byStart(a: Job, b: Job): number {
  const start = (job: Job): number => (job.status?.startTime === undefined ? Infinity : Date.parse(job.status.startTime));
  const [left, right] = [start(a), start(b)];
  if (left !== right) return left < right ? -1 : 1;
  return (a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1;
}
