import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StatusError } from '../../kube/status.ts';
import type { CustomResourceDefinition, KubeObject } from '../../kube/types.ts';
import { testWorld, type TestWorld } from '../testing.ts';
import { definitionsOf } from './definition.ts';
import { checkRules } from './rules.ts';
import type { JsonSchema } from './schema.ts';
import { validateSchema } from './structural.ts';

const spec = (properties: Record<string, JsonSchema>, more: Partial<JsonSchema> = {}): JsonSchema => ({
  type: 'object',
  properties: { spec: { type: 'object', properties, ...more } },
});
const number: JsonSchema = { type: 'integer' };
const texts = (errors: { field: string; message: string }[]): string[] => errors.map(({ field, message }) => `${field}: ${message}`);
const rules = (...list: NonNullable<JsonSchema['x-kubernetes-validations']>): Partial<JsonSchema> => ({ 'x-kubernetes-validations': list });

test('a rule that does not hold is an error with its message, reason and field', () => {
  const schema = spec(
    { min: number, max: number },
    rules(
      { rule: 'self.min <= self.max' },
      { rule: 'self.max < 100', message: 'too much', fieldPath: '.max', reason: 'FieldValueForbidden' },
      { rule: 'self.min > 0', messageExpression: '"min is %d".format([self.min])' },
    ),
  );
  assert.deepEqual(texts(checkRules({ spec: { min: 5, max: 7 } }, schema)), []);
  assert.deepEqual(texts(checkRules({ spec: { min: 500, max: 100 } }, schema)), [
    'spec: Invalid value: failed rule: self.min <= self.max',
    'spec.max: Forbidden: too much',
  ]);
  assert.deepEqual(texts(checkRules({ spec: { min: -1, max: 7 } }, schema)), ['spec: Invalid value: min is -1']);
});

test('a rule about oldSelf is for changes only, unless it takes an absent one', () => {
  const schema = spec(
    { size: { ...number, ...rules({ rule: 'self >= oldSelf', message: 'may not shrink' }) } },
    rules({ rule: 'oldSelf.hasValue() || self.size == 1', optionalOldSelf: true, message: 'starts with 1' }),
  );
  assert.deepEqual(texts(checkRules({ spec: { size: 2 } }, schema)), ['spec: Invalid value: starts with 1']);
  assert.deepEqual(texts(checkRules({ spec: { size: 1 } }, schema, { spec: { size: 2 } })), ['spec.size: Invalid value: 1: may not shrink']);
  assert.deepEqual(texts(checkRules({ spec: { size: 3 } }, schema, { spec: { size: 2 } })), []);
});

test('items of a list that is a map are told apart by their keys', () => {
  const item: JsonSchema = {
    type: 'object',
    properties: { name: { type: 'string' }, n: number },
    required: ['name'],
    ...rules({ rule: 'self.n >= oldSelf.n' }),
  };
  const schema = spec({ list: { type: 'array', items: item, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] } });
  const old = {
    spec: {
      list: [
        { name: 'a', n: 1 },
        { name: 'b', n: 5 },
      ],
    },
  };
  assert.deepEqual(
    texts(
      checkRules(
        {
          spec: {
            list: [
              { name: 'b', n: 4 },
              { name: 'a', n: 1 },
              { name: 'c', n: 0 },
            ],
          },
        },
        schema,
        old,
      ),
    ),
    ['spec.list[0]: Invalid value: failed rule: self.n >= oldSelf.n'],
  );
});

test('what did not change is not held against a stricter schema', () => {
  const schema = spec({ a: { ...number, ...rules({ rule: 'self > 10' }) }, b: number });
  assert.deepEqual(texts(checkRules({ spec: { a: 1, b: 2 } }, schema, { spec: { a: 1, b: 1 } })), []);
  assert.equal(checkRules({ spec: { a: 2, b: 2 } }, schema, { spec: { a: 1, b: 1 } }).length, 1);
  const warnings: string[] = [];
  checkRules({ spec: { a: 1, b: 2 } }, schema, { spec: { a: 1, b: 1 } }, warnings);
  assert.deepEqual(warnings, ['spec.a: Invalid value: 1: failed rule: self > 10']);
});

test('items of a list that cannot be told apart did not change if the list did not', () => {
  const schema = spec({ list: { type: 'array', items: { ...number, ...rules({ rule: 'self > 10' }) } }, b: number });
  assert.deepEqual(texts(checkRules({ spec: { list: [1], b: 2 } }, schema, { spec: { list: [1], b: 1 } })), []);
  assert.equal(checkRules({ spec: { list: [1, 20], b: 2 } }, schema, { spec: { list: [1], b: 1 } }).length, 1);
});

test('an evaluation that fails, or costs too much, is an error of its own', () => {
  const schema = spec({ m: { type: 'object', additionalProperties: { type: 'string' } } }, rules({ rule: 'self.m["x"] == "y"' }));
  assert.deepEqual(texts(checkRules({ spec: { m: {} } }, schema)), ['spec: Invalid value: "object": no such key: x evaluating rule: self.m["x"] == "y"']);
  const heavy = spec({ l: { type: 'array', items: number } }, rules({ rule: 'self.l.all(a, self.l.all(b, self.l.all(c, a + b + c >= 0)))' }));
  assert.match(
    texts(checkRules({ spec: { l: Array.from({ length: 500 }, (_, i) => i) } }, heavy))[0]!,
    /operation cancelled: actual cost limit exceeded': no further validation rules/,
  );
});

test('rules see embedded names, int-or-string and formats as upstream', () => {
  const schema: JsonSchema = {
    type: 'object',
    properties: { port: { 'x-kubernetes-int-or-string': true }, at: { type: 'string', format: 'date-time' }, ratio: { type: 'number' } },
    ...rules(
      { rule: 'self.metadata.name.startsWith("x")' },
      { rule: 'type(self.port) == int ? self.port > 0 : self.port != ""' },
      { rule: 'self.at > timestamp("2020-01-01T00:00:00Z")' },
      { rule: 'self.ratio > 0.5' },
    ),
  };
  assert.deepEqual(validateSchema(schema, 's'), []);
  assert.deepEqual(checkRules({ metadata: { name: 'xy' }, port: 80, at: '2024-01-01T00:00:00Z', ratio: 1 }, schema), []);
});

const REFUSED: [string, JsonSchema, string][] = [
  ['a rule about a field that is not there', spec({}, rules({ rule: 'self.no' })), "undefined field 'no'"],
  ['a rule that is no condition', spec({ a: number }, rules({ rule: 'self.a' })), 'cel expression must evaluate to a bool'],
  ['a message that is no text', spec({ a: number }, rules({ rule: 'true', messageExpression: 'self.a' })), 'messageExpression must evaluate to a string'],
  [
    'oldSelf in a list',
    spec({ l: { type: 'array', items: { ...number, ...rules({ rule: 'self == oldSelf' }) } } }),
    'oldSelf cannot be used on the uncorrelatable portion of the schema within s.properties[spec].properties[l]',
  ],
  ['no type', spec({ a: {} }), 's.properties[spec].properties[a].type: Required value: must not be empty for specified object fields'],
  ['an array without items', spec({ a: { type: 'array' } }), 's.properties[spec].properties[a].items: Required value: must be specified'],
  [
    'a pattern that is none',
    spec({ a: { type: 'string', pattern: '(' } }),
    "must be a valid regular expression, but isn't: error parsing regexp: missing closing ): `(`",
  ],
  [
    'a type below anyOf',
    spec({ a: { type: 'string', anyOf: [{ type: 'string' }] } }),
    's.properties[spec].properties[a].anyOf[0].type: Forbidden: must be empty to be structural',
  ],
  [
    'a map without keys',
    spec({ a: { type: 'array', items: number, 'x-kubernetes-list-type': 'map' } }),
    'x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map',
  ],
  ['a wrong default', spec({ a: { type: 'integer', default: 'x' } }), 's.properties[spec].properties[a].default: Invalid value: "string"'],
  [
    'rules of metadata',
    { type: 'object', properties: { metadata: { type: 'object', properties: { labels: { type: 'object' } } } } },
    'must not specify anything other than name and generateName',
  ],
];
for (const [what, schema, why] of REFUSED) {
  test(`${what} is refused`, () => {
    const errors = texts(validateSchema(schema, 's'));
    assert.ok(
      errors.some((text) => text.includes(why)),
      errors.join('\n'),
    );
  });
}

const crd = (schema: JsonSchema): CustomResourceDefinition =>
  ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'things.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'things', kind: 'Thing', singular: 'thing', listKind: 'ThingList' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema as object } }],
    },
  }) as CustomResourceDefinition;

async function refusal(work: Promise<unknown>): Promise<StatusError> {
  const error = await work.then(
    () => undefined,
    (why: unknown) => why,
  );
  assert.ok(error instanceof StatusError);
  return error;
}

test('the API refuses definitions with rules that do not compile, and objects that break rules', async () => {
  const world: TestWorld = await testWorld();
  const definitions = world.definition('apiextensions.k8s.io/v1/customresourcedefinitions');
  const bad = crd(spec({}, rules({ rule: 'self.no == 1' })));
  const refused = await refusal(world.engine.create(definitions, world.ctx, undefined, bad));
  assert.equal(refused.status.details?.causes?.[0]?.field, 'spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].rule');
  const good = crd(spec({ a: { ...number, maximum: 10 }, b: number }, { required: ['b'], ...rules({ rule: 'self.a > self.b' }) }));
  world.engine.addDefinitions(definitionsOf(good));
  const things = world.definition('example.com/v1/things');
  const thing = (values: object): KubeObject => ({ apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 't' }, spec: values }) as KubeObject;
  const make = (values: object): Promise<unknown> => world.engine.create(things, world.ctx, 'default', thing(values));
  assert.equal((await refusal(make({ a: 1, b: 2 }))).message, 'Thing.example.com "t" is invalid: spec: Invalid value: failed rule: self.a > self.b');
  assert.match(
    (await refusal(make({ a: 1 }))).message,
    /spec\.b: Required value, <nil>: Invalid value: null: some validation rules were not checked because the object was invalid/,
  );
  await make({ a: 3, b: 2 });
  const stricter = crd(spec({ a: { ...number, maximum: 2 }, b: number }));
  world.engine.addDefinitions(definitionsOf(stricter));
  const patch = (values: object): Promise<unknown> =>
    world.engine.patch(world.definition('example.com/v1/things'), world.ctx, { namespace: 'default', name: 't' }, { spec: values }, { type: 'merge' });
  await patch({ b: 1 });
  assert.match((await refusal(patch({ a: 4 }))).message, /should be less than or equal to 2/);
});
