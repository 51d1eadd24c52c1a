/**
 * Quotas: no write of a namespace uses more than they allow. What a write uses is added to the quota's status as the store
 * accepts the write, so that the next one sees it: two at once cannot exceed. Deletions are counted by the controller.
 */
import { chargeFor, withUsage, type Charge } from '../../kube/quota/charge.ts';
import { forbidden } from '../../kube/status.ts';
import type { ResourceQuota } from '../../kube/types.ts';
import { targetOf, type RegistryWorld } from '../registry/world.ts';
import type { AdmissionPlugin, AdmissionRequest } from './plugin.ts';

const QUOTAS = '/resourcequotas';
/** Resources whose changes, not only their creations, may use up something. */
const CHANGING = new Set(['pods', 'services', 'persistentvolumeclaims']);

/** The newest state of the namespace's quotas, what is accepted and not committed yet included. */
function quotasOf({ store }: RegistryWorld, namespace: string): ResourceQuota[] {
  const collection = store.collection(QUOTAS);
  const found: ResourceQuota[] = [];
  // '0' comes after '/'.
  for (const [key] of collection.range(`${namespace}/`, `${namespace}0`)) {
    const newest = store.newest(collection, key);
    if (newest !== undefined) found.push(newest.object as ResourceQuota);
  }
  return found;
}

function write({ store }: RegistryWorld, { quota, delta }: Charge, more: boolean): void {
  const collection = store.collection(QUOTAS);
  const key = `${quota.metadata.namespace ?? ''}/${quota.metadata.name ?? ''}`;
  const newest = store.newest(collection, key)?.object as ResourceQuota | undefined;
  const next = newest === undefined || newest.metadata.uid !== quota.metadata.uid ? undefined : withUsage(newest, delta, more);
  // One that cannot be written fails as the write it is for does; the controller counts again.
  if (next !== undefined) store.put(collection, key, next).catch(() => {});
}

function isExempt({ operation, subresource, definition, key }: AdmissionRequest): boolean {
  if (key.namespace === undefined || definition.virtual) return true;
  if (operation === 'create') return definition.plural === 'events';
  return definition.group !== '' || !CHANGING.has(definition.plural) || (subresource === 'status' && definition.plural === 'pods');
}

export const quotas: AdmissionPlugin = {
  name: 'ResourceQuota',
  conclude(request) {
    const { world, definition, key, operation, object, old, subresource, ctx } = request;
    if (world.store.collection(QUOTAS).size === 0 || isExempt(request)) return undefined;
    const found = quotasOf(world, key.namespace ?? '');
    if (found.length === 0) return undefined;
    const asked = { operation, object, ...(old === undefined ? {} : { old }), ...(subresource === undefined ? {} : { subresource }) };
    const verdict = chargeFor(found, definition, asked, world.clock.now());
    if ('refused' in verdict) throw forbidden(targetOf(definition, key.name), verdict.refused);
    if (verdict.charges.length === 0 || ctx.dryRun) return undefined;
    return (writing) => {
      for (const charge of verdict.charges) write(world, charge, true);
      writing.catch(() => {
        for (const charge of verdict.charges) write(world, charge, false);
      });
    };
  },
};
