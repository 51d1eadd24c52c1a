/**
 * Division by what clusters can take: dynamic weights, and aggregated into few clusters.
 * Steady: only what is missing is divided, by free replicas; what is too much is taken away by what each has. Fresh: all is
 * divided, by free and present replicas. By Webster's method nobody gets more seats than votes while there are enough votes.
 */
import type { TargetCluster } from '../kinds/binding.ts';
import { capacity, LOCALITY_SCORE, type Candidate } from './score.ts';
import { sharesOf } from './shares.ts';
import type { DivisionTrace, Failure } from './trace.ts';
import { allocate, type TieOrder } from './webster.ts';

export interface DynamicOptions {
  order: TieOrder;
  fresh: boolean;
  /** As few clusters as can be, those in use first. */
  aggregated: boolean;
}

interface Round {
  /** What is divided, and by what. */
  replicas: number;
  votesAre: DivisionTrace['votesAre'];
  /** What the candidates keep beside it. */
  kept: ReadonlyMap<string, number>;
  voters: Voter[];
  /** Of failure messages: upstream's. */
  action: string;
}

interface Voter {
  name: string;
  votes: number;
  /** Of those that serve as well, clusters in use are taken first. */
  inUse: boolean;
}

const NOTHING_KEPT: ReadonlyMap<string, number> = new Map();

/** `candidates` in the order of selection, which decides between clusters of equal votes. May contain clusters with 0 replicas. */
export function divideByFree(
  candidates: readonly Candidate[],
  replicas: number,
  options: DynamicOptions,
): { clusters: TargetCluster[]; tables: DivisionTrace[] } | Failure {
  const round = roundOf(candidates, replicas, options.fresh);
  const room = round.voters.reduce((sum, { votes }) => sum + votes, 0);
  if (room < round.replicas) {
    return { reason: 'Unschedulable', message: `failed to ${round.action}: Clusters available replicas ${room} are not enough to schedule.` };
  }
  const voters = options.aggregated ? fewest(round.voters, round.replicas) : round.voters;
  const allocation = allocate(
    round.replicas,
    voters.map(({ name, votes }) => ({ name, votes, seats: 0 })),
    options.order,
  );
  const seated = new Set(voters.map(({ name }) => name));
  const others = [...round.kept].filter(([name, kept]) => kept > 0 && !seated.has(name)).map(([name]) => ({ name, votes: 0, seats: 0 }));
  const shares = sharesOf([...allocation.parties, ...others], round.replicas, round.kept);
  const left = round.voters.length - voters.length;
  return {
    clusters: shares.map(({ cluster, replicas }) => ({ name: cluster, replicas })),
    tables: [
      {
        replicas: round.replicas,
        votesAre: round.votesAre,
        order: options.order,
        shares,
        ...(allocation.tie && { tie: allocation.tie }),
        ...(options.aggregated && left > 0 && { note: `${voters.length} of ${round.voters.length} clusters are enough` }),
      },
    ],
  };
}

function roundOf(candidates: readonly Candidate[], replicas: number, fresh: boolean): Round {
  const assigned = candidates.reduce((sum, candidate) => sum + candidate.assigned, 0);
  // What is started again after it was scaled to nothing has its place where it was.
  const isInUse = (candidate: Candidate) => !fresh && (assigned === 0 ? candidate.score === LOCALITY_SCORE : candidate.assigned > 0);
  // Of equal votes the better candidate comes first.
  const byVotes = (votes: (candidate: Candidate) => number): Voter[] =>
    candidates.map((candidate) => ({ name: candidate.name, votes: votes(candidate), inUse: isInUse(candidate) })).sort((a, b) => b.votes - a.votes);
  if (fresh) return { replicas, votesAre: 'free and assigned', kept: NOTHING_KEPT, voters: byVotes(capacity), action: 'do fresh scale' };
  if (assigned > replicas) {
    // As in the last placement, which is by name: what is free has no part in it.
    const voters = byVotes((candidate) => candidate.assigned).sort((a, b) => b.votes - a.votes || (a.name < b.name ? -1 : 1));
    return { replicas, votesAre: 'assigned', kept: NOTHING_KEPT, voters: voters.filter(({ inUse }) => inUse), action: 'scale down' };
  }
  const kept = new Map(candidates.map((candidate) => [candidate.name, candidate.assigned]));
  const missing = replicas - assigned;
  return { replicas: missing, votesAre: 'free', kept, voters: missing === 0 ? [] : byVotes(({ free }) => free), action: 'scale up' };
}

/** The first so many, those in use before the others, that have room for all. */
function fewest(voters: readonly Voter[], replicas: number): Voter[] {
  const sorted = [...voters.filter(({ inUse }) => inUse), ...voters.filter(({ inUse }) => !inUse)];
  const taken: Voter[] = [];
  let room = 0;
  for (const voter of sorted) {
    if (room >= replicas) break;
    taken.push(voter);
    room += voter.votes;
  }
  return taken;
}
