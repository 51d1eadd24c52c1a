import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { schemaOf } from '../schema/index.ts';
import { StatusError } from '../status.ts';
import type { Json } from './json-value.ts';
import { applyJsonPatch } from './json.ts';
import { applyMergePatch } from './merge.ts';
import { applyStrategicMergePatch } from './strategic.ts';

const podType = schemaOf({ group: '', version: 'v1', kind: 'Pod' });
const deploymentType = schemaOf({ group: 'apps', version: 'v1', kind: 'Deployment' });
const serviceType = schemaOf({ group: '', version: 'v1', kind: 'Service' });
assert.ok(podType && deploymentType && serviceType);

const pod = (spec: Json): Json => ({ spec });
const strategic: [string, Json, Json, Json][] = [
  [
    'containers merge by name',
    pod({
      containers: [
        { name: 'a', image: '1' },
        { name: 'b', image: '1' },
      ],
    }),
    pod({ containers: [{ name: 'b', image: '2' }] }),
    pod({
      containers: [
        { name: 'a', image: '1' },
        { name: 'b', image: '2' },
      ],
    }),
  ],
  [
    'a new container goes first, as upstream has it',
    pod({ containers: [{ name: 'a' }] }),
    pod({ containers: [{ name: 'b' }] }),
    pod({ containers: [{ name: 'b' }, { name: 'a' }] }),
  ],
  [
    'a known item keeps its place',
    { status: { conditions: [{ type: 'A' }, { type: 'B' }, { type: 'C' }] } },
    { status: { conditions: [{ type: 'B', status: 'True' }] } },
    { status: { conditions: [{ type: 'A' }, { type: 'B', status: 'True' }, { type: 'C' }] } },
  ],
  [
    'an order alone reorders',
    pod({ containers: [{ name: 'a' }, { name: 'b' }, { name: 's' }] }),
    pod({ '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] }),
    pod({ containers: [{ name: 'b' }, { name: 'a' }, { name: 's' }] }),
  ],
  ['$patch delete empties an object', pod({ securityContext: { runAsUser: 1 } }), pod({ securityContext: { $patch: 'delete' } }), pod({ securityContext: {} })],
  [
    '$patch delete removes an item',
    pod({ containers: [{ name: 'a' }, { name: 'b' }] }),
    pod({ containers: [{ name: 'a', $patch: 'delete' }] }),
    pod({ containers: [{ name: 'b' }] }),
  ],
  [
    '$patch replace replaces a list',
    pod({ containers: [{ name: 'a' }] }),
    pod({ containers: [{ $patch: 'replace' }, { name: 'c' }] }),
    pod({ containers: [{ name: 'c' }] }),
  ],
  [
    '$patch replace replaces an object',
    pod({ nodeSelector: { a: '1' } }),
    pod({ nodeSelector: { $patch: 'replace', b: '2' } }),
    pod({ nodeSelector: { b: '2' } }),
  ],
  [
    'tolerations, which have no merge key, are replaced',
    pod({ tolerations: [{ key: 'a' }] }),
    pod({ tolerations: [{ key: 'b' }] }),
    pod({ tolerations: [{ key: 'b' }] }),
  ],
  ['null deletes a field', pod({ nodeName: 'x', hostname: 'y' }), pod({ nodeName: null }), pod({ hostname: 'y' })],
  ['finalizers merge as a set', { metadata: { finalizers: ['a'] } }, { metadata: { finalizers: ['b', 'a'] } }, { metadata: { finalizers: ['b', 'a'] } }],
  [
    'primitive items are deleted by name',
    { metadata: { finalizers: ['a', 'b'] } },
    { metadata: { '$deleteFromPrimitiveList/finalizers': ['a'] } },
    { metadata: { finalizers: ['b'] } },
  ],
  [
    'the element order is followed and server-only items stay near',
    pod({ containers: [{ name: 's' }, { name: 'a' }, { name: 'b' }] }),
    pod({ '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }], containers: [{ name: 'a', image: 'x' }] }),
    pod({ containers: [{ name: 's' }, { name: 'b' }, { name: 'a', image: 'x' }] }),
  ],
  [
    'an env list inside a container merges by name',
    pod({ containers: [{ name: 'a', env: [{ name: 'X', value: '1' }] }] }),
    pod({ containers: [{ name: 'a', env: [{ name: 'Y', value: '2' }] }] }),
    pod({
      containers: [
        {
          name: 'a',
          env: [
            { name: 'Y', value: '2' },
            { name: 'X', value: '1' },
          ],
        },
      ],
    }),
  ],
  [
    'ports merge by containerPort',
    pod({ containers: [{ name: 'a', ports: [{ containerPort: 80, protocol: 'TCP' }] }] }),
    pod({ containers: [{ name: 'a', ports: [{ containerPort: 80, name: 'http' }] }] }),
    pod({ containers: [{ name: 'a', ports: [{ containerPort: 80, protocol: 'TCP', name: 'http' }] }] }),
  ],
  [
    '$retainKeys keeps one member of a union',
    pod({ volumes: [{ name: 'v', emptyDir: {} }] }),
    pod({ volumes: [{ name: 'v', $retainKeys: ['name', 'configMap'], configMap: { name: 'c' } }] }),
    pod({ volumes: [{ name: 'v', configMap: { name: 'c' } }] }),
  ],
];
for (const [name, document, patch, want] of strategic) {
  test(name, () => {
    const before = JSON.stringify(document);
    assert.deepEqual(applyStrategicMergePatch(document, patch, podType), want);
    assert.equal(JSON.stringify(document), before, 'the document is not changed');
  });
}

test('a list item without its merge key is a bad request', () => {
  assert.throws(() => applyStrategicMergePatch(pod({ containers: [] }), pod({ containers: [{ image: 'x' }] }), podType), StatusError);
});

test('an order that is no list is refused in the words of upstream, which calls it an error of its own', () => {
  const refused: [Json, string][] = [
    [{ '$setElementOrder/containers': 1 }, 'expected a []interface {}, but received a int64'],
    [{ $setElementOrder: [] }, 'invalid patch format of setElementOrder list'],
  ];
  for (const [patch, message] of refused) assert.throws(() => applyStrategicMergePatch(pod({ containers: [] }), pod(patch), podType), { code: 500, message });
});

test('directives in a new item stay for validation to find', () => {
  const patched = applyStrategicMergePatch(pod({}), pod({ volumes: [{ name: 'v', $retainKeys: ['name'] }] }), podType);
  assert.deepEqual(patched, pod({ volumes: [{ name: 'v', $retainKeys: ['name'] }] }));
  const merged = applyStrategicMergePatch(pod({ volumes: [{ name: 'w' }] }), pod({ volumes: [{ name: 'v', $retainKeys: ['name'] }] }), podType);
  assert.deepEqual(merged, pod({ volumes: [{ name: 'v', $retainKeys: ['name'] }, { name: 'w' }] }));
});

test("a deployment's strategy retains only the keys named", () => {
  const document: Json = { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } } };
  const patch: Json = { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } };
  assert.deepEqual(applyStrategicMergePatch(document, patch, deploymentType), { spec: { strategy: { type: 'Recreate' } } });
});

test('an empty strategic patch changes nothing', () => {
  const document: Json = { spec: { ports: [{ port: 80 }] } };
  assert.deepEqual(applyStrategicMergePatch(document, {}, serviceType), document);
});

const json = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.integer(),
    fc.string({ maxLength: 3 }),
    fc.boolean(),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor'), tie('value'), { maxKeys: 3 }),
  ),
})).value;

function mergeDiff(a: Json, b: Json): Json {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || Array.isArray(a) || Array.isArray(b)) return b;
  const patch: Record<string, Json> = Object.create(null) as Record<string, Json>;
  for (const key of Object.keys(a)) if (!Object.hasOwn(b, key)) patch[key] = null;
  for (const [key, value] of Object.entries(b)) {
    const old = Object.hasOwn(a, key) ? a[key] : undefined;
    if (JSON.stringify(old) !== JSON.stringify(value)) patch[key] = old === undefined ? value : mergeDiff(old, value);
  }
  return patch;
}

test('merge patch: applying the difference of two documents to one gives the other', () => {
  const plain = (value: Json): unknown => JSON.parse(JSON.stringify(value));
  fc.assert(fc.property(json, json, (a, b) => assert.deepEqual(plain(applyMergePatch(a, mergeDiff(a, b))), plain(b))));
});

const jsonPatches: [string, Json, unknown, Json][] = [
  ['add to an object', { a: 1 }, [{ op: 'add', path: '/b', value: 2 }], { a: 1, b: 2 }],
  ['add into a list', [1, 3], [{ op: 'add', path: '/1', value: 2 }], [1, 2, 3]],
  ['add at the end of a list', [1], [{ op: 'add', path: '/-', value: 2 }], [1, 2]],
  ['replace', { a: 1 }, [{ op: 'replace', path: '/a', value: 2 }], { a: 2 }],
  ['remove', { a: 1, b: 2 }, [{ op: 'remove', path: '/a' }], { b: 2 }],
  ['move', { a: 1 }, [{ op: 'move', from: '/a', path: '/b' }], { b: 1 }],
  ['copy', { a: [1] }, [{ op: 'copy', from: '/a', path: '/b' }], { a: [1], b: [1] }],
  [
    'escapes',
    { 'a/b': 1, 'c~d': 2 },
    [
      { op: 'remove', path: '/a~1b' },
      { op: 'remove', path: '/c~0d' },
    ],
    {},
  ],
  ['a test that holds', { a: 1 }, [{ op: 'test', path: '/a', value: 1 }], { a: 1 }],
];
for (const [name, document, patch, want] of jsonPatches) test(`JSON patch: ${name}`, () => assert.deepEqual(applyJsonPatch(document, patch), want));

const failing: [string, Json, unknown, number][] = [
  ['a test that fails', { a: 1 }, [{ op: 'test', path: '/a', value: 2 }], 422],
  ['removing what is not there', {}, [{ op: 'remove', path: '/a' }], 422],
  ['an index out of bounds', [1], [{ op: 'add', path: '/5', value: 1 }], 422],
  ['an unknown operation', {}, [{ op: 'frob', path: '/a' }], 422],
  ['moving a value into itself', { a: { b: 1 } }, [{ op: 'move', from: '/a', path: '/a/b' }], 422],
  ['copying until the document bursts', { a: ['x'.repeat(1000)] }, Array.from({ length: 40 }, () => ({ op: 'copy', from: '/a', path: '/a/-' })), 422],
  ['no array', {}, {}, 400],
  ['too many operations', {}, Array.from({ length: 10_001 }, () => ({ op: 'add', path: '/a', value: 1 })), 413],
];
for (const [name, document, patch, code] of failing) {
  test(`JSON patch refuses ${name}`, () =>
    assert.throws(
      () => applyJsonPatch(document, patch),
      (error) => error instanceof StatusError && error.code === code,
    ));
}
