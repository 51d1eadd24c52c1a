/** Nothing is created in a namespace that is not there, or that is going. */
import { forbidden, notFound } from '../../kube/status.ts';
import type { Namespace } from '../../kube/types.ts';
import { lookUp, targetOf } from '../registry/world.ts';
import type { AdmissionPlugin, AdmissionRequest } from './plugin.ts';

function check({ operation, definition, world, key }: AdmissionRequest): void {
  if (operation !== 'create' || !definition.namespaced) return;
  const name = key.namespace ?? '';
  const namespace = lookUp<Namespace>(world, '', 'namespaces', name);
  if (namespace === undefined) throw notFound({ group: '', plural: 'namespaces', name });
  if (namespace.metadata.deletionTimestamp === undefined) return;
  throw forbidden(targetOf(definition, key.name), `unable to create new content in namespace ${name} because it is being terminated`, [
    { reason: 'NamespaceTerminating', message: `namespace ${name} is being terminated`, field: 'metadata.namespace' },
  ]);
}

export const namespaceLifecycle: AdmissionPlugin = {
  name: 'NamespaceLifecycle',
  prepare: async (request) => check(request),
  // Once more: it may have gone while another plugin waited.
  admit: check,
};
