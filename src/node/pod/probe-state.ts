/** Counts a probe's results: when has it succeeded or failed often enough. Pure. */
export interface ProbeState {
  /** The last results were all of this kind... */
  last: boolean | undefined;
  /** ...so many of them. */
  count: number;
  /** What the kubelet believes now; undefined: not known yet. */
  verdict: boolean | undefined;
}

export const UNPROBED: ProbeState = { last: undefined, count: 0, verdict: undefined };

export interface Thresholds {
  successThreshold: number;
  failureThreshold: number;
}

export function countResult(state: ProbeState, success: boolean, { successThreshold, failureThreshold }: Thresholds): ProbeState {
  const count = state.last === success ? state.count + 1 : 1;
  const enough = count >= (success ? successThreshold : failureThreshold);
  return { last: success, count, verdict: enough ? success : state.verdict };
}

const EAGER_FIRST_MS = 100;

/**
 * How long to wait before the next try. Until the first success a try is made sooner than the period asks for (100 ms, 200 ms, ... up to
 * the period), so that a container that is ready within a moment is seen to be; tries before the first period has passed do not count
 * as failures. Upstream waits a whole period.
 */
export function nextTryMs(tries: number, everSucceeded: boolean, periodMs: number): number {
  return everSucceeded ? periodMs : Math.min(EAGER_FIRST_MS * 2 ** Math.min(tries, 20), periodMs);
}
