/** Indexes of jobs as texts: '0-2,4'. */
export type Interval = readonly [first: number, last: number];

/** In order and below `completions`; throws an Error in upstream's words. */
export function parseIntervals(text: string, completions: number): Interval[] {
  if (text === '') return [];
  const intervals: Interval[] = [];
  let previous = -1;
  for (const interval of text.split(',')) {
    const parts = interval.split('-');
    if (parts.length > 2)
      throw new Error(`the fragment ${JSON.stringify(interval)} violates the requirement that an index interval can have at most two parts separated by '-'`);
    const [first = 0, last = first] = parts.map((part) => {
      if (!/^\+?\d+$/.test(part)) throw new Error(`cannot convert string to integer for index: ${JSON.stringify(part)}`);
      if (Number(part) >= completions) throw new Error(`too large index: ${JSON.stringify(part)}`);
      return Number(part);
    });
    if (parts.length === 2 && first >= last) throw new Error(`non-increasing order, previous: ${first}, current: ${last}`);
    if (previous >= first) throw new Error(`non-increasing order, previous: ${previous}, current: ${first}`);
    intervals.push([first, last]);
    previous = last;
  }
  return intervals;
}
