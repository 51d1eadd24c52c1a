/** How lists and maps are merged: from the swagger, and by hand for fields it does not have or whose marks it lost (API reference of 1.34). */
import type { SwaggerSchema } from './swagger.ts';
import type { FieldData } from '../../src/kube/schema/table-data.ts';

type Markers = Pick<FieldData, 'd' | 'ps' | 'mk' | 'lt' | 'lk' | 'mt'>;

const CORE = 'io.k8s.api.core.v1.';
const mapList = (key: string): Markers => ({ ps: 'merge', mk: key, lt: 'map', lk: [key] });
const VALIDATING_POLICY = 'io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicySpec';
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
  'io.k8s.api.apps.v1.DeploymentSpec.strategy': { ps: 'retainKeys' },
  'io.k8s.api.policy.v1.PodDisruptionBudgetSpec.selector': { ps: 'replace' },
  [`${VALIDATING_POLICY}.matchConditions`]: mapList('name'),
  [`${VALIDATING_POLICY}.variables`]: mapList('name'),
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
  Object.assign(markers, YOUNGER[`${owner}.${field}`]);
  // The swagger is older than the list types of most merged lists of objects; each is a map by its merge key.
  if (markers.mk && !markers.lt && data.c === 'l') Object.assign(markers, { lt: 'map', lk: [markers.mk] });
  return markers;
}

/** The swagger names Go's zero values as defaults of nested structs; they say nothing. */
function isZero(value: unknown): boolean {
  return value === '' || value === 0 || value === false || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
}
