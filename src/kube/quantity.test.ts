import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addQuantities, byteCount, canonicalQuantity, compareQuantities, cpuMillis, formatBytes, formatMillis, isQuantity, QuantityError } from './quantity.ts';

const canonical: [string, string][] = [
  ['0.5', '500m'],
  ['1024Mi', '1Gi'],
  ['1.5Gi', '1536Mi'],
  ['3.8G', '3800M'],
  ['1000m', '1'],
  ['1000', '1k'],
  ['1024', '1024'],
  ['0', '0'],
  ['0Ki', '0'],
  ['-1.5', '-1500m'],
  ['1e3', '1e3'],
  ['12e6', '12e6'],
  ['1E', '1E'],
  ['100n', '100n'],
  ['512Ki', '512Ki'],
  ['0.5Ki', '512'],
  ['.5', '500m'],
  ['5.', '5'],
  ['+3', '3'],
];
for (const [text, want] of canonical) test(`${text} is written ${want}`, () => assert.equal(canonicalQuantity(text), want));

for (const text of ['', 'abc', '1g', '1.2.3', '1 Gi', 'Gi', '.', '1KI', '--1', '1e', '0x10']) {
  test(`'${text}' is refused`, () => {
    assert.equal(isQuantity(text), false);
    assert.throws(() => canonicalQuantity(text), QuantityError);
  });
}

test('a G is ten to the ninth, a Gi is two to the thirtieth', () => {
  assert.equal(byteCount('1G'), 1_000_000_000);
  assert.equal(byteCount('1Gi'), 1_073_741_824);
  assert.equal(byteCount('0.8G'), 800_000_000);
});

test('fractions of the unit round up', () => {
  assert.equal(cpuMillis('0.0001'), 1);
  assert.equal(cpuMillis('250m'), 250);
  assert.equal(cpuMillis(2), 2000);
  assert.equal(byteCount('1500m'), 2);
  assert.equal(byteCount(undefined), 0);
});

test('node status is written as upstream writes it', () => {
  assert.equal(formatBytes(3_993_600_000), '3900000Ki');
  assert.equal(formatMillis(250), '250m');
  assert.equal(formatMillis(2000), '2');
});

const quantity = fc
  .tuple(fc.integer({ min: -1_000_000, max: 1_000_000 }), fc.constantFrom('', 'm', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi'))
  .map(([n, suffix]) => `${n}${suffix}`);

test('the canonical form is a fixed point and has the same value', () => {
  fc.assert(
    fc.property(quantity, (q) => {
      const text = canonicalQuantity(q);
      assert.equal(canonicalQuantity(text), text);
      assert.equal(compareQuantities(text, q), 0);
    }),
  );
});

test('addition is commutative in value and zero changes nothing', () => {
  fc.assert(
    fc.property(quantity, quantity, (a, b) => {
      assert.equal(compareQuantities(addQuantities(a, b), addQuantities(b, a)), 0);
      assert.equal(compareQuantities(addQuantities(a, '0'), a), 0);
    }),
  );
});
