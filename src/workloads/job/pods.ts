/** What a job sees in its pods, and the pods it makes. */
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

/** Epoch ms at which the pod ended, as well as can be told. */
export function endedAtMs(pod: Pod): number {
  const ends = (pod.status?.containerStatuses ?? []).flatMap((status) => Date.parse(status.state?.terminated?.finishedAt ?? '') || []);
  if (ends.length > 0) return Math.max(...ends);
  const ready = pod.status?.conditions?.find((condition) => condition.type === 'Ready')?.lastTransitionTime;
  return Date.parse(ready ?? pod.metadata.deletionTimestamp ?? pod.metadata.creationTimestamp ?? '') || 0;
}

/** The template of a job's pod; with `index` for an Indexed job. */
export function jobTemplate(job: Job, index: number | undefined): PodTemplateSpec {
  const template = job.spec?.template ?? {};
  const name = job.metadata.name ?? '';
  const uid = job.metadata.uid ?? '';
  const labels: Record<string, string> = {
    ...template.metadata?.labels,
    'batch.kubernetes.io/controller-uid': uid,
    'controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
    'job-name': name,
  };
  const annotations: Record<string, string> = { ...template.metadata?.annotations };
  let spec = template.spec as PodSpec;
  if (index !== undefined) {
    labels[INDEX] = annotations[INDEX] = String(index);
    const withIndex = <C extends { env?: NonNullable<PodSpec['containers'][number]['env']> }>(container: C): C => {
      if (container.env?.some((variable) => variable.name === 'JOB_COMPLETION_INDEX')) return container;
      const variable = { name: 'JOB_COMPLETION_INDEX', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: `metadata.labels['${INDEX}']` } } };
      return { ...container, env: [...(container.env ?? []), variable] };
    };
    spec = {
      ...spec,
      hostname: `${name}-${index}`,
      containers: spec.containers.map(withIndex),
      ...(spec.initContainers ? { initContainers: spec.initContainers.map(withIndex) } : {}),
    };
  }
  return { metadata: { ...template.metadata, labels, annotations, finalizers: [...(template.metadata?.finalizers ?? []), TRACKING] }, spec };
}
