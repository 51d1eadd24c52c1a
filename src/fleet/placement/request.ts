/** What a placement is made of, and what comes of it. */
import type { BindingSpec, BindingStatus, ReplicaRequirements, TargetCluster } from '../kinds/binding.ts';
import type { Cluster } from '../kinds/cluster.ts';
import type { Failure, Trace } from './trace.ts';

/** Replicas that a cluster can take beside what it has; undefined: not known. */
export type Available = (cluster: Cluster, requirements: ReplicaRequirements | undefined) => number | undefined;

export interface PlacementRequest {
  /** `clusters` is the result of the last placement. */
  binding: BindingSpec;
  /** The template's: which of equals gets the odd replica. */
  uid?: string;
  status: Pick<BindingStatus, 'schedulerObservingAffinityName' | 'lastScheduledTime'>;
  /** All members, those being deleted too. */
  clusters: readonly Cluster[];
  /** Knows better than the clusters' own summaries; asked first. */
  available?: Available;
  /** Asked for by a rebalancer: the last placement does not count (`isFresh`). */
  fresh: boolean;
}

export interface Placed {
  /** By name. */
  clusters: TargetCluster[];
  /** The term of `clusterAffinities` that was placed by. */
  affinityName?: string;
  trace: Trace;
}

/**
 * NoClusterFit: no cluster is a candidate, so that what was placed must go, as upstream.
 * Unschedulable and SchedulerError: the last placement stays, and it is tried again.
 */
export type NotPlaced = Failure & { trace: Trace };

export type PlacementOutcome = Placed | NotPlaced;
