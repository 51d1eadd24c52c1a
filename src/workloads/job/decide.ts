/** One step of a job: what has been done, what to start or end, and whether it is over (upstream's pkg/controller/job). */
import { getCondition, setCondition } from '../../kube/conditions.ts';
import { isPodReady } from '../../kube/pods.ts';
import type { Job, Pod } from '../../kube/types.ts';
import { timestamp } from '../../runtime/clock.ts';
import { count, type JobStatus } from './count.ts';
import { manage, type NewPod } from './manage.ts';
import { observe } from './observe.ts';
import { isTracked } from './pods.ts';
import { deadlineMs, judge, type Verdict } from './verdict.ts';

export interface JobPlan {
  /** Written before the release: a pod that is counted here may then lose its finalizer. Its `active` knows nothing of `create` yet. */
  status: JobStatus;
  release: Pod[];
  remove: Pod[];
  create: NewPod[];
  requeueAfterMs?: number;
}

export function isFinished(job: Job): boolean {
  return (job.status?.conditions ?? []).some((c) => (c.type === 'Complete' || c.type === 'Failed') && c.status === 'True');
}

/** `pods` are those the job owns. */
export function decide(job: Job, pods: readonly Pod[], nowMs: number): JobPlan {
  if (isFinished(job)) return { status: job.status ?? {}, release: pods.filter(isTracked), remove: [], create: [] };
  const suspended = job.spec?.suspend === true;
  const before: JobStatus = { ...job.status };
  noteSuspension(before, suspended, nowMs);
  if (!suspended && before.startTime === undefined) before.startTime = timestamp(nowMs);
  const current: Job = { ...job, status: before };
  const seen = observe(current, pods);
  const verdict = judge(current, pods, seen, nowMs);
  const { status, release, more } = count(current, pods, seen, verdict?.type);
  const plan: JobPlan = { status, release, remove: [], create: [] };
  if (verdict !== undefined) {
    plan.remove = seen.active;
    const uncounted = status.uncountedTerminatedPods;
    const left = seen.active.length + seen.terminating.length + (uncounted?.succeeded?.length ?? 0) + (uncounted?.failed?.length ?? 0);
    finish(status, verdict, left === 0 && !more, nowMs);
  } else if (suspended) {
    plan.remove = seen.active;
  } else if (job.metadata.deletionTimestamp === undefined) {
    Object.assign(plan, manage(current, pods, seen, nowMs));
    const deadline = deadlineMs(current);
    if (deadline !== undefined) plan.requeueAfterMs = Math.min(plan.requeueAfterMs ?? Infinity, Math.max(1, deadline - nowMs));
  }
  status.active = seen.active.length - plan.remove.length;
  status.ready = seen.active.filter((pod) => !plan.remove.includes(pod) && isPodReady(pod)).length;
  status.terminating = seen.terminating.length;
  if (status.active === 0) delete status.active;
  return plan;
}

function finish(status: JobStatus, verdict: Verdict, settled: boolean, nowMs: number): void {
  const now = timestamp(nowMs);
  const { reason, message } = verdict;
  const interim = verdict.type === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget';
  const set = (type: string) => {
    status.conditions = setCondition(status.conditions, { type, status: 'True', reason, message, lastProbeTime: now }, now) as NonNullable<
      JobStatus['conditions']
    >;
  };
  if (getCondition(status.conditions, interim)?.status !== 'True') set(interim);
  if (!settled) return;
  set(verdict.type);
  if (verdict.type === 'Complete') status.completionTime = now;
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
