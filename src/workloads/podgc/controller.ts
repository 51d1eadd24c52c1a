/** Removes pods that nobody else will: of nodes that are gone, terminating without a node, and finished ones beyond a threshold. */
import { setCondition } from '../../kube/conditions.ts';
import { isPodTerminal } from '../../kube/pods.ts';
import { nodes, pods } from '../../kube/resources.ts';
import { isConflict, isNotFound } from '../../kube/status.ts';
import type { Pod } from '../../kube/types.ts';
import { timestamp } from '../../runtime/clock.ts';
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { keyOf } from '../shared/claim.ts';
import { decideGarbage } from './decide.ts';

const EVERY_MS = 20_000;
/** A node must be missing for so long before its pods are taken for orphans. */
const QUARANTINE_MS = 40_000;

export function podGarbageCollector(ctx: ControllerContext): Controller {
  const podInformer = ctx.informer(pods);
  const nodeInformer = ctx.informer(nodes);
  const missingSince = new Map<string, number>();
  const log = ctx.log.child({ controller: 'pod-gc' });

  async function isGone(nodeName: string): Promise<boolean> {
    const since = missingSince.get(nodeName);
    if (since === undefined) missingSince.set(nodeName, ctx.clock.monotonic());
    if (since === undefined || ctx.clock.monotonic() - since < QUARANTINE_MS) return false;
    try {
      await ctx.client.get(nodes, { name: nodeName });
      return false;
    } catch (error) {
      if (isNotFound(error)) return true;
      throw error;
    }
  }

  async function remove(pod: Pod, message: string | undefined): Promise<void> {
    try {
      if (message !== undefined && !isPodTerminal(pod)) {
        const conditions = setCondition(
          pod.status?.conditions,
          { type: 'DisruptionTarget', status: 'True', reason: 'DeletionByPodGC', message },
          timestamp(ctx.clock.monotonic()),
        );
        await ctx.client.update(pods, { ...pod, status: { ...pod.status, phase: 'Failed', conditions } } as Pod, { subresource: 'status' });
      }
      await ctx.client.delete(pods, keyOf(pod), { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid ?? '' } });
    } catch (error) {
      // Changed or gone meanwhile: the next round sees how it is then.
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }

  async function round(): Promise<void> {
    const garbage = decideGarbage(podInformer.list(), (name) => nodeInformer.get({ name }) !== undefined);
    const suspects = new Set(garbage.orphaned.map((pod) => pod.spec?.nodeName ?? ''));
    for (const name of missingSince.keys()) if (!suspects.has(name)) missingSince.delete(name);
    const gone = new Set<string>();
    for (const name of suspects) if (await isGone(name)) gone.add(name);
    for (const pod of garbage.orphaned) if (gone.has(pod.spec?.nodeName ?? '')) await remove(pod, 'PodGC: node no longer exists');
    for (const pod of garbage.unscheduledTerminating) await remove(pod, undefined);
    for (const pod of garbage.terminated) await remove(pod, undefined);
  }

  return {
    name: 'pod-garbage-collector',
    async run(signal) {
      await Promise.all([podInformer.synced(signal), nodeInformer.synced(signal)]);
      while (!signal.aborted) {
        await round().catch((error: unknown) => log.warn('a round failed', { error: String(error) }));
        await ctx.clock.sleep(EVERY_MS, signal);
      }
    },
  };
}
