/** Chooses each binding's clusters, when its placement, its replicas or the clusters themselves ask for it. */
import type { Resource } from '../../kube/resources.ts';
import { equalJson } from '../../kube/json.ts';
import type { ObjectKey } from '../../kube/types.ts';
import { timestamp } from '../../runtime/clock.ts';
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { startController, watching } from '../../runtime/reconcile.ts';
import { clusterResourceBindings, resourceBindings, type ResourceBinding } from '../kinds/binding.ts';
import { clusters, type Cluster } from '../kinds/cluster.ts';
import { isFresh, needsPlacement } from '../placement/needs-placement.ts';
import { place } from '../placement/place.ts';
import type { Templates } from '../templates.ts';
import { requestOf } from './request.ts';
import { placed, scheduledStatus, shownResult } from './result.ts';

/** What did not fit is tried again so much later, should nothing else have asked for it. */
const TRY_AGAIN_MS = 30_000;
const SCHEDULER = 'default-scheduler';

export function schedulerControllers(ctx: ControllerContext, templates: Templates): Controller[] {
  return [schedulerController(ctx, templates, resourceBindings), schedulerController(ctx, templates, clusterResourceBindings)];
}

function schedulerController(ctx: ControllerContext, templates: Templates, resource: Resource<ResourceBinding>): Controller {
  const recorder = ctx.recorder('default-scheduler');
  const bindings = ctx.informer(resource);
  const members = ctx.informer(clusters);

  return startController(ctx, {
    name: resource.namespaced ? 'fleet-scheduler' : 'fleet-cluster-scheduler',
    workers: 8,
    watches: [
      watching(resource, (binding, old) => (old !== undefined && old.metadata.generation === binding.metadata.generation ? [] : [keyOf(binding)])),
      watching(clusters, (cluster, old, deleted) => (!deleted && old !== undefined && !matters(cluster, old) ? [] : bindings.list().map(keyOf))),
    ],
    async reconcile(key) {
      let binding = bindings.get(key);
      if (binding === undefined || binding.metadata.deletionTimestamp !== undefined) return;
      if (binding.spec.suspension?.scheduling === true || (binding.spec.schedulerName ?? SCHEDULER) !== SCHEDULER || binding.spec.placement === undefined)
        return;
      if (needsPlacement(binding, isLeaving) === undefined) return seen(binding);
      const wasFresh = isFresh(binding.spec, binding.status);
      const outcome = place(requestOf(binding, members.list()));
      const isPlaced = 'clusters' in outcome;
      // Where nothing fits any more nothing stays; what merely has no room stays where it is.
      const targets = isPlaced ? outcome.clusters : outcome.reason === 'NoClusterFit' ? [] : undefined;
      const wanted = targets === undefined ? binding : placed(binding, targets);
      const isMoved = wanted !== binding;
      if (isMoved) binding = await ctx.client.update(resource, wanted);
      const status = scheduledStatus(binding, outcome, timestamp(ctx.clock.now()));
      const { lastScheduledTime: _, ...said } = status;
      const { lastScheduledTime: __, ...saidBefore } = binding.status ?? {};
      if (isMoved || wasFresh || !equalJson(said, saidBefore)) await ctx.client.update(resource, { ...binding, status }, { subresource: 'status' });
      const template = await templates.get(binding.spec.resource);
      for (const regarding of template === undefined ? [binding] : [binding, template]) {
        if (isMoved && isPlaced)
          recorder.event(regarding, 'Normal', 'ScheduleBindingSucceed', `Binding has been scheduled successfully. Result: ${shownResult(binding)}`);
        if (!isPlaced) recorder.event(regarding, 'Warning', 'ScheduleBindingFailed', outcome.message);
      }
      if (!isPlaced) return { requeueAfterMs: TRY_AGAIN_MS };
    },
  });

  function isLeaving(name: string): boolean {
    return members.get({ name })?.metadata.deletionTimestamp !== undefined || members.get({ name }) === undefined;
  }

  /** Nothing is to be done, and who waits for that learns it. */
  async function seen(binding: ResourceBinding): Promise<void> {
    if (binding.status?.schedulerObservedGeneration === binding.metadata.generation) return;
    const status = { ...binding.status, schedulerObservedGeneration: binding.metadata.generation ?? 0 };
    await ctx.client.update(resource, { ...binding, status }, { subresource: 'status' });
  }
}

const keyOf = ({ metadata: { namespace, name = '' } }: ResourceBinding): ObjectKey => (namespace === undefined ? { name } : { namespace, name });

/** Whether a change of a cluster can change where things go. */
function matters(a: Cluster, b: Cluster): boolean {
  return (
    !equalJson(a.spec, b.spec) ||
    !equalJson(a.metadata.labels, b.metadata.labels) ||
    a.metadata.deletionTimestamp !== b.metadata.deletionTimestamp ||
    !equalJson(a.status?.apiEnablements, b.status?.apiEnablements)
  );
}
