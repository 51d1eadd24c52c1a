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

/** Pods go first, and nothing else while one is left: what protects or feeds them (network policies, secrets) outlives them. */
const goesFirst = ({ group, plural }: Resource): boolean => group === '' && plural === 'pods';

/** `resources`: what the API serves now; only namespaced ones are looked at. */
export function namespaceController(ctx: ControllerContext, resources: () => readonly Resource[]): Controller {
  const informer = ctx.informer(namespaces);

  async function deleteContent(namespace: string): Promise<Remains> {
    const remains: Remains = { counts: new Map(), finalizers: new Map(), failures: [] };
    const namespaced = resources().filter((resource) => resource.namespaced);
    for (const resource of namespaced.filter(goesFirst)) await deleteKind(resource, namespace, remains);
    if (remains.counts.size > 0) return remains;
    for (const resource of namespaced) if (!goesFirst(resource)) await deleteKind(resource, namespace, remains);
    return remains;
  }

  /** Deletes all of a kind, and adds what is left of it to `remains`. */
  async function deleteKind(resource: Resource, namespace: string, { counts, finalizers, failures }: Remains): Promise<void> {
    try {
      if ((await ctx.client.list(resource, { namespace, limit: 1 })).items.length === 0) return;
      await ctx.client.deleteCollection(resource, { namespace, propagationPolicy: 'Background' });
      const { items } = await ctx.client.list(resource, { namespace });
      if (items.length === 0) return;
      counts.set(`${resource.plural}.${resource.group}`, items.length);
      for (const finalizer of items.flatMap((item) => item.metadata.finalizers ?? [])) finalizers.set(finalizer, (finalizers.get(finalizer) ?? 0) + 1);
    } catch (error) {
      // The kind is gone meanwhile, or cannot be deleted in bulk: nothing of it to wait for.
      if (error instanceof StatusError && (error.code === 404 || error.code === 405)) return;
      failures.push(messageOf(error));
    }
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
