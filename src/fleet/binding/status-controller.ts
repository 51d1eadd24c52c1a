/** Brings what members report back: works' statuses into the binding's, and these into the template's. */
import { equalJson } from '../../kube/json.ts';
import type { Resource } from '../../kube/resources.ts';
import { isNotFound } from '../../kube/status.ts';
import type { ObjectKey, Unstructured } from '../../kube/types.ts';
import { timestamp } from '../../runtime/clock.ts';
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { startController, watching } from '../../runtime/reconcile.ts';
import { interpreterOf } from '../interpreters/index.ts';
import { clusterResourceBindings, resourceBindings, type ResourceBinding } from '../kinds/binding.ts';
import { works, type Work } from '../kinds/work.ts';
import { resourceOf, type Kinds, type Templates } from '../templates.ts';
import { bindingName } from '../detector/binding.ts';
import { BY_BINDING } from './controller.ts';
import { bindingStatus } from './status.ts';
import { bindingKeyOf } from './works.ts';

export function statusControllers(ctx: ControllerContext, templates: Templates, kinds: Kinds): Controller[] {
  return [statusController(ctx, templates, kinds, resourceBindings), statusController(ctx, templates, kinds, clusterResourceBindings)];
}

function statusController(ctx: ControllerContext, templates: Templates, kinds: Kinds, resource: Resource<ResourceBinding>): Controller {
  const recorder = ctx.recorder(resource.namespaced ? 'resource-binding-status-controller' : 'cluster-resource-binding-status-controller');
  const bindings = ctx.informer(resource);
  const allWorks = ctx.informer(works);
  allWorks.addIndex(BY_BINDING, (work) => [bindingKeyOf(work) ?? '']);

  async function writeTemplate(template: Unstructured, binding: ResourceBinding): Promise<void> {
    const wanted = interpreterOf(template).aggregateStatus?.(template, binding.status?.aggregatedStatus ?? []) ?? template;
    if (wanted === template || equalJson(wanted.status, template.status)) return;
    const served = await resourceOf(kinds, template.apiVersion, template.kind);
    if (served === undefined) return;
    try {
      await ctx.client.update(served, wanted, { subresource: 'status' });
    } catch (error) {
      // Gone meanwhile, or a kind without a status of its own.
      if (!isNotFound(error)) throw error;
    }
  }

  return startController(ctx, {
    name: resource.namespaced ? 'binding-status' : 'cluster-binding-status',
    workers: 8,
    watches: [
      watching(works, (work, old, deleted) => (!deleted && old !== undefined && old.status === work.status ? [] : bindingOf(work))),
      watching(resource, (binding, old) => (old !== undefined && sameSummary(binding, old) ? [] : [keyOf(binding)])),
    ],
    start(enqueue, signal) {
      // Whoever writes a template's status, or its spec, is told what the members say.
      const end = templates.onChange({
        upsert: ({ metadata: { namespace, name = '' }, kind }, old) => {
          if (old === undefined || (namespace !== undefined) !== resource.namespaced) return;
          enqueue({ ...(namespace === undefined ? {} : { namespace }), name: bindingName(kind, name) });
        },
      });
      signal.addEventListener('abort', end, { once: true });
    },
    async reconcile(key) {
      let binding = bindings.get(key);
      if (binding === undefined || binding.metadata.deletionTimestamp !== undefined) return;
      const status = bindingStatus(binding, allWorks.byIndex(BY_BINDING, `${key.namespace ?? ''}/${key.name}`), timestamp(ctx.clock.now()));
      const template = await templates.get(binding.spec.resource);
      const isChanged = !equalJson(status, binding.status ?? {});
      if (isChanged) binding = await ctx.client.update(resource, { ...binding, status }, { subresource: 'status' });
      if (template === undefined || template.metadata.uid !== binding.spec.resource.uid) return;
      await writeTemplate(template, binding);
      if (!isChanged) return;
      const message = `Update ${resource.kind}(${shownKey(key)}) with AggregatedStatus successfully.`;
      for (const regarding of [binding, template]) recorder.event(regarding, 'Normal', 'AggregateStatusSucceed', message);
    },
  });

  function bindingOf(work: Work): ObjectKey[] {
    const [namespace = '', name = ''] = bindingKeyOf(work)?.split('/') ?? [];
    if (name === '' || (namespace !== '') !== resource.namespaced) return [];
    return [namespace === '' ? { name } : { namespace, name }];
  }
}

const keyOf = ({ metadata: { namespace, name = '' } }: ResourceBinding): ObjectKey => (namespace === undefined ? { name } : { namespace, name });
const shownKey = ({ namespace, name }: ObjectKey): string => (namespace === undefined ? name : `${namespace}/${name}`);

function sameSummary(a: ResourceBinding, b: ResourceBinding): boolean {
  return a.metadata.generation === b.metadata.generation && equalJson(a.status?.aggregatedStatus, b.status?.aggregatedStatus);
}
