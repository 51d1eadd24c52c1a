/** The Jobs of a ScaledJob: as they are made, and which of them are over. Pure. */
import { getCondition } from '../../../kube/conditions.ts';
import { ownerReference } from '../../../kube/owners.ts';
import type { Job, Pod } from '../../../kube/types.ts';
import { KEDA_VERSION } from '../hpa.ts';
import { JOB_GENERATION, JOB_OWNER_LABEL, type ScaledJob } from './types.ts';

const EXCLUDED_LABELS = 'scaledjob.keda.sh/job-excluded-labels';
const HISTORY = 100;

export function jobOf(scaledJob: ScaledJob): Job {
  const { metadata, spec } = scaledJob;
  const { name = '', namespace = '', generation = 0 } = metadata;
  const excluded = new Set((metadata.annotations?.[EXCLUDED_LABELS] ?? '').split(','));
  const { template, ...rest } = spec.jobTargetRef;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      generateName: `${name}-`,
      namespace,
      labels: {
        'app.kubernetes.io/name': name,
        'app.kubernetes.io/version': KEDA_VERSION,
        'app.kubernetes.io/part-of': name,
        'app.kubernetes.io/managed-by': 'keda-operator',
        [JOB_OWNER_LABEL]: name,
        ...Object.fromEntries(Object.entries(metadata.labels ?? {}).filter(([label]) => !excluded.has(label))),
      },
      annotations: { [JOB_GENERATION]: String(generation), ...metadata.annotations },
      ownerReferences: [ownerReference(scaledJob, { controller: true })],
    },
    spec: {
      ...rest,
      template: {
        ...template,
        metadata: { ...template.metadata, labels: { ...template.metadata?.labels, [JOB_OWNER_LABEL]: name } },
        spec: { ...template.spec, containers: template.spec?.containers ?? [], restartPolicy: template.spec?.restartPolicy ?? 'OnFailure' },
      },
    },
  };
}

export function outcomeOf({ status }: Job): 'Complete' | 'Failed' | undefined {
  for (const type of ['Complete', 'Failed'] as const) if (getCondition(status?.conditions, type)?.status === 'True') return type;
  return undefined;
}

/** Whether a Job still waits for its pods; `conditions`: those that a pod must have all of, else running or having run is enough. */
export function isPending(pods: readonly Pod[], conditions: readonly string[] = []): boolean {
  if (conditions.length === 0) return !pods.some(({ status }) => status?.phase === 'Running' || status?.phase === 'Succeeded');
  return !pods.some(({ status }) => conditions.every((type) => getCondition(status?.conditions, type)?.status === 'True'));
}

/** Finished ones beyond the history, the oldest first. */
export function beyondHistory(jobs: readonly Job[], { spec: { successfulJobsHistoryLimit = HISTORY, failedJobsHistoryLimit = HISTORY } }: ScaledJob): Job[] {
  const finishedAt = ({ status, metadata }: Job): string => status?.completionTime ?? metadata.creationTimestamp ?? '';
  const of = (outcome: string, limit: number): Job[] => {
    const finished = jobs.filter((job) => outcomeOf(job) === outcome).toSorted((a, b) => (finishedAt(a) < finishedAt(b) ? -1 : 1));
    return finished.slice(0, Math.max(0, finished.length - limit));
  };
  return [...of('Complete', successfulJobsHistoryLimit), ...of('Failed', failedJobsHistoryLimit)];
}
