/** What annotations say about pausing and forcing. Pure. */
import type { KubeObject } from '../../kube/types.ts';
import type { ScaledObject } from './types.ts';

const PAUSED = 'autoscaling.keda.sh/paused';
const PAUSED_REPLICAS = 'autoscaling.keda.sh/paused-replicas';
const PAUSED_SCALE_IN = 'autoscaling.keda.sh/paused-scale-in';
const PAUSED_SCALE_OUT = 'autoscaling.keda.sh/paused-scale-out';
const FORCE_ACTIVATION = 'autoscaling.keda.sh/force-activation';
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);

/** What is not a boolean counts as true, as upstream. */
function isSet({ metadata }: KubeObject, annotation: string): boolean {
  const value = metadata.annotations?.[annotation];
  return value !== undefined && !FALSE.has(value);
}

export function isPaused(scaledObject: KubeObject): boolean {
  return scaledObject.metadata.annotations?.[PAUSED_REPLICAS] !== undefined || isSet(scaledObject, PAUSED);
}

/** The replicas to stay at while paused; undefined: as many as there are. Throws an Error when it is not a number. */
export function pausedReplicas({ metadata }: ScaledObject): number | undefined {
  const text = metadata.annotations?.[PAUSED_REPLICAS];
  if (text === undefined) return undefined;
  if (!/^[+-]?\d{1,9}$/.test(text)) throw new Error(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}

export const isScaleInPaused = (scaledObject: ScaledObject): boolean => isSet(scaledObject, PAUSED_SCALE_IN);
export const isScaleOutPaused = (scaledObject: ScaledObject): boolean => isSet(scaledObject, PAUSED_SCALE_OUT);
export const isActivationForced = (scaledObject: ScaledObject): boolean => isSet(scaledObject, FORCE_ACTIVATION);
