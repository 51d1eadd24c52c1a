/** The loop: looks at each autoscaler every 15 seconds, and at once when it is new or its spec has changed. */
import { horizontalPodAutoscalers, pods } from '../../kube/resources.ts';
import type { ObjectKey } from '../../kube/types.ts';
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { startController, watching } from '../../runtime/reconcile.ts';
import { look, type HpaWorld } from './look.ts';
import { hpaMeasures } from './measures.ts';
import type { MetricsClient } from './metrics-client.ts';
import { DEFAULT_OPTIONS, type HpaOptions } from './options.ts';
import { PodSelection } from './selection.ts';
import type { KindMapper } from './targets.ts';

export interface HpaSources {
  metrics: MetricsClient;
  kinds: KindMapper;
}

/** The view has not caught up with what was written last. */
const STALE_MS = 100;

export function horizontalPodAutoscaler(ctx: ControllerContext, { metrics, kinds }: HpaSources, overrides: Partial<HpaOptions> = {}): Controller {
  const options = { ...DEFAULT_OPTIONS, ...overrides };
  const informer = ctx.informer(horizontalPodAutoscalers);
  const podInformer = ctx.informer(pods);
  const measures = hpaMeasures(ctx);
  const world: HpaWorld = {
    ctx,
    metrics,
    kinds,
    selection: new PodSelection(podInformer),
    recorder: ctx.recorder('horizontal-pod-autoscaler'),
    measures,
    options,
    histories: new Map(),
  };
  const written = new Map<string, bigint>();
  let count = 0;
  const counted = (by: number): void => measures.count((count += by));

  async function reconcile(key: ObjectKey): Promise<void | { requeueAfterMs: number }> {
    const name = `${key.namespace ?? ''}/${key.name}`;
    const hpa = informer.get(key);
    if (hpa === undefined) {
      world.histories.delete(name);
      world.selection.forget(key);
      written.delete(name);
      return;
    }
    // Another look from before the last one would recommend, and perhaps scale, twice.
    if (BigInt(hpa.metadata.resourceVersion ?? '0') < (written.get(name) ?? 0n)) return { requeueAfterMs: STALE_MS };
    const began = ctx.clock.monotonic();
    const { action, error, resourceVersion } = await look(world, hpa);
    if (resourceVersion !== undefined) written.set(name, BigInt(resourceVersion));
    measures.reconciled(action, error === undefined ? 'none' : 'internal', ctx.clock.monotonic() - began);
    if (error !== undefined) ctx.log.debug('an autoscaler could not do all it should', { key: name, error });
    return { requeueAfterMs: untilNextLook(key.namespace ?? '', ctx.clock.monotonic(), options.syncPeriodMs) };
  }

  return startController(ctx, {
    name: 'horizontalpodautoscaler',
    workers: options.workers,
    watches: [
      watching(horizontalPodAutoscalers, (hpa, old, deleted) => {
        if (deleted || old === undefined) counted(deleted ? -1 : 1);
        // Its own words in the status are no reason to look again.
        const same = !deleted && old !== undefined && old.metadata.uid === hpa.metadata.uid && old.metadata.generation === hpa.metadata.generation;
        const { name = '', namespace = '' } = hpa.metadata;
        return same ? [] : [{ name, namespace }];
      }),
      watching(pods, () => []),
    ],
    reconcile,
  });
}

/** All autoscalers of a namespace look at the same moment, so that they share what is listed; namespaces are spread over the period. */
function untilNextLook(namespace: string, nowMs: number, periodMs: number): number {
  let hash = 0;
  for (let i = 0; i < namespace.length; i++) hash = (hash * 31 + namespace.charCodeAt(i)) % periodMs;
  return periodMs - ((((nowMs - hash) % periodMs) + periodMs) % periodMs);
}
