/**
 * Counts what namespaces with quotas use. The API server adds what each write uses (admission/quotas.ts); what deletions and
 * the end of pods free is found here, by counting anew.
 */
import type { Resource } from '../../kube/resources.ts';
import { resourceQuotas } from '../../kube/resources.ts';
import { evaluatorOf, resourcesOf } from '../../kube/quota/evaluators.ts';
import { isNotFound } from '../../kube/status.ts';
import type { KubeObject, ObjectKey } from '../../kube/types.ts';
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { startController, watching } from '../../runtime/reconcile.ts';
import { keyOf } from '../shared/claim.ts';
import { decideStatus, type Counted } from './decide.ts';

/** How often the API is asked for kinds that have come since (custom resources). */
const RESOURCES_EVERY_MS = 5_000;
/** Counted anew without a reason, for what no event tells (pods that are stuck on their way out). */
const RESYNC_MS = 5 * 60_000;
/** Until a quota's limits are in its status, writes pass by it: they are counted a moment later. */
const SETTLE_MS = 1_000;

/** `resources`: what the API serves now, each kind once. */
export function resourceQuotaController(ctx: ControllerContext, resources: () => readonly Resource[]): Controller {
  const { client, clock } = ctx;
  const quotas = ctx.informer(resourceQuotas);

  /** The quotas that a change of `object` may have freed something of. */
  function concerned(resource: Resource, object: KubeObject): ObjectKey[] {
    const found = quotas.list(object.metadata.namespace);
    if (found.length === 0) return [];
    const evaluator = evaluatorOf(resource);
    return found.filter(({ status }) => evaluator.matching(Object.keys(status?.hard ?? {})).length > 0).map(keyOf);
  }

  function follow(enqueue: (key: ObjectKey) => void, signal: AbortSignal): void {
    const followed = new Map<string, () => void>();
    const refresh = (): void => {
      const present = new Set<string>();
      for (const resource of resources()) {
        const id = `${resource.group}/${resource.version}/${resource.plural}`;
        present.add(id);
        if (!resource.namespaced || resource.plural === 'events' || followed.has(id)) continue;
        const evaluator = evaluatorOf(resource);
        const stop = ctx.informer(resource).onChange({
          upsert(object, old) {
            if (old !== undefined && quotas.list(object.metadata.namespace).length > 0 && evaluator.changes(object, old, clock.now()))
              for (const key of concerned(resource, object)) enqueue(key);
          },
          delete(object) {
            for (const key of concerned(resource, object)) enqueue(key);
          },
        });
        followed.set(id, stop);
      }
      for (const [id, stop] of followed) {
        if (present.has(id)) continue;
        stop();
        followed.delete(id);
      }
    };
    refresh();
    void (async () => {
      while (!signal.aborted) {
        await clock.sleep(RESOURCES_EVERY_MS, signal);
        if (!signal.aborted) refresh();
      }
      for (const stop of followed.values()) stop();
    })();
  }

  /** Asked of the API, not of informers: what a quota's state counts already must be among what is counted here. */
  async function count(namespace: string | undefined, names: readonly string[]): Promise<Counted[]> {
    const known = resources();
    const wanted = resourcesOf(names).flatMap(({ group, plural }) => known.find((r) => r.group === group && r.plural === plural && r.namespaced) ?? []);
    return Promise.all(
      wanted.map(async (resource) => ({
        group: resource.group,
        plural: resource.plural,
        objects: (await client.list(resource, namespace === undefined ? {} : { namespace })).items,
      })),
    );
  }

  return startController(ctx, {
    name: 'resourcequota',
    watches: [
      watching(resourceQuotas, (quota, old, deleted) =>
        // Its own usage is no news.
        deleted || (old !== undefined && JSON.stringify(old.spec) === JSON.stringify(quota.spec)) ? [] : [keyOf(quota)],
      ),
    ],
    start: follow,
    async reconcile(key) {
      const quota = await client.get(resourceQuotas, key).catch((error: unknown) => {
        if (isNotFound(error)) return undefined;
        throw error;
      });
      if (quota === undefined) return;
      const fresh = quota.status?.hard === undefined;
      const counted = await count(key.namespace, Object.keys(quota.spec?.hard ?? {}));
      const status = decideStatus(quota, counted, clock.now());
      if (status !== undefined) await client.update(resourceQuotas, { ...quota, status }, { subresource: 'status' });
      return { requeueAfterMs: fresh ? SETTLE_MS : RESYNC_MS };
    },
  });
}
