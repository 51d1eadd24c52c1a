/** Eviction: a deletion that disruption budgets may refuse for now. */
import { setCondition, type Condition } from '../../../kube/conditions.ts';
import { isPodReady } from '../../../kube/pods.ts';
import { matcherOf } from '../../../kube/selectors.ts';
import { badRequest, forbidden, internalError, StatusError } from '../../../kube/status.ts';
import type { KubeObject, ObjectKey, Pod, PodDisruptionBudget } from '../../../kube/types.ts';
import { timestamp } from '../../../runtime/clock.ts';
import type { DeleteRequest, RequestContext, StoredObject } from '../../engine.ts';
import { remove } from '../delete.ts';
import { copyJson } from '../../../kube/json.ts';
import { createdStatus } from '../status.ts';
import { current } from '../update.ts';
import { collectionOf, storageKey, type RegistryWorld } from '../world.ts';

/** Upstream's bound on pods whose disruption the controller has not seen yet. */
const DISRUPTED_MAX = 2_000;
const PROCESSING_RETRY_SECONDS = 10;
const REFUSED = "Cannot evict pod as it would violate the pod's disruption budget.";

interface Eviction extends KubeObject {
  deleteOptions?: DeleteRequest & { dryRun?: string[] };
}

/** Answers a Status of success. Rejects with 429 and cause DisruptionBudget when a budget has nothing left. */
export async function evict(world: RegistryWorld, ctx: RequestContext, key: ObjectKey, body: KubeObject): Promise<StoredObject> {
  const { deleteOptions = {}, metadata } = body as Eviction;
  if (metadata?.name && metadata.name !== key.name) throw badRequest('name in URL does not match name in Eviction object');
  const pods = world.builtin('', 'pods');
  const pod = current(world, pods, key).object as Pod;
  const dry: RequestContext = deleteOptions.dryRun?.includes('All') ? { ...ctx, dryRun: true } : ctx;
  if (!mayGoAnyway(pod)) await ask(world, dry, pod);
  if (!dry.dryRun) await markDisrupted(world, key, pod);
  // The budget was asked about this pod, not about another of its name.
  await remove(world, pods, dry, key, { ...deleteOptions, preconditions: { uid: pod.metadata.uid, ...deleteOptions.preconditions } });
  return createdStatus();
}

/** Budgets count pods that run: these do not. */
function mayGoAnyway({ metadata, status }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined || status?.phase === 'Succeeded' || status?.phase === 'Failed' || status?.phase === 'Pending';
}

/** Takes one disruption from the pod's budget, if it has one. */
async function ask(world: RegistryWorld, ctx: RequestContext, pod: Pod): Promise<void> {
  const definition = world.builtin('policy', 'poddisruptionbudgets');
  const collection = collectionOf(world, definition);
  const namespace = pod.metadata.namespace ?? '';
  const matching: PodDisruptionBudget[] = [];
  for (const [key] of collection.range(`${namespace}/`, `${namespace}0`)) {
    const budget = world.store.newest(collection, key)?.object as PodDisruptionBudget | undefined;
    if (budget !== undefined && matcherOf(budget.spec?.selector)(pod.metadata.labels)) matching.push(budget);
  }
  if (matching.length > 1) throw internalError('This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.');
  const [budget] = matching;
  if (budget === undefined) return;
  if (!isPodReady(pod) && unhealthyMayGo(budget)) return;
  checkBudget(budget);
  const next = copyJson(budget);
  const status = next.status!;
  status.disruptionsAllowed = (status.disruptionsAllowed ?? 0) - 1;
  status.disruptedPods = { ...status.disruptedPods, [pod.metadata.name ?? '']: timestamp(world.clock.now()) };
  if (!ctx.dryRun) await world.store.put(collection, storageKey(definition, { namespace, name: budget.metadata.name ?? '' }), next);
}

/** A pod that is not ready does not count as healthy: with AlwaysAllow it may go, else when enough others are healthy. */
function unhealthyMayGo({ spec, status }: PodDisruptionBudget): boolean {
  if (spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true;
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {};
  return currentHealthy >= desiredHealthy && desiredHealthy > 0;
}

function checkBudget({ metadata, status }: PodDisruptionBudget): void {
  const name = metadata.name ?? '';
  const target = { group: 'policy', plural: 'poddisruptionbudgets', name };
  if (status === undefined || (status.observedGeneration ?? 0) < (metadata.generation ?? 0)) {
    throw refuse(`The disruption budget ${name} is still being processed by the server.`, PROCESSING_RETRY_SECONDS);
  }
  const { disruptionsAllowed = 0, desiredHealthy = 0, currentHealthy = 0 } = status;
  if (disruptionsAllowed < 0) throw forbidden(target, 'pdb disruptions allowed is negative');
  if (Object.keys(status.disruptedPods ?? {}).length > DISRUPTED_MAX)
    throw forbidden(target, 'DisruptedPods map too big - too many evictions not confirmed by PDB controller');
  if (disruptionsAllowed === 0) {
    throw refuse(`The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`);
  }
}

/** Without seconds, clients decide themselves when to try again: client-go retries by itself only when told when. */
function refuse(message: string, retryAfterSeconds?: number): StatusError {
  return new StatusError(429, 'TooManyRequests', REFUSED, {
    causes: [{ reason: 'DisruptionBudget', message }],
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  });
}

async function markDisrupted(world: RegistryWorld, key: ObjectKey, pod: Pod): Promise<void> {
  const pods = world.builtin('', 'pods');
  const newest = current(world, pods, key).object as Pod;
  if (newest.metadata.uid !== pod.metadata.uid || newest.metadata.deletionTimestamp !== undefined) return;
  const next = copyJson(newest);
  const condition: Condition = { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI', message: 'Eviction API: evicting' };
  const conditions = setCondition<Condition>((next.status?.conditions ?? []) as Condition[], condition, timestamp(world.clock.now()));
  next.status = { ...next.status, conditions: conditions as NonNullable<NonNullable<Pod['status']>['conditions']> };
  await world.store.put(collectionOf(world, pods), storageKey(pods, key), next);
}
