/** What placement is asked for a binding: by the scheduler, and by who wants to know what it would say. */
import type { ResourceBinding } from '../kinds/binding.ts';
import type { Cluster } from '../kinds/cluster.ts';
import { isFresh } from '../placement/needs-placement.ts';
import type { PlacementRequest } from '../placement/request.ts';

export function requestOf({ spec, status }: ResourceBinding, clusters: readonly Cluster[]): PlacementRequest {
  return { binding: spec, uid: spec.resource.uid ?? '', status: status ?? {}, clusters, fresh: isFresh(spec, status) };
}
