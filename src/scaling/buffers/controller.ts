/** Finds out what each CapacityBuffer stands for: what one chunk is, and how many. The autoscaler makes room for them. */
import { isDeepStrictEqual } from 'node:util';
import { podTemplates, resourceQuotas, type Resource } from '../../kube/resources.ts';
import { specRequests } from '../../kube/quota/pod-totals.ts';
import { isAlreadyExists } from '../../kube/status.ts';
import type { KubeObject, ObjectKey, PodTemplate } from '../../kube/types.ts';
import { timestamp } from '../../runtime/clock.ts';
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { startController, watching, type Watch } from '../../runtime/reconcile.ts';
import type { KindMapper } from '../hpa/targets.ts';
import { withinQuotas } from './quotas.ts';
import { bufferSize } from './size.ts';
import { chunkOf, TEMPLATED } from './source.ts';
import { resolvedStatus, type Resolved } from './status.ts';
import { managedTemplate, podOf } from './template.ts';
import { capacityBuffers, isActive, type CapacityBuffer } from './types.ts';

/** Scalables of kinds that are not watched are asked this often. */
const ASK_AGAIN_MS = 30_000;

/** Keys are namespaces: buffers share their quotas, so that all of a namespace are looked at together. */
export function capacityBufferController(ctx: ControllerContext, kinds: KindMapper): Controller {
  const buffers = ctx.informer(capacityBuffers);
  const templates = ctx.informer(podTemplates);
  const quotas = ctx.informer(resourceQuotas);

  async function ensureTemplate(buffer: CapacityBuffer, wanted: PodTemplate): Promise<PodTemplate> {
    const { name = '', namespace = '' } = wanted.metadata;
    const known = templates.get({ name, namespace });
    if (known && isDeepStrictEqual(known.template, wanted.template)) return known;
    try {
      if (!known) return await ctx.client.create(podTemplates, wanted);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
    const latest = await ctx.client.get(podTemplates, { name, namespace });
    if (!latest.metadata.ownerReferences?.some(({ uid }) => uid === buffer.metadata.uid))
      throw new Error(`PodTemplate ${name} is not the buffer's own: rename it`);
    return ctx.client.update(podTemplates, { ...latest, template: wanted.template ?? {} });
  }

  async function resolve(buffer: CapacityBuffer): Promise<Resolved> {
    let template: PodTemplate | undefined;
    try {
      const chunk = await chunkOf({ client: ctx.client, kinds }, buffer);
      template = await ensureTemplate(buffer, managedTemplate(buffer, chunk.template));
      const requests = specRequests(podOf('', chunk.template));
      return { template, size: sized(() => bufferSize(buffer.spec, requests, chunk.replicas)) };
    } catch (error) {
      return { template, error: messageOf(error) };
    }
  }

  async function write(buffer: CapacityBuffer, resolved: Resolved): Promise<void> {
    const status = resolvedStatus(buffer, resolved, timestamp(ctx.clock.now()));
    if (!isDeepStrictEqual(status, buffer.status)) await ctx.client.update(capacityBuffers, { ...buffer, status }, { subresource: 'status' });
  }

  return startController(ctx, {
    name: 'capacity-buffer',
    workers: 1,
    watches: [
      watching(capacityBuffers, (buffer, old) => (old && sameSpec(buffer, old) ? [] : [namespaceOf(buffer)])),
      watching(resourceQuotas, (quota, old) => (old && isDeepStrictEqual(quota.status, old.status) ? [] : around(quota))),
      watching(podTemplates, (template, old) => (old && isDeepStrictEqual(template.template, old.template) ? [] : around(template))),
      ...TEMPLATED.map(scalables),
    ],
    async reconcile({ name: namespace }) {
      const ours = buffers
        .list(namespace)
        .filter((buffer) => isActive(buffer) && !buffer.metadata.deletionTimestamp)
        .sort(byAge);
      if (ours.length === 0) return;
      const resolved = new Map<CapacityBuffer, Resolved>();
      for (const buffer of ours) resolved.set(buffer, await resolve(buffer));
      const sized = [...resolved.values()].filter(({ size, template }) => size !== undefined && template !== undefined);
      const wanting = sized.map(({ size = 0, template }) => ({ pod: podOf(namespace, template?.template ?? {}), replicas: size }));
      for (const [i, allowed] of withinQuotas(wanting, quotas.list(namespace)).entries()) sized[i]!.allowed = allowed;
      for (const [buffer, found] of resolved) await write(buffer, found);
      if (ours.some(isUnwatched) || [...resolved.values()].some(({ error }) => error !== undefined)) return { requeueAfterMs: ASK_AGAIN_MS };
    },
  });

  /** A namespace without buffers costs a look-up. */
  function around(object: KubeObject): readonly ObjectKey[] {
    return buffers.list(object.metadata.namespace).length > 0 ? [namespaceOf(object)] : [];
  }

  function scalables(resource: Resource): Watch {
    return {
      resource,
      keys: (object, old) => (old && sameSize(object, old) ? [] : around(object)),
    };
  }
}

const namespaceOf = ({ metadata }: KubeObject): ObjectKey => ({ name: metadata.namespace ?? '' });

function byAge({ metadata: a }: CapacityBuffer, { metadata: b }: CapacityBuffer): number {
  const order = (one = '', other = ''): number => (one < other ? -1 : one > other ? 1 : 0);
  return order(a.creationTimestamp, b.creationTimestamp) || order(a.name, b.name);
}

const sameSpec = (a: CapacityBuffer, b: CapacityBuffer): boolean => a.metadata.generation === b.metadata.generation && a.metadata.uid === b.metadata.uid;

/** Of what has replicas, whatever it is: their number, those there are, and the template change with the generation. */
function sameSize(a: KubeObject, b: KubeObject): boolean {
  const replicas = (object: KubeObject & { status?: { replicas?: number } }): number | undefined => object.status?.replicas;
  return a.metadata.generation === b.metadata.generation && replicas(a) === replicas(b);
}

function isUnwatched({ spec: { scalableRef } }: CapacityBuffer): boolean {
  return scalableRef !== undefined && !TEMPLATED.some(({ kind }) => kind === scalableRef.kind);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function sized(compute: () => number): number {
  try {
    return compute();
  } catch (error) {
    throw new Error(`couldn't get number of replicas for buffer: ${messageOf(error)}`, { cause: error });
  }
}
