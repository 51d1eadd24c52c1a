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
import { ageOf, column, columns, joined, NONE, printer } from './columns.ts';

export const namespacePrinter = printer<Namespace>(columns('Name', 'Status', 'Age'), (ns, now) => [
  ns.metadata.name ?? '',
  ns.status?.phase ?? '',
  ageOf(ns, now),
]);

export const nodePrinter = printer<Node>(
  columns('Name', 'Status', 'Roles', 'Age', 'Version', 'Internal-IP*', 'External-IP*', 'OS-Image*', 'Kernel-Version*', 'Container-Runtime*'),
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
      info?.kernelVersion || '<unknown>',
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

export const servicePrinter = printer<Service>(columns('Name', 'Type', 'Cluster-IP', 'External-IP', 'Port(s)', 'Age', 'Selector*'), (service, now) => {
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
});

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
  return event.series?.lastObservedTime ?? event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp;
}

function firstSeen(event: Event): string | undefined {
  return event.firstTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp;
}

export const eventPrinter = printer<Event>(
  columns('Last Seen', 'Type', 'Reason', 'Object', 'Subobject*', 'Source*', 'Message', 'First Seen*', 'Count*', 'Name*'),
  (event, now) => {
    const { kind = '', name = '', fieldPath = '' } = event.involvedObject ?? {};
    const source = [event.source?.component || event.reportingComponent, event.source?.host || event.reportingInstance].filter(Boolean).join(', ');
    const count = event.series?.count ?? event.count ?? 1;
    return [
      age(lastSeen(event), now),
      event.type ?? '',
      event.reason ?? '',
      `${kind.toLowerCase()}/${name}`,
      fieldPath,
      source,
      (event.message ?? '').trim(),
      age(firstSeen(event), now),
      count,
      event.metadata.name ?? '',
    ];
  },
);

export const configMapPrinter = printer<ConfigMap>(columns('Name', 'Data', 'Age'), (map, now) => [
  map.metadata.name ?? '',
  String(Object.keys(map.data ?? {}).length + Object.keys(map.binaryData ?? {}).length),
  ageOf(map, now),
]);

export const secretPrinter = printer<Secret>(columns('Name', 'Type', 'Data', 'Age'), (secret, now) => [
  secret.metadata.name ?? '',
  secret.type ?? '',
  String(Object.keys(secret.data ?? {}).length),
  ageOf(secret, now),
]);

export const serviceAccountPrinter = printer<ServiceAccount>(columns('Name', 'Secrets', 'Age'), (account, now) => [
  account.metadata.name ?? '',
  String(account.secrets?.length ?? 0),
  ageOf(account, now),
]);

const MAX_ENDPOINTS = 3;

function shortened(addresses: readonly string[]): string {
  if (addresses.length === 0) return NONE;
  const more = addresses.length - MAX_ENDPOINTS;
  return addresses.slice(0, MAX_ENDPOINTS).join(',') + (more > 0 ? ` + ${more} more...` : '');
}

export const endpointsPrinter = printer<Endpoints>(columns('Name', 'Endpoints', 'Age'), (endpoints, now) => {
  const addresses = (endpoints.subsets ?? []).flatMap(({ addresses: list = [], ports }) =>
    ports?.length ? ports.flatMap((port) => list.map((a) => `${a.ip}:${port.port}`)) : list.map((a) => a.ip),
  );
  return [endpoints.metadata.name ?? '', shortened(addresses), ageOf(endpoints, now)];
});

export const endpointSlicePrinter = printer<EndpointSlice>(columns('Name', 'AddressType', 'Ports', 'Endpoints', 'Age'), (slice, now) => {
  const ports = (slice.ports ?? []).map((port) => String(port.port ?? '*'));
  const addresses = (slice.endpoints ?? []).flatMap((endpoint) => endpoint.addresses ?? []);
  return [
    slice.metadata.name ?? '',
    slice.addressType ?? '',
    ports.length === 0 ? '<unset>' : joined(ports),
    addresses.length === 0 ? '<unset>' : shortened(addresses),
    ageOf(slice, now),
  ];
});

export const leasePrinter = printer<Lease>(columns('Name', 'Holder', 'Age'), (lease, now) => [
  lease.metadata.name ?? '',
  lease.spec?.holderIdentity ?? '',
  ageOf(lease, now),
]);

export const priorityClassPrinter = printer<PriorityClass>(
  [column('Name'), column('Value', 'integer'), column('Global-Default', 'boolean'), column('Age'), column('PreemptionPolicy')],
  (object, now) => [object.metadata.name ?? '', object.value ?? 0, object.globalDefault ?? false, ageOf(object, now), object.preemptionPolicy ?? ''],
);

export const disruptionBudgetPrinter = printer<PodDisruptionBudget>(
  columns('Name', 'Min Available', 'Max Unavailable', 'Allowed Disruptions:integer', 'Age'),
  (pdb, now) => [
    pdb.metadata.name ?? '',
    String(pdb.spec?.minAvailable ?? 'N/A'),
    String(pdb.spec?.maxUnavailable ?? 'N/A'),
    pdb.status?.disruptionsAllowed ?? 0,
    ageOf(pdb, now),
  ],
);
