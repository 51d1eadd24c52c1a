/**
 * What the API server fills into a new object, kind by kind. `applyDefaults` is idempotent: defaults of a defaulted object change nothing.
 */
import type { Role } from '../rbac/types.ts';
import type {
  CustomResourceDefinition,
  DaemonSet,
  Deployment,
  Event,
  Job,
  Node,
  KubeObject,
  Pod,
  PodTemplateSpec,
  PriorityClass,
  ReplicaSet,
  ReplicationController,
  Secret,
  Service,
  StatefulSet,
  Unstructured,
} from '../types.ts';
import { defaultPod, defaultPodSpec } from './pod-spec.ts';

type Defaulter = (object: never) => void;

function define<T extends KubeObject>(fill: (object: T) => void): Defaulter {
  return fill as Defaulter;
}

/** Fields of kinds whose few defaults need no types: sets what is absent. */
function fill(target: unknown, values: Record<string, unknown>): void {
  if (typeof target !== 'object' || target === null) return;
  const object = target as Record<string, unknown>;
  for (const [name, value] of Object.entries(values)) object[name] ??= structuredClone(value);
}

function list(target: unknown): Record<string, unknown>[] {
  return Array.isArray(target) ? (target as Record<string, unknown>[]) : [];
}

function template(pod: PodTemplateSpec | undefined): void {
  if (!pod) return;
  pod.metadata ??= {};
  if (pod.spec) defaultPodSpec(pod.spec);
}

const ROLLING = { maxUnavailable: '25%', maxSurge: '25%' };

/** What a node has not told yet is there, and empty. */
const NO_NODE_INFO: NonNullable<NonNullable<Node['status']>['nodeInfo']> = {
  architecture: '',
  bootID: '',
  containerRuntimeVersion: '',
  kernelVersion: '',
  kubeProxyVersion: '',
  kubeletVersion: '',
  machineID: '',
  operatingSystem: '',
  osImage: '',
  systemUUID: '',
};

const DEFAULTS: Record<string, Defaulter> = {
  'v1/Pod': define<Pod>(({ spec }) => {
    if (!spec) return;
    defaultPodSpec(spec);
    defaultPod(spec);
  }),
  'v1/PodTemplate': define<Unstructured>((object) => template(object['template'] as PodTemplateSpec)),
  'v1/ReplicationController': define<ReplicationController>(({ spec, metadata }) => {
    if (!spec) return;
    spec.replicas ??= 1;
    template(spec.template);
    const labels = spec.template?.metadata?.labels;
    spec.selector ??= labels;
    metadata.labels ??= labels;
  }),
  'v1/Service': define<Service>((service) => {
    const spec = (service.spec ??= {});
    spec.sessionAffinity ??= 'None';
    if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig;
    if (spec.sessionAffinity === 'ClientIP' && spec.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined)
      spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: 10_800 } };
    spec.type ??= 'ClusterIP';
    for (const port of spec.ports ?? []) {
      port.protocol ??= 'TCP';
      if (port.targetPort === undefined || port.targetPort === '' || port.targetPort === 0) port.targetPort = port.port;
    }
    if (spec.type === 'NodePort' || spec.type === 'LoadBalancer') spec.externalTrafficPolicy ??= 'Cluster';
    if (spec.type !== 'ExternalName') spec.internalTrafficPolicy ??= 'Cluster';
    if (spec.type !== 'LoadBalancer') return;
    spec.allocateLoadBalancerNodePorts ??= true;
    for (const ingress of service.status?.loadBalancer?.ingress ?? []) if (ingress.ip) ingress.ipMode ??= 'VIP';
  }),
  'v1/Secret': define<Secret>((secret) => {
    secret.type ??= 'Opaque';
    for (const [key, text] of Object.entries(secret.stringData ?? {})) (secret.data ??= {})[key] = Buffer.from(text).toString('base64');
    delete secret.stringData;
  }),
  'v1/Endpoints': define<Unstructured>((object) => {
    for (const subset of list(object['subsets'])) for (const port of list(subset['ports'])) fill(port, { protocol: 'TCP' });
  }),
  'v1/Event': define<Event>((event) => {
    // Go writes these even when they are empty.
    fill(event, { involvedObject: {}, eventTime: null, firstTimestamp: null, lastTimestamp: null, reportingComponent: '', reportingInstance: '', source: {} });
    fill(event.series, { lastObservedTime: null });
  }),
  'v1/PersistentVolume': define<Unstructured>((object) => {
    fill(object['spec'], { persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Filesystem' });
    fill((object['spec'] as Record<string, unknown> | undefined)?.['hostPath'], { type: '' });
  }),
  'v1/PersistentVolumeClaim': define<Unstructured>((object) => fill(object['spec'], { volumeMode: 'Filesystem' })),
  'v1/Namespace': define<KubeObject>((object) => {
    if (object.metadata.name) object.metadata.labels = { ...object.metadata.labels, 'kubernetes.io/metadata.name': object.metadata.name };
  }),
  'v1/LimitRange': define<Unstructured>((object) => {
    fill(object, { spec: {} });
    // Go writes the list even when there is none.
    const limits = (object['spec'] as Record<string, unknown> | undefined)?.['limits'];
    if (limits === undefined || (Array.isArray(limits) && limits.length === 0)) Object.assign(object['spec'] as object, { limits: null });
    for (const limit of list((object['spec'] as Record<string, unknown> | undefined)?.['limits'])) {
      if (limit['type'] !== 'Container') continue;
      const { max, min } = limit as { max?: object; min?: object };
      const most = { ...max, ...(limit['default'] as object | undefined) };
      const request = { ...min, ...most, ...(limit['defaultRequest'] as object | undefined) };
      if (Object.keys(most).length > 0) limit['default'] = most;
      if (Object.keys(request).length > 0) limit['defaultRequest'] = request;
    }
  }),
  'apps/v1/Deployment': define<Deployment>(({ spec }) => {
    if (!spec) return;
    spec.replicas ??= 1;
    spec.strategy ??= {};
    spec.strategy.type ??= 'RollingUpdate';
    if (spec.strategy.type === 'RollingUpdate') {
      spec.strategy.rollingUpdate ??= {};
      spec.strategy.rollingUpdate.maxUnavailable ??= ROLLING.maxUnavailable;
      spec.strategy.rollingUpdate.maxSurge ??= ROLLING.maxSurge;
    }
    spec.revisionHistoryLimit ??= 10;
    spec.progressDeadlineSeconds ??= 600;
    template(spec.template);
  }),
  'apps/v1/ReplicaSet': define<ReplicaSet>(({ spec }) => {
    if (!spec) return;
    spec.replicas ??= 1;
    template(spec.template);
  }),
  'apps/v1/DaemonSet': define<DaemonSet>((object) => {
    const { metadata } = object;
    const spec = (object.spec ??= {} as NonNullable<DaemonSet['spec']>);
    // Upstream's way from its inner form writes the annotation before anybody counts.
    metadata.annotations = { 'deprecated.daemonset.template.generation': '0', ...metadata.annotations };
    spec.updateStrategy ??= {};
    spec.updateStrategy.type ??= 'RollingUpdate';
    if (spec.updateStrategy.type === 'RollingUpdate') {
      spec.updateStrategy.rollingUpdate ??= {};
      spec.updateStrategy.rollingUpdate.maxUnavailable ??= 1;
      spec.updateStrategy.rollingUpdate.maxSurge ??= 0;
    }
    spec.revisionHistoryLimit ??= 10;
    template(spec.template);
  }),
  'apps/v1/StatefulSet': define<StatefulSet>(({ spec }) => {
    if (!spec) return;
    spec.serviceName ??= '';
    spec.podManagementPolicy ??= 'OrderedReady';
    const strategy = (spec.updateStrategy ??= {});
    // A type without numbers stays without them.
    if (!strategy.type) fill(strategy, { type: 'RollingUpdate', rollingUpdate: {} });
    if (strategy.type === 'RollingUpdate') fill(strategy.rollingUpdate, { partition: 0, maxUnavailable: 1 });
    fill((spec.persistentVolumeClaimRetentionPolicy ??= {}), { whenDeleted: 'Retain', whenScaled: 'Retain' });
    spec.replicas ??= 1;
    spec.revisionHistoryLimit ??= 10;
    for (const claim of list(spec.volumeClaimTemplates)) {
      fill(claim, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', status: { phase: 'Pending' } });
      fill(claim['spec'], { volumeMode: 'Filesystem' });
    }
    template(spec.template);
  }),
  'batch/v1/Job': define<Job>((job) => {
    fill(job, { spec: {} });
    const { spec, metadata, status } = job;
    defaultJobSpec(spec);
    for (const condition of status?.conditions ?? []) fill(condition, { lastProbeTime: null, lastTransitionTime: null });
    const labels = spec?.template?.metadata?.labels;
    // The same, not a copy: what is added to the template's on creation is added to the job's.
    if (labels !== undefined && Object.keys(metadata.labels ?? {}).length === 0) metadata.labels = labels;
  }),
  'apps/v1/ControllerRevision': define<Unstructured>((object) => fill(object, { revision: 0 })),
  'v1/ResourceQuota': define<Unstructured>((object) => fill(object, { spec: {} })),
  'batch/v1/CronJob': define<Unstructured>((object) => {
    fill(object, { spec: {} });
    const spec = object['spec'] as Record<string, unknown> | undefined;
    fill(spec, { concurrencyPolicy: 'Allow', suspend: false, successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1 });
    const jobTemplate = spec?.['jobTemplate'] as { metadata?: object; spec?: Job['spec'] } | undefined;
    if (jobTemplate) jobTemplate.metadata ??= {};
    defaultJobSpec(jobTemplate?.spec, true);
  }),
  'autoscaling/v2/HorizontalPodAutoscaler': define<Unstructured>((object) => {
    fill(object, { spec: {} });
    const spec = object['spec'] as Record<string, unknown> | undefined;
    fill(spec, { minReplicas: 1, metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } }] });
    if (spec?.['behavior'] === undefined) return;
    fill(spec['behavior'], { scaleUp: {}, scaleDown: {} });
    const { scaleUp, scaleDown } = spec['behavior'] as Record<string, unknown>;
    const everything = { type: 'Percent', value: 100, periodSeconds: 15 };
    fill(scaleUp, { stabilizationWindowSeconds: 0, selectPolicy: 'Max', policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }, everything] });
    // The window for scaling down is the controller's to say.
    fill(scaleDown, { selectPolicy: 'Max', policies: [everything] });
  }),
  'v1/Node': define<Node>((node) => {
    const { spec } = node;
    // The first range stands in both fields; the older one decides.
    if (spec?.podCIDR && spec.podCIDR !== spec.podCIDRs?.[0]) spec.podCIDRs = [spec.podCIDR];
    if (spec?.podCIDRs?.[0] !== undefined && !spec.podCIDR) spec.podCIDR = spec.podCIDRs[0];
    node.status ??= {};
    if (node.status.capacity !== undefined) node.status.allocatable ??= { ...node.status.capacity };
    node.status.daemonEndpoints ??= {};
    node.status.daemonEndpoints.kubeletEndpoint ??= { Port: 0 };
    node.status.nodeInfo = { ...NO_NODE_INFO, ...node.status.nodeInfo };
  }),
  'autoscaling/v1/HorizontalPodAutoscaler': define<Unstructured>((object) => {
    fill(object, { spec: {} });
    // Metrics that version 1 has no field for are in an annotation.
    const others = object.metadata.annotations?.['autoscaling.alpha.kubernetes.io/metrics'];
    fill(object['spec'], { minReplicas: 1, ...(others ? {} : { targetCPUUtilizationPercentage: 80 }) });
  }),
  'networking.k8s.io/v1/NetworkPolicy': define<Unstructured>((object) => {
    const spec = (object['spec'] ??= {}) as Record<string, unknown>;
    fill(spec, { podSelector: {}, policyTypes: list(spec['egress']).length > 0 ? ['Ingress', 'Egress'] : ['Ingress'] });
    for (const rule of [...list(spec['ingress']), ...list(spec['egress'])]) for (const port of list(rule['ports'])) fill(port, { protocol: 'TCP' });
  }),
  'scheduling.k8s.io/v1/PriorityClass': define<PriorityClass>((object) => {
    object.preemptionPolicy ??= 'PreemptLowerPriority';
    object.value ??= 0;
  }),
  'policy/v1/PodDisruptionBudget': define<Unstructured>((object) => fill(object, { spec: {} })),
  'coordination.k8s.io/v1/Lease': define<Unstructured>((object) => fill(object, { spec: {} })),
  'events.k8s.io/v1/Event': define<Unstructured>((object) => {
    fill(object, { eventTime: null, regarding: {}, deprecatedSource: {}, deprecatedFirstTimestamp: null, deprecatedLastTimestamp: null });
  }),
  'storagemigration.k8s.io/v1/StorageVersionMigration': define<Unstructured>((object) => {
    // Go writes these even when they are empty.
    const spec = (object['spec'] ??= {}) as Record<string, unknown>;
    fill((spec['resource'] ??= {}), { group: '', resource: '' });
  }),
  'storage.k8s.io/v1/StorageClass': define<Unstructured>((object) => fill(object, { reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' })),
  'storage.k8s.io/v1/CSIDriver': define<Unstructured>((object) => {
    fill((object['spec'] ??= {}), {
      attachRequired: true,
      podInfoOnMount: false,
      storageCapacity: false,
      fsGroupPolicy: 'ReadWriteOnceWithFSType',
      volumeLifecycleModes: ['Persistent'],
      requiresRepublish: false,
      seLinuxMount: false,
      preventPodSchedulingIfMissing: false,
    });
  }),
  'certificates.k8s.io/v1/PodCertificateRequest': define<Unstructured>((object) => fill((object['spec'] ??= {}), { maxExpirationSeconds: 86_400 })),
  'discovery.k8s.io/v1/EndpointSlice': define<Unstructured>((object) => {
    fill(object, { endpoints: null, ports: null });
    for (const endpoint of list(object['endpoints'])) fill(endpoint, { conditions: {} });
    for (const port of list(object['ports'])) fill(port, { name: '', protocol: 'TCP' });
  }),
  'rbac.authorization.k8s.io/v1/Role': define<Role>(defaultRules),
  'rbac.authorization.k8s.io/v1/ClusterRole': define<Role>(defaultRules),
  'rbac.authorization.k8s.io/v1/RoleBinding': define<Unstructured>(defaultBinding),
  'rbac.authorization.k8s.io/v1/ClusterRoleBinding': define<Unstructured>(defaultBinding),
  'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy': define<Unstructured>(defaultPolicy),
  'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding': define<Unstructured>(defaultPolicyBinding),
  'admissionregistration.k8s.io/v1/MutatingAdmissionPolicy': define<Unstructured>(defaultPolicy),
  'admissionregistration.k8s.io/v1/MutatingAdmissionPolicyBinding': define<Unstructured>(defaultPolicyBinding),
  'admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration': define<Unstructured>((object) => list(object['webhooks']).forEach(defaultWebhook)),
  'admissionregistration.k8s.io/v1/MutatingWebhookConfiguration': define<Unstructured>((object) => {
    for (const webhook of list(object['webhooks'])) {
      defaultWebhook(webhook);
      fill(webhook, { reinvocationPolicy: 'Never' });
    }
  }),
  'apiextensions.k8s.io/v1/CustomResourceDefinition': define<CustomResourceDefinition>(({ spec }) => {
    if (!spec) return;
    spec.conversion ??= { strategy: 'None' };
    for (const version of spec.versions ?? []) {
      version.served ??= false;
      version.storage ??= false;
    }
    if (!spec.names?.kind) return;
    spec.names.singular ||= spec.names.kind.toLowerCase();
    spec.names.listKind ||= `${spec.names.kind}List`;
  }),
  'flowcontrol.apiserver.k8s.io/v1/FlowSchema': define<Unstructured>((object) => {
    const spec = object['spec'] as { matchingPrecedence?: number } | undefined;
    if (spec) spec.matchingPrecedence ||= 1000;
  }),
  'flowcontrol.apiserver.k8s.io/v1/PriorityLevelConfiguration': define<Unstructured>((object) => {
    const { exempt, limited } = (object['spec'] ?? {}) as { exempt?: object; limited?: { limitResponse?: { queuing?: Record<string, number> } } };
    fill(exempt, { nominalConcurrencyShares: 0, lendablePercent: 0 });
    fill(limited, { nominalConcurrencyShares: 30, lendablePercent: 0 });
    const queuing = limited?.limitResponse?.queuing;
    // Zero is nothing, to upstream.
    if (queuing)
      for (const [name, value] of [
        ['handSize', 8],
        ['queues', 64],
        ['queueLengthLimit', 50],
      ] as const)
        queuing[name] ||= value;
  }),
  'authentication.k8s.io/v1/TokenRequest': define<Unstructured>((object) => {
    fill((object['spec'] ??= {}), { expirationSeconds: 3600 });
  }),
  'apiregistration.k8s.io/v1/APIService': define<Unstructured>((object) => {
    fill((object['spec'] as Record<string, unknown> | undefined)?.['service'], { port: 443 });
  }),
};

function defaultJobSpec(spec: Job['spec'], inCronJob = false): void {
  if (!spec) return;
  template(spec.template);
  for (const rule of spec.podFailurePolicy?.rules ?? []) for (const pattern of rule.onPodConditions ?? []) pattern.status ||= 'True';
  if (inCronJob) return;
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : 2 ** 31 - 1;
  spec.completionMode ??= 'NonIndexed';
  spec.suspend ??= false;
  spec.manualSelector ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed';
}

function defaultBinding(object: Unstructured): void {
  const group = 'rbac.authorization.k8s.io';
  // No group is the same as the group of the core, which has no roles.
  ((object['roleRef'] ??= {}) as Record<string, unknown>)['apiGroup'] ||= group;
  for (const subject of list(object['subjects'])) if (subject['kind'] === 'User' || subject['kind'] === 'Group') subject['apiGroup'] ||= group;
}

/** Upstream shows that there are none. */
function defaultRules(role: Role): void {
  role.rules ??= null;
}

function defaultPolicy(object: Unstructured): void {
  const spec = (object['spec'] ??= {}) as Record<string, unknown>;
  fill(spec, { failurePolicy: 'Fail' });
  defaultMatchResources(spec['matchConstraints']);
}

function defaultPolicyBinding(object: Unstructured): void {
  defaultMatchResources((object['spec'] as Record<string, unknown> | undefined)?.['matchResources']);
}

function defaultMatchResources(target: unknown): void {
  fill(target, { matchPolicy: 'Equivalent', namespaceSelector: {}, objectSelector: {} });
  const { resourceRules, excludeResourceRules } = (target ?? {}) as Record<string, unknown>;
  for (const rule of [...list(resourceRules), ...list(excludeResourceRules)]) fill(rule, { scope: '*' });
}

function defaultWebhook(webhook: Record<string, unknown>): void {
  fill(webhook, { failurePolicy: 'Fail', matchPolicy: 'Equivalent', namespaceSelector: {}, objectSelector: {}, timeoutSeconds: 10 });
  for (const rule of list(webhook['rules'])) fill(rule, { scope: '*' });
  fill((webhook['clientConfig'] as Record<string, unknown> | undefined)?.['service'], { port: 443 });
}

/** Fills in the object's defaults, in place; kinds without any are left alone. */
export function applyDefaults(object: KubeObject): void {
  const defaulter = DEFAULTS[`${object.apiVersion}/${object.kind}`];
  defaulter?.(object as never);
}
