/** What `renderList` made, item by item, for forms that write each anew. */
import { COMMA, COMMA_OPEN, END, OPEN } from './representation.ts';

export interface ListItems {
  /** The list without its items. */
  head: Record<string, unknown>;
  /** The name of what holds the items: 'items', or 'rows' of a table. */
  name: string;
  /** Null where the list says null. */
  items: Iterable<unknown> | null;
}

export function listItems(pieces: Iterable<Buffer>): ListItems {
  const iterator = pieces[Symbol.iterator]();
  const first = String(iterator.next().value);
  const isWhole = first.endsWith('}');
  const head = JSON.parse(isWhole ? first : `${first}]}`) as Record<string, unknown>;
  const name = Object.keys(head).at(-1) ?? '';
  delete head[name];
  return { head, name, items: isWhole ? null : { [Symbol.iterator]: () => itemsOf(iterator) } };
}

function* itemsOf(pieces: Iterator<Buffer>): Generator<unknown> {
  let item: Buffer[] = [];
  for (let next = pieces.next(); !next.done; next = pieces.next()) {
    const piece = next.value;
    if (piece === COMMA || piece === COMMA_OPEN || piece === END) {
      if (item.length > 0) yield JSON.parse(Buffer.concat(item).toString()) as unknown;
      item = piece === COMMA_OPEN ? [OPEN] : [];
    } else item.push(piece);
  }
}
