/** How many replicas each replica set of a deployment should have: upstream's arithmetic (pkg/controller/deployment/{rolling,sync}.go). */
import type { Deployment, ReplicaSet } from '../../kube/types.ts';
import { scaledValue } from '../shared/int-or-percent.ts';
import { DESIRED_REPLICAS, MAX_REPLICAS } from './names.ts';

/** New sizes by replica set; sets that keep theirs are left out. */
export type Sizes = Map<ReplicaSet, number>;

export function isRollingUpdate(deployment: Deployment): boolean {
  return deployment.spec?.strategy?.type !== 'Recreate';
}

export function replicasOf(object: Deployment | ReplicaSet): number {
  return object.spec?.replicas ?? 1;
}

function total(sets: readonly ReplicaSet[]): number {
  return sets.reduce((sum, set) => sum + replicasOf(set), 0);
}

/** maxSurge is rounded up, maxUnavailable down, and not both may be 0. */
export function limits(deployment: Deployment): { maxSurge: number; maxUnavailable: number } {
  if (!isRollingUpdate(deployment)) return { maxSurge: 0, maxUnavailable: 0 };
  const replicas = replicasOf(deployment);
  const rolling = deployment.spec?.strategy?.rollingUpdate;
  const maxSurge = scaledValue(rolling?.maxSurge ?? '25%', replicas, 'up');
  const maxUnavailable = scaledValue(rolling?.maxUnavailable ?? '25%', replicas, 'down');
  if (maxSurge === 0 && maxUnavailable === 0) return { maxSurge, maxUnavailable: 1 };
  return { maxSurge, maxUnavailable: Math.min(maxUnavailable, replicas) };
}

export function maxReplicas(deployment: Deployment): number {
  return replicasOf(deployment) + limits(deployment).maxSurge;
}

/** What the newest replica set may have now; `current` is 0 for one that is not made yet, `all` are those that exist. */
export function newSetReplicas(deployment: Deployment, all: readonly ReplicaSet[], current: number): number {
  const wanted = replicasOf(deployment);
  if (!isRollingUpdate(deployment) || current > wanted) return wanted;
  const room = maxReplicas(deployment) - total(all);
  return room <= 0 ? current : current + Math.min(room, wanted - current);
}

/** How far old sets may shrink now without falling below the minimum of available pods; unhealthy replicas go first. */
export function shrinkOld(deployment: Deployment, newSet: ReplicaSet | undefined, old: readonly ReplicaSet[]): Sizes {
  const sizes: Sizes = new Map();
  const oldest = [...old].toSorted(byAge);
  const all = newSet === undefined ? oldest : [...oldest, newSet];
  if (total(oldest) === 0) return sizes;
  const minAvailable = replicasOf(deployment) - limits(deployment).maxUnavailable;
  const newUnavailable = newSet === undefined ? 0 : replicasOf(newSet) - (newSet.status?.availableReplicas ?? 0);
  const budget = total(all) - minAvailable - newUnavailable;
  if (budget <= 0) return sizes;
  let spent = 0;
  for (const set of oldest) {
    const unavailable = replicasOf(set) - (set.status?.availableReplicas ?? 0);
    if (spent >= budget) break;
    if (replicasOf(set) === 0 || unavailable <= 0) continue;
    const down = Math.min(budget - spent, unavailable);
    sizes.set(set, replicasOf(set) - down);
    spent += down;
  }
  const available = all.reduce((sum, set) => sum + (set.status?.availableReplicas ?? 0), 0);
  let spare = available - minAvailable;
  for (const set of oldest) {
    const size = sizes.get(set) ?? replicasOf(set);
    if (spare <= 0) break;
    const down = Math.min(size, spare);
    if (down === 0) continue;
    sizes.set(set, size - down);
    spare -= down;
  }
  return sizes;
}

/** The deployment's own size changed, or it is paused: only resize what is there, in proportion when several sets are in play. */
export function scaleInProportion(deployment: Deployment, newSet: ReplicaSet | undefined, old: readonly ReplicaSet[]): Sizes {
  const sizes: Sizes = new Map();
  const wanted = replicasOf(deployment);
  const all = newSet === undefined ? [...old] : [...old, newSet];
  const active = all.filter((set) => replicasOf(set) > 0);
  if (active.length <= 1) {
    const only = active[0] ?? newSet ?? [...old].toSorted(byAge).at(-1);
    if (only !== undefined && replicasOf(only) !== wanted) sizes.set(only, wanted);
    return sizes;
  }
  if (newSet !== undefined && isSaturated(deployment, newSet)) {
    for (const set of old) if (replicasOf(set) > 0) sizes.set(set, 0);
    return sizes;
  }
  if (!isRollingUpdate(deployment)) return sizes;
  const toAdd = (wanted > 0 ? maxReplicas(deployment) : 0) - total(active);
  // Growing: the biggest and then newest first; shrinking: the biggest and then oldest first.
  const ordered = [...active].toSorted((a, b) => replicasOf(b) - replicasOf(a) || (toAdd > 0 ? byAge(b, a) : byAge(a, b)));
  let added = 0;
  for (const set of ordered) {
    const share = toAdd === 0 ? 0 : proportion(deployment, set, toAdd, added);
    sizes.set(set, replicasOf(set) + share);
    added += share;
  }
  const first = ordered[0];
  if (first !== undefined) sizes.set(first, Math.max(0, (sizes.get(first) ?? 0) + toAdd - added));
  for (const [set, size] of sizes) if (size === replicasOf(set)) sizes.delete(set);
  return sizes;
}

function proportion(deployment: Deployment, set: ReplicaSet, toAdd: number, added: number): number {
  if (replicasOf(set) === 0) return 0;
  const left = toAdd - added;
  const fraction = shareOf(deployment, set);
  return toAdd > 0 ? Math.min(fraction, left) : Math.max(fraction, left);
}

function shareOf(deployment: Deployment, set: ReplicaSet): number {
  if (replicasOf(deployment) === 0) return -replicasOf(set);
  const before = Number(set.metadata.annotations?.[MAX_REPLICAS] ?? deployment.status?.replicas ?? 0);
  if (!(before > 0)) return 0;
  return Math.round((replicasOf(set) * maxReplicas(deployment)) / before) - replicasOf(set);
}

function isSaturated(deployment: Deployment, set: ReplicaSet): boolean {
  const wanted = replicasOf(deployment);
  return replicasOf(set) === wanted && Number(set.metadata.annotations?.[DESIRED_REPLICAS]) === wanted && set.status?.availableReplicas === wanted;
}

/** Oldest first. */
export function byAge(a: ReplicaSet, b: ReplicaSet): number {
  const left = `${a.metadata.creationTimestamp ?? ''}/${a.metadata.name ?? ''}`;
  const right = `${b.metadata.creationTimestamp ?? ''}/${b.metadata.name ?? ''}`;
  return left < right ? -1 : left > right ? 1 : 0;
}
