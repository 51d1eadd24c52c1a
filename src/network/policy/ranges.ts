/** Arithmetic of ranges of whole numbers: addresses and ports. Pure. */
import type { Range } from '../addresses.ts';

/** The same numbers in the fewest ranges, in order: nftables takes no ranges that overlap. */
export function merged(ranges: readonly Range[]): Range[] {
  const result: Range[] = [];
  for (const { start, end } of ranges.toSorted((a, b) => a.start - b.start)) {
    const last = result.at(-1);
    if (last !== undefined && start <= last.end + 1) last.end = Math.max(last.end, end);
    else result.push({ start, end });
  }
  return result;
}

/** What is left of `range` without `holes`, in order. */
export function without(range: Range, holes: readonly Range[]): Range[] {
  const left: Range[] = [];
  let start = range.start;
  for (const hole of merged(holes)) {
    if (hole.end < start) continue;
    if (hole.start > range.end) break;
    if (hole.start > start) left.push({ start, end: hole.start - 1 });
    start = hole.end + 1;
  }
  if (start <= range.end) left.push({ start, end: range.end });
  return left;
}
