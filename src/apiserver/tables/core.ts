/** Tables of the core group and its neighbours: services, nodes, events, configuration. */
import { getCondition } from '../../kube/conditions.ts';
import { age } from '../../kube/duration.ts';
import { formatLabelSelector } from '../../kube/selectors.ts';
import type {
  ConfigMap,
  Endpoints,
  EndpointSlice,
  Event,
  Lease,
  Namespace,
  Node,
  PodDisruptionBudget,
  PriorityClass,
  Secret,
  Service,
  ServiceAccount,
} from '../../kube/types.ts';
import { AGE, ageOf, columns, joined, NAME, NONE, printer, shortened, UNSET } from './columns.ts';

export const namespacePrinter = printer<Namespace>(columns(NAME, ['Status', 'The status of the namespace'], AGE), (ns, now) => [
  ns.metadata.name ?? '',
  ns.status?.phase ?? '',
  ageOf(ns, now),
]);

export const nodePrinter = printer<Node>(
  columns(
    NAME,
    ['Status', 'The status of the node'],
    ['Roles', 'The roles of the node'],
    AGE,
    ['Version', 'v1/NodeSystemInfo#kubeletVersion'],
    ['Internal-IP*', 'v1/NodeStatus#addresses'],
    ['External-IP*', 'v1/NodeStatus#addresses'],
    ['OS-Image*', 'v1/NodeSystemInfo#osImage'],
    ['Kernel-Version*', 'v1/NodeSystemInfo#kernelVersion'],
    ['Container-Runtime*', 'v1/NodeSystemInfo#containerRuntimeVersion'],
  ),
  (node, now) => {
    const ready = getCondition(node.status?.conditions, 'Ready');
    const status = [
      ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady',
      ...(node.spec?.unschedulable ? ['SchedulingDisabled'] : []),
    ];
    const address = (type: string): string => node.status?.addresses?.find((a) => a.type === type)?.address ?? NONE;
    const info = node.status?.nodeInfo;
    return [
      node.metadata.name ?? '',
      status.join(','),
      rolesOf(node),
      ageOf(node, now),
      info?.kubeletVersion ?? '',
      address('InternalIP'),
      address('ExternalIP'),
      info?.osImage || '<unknown>',
      `${info?.kernelVersion || '<unknown>'}${info?.architecture ? ` (${info.architecture})` : ''}`,
      info?.containerRuntimeVersion || '<unknown>',
    ];
  },
);

function rolesOf(node: Node): string {
  const prefix = 'node-role.kubernetes.io/';
  const roles = new Set<string>();
  for (const [key, value] of Object.entries(node.metadata.labels ?? {})) {
    if (key.startsWith(prefix) && key.length > prefix.length) roles.add(key.slice(prefix.length));
    else if (key === 'kubernetes.io/role' && value !== '') roles.add(value);
  }
  return joined([...roles].sort());
}

export const servicePrinter = printer<Service>(
  columns(
    NAME,
    ['Type', 'v1/ServiceSpec#type'],
    ['Cluster-IP', 'v1/ServiceSpec#clusterIP'],
    ['External-IP', 'v1/ServiceSpec#externalIPs'],
    ['Port(s)', 'v1/ServiceSpec#ports'],
    AGE,
    ['Selector*', 'v1/ServiceSpec#selector'],
  ),
  (service, now) => {
    const { spec } = service;
    const ports = (spec?.ports ?? []).map((port) => `${port.port}${port.nodePort ? `:${port.nodePort}` : ''}/${port.protocol ?? 'TCP'}`);
    return [
      service.metadata.name ?? '',
      spec?.type ?? '',
      spec?.clusterIP || NONE,
      externalAddress(service),
      joined(ports),
      ageOf(service, now),
      formatLabelSelector({ matchLabels: spec?.selector ?? {} }),
    ];
  },
);

function externalAddress({ spec, status }: Service): string {
  const fixed = spec?.externalIPs ?? [];
  if (spec?.type === 'ExternalName') return spec.externalName ?? '';
  if (spec?.type !== 'LoadBalancer') return joined(fixed);
  const balanced = (status?.loadBalancer?.ingress ?? []).map((ingress) => ingress.ip || ingress.hostname || '').filter((text) => text !== '');
  const all = [...balanced, ...fixed];
  return all.length === 0 ? '<pending>' : all.join(',');
}

/** Newer events have no count and times of their own: the last of a series, or the only one. */
function lastSeen(event: Event): string | undefined {
  return event.series?.lastObservedTime ?? event.lastTimestamp ?? firstSeen(event);
}

function firstSeen(event: Event): string | undefined {
  return event.firstTimestamp ?? event.eventTime ?? undefined;
}

export const eventPrinter = printer<Event>(
  columns(
    ['Last Seen', 'v1/Event#lastTimestamp'],
    ['Type', 'v1/Event#type'],
    ['Reason', 'v1/Event#reason'],
    ['Object', 'v1/Event#involvedObject'],
    ['Subobject*', 'v1/ObjectReference#fieldPath'],
    ['Source*', 'v1/Event#source'],
    ['Message', 'v1/Event#message'],
    ['First Seen*', 'v1/Event#firstTimestamp'],
    ['Count*', 'v1/Event#count'],
    ['Name*', 'metadata#name'],
  ),
  (event, now) => {
    const { kind = '', name = '', fieldPath = '' } = event.involvedObject ?? {};
    const source = [event.source?.component || event.reportingComponent, event.source?.host || event.reportingInstance].filter(Boolean).join(', ');
    const count = event.series?.count ?? event.count ?? 1;
    return [
      age(lastSeen(event), now),
      event.type ?? '',
      event.reason ?? '',
      name === '' ? kind.toLowerCase() : `${kind.toLowerCase()}/${name}`,
      fieldPath,
      source,
      (event.message ?? '').trim(),
      age(firstSeen(event), now),
      count,
      event.metadata.name ?? '',
    ];
  },
);

export const configMapPrinter = printer<ConfigMap>(columns(NAME, ['Data', 'v1/ConfigMap#data'], AGE), (map, now) => [
  map.metadata.name ?? '',
  Object.keys(map.data ?? {}).length + Object.keys(map.binaryData ?? {}).length,
  ageOf(map, now),
]);

export const secretPrinter = printer<Secret>(columns(NAME, ['Type', 'v1/Secret#type'], ['Data', 'v1/Secret#data'], AGE), (secret, now) => [
  secret.metadata.name ?? '',
  secret.type ?? '',
  Object.keys(secret.data ?? {}).length,
  ageOf(secret, now),
]);

export const serviceAccountPrinter = printer<ServiceAccount>(columns(NAME, AGE), (account, now) => [account.metadata.name ?? '', ageOf(account, now)]);

export const endpointsPrinter = printer<Endpoints>(columns(NAME, ['Endpoints', 'v1/Endpoints#subsets'], AGE), (endpoints, now) => {
  const addresses = (endpoints.subsets ?? []).flatMap(({ addresses: list = [], ports }) =>
    ports?.length ? ports.flatMap((port) => list.map((a) => `${a.ip.includes(':') ? `[${a.ip}]` : a.ip}:${port.port}`)) : list.map((a) => a.ip),
  );
  return [endpoints.metadata.name ?? '', shortened(addresses, NONE), ageOf(endpoints, now)];
});

export const endpointSlicePrinter = printer<EndpointSlice>(
  columns(
    NAME,
    ['AddressType', 'discovery.k8s.io/v1/EndpointSlice#addressType'],
    ['Ports', 'discovery.k8s.io/v1/EndpointSlice#ports'],
    ['Endpoints', 'discovery.k8s.io/v1/EndpointSlice#endpoints'],
    AGE,
  ),
  (slice, now) => [
    slice.metadata.name ?? '',
    slice.addressType ?? '',
    shortened(
      (slice.ports ?? []).map((port) => String(port.port ?? port.name ?? '*')),
      UNSET,
    ),
    shortened(
      (slice.endpoints ?? []).flatMap((endpoint) => endpoint.addresses ?? []),
      UNSET,
    ),
    ageOf(slice, now),
  ],
);

export const leasePrinter = printer<Lease>(columns(NAME, ['Holder', 'coordination.k8s.io/v1/LeaseSpec#holderIdentity'], AGE), (lease, now) => [
  lease.metadata.name ?? '',
  lease.spec?.holderIdentity ?? '',
  ageOf(lease, now),
]);

export const priorityClassPrinter = printer<PriorityClass>(
  columns(
    NAME,
    ['Value:integer', 'scheduling.k8s.io/v1/PriorityClass#value'],
    ['Global-Default:boolean', 'scheduling.k8s.io/v1/PriorityClass#globalDefault'],
    AGE,
    ['PreemptionPolicy', 'scheduling.k8s.io/v1/PriorityClass#preemptionPolicy'],
  ),
  (object, now) => [object.metadata.name ?? '', object.value ?? 0, object.globalDefault ?? false, ageOf(object, now), object.preemptionPolicy ?? ''],
);

export const disruptionBudgetPrinter = printer<PodDisruptionBudget>(
  columns(
    NAME,
    ['Min Available', 'The minimum number of pods that must be available.'],
    ['Max Unavailable', 'The maximum number of pods that may be unavailable.'],
    ['Allowed Disruptions:integer', 'Calculated number of pods that may be disrupted at this time.'],
    AGE,
  ),
  (pdb, now) => [
    pdb.metadata.name ?? '',
    String(pdb.spec?.minAvailable ?? 'N/A'),
    String(pdb.spec?.maxUnavailable ?? 'N/A'),
    pdb.status?.disruptionsAllowed ?? 0,
    ageOf(pdb, now),
  ],
);
