/** Lists: a snapshot at one revision, in key order, whole or in pages. */
import { badRequest, expired, invalid, type FieldError } from '../../kube/status.ts';
import type { ListRequest, ListResult, ResourceDefinition, StoredObject } from '../engine.ts';
import { Slices } from '../slices.ts';
import type { Store } from '../store/store.ts';
import { RevisionGone, type Walk } from '../store/walk.ts';
import { decodeToken, encodeToken, expiredToken, keyAfter } from './paging.ts';
import { parseRevision, waitFor } from './revisions.ts';
import { filterOf, type Filter } from './selection.ts';
import { collectionOf, view } from './world.ts';

/** Where and when a list reads. */
interface Plan {
  /** 0: now. */
  revision: number;
  from: string;
  limit: number;
}

export async function list(store: Store, definition: ResourceDefinition, request: ListRequest): Promise<ListResult> {
  const filter = filterOf(definition, request);
  const plan = await planOf(store, definition, request, filter);
  const collection = collectionOf({ store }, definition);
  const compacted = request.continue ? Math.max(collection.history.compacted, store.compacted) : collection.history.compacted;
  if (plan.revision !== 0 && plan.revision < compacted) {
    throw request.continue
      ? expiredToken(relative(plan.from, definition, request))
      : expired(`The resourceVersion for the provided list is too old: ${plan.revision}`);
  }
  const revision = plan.revision === 0 ? store.revision : plan.revision;
  try {
    return await page(collection.walk(revision, plan.from, filter.to), definition, request, filter, { ...plan, revision });
  } catch (error) {
    if (error instanceof RevisionGone) throw expired(`The resourceVersion for the provided list is too old: ${revision}`);
    throw error;
  }
}

async function page(walk: Walk, definition: ResourceDefinition, request: ListRequest, filter: Filter, { revision, limit }: Plan): Promise<ListResult> {
  const items: StoredObject[] = [];
  const turns = new Slices();
  let last = '';
  let remaining = 0;
  for (let stored = walk.next(); stored !== undefined; stored = walk.next()) {
    if (turns.isOver) await turns.next();
    const full = limit > 0 && items.length === limit;
    // Past the page only the number matters, and with a selector only whether there is more.
    if (full && filter.everything) {
      remaining = 1 + walk.left;
      break;
    }
    const served = view(definition, stored);
    if (!filter.everything && !filter.matches(served.object)) continue;
    if (full) {
      remaining = 1;
      break;
    }
    items.push(served);
    last = walk.key;
  }
  if (remaining === 0) return { revision, items };
  const token = encodeToken({ revision, start: keyAfter(relative(last, definition, request)) });
  return { revision, items, continue: token, ...(filter.everything ? { remainingItemCount: remaining } : {}) };
}

/** Tokens hold keys without the namespace that the URL already says. */
function relative(key: string, definition: ResourceDefinition, request: ListRequest): string {
  return definition.namespaced && request.namespace ? key.slice(request.namespace.length + 1) : key;
}

async function planOf(store: Store, definition: ResourceDefinition, request: ListRequest, filter: Filter): Promise<Plan> {
  checkOptions(request);
  const limit = request.limit ?? 0;
  if (request.continue) {
    const token = decodeToken(request.continue);
    const start = definition.namespaced && request.namespace ? `${request.namespace}/${token.start}` : token.start;
    await waitFor(store, token.revision);
    return { revision: Math.max(0, token.revision), from: start > filter.from ? start : filter.from, limit };
  }
  const asked = parseRevision(request.resourceVersion, 'invalid resource version: ');
  await waitFor(store, asked);
  if (asked === 0) return { revision: 0, from: filter.from, limit: request.resourceVersion === '0' ? 0 : limit };
  const exact = request.resourceVersionMatch === 'Exact' || (request.resourceVersionMatch === undefined && limit > 0);
  return { revision: exact ? asked : 0, from: filter.from, limit };
}

function checkOptions(request: ListRequest): void {
  const { resourceVersion = '', resourceVersionMatch: match } = request;
  if (request.limit !== undefined && request.limit < 0) throw badRequest(`limit: Invalid value: ${request.limit}: must not be negative`);
  if (request.continue) {
    if (match !== undefined) throw invalidOption('resourceVersionMatch', 'Forbidden: resourceVersionMatch is forbidden when continue is provided');
    if (resourceVersion !== '' && resourceVersion !== '0') throw badRequest('specifying resource version is not allowed when using continue');
  }
  if (match === undefined) return;
  if (resourceVersion === '') throw invalidOption('resourceVersionMatch', 'Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided');
  if (match !== 'Exact' && match !== 'NotOlderThan') {
    throw invalidOption(
      'resourceVersionMatch',
      `Unsupported value: ${JSON.stringify(match)}: supported values: "Exact", "NotOlderThan", ""`,
      'FieldValueNotSupported',
    );
  }
  if (match === 'Exact' && resourceVersion === '0') {
    throw invalidOption('resourceVersionMatch', 'Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
  }
}

export function invalidOption(field: string, message: string, reason: FieldError['reason'] = 'FieldValueForbidden'): Error {
  return invalid({ group: 'meta.k8s.io', kind: 'ListOptions', name: '' }, [{ reason, field, message }]);
}
