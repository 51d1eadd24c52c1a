/** Whether a write fits the quotas of its namespace, and what they are to say when it is done. */
import type { ResourceQuota } from '../types.ts';
import { evaluatorOf, type QuotaWrite } from './evaluators.ts';
import { add, exceeding, formatList, mask, sameList, subtract, withoutZeros, type ResourceList } from './resource-list.ts';
import { scopesOf } from './scopes.ts';

/** More that a quota's objects use. */
export interface Charge {
  quota: ResourceQuota;
  delta: ResourceList;
}

/** `refused` is why the write is turned away, in upstream's words. */
export type Verdict = { refused: string } | { charges: Charge[] };

const NOTHING: Verdict = { charges: [] };

export function chargeFor(quotas: readonly ResourceQuota[], resource: { group: string; plural: string }, write: QuotaWrite, nowMs: number): Verdict {
  const evaluator = evaluatorOf(resource);
  if (!evaluator.handles(write)) return NOTHING;
  const { object, old } = write;
  const about = (quota: ResourceQuota, subject: typeof object) => scopesOf(quota).every((scope) => evaluator.inScope(subject, scope));
  const concerned: ResourceQuota[] = [];
  for (const quota of quotas) {
    const { hard = {}, used = {} } = quota.status ?? {};
    const names = evaluator.matching(Object.keys(hard));
    if (names.length === 0 || !about(quota, object)) continue;
    const missing = evaluator.missing(object, names);
    if (missing !== undefined) return { refused: `failed quota: ${quota.metadata.name}: ${missing}` };
    // The controller has not counted yet: letting it pass could exceed the quota.
    if (names.some((name) => used[name] === undefined))
      return { refused: `status unknown for quota: ${quota.metadata.name}, resources: ${[...names].sort().join(',')}` };
    concerned.push(quota);
  }
  if (concerned.length === 0) return NOTHING;
  const usage = evaluator.usage(object, nowMs);
  const grown = old === undefined ? usage : subtract(usage, evaluator.usage(old, nowMs));
  const charges: Charge[] = [];
  for (const quota of concerned) {
    // What has just come into a quota's scope counts in full.
    const delta = withoutZeros(mask(old !== undefined && about(quota, old) ? grown : usage, Object.keys(quota.status?.hard ?? {})));
    if (Object.keys(delta).length === 0) continue;
    const refused = write.subresource === 'status' ? undefined : excess(quota, delta);
    if (refused !== undefined) return { refused };
    charges.push({ quota, delta });
  }
  return { charges };
}

function excess({ metadata, status }: ResourceQuota, delta: ResourceList): string | undefined {
  const { hard = {}, used = {} } = status ?? {};
  const over = exceeding(mask(add(used, delta), Object.keys(delta)), hard);
  if (over.length === 0) return undefined;
  const [requested, soFar, limited] = [delta, used, hard].map((list) => formatList(mask(list, over)));
  return `exceeded quota: ${metadata.name}, requested: ${requested}, used: ${soFar}, limited: ${limited}`;
}

/** The quota with `delta` more (or, of a write that failed, less) in use; undefined when that is what it says already. */
export function withUsage(quota: ResourceQuota, delta: ResourceList, more: boolean): ResourceQuota | undefined {
  const before = quota.status?.used ?? {};
  const used = more ? add(before, delta) : { ...before, ...subtract(mask(before, Object.keys(delta)), mask(delta, Object.keys(before))) };
  return sameList(used, before) ? undefined : { ...quota, metadata: { ...quota.metadata }, status: { ...quota.status, used } };
}
