/** What some kinds do besides what all do: first status, fields that belong to the server. Data where it can be. */
import type { CertificateSigningRequest } from '../../kube/certificates/types.ts';
import { qosClass } from '../../kube/pods.ts';
import type { CustomResourceDefinition, DaemonSet, Job, KubeObject, Namespace, PersistentVolume, Pod, Service, Unstructured } from '../../kube/types.ts';
import type { DeviceTaintRule } from '../../kube/validation/devices.ts';
import { timestamp } from '../../runtime/clock.ts';
import { equalJson } from '../../kube/json.ts';
import { collectionName, type WriteRequest } from './world.ts';

/** The status a new object starts with, by storage collection; other kinds with a status start with {}. */
const FIRST_STATUS: Record<string, object> = {
  '/namespaces': { phase: 'Active' },
  '/persistentvolumeclaims': { phase: 'Pending' },
  '/services': { loadBalancer: {} },
  '/replicationcontrollers': { replicas: 0 },
  'apps/daemonsets': { currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 },
  'apps/replicasets': { replicas: 0 },
  'apps/statefulsets': { replicas: 0, availableReplicas: 0 },
  'autoscaling/horizontalpodautoscalers/v1': { currentReplicas: 0, desiredReplicas: 0 },
  'autoscaling/horizontalpodautoscalers': { desiredReplicas: 0, currentMetrics: null },
  'networking.k8s.io/ingresses': { loadBalancer: {} },
  'policy/poddisruptionbudgets': { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 },
  'storage.k8s.io/volumeattachments': { attached: false },
};

/** Kinds whose creator says the status: a kubelet registers its node with one. */
const CREATED_WITH_STATUS = new Set(['/nodes']);

interface KindRules {
  /** Defaults that take the time: before it is said whose fields are whose. */
  defaults?(object: KubeObject, now: string): void;
  /** After the defaults, before admission. */
  create?(object: KubeObject, request: WriteRequest): void;
  /** Before validation; `old` is shared and must not be changed. */
  update?(object: KubeObject, old: KubeObject, now: string): void;
  /** The same for a write through a subresource. */
  subresource?(object: KubeObject, old: KubeObject, subresource: string, now: string): void;
}

const RULES: Record<string, KindRules> = {
  'apiextensions.k8s.io/customresourcedefinitions': {
    create(object) {
      const crd = object as CustomResourceDefinition;
      const storage = crd.spec?.versions?.find((version) => version.storage)?.name;
      // Not yet anything: conditions come with the names that are accepted.
      (object as Unstructured)['status'] = {
        acceptedNames: { kind: '', plural: '' },
        conditions: null,
        storedVersions: storage === undefined ? null : [storage],
      };
    },
  },
  // Upstream's list of what was measured is written even when there is none.
  'autoscaling/horizontalpodautoscalers': {
    subresource(object) {
      const { apiVersion, status } = object as Unstructured & { status?: { currentMetrics?: unknown } };
      if (apiVersion === 'autoscaling/v2' && status !== undefined) status.currentMetrics ??= null;
    },
  },
  // When a volume came to its phase is the server's to say.
  '/persistentvolumes': {
    create(object, { world }) {
      (object as PersistentVolume).status = { phase: 'Pending', lastPhaseTransitionTime: timestamp(world.clock.now()) };
    },
    subresource(object, old, subresource, now) {
      const [{ status }, { status: before }] = [object as PersistentVolume, old as PersistentVolume];
      if (subresource === 'status' && status !== undefined && status.phase !== before?.phase) status.lastPhaseTransitionTime = now;
    },
  },
  '/pods': {
    create(object, { world }) {
      const pod = object as Pod;
      const gated = (pod.spec?.schedulingGates ?? []).length > 0;
      if ((pod.spec?.terminationGracePeriodSeconds ?? 0) < 0) pod.spec!.terminationGracePeriodSeconds = 1;
      pod.status = {
        phase: 'Pending',
        ...(gated
          ? {
              conditions: [
                {
                  type: 'PodScheduled',
                  status: 'False',
                  reason: 'SchedulingGated',
                  message: 'Scheduling is blocked due to non-empty scheduling gates',
                  lastProbeTime: null as unknown as undefined,
                  lastTransitionTime: timestamp(world.clock.now()),
                },
              ],
            }
          : {}),
        qosClass: qosClass(pod),
      };
    },
    subresource(object, old, subresource) {
      if (subresource === 'status') keepPodStatus(object as Pod, old as Pod);
    },
  },
  '/namespaces': {
    create(object) {
      const namespace = object as Namespace;
      const finalizers = namespace.spec?.finalizers ?? [];
      namespace.spec = { finalizers: finalizers.includes('kubernetes') ? finalizers : [...finalizers, 'kubernetes'] };
      // Upstream's label, so that network policies can select by name.
      namespace.metadata.labels = { ...namespace.metadata.labels, 'kubernetes.io/metadata.name': namespace.metadata.name ?? '' };
    },
    update(object, old) {
      const namespace = object as Namespace;
      namespace.spec = { ...(old as Namespace).spec };
      namespace.metadata.labels = { ...namespace.metadata.labels, 'kubernetes.io/metadata.name': namespace.metadata.name ?? '' };
    },
  },
  '/services': {
    create(object) {
      const { spec } = object as Service;
      // Clients that know of one address only.
      if (spec?.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP];
    },
    update: (object, old) => keepAllocated(object as Service, old as Service),
  },
  // What the controller of upstream's first days looked for; some tools still show it.
  'apps/daemonsets': {
    create: (object) => countTemplates(object as DaemonSet, 1),
    update(object, old) {
      const before = Number(old.metadata.annotations?.[TEMPLATE_GENERATION] ?? 1);
      const changed = !equalJson((object as DaemonSet).spec?.template, (old as DaemonSet).spec?.template);
      countTemplates(object as DaemonSet, changed ? before + 1 : before);
    },
  },
  'batch/jobs': { create: (object) => generateSelector(object as Job) },
  '/limitranges': {
    create(object, { world }) {
      // The only kind that needs no name.
      if (!object.metadata.name) object.metadata.name = world.random.uuid();
    },
  },
  // Fields of coordinated leader election, which is upstream's alpha: off.
  'coordination.k8s.io/leases': {
    create: (object) => {
      const { spec } = object as Unstructured & { spec?: Record<string, unknown> };
      delete spec?.['strategy'];
      delete spec?.['preferredHolder'];
    },
  },
  'resource.k8s.io/devicetaintrules': {
    defaults: (object, now) => dateTaint(object, undefined, now),
    update: dateTaint,
  },
  'certificates.k8s.io/certificatesigningrequests': {
    create(object, { ctx }) {
      const csr = object as CertificateSigningRequest;
      const { name, groups, uid, extra } = ctx.user;
      // Who asks is the server's to say.
      const { username: _username, uid: _uid, groups: _groups, extra: _extra, ...wanted } = csr.spec ?? {};
      csr.spec = {
        ...wanted,
        username: name,
        groups: [...groups],
        ...(uid === undefined ? {} : { uid }),
        ...(extra === undefined || Object.keys(extra).length === 0 ? {} : { extra }),
      };
    },
    update(object, old) {
      (object as Unstructured)['spec'] = (old as Unstructured)['spec'];
    },
    subresource: (object, old, subresource, now) =>
      settleConditions(object as CertificateSigningRequest, old as CertificateSigningRequest, subresource === 'approval' ? [] : ['Approved', 'Denied'], now),
  },
};

/** A device is tainted since the rule says so with this effect. */
function dateTaint(rule: DeviceTaintRule, before: DeviceTaintRule | undefined, now: string): void {
  const [taint, old] = [rule.spec?.taint, before?.spec?.taint];
  if (taint === undefined) return;
  taint.timeAdded ??= now;
  if (old !== undefined && taint.effect !== old.effect && taint.timeAdded === old.timeAdded) taint.timeAdded = now;
}

/** The server dates conditions; those of `kept` types are the old ones as long as their number stays (else validation refuses). */
function settleConditions(csr: CertificateSigningRequest, old: CertificateSigningRequest, kept: readonly string[], now: string): void {
  const before = old.status?.conditions ?? [];
  let conditions = csr.status?.conditions;
  if (conditions === undefined) return;
  for (const type of kept) {
    const own = before.filter((condition) => condition.type === type);
    if (conditions.filter((condition) => condition.type === type).length !== own.length) continue;
    conditions = conditions.map((condition) => (condition.type === type ? own.shift()! : condition));
  }
  conditions = conditions.map((condition) => {
    const same = before.find(({ type, status }) => type === condition.type && status === condition.status);
    return {
      ...condition,
      lastUpdateTime: condition.lastUpdateTime ?? now,
      lastTransitionTime: condition.lastTransitionTime ?? same?.lastTransitionTime ?? now,
    };
  });
  csr.status = { ...csr.status, conditions };
}

type Change = Pick<WriteRequest, 'world' | 'definition'>;

export function prepareDefaults(object: KubeObject, { world, definition }: Change): void {
  RULES[collectionName(definition.storage)]?.defaults?.(object, timestamp(world.clock.now()));
}

export function prepareCreate(object: KubeObject, request: WriteRequest): void {
  const { definition } = request;
  const collection = collectionName(definition.storage);
  if (definition.hasStatus && !CREATED_WITH_STATUS.has(collection)) {
    const first = FIRST_STATUS[`${collection}/${definition.version}`] ?? FIRST_STATUS[collection];
    if (first !== undefined) (object as Unstructured)['status'] = { ...first };
    else if (definition.builtin) (object as Unstructured)['status'] = {};
    else delete (object as Unstructured)['status'];
  }
  RULES[collection]?.create?.(object, request);
}

export function prepareUpdate({ world, definition }: Change, object: KubeObject, old: KubeObject): void {
  RULES[collectionName(definition.storage)]?.update?.(object, old, timestamp(world.clock.now()));
}

export function prepareSubresource({ world, definition }: Change, object: KubeObject, old: KubeObject, subresource: string): void {
  RULES[collectionName(definition.storage)]?.subresource?.(object, old, subresource, timestamp(world.clock.now()));
}

/** Kubelets of other versions leave out what they do not know: of that nothing is lost. */
function keepPodStatus(pod: Pod, { metadata, status: before = {} }: Pod): void {
  if (metadata.ownerReferences === undefined) delete pod.metadata.ownerReferences;
  else pod.metadata.ownerReferences = structuredClone(metadata.ownerReferences);
  const status = (pod.status ??= {});
  for (const key of ['qosClass', 'resourceClaimStatuses', 'observedGeneration'] as const)
    if (status[key] === undefined && before[key] !== undefined) Object.assign(status, { [key]: structuredClone(before[key]) });
  const generations = Map.groupBy(before.conditions ?? [], ({ type }) => type);
  for (const condition of status.conditions ?? []) {
    const observed = generations.get(condition.type)?.shift()?.observedGeneration;
    if (observed !== undefined) condition.observedGeneration ??= observed;
  }
}

/** A replace that leaves out what the server allocated keeps it, as long as the type still has use for it. */
function keepAllocated(service: Service, old: Service): void {
  const [spec, before] = [service.spec, old.spec];
  if (spec === undefined || before === undefined) return;
  dropUnused(spec, before);
  if (spec.type === 'ExternalName' || before.type === 'ExternalName') return;
  if (!spec.clusterIP && !spec.clusterIPs?.length) {
    if (before.clusterIP !== undefined) spec.clusterIP = before.clusterIP;
    if (before.clusterIPs !== undefined) spec.clusterIPs = [...before.clusterIPs];
  }
  if (spec.clusterIP && (!spec.clusterIPs?.length || (spec.clusterIP !== before.clusterIP && equalJson(spec.clusterIPs, before.clusterIPs))))
    spec.clusterIPs = [spec.clusterIP];
  spec.ipFamilies ??= before.ipFamilies && [...before.ipFamilies];
  spec.ipFamilyPolicy ??= before.ipFamilyPolicy;
  if (spec.type !== 'NodePort' && spec.type !== 'LoadBalancer') return;
  for (const port of spec.ports ?? []) {
    const same = before.ports?.find((p) => p.port === port.port && (p.protocol ?? 'TCP') === (port.protocol ?? 'TCP'));
    if (!port.nodePort && same?.nodePort) port.nodePort = same.nodePort;
  }
  if (spec.externalTrafficPolicy === 'Local' && spec.type === 'LoadBalancer' && !spec.healthCheckNodePort && before.healthCheckNodePort) {
    spec.healthCheckNodePort = before.healthCheckNodePort;
  }
}

/** What the old type had use for and the new one has not goes, unless it was changed by hand (then validation says so). */
function dropUnused(spec: NonNullable<Service['spec']>, before: NonNullable<Service['spec']>): void {
  const external = spec.type === 'NodePort' || spec.type === 'LoadBalancer';
  if (spec.type === 'ExternalName' && spec.clusterIP === before.clusterIP) {
    delete spec.clusterIP;
    delete spec.clusterIPs;
    delete spec.ipFamilies;
    delete spec.ipFamilyPolicy;
  }
  if (!external) {
    const old = new Set(before.ports?.map(({ nodePort }) => nodePort));
    for (const port of spec.ports ?? []) if (old.has(port.nodePort)) delete port.nodePort;
    if (spec.externalTrafficPolicy === before.externalTrafficPolicy) delete spec.externalTrafficPolicy;
  }
  if (!(spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local') && spec.healthCheckNodePort === before.healthCheckNodePort)
    delete spec.healthCheckNodePort;
  if (spec.type !== 'LoadBalancer' && spec.allocateLoadBalancerNodePorts === before.allocateLoadBalancerNodePorts) delete spec.allocateLoadBalancerNodePorts;
}

const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation';

function countTemplates({ metadata }: DaemonSet, generation: number): void {
  metadata.annotations = { ...metadata.annotations, [TEMPLATE_GENERATION]: String(generation) };
}

/** Jobs select their pods by their own uid, unless told otherwise. Labels the user gave stay: if they contradict, validation says so. */
function generateSelector(job: Job): void {
  const { spec, metadata } = job;
  if (spec === undefined || spec.manualSelector === true) return;
  spec.template ??= {};
  const uid = metadata.uid ?? '';
  const name = metadata.name ?? '';
  const given = spec.template.metadata?.labels;
  // Without labels of its own, a job has its template's: also the generated ones.
  const bare = metadata.labels === undefined || metadata.labels === given;
  const labels = { 'batch.kubernetes.io/controller-uid': uid, 'batch.kubernetes.io/job-name': name, 'controller-uid': uid, 'job-name': name, ...given };
  spec.template.metadata = { ...spec.template.metadata, labels };
  if (bare) metadata.labels = { ...labels };
  spec.selector = { ...spec.selector, matchLabels: { 'batch.kubernetes.io/controller-uid': uid, ...spec.selector?.matchLabels } };
}
