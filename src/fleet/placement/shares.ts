/** The division as a table. */
import type { Share } from './trace.ts';
import type { Party } from './webster.ts';

/** `parties` with what they got of `replicas`; `before` is what they keep beside it. */
export function sharesOf(parties: readonly Party[], replicas: number, before: ReadonlyMap<string, number>): Share[] {
  const all = parties.reduce((sum, { votes }) => sum + votes, 0);
  return parties.map(({ name, votes, seats }) => {
    const kept = before.get(name) ?? 0;
    return { cluster: name, votes, before: kept, quota: all === 0 ? 0 : (replicas * votes) / all, seats, replicas: kept + seats };
  });
}
