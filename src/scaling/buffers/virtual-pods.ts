/** The chunks of a buffer as pods that are in no API: the autoscaler makes room for them as for pods that wait. Pure. */
import { ownerReference } from '../../kube/owners.ts';
import type { Pod, PodTemplate } from '../../kube/types.ts';
import { podOf } from './template.ts';
import type { CapacityBuffer } from './types.ts';

export function virtualPods(buffer: CapacityBuffer, { template = {} }: PodTemplate, count: number): Pod[] {
  const { name, namespace = '', uid } = buffer.metadata;
  const { metadata, ...pod } = podOf(namespace, template);
  const ownerReferences = [ownerReference(buffer, { controller: true })];
  return Array.from({ length: count }, (_, i) => ({
    ...pod,
    metadata: { ...metadata, name: `capacity-buffer-${name}-${i + 1}`, uid: `${uid}-${i + 1}`, ownerReferences },
  }));
}
