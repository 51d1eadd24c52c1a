/** What the quotas of a namespace leave to its buffers. Pure: the earlier buffer goes first. */
import { compareQuantities, multiplyQuantity, subtractQuantities, timesThatFit } from '../../kube/quantity.ts';
import { specRequests } from '../../kube/quota/pod-totals.ts';
import { add, type ResourceList } from '../../kube/quota/resource-list.ts';
import { podInScope, scopesOf, type Scope } from '../../kube/quota/scopes.ts';
import type { Pod, ResourceQuota } from '../../kube/types.ts';

export interface Wanting {
  /** One chunk. */
  pod: Pod;
  replicas: number;
}

export interface Allowed {
  replicas: number;
  /** Names of the quotas that allow no more; empty: nothing was cut. */
  exceeded: string[];
}

/** One answer for each, in their order. */
export function withinQuotas(buffers: readonly Wanting[], quotas: readonly ResourceQuota[]): Allowed[] {
  const promised = new Map<ResourceQuota, ResourceList>();
  return buffers.map(({ pod, replicas }) => {
    const requests = namesOf(specRequests(pod));
    const about = quotas.filter((quota) => scopesOf(quota).every((scope) => chunkInScope(pod, scope)));
    const left = about.map((quota) => ({ quota, replicas: room(quota, requests, promised.get(quota) ?? {}) }));
    const allowed = Math.min(replicas, ...left.map((each) => each.replicas));
    for (const quota of about)
      for (const [name, request] of Object.entries(requests))
        if (allowed > 0 && quota.status?.hard?.[name] !== undefined)
          promised.set(quota, add(promised.get(quota) ?? {}, { [name]: multiplyQuantity(request, allowed) }));
    return { replicas: allowed, exceeded: left.filter((each) => each.replicas < replicas).map(({ quota }) => quota.metadata.name ?? '') };
  });
}

/** A quota may call the same thing 'cpu' or 'requests.cpu'. */
function namesOf(requests: ResourceList): ResourceList {
  return Object.fromEntries(
    Object.entries(requests).flatMap(([name, value]) => [
      [name, value],
      [`requests.${name}`, value],
    ]),
  );
}

/** Chunks stand for pods that stay. */
function chunkInScope(pod: Pod, scope: Scope): boolean {
  if (scope.scopeName === 'Terminating') return false;
  return scope.scopeName === 'NotTerminating' || podInScope(pod, scope);
}

function room({ status }: ResourceQuota, requests: ResourceList, promised: ResourceList): number {
  const counts = Object.entries(status?.hard ?? {})
    .filter(([name]) => requests[name] !== undefined && compareQuantities(requests[name], '0') > 0)
    .map(([name, hard]) =>
      timesThatFit(subtractQuantities(subtractQuantities(hard, status?.used?.[name] ?? '0'), promised[name] ?? '0'), requests[name] ?? '1'),
    );
  return Math.min(Infinity, ...counts);
}
