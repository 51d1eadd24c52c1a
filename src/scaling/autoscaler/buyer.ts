/** Buys nodes for pods that cannot be scheduled, and tells each pod what became of it. */
import { daemonSets, pods } from '../../kube/resources.ts';
import type { Pod } from '../../kube/types.ts';
import type { CloudProvider } from '../../cloud/provider.ts';
import type { ControllerContext, EventRecorder } from '../../runtime/controller.ts';
import type { Snapshot } from '../../scheduler/index.ts';
import type { BufferDemand } from '../buffers/demand.ts';
import { neverFits } from './never-fits.ts';
import type { AutoscalerMeasures } from './measures.ts';
import type { AutoscalerOptions } from './options.ts';
import type { PoolHealth } from './pool-health.ts';
import { ageOf, isExpendable, isUnschedulable, scaleUpDelay } from './pods.ts';
import type { PoolView } from './pools.ts';
import { readPriorities } from './priorities.ts';
import { decideScaleUp } from './scale-up.ts';
import { tellBought, tellRefused } from './scale-up-events.ts';
import { STATUS_OBJECT } from './status.ts';

export interface BuyerContext {
  ctx: ControllerContext;
  provider: CloudProvider;
  recorder: EventRecorder;
  options: AutoscalerOptions;
  health: PoolHealth;
  measures: Pick<AutoscalerMeasures, 'bought' | 'failedToBuy'>;
}

export interface Bought {
  /** Nodes were asked for. */
  acted: boolean;
  /** Pods will take room there is or that is coming: nothing is to be given back now. */
  pending: boolean;
  /** When a pod that is too young now may be looked at. */
  lookAgainMs: number;
  /** Chunks of buffers that nodes there are have room for, as ScaleUp has them; absent: they were not looked at. */
  roomy?: ReadonlyMap<string, string>;
}

export async function buyNodes(
  { ctx, provider, recorder, options, health, measures }: BuyerContext,
  snapshot: Snapshot,
  pools: readonly PoolView[],
  { chunks, bufferOf }: BufferDemand,
): Promise<Bought> {
  const now = ctx.clock.now();
  const waiting = ctx
    .informer(pods)
    .list()
    .filter((pod) => isUnschedulable(pod) && !isExpendable(pod, options.expendablePriorityCutoff));
  const delayLeft = (pod: Pod): number => scaleUpDelay(pod) - ageOf(pod, now);
  const ripe = waiting.filter((pod) => delayLeft(pod) <= 0);
  const lookAgainMs = Math.min(Infinity, ...waiting.map(delayLeft).filter((ms) => ms > 0));
  if (ripe.length === 0 && chunks.length === 0) return { acted: false, pending: false, lookAgainMs, roomy: new Map() };
  // More pods of a burst may be on their way: once the oldest has waited, all are looked at together.
  const oldestMs = Math.max(...ripe.map((pod) => ageOf(pod, now)));
  if (ripe.length > 0 && oldestMs < options.freshPodMs)
    return { acted: false, pending: true, lookAgainMs: Math.min(lookAgainMs, options.freshPodMs - oldestMs) };

  const priorities = options.expander === 'priority' ? await priorityGroups(ctx, recorder) : undefined;
  const sets = ctx.informer(daemonSets).list();
  const decision = decideScaleUp({ snapshot, pods: ripe, chunks, pools, provider, daemonSets: sets, options, priorities, random: ctx.random });
  const { roomy } = decision;
  const never = (pod: Pod): string | undefined => neverFits(pod, { snapshot, provider, daemonSets: sets });
  tellRefused(recorder, { refused: decision.refused, bufferOf, neverFits: never }, decision.buy !== undefined);
  // A pod that no pool helps must not keep idle nodes for ever.
  if (!decision.buy) return { acted: false, pending: decision.waiting.length > 0, lookAgainMs, roomy };
  const { pool, count, from, max } = decision.buy;
  try {
    await provider.increase(pool, count);
  } catch (error) {
    health.failed(pool, ctx.clock.monotonic());
    measures.failedToBuy();
    recorder.event(
      STATUS_OBJECT,
      'Warning',
      'FailedToScaleUpGroup',
      `Scale-up failed for group ${pool}: ${error instanceof Error ? error.message : String(error)}`,
    );
    return { acted: false, pending: true, lookAgainMs, roomy };
  }
  measures.bought(count);
  recorder.event(STATUS_OBJECT, 'Normal', 'ScaledUpGroup', `Scale-up: group ${pool} size set to ${from + count} instead of ${from} (max: ${max})`);
  tellBought(recorder, decision.buy, bufferOf);
  return { acted: true, pending: true, lookAgainMs, roomy };
}

/** A ConfigMap that cannot be read counts as none: nodes are needed all the same. */
async function priorityGroups(ctx: ControllerContext, recorder: EventRecorder): ReturnType<typeof readPriorities> {
  try {
    return await readPriorities(ctx.client);
  } catch (error) {
    recorder.event(
      STATUS_OBJECT,
      'Warning',
      'PriorityConfigMapInvalid',
      `cluster-autoscaler-priority-expander: ${error instanceof Error ? error.message : String(error)}`,
    );
    return undefined;
  }
}
