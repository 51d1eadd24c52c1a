/** The status of an autoscaler while it is being worked out. */
import { setCondition } from '../../kube/conditions.ts';
import type { HorizontalPodAutoscaler } from '../../kube/types.ts';
import type { Change } from './normalize.ts';
import type { HpaStatus, MetricStatus } from './types.ts';

export class StatusDraft {
  #status: HpaStatus;
  readonly #generation: number | undefined;
  readonly #now: string;

  /** `now` is RFC 3339. */
  constructor({ metadata, status }: HorizontalPodAutoscaler, now: string) {
    this.#status = { desiredReplicas: 0, ...status };
    this.#generation = metadata.generation;
    this.#now = now;
  }

  get status(): HpaStatus {
    return this.#status;
  }

  set(change: Change): void {
    this.#status = { ...this.#status, conditions: setCondition(this.#status.conditions, change, this.#now) };
  }

  /** `desired` absent: as it was. */
  look(seen: { current: number; desired?: number; metrics: MetricStatus[] | null; rescaled?: boolean }): void {
    const { currentReplicas: _current, ...old } = this.#status;
    this.#status = {
      ...old,
      // Upstream leaves out what is zero.
      ...(seen.current === 0 ? {} : { currentReplicas: seen.current }),
      desiredReplicas: seen.desired ?? old.desiredReplicas,
      currentMetrics: seen.metrics,
      ...(seen.rescaled ? { lastScaleTime: this.#now } : {}),
      ...(this.#generation === undefined ? {} : { observedGeneration: this.#generation }),
    };
  }
}
