/** Events are news: an hour after they last happened they go. */
import type { Event } from '../../kube/types.ts';
import type { Cancel, Clock } from '../../runtime/clock.ts';
import type { Store } from '../store/store.ts';
import { copyJson } from '../../kube/json.ts';

/** Upstream's --event-ttl. */
const KEEP_MS = 3_600_000;
const SWEEP_EVERY_MS = 300_000;

function lastSeen({ metadata, lastTimestamp, eventTime, series }: Event): number {
  const times = [lastTimestamp, eventTime, series?.lastObservedTime, metadata.creationTimestamp];
  return Math.max(0, ...times.map((time) => (time ? Date.parse(String(time)) || 0 : 0)));
}

/** Sweeps while there are events; answers how to stop. */
export function expireEvents(store: Store, clock: Clock): () => void {
  const events = store.collection('/events');
  let cancel: Cancel | undefined;
  const schedule = (): void => {
    if (events.size > 0) cancel ??= clock.after(SWEEP_EVERY_MS, sweep);
  };
  const sweep = (): void => {
    cancel = undefined;
    for (const [key, stored] of [...events.range()]) {
      // The collection holds events in their core form only.
      if (clock.now() - lastSeen(stored.object as Event) < KEEP_MS || store.newest(events, key) !== stored) continue;
      // A store that refuses writes keeps them until it does not.
      store.remove(events, key, copyJson(stored.object)).catch(() => {});
    }
    schedule();
  };
  const stop = events.listen(schedule);
  schedule();
  return () => {
    stop();
    cancel?.();
  };
}
