/**
 * The scheduling loop: takes the most important pod, decides, assumes the decision and goes on; the API is told meanwhile.
 * Nothing is kept but what the API says: a scheduler that starts again finds unassigned pods and nominations there.
 */
import { isConflict, isNotFound } from '../kube/status.ts';
import { podPriority } from '../kube/pods.ts';
import type { Pod } from '../kube/types.ts';
import type { Controller, ControllerContext } from '../runtime/controller.ts';
import { ClusterView } from './cluster-view.ts';
import { fitsNodeOf } from './filters/volume-binding.ts';
import { Outcome } from './outcome.ts';
import { schedulerMeasures } from './measures.ts';
import { preempt, type Victims } from './preemption.ts';
import type { QueuedPod } from './queue.ts';
import { explain, place } from './schedule.ts';
import type { ScoringStrategy } from './scores/index.ts';

/** Writes under way; at more the loop waits. */
const IN_FLIGHT_MAX = 128;

export interface SchedulerOptions {
  strategy?: ScoringStrategy;
}

export function schedulerController(ctx: ControllerContext, { strategy = 'LeastAllocated' }: SchedulerOptions = {}): Controller {
  const view = new ClusterView(ctx);
  const outcome = new Outcome(ctx);
  const measures = schedulerMeasures(ctx, view.queue);
  const log = ctx.log.child({ controller: 'scheduler' });
  const inFlight = new Set<Promise<void>>();
  let startAt = 0;

  function track(work: Promise<void>): void {
    const tracked: Promise<void> = work
      .catch((error: unknown) => log.warn('a decision could not be written, trying again', { error: String(error) }))
      .finally(() => inFlight.delete(tracked));
    inFlight.add(tracked);
  }

  function scheduleOne(entry: QueuedPod): void {
    const pod = view.pod(entry.key);
    if (!pod || pod.metadata.uid !== entry.uid || pod.metadata.deletionTimestamp) return view.queue.remove(entry.uid);
    const placement = place(pod, view.snapshot, ctx.random, { nominations: view.nominations, startAt, strategy });
    if ('node' in placement) {
      startAt = (startAt + placement.checked) % Math.max(1, view.snapshot.nodes.size);
      view.assume(pod, placement.node);
      track(bind(pod, placement.node, entry));
      return;
    }
    view.queue.unschedulable(entry.uid);
    measures.attempt('unschedulable', entry.since);
    const why = explain(view.snapshot.nodes.size, placement.refusals);
    if (view.snapshot.nodes.size === 0) return track(reject(pod, why, ''));
    const result = preempt(pod, {
      snapshot: view.snapshot,
      refusals: placement.refusals,
      budgets: view.budgets(),
      nominations: view.nominations,
      random: ctx.random,
    });
    if ('victims' in result) return track(makeRoom(pod, result.victims, why));
    // While victims take their time the promise holds.
    const waits = result.message.startsWith('not eligible due to a terminating pod');
    if (!waits) view.nominations.clear(entry.uid);
    track(reject(pod, `${why} preemption: ${result.message}`, waits ? undefined : ''));
  }

  async function bind(pod: Pod, nodeName: string, entry: QueuedPod): Promise<void> {
    try {
      await view.volumes.bind(pod, nodeName, fitsNodeOf(view.snapshot, nodeName));
      await outcome.bind(pod, nodeName);
      measures.attempt('scheduled', entry.since);
      view.queue.remove(entry.uid);
    } catch (error) {
      measures.attempt('error', entry.since);
      view.forget(entry.uid);
      // Gone or bound by another: the informer tells.
      if (isNotFound(error) || isConflict(error)) view.queue.remove(entry.uid);
      view.queue.retry(entry.uid);
      throw error;
    }
  }

  async function reject(pod: Pod, message: string, nominated: string | undefined): Promise<void> {
    await outcome.unschedulable(pod, message, nominated);
  }

  async function makeRoom(pod: Pod, victims: Victims, why: string): Promise<void> {
    const displaced = view.nominations.on(victims.node).filter((other) => podPriority(other) < podPriority(pod));
    for (const other of displaced) view.nominations.clear(other.metadata.uid ?? '');
    view.nominations.set(pod, victims.node);
    measures.preempted(victims.pods.length);
    // The promise is written first: a scheduler that ends here and starts again keeps it.
    await outcome.unschedulable(pod, why, victims.node);
    await Promise.all([
      outcome.evict(victims, pod),
      ...displaced.map(async (other) => {
        await outcome.takeBackPromise(other);
        view.queue.activate(other.metadata.uid ?? '');
      }),
    ]);
    // All victims may have been gone before they were asked to go.
    if (victims.pods.every((victim) => view.snapshot.nodeOfPod(victim.metadata.uid ?? '') === undefined)) view.queue.activate(pod.metadata.uid ?? '');
  }

  return {
    name: 'scheduler',
    async run(signal) {
      const stop = await view.follow(signal);
      while (!signal.aborted) {
        const entry = view.queue.take();
        if (!entry) await view.queue.wait(signal);
        else {
          scheduleOne(entry);
          if (inFlight.size >= IN_FLIGHT_MAX) await Promise.race(inFlight);
        }
      }
      stop();
      await Promise.all(inFlight);
    },
  };
}
