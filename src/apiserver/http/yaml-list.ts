/** Lists as YAML, one item at a time. */
import { stringify } from '../../kube/yaml.ts';
import { listItems } from './list-items.ts';

export function* yamlList(pieces: Iterable<Buffer>): Generator<Buffer> {
  const { head, name, items } = listItems(pieces);
  yield Buffer.from(`${stringify(head)}${name}:`);
  let some = false;
  for (const item of items ?? []) {
    const lines = stringify(item, { aliasDuplicateObjects: false })
      .trimEnd()
      .replaceAll(/\n(?!\n)/g, '\n    ');
    yield Buffer.from(`\n  - ${lines}`);
    some = true;
  }
  yield Buffer.from(some ? '\n' : items === null ? ' null\n' : ' []\n');
}
