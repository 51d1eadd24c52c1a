/** Empties namespaces that are being deleted, then lets them go. */
import { namespaces, type Resource } from '../../kube/resources.ts';
import { isNotFound, StatusError } from '../../kube/status.ts';
import type { Namespace } from '../../kube/types.ts';
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { startController, watching } from '../../runtime/reconcile.ts';
import { messageOf } from '../shared/pod-control.ts';
import { writeStatus } from '../shared/status.ts';
import { isEmpty, terminatingStatus, type Remains } from './decide.ts';

/** The finalizer in `spec.finalizers` that is ours to remove. */
const FINALIZER = 'kubernetes';
/** Until content that takes its time (pods with grace, finalizers) is looked at again. */
const RECHECK_MS = 500;
/** Pods go first: what they mount or report to should outlive them. */
const FIRST = 'pods';

/** `resources`: what the API serves now; only namespaced ones are looked at. */
export function namespaceController(ctx: ControllerContext, resources: () => readonly Resource[]): Controller {
  const informer = ctx.informer(namespaces);

  async function deleteContent(namespace: string): Promise<Remains> {
    const counts = new Map<string, number>();
    const finalizers = new Map<string, number>();
    const failures: string[] = [];
    const ordered = resources()
      .filter((resource) => resource.namespaced)
      .toSorted((a, b) => Number(b.plural === FIRST) - Number(a.plural === FIRST));
    for (const resource of ordered) {
      try {
        if ((await ctx.client.list(resource, { namespace, limit: 1 })).items.length === 0) continue;
        await ctx.client.deleteCollection(resource, { namespace, propagationPolicy: 'Background' });
        const { items } = await ctx.client.list(resource, { namespace });
        if (items.length === 0) continue;
        counts.set(resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`, items.length);
        for (const finalizer of items.flatMap((item) => item.metadata.finalizers ?? [])) finalizers.set(finalizer, (finalizers.get(finalizer) ?? 0) + 1);
      } catch (error) {
        // The kind is gone meanwhile, or cannot be deleted in bulk: nothing of it to wait for.
        if (error instanceof StatusError && (error.code === 404 || error.code === 405)) continue;
        failures.push(messageOf(error));
      }
    }
    return { counts, finalizers, failures };
  }

  async function finalize(namespace: Namespace): Promise<void> {
    const finalizers = (namespace.spec?.finalizers ?? []).filter((finalizer) => finalizer !== FINALIZER);
    try {
      await ctx.client.update(namespaces, { ...namespace, spec: { ...namespace.spec, finalizers } }, { subresource: 'finalize' });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  return startController(ctx, {
    name: 'namespace',
    watches: [watching(namespaces)],
    async reconcile(key) {
      const namespace = informer.get(key);
      if (namespace?.metadata.deletionTimestamp === undefined || !namespace.spec?.finalizers?.includes(FINALIZER)) return;
      const remains = await deleteContent(key.name);
      if (isEmpty(remains)) return finalize(namespace);
      await writeStatus(ctx.client, namespaces, namespace, terminatingStatus(namespace, remains, ctx.clock.now()));
      return { requeueAfterMs: RECHECK_MS };
    },
  });
}
