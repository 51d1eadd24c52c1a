/** What the scheduler tells of itself, under kube-scheduler's names. */
import type { ControllerContext } from '../runtime/controller.ts';
import type { SchedulingQueue } from './queue.ts';

export type AttemptResult = 'scheduled' | 'unschedulable' | 'error';

export interface SchedulerMeasures {
  /** `sinceMs`: when the pod was taken from the queue. */
  attempt(result: AttemptResult, sinceMs: number): void;
  preempted(victims: number): void;
}

const PROFILE = 'default-scheduler';
const doubling = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from * 2 ** i);

export function schedulerMeasures({ metrics, clock }: Pick<ControllerContext, 'metrics' | 'clock'>, queue: SchedulingQueue): SchedulerMeasures {
  metrics.collect('gauge', 'scheduler_pending_pods', 'Pods that wait for a node, by the queue they are in.', ['queue'], () =>
    Object.entries(queue.sizes()).map(([name, size]) => [[name], size]),
  );
  const attempts = metrics.counter('scheduler_schedule_attempts_total', 'Attempts to schedule pods, by result.', ['profile', 'result']);
  const took = metrics.histogram(
    'scheduler_scheduling_attempt_duration_seconds',
    'From a pod taken from the queue to its binding written, or to the decision that no node fits.',
    doubling(0.001, 15),
    ['profile', 'result'],
  );
  const preemptions = metrics.counter('scheduler_preemption_attempts_total', 'Times that pods had to give way.')();
  const victims = metrics.histogram('scheduler_preemption_victims', 'Pods that gave way at a time.', doubling(1, 7))();
  return {
    attempt(result, sinceMs) {
      attempts(PROFILE, result).inc();
      took(PROFILE, result).observe((clock.monotonic() - sinceMs) / 1000);
    },
    preempted(count) {
      preemptions.inc();
      victims.observe(count);
    },
  };
}
