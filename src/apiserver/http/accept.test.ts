import assert from 'node:assert/strict';
import { test } from 'node:test';
import { negotiate } from './accept.ts';

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json';
const METADATA =
  'application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';

const cases: [header: string | undefined, tabular: boolean, form: string, version: string, yaml: boolean][] = [
  [undefined, true, 'object', 'v1', false],
  ['*/*', true, 'object', 'v1', false],
  ['application/json', true, 'object', 'v1', false],
  ['application/vnd.kubernetes.protobuf,application/json', true, 'object', 'v1', false],
  ['application/vnd.kubernetes.protobuf', true, 'object', 'v1', false],
  ['application/json;stream=watch', true, 'object', 'v1', false],
  ['application/yaml', true, 'object', 'v1', true],
  [TABLE, true, 'Table', 'v1', false],
  ['application/json;as=Table;v=v1beta1;g=meta.k8s.io', true, 'Table', 'v1beta1', false],
  [TABLE, false, 'object', 'v1', false],
  [METADATA, true, 'PartialObjectMetadata', 'v1', false],
  ['text/html,application/xhtml+xml,*/*;q=0.8', true, 'object', 'v1', false],
  ['application/json;q=0.5, application/yaml', true, 'object', 'v1', true],
  ['application/json;as=Unknown;g=meta.k8s.io;v=v1,application/json', true, 'object', 'v1', false],
];

for (const [header, tabular, form, version, yaml] of cases) {
  test(`${header ?? 'no Accept header'}${tabular ? '' : ' of what has no table'} means ${form}`, () => {
    assert.deepEqual(negotiate(header, tabular), { form, version, yaml });
  });
}

test('a table of what has none, and types that are not known, are not acceptable', () => {
  for (const header of ['application/json;as=Table;v=v1;g=meta.k8s.io', 'text/html', 'application/cbor']) {
    assert.throws(() => negotiate(header, false), { code: 406 });
  }
});
