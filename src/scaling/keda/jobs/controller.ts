/** Makes a Job for what waits, every polling interval, and removes those that are long over. */
import { jobs, pods } from '../../../kube/resources.ts';
import { isDeepStrictEqual } from 'node:util';
import { isConflict, isNotFound } from '../../../kube/status.ts';
import type { Job, ObjectKey } from '../../../kube/types.ts';
import { timestamp } from '../../../runtime/clock.ts';
import type { Controller } from '../../../runtime/controller.ts';
import { startController, watching } from '../../../runtime/reconcile.ts';
import { approximate } from '../../../kube/quantity.ts';
import { isPaused } from '../annotations.ts';
import { ask, type Answer } from '../measure.ts';
import { conditionOf, withConditions } from '../status.ts';
import { joinedNames, pollingMs, type KedaCondition } from '../types.ts';
import type { KedaWorld } from '../world.ts';
import { demandOf, jobsToMake, type QueueReading } from './demand.ts';
import { beyondHistory, isPending, jobOf, outcomeOf } from './job.ts';
import { boundsOf, JOB_GENERATION, JOB_OWNER_LABEL, scaledJobs, type ScaledJob, type ScaledJobStatus } from './types.ts';

const WORKERS = 16;
const TRIES_MAX = 5;
const READY: KedaCondition = { type: 'Ready', status: 'True', reason: 'ScaledJobReady', message: 'ScaledJob is defined correctly and is ready for scaling' };

export function scaledJobController(world: KedaWorld): Controller {
  const { ctx, recorder, pool } = world;
  const { client } = ctx;
  const informer = ctx.informer(scaledJobs);
  /** Generations whose older Jobs have been dealt with, by uid: in doubt it is looked at again. */
  const rolledOut = new Map<string, number>();

  async function updateStatus(key: ObjectKey, change: (status: ScaledJobStatus) => ScaledJobStatus): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        const latest = await client.get(scaledJobs, key);
        const status = change(latest.status ?? {});
        if (!isDeepStrictEqual(status, latest.status)) await client.update(scaledJobs, { ...latest, status }, { subresource: 'status' });
        return;
      } catch (error) {
        if (isNotFound(error)) return;
        if (!isConflict(error) || tries >= TRIES_MAX) throw error;
      }
    }
  }

  async function own({ metadata }: ScaledJob): Promise<Job[]> {
    return (await client.list(jobs, { namespace: metadata.namespace ?? '', labelSelector: `${JOB_OWNER_LABEL}=${metadata.name}` })).items;
  }

  async function remove({ metadata }: Job, propagationPolicy: 'Background' | 'Foreground'): Promise<void> {
    try {
      await client.delete(jobs, { name: metadata.name ?? '', namespace: metadata.namespace ?? '' }, { propagationPolicy });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  /** Jobs of an older spec go, unless the rollout is gradual. */
  async function rollOut(scaledJob: ScaledJob): Promise<void> {
    const { uid = '', generation = 0 } = scaledJob.metadata;
    const { rolloutStrategy, rollout } = scaledJob.spec;
    if (rolledOut.get(uid) === generation) return;
    const outdated =
      (rolloutStrategy ?? rollout?.strategy) === 'gradual'
        ? []
        : (await own(scaledJob)).filter(({ metadata }) => metadata.annotations?.[JOB_GENERATION] !== String(generation));
    if (outdated.length > 0) {
      const of = `${outdated.length} jobs owned by the previous version of the scaledJob`;
      recorder.event(scaledJob, 'Normal', 'ScaledJobRolloutCleanupStarted', `Deleting ${of}`);
      for (const job of outdated) await remove(job, rollout?.propagationPolicy === 'foreground' ? 'Foreground' : 'Background');
      recorder.event(scaledJob, 'Normal', 'ScaledJobRolloutCleanupCompleted', `Deleted ${of}`);
    }
    rolledOut.set(uid, generation);
  }

  async function pendingOf(unfinished: readonly Job[], { spec, metadata }: ScaledJob): Promise<number> {
    const { items } = await client.list(pods, { namespace: metadata.namespace ?? '', labelSelector: `${JOB_OWNER_LABEL}=${metadata.name}` });
    return unfinished.filter((job) =>
      isPending(
        items.filter((pod) => pod.metadata.labels?.['job-name'] === job.metadata.name),
        spec.scalingStrategy?.pendingPodConditions,
      ),
    ).length;
  }

  /** Answers how many were made. */
  async function make(scaledJob: ScaledJob, count: number): Promise<void> {
    let made = 0;
    for (let i = 0; i < count; i++) {
      try {
        await client.create(jobs, jobOf(scaledJob));
        made++;
      } catch (error) {
        recorder.event(scaledJob, 'Warning', 'KEDAJobCreateFailed', `Failed to create job ${scaledJob.metadata.name}-: ${(error as Error).message}`);
        break;
      }
    }
    if (made > 0) recorder.event(scaledJob, 'Normal', 'KEDAJobsCreated', `Created ${made} jobs`);
  }

  async function look(scaledJob: ScaledJob, key: ObjectKey): Promise<void> {
    await rollOut(scaledJob);
    const built = await pool.get(world.jobTriggers(scaledJob));
    const answers = await ask(built);
    const failed = answers.filter(({ reading }) => reading === undefined);
    for (const { name, error } of failed) recorder.event(scaledJob, 'Warning', 'KEDAScalerFailed', `${name}: ${error}`);
    if (failed.length > 0) pool.drop(scaledJob.metadata.uid ?? '');
    const bounds = boundsOf(scaledJob);
    const strategy = scaledJob.spec.scalingStrategy ?? {};
    const demand = demandOf(answers.flatMap(readingOf), strategy.multipleScalersCalculation, bounds);
    const all = await own(scaledJob);
    const unfinished = all.filter((job) => outcomeOf(job) === undefined && job.metadata.deletionTimestamp === undefined);
    const counts = { running: unfinished.length, pending: await pendingOf(unfinished, scaledJob) };
    await make(scaledJob, jobsToMake(demand, counts, strategy, bounds));
    for (const job of beyondHistory(all, scaledJob)) await remove(job, 'Background');

    const wasActive = conditionOf(scaledJob.status, 'Active')?.status === 'True';
    const because = `Scaling is ${demand.active ? '' : 'not '}performed because triggers are ${demand.active ? '' : 'not '}active`;
    if (demand.active !== wasActive) recorder.event(scaledJob, 'Normal', demand.active ? 'ScaledJobActive' : 'ScaledJobInactive', because);
    const active: KedaCondition = {
      type: 'Active',
      status: demand.active ? 'True' : 'False',
      reason: demand.active ? 'ScalerActive' : 'ScalerNotActive',
      message: because,
    };
    await updateStatus(key, (status) => ({
      ...withConditions(status, readyCondition(failed.length > 0, demand.active), active),
      externalMetricNames: answers.map(({ name }) => name),
      triggersActivity: Object.fromEntries(answers.map(({ name, reading }) => [name, { isActive: reading?.active ?? false }])),
      triggersTypes: joinedNames(scaledJob.spec.triggers, ({ type }) => type),
      authenticationsTypes: joinedNames(scaledJob.spec.triggers, ({ authenticationRef }) => authenticationRef?.name ?? ''),
      ...(demand.active ? { lastActiveTime: timestamp(ctx.clock.now()) } : {}),
    }));
    if (conditionOf(scaledJob.status, 'Ready')?.status !== 'True' && failed.length === 0)
      recorder.event(scaledJob, 'Normal', 'ScaledJobReady', 'ScaledJob is ready for scaling');
  }

  /** Answers whether it is paused, and says so when that changes. */
  async function pause(scaledJob: ScaledJob, key: ObjectKey): Promise<boolean> {
    const paused = isPaused(scaledJob);
    const was = conditionOf(scaledJob.status, 'Paused')?.status === 'True';
    if (paused !== was) {
      const [reason, message] = paused ? ['ScaledJobPaused', 'ScaledJob is paused'] : ['ScaledJobUnpaused', 'ScaledJob is unpaused'];
      await updateStatus(key, (status) => withConditions(status, { type: 'Paused', status: paused ? 'True' : 'False', reason, message }));
      recorder.event(scaledJob, 'Normal', reason, message);
    }
    if (paused && pool.drop(scaledJob.metadata.uid ?? '')) recorder.event(scaledJob, 'Normal', 'KEDAScalersStopped', 'Stopped scalers watch');
    return paused;
  }

  return startController(ctx, {
    name: 'keda-scaledjob',
    workers: WORKERS,
    watches: [
      watching(scaledJobs, (object, old, deleted) => {
        if (deleted) {
          pool.drop(object.metadata.uid ?? '');
          rolledOut.delete(object.metadata.uid ?? '');
          return [];
        }
        const same =
          old !== undefined &&
          old.metadata.generation === object.metadata.generation &&
          isDeepStrictEqual(old.metadata.annotations, object.metadata.annotations);
        return same ? [] : [{ namespace: object.metadata.namespace ?? '', name: object.metadata.name ?? '' }];
      }),
    ],
    async reconcile(key) {
      const scaledJob = informer.get(key);
      // Its Jobs go with it: they are its own.
      if (!scaledJob || scaledJob.metadata.deletionTimestamp) return;
      if (await pause(scaledJob, key)) return;
      const nextAt = ctx.clock.monotonic() + pollingMs(scaledJob);
      try {
        await look(scaledJob, key);
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        recorder.event(scaledJob, 'Warning', 'ScaledJobCheckFailed', message);
        const unknown: KedaCondition = { type: 'Active', status: 'Unknown', reason: 'UnknownState', message: 'ScaledJob check failed' };
        await updateStatus(key, (status) => withConditions(status, { type: 'Ready', status: 'False', reason: 'ScaledJobCheckFailed', message }, unknown));
      }
      return { requeueAfterMs: Math.max(1, nextAt - ctx.clock.monotonic()) };
    },
  });
}

function readyCondition(failed: boolean, active: boolean): KedaCondition {
  if (!failed) return READY;
  if (active)
    return { type: 'Ready', status: 'Unknown', reason: 'PartialTriggerError', message: 'Some triggers defined in ScaledJob are not working correctly' };
  return { type: 'Ready', status: 'False', reason: 'TriggerError', message: 'Triggers defined in ScaledJob are not working correctly' };
}

function readingOf({ reading, metric }: Answer): QueueReading[] {
  if (reading === undefined) return [];
  return [{ queueLength: reading.value, target: approximate(metric.external?.target.averageValue ?? '0'), active: reading.active }];
}
