/** The core group. */
import type { KubeObject, Pod } from '../../kube/types.ts';
import type { ResourceDefinition } from '../engine.ts';
import { field, fields, resource, stream } from './define.ts';
import { coreEventFields } from './events.ts';

const CREATE = ['create'] as const;
const POD = { group: '', version: 'v1', kind: 'Pod' };
const PROXY_VERBS = ['create', 'delete', 'get', 'patch', 'update'] as const;

const podFields = {
  ...fields('spec.nodeName', 'spec.restartPolicy', 'spec.schedulerName', 'spec.serviceAccountName', 'status.phase', 'status.podIP', 'status.nominatedNodeName'),
  'spec.hostNetwork': (object: KubeObject) => String((object as Pod).spec?.hostNetwork === true),
  'status.podIPs': (object: KubeObject) => ((object as Pod).status?.podIPs ?? []).map((ip) => ip.ip).join(','),
};

export const coreResources: readonly ResourceDefinition[] = [
  resource('v1', 'Binding', 'bindings', { verbs: CREATE, virtual: true }),
  resource('v1', 'ConfigMap', 'configmaps', { short: ['cm'] }),
  resource('v1', 'Endpoints', 'endpoints', {
    short: ['ep'],
    deprecation: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  }),
  resource('v1', 'Event', 'events', { short: ['ev'], fields: coreEventFields }),
  resource('v1', 'LimitRange', 'limitranges', { short: ['limits'] }),
  resource('v1', 'Namespace', 'namespaces', {
    short: ['ns'],
    cluster: true,
    status: true,
    verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
    subresources: [{ name: 'finalize', kind: { group: '', version: 'v1', kind: 'Namespace' }, verbs: ['update'] }],
    fields: fields('status.phase'),
  }),
  resource('v1', 'Node', 'nodes', {
    short: ['no'],
    cluster: true,
    status: true,
    subresources: [stream('proxy', 'NodeProxyOptions', PROXY_VERBS)],
    fields: { 'spec.unschedulable': (object) => String((object as { spec?: { unschedulable?: boolean } }).spec?.unschedulable === true) },
  }),
  resource('v1', 'PersistentVolumeClaim', 'persistentvolumeclaims', { short: ['pvc'], status: true }),
  resource('v1', 'PersistentVolume', 'persistentvolumes', { short: ['pv'], cluster: true, status: true }),
  resource('v1', 'Pod', 'pods', {
    short: ['po'],
    all: true,
    status: true,
    generation: true,
    subresources: [
      stream('attach', 'PodAttachOptions'),
      { name: 'binding', kind: { group: '', version: 'v1', kind: 'Binding' }, verbs: CREATE },
      { name: 'ephemeralcontainers', kind: POD, verbs: ['get', 'patch', 'update'] },
      { name: 'eviction', kind: { group: 'policy', version: 'v1', kind: 'Eviction' }, verbs: CREATE },
      stream('exec', 'PodExecOptions'),
      stream('log', 'Pod', ['get']),
      stream('portforward', 'PodPortForwardOptions'),
      stream('proxy', 'PodProxyOptions', PROXY_VERBS),
      { name: 'resize', kind: POD, verbs: ['get', 'patch', 'update'] },
    ],
    fields: podFields,
  }),
  resource('v1', 'PodTemplate', 'podtemplates', { generation: true }),
  resource('v1', 'ReplicationController', 'replicationcontrollers', {
    short: ['rc'],
    all: true,
    status: true,
    scale: true,
    generation: true,
    fields: fields('status.replicas'),
  }),
  resource('v1', 'ResourceQuota', 'resourcequotas', { short: ['quota'], status: true }),
  resource('v1', 'Secret', 'secrets', { fields: { type: field('type') } }),
  resource('v1', 'ServiceAccount', 'serviceaccounts', {
    short: ['sa'],
    subresources: [{ name: 'token', kind: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' }, verbs: CREATE }],
  }),
  resource('v1', 'Service', 'services', {
    short: ['svc'],
    all: true,
    status: true,
    subresources: [stream('proxy', 'ServiceProxyOptions', PROXY_VERBS)],
    fields: fields('spec.clusterIP', 'spec.type'),
  }),
];
