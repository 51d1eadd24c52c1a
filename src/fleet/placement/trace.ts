/** What a placement tells of itself afterwards. Plain JSON: it is kept, sent and shown. */
import type { TargetCluster } from '../kinds/binding.ts';
import type { Tie, TieOrder } from './webster.ts';

export type Strategy = 'Duplicated' | 'StaticWeight' | 'DynamicWeight' | 'Aggregated';

export type FailureReason = 'NoClusterFit' | 'Unschedulable' | 'SchedulerError';

/** Reason and message as the condition Scheduled shows them. */
export interface Failure {
  reason: FailureReason;
  message: string;
}

export interface Refusal {
  filter: string;
  reason: string;
}

export interface ClusterTrace {
  name: string;
  /** Why it is no candidate: what every filter says that refuses it. The rest of the fields is then absent. */
  refused?: Refusal[];
  score?: number;
  /** Replicas that it has of the last placement. */
  assigned?: number;
  /** Replicas that it could take beside those. */
  free?: number;
  /** 0: matches the affinity itself; n: its n-th overflow affinity. */
  tier?: number;
}

export interface GroupTrace {
  name: string;
  score: number;
  clusters: string[];
  selected: boolean;
}

/** How spread constraints narrowed the candidates. */
export interface SelectionTrace {
  /** 'cluster', 'region', 'zone', 'provider' or 'label KEY'. */
  by: string;
  groups?: GroupTrace[];
}

export interface Share {
  cluster: string;
  /** See `votesAre`. */
  votes: number;
  min?: number;
  max?: number;
  /** What it had and keeps. */
  before: number;
  /** Its exact share, by votes, of what is handed out; seats differ from it by rounding and bounds. */
  quota: number;
  /** What it got of what is handed out. */
  seats: number;
  /** Both. */
  replicas: number;
}

export interface DivisionTrace {
  tier?: number;
  /** What is handed out. */
  replicas: number;
  /** Weights of the policy, free replicas, or replicas of the last placement. */
  votesAre: 'weight' | 'free' | 'assigned' | 'free and assigned';
  order: TieOrder;
  shares: Share[];
  tie?: Tie;
  /** What the numbers do not tell. */
  note?: string;
}

/** One try: there are several with `clusterAffinities`. */
export interface Attempt {
  affinityName?: string;
  /** The names of its overflow affinities, where there are any that count. */
  overflow?: string[];
  clusters: ClusterTrace[];
  selection?: SelectionTrace;
  /** Candidates after selection; the rest was left out by spread constraints. */
  selected: string[];
  divisions: DivisionTrace[];
  failure?: Failure;
}

export interface Trace {
  strategy: Strategy;
  /** Fresh: the last placement does not count. */
  mode: 'Steady' | 'Fresh';
  /** Absent for what has no replicas. */
  replicas?: number;
  attempts: Attempt[];
  /** By name; absent if nothing was placed. */
  clusters?: TargetCluster[];
}
