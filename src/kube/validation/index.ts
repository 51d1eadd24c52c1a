/** What the API refuses about built-in kinds, with upstream's paths and words. Kinds not named here are checked by their metadata alone. */
import type { FieldError } from '../status.ts';
import type { DaemonSet, Deployment, Job, KubeObject, Pod, PodTemplateSpec, ReplicaSet, StatefulSet } from '../types.ts';
import { validateCertificateSigningRequest } from './certificates.ts';
import { validateAutoscaler, validateAutoscalerV1 } from './autoscaling.ts';
import { validateIngressClass, validateRuntimeClass } from './classes.ts';
import { validateConfigMap, validateDisruptionBudget, validateNamespace, validatePriorityClass, validateSecret } from './core.ts';
import { validateDeviceTaintRule, validateDeviceTaintRuleStatus } from './devices.ts';
import { validateEndpoints, validateEndpointSlice } from './endpoints.ts';
import type { Errors } from './field.ts';
import { validateJobStatus } from './job-status.ts';
import { validateCronJob, validateJob } from './jobs.ts';
import { validateLimitRange, validateQuotaStatus, validateResourceQuota } from './limits.ts';
import { validateCustomResourceDefinition } from './definitions.ts';
import { validateFlowSchema, validatePriorityLevel } from './flow-control.ts';
import { validateMetadata } from './metadata.ts';
import { validateIngress, validateIngressStatus, validateNetworkPolicy } from './networking.ts';
import { validateNode } from './node.ts';
import { validatePodSpec, validatePodTemplate } from './pod.ts';
import { validatePodCertificateRequest, validatePodCertificateRequestStatus, type PodCertificateRequest } from './pod-certificates.ts';
import { validatePodStatus, validatePodUpdate } from './pod-update.ts';
import { validateControllerRevision, validateEvent, validateLease, validateNewEvent } from './records.ts';
import { validateClusterRole, validateClusterRoleBinding, validateRole, validateRoleBinding } from './rbac.ts';
import { validatePersistentVolume, validatePersistentVolumeClaim, validateStorageClass } from './storage.ts';
import { validateService, validateServiceStatus } from './service.ts';
import { validateStorageVersionMigration, validateStorageVersionMigrationStatus, type StorageVersionMigration } from './storage-migration.ts';
import { validateClusterTrustBundle } from './trust-bundles.ts';
import { validateWebhookConfiguration } from './webhooks.ts';
import { validateCounts } from './workload-status.ts';
import { validateDaemonSet, validateDeployment, validateReplicaSet, validateReplicationController, validateStatefulSet } from './workloads.ts';

export { validateMetadata } from './metadata.ts';

type Rule = (errors: Errors, object: never, old: never) => void;

function rule<T extends KubeObject>(check: (errors: Errors, object: T, old: T | undefined) => void): Rule {
  return check as unknown as Rule;
}

const RULES: Record<string, Rule> = {
  'v1/Pod': rule<Pod>((errors, pod, old) => (old ? validatePodUpdate(errors, pod, old) : validatePodSpec(errors, 'spec', pod.spec))),
  'v1/PodTemplate': rule<KubeObject & { template?: PodTemplateSpec }>((errors, { template }) => validatePodTemplate(errors, 'template', template ?? {})),
  'v1/Service': rule(validateService),
  'v1/Endpoints': rule(validateEndpoints),
  'discovery.k8s.io/v1/EndpointSlice': rule(validateEndpointSlice),
  'v1/PersistentVolumeClaim': rule(validatePersistentVolumeClaim),
  'v1/PersistentVolume': rule(validatePersistentVolume),
  'storage.k8s.io/v1/StorageClass': rule(validateStorageClass),
  'storagemigration.k8s.io/v1/StorageVersionMigration': rule(validateStorageVersionMigration),
  'v1/ConfigMap': rule(validateConfigMap),
  'v1/Secret': rule(validateSecret),
  'v1/Namespace': rule(validateNamespace),
  'v1/Node': rule(validateNode),
  'networking.k8s.io/v1/Ingress': rule(validateIngress),
  'networking.k8s.io/v1/IngressClass': rule(validateIngressClass),
  'networking.k8s.io/v1/NetworkPolicy': rule(validateNetworkPolicy),
  'node.k8s.io/v1/RuntimeClass': rule(validateRuntimeClass),
  'v1/LimitRange': rule(validateLimitRange),
  'v1/ResourceQuota': rule(validateResourceQuota),
  'apps/v1/Deployment': rule<Deployment>(validateDeployment),
  'apps/v1/ReplicaSet': rule<ReplicaSet>(validateReplicaSet),
  'apps/v1/DaemonSet': rule<DaemonSet>(validateDaemonSet),
  'apps/v1/StatefulSet': rule<StatefulSet>(validateStatefulSet),
  'v1/ReplicationController': rule(validateReplicationController),
  'batch/v1/Job': rule<Job>(validateJob),
  'batch/v1/CronJob': rule(validateCronJob),
  'autoscaling/v1/HorizontalPodAutoscaler': rule(validateAutoscalerV1),
  'autoscaling/v2/HorizontalPodAutoscaler': rule(validateAutoscaler),
  'apps/v1/ControllerRevision': rule(validateControllerRevision),
  'coordination.k8s.io/v1/Lease': rule(validateLease),
  'v1/Event': rule(validateEvent),
  'events.k8s.io/v1/Event': rule(validateNewEvent),
  'certificates.k8s.io/v1/CertificateSigningRequest': rule(validateCertificateSigningRequest),
  'certificates.k8s.io/v1/ClusterTrustBundle': rule(validateClusterTrustBundle),
  'certificates.k8s.io/v1/PodCertificateRequest': rule(validatePodCertificateRequest),
  'resource.k8s.io/v1/DeviceTaintRule': rule(validateDeviceTaintRule),
  'rbac.authorization.k8s.io/v1/Role': rule(validateRole),
  'rbac.authorization.k8s.io/v1/ClusterRole': rule(validateClusterRole),
  'rbac.authorization.k8s.io/v1/RoleBinding': rule(validateRoleBinding),
  'rbac.authorization.k8s.io/v1/ClusterRoleBinding': rule(validateClusterRoleBinding),
  'flowcontrol.apiserver.k8s.io/v1/FlowSchema': rule(validateFlowSchema),
  'flowcontrol.apiserver.k8s.io/v1/PriorityLevelConfiguration': rule(validatePriorityLevel),
  'scheduling.k8s.io/v1/PriorityClass': rule(validatePriorityClass),
  'policy/v1/PodDisruptionBudget': rule(validateDisruptionBudget),
  'admissionregistration.k8s.io/v1/MutatingWebhookConfiguration': rule(validateWebhookConfiguration),
  'admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration': rule(validateWebhookConfiguration),
  'apiextensions.k8s.io/v1/CustomResourceDefinition': rule(validateCustomResourceDefinition),
};

/** Everything wrong with the object, metadata first; `old` is what it replaces. Neither is changed. */
export function validateObject(object: KubeObject, old?: KubeObject): FieldError[] {
  const isLate = METADATA_LATER.has(object.kind);
  const errors = isLate ? [] : validateMetadata(object, old);
  RULES[`${object.apiVersion}/${object.kind}`]?.(errors, object as never, old as never);
  return isLate && errors.length === 0 ? validateMetadata(object, old) : errors;
}

/** Upstream's own rules of these say nothing of metadata: what all kinds have in common is looked at when nothing else is wrong. */
const METADATA_LATER = new Set(['Event', 'PodDisruptionBudget']);

const STATUS_RULES: Record<string, Rule> = {
  'v1/ResourceQuota': rule(validateQuotaStatus),
  'v1/Pod': rule<Pod>((errors, pod, old) => validatePodStatus(errors, pod, old ?? pod)),
  'v1/Service': rule(validateServiceStatus),
  'networking.k8s.io/v1/Ingress': rule(validateIngressStatus),
  'batch/v1/Job': rule<Job>((errors, job, old) => validateJobStatus(errors, job, old ?? job)),
  'v1/ReplicationController': rule(validateCounts),
  'apps/v1/Deployment': rule(validateCounts),
  'apps/v1/ReplicaSet': rule(validateCounts),
  'apps/v1/DaemonSet': rule(validateCounts),
  'apps/v1/StatefulSet': rule(validateCounts),
  'autoscaling/v1/HorizontalPodAutoscaler': rule(validateCounts),
  'autoscaling/v2/HorizontalPodAutoscaler': rule(validateCounts),
  'policy/v1/PodDisruptionBudget': rule(validateCounts),
  'certificates.k8s.io/v1/PodCertificateRequest': rule<PodCertificateRequest>((errors, request, old) =>
    validatePodCertificateRequestStatus(errors, request, old ?? request),
  ),
  'resource.k8s.io/v1/DeviceTaintRule': rule(validateDeviceTaintRuleStatus),
  'storagemigration.k8s.io/v1/StorageVersionMigration': rule<StorageVersionMigration>((errors, migration, old) =>
    validateStorageVersionMigrationStatus(errors, migration, old ?? migration),
  ),
};

/** Everything wrong with a new status: the rest of the object is the old one's. */
export function validateObjectStatus(object: KubeObject, old: KubeObject): FieldError[] {
  const errors = validateMetadata(object, old);
  STATUS_RULES[`${object.apiVersion}/${object.kind}`]?.(errors, object as never, old as never);
  return errors;
}
