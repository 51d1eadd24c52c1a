/**
 * How each resource counts against quotas: which of a quota's names it can use up, and how much of them an object does.
 * Pods, services and claims have their own rules; of everything else the objects are counted ('count/jobs.batch').
 */
import { compareQuantities } from '../quantity.ts';
import type { KubeObject, PersistentVolumeClaim, Pod, Service } from '../types.ts';
import { hasPodLevel, totalLimits, totalRequests } from './pod-totals.ts';
import { isExtended, isHugePages, isNative } from './resource-names.ts';
import { add, type ResourceList } from './resource-list.ts';
import { attributesClasses, claimInScope, isTerminating, podInScope, type Scope } from './scopes.ts';

export interface QuotaWrite {
  operation: 'create' | 'update';
  subresource?: string;
  object: KubeObject;
  old?: KubeObject;
}

export interface Evaluator {
  /** Those of the names that this resource can use up. */
  matching(names: readonly string[]): string[];
  usage(object: KubeObject, nowMs: number): ResourceList;
  inScope(object: KubeObject, scope: Scope): boolean;
  /** What the object leaves open and a quota on these names makes it say: 'must specify ...'. */
  missing(object: KubeObject, names: readonly string[]): string | undefined;
  /** Whether the write can use up anything. */
  handles(write: QuotaWrite): boolean;
  /** Whether a change that is not a write of the kind `handles` knows frees or takes something. */
  changes(object: KubeObject, old: KubeObject, nowMs: number): boolean;
}

const POD_NAMES = new Set(['pods', 'count/pods', ...['cpu', 'memory', 'ephemeral-storage'].flatMap((name) => [name, `requests.${name}`, `limits.${name}`])]);
/** A quota on one of these makes every container say it. */
const OBLIGATORY = new Set(['cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory']);

function computeUsage(requests: ResourceList, limits: ResourceList): ResourceList {
  const usage: ResourceList = { pods: '1' };
  for (const name of ['cpu', 'memory', 'ephemeral-storage']) {
    const request = requests[name];
    if (request !== undefined) usage[name] = usage[`requests.${name}`] = request;
    const limit = limits[name];
    if (limit !== undefined) usage[`limits.${name}`] = limit;
  }
  for (const [name, request] of Object.entries(requests)) {
    if (isHugePages(name)) usage[name] = request;
    if (isHugePages(name) || isExtended(name) || name.startsWith('deviceclass.resource.kubernetes.io/')) usage[`requests.${name}`] = request;
  }
  return usage;
}

/** Ended, or stuck on its way out for longer than it was given. */
function isOver({ metadata, status }: Pod, nowMs: number): boolean {
  if (status?.phase === 'Failed' || status?.phase === 'Succeeded') return true;
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata;
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return false;
  return nowMs > Date.parse(deletionTimestamp) + deletionGracePeriodSeconds * 1000;
}

function resourcesInForce({ status }: Pod): string {
  return JSON.stringify([...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])].map(({ name, resources }) => [name, resources]));
}

const pods: Evaluator = {
  matching: (names) =>
    names.filter((name) => {
      if (POD_NAMES.has(name) || isHugePages(name) || name.startsWith('requests.hugepages-')) return true;
      return name.startsWith('requests.') && (!isNative(name) || name.startsWith('requests.deviceclass.resource.kubernetes.io/'));
    }),
  usage(object, nowMs) {
    const pod = object as Pod;
    const usage = { 'count/pods': '1' };
    return isOver(pod, nowMs) ? usage : { ...usage, ...computeUsage(totalRequests(pod), totalLimits(pod)) };
  },
  inScope: (object, scope) => podInScope(object as Pod, scope),
  missing(object, names) {
    const pod = object as Pod;
    if (hasPodLevel(pod)) return undefined;
    const missing = names.filter((name) => OBLIGATORY.has(name)).sort();
    const texts: string[] = [];
    const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
    const said = containers.map(({ name, resources }) => ({ name, usage: computeUsage(resources?.requests ?? {}, resources?.limits ?? {}) }));
    for (const resource of missing) {
      const silent = new Set(said.filter(({ usage }) => usage[resource] === undefined).map(({ name }) => name));
      if (silent.size > 0) texts.push(`${resource} for: ${[...silent].sort().join(',')}`);
    }
    return texts.length === 0 ? undefined : `must specify ${texts.join('; ')}`;
  },
  handles: ({ operation, subresource, object, old }) => {
    if (operation === 'create') return subresource === undefined;
    return subresource === 'resize' || (subresource === undefined && isTerminating(object as Pod) !== isTerminating(old as Pod));
  },
  changes: (object, old, nowMs) =>
    (!isOver(old as Pod, nowMs) && isOver(object as Pod, nowMs)) ||
    isTerminating(object as Pod) !== isTerminating(old as Pod) ||
    ((object as Pod).status?.containerStatuses !== undefined && resourcesInForce(object as Pod) !== resourcesInForce(old as Pod)),
};

const SERVICE_NAMES = new Set(['count/services', 'services', 'services.nodeports', 'services.loadbalancers']);

function nodePorts({ spec }: Service): number {
  const ports = spec?.ports ?? [];
  if (spec?.type === 'NodePort') return ports.length;
  if (spec?.type !== 'LoadBalancer') return 0;
  return spec.allocateLoadBalancerNodePorts === false ? ports.filter(({ nodePort }) => nodePort).length : ports.length;
}

const exposure = (object: KubeObject): string => {
  const type = (object as Service).spec?.type;
  return type === 'NodePort' || type === 'LoadBalancer' ? type : '';
};

const services: Evaluator = {
  matching: (names) => names.filter((name) => SERVICE_NAMES.has(name)),
  usage(object) {
    const service = object as Service;
    return {
      'count/services': '1',
      services: '1',
      'services.nodeports': String(nodePorts(service)),
      'services.loadbalancers': service.spec?.type === 'LoadBalancer' ? '1' : '0',
    };
  },
  inScope: () => false,
  missing: () => undefined,
  handles: ({ subresource }) => subresource === undefined,
  changes: (object, old) => exposure(object) !== exposure(old),
};

const CLAIMS = 'persistentvolumeclaims';
const STORAGE = 'requests.storage';
const CLASS_INFIX = '.storageclass.storage.k8s.io/';

function classOf({ metadata, spec }: PersistentVolumeClaim): string {
  return metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec?.storageClassName ?? '';
}

/** What was asked for, or what a resize has allocated already when that is more. */
function storageOf({ spec, status }: PersistentVolumeClaim): string | number | undefined {
  const asked = spec?.resources?.requests?.['storage'];
  const allocated = (status?.allocatedResources as ResourceList | undefined)?.['storage'];
  return asked !== undefined && allocated !== undefined && compareQuantities(allocated, asked) > 0 ? allocated : asked;
}

const claimState = (object: KubeObject): string => {
  const claim = object as PersistentVolumeClaim;
  return JSON.stringify([claim.status?.allocatedResources, attributesClasses(claim).sort()]);
};

const claims: Evaluator = {
  matching: (names) =>
    names.filter(
      (name) =>
        name === `count/${CLAIMS}` || name === CLAIMS || name === STORAGE || name.endsWith(CLASS_INFIX + CLAIMS) || name.endsWith(CLASS_INFIX + STORAGE),
    ),
  usage(object) {
    const claim = object as PersistentVolumeClaim;
    const storageClass = classOf(claim);
    const storage = storageOf(claim);
    return {
      [CLAIMS]: '1',
      [`count/${CLAIMS}`]: '1',
      ...(storageClass ? { [storageClass + CLASS_INFIX + CLAIMS]: '1' } : {}),
      ...(storage === undefined ? {} : { [STORAGE]: storage }),
      ...(storage !== undefined && storageClass ? { [storageClass + CLASS_INFIX + STORAGE]: storage } : {}),
    };
  },
  inScope: (object, scope) => claimInScope(object as PersistentVolumeClaim, scope),
  missing: () => undefined,
  handles: ({ subresource, object, old }) =>
    subresource === undefined || (subresource === 'status' && old !== undefined && claimState(object) !== claimState(old)),
  changes: (object, old) => claimState(object) !== claimState(old),
};

/** Counted by their bare names too, since before there was 'count/'. */
const BARE_NAMES = new Set(['configmaps', 'resourcequotas', 'replicationcontrollers', 'secrets']);

function counting(group: string, plural: string): Evaluator {
  const counted = [`count/${plural}${group === '' ? '' : `.${group}`}`, ...(group === '' && BARE_NAMES.has(plural) ? [plural] : [])];
  const usage = Object.fromEntries(counted.map((name) => [name, '1']));
  return {
    matching: (names) => names.filter((name) => counted.includes(name)),
    usage: () => usage,
    inScope: () => false,
    missing: () => undefined,
    handles: ({ operation, subresource }) => operation === 'create' && subresource === undefined,
    changes: () => false,
  };
}

const evaluators = new Map<string, Evaluator>([
  ['/pods', pods],
  ['/services', services],
  [`/${CLAIMS}`, claims],
]);

export function evaluatorOf({ group, plural }: { group: string; plural: string }): Evaluator {
  const key = `${group}/${plural}`;
  let found = evaluators.get(key);
  if (found === undefined) evaluators.set(key, (found = counting(group, plural)));
  return found;
}

/** The resources that use up these names, as far as the names tell. */
export function resourcesOf(names: readonly string[]): { group: string; plural: string }[] {
  const found = ['pods', 'services', CLAIMS].filter((plural) => evaluatorOf({ group: '', plural }).matching(names).length > 0);
  const others = names.flatMap((name) => {
    if (BARE_NAMES.has(name)) return [{ group: '', plural: name }];
    const [, plural, group = ''] = /^count\/([^.]+)(?:\.(.+))?$/.exec(name) ?? [];
    return plural === undefined || (group === '' && found.includes(plural)) ? [] : [{ group, plural }];
  });
  const distinct = new Map(others.map((resource) => [`${resource.group}/${resource.plural}`, resource]));
  return [...found.map((plural) => ({ group: '', plural })), ...distinct.values()];
}

/** What the objects of one resource use of a quota's names, all together. */
export function usageOf(evaluator: Evaluator, names: readonly string[], scopes: readonly Scope[], objects: Iterable<KubeObject>, nowMs: number): ResourceList {
  let used: ResourceList = Object.fromEntries(evaluator.matching(names).map((name) => [name, '0']));
  for (const object of objects) if (scopes.every((scope) => evaluator.inScope(object, scope))) used = add(used, evaluator.usage(object, nowMs));
  return used;
}
