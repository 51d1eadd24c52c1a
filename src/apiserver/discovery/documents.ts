/** Discovery: what the server serves, in the aggregated form (one answer for all) and the older ones (one a group and version). */
import { createHash } from 'node:crypto';
import { apiVersionOf } from '../../kube/resources.ts';
import type { DiscoveredVersion } from '../aggregation/remote-discovery.ts';
import type { ResourceDefinition, SubresourceDefinition } from '../engine.ts';

interface GroupVersions {
  group: string;
  /** In order of preference. */
  versions: { version: string; definitions: ResourceDefinition[]; remote?: DiscoveredVersion }[];
}

type ByVersion = readonly GroupVersions[];

/** Definitions by group and version, as listed; versions that `versionOrder` prefers first. */
export function groupDefinitions(definitions: readonly ResourceDefinition[]): ByVersion {
  const groups = new Map<string, Map<string, ResourceDefinition[]>>();
  for (const definition of definitions) {
    const versions = groups.get(definition.group) ?? new Map<string, ResourceDefinition[]>();
    groups.set(definition.group, versions);
    const list = versions.get(definition.version) ?? [];
    versions.set(definition.version, list);
    list.push(definition);
  }
  return [...groups].map(([group, versions]) => ({
    group,
    versions: [...versions].map(([version, list]) => ({ version, definitions: list })).toSorted((a, b) => versionOrder(a.version, b.version)),
  }));
}

/** GA before beta before alpha, then the higher number; other names last, in the alphabet (apimachinery version.CompareKubeAwareVersionStrings). */
export function versionOrder(a: string, b: string): number {
  const [left, right] = [rank(a), rank(b)];
  if (left === undefined || right === undefined) return left === right ? (a < b ? -1 : a > b ? 1 : 0) : left === undefined ? 1 : -1;
  for (let i = 0; i < 3; i++) if (left[i] !== right[i]) return right[i]! - left[i]!;
  return 0;
}

function rank(version: string): [stability: number, major: number, minor: number] | undefined {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (match === null) return undefined;
  return [match[2] === undefined ? 2 : match[2] === 'beta' ? 1 : 0, Number(match[1]), Number(match[3] ?? 0)];
}

/** APIGroupDiscoveryList; `core`: the legacy group only (/api), else all others (/apis). */
export function aggregated(groups: ByVersion, core: boolean, version: 'v2' | 'v2beta1', remote: readonly DiscoveredVersion[] = []): object {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: withRemote(groups, core ? [] : remote)
      .filter(({ group }) => (group === '') === core)
      .map(({ group, versions }) => ({
        metadata: { ...(group === '' ? {} : { name: group }), creationTimestamp: null },
        versions: versions.map((served) => ({
          version: served.version,
          resources: served.remote?.resources ?? served.definitions.map(aggregatedResource),
          freshness: 'Current',
        })),
      })),
  };
}

/** With what other servers serve: versions of groups that are here too, and groups of their own. */
function withRemote(groups: ByVersion, remote: readonly DiscoveredVersion[]): ByVersion {
  if (remote.length === 0) return groups;
  const all = new Map(groups.map(({ group, versions }) => [group, [...versions]]));
  for (const found of remote) {
    const versions = (all.get(found.group) ?? []).filter(({ version }) => version !== found.version);
    all.set(
      found.group,
      [...versions, { version: found.version, definitions: [], remote: found }].toSorted((a, b) => versionOrder(a.version, b.version)),
    );
  }
  return [...all].map(([group, versions]) => ({ group, versions }));
}

function aggregatedResource(definition: ResourceDefinition): object {
  const { group, version, kind } = definition;
  return {
    resource: definition.plural,
    responseKind: { group, version, kind },
    scope: definition.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: definition.singular,
    verbs: definition.verbs,
    ...(definition.shortNames.length > 0 ? { shortNames: definition.shortNames } : {}),
    ...(definition.categories.length > 0 ? { categories: definition.categories } : {}),
    ...(definition.subresources.length > 0
      ? { subresources: definition.subresources.map((sub) => ({ subresource: sub.name, responseKind: sub.kind, verbs: sub.verbs })) }
      : {}),
  };
}

export function apiVersions(serverAddress: string): object {
  return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }] };
}

export function apiGroupList(groups: ByVersion, remote: readonly DiscoveredVersion[] = []): object {
  return {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: withRemote(groups, remote)
      .filter(({ group }) => group !== '')
      .map(groupEntry),
  };
}

export function apiGroup(group: GroupVersions, remote: readonly DiscoveredVersion[] = []): object {
  const [merged] = withRemote([group], remote);
  return { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(merged!) };
}

function groupEntry({ group, versions }: GroupVersions): object {
  const entries = versions.map(({ version }) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions: entries, preferredVersion: entries[0] };
}

export function apiResourceList(group: string, version: string, definitions: readonly ResourceDefinition[]): object {
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: apiVersionOf({ group, version }),
    resources: definitions.flatMap((definition) => [resourceEntry(definition), ...definition.subresources.map((sub) => subresourceEntry(definition, sub))]),
  };
}

function resourceEntry(definition: ResourceDefinition): object {
  return {
    name: definition.plural,
    singularName: definition.singular,
    namespaced: definition.namespaced,
    kind: definition.kind,
    verbs: definition.verbs,
    ...(definition.shortNames.length > 0 ? { shortNames: definition.shortNames } : {}),
    ...(definition.categories.length > 0 ? { categories: definition.categories } : {}),
    ...(definition.virtual ? {} : { storageVersionHash: storageVersionHash(definition) }),
  };
}

function subresourceEntry(definition: ResourceDefinition, { name, kind, verbs }: SubresourceDefinition): object {
  const own = kind.group === definition.group && kind.version === definition.version;
  return {
    name: `${definition.plural}/${name}`,
    singularName: '',
    namespaced: definition.namespaced,
    ...(own ? {} : { group: kind.group, version: kind.version }),
    kind: kind.kind,
    verbs,
  };
}

/** Eight bytes that change when the version objects are stored in does. */
function storageVersionHash({ storage, version, kind }: ResourceDefinition): string {
  return createHash('sha256').update(`${storage.group}/${version}/${kind}`).digest().subarray(0, 8).toString('base64');
}
