/** What a job's pods and its status say together: the ground all its decisions stand on. */
import type { Job, Pod } from '../../kube/types.ts';
import { isActive } from '../shared/pod-control.ts';
import { isCounted, judgeFailure } from './failure-policy.ts';
import { parseIndexes } from './indexes.ts';
import { endedAtMs, failuresOfIndex, indexOf, isFailed, isSucceeded, isTracked } from './pods.ts';

export interface Observation {
  indexed: boolean;
  active: Pod[];
  /** On their way out and not ended. */
  terminating: Pod[];
  /** Finished ones included that the status does not count yet. */
  succeeded: number;
  failed: number;
  /** Of Indexed jobs. */
  completed: Set<number>;
  /** Of jobs with a limit for each index. */
  failedIndexes?: Set<number>;
  /**
   * The last failed pod of each index that waits for its next try: it keeps its finalizer until then, for the next pod is
   * told how often its index has failed.
   */
  waiting: Map<number, Pod>;
}

export function observe(job: Job, pods: readonly Pod[]): Observation {
  const { spec, status } = job;
  const indexed = spec?.completionMode === 'Indexed';
  const perIndex = spec?.backoffLimitPerIndex;
  const valid = (pod: Pod): boolean => !indexed || validIndex(job, pod) !== undefined;
  const listed = { succeeded: status?.uncountedTerminatedPods?.succeeded ?? [], failed: status?.uncountedTerminatedPods?.failed ?? [] };
  const fresh = pods.filter((pod) => isTracked(pod) && valid(pod));
  const completed = parseIndexes(indexed ? status?.completedIndexes : undefined);
  const failedIndexes = indexed && perIndex !== undefined ? parseIndexes(status?.failedIndexes) : undefined;
  let succeeded = (status?.succeeded ?? 0) + listed.succeeded.length;
  let failed = (status?.failed ?? 0) + listed.failed.length;
  for (const pod of fresh) {
    const uid = pod.metadata.uid ?? '';
    const index = indexOf(pod) ?? -1;
    if (isSucceeded(pod)) {
      if (indexed) completed.add(index);
      if (!listed.succeeded.includes(uid)) succeeded++;
    } else if (isFailed(job, pod)) {
      if (failedIndexes !== undefined && failsIndex(job, pod, perIndex ?? 0)) failedIndexes.add(index);
      if (!listed.failed.includes(uid) && isCounted(spec?.podFailurePolicy, pod)) failed++;
    }
  }
  const seen: Observation = {
    indexed,
    active: pods.filter(isActive),
    terminating: pods.filter((pod) => pod.metadata.deletionTimestamp !== undefined && pod.status?.phase !== 'Failed' && !isSucceeded(pod)),
    succeeded: indexed ? completed.size : succeeded,
    failed,
    completed,
    ...(failedIndexes === undefined ? {} : { failedIndexes }),
    waiting: new Map(),
  };
  if (failedIndexes !== undefined) noteWaiting(job, fresh, seen);
  return seen;
}

/** The pod's index, if the job has one of that number. */
export function validIndex(job: Job, pod: Pod): number | undefined {
  const index = indexOf(pod);
  return index !== undefined && index < (job.spec?.completions ?? 0) ? index : undefined;
}

function failsIndex({ spec }: Job, pod: Pod, limit: number): boolean {
  const { action } = judgeFailure(spec?.podFailurePolicy, pod);
  return action === 'FailIndex' || (action !== 'Ignore' && failuresOfIndex(pod).counted >= limit);
}

function noteWaiting(job: Job, pods: readonly Pod[], { active, completed, failedIndexes, waiting }: Observation): void {
  const running = new Set(active.map(indexOf));
  const total = (pod: Pod): number => failuresOfIndex(pod).counted + failuresOfIndex(pod).ignored;
  for (const pod of pods) {
    const index = indexOf(pod);
    if (index === undefined || isSucceeded(pod) || !isFailed(job, pod)) continue;
    if (completed.has(index) || failedIndexes?.has(index) || running.has(index)) continue;
    const other = waiting.get(index);
    if (other === undefined || (total(other) <= total(pod) && endedAtMs(other) <= endedAtMs(pod))) waiting.set(index, pod);
  }
}
