import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openApiV2 } from './openapi-v2.ts';
import { openApiV3 } from './openapi.ts';

type Doc = Record<string, unknown>;

const PRESERVES = { 'x-kubernetes-preserve-unknown-fields': true };
const KIND = { 'x-kubernetes-group-version-kind': [{ group: 'a.example.com', version: 'v1', kind: 'Widget' }] };

/** The types of a kind Widget with this schema, in both versions, without what texts say. */
function types(schema: object, selectableFields: string[] = []): { v3: (name: string) => Doc; v2: (name: string) => Doc } {
  const rest = { namespaced: true, verbs: ['get', 'list'], subresources: [], selectableFields };
  const v3 = openApiV3({ group: 'a.example.com', version: 'v1' }, [{ plural: 'widgets', kind: 'Widget', schema, ...rest }]);
  const v2 = openApiV2([v3]);
  const bare = (types: unknown) => (name: string) => withoutTexts((types as Doc)[`com.example.a.v1.${name}`]) as Doc;
  return { v3: bare((v3['components'] as Doc)['schemas']), v2: bare(v2['definitions']) };
}

function withoutTexts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutTexts);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, text]) => !(key === 'description' && typeof text === 'string'))
      .map(([key, member]) => [key, withoutTexts(member)]),
  );
}

const common = (ref: object): Doc => ({ apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata: ref });
const V3 = common({ allOf: [{ $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' }] });
const V2 = common({ $ref: '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' });

test('a definition that takes any fields is an object of which v2 says nothing more', () => {
  for (const schema of [PRESERVES, { type: 'object', description: 'any', ...PRESERVES, properties: { spec: { type: 'object' } } }]) {
    assert.deepEqual(types(schema, ['spec.a']).v2('Widget'), { type: 'object', ...KIND, 'x-kubernetes-selectable-fields': [{ fieldPath: 'spec.a' }] });
  }
  assert.deepEqual(types(PRESERVES).v3('Widget'), { ...PRESERVES, type: 'object', properties: V3, ...KIND });
  assert.deepEqual(types({}).v3('Widget'), { type: 'object', ...KIND });
});

test('a custom type has a list', () => {
  const { v2 } = types({ type: 'object' });
  assert.deepEqual(v2('WidgetList'), {
    type: 'object',
    required: ['items'],
    properties: {
      ...common({ $ref: '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta' }),
      items: { type: 'array', items: { $ref: '#/definitions/com.example.a.v1.Widget' } },
    },
    'x-kubernetes-group-version-kind': [{ group: 'a.example.com', version: 'v1', kind: 'WidgetList' }],
  });
});

test('marks are written out in v3, and v2 leaves out what it cannot say', () => {
  const embedded = { type: 'object', 'x-kubernetes-embedded-resource': true };
  const either = { 'x-kubernetes-int-or-string': true };
  const string = { type: 'string' };
  const spec = {
    type: 'object',
    required: ['nullable', 'any'],
    properties: {
      nullable: { ...string, nullable: true },
      any: { type: 'object', ...PRESERVES, properties: { p: string } },
      defaulted: { ...string, default: 'x' },
      either,
      bounded: { ...either, anyOf: [{ minimum: 1 }, { type: 'string' }] },
      embedded: { ...embedded, properties: { x: string } },
      whole: { ...embedded, ...PRESERVES },
      list: { type: 'array', items: either },
    },
  };
  const { v3, v2 } = types({ type: 'object', properties: { spec } });
  const integerOrString = { anyOf: [{ type: 'integer' }, { type: 'string' }] };
  const requires = { required: ['kind', 'apiVersion'] };
  assert.deepEqual(v3('Widget')['properties'], {
    ...V3,
    spec: {
      ...spec,
      properties: {
        ...spec.properties,
        either: { ...either, ...integerOrString },
        bounded: { ...spec.properties.bounded, allOf: [integerOrString] },
        embedded: { ...embedded, properties: { x: string, ...V3 }, ...requires },
        whole: { ...embedded, ...PRESERVES, properties: V3, ...requires },
        list: { type: 'array', items: { ...either, ...integerOrString } },
      },
    },
  });
  assert.deepEqual(v2('Widget')['properties'], {
    ...V2,
    spec: {
      type: 'object',
      required: ['any'],
      properties: {
        nullable: {},
        any: PRESERVES,
        defaulted: string,
        either,
        bounded: either,
        embedded: { ...embedded, properties: { x: string, ...V2 }, ...requires },
        whole: { 'x-kubernetes-embedded-resource': true, ...PRESERVES },
        list: { type: 'array', items: either },
      },
    },
  });
});
