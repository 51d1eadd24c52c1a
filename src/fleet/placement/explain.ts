/** A trace as lines of text, for `argosy why`. */
import { shown, sentence, table } from './lines.ts';
import { movesBetween } from './moves.ts';
import type { PlacementOutcome } from './request.ts';
import type { Attempt, ClusterTrace, DivisionTrace, SelectionTrace, Strategy, Trace } from './trace.ts';

const STRATEGIES: Record<Strategy, string> = {
  Duplicated: 'Duplicated: all replicas in every cluster.',
  StaticWeight: 'Divided by the weights of the policy; what clusters have room for does not count.',
  DynamicWeight: 'Divided by what clusters have room for.',
  Aggregated: 'Divided among as few clusters as have room.',
};

const VOTES: Record<DivisionTrace['votesAre'], string> = {
  weight: 'WEIGHT',
  free: 'FREE',
  assigned: 'HAS',
  'free and assigned': 'FREE+HAS',
};

/** Which clusters were looked at, why some are out, how the rest shares the replicas, and what comes of it. */
export function explain(trace: Trace): string[] {
  const lines: string[] = [trace.replicas === undefined ? 'It has no replicas: it goes to every cluster that fits.' : STRATEGIES[trace.strategy]];
  if (trace.replicas === 0) lines.push('It is scaled to nothing, and keeps its place.');
  if (trace.mode === 'Fresh') lines.push('Placed afresh: where it ran before does not count.');
  for (const attempt of trace.attempts) lines.push('', ...explainAttempt(attempt, trace));
  lines.push('', result(trace));
  return lines;
}

/** What a change would make of a placement, cluster by cluster. */
export function explainDifference(now: PlacementOutcome, then: PlacementOutcome): string[] {
  if ('reason' in then) return [`Then nothing could be placed: ${then.message}`];
  const moved = movesBetween('reason' in now ? [] : now.clusters, then.clusters);
  const before = countsOf(now);
  const after = countsOf(then);
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  const rows = names.map((name) => {
    const [has, gets] = [before.get(name) ?? 0, after.get(name) ?? 0];
    return [name, before.has(name) ? String(has) : '-', after.has(name) ? String(gets) : '-', gets === has ? '' : signed(gets - has)];
  });
  return [...table(['CLUSTER', 'NOW', 'THEN', 'CHANGE'], rows), `${shown(moved, 'replica')} would move.`];
}

function signed(change: number): string {
  return change > 0 ? `+${change}` : String(change);
}

function countsOf(outcome: PlacementOutcome): Map<string, number> {
  return new Map('reason' in outcome ? [] : outcome.clusters.map(({ name, replicas = 0 }) => [name, replicas]));
}

function result({ clusters, attempts }: Trace): string {
  if (clusters === undefined) {
    const failure = attempts.find((attempt) => attempt.failure)?.failure;
    return `Nothing was placed. ${failure ? `${failure.reason}: ${failure.message}` : ''}`.trimEnd();
  }
  return `Result: ${clusters.map(({ name, replicas }) => (replicas === undefined ? name : `${name} ${replicas}`)).join(', ')}.`;
}

function explainAttempt(attempt: Attempt, trace: Trace): string[] {
  const lines: string[] = [];
  if (attempt.affinityName !== undefined) lines.push(`Affinity term ${attempt.affinityName}:`);
  lines.push(...clusterTable(attempt, trace));
  if (attempt.selection?.groups) lines.push('', ...groupTable(attempt.selection));
  for (const division of attempt.divisions) lines.push('', ...explainDivision(division, attempt));
  if (attempt.failure && trace.attempts.length > 1) lines.push('', `This failed: ${attempt.failure.message}`);
  return lines;
}

function clusterTable(attempt: Attempt, trace: Trace): string[] {
  const { clusters, selected } = attempt;
  const taken = new Set(selected);
  const overflows = attempt.overflow !== undefined;
  const counts = trace.replicas !== undefined && trace.replicas > 0;
  const rows = [...clusters]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((cluster) => [
      cluster.name,
      cluster.refused ? 'no' : 'yes',
      ...(counts ? [text(cluster.assigned), text(cluster.free)] : []),
      ...(overflows ? [cluster.tier === undefined ? '' : tierName(cluster.tier, attempt)] : []),
      whyNot(cluster, taken.size > 0 && !taken.has(cluster.name)),
    ]);
  return table(['CLUSTER', 'FITS', ...(counts ? ['HAS', 'FREE'] : []), ...(overflows ? ['TIER'] : []), 'WHY NOT'], rows);
}

function text(value: number | undefined): string {
  return value === undefined ? '' : String(value);
}

function tierName(tier: number, { overflow = [] }: Attempt): string {
  return tier === 0 ? 'affinity' : `overflow ${overflow[tier - 1]}`;
}

/** Reasons are texts for many clusters; here they are said of one. */
function whyNot({ refused }: ClusterTrace, isLeftOut: boolean): string {
  if (refused) return refused.map(({ reason }) => reason.replace(/^cluster\(s\) /, '')).join('; ');
  return isLeftOut ? 'left out by spread constraints' : '';
}

function groupTable({ by, groups = [] }: SelectionTrace): string[] {
  const rows = groups.map(({ name, score, clusters, selected }) => [name, String(score), selected ? 'yes' : 'no', clusters.join(' ')]);
  return [`Spread by ${by}:`, ...table([by.split(' ')[0]!.toUpperCase(), 'SCORE', 'TAKEN', 'CLUSTERS'], rows)];
}

function explainDivision(division: DivisionTrace, attempt: Attempt): string[] {
  const { replicas, shares, votesAre, tier, tie, note, order } = division;
  const where = tier === undefined ? '' : ` of ${tierName(tier, attempt)}`;
  if (replicas === 0) return [`As many replicas as wanted are placed${where}: nothing moves.`];
  const bounded = shares.some(({ min, max }) => min !== undefined || max !== undefined);
  const keeps = shares.some(({ before }) => before > 0);
  const rows = shares.map((share) => [
    share.cluster,
    String(share.votes),
    ...(bounded ? [text(share.min), text(share.max)] : []),
    share.quota.toFixed(2),
    String(share.seats),
    ...(keeps ? [String(share.before), String(share.replicas)] : []),
  ]);
  const header = ['CLUSTER', VOTES[votesAre], ...(bounded ? ['MIN', 'MAX'] : []), 'SHARE', 'GETS', ...(keeps ? ['KEEPS', 'REPLICAS'] : [])];
  const lines = [`${shown(replicas, 'replica')} divided among the clusters${where}:`, ...table(header, rows)];
  if (note !== undefined) lines.push(`${note}.`);
  if (tie) {
    const hash = order === 'ascending' ? 'even: in order of names' : 'odd: in reverse order of names';
    lines.push(
      `${sentence(tie.among)} were worth the same for the last; ${sentence(tie.won)} got it (fewer seats first, then by the UID's hash, which is ${hash}).`,
    );
  }
  return lines;
}
