/** A ScaledObject's status: what is said of it, and how it is written by more than one. */
import { isDeepStrictEqual } from 'node:util';
import { isConflict, isNotFound } from '../../kube/status.ts';
import type { ObjectKey } from '../../kube/types.ts';
import type { Client } from '../../runtime/client.ts';
import { scaledObjects, type KedaCondition, type ScaledObject, type ScaledObjectStatus } from './types.ts';

const INITIAL: readonly KedaCondition[] = [
  { type: 'Ready', status: 'Unknown' },
  { type: 'Active', status: 'Unknown' },
  { type: 'Fallback', status: 'Unknown' },
  { type: 'Paused', status: 'False' },
];
const TRIES_MAX = 5;

export function conditionOf(status: { conditions?: KedaCondition[] } | undefined, type: string): KedaCondition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

/** The status with these conditions in it; pure. */
export function withConditions<S extends { conditions?: KedaCondition[] }>(status: S, ...set: readonly KedaCondition[]): S {
  const conditions = [...(status.conditions ?? INITIAL)];
  for (const condition of set) {
    const at = conditions.findIndex(({ type }) => type === condition.type);
    if (at < 0) conditions.push(condition);
    else conditions[at] = condition;
  }
  return { ...status, conditions };
}

/** Changes what is there now; nothing is written when that says the same already, or when the object is gone. Answers the latest. */
export async function updateStatus(
  client: Client,
  key: ObjectKey,
  change: (status: ScaledObjectStatus) => ScaledObjectStatus,
): Promise<ScaledObject | undefined> {
  for (let tries = 1; ; tries++) {
    try {
      const latest = await client.get(scaledObjects, key);
      const status = change(latest.status ?? {});
      if (isDeepStrictEqual(status, latest.status)) return latest;
      return await client.update(scaledObjects, { ...latest, status }, { subresource: 'status' });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      if (!isConflict(error) || tries >= TRIES_MAX) throw error;
    }
  }
}
