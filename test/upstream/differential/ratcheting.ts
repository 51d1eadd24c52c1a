/** Objects that were stored before their definition became stricter, changed before both servers: what was wrong already may stay. */
import { type Peer, until } from '../peer.ts';
import { type Case, MERGE_PATCH } from './case.ts';

type Schema = Record<string, unknown>;

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const OBJECTS = '/apis/ratcheting.example.com/v1/namespaces/default/olds';

const brief: Schema = { type: 'string', maxLength: 3 };
const text: Schema = { type: 'string' };
const object = (properties: Record<string, Schema>, more: Schema = {}): Schema => ({ type: 'object', properties, ...more });
const list = (items: Schema, more: Schema = {}): Schema => ({ type: 'array', items, ...more });
const keyed = (items: Schema): Schema => list(items, { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] });
const named = object({ name: text, v: brief }, { required: ['name'] });
const v = { properties: { v: { maxLength: 3 } } };

/** By field of `spec`: what its schema becomes, what is stored, and what it is changed to. */
const SAMPLES: Record<string, { schema: Schema; stored: unknown; changes: readonly unknown[] }> = {
  value: { schema: brief, stored: 'too long', changes: ['longer', 'ok'] },
  retyped: { schema: brief, stored: 5, changes: [6, 'ok'] },
  choice: { schema: { type: 'string', enum: ['a', 'b'] }, stored: 'c', changes: ['d', 'a'] },
  members: { schema: object({ a: brief, b: text }), stored: { a: 'too long' }, changes: [{ b: 'x' }, { a: 'longer' }, { a: null }] },
  lacking: { schema: object({ a: text, b: text }, { required: ['a'] }), stored: { b: 'x' }, changes: [{ b: 'y' }, { a: 'x' }] },
  crowded: {
    schema: object({}, { maxProperties: 1, additionalProperties: text, properties: undefined }),
    stored: { a: 'x', b: 'x' },
    changes: [{ b: 'y' }, { c: 'y' }],
  },
  entries: { schema: { type: 'object', additionalProperties: brief }, stored: { a: 'too long' }, changes: [{ b: 'ok' }, { b: 'longer' }] },
  deeper: {
    schema: object({ a: object({ b: object({ c: brief, d: text }) }) }),
    stored: { a: { b: { c: 'too long' } } },
    changes: [{ a: { b: { d: 'x' } } }, { a: { b: { c: 'longer' } } }],
  },
  atomic: { schema: list(brief), stored: ['too long'], changes: [['too long', 'b'], ['b']] },
  set: { schema: list(brief, { 'x-kubernetes-list-type': 'set' }), stored: ['too long'], changes: [['too long', 'b']] },
  twice: {
    schema: list(text, { 'x-kubernetes-list-type': 'set' }),
    stored: ['a', 'a'],
    changes: [
      ['a', 'a', 'b'],
      ['a', 'b'],
    ],
  },
  keyed: {
    schema: keyed(named),
    stored: [{ name: 'a', v: 'too long' }],
    changes: [
      [
        { name: 'b', v: 'ok' },
        { name: 'a', v: 'too long' },
      ],
      [{ name: 'a', v: 'longer' }],
      [{ name: 'b', v: 'too long' }],
    ],
  },
  'keyed-twice': {
    schema: keyed(named),
    stored: [{ name: 'a' }, { name: 'a' }],
    changes: [[{ name: 'a' }, { name: 'a' }, { name: 'b' }]],
  },
  any: { schema: object({ v: text, w: text }, { anyOf: [v, { required: ['x'] }] }), stored: { v: 'too long' }, changes: [{ w: 'x' }, { v: 'longer' }] },
  all: { schema: object({ v: text, w: text }, { allOf: [v] }), stored: { v: 'too long' }, changes: [{ w: 'x' }, { v: 'longer' }] },
  one: { schema: object({ v: text, w: text }, { oneOf: [v, { required: ['x'] }] }), stored: { v: 'too long' }, changes: [{ w: 'x' }] },
  not: { schema: object({ v: text, w: text }, { not: { properties: { v: { minLength: 4 } } } }), stored: { v: 'too long' }, changes: [{ w: 'x' }] },
  best: {
    schema: object(
      { v: text, w: text },
      { anyOf: [{ required: ['x'] }, { ...v, required: ['y'] }], oneOf: [v, { required: ['v'] }], allOf: [{ required: ['w'] }, {}] },
    ),
    stored: { v: 'too long' },
    changes: [{ v: 'ok' }, { v: null, w: 'x' }],
  },
  bounded: { schema: { type: 'integer', format: 'int32', minimum: 3, multipleOf: 2 }, stored: 1, changes: [3_000_000_000, '4', 1.5, 5, true, [1], {}] },
  chosen: { schema: { type: 'integer', enum: [1, 2], nullable: true }, stored: 3, changes: [4, 1, 'x'] },
  patterned: { schema: { type: 'string', minLength: 3, pattern: '^a', format: 'uuid' }, stored: 'b', changes: ['bc', 'bcd', 'abc', 5, 1.5, true, ['abc'], {}] },
  counted: { schema: list(text, { minItems: 2, maxItems: 3 }), stored: ['a'], changes: [[], ['a', 'b', 'c', 'd'], [1, 2]] },
  either: { schema: { 'x-kubernetes-int-or-string': true, maxLength: 3 }, stored: 'too long', changes: [1.5, 'longer', true] },
  embedded: {
    schema: { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true },
    stored: { a: 'x' },
    changes: [{ a: 'y' }, { apiVersion: 'v1', kind: 'X' }],
  },
  ruled: {
    schema: object({ a: { ...text, maxLength: 30 }, b: { ...text, maxLength: 30 } }, { 'x-kubernetes-validations': [{ rule: 'size(self.a) < 3' }] }),
    stored: { a: 'too long' },
    changes: [{ b: 'x' }, { a: 'ok' }],
  },
  'ruled-member': {
    schema: object({ a: { ...text, maxLength: 30, 'x-kubernetes-validations': [{ rule: 'size(self) < 3' }] }, b: text }),
    stored: { a: 'too long' },
    changes: [{ b: 'x' }, { a: 'longer' }],
  },
};

function definition(spec: Schema, metadata: Schema): object {
  const openAPIV3Schema = object({ spec, metadata });
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'olds.ratcheting.example.com' },
    spec: {
      group: 'ratcheting.example.com',
      scope: 'Namespaced',
      names: { plural: 'olds', kind: 'Old' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema } }],
    },
  };
}

const LAX = definition({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true }, { type: 'object' });
const STRICT = definition(
  object(Object.fromEntries(Object.entries(SAMPLES).map(([field, { schema }]) => [field, schema]))),
  object({ name: { type: 'string', pattern: '^[a-z]+$' } }),
);

const old = (name: string, spec: object): object => ({ apiVersion: 'ratcheting.example.com/v1', kind: 'Old', metadata: { name }, spec });
/** Its name is one that the stricter schema forbids. */
const NAME_1 = 'name-1';

/** Makes the definition and its objects, and the definition stricter, and waits until both servers hold to it. */
export async function defineRatchetedKind(peers: readonly Peer[]): Promise<void> {
  for (const peer of peers) {
    const { status, body } = await peer.call({ method: 'POST', path: CRDS, body: LAX });
    if (status !== 201) throw new Error(`${peer.name} refuses the definition: ${body}`);
    const make = (object: object) => peer.call({ method: 'POST', path: OBJECTS, body: object });
    await until(
      async () => (await make(old(NAME_1, {}))).status === 201,
      () => `${peer.name} does not serve olds`,
    );
    for (const [field, { stored }] of Object.entries(SAMPLES)) await make(old(field, { [field]: stored }));
    const stricter = await peer.call({ method: 'PATCH', path: `${CRDS}/olds.ratcheting.example.com`, headers: MERGE_PATCH, body: STRICT });
    if (stricter.status !== 200) throw new Error(`${peer.name} refuses the stricter definition: ${stricter.body}`);
    await until(
      async () => (await peer.call({ method: 'POST', path: `${OBJECTS}?dryRun=All`, body: old('new', { value: 'too long' }) })).status === 422,
      () => `${peer.name} takes what the stricter definition forbids`,
    );
  }
}

export function ratchetingCases(): Case[] {
  const change = (name: string, body: object) => ({ method: 'PATCH', path: `${OBJECTS}/${name}?dryRun=All`, headers: MERGE_PATCH, body });
  const label = { metadata: { labels: { a: 'b' } } };
  const make = (value: object) => ({ method: 'POST', path: `${OBJECTS}?dryRun=All`, body: old('new', value) });
  return [
    { name: 'Ratcheting: a name that is forbidden now', steps: [change(NAME_1, label)] },
    ...Object.entries(SAMPLES).flatMap(([field, { stored, changes }]) => [
      { name: `Ratcheting: ${field} as it was`, steps: [change(field, label)] },
      ...[stored, ...changes].map((value) => ({ name: `Ratcheting: a new ${field} ${JSON.stringify(value)}`, steps: [make({ [field]: value })] })),
      ...changes.map((value) => ({ name: `Ratcheting: ${field} becomes ${JSON.stringify(value)}`, steps: [change(field, { spec: { [field]: value } })] })),
    ]),
  ];
}
