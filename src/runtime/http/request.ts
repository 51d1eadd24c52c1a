/** URLs of the Kubernetes API. */
import type { ListOptions, WatchOptions, WriteOptions } from '../client.ts';
import type { Resource } from '../../kube/resources.ts';

/** '/apis/apps/v1/namespaces/default/deployments/web/status' */
export function resourcePath(resource: Resource, namespace: string | undefined, name?: string, subresource?: string): string {
  const parts = resource.group === '' ? ['api', resource.version] : ['apis', resource.group, resource.version];
  if (resource.namespaced && namespace !== undefined) parts.push('namespaces', encodeURIComponent(namespace));
  parts.push(resource.plural);
  if (name !== undefined) parts.push(encodeURIComponent(name));
  if (subresource !== undefined) parts.push(encodeURIComponent(subresource));
  return `/${parts.join('/')}`;
}

export function listQuery(options: ListOptions): Record<string, string> {
  return definedOnly({
    labelSelector: options.labelSelector,
    fieldSelector: options.fieldSelector,
    limit: options.limit?.toString(),
    continue: options.continue,
    resourceVersion: options.resourceVersion,
  });
}

export function watchQuery(options: WatchOptions): Record<string, string> {
  return definedOnly({
    watch: 'true',
    labelSelector: options.labelSelector,
    fieldSelector: options.fieldSelector,
    resourceVersion: options.resourceVersion,
    allowWatchBookmarks: options.allowWatchBookmarks ? 'true' : undefined,
  });
}

export function writeQuery(options: WriteOptions & { force?: boolean } = {}): Record<string, string> {
  return definedOnly({
    dryRun: options.dryRun ? 'All' : undefined,
    fieldManager: options.fieldManager,
    force: options.force ? 'true' : undefined,
  });
}

function definedOnly(query: Record<string, string | undefined>): Record<string, string> {
  const entries = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '');
  return Object.fromEntries(entries);
}
