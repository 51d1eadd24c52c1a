/** Which objects a quota with scopes is about. */
import { qosClass } from '../pods.ts';
import { matcherOfExpressions } from '../selectors.ts';
import type { PersistentVolumeClaim, Pod, PodSpec, ResourceQuota } from '../types.ts';

export interface Scope {
  scopeName: string;
  operator: string;
  values?: readonly string[];
}

/** Both ways of saying them. */
export function scopesOf({ spec }: ResourceQuota): Scope[] {
  return [...(spec?.scopes ?? []).map((scopeName): Scope => ({ scopeName, operator: 'Exists' })), ...(spec?.scopeSelector?.matchExpressions ?? [])];
}

/** The pod ends by itself: a quota for jobs rather than services. */
export function isTerminating(pod: Pod): boolean {
  return (pod.spec?.activeDeadlineSeconds ?? -1) >= 0;
}

type Affinity = NonNullable<PodSpec['affinity']>['podAffinity'];

function reachesOtherNamespaces(affinity: Affinity): boolean {
  const required = affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const preferred = affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return [...required, ...preferred.map(({ podAffinityTerm }) => podAffinityTerm)].some(
    ({ namespaces, namespaceSelector }) => (namespaces ?? []).length > 0 || namespaceSelector !== undefined,
  );
}

function selects({ scopeName, operator, values }: Scope, value: string | undefined): boolean {
  const matches = matcherOfExpressions([{ key: scopeName, operator, ...(values ? { values } : {}) }]);
  return matches(value ? { [scopeName]: value } : {});
}

export function podInScope(pod: Pod, scope: Scope): boolean {
  switch (scope.scopeName) {
    case 'Terminating':
      return isTerminating(pod);
    case 'NotTerminating':
      return !isTerminating(pod);
    case 'BestEffort':
      return qosClass(pod) === 'BestEffort';
    case 'NotBestEffort':
      return qosClass(pod) !== 'BestEffort';
    case 'PriorityClass':
      return selects(scope, pod.spec?.priorityClassName);
    case 'CrossNamespacePodAffinity':
      return reachesOtherNamespaces(pod.spec?.affinity?.podAffinity) || reachesOtherNamespaces(pod.spec?.affinity?.podAntiAffinity);
    default:
      return false;
  }
}

/** Every class the claim's volume has, had or is to have. */
export function attributesClasses({ spec, status }: PersistentVolumeClaim): string[] {
  const { currentVolumeAttributesClassName: current, modifyVolumeStatus: modify } = status ?? {};
  return [spec?.volumeAttributesClassName, current, modify?.targetVolumeAttributesClassName].filter((name): name is string => Boolean(name));
}

export function claimInScope(claim: PersistentVolumeClaim, scope: Scope): boolean {
  if (scope.scopeName !== 'VolumeAttributesClass') return false;
  const classes = attributesClasses(claim);
  return classes.length === 0 ? selects(scope, undefined) : classes.some((name) => selects(scope, name));
}
