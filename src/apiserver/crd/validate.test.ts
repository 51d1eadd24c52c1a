import assert from 'node:assert/strict';
import { test } from 'node:test';
import { embeddedErrors, listErrors } from './invariants.ts';
import type { JsonSchema } from './schema.ts';
import { validateAgainst } from './validate.ts';

const texts = (value: unknown, schema: JsonSchema): string[] =>
  [validateAgainst, embeddedErrors, listErrors].flatMap((errorsOf) => errorsOf(value, schema, 'spec.x')).map((e) => `${e.field}: ${e.message}`);

const table: [string, unknown, JsonSchema, string[]][] = [
  ['a right type passes', 3, { type: 'integer' }, []],
  ['an integer is a number too', 3, { type: 'number' }, []],
  ['a wrong type is named', 'a', { type: 'integer' }, ['spec.x: Invalid value: "string": spec.x in body must be of type integer: "string"']],
  ['null is refused', null, { type: 'string' }, ['spec.x: Invalid value: "null": spec.x in body must be of type string: "null"']],
  ['null passes where nullable', null, { type: 'string', nullable: true }, []],
  ['int-or-string takes both', '50%', { 'x-kubernetes-int-or-string': true }, []],
  ['enums list what they support', 'c', { type: 'string', enum: ['a', 'b'] }, ['spec.x: Unsupported value: "c": supported values: "a", "b"']],
  ['a maximum holds', 11, { type: 'integer', maximum: 10 }, ['spec.x: Invalid value: 11: spec.x in body should be less than or equal to 10']],
  [
    'an exclusive minimum holds',
    0,
    { type: 'integer', minimum: 0, exclusiveMinimum: true },
    ['spec.x: Invalid value: 0: spec.x in body should be greater than 0'],
  ],
  ['a pattern holds', 'A', { type: 'string', pattern: '^[a-z]+$' }, ['spec.x: Invalid value: "A": spec.x in body should match \'^[a-z]+$\'']],
  ['required fields are named', {}, { type: 'object', required: ['a'] }, ['spec.x.a: Required value']],
  [
    'lists are checked item by item',
    [1, 'b'],
    { type: 'array', items: { type: 'integer' } },
    ['spec.x[1]: Invalid value: "string": spec.x[1] in body must be of type integer: "string"'],
  ],
  ['too few items', [], { type: 'array', minItems: 1 }, ['spec.x: Invalid value: 0: spec.x in body should have at least 1 items']],
  ['a set has no doubles', ['a', 'a'], { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' }, ['spec.x[1]: Duplicate value: "a"']],
  [
    'a map list has one item a key',
    [{ name: 'a' }, { name: 'a' }],
    {
      type: 'array',
      items: { type: 'object', properties: { name: { type: 'string' } } },
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
    },
    ['spec.x[1]: Duplicate value: {"name":"a"}'],
  ],
  [
    'a date-time format holds',
    'soon',
    { type: 'string', format: 'date-time' },
    ['spec.x: Invalid value: "soon": spec.x in body must be of type date-time: "soon"'],
  ],
  ['an unknown format accepts anything', 'soon', { type: 'string', format: 'moon' }, []],
  [
    'oneOf wants exactly one',
    'abc',
    {
      oneOf: [
        { type: 'string', minLength: 1 },
        { type: 'string', maxLength: 5 },
      ],
    },
    ['<nil>: Invalid value: "": "spec.x" must validate one and only one schema (oneOf). Found 2 valid alternatives'],
  ],
  [
    'anyOf tells what the schema says that looked at most',
    { a: 'abcd' },
    { type: 'object', anyOf: [{ required: ['b'] }, { properties: { a: { maxLength: 3 } } }] },
    ['<nil>: Invalid value: "": "spec.x" must validate at least one schema (anyOf)', 'spec.x.a: Too long: may not be more than 3 bytes'],
  ],
  [
    'allOf tells all that is wrong',
    { a: 'abcd' },
    { type: 'object', allOf: [{ required: ['b'] }, { required: ['a'] }, { properties: { a: { maxLength: 3 } } }] },
    [
      'spec.x.b: Required value',
      'spec.x.a: Too long: may not be more than 3 bytes',
      '<nil>: Invalid value: "": "spec.x" must validate all the schemas (allOf)',
    ],
  ],
  [
    'a number has the format of integers',
    3e9,
    { type: 'integer', format: 'int32' },
    ['<nil>: Invalid value: "": Checked value must be of type integer with format int32 in spec.x'],
  ],
  [
    'what an embedded object is must be said',
    { kind: '' },
    { type: 'object', 'x-kubernetes-embedded-resource': true },
    ['spec.x.apiVersion: Required value', 'spec.x.kind: Invalid value: "": must not be empty'],
  ],
  ['a Go escape that JavaScript has not still compiles', 'a_b', { type: 'string', pattern: '^a\\_b$' }, []],
];

for (const [name, value, schema, want] of table) test(name, () => assert.deepEqual(texts(value, schema), want));

test('what was wrong before may stay, but not in a schema that narrows another', () => {
  const brief: JsonSchema = { type: 'string', maxLength: 3 };
  const schema: JsonSchema = { type: 'object', properties: { a: brief, b: brief, list: { type: 'array', items: brief } } };
  const old = { a: 'too long', list: ['too long'] };
  const changed = (value: object, by: JsonSchema = schema) => validateAgainst(value, by, '', old).map(({ field }) => field);
  assert.deepEqual(changed({ ...old, b: 'x' }), []);
  assert.deepEqual(changed({ ...old, a: 'longer' }), ['a']);
  assert.deepEqual(changed({ ...old, list: ['too long', 'x'] }), ['list[0]'], 'items of a plain list are not told apart');
  assert.deepEqual(changed({ ...old, b: 'x' }, { ...schema, allOf: [{ properties: { a: { maxLength: 3 } } }] }), ['a', '<nil>']);
});
