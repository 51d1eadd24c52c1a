/** Gives each ScaledObject its HorizontalPodAutoscaler, and says whether it is right. Its triggers are asked by the poller. */
import { horizontalPodAutoscalers } from '../../kube/resources.ts';
import { apiVersionOf } from '../../kube/resources.ts';
import { controllerOf } from '../../kube/owners.ts';
import { isAlreadyExists, isNotFound } from '../../kube/status.ts';
import type { HorizontalPodAutoscaler, ObjectKey } from '../../kube/types.ts';
import type { Controller } from '../../runtime/controller.ts';
import { startController, watching } from '../../runtime/reconcile.ts';
import type { Target } from '../hpa/targets.ts';
import { READY } from './activation.ts';
import { isPaused, isScaleInPaused, isScaleOutPaused, pausedReplicas } from './annotations.ts';
import { fallbackOf } from './fallback.ts';
import { hpaNameOf, isUpToDate, metricSpecsOf, wantedHpa } from './hpa.ts';
import { conditionOf, updateStatus, withConditions } from './status.ts';
import {
  COMPOSITE_METRIC,
  FINALIZER,
  joinedNames,
  modifiersOf,
  OWNER_LABEL,
  scaledObjects,
  type KedaCondition,
  type ScaledObject,
  type ScaledObjectStatus,
} from './types.ts';
import { whyNotReplicas } from './validate.ts';
import type { KedaWorld } from './world.ts';

/** A target, secret or server that is missing may come: nothing tells of it. */
const RETRY_MS = 30_000;
const PAUSED_MESSAGE = 'ScaledObject is paused';
const TARGET_WRONG = "ScaledObject doesn't have correct scaleTargetRef specification";

export function scaledObjectController(world: KedaWorld): Controller {
  const { ctx, recorder } = world;
  const { client } = ctx;
  const autoscalers = ctx.informer(horizontalPodAutoscalers);
  const keyOf = ({ metadata }: ScaledObject): { namespace: string; name: string } => ({ namespace: metadata.namespace ?? '', name: metadata.name ?? '' });

  async function ensureMarks(scaledObject: ScaledObject): Promise<ScaledObject> {
    const { labels, finalizers = [], name = '' } = scaledObject.metadata;
    if (labels?.[OWNER_LABEL] === name && finalizers.includes(FINALIZER)) return scaledObject;
    const metadata = { labels: { [OWNER_LABEL]: name }, finalizers: finalizers.includes(FINALIZER) ? finalizers : [...finalizers, FINALIZER] };
    return client.patch(scaledObjects, keyOf(scaledObject), { metadata }, { type: 'merge' });
  }

  async function targetOf(scaledObject: ScaledObject): Promise<Target> {
    try {
      return await world.targetOf(scaledObject);
    } catch (error) {
      const missing = isNotFound(error) && (await isMissing(scaledObject));
      recorder.event(
        scaledObject,
        'Warning',
        'ScaledObjectCheckFailed',
        missing ? "Target resource doesn't exist" : "Target resource doesn't expose /scale subresource",
      );
      throw new Error(`${TARGET_WRONG}: ${(error as Error).message}`, { cause: error });
    }
  }

  async function isMissing(scaledObject: ScaledObject): Promise<boolean> {
    const { name } = scaledObject.spec.scaleTargetRef;
    try {
      await client.get(world.resourceOf(scaledObject), { namespace: scaledObject.metadata.namespace ?? '', name });
      return false;
    } catch {
      return true;
    }
  }

  async function deleteHpa(name: string, namespace: string): Promise<void> {
    try {
      await client.delete(horizontalPodAutoscalers, { name, namespace });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  async function ensureHpa(scaledObject: ScaledObject, wanted: HorizontalPodAutoscaler): Promise<void> {
    const { name = '', namespace = '' } = wanted.metadata;
    const before = scaledObject.status?.hpaName;
    if (before !== undefined && before !== '' && before !== name) await deleteHpa(before, namespace);
    const found = autoscalers.get({ name, namespace });
    if (found && isUpToDate(found, wanted)) return;
    try {
      if (!found) {
        await client.create(horizontalPodAutoscalers, wanted);
        return;
      }
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
    const latest = await client.get(horizontalPodAutoscalers, { name, namespace });
    const owner = controllerOf(latest);
    if (owner !== undefined && owner.uid !== scaledObject.metadata.uid)
      throw new Error(`the HPA '${name}' is already managed by the ${owner.kind} '${owner.name}'`);
    await client.update(horizontalPodAutoscalers, { ...wanted, metadata: { ...wanted.metadata, resourceVersion: latest.metadata.resourceVersion ?? '' } });
  }

  /** Answers what the status is to say besides conditions. */
  async function ensure(scaledObject: ScaledObject): Promise<Partial<ScaledObjectStatus>> {
    const { resource, scale } = await targetOf(scaledObject);
    const wrong = whyNotReplicas(scaledObject);
    if (wrong !== undefined) throw new Error(`ScaledObject doesn't have correct Idle/Min/Max Replica Counts specification: ${wrong}`);
    const { group, version, kind, plural } = resource;
    const { triggers } = scaledObject.spec;
    const known: Partial<ScaledObjectStatus> = {
      scaleTargetKind: `${apiVersionOf(resource)}.${kind}`,
      scaleTargetGVKR: { group, version, kind, resource: plural },
      originalReplicaCount: scaledObject.status?.originalReplicaCount ?? scale.spec?.replicas ?? 0,
      triggersTypes: joinedNames(triggers, ({ type }) => type),
      authenticationsTypes: joinedNames(triggers, ({ authenticationRef }) => authenticationRef?.name ?? ''),
    };
    // What the poller shows and events name.
    await updateStatus(client, keyOf(scaledObject), (status) => ({ ...status, ...known }));
    const built = await world.pool.get(world.triggersOf(scaledObject)).catch((error: unknown) => {
      throw new Error(`failed to ensure HPA is correctly created for ScaledObject: ${(error as Error).message}`, { cause: error });
    });
    const { specs, externalNames, resourceNames } = metricSpecsOf(
      scaledObject,
      built.triggers.flatMap(({ scaler }) => scaler.metrics),
    );
    await ensureHpa(scaledObject, wantedHpa({ scaledObject, specs, target: { apiVersion: apiVersionOf(resource), kind } }));
    return {
      ...known,
      externalMetricNames: externalNames,
      resourceMetricNames: resourceNames,
      ...(modifiersOf(scaledObject) ? { compositeScalerName: COMPOSITE_METRIC } : {}),
      hpaName: hpaNameOf(scaledObject),
    };
  }

  async function pause(scaledObject: ScaledObject): Promise<void> {
    const paused: KedaCondition = { type: 'Paused', status: 'True', reason: 'ScaledObjectPaused', message: PAUSED_MESSAGE };
    const wasPaused = conditionOf(scaledObject.status, 'Paused')?.status === 'True';
    await updateStatus(client, keyOf(scaledObject), (status) => withConditions(status, paused));
    if (!wasPaused) recorder.event(scaledObject, 'Normal', 'ScaledObjectPaused', PAUSED_MESSAGE);
    if (world.forget(scaledObject.metadata.uid ?? '')) recorder.event(scaledObject, 'Normal', 'KEDAScalersStopped', 'Stopped scalers watch');
    await deleteHpa(scaledObject.status?.hpaName || hpaNameOf(scaledObject), scaledObject.metadata.namespace ?? '');
    const replicas = pausedReplicas(scaledObject);
    if (replicas !== undefined) {
      const target = await targetOf(scaledObject);
      if (target.scale.spec?.replicas !== replicas) await world.rescale(target, replicas);
    }
    await updateStatus(client, keyOf(scaledObject), ({ pausedReplicaCount: _before, hpaName: _hpa, ...status }) =>
      withConditions({ ...status, ...(replicas !== undefined && { pausedReplicaCount: replicas }) }, { ...READY, message: PAUSED_MESSAGE }, paused),
    );
  }

  /** Answers the condition of a pause in one direction, or of its end. */
  function pausedCondition(scaledObject: ScaledObject): KedaCondition[] {
    const was = conditionOf(scaledObject.status, 'Paused')?.status === 'True';
    if (isScaleInPaused(scaledObject) || isScaleOutPaused(scaledObject)) {
      if (!was) recorder.event(scaledObject, 'Normal', 'ScaledObjectPaused', PAUSED_MESSAGE);
      return [{ type: 'Paused', status: 'True', reason: 'ScaledObjectPaused', message: PAUSED_MESSAGE }];
    }
    if (!was) return [];
    const message = 'pause annotation removed for ScaledObject';
    recorder.event(scaledObject, 'Normal', 'ScaledObjectUnpaused', message);
    return [{ type: 'Paused', status: 'False', reason: 'ScaledObjectUnpaused', message }];
  }

  async function finalize(scaledObject: ScaledObject): Promise<void> {
    const { uid = '', finalizers = [] } = scaledObject.metadata;
    if (!finalizers.includes(FINALIZER)) return;
    if (world.forget(uid)) recorder.event(scaledObject, 'Normal', 'KEDAScalersStopped', 'Stopped scalers watch');
    const { originalReplicaCount } = scaledObject.status ?? {};
    if (scaledObject.spec.advanced?.restoreToOriginalReplicaCount && originalReplicaCount !== undefined) {
      // Its autoscaler is still there and must not interfere.
      await deleteHpa(scaledObject.status?.hpaName || hpaNameOf(scaledObject), scaledObject.metadata.namespace ?? '');
      try {
        await world.rescale(await world.targetOf(scaledObject), originalReplicaCount);
      } catch (error) {
        ctx.log.warn('a target was not brought back to what it had', { scaledObject: scaledObject.metadata.name, error: String(error) });
      }
    }
    const left = finalizers.filter((finalizer) => finalizer !== FINALIZER);
    await client.patch(scaledObjects, keyOf(scaledObject), { metadata: { finalizers: left } }, { type: 'merge' }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
    recorder.event(scaledObject, 'Warning', 'ScaledObjectDeleted', 'ScaledObject was deleted');
  }

  return startController(ctx, {
    name: 'keda-scaledobject',
    workers: 5,
    watches: [
      watching(scaledObjects, (object, old) => (old && isSameWish(object, old) ? [] : [keyOf(object)])),
      watching(horizontalPodAutoscalers, (hpa, old, deleted) => {
        const owner = controllerOf(hpa);
        if (owner?.kind !== 'ScaledObject' || (old && !deleted && old.metadata.generation === hpa.metadata.generation && sameMarks(hpa, old))) return [];
        return [{ namespace: hpa.metadata.namespace ?? '', name: owner.name }];
      }),
    ],
    async reconcile(key: ObjectKey) {
      const seen = world.get(key);
      if (!seen) return;
      if (seen.metadata.deletionTimestamp) return finalize(seen);
      const scaledObject = await ensureMarks(seen);
      world.measures.paused(scaledObject, isPaused(scaledObject));
      const noFallback: KedaCondition[] =
        fallbackOf(scaledObject) === undefined
          ? [{ type: 'Fallback', status: 'False', reason: 'NoFallbackFound', message: 'No fallbacks are active on this scaled object' }]
          : [];
      try {
        if (isPaused(scaledObject)) return await pause(scaledObject);
        const paused = pausedCondition(scaledObject);
        const found = await ensure(scaledObject);
        const wasReady = conditionOf(scaledObject.status, 'Ready')?.status === 'True';
        if (!wasReady) recorder.event(scaledObject, 'Normal', 'ScaledObjectReady', 'ScaledObject is ready for scaling');
        if (scaledObject.status?.hpaName === undefined) recorder.event(scaledObject, 'Normal', 'KEDAScalersStarted', 'Started scalers watch');
        await updateStatus(client, key, ({ pausedReplicaCount: _paused, compositeScalerName: _composite, health, ...status }) =>
          withConditions({ ...status, ...found, ...healthOf(health, found.externalMetricNames ?? []) }, READY, ...paused, ...noFallback),
        );
        return;
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        recorder.event(scaledObject, 'Warning', 'ScaledObjectCheckFailed', message);
        const unknown: KedaCondition = { type: 'Active', status: 'Unknown', reason: 'UnknownState', message: 'ScaledObject check failed' };
        await updateStatus(client, key, (status) =>
          withConditions(status, { type: 'Ready', status: 'False', reason: 'ScaledObjectCheckFailed', message }, unknown, ...noFallback),
        );
        return { requeueAfterMs: RETRY_MS };
      }
    },
  });
}

/** Nothing but the status, or the marks that the controller itself sets, has changed. */
function isSameWish({ metadata: a }: ScaledObject, { metadata: b }: ScaledObject): boolean {
  return (
    a.generation === b.generation &&
    a.uid === b.uid &&
    a.deletionTimestamp === b.deletionTimestamp &&
    JSON.stringify([a.annotations, a.labels]) === JSON.stringify([b.annotations, b.labels])
  );
}

function sameMarks({ metadata: a }: HorizontalPodAutoscaler, { metadata: b }: HorizontalPodAutoscaler): boolean {
  return JSON.stringify([a.annotations, a.labels]) === JSON.stringify([b.annotations, b.labels]);
}

/** Metrics that are no more have no health. */
function healthOf(health: ScaledObjectStatus['health'], names: readonly string[]): Pick<ScaledObjectStatus, 'health'> {
  return health === undefined ? {} : { health: Object.fromEntries(Object.entries(health).filter(([name]) => names.includes(name))) };
}
