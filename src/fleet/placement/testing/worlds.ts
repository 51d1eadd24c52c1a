/** Worlds for the placement's tests: clusters and requests in few words. */
import type { BindingSpec, TargetCluster } from '../../kinds/binding.ts';
import type { Cluster, ClusterSpec, ClusterStatus } from '../../kinds/cluster.ts';
import type { ClusterWeight, Placement } from '../../kinds/policy.ts';
import { place } from '../place.ts';
import type { PlacementOutcome, PlacementRequest } from '../request.ts';
import type { Candidate } from '../score.ts';

/** How many replicas, by cluster. */
export type Counts = Record<string, number>;

/** Hashes to an odd number, and to an even one. */
export const ODD_UID = 'd43fdeeb-d750-4e2b-bee3-64eb94534f4c';
export const EVEN_UID = '4858ca61-3ff8-4095-8267-f3d059d8074c';

export function cluster(name: string, spec: Partial<ClusterSpec> = {}, labels: Record<string, string> = {}, status: ClusterStatus = {}): Cluster {
  return {
    apiVersion: 'cluster.karmada.io/v1alpha1',
    kind: 'Cluster',
    metadata: { name, labels },
    spec: { syncMode: 'Pull', ...spec },
    status: { apiEnablements: [{ groupVersion: 'apps/v1', resources: [{ name: 'deployments', kind: 'Deployment' }] }], ...status },
  };
}

export function candidate(name: string, score: number, free: number, spec: Partial<ClusterSpec> = {}): Candidate {
  return { name, cluster: cluster(name, spec), score, tier: 0, assigned: 0, free };
}

export function weights(byCluster: Counts): ClusterWeight[] {
  return Object.entries(byCluster).map(([name, weight]) => ({ targetCluster: { clusterNames: [name] }, weight }));
}

export function staticPlacement(staticWeightList?: ClusterWeight[]): Placement {
  return {
    replicaScheduling: {
      replicaSchedulingType: 'Divided',
      replicaDivisionPreference: 'Weighted',
      ...(staticWeightList && { weightPreference: { staticWeightList } }),
    },
  };
}

export const DYNAMIC: Placement = {
  replicaScheduling: { replicaSchedulingType: 'Divided', replicaDivisionPreference: 'Weighted', weightPreference: { dynamicWeight: 'AvailableReplicas' } },
};
export const AGGREGATED: Placement = { replicaScheduling: { replicaSchedulingType: 'Divided', replicaDivisionPreference: 'Aggregated' } };

export interface Case {
  placement?: Placement;
  /** Absent: not a workload. */
  replicas?: number;
  /** Members by name, or whole. */
  clusters: (string | Cluster)[];
  /** The last placement. */
  last?: Counts;
  /** Free replicas by cluster; absent: what the clusters report. */
  free?: Counts;
  uid?: string;
  fresh?: boolean;
  observed?: string;
  binding?: Partial<BindingSpec>;
}

export function requestOf({ placement = {}, replicas, clusters, last, free, uid, fresh = false, observed, binding }: Case): PlacementRequest {
  return {
    binding: {
      resource: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'default', name: 'hello' },
      placement,
      ...(replicas !== undefined && { replicas }),
      ...(last && { clusters: targets(last) }),
      ...binding,
    },
    ...(uid !== undefined && { uid }),
    status: { ...(observed !== undefined && { schedulerObservingAffinityName: observed }) },
    clusters: clusters.map((member) => (typeof member === 'string' ? cluster(member) : member)),
    ...(free && { available: ({ metadata }) => free[metadata.name ?? ''] }),
    fresh,
  };
}

function targets(counts: Counts): TargetCluster[] {
  return Object.entries(counts).map(([name, replicas]) => ({ name, replicas }));
}

/** What comes of it: replicas by cluster, or 'Reason: message'. */
export function placed(world: Case): Counts | string {
  return shown(place(requestOf(world)));
}

export function shown(outcome: PlacementOutcome): Counts | string {
  if ('reason' in outcome) return `${outcome.reason}: ${outcome.message}`;
  return Object.fromEntries(outcome.clusters.map(({ name, replicas = 0 }) => [name, replicas]));
}

/** The counts; fails the test if nothing was placed. */
export function countsOf(world: Case): Counts {
  const result = placed(world);
  if (typeof result === 'string') throw new Error(result);
  return result;
}

export function sum(counts: Counts): number {
  return Object.values(counts).reduce((a, b) => a + b, 0);
}
