/** Whether a job is over. */
import { getCondition } from '../../kube/conditions.ts';
import type { Job, Pod } from '../../kube/types.ts';
import { judgeFailure } from './failure-policy.ts';
import { parseIndexes } from './indexes.ts';
import type { Observation } from './observe.ts';
import { isFailed } from './pods.ts';

export interface Verdict {
  type: 'Complete' | 'Failed';
  reason: string;
  message: string;
}

const failed = (reason: string, message: string): Verdict => ({ type: 'Failed', reason, message });

/** Undefined while it goes on. Once decided it stays so. */
export function judge(job: Job, pods: readonly Pod[], seen: Observation, nowMs: number): Verdict | undefined {
  const { spec, status } = job;
  for (const [interim, type] of [
    ['SuccessCriteriaMet', 'Complete'],
    ['FailureTarget', 'Failed'],
  ] as const) {
    const said = getCondition(status?.conditions, interim);
    if (said?.status === 'True') return { type, reason: said.reason ?? '', message: said.message ?? '' };
  }
  return failure(job, pods, seen, nowMs) ?? indexFailure(job, seen) ?? bySuccessPolicy(job, seen) ?? byCompletions(spec, seen);
}

function failure(job: Job, pods: readonly Pod[], seen: Observation, nowMs: number): Verdict | undefined {
  const { spec } = job;
  if (spec?.podFailurePolicy !== undefined) {
    for (const pod of pods) {
      const { message } = isFailed(job, pod) ? judgeFailure(spec.podFailurePolicy, pod) : {};
      if (message !== undefined) return failed('PodFailurePolicy', message);
    }
  }
  const limit = spec?.backoffLimit ?? 6;
  if (seen.failed > limit || restartsExceed(job, seen.active, limit)) return failed('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
  const deadline = deadlineMs(job);
  return deadline !== undefined && nowMs >= deadline ? failed('DeadlineExceeded', 'Job was active longer than specified deadline') : undefined;
}

function indexFailure({ spec }: Job, { failedIndexes, completed }: Observation): Verdict | undefined {
  if (failedIndexes === undefined || failedIndexes.size === 0) return undefined;
  if (spec?.maxFailedIndexes !== undefined && failedIndexes.size > spec.maxFailedIndexes)
    return failed('MaxFailedIndexesExceeded', 'Job has exceeded the specified maximal number of failed indexes');
  return failedIndexes.size + completed.size >= (spec?.completions ?? 0) ? failed('FailedIndexes', 'Job has failed indexes') : undefined;
}

function bySuccessPolicy({ spec }: Job, { indexed, completed }: Observation): Verdict | undefined {
  if (!indexed || completed.size === 0) return undefined;
  for (const [i, { succeededIndexes, succeededCount }] of (spec?.successPolicy?.rules ?? []).entries()) {
    const wanted = succeededIndexes === undefined ? undefined : parseIndexes(succeededIndexes);
    if (wanted?.size === 0) continue;
    const done = wanted === undefined ? completed.size : completed.intersection(wanted).size;
    if ((wanted !== undefined && done === wanted.size) || (succeededCount !== undefined && done >= succeededCount))
      return { type: 'Complete', reason: 'SuccessPolicy', message: `Matched rules at index ${i}` };
  }
  return undefined;
}

function byCompletions(spec: Job['spec'], { succeeded, active }: Observation): Verdict | undefined {
  const completions = spec?.completions;
  const done = completions === undefined ? succeeded > 0 && active.length === 0 : succeeded >= completions;
  return done ? { type: 'Complete', reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' } : undefined;
}

/** With restartPolicy OnFailure the pods do the trying again: their restarts count. */
function restartsExceed({ spec }: Job, active: readonly Pod[], limit: number): boolean {
  if (spec?.template?.spec?.restartPolicy !== 'OnFailure') return false;
  let restarts = 0;
  for (const { status } of active)
    for (const container of [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]) restarts += container.restartCount;
  return limit === 0 ? restarts > 0 : restarts >= limit;
}

/** When the job's time is up; undefined when it has no end, or is halted. */
export function deadlineMs({ spec, status }: Job): number | undefined {
  const seconds = spec?.activeDeadlineSeconds;
  if (seconds === undefined || spec?.suspend || status?.startTime === undefined) return undefined;
  return Date.parse(status.startTime) + seconds * 1000;
}
