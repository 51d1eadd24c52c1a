import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from '../../kube/yaml.ts';
import { indentedList } from './indented-list.ts';
import { COMMA, COMMA_OPEN, END, OPEN } from './representation.ts';
import { yamlList } from './yaml-list.ts';

const HEAD = '{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[';
const ITEMS = [
  { metadata: { name: 'a' }, data: { text: 'one\ntwo\n\nthree  \n', '[,{': ']}', empty: '', long: 'word '.repeat(40) } },
  { metadata: { name: 'b', labels: {}, finalizers: [] }, data: null },
];

function pieces(items: readonly object[], shorter: boolean): Buffer[] {
  const texts = items.map((item) => JSON.stringify(item));
  return [
    Buffer.from(HEAD),
    ...texts.flatMap((text, i) => (shorter ? [i === 0 ? OPEN : COMMA_OPEN, Buffer.from(text.slice(1))] : [...(i === 0 ? [] : [COMMA]), Buffer.from(text)])),
    END,
  ];
}

for (const [name, items] of Object.entries({ none: [], one: ITEMS.slice(0, 1), two: ITEMS }))
  for (const shorter of [false, true]) {
    const whole: unknown = JSON.parse(`${HEAD}${JSON.stringify(items).slice(1)}}`);
    test(`a list of ${name} is indented as it would be whole (${shorter ? 'without' : 'with'} the kind of its items)`, () => {
      assert.equal(Buffer.concat([...indentedList(pieces(items, shorter))]).toString(), `${JSON.stringify(whole, null, 2)}\n`);
    });
    test(`a list of ${name} is the same as YAML (${shorter ? 'without' : 'with'} the kind of its items)`, () => {
      assert.deepEqual(parse(Buffer.concat([...yamlList(pieces(items, shorter))]).toString()), whole);
    });
  }

test('a list whose items are null stays so', () => {
  const whole = '{"kind":"PartialObjectMetadataList","metadata":{},"items":null}';
  assert.equal(Buffer.concat([...indentedList([Buffer.from(whole)])]).toString(), `${JSON.stringify(JSON.parse(whole), null, 2)}\n`);
  assert.deepEqual(parse(Buffer.concat([...yamlList([Buffer.from(whole)])]).toString()), JSON.parse(whole));
});
