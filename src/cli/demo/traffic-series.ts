/** What one run of the traffic experiment measured. Times are seconds since the first user came. */
import type { Moment } from './chart.ts';

export interface Sample extends Moment {
  /** Pods the autoscaler wants, and those that are Ready. */
  wanted: number;
  ready: number;
  /** Nodes that are paid for: running or booting. */
  nodes: number;
  requestsPerSecond: number;
  users: number;
}

export interface Run {
  title: string;
  samples: Sample[];
  requests: { answered: number; failed: number; p50Ms: number; p99Ms: number };
}

export interface Figures {
  /** From the ninth pod wanted to the ninth pod Ready; undefined: it never came to that. */
  ninthSeconds: number | undefined;
  /** Until all pods the app may have were Ready. */
  allReadySeconds: number | undefined;
  /** The sum of the times in which pods were wanted and for more than `PLATEAU_SECONDS` none came. */
  plateauSeconds: number;
  /** What the pods that were wanted and not Ready would have served. */
  lostRequests: number;
  nodeMinutes: number;
}

/** Pods that only start take less. */
const PLATEAU_SECONDS = 10;

/** Pure. `perPod`: requests a second that a pod serves; `most`: pods the app may have; `untilSeconds`: all runs are compared over the same time. */
export function figuresOf({ samples }: Run, { perPod, most, untilSeconds }: { perPod: number; most: number; untilSeconds: number }): Figures {
  const first = (holds: (sample: Sample) => boolean): number | undefined => samples.find(holds)?.atSeconds;
  const ninthWanted = first(({ wanted }) => wanted >= 9);
  const ninthReady = first(({ ready }) => ready >= 9);
  let lostRequests = 0;
  let nodeSeconds = 0;
  let plateauSeconds = 0;
  let stuckSince: number | undefined;
  for (const [i, { atSeconds, wanted, ready, nodes }] of samples.entries()) {
    const next = samples[i + 1];
    const end = Math.min(next?.atSeconds ?? untilSeconds, untilSeconds);
    const seconds = Math.max(0, end - atSeconds);
    nodeSeconds += nodes * seconds;
    lostRequests += Math.max(0, wanted - ready) * perPod * seconds;
    if (wanted > ready) stuckSince ??= atSeconds;
    const moves = next === undefined || next.ready > ready || next.wanted <= next.ready;
    if (stuckSince !== undefined && moves) {
      if (end - stuckSince > PLATEAU_SECONDS) plateauSeconds += end - stuckSince;
      stuckSince = undefined;
    }
  }
  return {
    ninthSeconds: ninthWanted === undefined || ninthReady === undefined ? undefined : ninthReady - ninthWanted,
    allReadySeconds: first(({ ready }) => ready >= most),
    plateauSeconds,
    lostRequests,
    nodeMinutes: nodeSeconds / 60,
  };
}
