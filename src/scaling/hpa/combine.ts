/** Of several metrics the one that asks for most counts; where one cannot be had, nothing is taken away. */
import type { Change } from './normalize.ts';
import type { Failure, Proposal } from './proposal.ts';
import type { MetricStatus } from './types.ts';

export interface Combined {
  /** Undefined: nothing may be done. */
  wanted?: { replicas: number; metric: string };
  /** One a metric, in the spec's order; of those that failed as upstream leaves them. */
  statuses: MetricStatus[];
  /** ScalingActive. */
  condition: Change;
  /** What went wrong, if anything did. */
  error?: string;
}

export function combine(results: readonly (Proposal | Failure)[], specReplicas: number): Combined {
  const failures = results.filter((result) => 'reason' in result);
  const statuses = results.map((result) => ('reason' in result ? { type: '' } : result.status));
  const best = results.reduce<Proposal | undefined>((most, result) => {
    if ('reason' in result) return most;
    // A proposal of none is overruled by any that follows, as upstream.
    return most === undefined || most.replicas === 0 || result.replicas > most.replicas ? result : most;
  }, undefined);
  const [first] = failures;
  const error = first === undefined ? {} : { error: `invalid metrics (${failures.length} invalid out of ${results.length}), first error is: ${first.summary}` };
  if (best === undefined || (first !== undefined && best.replicas < specReplicas))
    return { statuses, condition: inactive(first?.reason ?? '', first?.message ?? ''), ...error };
  const condition: Change = {
    type: 'ScalingActive',
    status: 'True',
    reason: 'ValidMetricFound',
    message: `the HPA was able to successfully calculate a replica count from ${best.name}`,
  };
  return { wanted: { replicas: best.replicas, metric: best.name }, statuses, condition, ...error };
}

function inactive(reason: string, message: string): Change {
  return { type: 'ScalingActive', status: 'False', reason, message: `the HPA was unable to compute the replica count: ${message}` };
}
