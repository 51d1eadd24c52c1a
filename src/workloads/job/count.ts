/**
 * Counts finished pods so that none is lost or counted twice over restarts: a pod is first listed as uncounted, then loses
 * its finalizer, and only then adds to the count and leaves the list. Indexes need no list: they are a set.
 */
import type { Job, Pod } from '../../kube/types.ts';
import { isCounted } from './failure-policy.ts';
import { formatIndexes } from './indexes.ts';
import { validIndex, type Observation } from './observe.ts';
import { indexOf, isFailed, isSucceeded, isTracked } from './pods.ts';

export type JobStatus = NonNullable<Job['status']>;

/** No more than this in one step: a status must not grow without end. */
const UNCOUNTED_MAX = 500;

export interface Count {
  status: JobStatus;
  /** Pods that may lose their finalizer once the status is written. */
  release: Pod[];
  /** Pods are left for the next step. */
  more: boolean;
}

/** `ended`: how the job has ended, if it has: of a failed one all pods have failed. */
export function count(job: Job, pods: readonly Pod[], seen: Observation, ended: 'Complete' | 'Failed' | undefined): Count {
  const status: JobStatus = { ...job.status };
  const tracked = new Map(pods.filter(isTracked).map((pod) => [pod.metadata.uid ?? '', pod]));
  const listed = { succeeded: [...(status.uncountedTerminatedPods?.succeeded ?? [])], failed: [...(status.uncountedTerminatedPods?.failed ?? [])] };
  const pending = { succeeded: listed.succeeded.filter((uid) => tracked.has(uid)), failed: listed.failed.filter((uid) => tracked.has(uid)) };
  const succeeded = seen.indexed ? seen.completed.size : (status.succeeded ?? 0) + listed.succeeded.length - pending.succeeded.length;
  const failed = (status.failed ?? 0) + listed.failed.length - pending.failed.length;
  const release: Pod[] = [];
  let more = false;
  for (const [uid, pod] of tracked) {
    const hasFailed = isFailed(job, pod);
    const held = hasFailed && seen.waiting.get(indexOf(pod) ?? -1) === pod;
    const over = job.metadata.deletionTimestamp !== undefined || ended !== undefined || isSucceeded(pod) || (hasFailed && !held);
    if (!over) continue;
    if (release.length >= UNCOUNTED_MAX) {
      more = true;
      break;
    }
    release.push(pod);
    if (isSucceeded(pod) && !pending.failed.includes(uid)) {
      if (!seen.indexed) add(pending.succeeded, uid);
    } else if ((hasFailed || ended === 'Failed') && (!seen.indexed || validIndex(job, pod) !== undefined)) {
      if (isCounted(job.spec?.podFailurePolicy, pod)) add(pending.failed, uid);
    }
  }
  if (succeeded > 0) status.succeeded = succeeded;
  else delete status.succeeded;
  if (failed > 0) status.failed = failed;
  if (seen.indexed && seen.completed.size > 0) status.completedIndexes = formatIndexes(seen.completed);
  if (seen.failedIndexes !== undefined) status.failedIndexes = formatIndexes(seen.failedIndexes);
  status.uncountedTerminatedPods = {
    ...(pending.succeeded.length > 0 ? { succeeded: pending.succeeded } : {}),
    ...(pending.failed.length > 0 ? { failed: pending.failed } : {}),
  };
  return { status, release, more };
}

function add(uids: string[], uid: string): void {
  if (!uids.includes(uid)) uids.push(uid);
}
