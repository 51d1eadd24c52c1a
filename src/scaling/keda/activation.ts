/** Zero or some: what a ScaledObject does by itself, between the looks of its autoscaler. Pure. */
import { isActivationForced, isScaleInPaused, isScaleOutPaused } from './annotations.ts';
import type { KedaCondition, ScaledObject } from './types.ts';

const COOLDOWN_SECONDS = 300;

export interface ActivationInput {
  scaledObject: ScaledObject;
  /** What the target is to have now. */
  replicas: number;
  active: boolean;
  failed: boolean;
  activeMetrics: readonly string[];
  /** Epoch ms. */
  now: number;
}

export interface Activation {
  /** Replicas to ask for, and how to tell of it. */
  scale?: { replicas: number; kind: 'activate' | 'deactivate' | 'minimum' };
  ready: KedaCondition;
  active: KedaCondition;
  /** There is work: the cooldown begins anew. */
  sawWork: boolean;
}

export const READY: KedaCondition = {
  type: 'Ready',
  status: 'True',
  reason: 'ScaledObjectReady',
  message: 'ScaledObject is defined correctly and is ready for scaling',
};

export function decideActivation({ scaledObject, replicas, active, failed, now }: ActivationInput): Activation {
  const { idleReplicaCount: idle, minReplicaCount: min = 0, fallback } = scaledObject.spec;
  const forced = isActivationForced(scaledObject);
  if (active || forced) {
    const message = `Scaling is performed because ${forced ? 'activation is being forced by annotation' : 'triggers are active'}`;
    const condition: KedaCondition = { type: 'Active', status: 'True', reason: 'ScalerActive', message };
    if ((idle !== undefined && replicas < min) || replicas === 0) {
      const scale = { replicas: Math.max(min, 1), kind: 'activate' } as const;
      return { ready: READY, active: condition, sawWork: false, ...(isScaleOutPaused(scaledObject) ? {} : { scale }) };
    }
    if (failed) {
      const ready: KedaCondition = {
        type: 'Ready',
        status: 'Unknown',
        reason: 'PartialTriggerError',
        message: 'Some triggers defined in ScaledObject are not working correctly',
      };
      return { ready, active: condition, sawWork: false };
    }
    return { ready: READY, active: condition, sawWork: true };
  }
  const inactive: KedaCondition = {
    type: 'Active',
    status: 'False',
    reason: 'ScalerNotActive',
    message: 'Scaling is not performed because triggers are not active',
  };
  const still: Activation = { ready: READY, active: inactive, sawWork: false };
  // Down to zero now, the autoscaler would not come back up to the fallback.
  if (failed && fallback !== undefined && fallback.replicas !== 0) return still;
  if (failed && fallback === undefined)
    return {
      ...still,
      ready: { type: 'Ready', status: 'False', reason: 'TriggerError', message: 'Triggers defined in ScaledObject are not working correctly' },
    };
  if ((idle !== undefined && replicas > idle) || (replicas > 0 && min === 0)) {
    if (isScaleInPaused(scaledObject)) return still;
    if (isCooledDown(scaledObject, now)) return { ...still, scale: { replicas: idle ?? min, kind: 'deactivate' } };
    return { ...still, active: { type: 'Active', status: 'False', reason: 'ScalerCooldown', message: 'Scaler cooling down because triggers are not active' } };
  }
  if (idle === undefined && replicas < min) return { ...still, scale: { replicas: min, kind: 'minimum' } };
  return still;
}

/** What never had work waits for the initial cooldown only: somebody else scaled it up. */
function isCooledDown({ metadata, spec, status }: ScaledObject, now: number): boolean {
  // What is to come was written before the machine's time was set back: then as long as ever a cooldown lasts has been waited.
  const since = (time: string | undefined, seconds: number): boolean => Math.abs(now - Date.parse(time ?? '')) > seconds * 1000;
  return status?.lastActiveTime === undefined
    ? since(metadata.creationTimestamp, spec.initialCooldownPeriod ?? 0)
    : since(status.lastActiveTime, spec.cooldownPeriod ?? COOLDOWN_SECONDS);
}
