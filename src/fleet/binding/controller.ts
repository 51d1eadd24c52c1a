/** Writes a binding's works into its members' namespaces, and takes them away where they are no longer wanted. */
import type { Resource } from '../../kube/resources.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../../kube/status.ts';
import type { ObjectKey } from '../../kube/types.ts';
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { startController, watching } from '../../runtime/reconcile.ts';
import { interpreterOf } from '../interpreters/index.ts';
import { clusterResourceBindings, resourceBindings, type ResourceBinding } from '../kinds/binding.ts';
import { clusters as clusterResource, type Cluster } from '../kinds/cluster.ts';
import * as marks from '../kinds/marks.ts';
import { clusterOverridePolicies, overridePolicies } from '../kinds/policy.ts';
import { clusterOfNamespace, works, type Work } from '../kinds/work.ts';
import { sameTemplate, type Templates } from '../templates.ts';
import { bindingName } from '../detector/binding.ts';
import { bindingKeyOf, leaving, sameWork, targetsOf, wantedWorks } from './works.ts';

/** Works by the binding they belong to: see `bindingKeyOf`. */
export const BY_BINDING = 'binding';

export function bindingControllers(ctx: ControllerContext, templates: Templates): Controller[] {
  return [bindingController(ctx, templates, resourceBindings), bindingController(ctx, templates, clusterResourceBindings)];
}

function bindingController(ctx: ControllerContext, templates: Templates, resource: Resource<ResourceBinding>): Controller {
  const recorder = ctx.recorder('binding-controller');
  const bindings = ctx.informer(resource);
  const members = ctx.informer(clusterResource);
  const allWorks = ctx.informer(works);
  const overrides = { cluster: ctx.informer(clusterOverridePolicies), namespaced: ctx.informer(overridePolicies) };
  allWorks.addIndex(BY_BINDING, (work) => [bindingKeyOf(work) ?? '']);

  const worksOf = ({ namespace = '', name }: ObjectKey): Work[] => allWorks.byIndex(BY_BINDING, `${namespace}/${name}`);

  async function write(wanted: Work): Promise<boolean> {
    const { namespace = '', name = '' } = wanted.metadata;
    const known = allWorks.get({ namespace, name });
    if (known === undefined) {
      await ctx.client.create(works, wanted);
      return true;
    }
    if (known.metadata.deletionTimestamp !== undefined) throw new Error(`work ${namespace}/${name} is being taken away; it is made anew after that`);
    if (sameWork(known, wanted)) return false;
    await ctx.client.update(works, { ...known, metadata: { ...known.metadata, annotations: wanted.metadata.annotations ?? {} }, spec: wanted.spec });
    return true;
  }

  async function remove(work: Work): Promise<void> {
    if (work.metadata.deletionTimestamp !== undefined) return;
    const { namespace = '', name = '', uid = '' } = work.metadata;
    try {
      await ctx.client.delete(works, { namespace, name }, { preconditions: { uid } });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  /** The template is gone, or the binding was deleted: so is what came of it. */
  async function finish(binding: ResourceBinding, key: ObjectKey): Promise<void> {
    const left = worksOf(key);
    await Promise.all(left.map(remove));
    if (left.length > 0) return; // The last work's end brings this binding back here.
    const finalizers = binding.metadata.finalizers?.filter((finalizer) => finalizer !== marks.BINDING_FINALIZER) ?? [];
    if (finalizers.length === binding.metadata.finalizers?.length) return;
    await ctx.client.update(resource, { ...binding, metadata: { ...binding.metadata, finalizers } });
  }

  return startController(ctx, {
    name: resource.namespaced ? 'binding' : 'cluster-binding',
    workers: 8,
    watches: [
      watching(resource, (binding, old) => (old && sameBinding(binding, old) ? [] : [keyOf(binding)])),
      watching(works, (work, old, deleted) => (deleted || (old && old.metadata.generation !== work.metadata.generation) ? bindingOf(work) : [])),
      watching(clusterResource, (cluster, old, deleted) => (deleted || old === undefined || labelsChanged(cluster, old) ? all() : [])),
      watching(overridePolicies, ({ metadata: { namespace } }) => (resource.namespaced ? all(namespace) : [])),
      watching(clusterOverridePolicies, () => all()),
    ],
    start(enqueue, signal) {
      const end = templates.onChange({
        upsert: (template, old) => {
          const { namespace, name = '' } = template.metadata;
          if ((namespace !== undefined) !== resource.namespaced || old === undefined || sameTemplate(template, old)) return;
          enqueue({ ...(namespace === undefined ? {} : { namespace }), name: bindingName(template.kind, name) });
        },
      });
      signal.addEventListener('abort', end, { once: true });
    },
    async reconcile(key) {
      const binding = bindings.get(key);
      if (binding === undefined) return;
      if (binding.metadata.deletionTimestamp !== undefined) return finish(binding, key);
      const template = await templates.get(binding.spec.resource);
      // Garbage collection takes the binding away with its template.
      if (template === undefined || template.metadata.uid !== binding.spec.resource.uid || template.metadata.deletionTimestamp !== undefined) return;
      const joined = new Map(members.list().map((cluster) => [cluster.metadata.name ?? '', cluster]));
      const input = { binding, template, interpreter: interpreterOf(template), clusters: joined, overrides: policiesFor(binding) };
      try {
        const wanted = wantedWorks(input);
        const written = await Promise.all(wanted.map(write));
        const kept = new Set([...targetsOf(binding).map(({ name }) => name), ...leaving(binding)]);
        await Promise.all(
          worksOf(key)
            .filter((work) => !kept.has(clusterOfNamespace(work.metadata.namespace ?? '') ?? ''))
            .map(remove),
        );
        if (!written.includes(true)) return;
        const message = `Sync work of ${resource.kind}(${shownKey(key)}) successful.`;
        for (const regarding of [binding, template]) recorder.event(regarding, 'Normal', 'SyncWorkSucceed', message);
      } catch (error) {
        if (!isStale(error)) for (const regarding of [binding, template]) recorder.event(regarding, 'Warning', 'SyncWorkFailed', messageOf(error));
        throw error;
      }
    },
  });

  function policiesFor({ metadata: { namespace } }: ResourceBinding): {
    cluster: ReturnType<typeof overrides.cluster.list>;
    namespaced: ReturnType<typeof overrides.cluster.list>;
  } {
    return { cluster: overrides.cluster.list(), namespaced: namespace === undefined ? [] : overrides.namespaced.list(namespace) };
  }

  function all(namespace?: string): ObjectKey[] {
    return bindings.list(namespace).map(keyOf);
  }

  function bindingOf(work: Work): ObjectKey[] {
    const key = bindingKeyOf(work);
    if (key === undefined) return [];
    const [namespace = '', name = ''] = key.split('/');
    if ((namespace !== '') !== resource.namespaced) return [];
    return [namespace === '' ? { name } : { namespace, name }];
  }
}

function keyOf({ metadata: { namespace, name = '' } }: ResourceBinding): ObjectKey {
  return namespace === undefined ? { name } : { namespace, name };
}

const shownKey = ({ namespace, name }: ObjectKey): string => (namespace === undefined ? name : `${namespace}/${name}`);

/** Statuses are the scheduler's and the aggregation's. */
function sameBinding({ metadata: a }: ResourceBinding, { metadata: b }: ResourceBinding): boolean {
  return a.generation === b.generation && a.deletionTimestamp === b.deletionTimestamp && a.uid === b.uid;
}

function labelsChanged({ metadata: a }: Cluster, { metadata: b }: Cluster): boolean {
  return JSON.stringify([a.labels, a.annotations]) !== JSON.stringify([b.labels, b.annotations]) || a.generation !== b.generation;
}

function isStale(error: unknown): boolean {
  return isConflict(error) || isAlreadyExists(error) || isNotFound(error);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
