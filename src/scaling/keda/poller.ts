/** Looks at each ScaledObject every polling interval: is there work, and does its target have to leave or reach zero. */
import type { ObjectKey } from '../../kube/types.ts';
import { timestamp } from '../../runtime/clock.ts';
import type { Controller } from '../../runtime/controller.ts';
import { startController, watching } from '../../runtime/reconcile.ts';
import { horizontalPodAutoscalers } from '../../kube/resources.ts';
import { getCondition } from '../../kube/conditions.ts';
import { decideActivation, READY, type Activation } from './activation.ts';
import { isActivationForced, isPaused } from './annotations.ts';
import { fallbackOf, isBeyond } from './fallback.ts';
import type { Target } from '../hpa/targets.ts';
import type { Measured } from './measure.ts';
import { conditionOf, updateStatus, withConditions } from './status.ts';
import { pollingMs, scaledObjects, type Health, type KedaCondition, type ScaledObject } from './types.ts';
import type { KedaWorld } from './world.ts';

/** Each waits for answers most of the time. */
const WORKERS = 64;

export function kedaPoller(world: KedaWorld): Controller {
  const { ctx, recorder } = world;
  const dueAt = new Map<string, number>();
  const watchers = new Map<string, AbortController>();
  const autoscalers = ctx.informer(horizontalPodAutoscalers);
  let wake: ((key: ObjectKey) => void) | undefined;

  /** Undefined while the autoscaler says nothing. */
  function autoscalerHealth({ metadata, status }: ScaledObject): KedaCondition | undefined {
    const hpa = autoscalers.get({ namespace: metadata.namespace ?? '', name: status?.hpaName ?? '' });
    const scaling = getCondition(hpa?.status?.conditions, 'ScalingActive');
    if (scaling === undefined) return undefined;
    if (scaling.status === 'True') return { type: 'HPAActive', status: 'True', reason: 'HPAActive', message: 'HPA is actively scaling' };
    // The target is at zero: nothing is wrong with that.
    if (scaling.reason === 'ScalingDisabled') return { type: 'HPAActive', status: 'True', reason: scaling.reason, message: scaling.message ?? '' };
    return {
      type: 'HPAActive',
      status: 'False',
      reason: scaling.reason || 'HPAMetricsUnavailable',
      message: `HPA is not actively scaling: ${scaling.message}`,
    };
  }

  function tellFallback(scaledObject: ScaledObject, active: boolean): void {
    const was = conditionOf(scaledObject.status, 'Fallback')?.status === 'True';
    if (active && !was) recorder.event(scaledObject, 'Normal', 'ScaledObjectFallbackActivated', 'ScaledObject fallback is active');
    if (!active && was) recorder.event(scaledObject, 'Normal', 'ScaledObjectFallbackDeactivated', 'ScaledObject fallback is no longer active');
  }

  /** Answers whether it was done. */
  async function scale(scaledObject: ScaledObject, target: Target, { scale: wanted }: Activation, activeMetrics: readonly string[]): Promise<boolean> {
    if (wanted === undefined) return true;
    const { kind, replicas } = wanted;
    const of = `${scaledObject.status?.scaleTargetKind} ${scaledObject.metadata.namespace}/${scaledObject.spec.scaleTargetRef.name} from ${target.scale.spec?.replicas ?? 0} to ${replicas}`;
    try {
      await world.rescale(target, replicas);
    } catch (error) {
      ctx.log.warn('a target could not be scaled', { target: of, error: String(error) });
      if (kind === 'activate') recorder.event(scaledObject, 'Warning', 'KEDAScaleTargetActivationFailed', `Failed to scale ${of}`);
      if (kind === 'deactivate') recorder.event(scaledObject, 'Warning', 'KEDAScaleTargetDeactivationFailed', `Failed to deactivate ${of}`);
      return false;
    }
    const why = isActivationForced(scaledObject) ? 'caused by forced activation annotation' : `triggered by ${activeMetrics.join(';')}`;
    if (kind === 'activate') recorder.event(scaledObject, 'Normal', 'KEDAScaleTargetActivated', `Scaled ${of}, ${why}`);
    if (kind === 'deactivate') recorder.event(scaledObject, 'Normal', 'KEDAScaleTargetDeactivated', `Deactivated ${of}`);
    return true;
  }

  async function look(scaledObject: ScaledObject): Promise<void> {
    const key = { namespace: scaledObject.metadata.namespace ?? '', name: scaledObject.metadata.name ?? '' };
    let target: Target;
    try {
      target = await world.targetOf(scaledObject);
    } catch (error) {
      const message = `Error getting current replicas count for ScaleTarget: ${(error as Error).message}`;
      await updateStatus(ctx.client, key, (status) =>
        withConditions(status, { type: 'Ready', status: 'False', reason: 'ErrorGettingCurrentReplicas', message }),
      );
      return;
    }
    const measured = await world.measure(scaledObject, target);
    world.remember(scaledObject, measured);
    tellFallback(scaledObject, measured.fallbackActive);
    const now = ctx.clock.now();
    const activation = decideActivation({ scaledObject, replicas: target.scale.spec?.replicas ?? 0, now, ...measured });
    const done = await scale(scaledObject, target, activation, measured.activeMetrics);
    const sawWork = activation.sawWork || (activation.scale?.kind === 'activate' && done);
    const health = autoscalerHealth(scaledObject);
    await updateStatus(ctx.client, key, (status) => {
      const { ready, active } = activation;
      const next = withConditions(status, ready, active, ...fallbackCondition(scaledObject, measured), ...(health ? [health] : []));
      const seen = { ...next, triggersActivity: activityOf(scaledObject, measured), ...(measured.health && { health: measured.health }) };
      return sawWork ? { ...seen, lastActiveTime: timestamp(now) } : seen;
    });
  }

  function fallbackCondition(scaledObject: ScaledObject, { health }: Measured): KedaCondition[] {
    const fallback = fallbackOf(scaledObject);
    if (fallback === undefined || health === undefined) return [];
    return [
      Object.values(health).some((one: Health) => isBeyond(one, fallback))
        ? { type: 'Fallback', status: 'True', reason: 'FallbackExists', message: 'At least one trigger is falling back on this scaled object' }
        : { type: 'Fallback', status: 'False', reason: 'NoFallbackFound', message: 'No fallbacks are active on this scaled object' },
    ];
  }

  /** Triggers that tell of work by themselves are listened to; each ScaledObject once. */
  async function listen(scaledObject: ScaledObject): Promise<void> {
    const { uid = '', namespace = '', name = '' } = scaledObject.metadata;
    const { triggers } = await world.pool.get(world.triggersOf(scaledObject));
    const telling = triggers.filter(({ scaler }) => scaler.watch !== undefined);
    if (telling.length === 0 || watchers.has(uid)) return;
    const stop = new AbortController();
    watchers.set(uid, stop);
    const ended = Promise.allSettled(telling.map(({ scaler }) => scaler.watch?.(() => wake?.({ namespace, name }), stop.signal)));
    // What ended by itself is listened to again at the next look.
    void ended.then(() => watchers.get(uid) === stop && watchers.delete(uid));
  }

  function stopListening(uid: string): void {
    watchers.get(uid)?.abort();
    watchers.delete(uid);
  }

  const poller = startController(ctx, {
    name: 'keda-scaler',
    workers: WORKERS,
    watches: [
      watching(scaledObjects, (object, old, deleted) => {
        if (deleted) {
          const { uid = '' } = object.metadata;
          dueAt.delete(uid);
          stopListening(uid);
          world.forget(uid);
          return [];
        }
        const same = old !== undefined && old.metadata.generation === object.metadata.generation && old.metadata.annotations === object.metadata.annotations;
        const hasTarget = object.status?.hpaName !== undefined && old?.status?.hpaName === undefined;
        if (old !== undefined && old.metadata.generation !== object.metadata.generation) stopListening(object.metadata.uid ?? '');
        return same && !hasTarget ? [] : [{ namespace: object.metadata.namespace ?? '', name: object.metadata.name ?? '' }];
      }),
    ],
    start(enqueue, signal) {
      wake = enqueue;
      signal.addEventListener('abort', () => [...watchers.keys()].forEach(stopListening), { once: true });
    },
    async reconcile(key) {
      const scaledObject = world.get(key);
      if (!scaledObject || scaledObject.metadata.deletionTimestamp) return;
      const { uid = '' } = scaledObject.metadata;
      // Until it has an autoscaler it is not known to be right.
      if (isPaused(scaledObject) || scaledObject.status?.hpaName === undefined) {
        dueAt.delete(uid);
        stopListening(uid);
        return;
      }
      const startedAt = ctx.clock.monotonic();
      world.measures.late(scaledObject, startedAt - (dueAt.get(uid) ?? startedAt));
      const nextAt = startedAt + pollingMs(scaledObject);
      dueAt.set(uid, nextAt);
      try {
        await look(scaledObject);
        await listen(scaledObject);
      } catch (error) {
        world.measures.failed(scaledObject);
        const message = error instanceof Error ? error.message : String(error);
        await updateStatus(ctx.client, key, (status) => withConditions(status, { ...READY, status: 'False', reason: 'TriggerError', message }));
      }
      return { requeueAfterMs: Math.max(1, nextAt - ctx.clock.monotonic()) };
    },
  });
  return {
    name: poller.name,
    async run(signal) {
      await poller.run(signal);
      await world.pool.close();
    },
  };
}

function activityOf({ status }: ScaledObject, { activeMetrics }: Measured): Record<string, { isActive: boolean }> {
  return Object.fromEntries((status?.externalMetricNames ?? []).map((name) => [name, { isActive: activeMetrics.includes(name) }]));
}
