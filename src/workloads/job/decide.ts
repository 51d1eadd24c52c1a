/** One step of a job: what has been done, what to start or end, and whether it is over (upstream's pkg/controller/job). */
import { getCondition, setCondition } from '../../kube/conditions.ts';
import { isPodReady } from '../../kube/pods.ts';
import type { Job, Pod } from '../../kube/types.ts';
import { timestamp } from '../../runtime/clock.ts';
import { isActive } from '../shared/pod-control.ts';
import { formatIndexes, parseIndexes } from './indexes.ts';
import { endedAtMs, indexOf, isFailed, isSucceeded, isTracked } from './pods.ts';

type JobStatus = NonNullable<Job['status']>;

const BACKOFF_BASE_MS = 10_000;
const BACKOFF_MAX_MS = 600_000;
const BURST = 500;
const REACHED = 'Reached expected number of succeeded pods';

export interface JobPlan {
  /** Written first: a pod that is counted here may then lose its finalizer. */
  status: JobStatus;
  release: Pod[];
  remove: Pod[];
  /** One pod each; with an index for Indexed jobs. */
  create: { index?: number }[];
  requeueAfterMs?: number;
}

export function isFinished(job: Job): boolean {
  return (job.status?.conditions ?? []).some((c) => (c.type === 'Complete' || c.type === 'Failed') && c.status === 'True');
}

/** `pods` are those the job owns. */
export function decide(job: Job, pods: readonly Pod[], nowMs: number): JobPlan {
  if (isFinished(job)) return { status: job.status ?? {}, release: pods.filter(isTracked), remove: [], create: [] };
  const { status, release } = count(job, pods);
  const plan: JobPlan = { status, release, remove: [], create: [] };
  const active = pods.filter(isActive);
  const suspended = job.spec?.suspend === true;
  noteSuspension(status, suspended, nowMs);
  if (!suspended && status.startTime === undefined) status.startTime = timestamp(nowMs);
  const verdict = judge(job, status, pods, nowMs);
  const terminating = pods.filter((pod) => pod.metadata.deletionTimestamp !== undefined && pod.status?.phase !== 'Failed' && !isSucceeded(pod)).length;
  if (verdict !== undefined) {
    plan.remove = active;
    const uncounted = status.uncountedTerminatedPods;
    const settled = active.length === 0 && terminating === 0 && !uncounted?.succeeded?.length && !uncounted?.failed?.length;
    finish(status, verdict, settled, nowMs);
  } else if (suspended) {
    plan.remove = active;
  } else if (job.metadata.deletionTimestamp === undefined) {
    manage(plan, job, pods, active, nowMs);
    const deadline = deadlineMs(job, status);
    if (deadline !== undefined) plan.requeueAfterMs = Math.min(plan.requeueAfterMs ?? Infinity, Math.max(1, deadline - nowMs));
  }
  status.active = active.length - plan.remove.length + plan.create.length;
  status.ready = active.filter((pod) => !plan.remove.includes(pod) && isPodReady(pod)).length;
  status.terminating = terminating;
  if (status.active === 0) delete status.active;
  return plan;
}

/**
 * Counts finished pods so that none is lost or counted twice over restarts: a pod is first listed as uncounted,
 * then loses its finalizer, and only then adds to the count and leaves the list. Indexes need no list: they are a set.
 */
function count(job: Job, pods: readonly Pod[]): { status: JobStatus; release: Pod[] } {
  const status: JobStatus = { ...job.status };
  const tracked = new Map(pods.filter(isTracked).map((pod) => [pod.metadata.uid ?? '', pod]));
  const listed = { succeeded: [...(status.uncountedTerminatedPods?.succeeded ?? [])], failed: [...(status.uncountedTerminatedPods?.failed ?? [])] };
  const pending = { succeeded: listed.succeeded.filter((uid) => tracked.has(uid)), failed: listed.failed.filter((uid) => tracked.has(uid)) };
  let succeeded = (status.succeeded ?? 0) + listed.succeeded.length - pending.succeeded.length;
  const failed = (status.failed ?? 0) + listed.failed.length - pending.failed.length;
  const indexed = job.spec?.completionMode === 'Indexed';
  const completed = parseIndexes(status.completedIndexes);
  const release: Pod[] = [];
  for (const [uid, pod] of tracked) {
    if (isSucceeded(pod)) {
      const index = indexOf(pod);
      if (!indexed) pending.succeeded = add(pending.succeeded, uid);
      else if (index !== undefined && index < (job.spec?.completions ?? 0)) completed.add(index);
    } else if (isFailed(job, pod)) pending.failed = add(pending.failed, uid);
    else continue;
    release.push(pod);
  }
  if (indexed) {
    succeeded = completed.size;
    if (completed.size > 0) status.completedIndexes = formatIndexes(completed);
  }
  if (succeeded > 0) status.succeeded = succeeded;
  if (failed > 0) status.failed = failed;
  status.uncountedTerminatedPods = {
    ...(pending.succeeded.length > 0 ? { succeeded: pending.succeeded } : {}),
    ...(pending.failed.length > 0 ? { failed: pending.failed } : {}),
  };
  return { status, release };
}

function add(uids: string[], uid: string): string[] {
  return uids.includes(uid) ? uids : [...uids, uid];
}

function totals(status: JobStatus): { succeeded: number; failed: number } {
  return {
    succeeded: (status.succeeded ?? 0) + (status.uncountedTerminatedPods?.succeeded?.length ?? 0),
    failed: (status.failed ?? 0) + (status.uncountedTerminatedPods?.failed?.length ?? 0),
  };
}

interface Outcome {
  type: 'Complete' | 'Failed';
  reason: string;
  message: string;
}

/** Whether the job is decided; undefined while it goes on. Once decided it stays so. */
function judge(job: Job, status: JobStatus, pods: readonly Pod[], nowMs: number): Outcome | undefined {
  const target = getCondition(status.conditions, 'FailureTarget');
  if (target?.status === 'True') return { type: 'Failed', reason: target.reason ?? '', message: target.message ?? '' };
  if (getCondition(status.conditions, 'SuccessCriteriaMet')?.status === 'True') return { type: 'Complete', reason: 'CompletionsReached', message: REACHED };
  const { succeeded, failed } = totals(status);
  const limit = job.spec?.backoffLimit ?? 6;
  if (failed > limit || restartsExceed(job, pods, limit)) {
    return { type: 'Failed', reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' };
  }
  const deadline = deadlineMs(job, status);
  if (deadline !== undefined && nowMs >= deadline)
    return { type: 'Failed', reason: 'DeadlineExceeded', message: 'Job was active longer than specified deadline' };
  const completions = job.spec?.completions;
  const done = completions === undefined ? succeeded > 0 && !pods.some(isActive) : succeeded >= completions;
  return done ? { type: 'Complete', reason: 'CompletionsReached', message: REACHED } : undefined;
}

/** With restartPolicy OnFailure the pods do the trying again: their restarts count. */
function restartsExceed(job: Job, pods: readonly Pod[], limit: number): boolean {
  if (job.spec?.template?.spec?.restartPolicy !== 'OnFailure') return false;
  let restarts = 0;
  for (const pod of pods.filter(isActive)) {
    for (const status of [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]) restarts += status.restartCount;
  }
  return limit === 0 ? restarts > 0 : restarts >= limit;
}

function deadlineMs(job: Job, status: JobStatus): number | undefined {
  const seconds = job.spec?.activeDeadlineSeconds;
  if (seconds === undefined || job.spec?.suspend || status.startTime === undefined) return undefined;
  return Date.parse(status.startTime) + seconds * 1000;
}

function finish(status: JobStatus, outcome: Outcome, settled: boolean, nowMs: number): void {
  const now = timestamp(nowMs);
  const { reason, message } = outcome;
  const interim = outcome.type === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget';
  const set = (type: string) => {
    status.conditions = setCondition(status.conditions, { type, status: 'True', reason, message, lastProbeTime: now }, now) as NonNullable<
      JobStatus['conditions']
    >;
  };
  if (getCondition(status.conditions, interim)?.status !== 'True') set(interim);
  if (!settled) return;
  set(outcome.type);
  if (outcome.type === 'Complete') status.completionTime = now;
}

function noteSuspension(status: JobStatus, suspended: boolean, nowMs: number): void {
  const current = getCondition(status.conditions, 'Suspended');
  if (suspended === (current?.status === 'True')) return;
  const now = timestamp(nowMs);
  const condition = suspended
    ? { type: 'Suspended', status: 'True', reason: 'JobSuspended', message: 'Job suspended', lastProbeTime: now }
    : { type: 'Suspended', status: 'False', reason: 'JobResumed', message: 'Job resumed', lastProbeTime: now };
  status.conditions = setCondition(status.conditions, condition, now) as NonNullable<JobStatus['conditions']>;
  // The deadline runs from the resumption.
  if (suspended) delete status.startTime;
  else status.startTime = now;
}

function manage(plan: JobPlan, job: Job, pods: readonly Pod[], active: readonly Pod[], nowMs: number): void {
  const { succeeded } = totals(plan.status);
  const parallelism = job.spec?.parallelism ?? 1;
  const completions = job.spec?.completions;
  // A work queue: once one has succeeded the others are left to finish, and no more are started.
  const wanted =
    completions === undefined ? (succeeded > 0 ? Math.min(active.length, parallelism) : parallelism) : Math.min(parallelism, completions - succeeded);
  const surplus = active.length - Math.max(0, wanted);
  const extra = job.spec?.completionMode === 'Indexed' ? duplicates(active, completions ?? 0) : [];
  if (surplus > 0 || extra.length > 0) {
    const others = active.filter((pod) => !extra.includes(pod)).toSorted(leastUseful);
    plan.remove = [...extra, ...others.slice(0, Math.max(0, surplus - extra.length))];
    return;
  }
  // With the policy 'Failed' a pod on its way out still holds its place.
  const leaving =
    job.spec?.podReplacementPolicy === 'Failed'
      ? pods.filter((pod) => pod.metadata.deletionTimestamp !== undefined && pod.status?.phase !== 'Failed' && !isSucceeded(pod)).length
      : 0;
  const missing = Math.min(wanted - active.length - leaving, BURST);
  if (missing <= 0) return;
  const wait = backoffMs(job, pods, nowMs);
  if (wait > 0) {
    plan.requeueAfterMs = wait;
    return;
  }
  plan.create =
    job.spec?.completionMode === 'Indexed'
      ? freeIndexes(plan.status, active, completions ?? 0, missing).map((index) => ({ index }))
      : Array.from({ length: missing }, () => ({}));
}

/** Failures since the last success double the time to the next try: 10 s up to 10 min. */
function backoffMs(job: Job, pods: readonly Pod[], nowMs: number): number {
  const lastSuccess = Math.max(0, ...pods.filter(isSucceeded).map(endedAtMs));
  const failures = pods.filter((pod) => isFailed(job, pod) && endedAtMs(pod) >= lastSuccess).map(endedAtMs);
  if (failures.length === 0) return 0;
  const delay = Math.min(BACKOFF_BASE_MS * 2 ** Math.min(failures.length - 1, 20), BACKOFF_MAX_MS);
  return Math.max(...failures) + delay - nowMs;
}

function freeIndexes(status: JobStatus, active: readonly Pod[], completions: number, limit: number): number[] {
  const taken = parseIndexes(status.completedIndexes);
  for (const pod of active) {
    const index = indexOf(pod);
    if (index !== undefined) taken.add(index);
  }
  const free: number[] = [];
  for (let index = 0; index < completions && free.length < limit; index++) if (!taken.has(index)) free.push(index);
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
