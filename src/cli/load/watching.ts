/** Watches the target's cluster while a load runs. */
import { observer, type ClusterPoint } from '../../load/cluster/observe.ts';
import type { LoadResult } from '../../load/run.ts';
import { nodes, pods } from '../../kube/resources.ts';
import { realClock } from '../../runtime/clock.ts';
import { controllerContext, runControllers } from '../../runtime/context.ts';
import { silentLogger } from '../../runtime/log.ts';
import { realRandom } from '../../runtime/random.ts';
import type { Target } from './target.ts';

const SYNC_MS = 5000;

/** `run` is given what to call each second; without a cluster to watch that does nothing. A cluster that does not answer in time is left out. */
export async function whileWatching(
  { watch }: Target,
  run: (second: (at: number) => void) => Promise<LoadResult>,
): Promise<{ result: LoadResult; cluster: ClusterPoint[] }> {
  const cluster: ClusterPoint[] = [];
  if (watch === undefined) return { result: await run(() => {}), cluster };
  const ctx = controllerContext({ client: watch.client, clock: realClock, random: realRandom, log: silentLogger });
  const stop = new AbortController();
  const look = observer(ctx, watch.service);
  const informers = runControllers(ctx, [], stop.signal);
  let synced = false;
  const both = Promise.all([ctx.informer(pods).synced(stop.signal), ctx.informer(nodes).synced(stop.signal)]).then(() => (synced = true));
  const enough = new AbortController();
  await Promise.race([both, realClock.sleep(SYNC_MS, enough.signal)]);
  enough.abort();
  const second = (at: number): void => {
    if (synced) cluster.push(look(at));
  };
  try {
    second(0);
    return { result: await run(second), cluster };
  } finally {
    stop.abort();
    await informers;
  }
}
