import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonSchema } from './schema.ts';
import { applySchemaDefaults, prune } from './shape.ts';

const schema: JsonSchema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        replicas: { type: 'integer', default: 1 },
        mode: { type: 'string', nullable: true, default: 'fast' },
        list: { type: 'array', items: { type: 'object', properties: { port: { type: 'integer', default: 80 } } } },
        labels: { type: 'object', additionalProperties: { type: 'string' } },
        free: {
          type: 'object',
          'x-kubernetes-preserve-unknown-fields': true,
          properties: { known: { type: 'object', properties: { a: { type: 'string' } } } },
        },
      },
    },
  },
};

test('fields the schema does not know are removed and reported with their paths', () => {
  const value = { apiVersion: 'v1', kind: 'X', metadata: { name: 'a' }, extra: 1, spec: { replicas: 2, typo: true, list: [{ port: 1, bad: 2 }] } };
  assert.deepEqual(prune(value, schema), ['extra', 'spec.typo', 'spec.list[0].bad']);
  assert.deepEqual(value, { apiVersion: 'v1', kind: 'X', metadata: { name: 'a' }, spec: { replicas: 2, list: [{ port: 1 }] } });
});

test('preserve-unknown-fields keeps what is unknown but still prunes inside known fields', () => {
  const value = { spec: { free: { anything: { goes: 1 }, known: { a: 'x', b: 'y' } }, labels: { any: 'name' } } };
  assert.deepEqual(prune(value, schema), ['spec.free.known.b']);
  assert.deepEqual(value.spec.free, { anything: { goes: 1 }, known: { a: 'x' } });
});

test('defaults fill what is absent, inside lists too, and leave a nullable null alone', () => {
  const value = { spec: { mode: null, list: [{}, { port: 1 }] } };
  applySchemaDefaults(value, schema);
  assert.deepEqual(value, { spec: { replicas: 1, mode: null, list: [{ port: 80 }, { port: 1 }] } });
});

test('a null that may not be null becomes the default', () => {
  const value = { spec: { replicas: null } };
  applySchemaDefaults(value, schema);
  assert.equal(value.spec.replicas, 1);
});

test('a null that may not be null and has no default is removed, except from lists', () => {
  const value = { spec: { labels: { a: null }, list: [null, { port: null }], mode: null, free: null } };
  assert.deepEqual(prune(value, schema), []);
  assert.deepEqual(value, { spec: { labels: {}, list: [null, { port: null }], mode: null } });
  const items = { type: 'object', properties: { list: { type: 'array', items: { type: 'integer', default: 7 } } } } as const;
  const list = { list: [null, 1] };
  applySchemaDefaults(list, items);
  assert.deepEqual(list, { list: [7, 1] });
});

test('pruning twice removes nothing more, whatever the object', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom('spec', 'extra', '__proto__', 'constructor'), fc.object()), (value) => {
      prune(value, schema);
      assert.deepEqual(prune(value, schema), []);
    }),
  );
});
