/** The named groups, all kinds that Kubernetes 1.37 serves by default. */
import type { ResourceDefinition } from '../engine.ts';
import { fields, resource, review } from './define.ts';
import { convertEvent, newEventFields } from './events.ts';
import { convertAutoscalerV1 } from './autoscalers.ts';

const HPA_STORAGE = { group: 'autoscaling', plural: 'horizontalpodautoscalers' };

export const groupResources: readonly ResourceDefinition[] = [
  resource('apiregistration.k8s.io/v1', 'APIService', 'apiservices', {
    cluster: true,
    status: true,
    categories: ['api-extensions'],
    fields: fields('spec.service.name'),
  }),
  resource('apps/v1', 'ControllerRevision', 'controllerrevisions'),
  resource('apps/v1', 'DaemonSet', 'daemonsets', { short: ['ds'], all: true, status: true, generation: true }),
  resource('apps/v1', 'Deployment', 'deployments', { short: ['deploy'], all: true, status: true, scale: true, generation: true }),
  resource('apps/v1', 'ReplicaSet', 'replicasets', {
    short: ['rs'],
    all: true,
    status: true,
    scale: true,
    generation: true,
    fields: fields('status.replicas'),
  }),
  resource('apps/v1', 'StatefulSet', 'statefulsets', { short: ['sts'], all: true, status: true, scale: true, generation: true }),
  resource('events.k8s.io/v1', 'Event', 'events', {
    short: ['ev'],
    fields: newEventFields,
    storage: { group: '', plural: 'events' },
    convert: convertEvent,
  }),
  review('authentication.k8s.io/v1', 'SelfSubjectReview', 'selfsubjectreviews'),
  review('authentication.k8s.io/v1', 'TokenReview', 'tokenreviews'),
  review('authorization.k8s.io/v1', 'LocalSubjectAccessReview', 'localsubjectaccessreviews', true),
  review('authorization.k8s.io/v1', 'SelfSubjectAccessReview', 'selfsubjectaccessreviews'),
  review('authorization.k8s.io/v1', 'SelfSubjectRulesReview', 'selfsubjectrulesreviews'),
  review('authorization.k8s.io/v1', 'SubjectAccessReview', 'subjectaccessreviews'),
  resource('autoscaling/v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers', {
    short: ['hpa'],
    all: true,
    status: true,
    generation: true,
    storage: HPA_STORAGE,
  }),
  resource('autoscaling/v1', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers', {
    short: ['hpa'],
    all: true,
    status: true,
    generation: true,
    storage: HPA_STORAGE,
    convert: convertAutoscalerV1,
  }),
  resource('batch/v1', 'CronJob', 'cronjobs', { short: ['cj'], all: true, status: true, generation: true }),
  resource('batch/v1', 'Job', 'jobs', { all: true, status: true, generation: true, fields: { 'status.successful': successfulPods } }),
  resource('certificates.k8s.io/v1', 'CertificateSigningRequest', 'certificatesigningrequests', {
    short: ['csr'],
    cluster: true,
    status: true,
    fields: fields('spec.signerName'),
    subresources: [
      {
        name: 'approval',
        verbs: ['get', 'patch', 'update'],
        kind: { group: 'certificates.k8s.io', version: 'v1', kind: 'CertificateSigningRequest' },
      },
    ],
  }),
  resource('certificates.k8s.io/v1', 'ClusterTrustBundle', 'clustertrustbundles', { cluster: true, fields: fields('spec.signerName') }),
  resource('certificates.k8s.io/v1', 'PodCertificateRequest', 'podcertificaterequests', {
    status: true,
    fields: fields('spec.signerName', 'spec.podName', 'spec.nodeName'),
  }),
  resource('networking.k8s.io/v1', 'IngressClass', 'ingressclasses', { cluster: true, generation: true }),
  resource('networking.k8s.io/v1', 'Ingress', 'ingresses', { short: ['ing'], status: true, generation: true }),
  resource('networking.k8s.io/v1', 'IPAddress', 'ipaddresses', {
    short: ['ip'],
    cluster: true,
    fields: fields('spec.parentRef.group', 'spec.parentRef.resource'),
  }),
  resource('networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies', { short: ['netpol'], generation: true }),
  resource('networking.k8s.io/v1', 'ServiceCIDR', 'servicecidrs', { cluster: true, status: true }),
  resource('policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets', { short: ['pdb'], status: true, generation: true }),
  resource('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', 'clusterrolebindings', { cluster: true }),
  resource('rbac.authorization.k8s.io/v1', 'ClusterRole', 'clusterroles', { cluster: true }),
  resource('rbac.authorization.k8s.io/v1', 'RoleBinding', 'rolebindings'),
  resource('rbac.authorization.k8s.io/v1', 'Role', 'roles'),
  resource('storage.k8s.io/v1', 'CSIDriver', 'csidrivers', { cluster: true }),
  resource('storage.k8s.io/v1', 'CSINode', 'csinodes', { cluster: true, status: true }),
  resource('storage.k8s.io/v1', 'CSIStorageCapacity', 'csistoragecapacities'),
  resource('storage.k8s.io/v1', 'StorageClass', 'storageclasses', { short: ['sc'], cluster: true }),
  resource('storage.k8s.io/v1', 'VolumeAttachment', 'volumeattachments', { cluster: true, status: true }),
  resource('storage.k8s.io/v1', 'VolumeAttributesClass', 'volumeattributesclasses', { short: ['vac'], cluster: true }),
  resource('admissionregistration.k8s.io/v1', 'MutatingAdmissionPolicy', 'mutatingadmissionpolicies', {
    cluster: true,
    generation: true,
    categories: ['api-extensions'],
  }),
  resource('admissionregistration.k8s.io/v1', 'MutatingAdmissionPolicyBinding', 'mutatingadmissionpolicybindings', {
    cluster: true,
    generation: true,
    categories: ['api-extensions'],
  }),
  resource('admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration', 'mutatingwebhookconfigurations', {
    cluster: true,
    generation: true,
    categories: ['api-extensions'],
  }),
  resource('admissionregistration.k8s.io/v1', 'ValidatingAdmissionPolicy', 'validatingadmissionpolicies', {
    cluster: true,
    status: true,
    generation: true,
    categories: ['api-extensions'],
  }),
  resource('admissionregistration.k8s.io/v1', 'ValidatingAdmissionPolicyBinding', 'validatingadmissionpolicybindings', {
    cluster: true,
    generation: true,
    categories: ['api-extensions'],
  }),
  resource('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', 'validatingwebhookconfigurations', {
    cluster: true,
    generation: true,
    categories: ['api-extensions'],
  }),
  resource('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'customresourcedefinitions', {
    short: ['crd', 'crds'],
    cluster: true,
    status: true,
    generation: true,
    categories: ['api-extensions'],
  }),
  resource('scheduling.k8s.io/v1', 'PriorityClass', 'priorityclasses', { short: ['pc'], cluster: true, generation: true }),
  resource('coordination.k8s.io/v1', 'Lease', 'leases'),
  resource('node.k8s.io/v1', 'RuntimeClass', 'runtimeclasses', { cluster: true }),
  resource('discovery.k8s.io/v1', 'EndpointSlice', 'endpointslices', { generation: true }),
  resource('flowcontrol.apiserver.k8s.io/v1', 'FlowSchema', 'flowschemas', { cluster: true, status: true, generation: true }),
  resource('flowcontrol.apiserver.k8s.io/v1', 'PriorityLevelConfiguration', 'prioritylevelconfigurations', { cluster: true, status: true, generation: true }),
  resource('resource.k8s.io/v1', 'DeviceClass', 'deviceclasses', { cluster: true }),
  resource('resource.k8s.io/v1', 'DeviceTaintRule', 'devicetaintrules', { cluster: true, status: true, generation: true }),
  resource('resource.k8s.io/v1', 'ResourceClaim', 'resourceclaims', { status: true }),
  resource('resource.k8s.io/v1', 'ResourceClaimTemplate', 'resourceclaimtemplates'),
  resource('resource.k8s.io/v1', 'ResourceSlice', 'resourceslices', { cluster: true, fields: fields('spec.nodeName', 'spec.driver') }),
  resource('storagemigration.k8s.io/v1', 'StorageVersionMigration', 'storageversionmigrations', { cluster: true, status: true }),
];

/** A job that has not succeeded yet counts zero, as upstream's field label. */
function successfulPods(object: object): string {
  const { status } = object as { status?: { succeeded?: number } };
  return String(status?.succeeded ?? 0);
}
