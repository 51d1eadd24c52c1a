/** The limits of a namespace: what containers that say nothing ask for, and between which bounds pods and claims must stay. */
import { qosClass } from '../../kube/pods.ts';
import { specLimits, specRequests } from '../../kube/quota/pod-totals.ts';
import { canonicalQuantity, compareQuantities, cpuMillis } from '../../kube/quantity.ts';
import type { ResourceList } from '../../kube/quota/resource-list.ts';
import { forbidden } from '../../kube/status.ts';
import type { Container, LimitRange, PersistentVolumeClaim, Pod } from '../../kube/types.ts';
import { targetOf } from '../registry/world.ts';
import { isNewPod, isPod, type AdmissionPlugin, type AdmissionRequest } from './plugin.ts';

const ANNOTATION = 'kubernetes.io/limit-ranger';

type Limit = NonNullable<NonNullable<LimitRange['spec']>['limits']>[number];

function limitsOf({ world: { store }, key: { namespace = '' } }: AdmissionRequest): Limit[][] {
  const collection = store.collection('/limitranges');
  if (collection.size === 0) return [];
  // '0' comes after '/'. The collection holds limit ranges only.
  return Array.from(collection.range(`${namespace}/`, `${namespace}0`), ([, stored]) => (stored.object as LimitRange).spec?.limits ?? []);
}

/** Fills in what is absent; answers the names that were. */
function merge(target: ResourceList, defaults: ResourceList): string[] {
  const absent = Object.keys(defaults).filter((name) => target[name] === undefined);
  for (const name of absent) target[name] = defaults[name] ?? '0';
  return absent.sort();
}

function fillIn(container: Container, what: string, limits: readonly Limit[]): string[] {
  const said: string[] = [];
  const ofContainers = limits.filter(({ type }) => type === 'Container');
  for (const [part, text, field] of [
    ['requests', 'request', 'defaultRequest'],
    ['limits', 'limit', 'default'],
  ] as const) {
    const defaults: ResourceList = Object.assign({}, ...ofContainers.map((limit) => limit[field] ?? {}));
    const list: ResourceList = { ...container.resources?.[part] };
    const absent = merge(list, defaults);
    if (absent.length === 0) continue;
    container.resources = { ...container.resources, [part]: list };
    said.push(`${absent.join(', ')} ${text} for ${what} ${container.name}`);
  }
  return said;
}

function applyDefaults(pod: Pod, limits: readonly Limit[]): void {
  const said = [
    ...(pod.spec?.containers ?? []).flatMap((container) => fillIn(container, 'container', limits)),
    ...(pod.spec?.initContainers ?? []).flatMap((container) => fillIn(container, 'init container', limits)),
  ];
  if (said.length > 0) pod.metadata.annotations = { ...pod.metadata.annotations, [ANNOTATION]: `LimitRanger plugin set: ${said.join('; ')}` };
}

interface Asked {
  requests: ResourceList;
  limits: ResourceList;
}

const show = (value: string | number): string => canonicalQuantity(value);

function belowMin(type: string, name: string, min: string | number, { requests, limits }: Asked): string | undefined {
  const [request, limit] = [requests[name], limits[name]];
  const text = `minimum ${name} usage per ${type} is ${show(min)}`;
  if (request === undefined) return `${text}.  No request is specified`;
  if (compareQuantities(request, min) < 0) return `${text}, but request is ${show(request)}`;
  return limit !== undefined && compareQuantities(limit, min) < 0 ? `${text}, but limit is ${show(limit)}` : undefined;
}

function aboveMax(type: string, name: string, max: string | number, { requests, limits }: Asked): string | undefined {
  const [request, limit] = [requests[name], limits[name]];
  const text = `maximum ${name} usage per ${type} is ${show(max)}`;
  if (limit === undefined) return `${text}.  No limit is specified`;
  if (compareQuantities(limit, max) > 0) return `${text}, but limit is ${show(limit)}`;
  return request !== undefined && compareQuantities(request, max) > 0 ? `${text}, but request is ${show(request)}` : undefined;
}

function overRatio(type: string, name: string, most: string | number, { requests, limits }: Asked): string | undefined {
  const [request, limit] = [cpuMillis(requests[name]), cpuMillis(limits[name])];
  const text = `${name} max limit to request ratio per ${type} is ${show(most)}`;
  if (request === 0) return `${text}, but no request is specified or request is 0`;
  if (limit === 0) return `${text}, but no limit is specified or limit is 0`;
  return (limit / request) * 1000 > cpuMillis(most) ? `${text}, but provided ratio is ${(limit / request).toFixed(6)}` : undefined;
}

type Bound = typeof belowMin;

function outOf(bounds: ResourceList | undefined, type: string, asked: Asked, bound: Bound): string[] {
  const names = Object.keys(bounds ?? {}).sort();
  return names.map((name) => bound(type, name, bounds?.[name] ?? '0', asked)).filter((why) => why !== undefined);
}

function problemsOf(limit: Limit, asked: Asked): string[] {
  return [
    ...outOf(limit.min, limit.type, asked, belowMin),
    ...outOf(limit.max, limit.type, asked, aboveMax),
    ...outOf(limit.maxLimitRequestRatio, limit.type, asked, overRatio),
  ];
}

function podProblems(pod: Pod, limits: readonly Limit[]): string[] {
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  return limits.flatMap((limit) => {
    if (limit.type === 'Container')
      return containers.flatMap(({ resources }) => problemsOf(limit, { requests: resources?.requests ?? {}, limits: resources?.limits ?? {} }));
    return limit.type === 'Pod' ? problemsOf(limit, { requests: specRequests(pod), limits: specLimits(pod) }) : [];
  });
}

function aboveMaxRequest(type: string, name: string, max: string | number, { requests }: Asked): string | undefined {
  const request = requests[name];
  const text = `maximum ${name} usage per ${type} is ${show(max)}`;
  if (request === undefined) return `${text}.  No request is specified`;
  return compareQuantities(request, max) > 0 ? `${text}, but request is ${show(request)}` : undefined;
}

/** Of a claim only what it asks for counts. */
function claimProblems(claim: PersistentVolumeClaim, limits: readonly Limit[]): string[] {
  const asked = { requests: claim.spec?.resources?.requests ?? {}, limits: {} };
  return limits
    .filter(({ type }) => type === 'PersistentVolumeClaim')
    .flatMap(({ type, min, max }) => [...outOf(min, type, asked, belowMin), ...outOf(max, type, asked, aboveMaxRequest)]);
}

function problems(request: AdmissionRequest, limits: readonly Limit[]): string[] {
  if (isPod(request)) return request.operation === 'create' || request.subresource === 'resize' ? podProblems(request.object as Pod, limits) : [];
  return request.subresource === undefined ? claimProblems(request.object as PersistentVolumeClaim, limits) : [];
}

export const limitRanges: AdmissionPlugin = {
  name: 'LimitRanger',
  admit(request) {
    if (!isNewPod(request)) return;
    const found = limitsOf(request);
    if (found.length === 0) return;
    const pod = request.object as Pod;
    for (const limits of found) applyDefaults(pod, limits);
    if (pod.status !== undefined) pod.status.qosClass = qosClass(pod);
  },
  conclude(request) {
    const { definition, old, key } = request;
    if (definition.group !== '' || (definition.plural !== 'pods' && definition.plural !== 'persistentvolumeclaims')) return undefined;
    if (old?.metadata.deletionTimestamp !== undefined) return undefined;
    for (const limits of limitsOf(request)) {
      const found = [...new Set(problems(request, limits))];
      if (found.length > 0) throw forbidden(targetOf(definition, key.name), found.length === 1 ? (found[0] ?? '') : `[${found.join(', ')}]`);
    }
    return undefined;
  },
};
