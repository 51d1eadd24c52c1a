/** What may change of a pod that exists: images, deadlines, tolerations added, gates opened; the server's own fields change through subresources. */
import { equalJson } from '../json.ts';
import { isDns1123Subdomain, isQualifiedName } from '../names.ts';
import type { Pod, PodSpec } from '../types.ts';
import { forbiddenField, immutable, invalidValue, named, required, type Errors } from './field.ts';
import { validatePodSpec } from './pod.ts';

type NodeSelector = NonNullable<PodSpec['nodeSelector']>;
type Term = Record<'matchExpressions' | 'matchFields', unknown[] | undefined>;

const MIRROR = 'kubernetes.io/config.mirror';
const UPDATE_WHY =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

export function validatePodUpdate(errors: Errors, pod: Pod, old: Pod): void {
  const [spec, before] = [pod.spec, old.spec];
  if (!spec || !before) return;
  validatePodSpec(errors, 'spec', spec);
  validateMirror(errors, pod, old);
  for (const field of ['containers', 'initContainers'] as const) {
    if ((spec[field]?.length ?? 0) !== (before[field]?.length ?? 0)) {
      errors.push(forbiddenField(`spec.${field}`, 'pod updates may not add or remove containers'));
      return;
    }
    for (const [i, { image }] of (spec[field] ?? []).entries()) if (!image) errors.push(required(`spec.${field}[${i}].image`));
  }
  if (!validateDeadline(errors, spec.activeDeadlineSeconds, before.activeDeadlineSeconds)) return;
  if (!(before.tolerations ?? []).every((toleration) => spec.tolerations?.some((each) => equalJson(timeless(each), timeless(toleration)))))
    errors.push(forbiddenField('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds'));
  for (const [i, { name }] of (spec.schedulingGates ?? []).entries())
    if (!before.schedulingGates?.some((gate) => gate.name === name))
      errors.push(forbiddenField(`spec.schedulingGates[${i}].name`, `only deletion is allowed, but found new scheduling gate '${name}'`));
  const next = fixedPart(spec);
  if (before.terminationGracePeriodSeconds !== undefined && before.terminationGracePeriodSeconds < 0 && next.terminationGracePeriodSeconds === 1)
    next.terminationGracePeriodSeconds = before.terminationGracePeriodSeconds;
  if (before.schedulingGates?.length) validateGated(errors, next, before);
  if (!equalJson(next, fixedPart(before))) errors.push(forbiddenField('spec', UPDATE_WHY));
}

function timeless<T extends object>(toleration: T): object {
  return { ...toleration, tolerationSeconds: 0 };
}

/** False where nothing after it is looked at. */
function validateDeadline(errors: Errors, seconds: number | undefined, before: number | undefined): boolean {
  const field = 'spec.activeDeadlineSeconds';
  if (seconds === undefined) {
    if (before !== undefined) errors.push(invalidValue(field, null, 'must not update from a positive integer to nil value'));
    return true;
  }
  if (seconds < 0) errors.push(invalidValue(field, seconds, 'must be between 0 and 2147483647, inclusive'));
  else if (before !== undefined && before < seconds) errors.push(invalidValue(field, seconds, 'must be less than or equal to previous value'));
  else return true;
  return false;
}

/** The spec without what may change. */
function fixedPart(spec: PodSpec): Partial<PodSpec> {
  const { activeDeadlineSeconds: _a, tolerations: _t, schedulingGates: _s, containers, initContainers, ...rest } = spec;
  const imageless = (list: PodSpec['containers']): PodSpec['containers'] => list.map(({ image: _image, ...container }) => container);
  return { ...rest, containers: imageless(containers ?? []), ...(initContainers === undefined ? {} : { initContainers: imageless(initContainers) }) };
}

/** A pod behind a gate may be told more narrowly where to go. What may differ is put back in `next`. */
function validateGated(errors: Errors, next: Partial<PodSpec>, before: PodSpec): void {
  if (!equalJson(next.nodeSelector, before.nodeSelector)) {
    if (!keeps(next.nodeSelector ?? {}, before.nodeSelector ?? {}))
      errors.push(invalidValue('spec.nodeSelector', next.nodeSelector, 'only additions to spec.nodeSelector are allowed (no mutations or deletions)'));
    restore(next, before, 'nodeSelector');
  }
  const [affinity, was] = [next.affinity?.nodeAffinity, before.affinity?.nodeAffinity];
  if (equalJson(affinity, was)) return;
  const required = 'requiredDuringSchedulingIgnoredDuringExecution';
  validateTerms(
    errors,
    `spec.affinity.nodeAffinity.${required}.nodeSelectorTerms`,
    (affinity?.[required]?.nodeSelectorTerms ?? []) as unknown as Term[],
    (was?.[required]?.nodeSelectorTerms ?? []) as unknown as Term[],
  );
  const { nodeAffinity: _node, ...others } = next.affinity ?? {};
  if (Object.keys(others).length === 0 && was === undefined) restore(next, before, 'affinity');
  else next.affinity = { ...others, ...(was === undefined ? {} : { nodeAffinity: was }) };
}

function restore<K extends keyof PodSpec>(next: Partial<PodSpec>, before: PodSpec, field: K): void {
  if (before[field] === undefined) delete next[field];
  else next[field] = before[field];
}

function keeps(next: NodeSelector, before: NodeSelector): boolean {
  return Object.entries(before).every(([key, value]) => next[key] === value);
}

function validateTerms(errors: Errors, path: string, terms: readonly Term[], before: readonly Term[]): void {
  if (before.length > 0 && before.length !== terms.length) {
    errors.push(invalidValue(path, terms, 'no additions/deletions to non-empty NodeSelectorTerms list are allowed'));
    return;
  }
  for (const [i, old] of before.entries()) {
    const same = (['matchExpressions', 'matchFields'] as const).every((part) =>
      equalJson((terms[i]?.[part] ?? []).slice(0, old[part]?.length ?? 0), old[part] ?? []),
    );
    if (!same) errors.push(invalidValue(`${path}[${i}]`, terms[i], 'only additions are allowed (no mutations or deletions)'));
  }
}

function validateMirror(errors: Errors, { metadata }: Pod, { metadata: before }: Pod): void {
  const [now, then] = [metadata.annotations?.[MIRROR], before.annotations?.[MIRROR]];
  if (now === then) return;
  errors.push(forbiddenField(`metadata.annotations[${MIRROR}]`, `may not ${then === undefined ? 'add' : 'remove or update'} mirror pod annotation`));
}

/** Of the debugger's door: containers may come, those that are there stay as they are. */
export function validateEphemeralContainers(errors: Errors, pod: Pod, old: Pod): void {
  validatePodSpec(errors, 'spec', pod.spec);
  if (old.metadata.annotations?.[MIRROR] !== undefined) {
    errors.splice(0, errors.length, forbiddenField('', 'static pods do not support ephemeral containers'));
    return;
  }
  const field = 'spec.ephemeralContainers';
  for (const container of old.spec?.ephemeralContainers ?? []) {
    const next = pod.spec?.ephemeralContainers?.find(({ name }) => name === container.name);
    const what = `existing ephemeral containers ${JSON.stringify(container.name)} may not be`;
    if (next === undefined) errors.push(forbiddenField(field, `${what} removed\n`));
    else if (!equalJson(next, container)) errors.push(forbiddenField(field, `${what} changed`));
  }
}

const SYSTEM_CONDITIONS = new Set(['PodScheduled', 'Ready', 'Initialized']);

export function validatePodStatus(errors: Errors, { status, spec }: Pod, old: Pod): void {
  for (const [i, { type }] of (status?.conditions ?? []).entries())
    if (!SYSTEM_CONDITIONS.has(type)) named(errors, `status.conditions[${i}].Type`, type, isQualifiedName);
  const nominated = status?.nominatedNodeName;
  if (nominated && nominated !== old.status?.nominatedNodeName) {
    named(errors, 'status.nominatedNodeName', nominated, isDns1123Subdomain);
    if (old.spec?.nodeName) errors.push(forbiddenField('status.nominatedNodeName', 'may not be set on pods that are already bound to a node'));
  }
  immutable(errors, 'status.qosClass', status?.qosClass, old.status?.qosClass);
  const lists = ['containerStatuses', 'initContainerStatuses'] as const;
  for (const list of lists) {
    for (const [i, { name, state }] of (old.status?.[list] ?? []).entries()) {
      const ended = state?.terminated;
      const next = status?.[list]?.find((each) => each.name === name);
      if (ended === undefined || next === undefined || next.state?.terminated !== undefined) continue;
      if (!mayRestart(spec, list, name, ended.exitCode))
        errors.push(forbiddenField(`status.${list}[${i}].state`, 'may not be transitioned to non-terminated state'));
    }
  }
}

function mayRestart(spec: PodSpec | undefined, list: 'containerStatuses' | 'initContainerStatuses', name: string, exitCode: number): boolean {
  const containers = (list === 'containerStatuses' ? spec?.containers : spec?.initContainers) ?? [];
  const policy = containers.find((container) => container.name === name)?.restartPolicy ?? spec?.restartPolicy;
  return policy === 'Always' || (exitCode !== 0 && policy !== 'Never');
}
