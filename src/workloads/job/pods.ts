/** What a job sees in its pods, and the pods it makes. */
import { getCondition } from '../../kube/conditions.ts';
import { isSidecar } from '../../kube/pods.ts';
import type { Job, Pod, PodSpec, PodTemplateSpec } from '../../kube/types.ts';

/** Holds a finished pod until it has been counted. */
export const TRACKING = 'batch.kubernetes.io/job-tracking';
const INDEX = 'batch.kubernetes.io/job-completion-index';

export function isTracked(pod: Pod): boolean {
  return pod.metadata.finalizers?.includes(TRACKING) ?? false;
}

export function isSucceeded(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded';
}

/** A pod that was deleted counts as failed at once, unless the job wants to replace pods only when they have ended. */
export function isFailed(job: Job, pod: Pod): boolean {
  if (pod.status?.phase === 'Failed') return true;
  return pod.metadata.deletionTimestamp !== undefined && !isSucceeded(pod) && job.spec?.podReplacementPolicy !== 'Failed';
}

/** Undefined for pods without a valid index. */
export function indexOf(pod: Pod): number | undefined {
  const text = pod.metadata.annotations?.[INDEX] ?? pod.metadata.labels?.[INDEX];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

const FAILURES = 'batch.kubernetes.io/job-index-failure-count';
const IGNORED_FAILURES = 'batch.kubernetes.io/job-index-ignored-failure-count';

/** How often the pod's index had failed before it, as it was told when it was made. */
export function failuresOfIndex({ metadata: { annotations = {} } }: Pod): { counted: number; ignored: number } {
  const read = (name: string): number => {
    const value = Number(annotations[name] ?? 0);
    return Number.isInteger(value) && value >= 0 && value < 2 ** 31 ? value : 0;
  };
  return { counted: read(FAILURES), ignored: read(IGNORED_FAILURES) };
}

/** Epoch ms at which the pod ended, as well as can be told. */
export function endedAtMs({ metadata, spec, status }: Pod): number {
  const sidecars = new Set(spec?.initContainers?.filter((container) => isSidecar(container)).map(({ name }) => name));
  const statuses = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? []).filter(({ name }) => sidecars.has(name))];
  const ends = statuses.map(({ state }) => Date.parse(state?.terminated?.finishedAt ?? ''));
  if (ends.length > 0 && ends.every((end) => !Number.isNaN(end))) return Math.max(...ends);
  const ready = getCondition(status?.conditions, 'Ready');
  if (ready?.status === 'False' && ready.lastTransitionTime !== undefined) return Date.parse(ready.lastTransitionTime);
  if (metadata.deletionTimestamp !== undefined) return Date.parse(metadata.deletionTimestamp) - (metadata.deletionGracePeriodSeconds ?? 0) * 1000;
  return Date.parse(metadata.creationTimestamp ?? '') || 0;
}

/** The template of a job's pod; with `index` for an Indexed job. */
export function jobTemplate(job: Job, { index, failures }: { index?: number; failures?: { counted: number; ignored: number } }): PodTemplateSpec {
  const template = job.spec?.template ?? {};
  const labels: Record<string, string> = { ...template.metadata?.labels };
  const annotations: Record<string, string> = { ...template.metadata?.annotations };
  let spec = template.spec as PodSpec;
  if (index !== undefined) {
    labels[INDEX] = annotations[INDEX] = String(index);
    if (failures !== undefined) annotations[FAILURES] = String(failures.counted);
    if (failures?.ignored) annotations[IGNORED_FAILURES] = String(failures.ignored);
    const withIndex = <C extends { env?: NonNullable<PodSpec['containers'][number]['env']> }>(container: C): C => {
      if (container.env?.some((variable) => variable.name === 'JOB_COMPLETION_INDEX')) return container;
      const variable = { name: 'JOB_COMPLETION_INDEX', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: `metadata.labels['${INDEX}']` } } };
      return { ...container, env: [...(container.env ?? []), variable] };
    };
    spec = {
      ...spec,
      hostname: `${job.metadata.name}-${index}`,
      containers: spec.containers.map(withIndex),
      ...(spec.initContainers ? { initContainers: spec.initContainers.map(withIndex) } : {}),
    };
  }
  return { metadata: { ...template.metadata, labels, annotations, finalizers: [...(template.metadata?.finalizers ?? []), TRACKING] }, spec };
}

/** Room for five letters of chance in a name of 63. */
const PREFIX_MAX = 58;

/** 'name-3-', cut so that the index stays. */
export function namePrefix(job: Job, index: number): string {
  const end = `-${index}-`;
  return (job.metadata.name ?? '').slice(0, PREFIX_MAX - end.length) + end;
}
