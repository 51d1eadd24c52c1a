/** How the table of built-in resources is written: one row a kind, everything usual left out. */
import type { KubeObject } from '../../kube/types.ts';
import type { ResourceDefinition, SubresourceDefinition, Verb } from '../engine.ts';

const ALL_VERBS: readonly Verb[] = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const SUBRESOURCE_VERBS: readonly Verb[] = ['get', 'patch', 'update'];
const SCALE = { group: 'autoscaling', version: 'v1', kind: 'Scale' };

export type FieldReaders = Record<string, (object: KubeObject) => string>;

/** What a row says beyond kind and plural. */
export interface Row {
  short?: readonly string[];
  /** kubectl get all */
  all?: boolean;
  /** Cluster-scoped. */
  cluster?: boolean;
  status?: boolean;
  scale?: boolean;
  generation?: boolean;
  verbs?: readonly Verb[];
  subresources?: readonly SubresourceDefinition[];
  fields?: FieldReaders;
  virtual?: boolean;
  storage?: ResourceDefinition['storage'];
  convert?: ResourceDefinition['convert'];
  categories?: readonly string[];
  deprecation?: string;
}

/** `apiVersion` is 'v1' or 'apps/v1'. */
export function resource(apiVersion: string, kind: string, plural: string, row: Row = {}): ResourceDefinition {
  const slash = apiVersion.indexOf('/');
  const group = slash < 0 ? '' : apiVersion.slice(0, slash);
  const version = apiVersion.slice(slash + 1);
  const own = { group, version, kind };
  const subresources: SubresourceDefinition[] = [
    ...(row.subresources ?? []),
    ...(row.scale ? [{ name: 'scale', kind: SCALE, verbs: SUBRESOURCE_VERBS }] : []),
    ...(row.status ? [{ name: 'status', kind: own, verbs: SUBRESOURCE_VERBS }] : []),
  ];
  return {
    group,
    version,
    kind,
    plural,
    listKind: `${kind}List`,
    singular: kind.toLowerCase(),
    shortNames: row.short ?? [],
    categories: row.all ? ['all'] : (row.categories ?? []),
    namespaced: row.cluster !== true,
    verbs: row.verbs ?? ALL_VERBS,
    subresources,
    selectableFields: row.fields ?? {},
    builtin: true,
    hasStatus: row.status === true,
    generation: row.generation === true,
    storage: row.storage ?? { group, plural },
    ...(row.virtual ? { virtual: true } : {}),
    ...(row.deprecation === undefined ? {} : { deprecation: row.deprecation }),
    ...(row.convert ? { convert: row.convert } : {}),
    ...(row.scale ? { scale: { specReplicas: '.spec.replicas', statusReplicas: '.status.replicas', labelSelector: '.status.selector' } } : {}),
  };
}

/** A kind that is answered, never stored: a review. */
export function review(apiVersion: string, kind: string, plural: string, namespaced = false): ResourceDefinition {
  return resource(apiVersion, kind, plural, { cluster: !namespaced, verbs: ['create'], virtual: true });
}

/** Served by the kubelet through HTTP. */
export function stream(name: string, kind: string, verbs: readonly Verb[] = ['create', 'get']): SubresourceDefinition {
  return { name, kind: { group: '', version: 'v1', kind }, verbs, streaming: true };
}

/** Reads 'spec.nodeName' as a string; booleans as 'true' or 'false', numbers in decimal, absent as ''. */
export function field(path: string): (object: KubeObject) => string {
  const names = path.split('.');
  return (object) => {
    let value: unknown = object;
    for (const name of names) {
      if (typeof value !== 'object' || value === null) return '';
      value = (value as Record<string, unknown>)[name];
    }
    return value === undefined || value === null ? '' : String(value);
  };
}

export function fields(...paths: string[]): FieldReaders {
  return Object.fromEntries(paths.map((path) => [path, field(path)]));
}
