import { isDeepStrictEqual } from 'node:util';
import type { Json } from './json-value.ts';
import { isJsonObject } from './json-value.ts';

/**
 * Puts a merged list into the order a patch asks for, with $setElementOrder or by its own items: the named items in that order,
 * the others (only the server knows them) in their old one. The two are merged by the old list: an item of the server's goes before
 * the first named item that stood behind it, and so an item new to the list goes first, as upstream has it.
 */
export function applyElementOrder(list: Json[], order: Json | undefined, mergeKey: string | undefined, original: readonly Json[]): Json[] {
  if (!Array.isArray(order)) return list;
  const identity = (item: Json): Json => (mergeKey !== undefined && isJsonObject(item) ? (item[mergeKey] ?? null) : item);
  const wanted = order.map(identity);
  const positionIn = (ids: readonly Json[], item: Json): number => ids.findIndex((id) => isDeepStrictEqual(id, identity(item)));
  const named = list.filter((item) => positionIn(wanted, item) >= 0).sort((a, b) => positionIn(wanted, a) - positionIn(wanted, b));
  const others = list.filter((item) => positionIn(wanted, item) < 0);
  if (others.length === 0) return named;
  const originalIds = original.map(identity);
  const result: Json[] = [];
  let next = 0;
  for (const item of named) {
    const at = positionIn(originalIds, item);
    while (next < others.length) {
      const other = others[next];
      const otherAt = other === undefined ? -1 : positionIn(originalIds, other);
      if (at < 0 || otherAt < 0 || otherAt > at || other === undefined) break;
      result.push(other);
      next++;
    }
    result.push(item);
  }
  return [...result, ...others.slice(next)];
}
