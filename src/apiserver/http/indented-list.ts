/** Lists for people: as JSON.stringify indents them, one item at a time. */
import { listItems } from './list-items.ts';

export function* indentedList(pieces: Iterable<Buffer>): Generator<Buffer> {
  const { head, name, items } = listItems(pieces);
  yield Buffer.from(`${JSON.stringify(head, null, 2).slice(0, -2)},\n  ${JSON.stringify(name)}: `);
  if (items === null) {
    yield Buffer.from('null\n}\n');
    return;
  }
  let before = '[\n    ';
  for (const item of items) {
    yield Buffer.from(before + JSON.stringify(item, null, 2).replaceAll('\n', '\n    '));
    before = ',\n    ';
  }
  yield Buffer.from(before === '[\n    ' ? '[]\n}\n' : '\n  ]\n}\n');
}
