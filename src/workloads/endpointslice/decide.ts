/** Which endpoints a service has, and how they fill slices. */
import { ownerReference } from '../../kube/owners.ts';
import { isPodReady, isPodTerminal, namedPort } from '../../kube/pods.ts';
import type { EndpointSlice, Pod, Service } from '../../kube/types.ts';
import { sameValue } from '../shared/equal.ts';

export const SERVICE_NAME = 'kubernetes.io/service-name';
export const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';
export const MANAGER = 'endpointslice-controller.k8s.io';
export const HEADLESS = 'service.kubernetes.io/headless';
const MAX_ENDPOINTS = 100;

type Endpoint = NonNullable<EndpointSlice['endpoints']>[number];
export type EndpointPort = NonNullable<EndpointSlice['ports']>[number];
type ServicePort = NonNullable<NonNullable<Service['spec']>['ports']>[number];

/** Endpoints that listen on the same ports. */
export interface EndpointGroup {
  ports: EndpointPort[];
  endpoints: Endpoint[];
}

/** Whether the pod has a place in a service's endpoints, ready or not. */
export function isEndpoint(pod: Pod): boolean {
  return !isPodTerminal(pod) && (pod.status?.podIP ?? '') !== '';
}

/** The port a service port leads to on a pod; undefined when the pod has no port of that name. */
function targetPortOn(pod: Pod, port: ServicePort): number | undefined {
  const target = port.targetPort ?? port.port;
  if (typeof target === 'number') return target === 0 ? port.port : target;
  if (/^\d+$/.test(target)) return Number(target);
  return namedPort(pod, target, port.protocol ?? 'TCP');
}

export function endpointPorts(service: Service, pod: Pod): EndpointPort[] {
  const ports: EndpointPort[] = [];
  for (const port of service.spec?.ports ?? []) {
    const number = targetPortOn(pod, port);
    if (number === undefined) continue;
    ports.push({ name: port.name ?? '', port: number, protocol: port.protocol ?? 'TCP', ...(port.appProtocol ? { appProtocol: port.appProtocol } : {}) });
  }
  return ports;
}

/** `zoneOf` gives the zone of a node. */
export function groupEndpoints(service: Service, pods: readonly Pod[], zoneOf: (nodeName: string) => string | undefined): EndpointGroup[] {
  const groups = new Map<string, EndpointGroup>();
  for (const pod of pods) {
    if (!isEndpoint(pod)) continue;
    const ports = endpointPorts(service, pod);
    // Without a port there is nothing to reach, but a headless service still names its pods.
    if (ports.length === 0 && service.spec?.clusterIP !== 'None') continue;
    const key = JSON.stringify(ports);
    let group = groups.get(key);
    if (group === undefined) groups.set(key, (group = { ports, endpoints: [] }));
    group.endpoints.push(endpointOf(service, pod, zoneOf));
  }
  return [...groups.values()];
}

function endpointOf(service: Service, pod: Pod, zoneOf: (nodeName: string) => string | undefined): Endpoint {
  const serving = isPodReady(pod);
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const nodeName = pod.spec?.nodeName;
  const zone = nodeName === undefined ? undefined : zoneOf(nodeName);
  const { name, namespace, uid } = pod.metadata;
  return {
    addresses: [pod.status?.podIP ?? ''],
    conditions: { ready: service.spec?.publishNotReadyAddresses === true || (serving && !terminating), serving, terminating },
    ...(pod.spec?.hostname && pod.spec.subdomain === service.metadata.name ? { hostname: pod.spec.hostname } : {}),
    ...(nodeName ? { nodeName } : {}),
    ...(zone ? { zone } : {}),
    targetRef: { kind: 'Pod', ...(namespace ? { namespace } : {}), ...(name ? { name } : {}), ...(uid ? { uid } : {}) },
  };
}

export interface SlicePlan {
  create: EndpointSlice[];
  update: EndpointSlice[];
  remove: EndpointSlice[];
}

/**
 * Changes as few slices as can be: an endpoint stays in the slice it is in, new ones fill slices with room, then new slices.
 * A service without endpoints keeps one empty slice, as upstream.
 */
export function planSlices(service: Service, groups: readonly EndpointGroup[], existing: readonly EndpointSlice[]): SlicePlan {
  const plan: SlicePlan = { create: [], update: [], remove: [] };
  const labels = sliceLabels(service);
  const wanted = groups.length > 0 ? groups : [{ ports: [], endpoints: [] }];
  const unused = new Set(existing);
  for (const group of wanted) {
    const slices = existing.filter((slice) => unused.has(slice) && sameValue(slice.ports, group.ports));
    for (const slice of slices) unused.delete(slice);
    fill(plan, service, labels, group, slices, groups.length === 0);
  }
  plan.remove.push(...unused);
  return plan;
}

function fill(
  plan: SlicePlan,
  service: Service,
  labels: Record<string, string>,
  group: EndpointGroup,
  slices: readonly EndpointSlice[],
  placeholder: boolean,
): void {
  const left = new Map(group.endpoints.map((endpoint) => [identity(endpoint), endpoint]));
  const contents = slices.map((slice) => {
    const kept: Endpoint[] = [];
    for (const old of slice.endpoints ?? []) {
      const now = left.get(identity(old));
      if (now === undefined || kept.length >= MAX_ENDPOINTS) continue;
      left.delete(identity(old));
      kept.push(now);
    }
    return kept;
  });
  const added = [...left.values()];
  for (const kept of contents) while (kept.length < MAX_ENDPOINTS && added.length > 0) kept.push(added.shift()!);
  let empty = 0;
  for (const [i, slice] of slices.entries()) {
    const endpoints = contents[i] ?? [];
    // One empty slice is the mark of a service without endpoints; others are waste.
    if (endpoints.length === 0 && !(placeholder && empty++ === 0)) plan.remove.push(slice);
    else if (!sameValue(slice.endpoints, endpoints) || !sameValue(slice.metadata.labels, labels)) {
      plan.update.push({ ...slice, metadata: { ...slice.metadata, labels }, endpoints });
    }
  }
  if (placeholder && slices.length === 0) plan.create.push(buildSlice(service, labels, group.ports, []));
  while (added.length > 0) plan.create.push(buildSlice(service, labels, group.ports, added.splice(0, MAX_ENDPOINTS)));
}

function identity(endpoint: Endpoint): string {
  return `${endpoint.targetRef?.uid ?? ''}/${endpoint.addresses[0] ?? ''}`;
}

function sliceLabels(service: Service): Record<string, string> {
  return {
    ...service.metadata.labels,
    [SERVICE_NAME]: service.metadata.name ?? '',
    [MANAGED_BY]: MANAGER,
    ...(service.spec?.clusterIP === 'None' ? { [HEADLESS]: '' } : {}),
  };
}

function buildSlice(service: Service, labels: Record<string, string>, ports: EndpointPort[], endpoints: Endpoint[]): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      generateName: `${service.metadata.name ?? ''}-`,
      ...(service.metadata.namespace ? { namespace: service.metadata.namespace } : {}),
      labels,
      ownerReferences: [ownerReference(service, { controller: true })],
    },
    addressType: service.spec?.ipFamilies?.[0] === 'IPv6' ? 'IPv6' : 'IPv4',
    endpoints,
    ports,
  };
}
