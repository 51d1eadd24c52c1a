/** What was recommended and done for one autoscaler of late. In memory, as upstream: a new process starts from the replicas it finds. */
import type { ScalingRules } from './types.ts';

export interface Recommendation {
  replicas: number;
  atMs: number;
}

export interface ScaleEvent {
  /** How many replicas came or went. */
  change: number;
  atMs: number;
}

export class History {
  recommendations: readonly Recommendation[] = [];
  ups: readonly ScaleEvent[] = [];
  downs: readonly ScaleEvent[] = [];

  constructor(replicas: number, atMs: number) {
    this.recommendations = [{ replicas, atMs }];
  }

  /** What is older than `keepMs` is forgotten. */
  recommend(replicas: number, atMs: number, keepMs: number): void {
    this.recommendations = [...this.recommendations.filter((old) => old.atMs >= atMs - keepMs), { replicas, atMs }];
  }

  /** Only behavior asks what was done: without it nothing is kept. */
  scaled(from: number, to: number, atMs: number, { scaleUp, scaleDown }: { scaleUp?: ScalingRules; scaleDown?: ScalingRules }): void {
    const event = { change: Math.abs(to - from), atMs };
    if (to > from) this.ups = [...recent(this.ups, atMs, scaleUp), event];
    else this.downs = [...recent(this.downs, atMs, scaleDown), event];
  }
}

function recent(events: readonly ScaleEvent[], atMs: number, rules: ScalingRules | undefined): ScaleEvent[] {
  const longestMs = Math.max(0, ...(rules?.policies ?? []).map(({ periodSeconds }) => periodSeconds * 1000));
  return events.filter((event) => event.atMs >= atMs - longestMs);
}
