/** Deletes finished jobs when their `ttlSecondsAfterFinished` has passed. */
import { jobs } from '../../kube/resources.ts';
import { isNotFound } from '../../kube/status.ts';
import type { Job } from '../../kube/types.ts';
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { startController, watching } from '../../runtime/reconcile.ts';
import { keyOf } from '../shared/claim.ts';

/** Milliseconds until the job may go, 0 or less when it is time; undefined when it is to stay. */
function msToLive(job: Job, nowMs: number): number | undefined {
  const ttl = job.spec?.ttlSecondsAfterFinished;
  const finished = job.status?.conditions?.find((c) => (c.type === 'Complete' || c.type === 'Failed') && c.status === 'True');
  if (ttl === undefined || finished?.lastTransitionTime === undefined || job.metadata.deletionTimestamp !== undefined) return undefined;
  return Date.parse(finished.lastTransitionTime) + ttl * 1000 - nowMs;
}

export function ttlAfterFinishedController(ctx: ControllerContext): Controller {
  const informer = ctx.informer(jobs);
  return startController(ctx, {
    name: 'ttl-after-finished',
    watches: [watching(jobs)],
    async reconcile(key) {
      const job = informer.get(key);
      const left = job === undefined ? undefined : msToLive(job, ctx.clock.now());
      if (job === undefined || left === undefined) return;
      if (left > 0) return { requeueAfterMs: left };
      // The version seen: a TTL that was changed meanwhile is honoured.
      const { uid, resourceVersion } = job.metadata;
      const preconditions = { ...(uid ? { uid } : {}), ...(resourceVersion ? { resourceVersion } : {}) };
      await ctx.client.delete(jobs, keyOf(job), { propagationPolicy: 'Foreground', preconditions }).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
    },
  });
}
