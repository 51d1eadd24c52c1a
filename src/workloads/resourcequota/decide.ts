/** What a quota says of its namespace's objects. */
import { evaluatorOf, usageOf } from '../../kube/quota/evaluators.ts';
import { add, mask, sameList, type ResourceList } from '../../kube/quota/resource-list.ts';
import { scopesOf } from '../../kube/quota/scopes.ts';
import type { KubeObject, ResourceQuota } from '../../kube/types.ts';

export interface Counted {
  group: string;
  plural: string;
  objects: readonly KubeObject[];
}

/** The status to write; undefined when it says so already. Names that nothing counts keep what was said of them. */
export function decideStatus(quota: ResourceQuota, counted: readonly Counted[], nowMs: number): ResourceQuota['status'] {
  const hard: ResourceList = quota.spec?.hard ?? {};
  const names = Object.keys(hard);
  let used: ResourceList = {};
  for (const { objects, ...resource } of counted) used = add(used, usageOf(evaluatorOf(resource), names, scopesOf(quota), objects, nowMs));
  used = mask({ ...quota.status?.used, ...used }, names);
  const { status } = quota;
  const said = status?.hard !== undefined && status.used !== undefined && sameList(status.hard, hard) && sameList(status.used, used);
  return said ? undefined : { hard, used };
}
