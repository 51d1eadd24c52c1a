/** What all buffers together ask the autoscaler for, read anew at each of its looks. */
import { isDeepStrictEqual } from 'node:util';
import { podTemplates } from '../../kube/resources.ts';
import { isConflict, isNotFound } from '../../kube/status.ts';
import type { Pod } from '../../kube/types.ts';
import { timestamp } from '../../runtime/clock.ts';
import type { ControllerContext } from '../../runtime/controller.ts';
import { isReadyForProvisioning, provisionedStatus, type Provisioned } from './status.ts';
import { capacityBuffers, isActive, type CapacityBuffer } from './types.ts';
import { virtualPods } from './virtual-pods.ts';

/** Over all buffers; as Cluster Autoscaler's pod-injection-limit. */
const CHUNKS_MAX = 5000;

export interface BufferDemand {
  chunks: readonly Pod[];
  /** The buffer of a chunk, by the chunk's uid; undefined for pods that are no chunks. */
  bufferOf(uid: string | undefined): CapacityBuffer | undefined;
  /** Tells every buffer what became of it; `hasRoom` says which chunks have room on nodes that are there. */
  report(hasRoom: (uid: string) => boolean): Promise<void>;
}

/** A function to call at each look. */
export function bufferDemand(ctx: ControllerContext): () => BufferDemand {
  const buffers = ctx.informer(capacityBuffers);
  const templates = ctx.informer(podTemplates);

  /** Undefined: the controller has not seen the latest template yet and will speak soon. */
  function chunksOf(buffer: CapacityBuffer): Pod[] | Exclude<Provisioned, { readyReplicas: number }> | undefined {
    const { podTemplateRef, podTemplateGeneration, replicas } = buffer.status ?? {};
    if (podTemplateRef === undefined || replicas === undefined || !isReadyForProvisioning(buffer))
      return { reason: 'NotReadyForProvisioning', message: 'CapacityBuffer is not ready for provisioning' };
    if (replicas === 0) return { reason: 'BufferIsEmpty', message: 'CapacityBuffer has zero replicas' };
    const template = templates.get({ name: podTemplateRef.name, namespace: buffer.metadata.namespace ?? '' });
    if (!template)
      return {
        reason: 'FailedToGetPodTemplate',
        message: `failed to get pod template with error: podtemplates ${JSON.stringify(podTemplateRef.name)} not found`,
      };
    return (template.metadata.generation ?? 0) === podTemplateGeneration ? virtualPods(buffer, template, replicas) : undefined;
  }

  async function tell(buffer: CapacityBuffer, provisioned: Provisioned): Promise<void> {
    const status = provisionedStatus(buffer, provisioned, timestamp(ctx.clock.now()));
    if (isDeepStrictEqual(status, buffer.status)) return;
    try {
      await ctx.client.update(capacityBuffers, { ...buffer, status }, { subresource: 'status' });
    } catch (error) {
      // Changed or gone in between: the next look tells what is true then.
      if (!isConflict(error) && !isNotFound(error)) throw error;
    }
  }

  return () => {
    const owners = new Map<string, CapacityBuffer>();
    const found = buffers
      .list()
      .filter((buffer) => isActive(buffer) && buffer.status?.provisioningStrategy !== undefined && !buffer.metadata.deletionTimestamp)
      .map((buffer) => ({ buffer, made: chunksOf(buffer) }));
    const chunks = found.flatMap(({ made }) => (Array.isArray(made) ? made : [])).slice(0, CHUNKS_MAX);
    for (const { buffer, made } of found) if (Array.isArray(made)) for (const { metadata } of made) owners.set(metadata.uid ?? '', buffer);
    return {
      chunks,
      bufferOf: (uid) => owners.get(uid ?? ''),
      async report(hasRoom) {
        for (const { buffer, made } of found)
          if (made !== undefined)
            await tell(buffer, Array.isArray(made) ? { readyReplicas: made.filter(({ metadata }) => hasRoom(metadata.uid ?? '')).length } : made);
      },
    };
  };
}
