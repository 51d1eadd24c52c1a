/**
 * Typed handles for the resources controllers work with: where a kind lives in the API.
 * The full table of resources (verbs, columns, schemas) is the API server's; this is the part a client needs.
 */
import type { CertificateSigningRequest } from './certificates/types.ts';
import type { Binding, ClusterRole } from './rbac/types.ts';
import type { StorageVersionMigration } from './validation/storage-migration.ts';
import type {
  ConfigMap,
  ControllerRevision,
  CronJob,
  CustomResourceDefinition,
  DaemonSet,
  Deployment,
  Endpoints,
  EndpointSlice,
  Event,
  HorizontalPodAutoscaler,
  Job,
  KubeObject,
  Lease,
  LimitRange,
  Namespace,
  NetworkPolicy,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodDisruptionBudget,
  PodTemplate,
  PriorityClass,
  RuntimeClass,
  ReplicaSet,
  ReplicationController,
  ResourceQuota,
  Secret,
  Service,
  ServiceAccount,
  StatefulSet,
  StorageClass,
} from './types.ts';

/** A resource of the API; `T` is the type of its objects. */
export interface Resource<T extends KubeObject = KubeObject> {
  /** '' for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** The name in URLs: 'pods'. */
  readonly plural: string;
  readonly namespaced: boolean;
  /** Carries `T` for the compiler; never set. */
  readonly object?: T;
}

/** 'v1' or 'apps/v1'. */
export function apiVersionOf(resource: { group: string; version: string }): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

function define<T extends KubeObject>(group: string, version: string, kind: string, plural: string, namespaced = true): Resource<T> {
  return Object.freeze({ group, version, kind, plural, namespaced });
}

export const clusterRoles = define<ClusterRole>('rbac.authorization.k8s.io', 'v1', 'ClusterRole', 'clusterroles', false);
export const clusterRoleBindings = define<Binding>('rbac.authorization.k8s.io', 'v1', 'ClusterRoleBinding', 'clusterrolebindings', false);
export const configMaps = define<ConfigMap>('', 'v1', 'ConfigMap', 'configmaps');
export const endpoints = define<Endpoints>('', 'v1', 'Endpoints', 'endpoints');
export const events = define<Event>('', 'v1', 'Event', 'events');
export const limitRanges = define<LimitRange>('', 'v1', 'LimitRange', 'limitranges');
export const namespaces = define<Namespace>('', 'v1', 'Namespace', 'namespaces', false);
export const nodes = define<Node>('', 'v1', 'Node', 'nodes', false);
export const persistentVolumeClaims = define<PersistentVolumeClaim>('', 'v1', 'PersistentVolumeClaim', 'persistentvolumeclaims');
export const persistentVolumes = define<PersistentVolume>('', 'v1', 'PersistentVolume', 'persistentvolumes', false);
export const pods = define<Pod>('', 'v1', 'Pod', 'pods');
export const podTemplates = define<PodTemplate>('', 'v1', 'PodTemplate', 'podtemplates');
export const replicationControllers = define<ReplicationController>('', 'v1', 'ReplicationController', 'replicationcontrollers');
export const resourceQuotas = define<ResourceQuota>('', 'v1', 'ResourceQuota', 'resourcequotas');
export const secrets = define<Secret>('', 'v1', 'Secret', 'secrets');
export const services = define<Service>('', 'v1', 'Service', 'services');
export const serviceAccounts = define<ServiceAccount>('', 'v1', 'ServiceAccount', 'serviceaccounts');
export const controllerRevisions = define<ControllerRevision>('apps', 'v1', 'ControllerRevision', 'controllerrevisions');
export const daemonSets = define<DaemonSet>('apps', 'v1', 'DaemonSet', 'daemonsets');
export const deployments = define<Deployment>('apps', 'v1', 'Deployment', 'deployments');
export const replicaSets = define<ReplicaSet>('apps', 'v1', 'ReplicaSet', 'replicasets');
export const statefulSets = define<StatefulSet>('apps', 'v1', 'StatefulSet', 'statefulsets');
export const horizontalPodAutoscalers = define<HorizontalPodAutoscaler>('autoscaling', 'v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers');
export const cronJobs = define<CronJob>('batch', 'v1', 'CronJob', 'cronjobs');
export const jobs = define<Job>('batch', 'v1', 'Job', 'jobs');
export const certificateSigningRequests = define<CertificateSigningRequest>(
  'certificates.k8s.io',
  'v1',
  'CertificateSigningRequest',
  'certificatesigningrequests',
  false,
);
export const subjectAccessReviews = define<KubeObject>('authorization.k8s.io', 'v1', 'SubjectAccessReview', 'subjectaccessreviews', false);
export const leases = define<Lease>('coordination.k8s.io', 'v1', 'Lease', 'leases');
export const endpointSlices = define<EndpointSlice>('discovery.k8s.io', 'v1', 'EndpointSlice', 'endpointslices');
export const networkPolicies = define<NetworkPolicy>('networking.k8s.io', 'v1', 'NetworkPolicy', 'networkpolicies');
export const podDisruptionBudgets = define<PodDisruptionBudget>('policy', 'v1', 'PodDisruptionBudget', 'poddisruptionbudgets');
export const priorityClasses = define<PriorityClass>('scheduling.k8s.io', 'v1', 'PriorityClass', 'priorityclasses', false);
export const runtimeClasses = define<RuntimeClass>('node.k8s.io', 'v1', 'RuntimeClass', 'runtimeclasses', false);
export const storageClasses = define<StorageClass>('storage.k8s.io', 'v1', 'StorageClass', 'storageclasses', false);
export const storageVersionMigrations = define<StorageVersionMigration>(
  'storagemigration.k8s.io',
  'v1',
  'StorageVersionMigration',
  'storageversionmigrations',
  false,
);
export const customResourceDefinitions = define<CustomResourceDefinition>(
  'apiextensions.k8s.io',
  'v1',
  'CustomResourceDefinition',
  'customresourcedefinitions',
  false,
);
