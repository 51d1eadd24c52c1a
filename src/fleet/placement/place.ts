/** Which clusters a workload goes to, and with how many replicas: Karmada's scheduler as one pure function. */
import type { TargetCluster } from '../kinds/binding.ts';
import type { Placement } from '../kinds/policy.ts';
import { overflowOf } from './affinity.ts';
import { badRequest } from './available.ts';
import { divide } from './division.ts';
import { filtersOf, noClusterFits, refusals } from './filters.ts';
import type { PlacementOutcome, PlacementRequest } from './request.ts';
import { candidatesOf } from './score.ts';
import { selectClusters } from './spread.ts';
import { divisionOf, isWorkload } from './strategy.ts';
import type { Attempt, ClusterTrace, Failure, Trace } from './trace.ts';
import { tieOrder } from './webster.ts';

/**
 * Filters the clusters, scores them, narrows them by spread constraints, and divides the replicas.
 * Of several affinity terms the first that works is taken, beginning with the one that worked last; never going back, unless
 * asked for afresh. If none works, the first failure is the answer.
 */
export function place(request: PlacementRequest): PlacementOutcome {
  const { binding, fresh } = request;
  const placement = binding.placement ?? {};
  const trace: Trace = {
    strategy: divisionOf(placement),
    mode: fresh ? 'Fresh' : 'Steady',
    ...(binding.replicas !== undefined && { replicas: binding.replicas }),
    attempts: [],
  };
  let failure: Failure | undefined;
  for (const affinityName of termsToTry(placement, fresh ? undefined : request.status.schedulerObservingAffinityName)) {
    const { attempt, clusters } = tryTerm(request, placement, affinityName);
    trace.attempts.push(attempt);
    if (clusters !== undefined) return { clusters, ...(affinityName !== undefined && { affinityName }), trace: { ...trace, clusters } };
    failure ??= attempt.failure;
  }
  return { ...(failure ?? { reason: 'SchedulerError', message: 'no affinity term to try' }), trace };
}

/** The names of terms, from the last that worked on; one nameless try where there are no terms. */
function termsToTry({ clusterAffinity, clusterAffinities = [] }: Placement, observed: string | undefined): (string | undefined)[] {
  if (clusterAffinity !== undefined || clusterAffinities.length === 0) return [undefined];
  const names = clusterAffinities.map(({ affinityName }) => affinityName);
  return names.slice(Math.max(0, names.indexOf(observed ?? '')));
}

function tryTerm(request: PlacementRequest, placement: Placement, affinityName: string | undefined): { attempt: Attempt; clusters?: TargetCluster[] } {
  const { binding, uid, clusters, available, fresh } = request;
  const overflow = overflowOf(placement, affinityName, isWorkload(binding)).map((affinity) => affinity.affinityName);
  const attempt: Attempt = {
    ...(affinityName !== undefined && { affinityName }),
    ...(overflow.length > 0 && { overflow }),
    clusters: [],
    selected: [],
    divisions: [],
  };
  const fail = (failure: Failure) => ({ attempt: { ...attempt, failure } });

  const filters = filtersOf(binding, placement, affinityName);
  const reasons: string[] = [];
  const fitting = clusters.filter((cluster) => {
    const refused = refusals(filters, cluster);
    const leaving = cluster.metadata.deletionTimestamp !== undefined;
    if (leaving) refused.unshift({ filter: 'Deletion', reason: 'cluster(s) is being deleted' });
    if (refused.length === 0) return true;
    attempt.clusters.push({ name: cluster.metadata.name ?? '', refused });
    // As upstream: who leaves is not counted among the reasons.
    if (!leaving) reasons.push(refused[0]!.reason);
    return false;
  });
  if (fitting.length === 0) return fail({ reason: 'NoClusterFit', message: noClusterFits(clusters.length, reasons) });

  const bad = badRequest(binding.replicaRequirements);
  if (bad !== undefined) return fail({ reason: 'SchedulerError', message: bad });
  const candidates = candidatesOf(binding, placement, affinityName, fitting, available);
  attempt.clusters.push(...candidates.map(({ name, score, assigned, free, tier }): ClusterTrace => ({ name, score, assigned, free, tier })));

  const selection = selectClusters(candidates, placement, binding.replicas ?? 0);
  if ('reason' in selection) return fail(selection);
  attempt.selected = selection.selected.map(({ name }) => name);
  if (selection.trace) attempt.selection = selection.trace;

  const division = divide(selection.selected, binding, placement, { order: tieOrder(uid), fresh, ...(affinityName !== undefined && { affinityName }) });
  if ('reason' in division) return fail(division);
  attempt.divisions = division.tables;
  return { attempt, clusters: division.clusters };
}
