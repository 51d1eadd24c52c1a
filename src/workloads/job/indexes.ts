/** Sets of completion indexes in the API's short form, '0-2,4'. */

export function parseIndexes(text: string | undefined): Set<number> {
  const indexes = new Set<number>();
  for (const part of (text ?? '').split(',')) {
    if (part === '') continue;
    const [first = NaN, last = first] = part.split('-').map(Number);
    for (let i = first; i <= last; i++) indexes.add(i);
  }
  return indexes;
}

export function formatIndexes(indexes: ReadonlySet<number>): string {
  const parts: string[] = [];
  const sorted = [...indexes].toSorted((a, b) => a - b);
  for (let i = 0; i < sorted.length;) {
    const first = sorted[i]!;
    let last = first;
    for (i++; sorted[i] === last + 1; i++) last++;
    // Two in a row are written one by one, as upstream.
    parts.push(last === first ? `${first}` : last === first + 1 ? `${first},${last}` : `${first}-${last}`);
  }
  return parts.join(',');
}
