/** How lists and maps are merged: from the swagger, and by hand for fields younger than it (KEP texts and the API reference of 1.34). */
import type { SwaggerSchema } from './swagger.ts';
import type { FieldData } from './table.ts';

type Markers = Pick<FieldData, 'd' | 'ps' | 'mk' | 'lt' | 'lk' | 'mt'>;

const CORE = 'io.k8s.api.core.v1.';
const mapList = (key: string): Markers => ({ ps: 'merge', mk: key, lt: 'map', lk: [key] });
const YOUNGER: Record<string, Markers> = {
  [`${CORE}PodSpec.resourceClaims`]: { ps: 'merge,retainKeys', mk: 'name', lt: 'map', lk: ['name'] },
  [`${CORE}PodSpec.schedulingGates`]: mapList('name'),
  [`${CORE}PodStatus.resourceClaimStatuses`]: { ps: 'merge,retainKeys', mk: 'name', lt: 'map', lk: ['name'] },
  [`${CORE}PodStatus.hostIPs`]: { ps: 'merge', mk: 'ip', lt: 'atomic' },
  [`${CORE}ContainerStatus.allocatedResourcesStatus`]: mapList('name'),
  [`${CORE}ContainerStatus.volumeMounts`]: mapList('mountPath'),
  [`${CORE}PodSpec.hostAliases`]: mapList('ip'),
  [`${CORE}PodStatus.podIPs`]: mapList('ip'),
  [`${CORE}PodSpec.imagePullSecrets`]: mapList('name'),
  'io.k8s.api.resource.v1.ResourceClaimStatus.reservedFor': mapList('uid'),
};

export function markersOf(owner: string, field: string, data: FieldData, property: SwaggerSchema | undefined): Markers {
  const markers: Markers = {};
  if (property) {
    const p = property;
    if (p.default !== undefined && !isZero(p.default)) markers.d = p.default;
    if (p['x-kubernetes-patch-strategy']) markers.ps = p['x-kubernetes-patch-strategy'];
    if (p['x-kubernetes-patch-merge-key']) markers.mk = p['x-kubernetes-patch-merge-key'];
    if (p['x-kubernetes-list-type']) markers.lt = p['x-kubernetes-list-type'];
    if (p['x-kubernetes-list-map-keys']) markers.lk = p['x-kubernetes-list-map-keys'];
    if (p['x-kubernetes-map-type']) markers.mt = p['x-kubernetes-map-type'];
  }
  // Every status list of conditions merges by type, newer kinds' too.
  if (field === 'conditions' && data.c === 'l' && !markers.mk && owner.startsWith('io.k8s.api.')) Object.assign(markers, mapList('type'));
  return { ...markers, ...YOUNGER[`${owner}.${field}`] };
}

/** The swagger names Go's zero values as defaults of nested structs; they say nothing. */
function isZero(value: unknown): boolean {
  return value === '' || value === 0 || value === false || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
}
