/** Which pods a job that goes on is to start or end. */
import { isPodReady } from '../../kube/pods.ts';
import type { Job, Pod } from '../../kube/types.ts';
import { isCounted } from './failure-policy.ts';
import type { Observation } from './observe.ts';
import { endedAtMs, failuresOfIndex, indexOf, isFailed, isSucceeded } from './pods.ts';

const BACKOFF_BASE_MS = 10_000;
const BACKOFF_MAX_MS = 600_000;
const BURST = 500;

/** A pod to start. `failures`: how often its index has failed before, of jobs that limit that. */
export interface NewPod {
  index?: number;
  failures?: { counted: number; ignored: number };
}

export interface Changes {
  create: NewPod[];
  remove: Pod[];
  requeueAfterMs?: number;
}

export function manage(job: Job, pods: readonly Pod[], seen: Observation, nowMs: number): Changes {
  const { succeeded, active, indexed } = seen;
  const { parallelism = 1, completions, podReplacementPolicy } = job.spec ?? {};
  // A work queue: once one has succeeded the others are left to finish, and no more are started.
  const wanted =
    completions === undefined ? (succeeded > 0 ? Math.min(active.length, parallelism) : parallelism) : Math.min(parallelism, completions - succeeded);
  const surplus = active.length - Math.max(0, wanted);
  const extra = indexed ? duplicates(active, completions ?? 0) : [];
  if (surplus > 0 || extra.length > 0) {
    const others = active.filter((pod) => !extra.includes(pod)).toSorted(leastUseful);
    return { create: [], remove: [...extra, ...others.slice(0, Math.max(0, surplus - extra.length))].slice(0, BURST) };
  }
  // With the policy 'Failed' a pod on its way out still holds its place.
  const leaving = podReplacementPolicy === 'Failed' ? seen.terminating : [];
  const missing = Math.min(wanted - active.length - leaving.length, BURST);
  if (missing <= 0) return { create: [], remove: [] };
  if (seen.failedIndexes !== undefined) return startIndexes(job, seen, freeIndexes(job, seen, leaving, missing), nowMs);
  const wait = backoffMs(job, pods, nowMs);
  if (wait > 0) return { create: [], remove: [], requeueAfterMs: wait };
  const create = indexed ? freeIndexes(job, seen, leaving, missing).map((index) => ({ index })) : Array.from({ length: missing }, () => ({}));
  return { create, remove: [] };
}

/** Each index waits on its own account. */
function startIndexes(job: Job, { waiting }: Observation, indexes: readonly number[], nowMs: number): Changes {
  const create: NewPod[] = [];
  let soonest = Infinity;
  for (const index of indexes) {
    const last = waiting.get(index);
    const failures = last === undefined ? { counted: 0, ignored: 0 } : { ...failuresOfIndex(last) };
    const wait = last === undefined ? 0 : endedAtMs(last) + delayMs(failures.counted + failures.ignored + 1) - nowMs;
    if (wait > 0) {
      soonest = Math.min(soonest, wait);
      continue;
    }
    if (last !== undefined) failures[isCounted(job.spec?.podFailurePolicy, last) ? 'counted' : 'ignored']++;
    create.push({ index, failures });
  }
  return { create, remove: [], ...(create.length === 0 && soonest < Infinity ? { requeueAfterMs: soonest } : {}) };
}

function delayMs(failures: number): number {
  return Math.min(BACKOFF_BASE_MS * 2 ** Math.min(failures - 1, 20), BACKOFF_MAX_MS);
}

/** Failures since the last success double the time to the next try: 10 s up to 10 min. */
function backoffMs(job: Job, pods: readonly Pod[], nowMs: number): number {
  const lastSuccess = Math.max(0, ...pods.filter(isSucceeded).map(endedAtMs));
  const failures = pods.filter((pod) => isFailed(job, pod) && endedAtMs(pod) >= lastSuccess).map(endedAtMs);
  return failures.length === 0 ? 0 : Math.max(...failures) + delayMs(failures.length) - nowMs;
}

function freeIndexes({ spec }: Job, { completed, failedIndexes, active }: Observation, leaving: readonly Pod[], limit: number): number[] {
  const taken = new Set([...active, ...leaving].map(indexOf));
  const free: number[] = [];
  for (let index = 0; index < (spec?.completions ?? 0) && free.length < limit; index++)
    if (!taken.has(index) && !completed.has(index) && !failedIndexes?.has(index)) free.push(index);
  return free;
}

/** Pods that share an index with an older one, or have none that counts. */
function duplicates(active: readonly Pod[], completions: number): Pod[] {
  const seen = new Set<number>();
  return [...active]
    .toSorted((a, b) => -leastUseful(a, b))
    .filter((pod) => {
      const index = indexOf(pod);
      if (index === undefined || index >= completions || seen.has(index)) return true;
      seen.add(index);
      return false;
    });
}

/** Not running before running, new before old. */
function leastUseful(a: Pod, b: Pod): number {
  return rank(a) - rank(b) || ((a.metadata.creationTimestamp ?? '') > (b.metadata.creationTimestamp ?? '') ? -1 : 1);
}

function rank(pod: Pod): number {
  return (pod.spec?.nodeName ? 1 : 0) + (pod.status?.phase === 'Running' ? 1 : 0) + (isPodReady(pod) ? 1 : 0);
}
