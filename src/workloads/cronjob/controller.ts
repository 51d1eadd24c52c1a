/** Starts jobs when their cron job's schedule says so, and clears away old ones. */
import { parseSchedule, type Schedule } from '../../kube/cron/parse.ts';
import { Zone } from '../../kube/cron/zone.ts';
import { controllerOf } from '../../kube/owners.ts';
import { cronJobs, jobs } from '../../kube/resources.ts';
import { conflict, isAlreadyExists, isNotFound } from '../../kube/status.ts';
import type { CronJob, Job, ObjectKey } from '../../kube/types.ts';
import { timestamp } from '../../runtime/clock.ts';
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { startController, watching } from '../../runtime/reconcile.ts';
import { indexByController, keyOf, ownedBy } from '../shared/claim.ts';
import { isNamespaceTerminating, messageOf } from '../shared/pod-control.ts';
import { writeStatus } from '../shared/status.ts';
import { beyondHistory, jobFor, jobName, outcome } from './jobs.ts';
import { dueTime, msUntilNext } from './schedule.ts';

type Status = NonNullable<CronJob['status']>;
type Active = NonNullable<Status['active']>;

/** A schedule that says its zone itself is an old one: the field counts for the others. */
function scheduleOf({ spec }: CronJob): Schedule {
  const text = spec?.schedule ?? '';
  return parseSchedule(text.includes('TZ') || spec?.timeZone === undefined ? text : `TZ=${spec.timeZone} ${text}`);
}

export function cronJobController(ctx: ControllerContext): Controller {
  const { client, clock } = ctx;
  const informer = ctx.informer(cronJobs);
  const jobInformer = indexByController(ctx.informer(jobs));
  const recorder = ctx.recorder('cronjob-controller');

  function ofJob(job: Job, old: Job | undefined): ObjectKey[] {
    const owners = [controllerOf(job), old && controllerOf(old)].filter((owner) => owner?.kind === 'CronJob');
    return [...new Set(owners.map((owner) => owner?.name ?? ''))].map((name) => ({ namespace: job.metadata.namespace ?? '', name }));
  }

  /** A new schedule is for the times to come: those it would have had are not made up for. */
  function follow(enqueue: (key: ObjectKey, delayMs?: number) => void, signal: AbortSignal): void {
    const stop = informer.onChange({
      upsert(cronJob, old) {
        const same = old === undefined || (old.spec?.schedule === cronJob.spec?.schedule && old.spec?.timeZone === cronJob.spec?.timeZone);
        if (same) return enqueue(keyOf(cronJob));
        try {
          enqueue(keyOf(cronJob), msUntilNext(cronJob, clock.now(), scheduleOf(cronJob)));
        } catch {
          recorder.event(cronJob, 'Warning', 'UnParseableCronJobSchedule', `unparseable schedule for cronjob: ${cronJob.spec?.schedule}`);
        }
      },
      delete: (cronJob) => enqueue(keyOf(cronJob)),
    });
    signal.addEventListener('abort', stop, { once: true });
  }

  /** The state being worked out, written once at the end. */
  interface Work {
    cronJob: CronJob;
    status: Status;
  }

  async function removeJob({ cronJob, status }: Work, job: Job): Promise<boolean> {
    try {
      await client.delete(jobs, keyOf(job), { propagationPolicy: 'Background' });
    } catch (error) {
      recorder.event(cronJob, 'Warning', 'FailedDelete', `Deleted job: ${messageOf(error)}`);
      return false;
    }
    drop(status, job.metadata.uid);
    recorder.event(cronJob, 'Normal', 'SuccessfulDelete', `Deleted job ${job.metadata.name}`);
    return true;
  }

  /** What has become of the jobs since. */
  async function observe({ cronJob, status }: Work, owned: readonly Job[]): Promise<void> {
    for (const job of owned) {
      const ended = outcome(job);
      const listed = (status.active ?? []).some(({ uid }) => uid === job.metadata.uid);
      if (ended === undefined) {
        if (listed) continue;
        const fresh = await client.get(cronJobs, keyOf(cronJob));
        if (!fresh.status?.active?.some(({ uid }) => uid === job.metadata.uid))
          recorder.event(cronJob, 'Warning', 'UnexpectedJob', `Saw a job that the controller did not create or forgot: ${job.metadata.name}`);
        continue;
      }
      if (listed) {
        drop(status, job.metadata.uid);
        recorder.event(cronJob, 'Normal', 'SawCompletedJob', `Saw completed job: ${job.metadata.name}, condition: ${ended}`);
      }
      const { completionTime } = job.status ?? {};
      if (ended === 'Complete' && completionTime !== undefined && !(Date.parse(completionTime) <= Date.parse(status.lastSuccessfulTime ?? '')))
        status.lastSuccessfulTime = completionTime;
    }
    for (const { name, namespace, uid } of [...(status.active ?? [])]) {
      if (owned.some((job) => job.metadata.uid === uid)) continue;
      // The informer may be behind: of jobs, or of what we wrote about them.
      if ((await get({ namespace: namespace ?? '', name: name ?? '' })) !== undefined) continue;
      const fresh = await client.get(cronJobs, keyOf(cronJob));
      if (!fresh.status?.active?.some((ref) => ref.uid === uid)) throw conflict({ group: 'batch', plural: 'cronjobs', name: cronJob.metadata.name ?? '' });
      recorder.event(cronJob, 'Normal', 'MissingJob', `Active job went missing: ${name}`);
      drop(status, uid);
    }
  }

  async function get(key: ObjectKey): Promise<Job | undefined> {
    return client.get(jobs, key).catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
  }

  /** Undefined when there is nothing to wait for until the cron job changes. */
  async function runDue(work: Work): Promise<number | undefined> {
    const { cronJob, status } = work;
    const { spec } = cronJob;
    const now = clock.now();
    const say = (type: 'Normal' | 'Warning', reason: string, message: string): void => recorder.event(cronJob, type, reason, message);
    try {
      Zone.load(spec?.timeZone ?? '');
    } catch (error) {
      say('Warning', 'UnknownTimeZone', `invalid timeZone: ${JSON.stringify(spec?.timeZone)}: ${messageOf(error)}`);
      return undefined;
    }
    if (spec?.suspend) return undefined;
    if (spec?.schedule.includes('TZ'))
      say(
        'Warning',
        'UnsupportedSchedule',
        `CRON_TZ or TZ used in schedule ${JSON.stringify(spec.schedule)} is not officially supported, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details`,
      );
    let schedule: Schedule;
    try {
      schedule = scheduleOf(cronJob);
    } catch (error) {
      say('Warning', 'UnparseableSchedule', `unparseable schedule: ${JSON.stringify(spec?.schedule)} : ${messageOf(error)}`);
      return undefined;
    }
    const later = (): number => msUntilNext({ ...cronJob, status }, now, schedule);
    let due: ReturnType<typeof dueTime>;
    try {
      due = dueTime({ ...cronJob, status }, now, schedule);
    } catch (error) {
      say('Warning', 'InvalidSchedule', `invalid schedule: ${spec?.schedule} : ${messageOf(error)}`);
      return undefined;
    }
    const { dueMs, many } = due;
    if (dueMs === undefined) return later();
    if (many) say('Warning', 'TooManyMissedTimes', 'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew');
    if (spec?.startingDeadlineSeconds !== undefined && dueMs + spec.startingDeadlineSeconds * 1000 < now) {
      say('Warning', 'MissSchedule', `Missed scheduled time to start a job: ${new Date(dueMs).toUTCString().replace('GMT', '+0000')}`);
      return later();
    }
    const name = jobName(cronJob, dueMs);
    const active = status.active ?? [];
    if (active.some((ref) => ref.name === name) || Date.parse(status.lastScheduleTime ?? '') === dueMs) return later();
    if (spec?.concurrencyPolicy === 'Forbid' && active.length > 0) {
      say('Normal', 'JobAlreadyActive', 'Not starting job because prior execution is running and concurrency policy is Forbid');
      return later();
    }
    if (spec?.concurrencyPolicy === 'Replace') await replaceActive(work);
    const made = await start(cronJob, dueMs, status.active ?? []);
    if (made === undefined) return undefined;
    status.active = [...(status.active ?? []), made];
    status.lastScheduleTime = timestamp(dueMs);
    return later();
  }

  async function replaceActive(work: Work): Promise<void> {
    for (const { name = '', namespace = '' } of [...(work.status.active ?? [])]) {
      let job: Job;
      try {
        job = await client.get(jobs, { namespace, name });
      } catch (error) {
        recorder.event(work.cronJob, 'Warning', 'FailedGet', `Get job: ${messageOf(error)}`);
        throw error;
      }
      if (!(await removeJob(work, job))) throw new Error(`could not replace job ${namespace}/${name}`);
    }
  }

  /** Answers a reference to the job; undefined when it is somebody else's, or known already. */
  async function start(cronJob: CronJob, dueMs: number, active: Active): Promise<Active[number] | undefined> {
    const wanted = jobFor(cronJob, dueMs);
    let job: Job;
    try {
      job = await client.create(jobs, wanted);
      recorder.event(cronJob, 'Normal', 'SuccessfulCreate', `Created job ${job.metadata.name}`);
    } catch (error) {
      if (!isAlreadyExists(error)) {
        if (!isNamespaceTerminating(error)) recorder.event(cronJob, 'Warning', 'FailedCreate', `Error creating job: ${messageOf(error)}`);
        throw error;
      }
      // Made before, and its status not written: the name is the lock.
      job = await client.get(jobs, keyOf(wanted));
      if (controllerOf(job)?.uid !== cronJob.metadata.uid || active.some(({ uid }) => uid === job.metadata.uid)) return undefined;
    }
    const { namespace, name, uid, resourceVersion } = job.metadata;
    return { kind: 'Job', apiVersion: 'batch/v1', namespace, name, uid, resourceVersion } as Active[number];
  }

  return startController(ctx, {
    name: 'cronjob',
    watches: [watching(cronJobs, () => []), watching(jobs, ofJob)],
    start: follow,
    async reconcile(key) {
      const cronJob = informer.get(key);
      if (cronJob === undefined) return;
      const owned = ownedBy(jobInformer, cronJob);
      const work: Work = { cronJob, status: { ...cronJob.status } };
      for (const job of beyondHistory(cronJob, owned)) if (job.metadata.deletionTimestamp === undefined) await removeJob(work, job);
      await observe(work, owned);
      let waitMs: number | undefined;
      let failure: unknown;
      try {
        if (cronJob.metadata.deletionTimestamp === undefined) waitMs = await runDue(work);
      } catch (error) {
        failure = error;
      }
      await writeStatus(client, cronJobs, cronJob, work.status);
      if (failure !== undefined) throw failure;
      if (waitMs !== undefined) return { requeueAfterMs: waitMs };
    },
  });
}

function drop(status: Status, uid: string | undefined): void {
  const rest = (status.active ?? []).filter((ref) => ref.uid !== uid);
  if (rest.length > 0) status.active = rest;
  else delete status.active;
}
