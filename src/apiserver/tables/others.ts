/** Tables of the other built-in kinds: storage, networking, policy, access. */
import { humanDuration } from '../../kube/duration.ts';
import { getCondition, type Condition } from '../../kube/conditions.ts';
import { formatLabelSelector } from '../../kube/selectors.ts';
import type { LabelSelector, Unstructured } from '../../kube/types.ts';
import { ageOf, columns, NONE, printer, type Cell, type Printer } from './columns.ts';

type Fields = Record<string, unknown>;

/** Walks fields that may not be there. */
function at(object: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>((value, name) => (typeof value === 'object' && value !== null ? (value as Fields)[name] : undefined), object);
}

const text = (object: unknown, ...path: string[]): string => String(at(object, ...path) ?? '');
const items = (object: unknown, ...path: string[]): Fields[] => (at(object, ...path) as Fields[] | undefined) ?? [];
const named = (object: Unstructured): string => object.metadata.name ?? '';

function simple(names: readonly string[], row: (object: Unstructured, nowMs: number) => Cell[]): Printer {
  return printer<Unstructured>(columns(...names), row);
}

const ACCESS_MODES: Record<string, string> = { ReadWriteOnce: 'RWO', ReadOnlyMany: 'ROX', ReadWriteMany: 'RWX', ReadWriteOncePod: 'RWOP' };
const accessModes = (modes: unknown): string => ((modes as string[] | undefined) ?? []).map((mode) => ACCESS_MODES[mode] ?? mode).join(',');

function subjects(object: Unstructured, kind: string): string {
  return items(object, 'subjects')
    .filter((s) => s['kind'] === kind)
    .map((s) => (kind === 'ServiceAccount' ? `${text(s, 'namespace')}/${text(s, 'name')}` : text(s, 'name')))
    .join(', ');
}

const binding = simple(['Name', 'Role', 'Age', 'Users*', 'Groups*', 'ServiceAccounts*'], (o, now) => [
  named(o),
  `${text(o, 'roleRef', 'kind')}/${text(o, 'roleRef', 'name')}`,
  ageOf(o, now),
  subjects(o, 'User'),
  subjects(o, 'Group'),
  subjects(o, 'ServiceAccount'),
]);

/** Name and the moment of creation: kinds without a printer of their own upstream. */
const createdAt = simple(['Name', 'Created At'], (o) => [named(o), o.metadata.creationTimestamp ?? '']);

export const otherPrinters: Record<string, Printer> = {
  'rbac.authorization.k8s.io/Role': createdAt,
  'rbac.authorization.k8s.io/ClusterRole': createdAt,
  'apiextensions.k8s.io/CustomResourceDefinition': createdAt,
  '/LimitRange': createdAt,
  'rbac.authorization.k8s.io/RoleBinding': binding,
  'rbac.authorization.k8s.io/ClusterRoleBinding': binding,
  '/PodTemplate': simple(['Name', 'Containers', 'Images', 'Pod Labels'], (o) => [
    named(o),
    items(o, 'template', 'spec', 'containers')
      .map((c) => text(c, 'name'))
      .join(','),
    items(o, 'template', 'spec', 'containers')
      .map((c) => text(c, 'image'))
      .join(','),
    formatLabelSelector({ matchLabels: (at(o, 'template', 'metadata', 'labels') as Record<string, string> | undefined) ?? {} }),
  ]),
  '/PersistentVolume': simple(
    ['Name', 'Capacity', 'Access Modes', 'Reclaim Policy', 'Status', 'Claim', 'StorageClass', 'VolumeAttributesClass', 'Reason', 'Age', 'VolumeMode*'],
    (o, now) => [
      named(o),
      text(o, 'spec', 'capacity', 'storage'),
      accessModes(at(o, 'spec', 'accessModes')),
      text(o, 'spec', 'persistentVolumeReclaimPolicy'),
      o.metadata.deletionTimestamp ? 'Terminating' : text(o, 'status', 'phase'),
      at(o, 'spec', 'claimRef') ? `${text(o, 'spec', 'claimRef', 'namespace')}/${text(o, 'spec', 'claimRef', 'name')}` : '',
      text(o, 'spec', 'storageClassName'),
      text(o, 'spec', 'volumeAttributesClassName') || '<unset>',
      text(o, 'status', 'reason'),
      ageOf(o, now),
      text(o, 'spec', 'volumeMode') || '<unset>',
    ],
  ),
  '/PersistentVolumeClaim': simple(
    ['Name', 'Status', 'Volume', 'Capacity', 'Access Modes', 'StorageClass', 'VolumeAttributesClass', 'Age', 'VolumeMode*'],
    (o, now) => {
      const bound = text(o, 'spec', 'volumeName') !== '';
      return [
        named(o),
        o.metadata.deletionTimestamp ? 'Terminating' : text(o, 'status', 'phase'),
        text(o, 'spec', 'volumeName'),
        bound ? text(o, 'status', 'capacity', 'storage') : '',
        bound ? accessModes(at(o, 'status', 'accessModes')) : '',
        text(o, 'spec', 'storageClassName'),
        text(o, 'spec', 'volumeAttributesClassName') || '<unset>',
        ageOf(o, now),
        text(o, 'spec', 'volumeMode') || '<unset>',
      ];
    },
  ),
  'storage.k8s.io/StorageClass': simple(['Name', 'Provisioner', 'ReclaimPolicy', 'VolumeBindingMode', 'AllowVolumeExpansion:boolean', 'Age'], (o, now) => [
    `${named(o)}${o.metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true' ? ' (default)' : ''}`,
    text(o, 'provisioner'),
    text(o, 'reclaimPolicy'),
    text(o, 'volumeBindingMode'),
    at(o, 'allowVolumeExpansion') === true,
    ageOf(o, now),
  ]),
  'networking.k8s.io/Ingress': simple(['Name', 'Class', 'Hosts', 'Address', 'Ports', 'Age'], (o, now) => {
    const hosts = items(o, 'spec', 'rules')
      .map((rule) => text(rule, 'host'))
      .filter((host) => host !== '');
    const addresses = items(o, 'status', 'loadBalancer', 'ingress').map((i) => text(i, 'ip') || text(i, 'hostname'));
    return [
      named(o),
      text(o, 'spec', 'ingressClassName') || NONE,
      hosts.length === 0 ? '*' : hosts.join(','),
      addresses.join(','),
      items(o, 'spec', 'tls').length > 0 ? '80, 443' : '80',
      ageOf(o, now),
    ];
  }),
  'networking.k8s.io/IngressClass': simple(['Name', 'Controller', 'Parameters', 'Age'], (o, now) => [
    named(o),
    text(o, 'spec', 'controller'),
    at(o, 'spec', 'parameters') ? `${text(o, 'spec', 'parameters', 'kind')}/${text(o, 'spec', 'parameters', 'name')}` : NONE,
    ageOf(o, now),
  ]),
  'networking.k8s.io/NetworkPolicy': simple(['Name', 'Pod-Selector', 'Age'], (o, now) => [
    named(o),
    formatLabelSelector(at(o, 'spec', 'podSelector') as LabelSelector),
    ageOf(o, now),
  ]),
  '/ResourceQuota': simple(['Name', 'Request', 'Limit', 'Age'], (o, now) => {
    const hard = (at(o, 'status', 'hard') ?? {}) as Record<string, string>;
    const shown = (wanted: (name: string) => boolean): string =>
      Object.entries(hard)
        .filter(([name]) => wanted(name))
        .sort(([a], [b]) => a.localeCompare(b))
        .map(([name, limit]) => `${name}: ${text(o, 'status', 'used', name) || '0'}/${limit}`)
        .join(', ');
    return [named(o), shown((name) => !name.startsWith('limits.')), shown((name) => name.startsWith('limits.')), ageOf(o, now)];
  }),
  'certificates.k8s.io/CertificateSigningRequest': simple(['Name', 'Age', 'SignerName', 'Requestor', 'RequestedDuration', 'Condition'], (o, now) => {
    const conditions = items(o, 'status', 'conditions') as unknown as Condition[];
    const states = ['Approved', 'Denied', 'Failed'].filter((type) => getCondition(conditions, type));
    if (text(o, 'status', 'certificate') !== '') states.push('Issued');
    const seconds = at(o, 'spec', 'expirationSeconds');
    return [
      named(o),
      ageOf(o, now),
      text(o, 'spec', 'signerName'),
      text(o, 'spec', 'username'),
      typeof seconds === 'number' ? humanDuration(seconds * 1000) : NONE,
      states.length === 0 ? 'Pending' : states.join(','),
    ];
  }),
  'apiregistration.k8s.io/APIService': simple(['Name', 'Service', 'Available', 'Age'], (o, now) => {
    const available = getCondition(items(o, 'status', 'conditions') as unknown as Condition[], 'Available');
    const service = at(o, 'spec', 'service') ? `${text(o, 'spec', 'service', 'namespace')}/${text(o, 'spec', 'service', 'name')}` : 'Local';
    return [
      named(o),
      service,
      available === undefined ? 'Unknown' : available.status === 'True' ? 'True' : `${available.status} (${available.reason ?? ''})`,
      ageOf(o, now),
    ];
  }),
  'flowcontrol.apiserver.k8s.io/FlowSchema': simple(['Name', 'PriorityLevel', 'MatchingPrecedence', 'DistinguisherMethod', 'Age', 'MissingPL'], (o, now) => [
    named(o),
    text(o, 'spec', 'priorityLevelConfiguration', 'name'),
    Number(at(o, 'spec', 'matchingPrecedence') ?? 0),
    text(o, 'spec', 'distinguisherMethod', 'type') || NONE,
    ageOf(o, now),
    getCondition(items(o, 'status', 'conditions') as unknown as Condition[], 'Dangling')?.status ?? '?',
  ]),
  'flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration': simple(
    ['Name', 'Type', 'NominalConcurrencyShares', 'Queues', 'HandSize', 'QueueLengthLimit', 'Age'],
    (o, now) => {
      const queuing = (name: string): Cell => (at(o, 'spec', 'limited', 'limitResponse', 'queuing', name) as number | undefined) ?? NONE;
      const shares = (at(o, 'spec', 'limited', 'nominalConcurrencyShares') as number | undefined) ?? NONE;
      return [named(o), text(o, 'spec', 'type'), shares, queuing('queues'), queuing('handSize'), queuing('queueLengthLimit'), ageOf(o, now)];
    },
  ),
  'node.k8s.io/RuntimeClass': simple(['Name', 'Handler', 'Age'], (o, now) => [named(o), text(o, 'handler'), ageOf(o, now)]),
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration': simple(['Name', 'Webhooks:integer', 'Age'], (o, now) => [
    named(o),
    items(o, 'webhooks').length,
    ageOf(o, now),
  ]),
  'admissionregistration.k8s.io/MutatingWebhookConfiguration': simple(['Name', 'Webhooks:integer', 'Age'], (o, now) => [
    named(o),
    items(o, 'webhooks').length,
    ageOf(o, now),
  ]),
  'apps/ControllerRevision': simple(['Name', 'Controller', 'Revision:integer', 'Age'], (o, now) => {
    const owner = o.metadata.ownerReferences?.find((reference) => reference.controller);
    return [
      named(o),
      owner ? `${owner.kind.toLowerCase()}.${owner.apiVersion.split('/')[0] ?? ''}/${owner.name}` : NONE,
      Number(at(o, 'revision') ?? 0),
      ageOf(o, now),
    ];
  }),
  '/ComponentStatus': simple(['Name', 'Status', 'Message', 'Error'], (o) => {
    const healthy = getCondition(items(o, 'conditions') as unknown as Condition[], 'Healthy');
    return [named(o), healthy?.status === 'True' ? 'Healthy' : 'Unhealthy', healthy?.message ?? '', ''];
  }),
  'autoscaling/Scale': simple(['Name', 'Desired:integer', 'Available:integer', 'Age'], (o, now) => [
    named(o),
    Number(at(o, 'spec', 'replicas') ?? 0),
    Number(at(o, 'status', 'replicas') ?? 0),
    ageOf(o, now),
  ]),
};

export const defaultPrinter = simple(['Name', 'Age'], (o, now) => [named(o), ageOf(o, now)]);
