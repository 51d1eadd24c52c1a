/** How long a container that ends again and again is left alone. Pure. Source: kubelet, 10 s doubling to 5 min, forgotten after 10 min of running. */
import type { ContainerRecord } from './record.ts';

const BASE_MS = 10_000;
const MAX_MS = 300_000;
const FORGET_MS = 600_000;

export function nextBackOffMs(previousMs: number | undefined): number {
  return previousMs === undefined ? BASE_MS : Math.min(previousMs * 2, MAX_MS);
}

/**
 * When a container that ended at `finishedAtMs` may start again. The first restart is at once, as upstream: the back-off begins to count
 * with it.
 */
export function crashBackOff(record: ContainerRecord, finishedAtMs: number): { backOffMs: number | undefined; backOffUntilMs: number } {
  const ranMs = finishedAtMs - (record.startedAtMs ?? finishedAtMs);
  if (record.restartCount === 0 || ranMs >= FORGET_MS) return { backOffMs: undefined, backOffUntilMs: finishedAtMs };
  const backOffMs = nextBackOffMs(record.backOffMs);
  return { backOffMs, backOffUntilMs: finishedAtMs + backOffMs };
}

/** Go's time.Duration text for whole seconds: '10s', '2m40s', '5m0s'. */
export function goSeconds(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
