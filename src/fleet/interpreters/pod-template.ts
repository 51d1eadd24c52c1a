/** What a pod template says of its pods: what one replica needs, and what it refers to. */
import { specRequests } from '../../kube/quota/pod-totals.ts';
import { referencesOf } from '../../kube/pod-references.ts';
import type { Pod, PodSpec, Unstructured } from '../../kube/types.ts';
import type { ReplicaRequirements } from '../kinds/binding.ts';
import { fields, specOf } from './fields.ts';
import type { Dependency } from './interpreter.ts';

/** The pod that a workload makes, as far as it can be told; a Pod is its own. */
export function podOf(object: Unstructured): Pod {
  const { namespace, name = '' } = object.metadata;
  const template = object.kind === 'Pod' ? object : fields(object.kind === 'CronJob' ? fields(specOf(object).jobTemplate).spec : object.spec).template;
  const spec = fields(object.kind === 'CronJob' ? fields(template).spec : fields(template).spec) as unknown as PodSpec;
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, ...(namespace === undefined ? {} : { namespace }) }, spec };
}

export function requirementsOf(object: Unstructured): ReplicaRequirements | undefined {
  const pod = podOf(object);
  const resourceRequest = specRequests({ ...pod, spec: { ...pod.spec, containers: pod.spec?.containers ?? [] } });
  const { nodeSelector, tolerations, priorityClassName } = pod.spec ?? {};
  const nodeClaim =
    nodeSelector === undefined && tolerations === undefined
      ? undefined
      : { ...(nodeSelector ? { nodeSelector } : {}), ...(tolerations ? { tolerations } : {}) };
  const found: ReplicaRequirements = {
    ...(Object.keys(resourceRequest).length === 0 ? {} : { resourceRequest }),
    ...(nodeClaim === undefined ? {} : { nodeClaim }),
    ...(priorityClassName === undefined ? {} : { priorityClassName }),
  };
  if (Object.keys(found).length === 0) return undefined;
  return { ...found, ...(object.metadata.namespace === undefined ? {} : { namespace: object.metadata.namespace }) };
}

/** Configuration, secrets, claims and the account of the pods; the account `default` is everywhere. */
export function podDependencies(object: Unstructured): Dependency[] {
  const { namespace = '' } = object.metadata;
  const { configMaps, secrets, claims, serviceAccount } = referencesOf(podOf(object));
  const of = (kind: string, names: Iterable<string>): Dependency[] => [...names].map((name) => ({ apiVersion: 'v1', kind, namespace, name }));
  return [
    ...of('ConfigMap', configMaps),
    ...of('Secret', secrets),
    ...of('PersistentVolumeClaim', claims),
    ...(serviceAccount === undefined || serviceAccount === 'default' ? [] : of('ServiceAccount', [serviceAccount])),
  ];
}
