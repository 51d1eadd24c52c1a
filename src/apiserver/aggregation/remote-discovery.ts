/** What another server serves, from its APIResourceList to the forms that discovery has. */
import type { ApiServiceSpec } from './local.ts';

interface Resource {
  name: string;
  singularName?: string;
  namespaced?: boolean;
  group?: string;
  version?: string;
  kind: string;
  verbs: string[];
  shortNames?: string[];
  categories?: string[];
}

export interface ResourceList {
  resources?: Resource[];
}

/** `resources` in the aggregated form. */
export interface DiscoveredVersion {
  group: string;
  version: string;
  resources: object[];
}

export function discoveredVersion({ group = '', version = '' }: ApiServiceSpec, list: ResourceList): DiscoveredVersion {
  const all = list.resources ?? [];
  const kindOf = (resource: Resource): object => ({ group: resource.group ?? group, version: resource.version ?? version, kind: resource.kind });
  const resources = all
    .filter(({ name }) => !name.includes('/'))
    .map((resource) => {
      const subresources = all
        .filter(({ name }) => name.startsWith(`${resource.name}/`))
        .map((sub) => ({ subresource: sub.name.slice(resource.name.length + 1), responseKind: kindOf(sub), verbs: sub.verbs }));
      return {
        resource: resource.name,
        responseKind: kindOf(resource),
        scope: resource.namespaced ? 'Namespaced' : 'Cluster',
        singularResource: resource.singularName ?? '',
        verbs: resource.verbs,
        ...(resource.shortNames ? { shortNames: resource.shortNames } : {}),
        ...(resource.categories ? { categories: resource.categories } : {}),
        ...(subresources.length > 0 ? { subresources } : {}),
      };
    });
  return { group, version, resources };
}
