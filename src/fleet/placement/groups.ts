/**
 * Which regions (zones, providers…) a workload is spread over: the fewest that hold enough clusters, of those the best.
 * The choice is that of Karmada (pkg/scheduler/core/spreadconstraint/select_groups.go), which looks at every combination;
 * here it is found by dynamic programming, since with fifty regions combinations are without number.
 */

export interface Group {
  name: string;
  /** How many clusters it has. */
  size: number;
  score: number;
}

export interface GroupBounds {
  /** Groups, at least. */
  min: number;
  /** Groups, at most. */
  max: number;
  /** Clusters that they must have together. */
  clusters: number;
}

/** A combination: indexes into the groups in their order of `bySize`. */
interface Path {
  members: readonly number[];
  size: number;
  score: number;
}

const EMPTY: Path = { members: [], size: 0, score: 0 };

/**
 * The best combination, best group first; empty if there is none.
 * A combination is grown, smallest group first, until it is enough, and no further. The highest sum of scores wins, then the
 * most clusters, then what comes first; and if the best of the winner's groups would be enough alone, the rest is left out.
 */
export function selectGroups(groups: readonly Group[], bounds: GroupBounds): Group[] {
  const sorted = [...groups].sort(bySize);
  const winner = bestPath(sorted, bounds);
  if (winner === undefined) return [];
  const chosen = winner.members.map((index) => sorted[index]!).sort(byScore);
  let size = 0;
  const enough = chosen.findIndex((group, i) => isEnough(i + 1, (size += group.size), bounds));
  return chosen.slice(0, enough + 1);
}

function bySize(a: Group, b: Group): number {
  return a.size - b.size || b.score - a.score || (a.name < b.name ? -1 : 1);
}

function byScore(a: Group, b: Group): number {
  return b.score - a.score || (a.name < b.name ? -1 : 1);
}

function isEnough(count: number, size: number, { min, clusters }: GroupBounds): boolean {
  return count >= min && size >= clusters;
}

/** Of all combinations of so many groups with so many clusters only the best can be the start of the winner. */
function bestPath(groups: readonly Group[], bounds: GroupBounds): Path | undefined {
  let winner: Path | undefined;
  const open = new Map<string, Path>([['0 0', EMPTY]]);
  for (const [index, group] of groups.entries()) {
    for (const path of [...open.values()]) {
      const longer: Path = { members: [...path.members, index], size: path.size + group.size, score: path.score + group.score };
      if (longer.members.length > bounds.max) continue;
      if (isEnough(longer.members.length, longer.size, bounds)) {
        if (winner === undefined || isBetter(longer, winner)) winner = longer;
        continue;
      }
      const key = `${longer.members.length} ${longer.size}`;
      const known = open.get(key);
      if (known === undefined || isBetter(longer, known)) open.set(key, longer);
    }
  }
  return winner;
}

function isBetter(a: Path, b: Path): boolean {
  if (a.score !== b.score) return a.score > b.score;
  if (a.size !== b.size) return a.size > b.size;
  const different = a.members.findIndex((member, i) => member !== b.members[i]);
  return different >= 0 && a.members[different]! < (b.members[different] ?? Infinity);
}
