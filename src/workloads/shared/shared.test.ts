import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { VirtualClock } from '../../runtime/virtual-clock.ts';
import { slowStart } from './batches.ts';
import { canonicalJson, sameValue } from './equal.ts';
import { Expectations } from './expectations.ts';
import { scaledValue } from './int-or-percent.ts';
import { sameTemplate, templateHash } from './template-hash.ts';

test('values that mean the same are the same, and have the same canonical text', () => {
  assert.ok(sameValue({ a: 1, b: [], c: null }, { a: 1 }));
  assert.ok(!sameValue({ a: {} }, {}));
  assert.ok(!sameValue([1, 2], [2, 1]));
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const shuffled: unknown = JSON.parse(JSON.stringify(value), (_key, item: unknown) =>
        typeof item === 'object' && item !== null && !Array.isArray(item) ? Object.fromEntries(Object.entries(item).toReversed()) : item,
      );
      assert.ok(sameValue(value, shuffled));
      assert.equal(canonicalJson(value), canonicalJson(shuffled));
    }),
  );
});

test('a template keeps its hash when its keys are written in another order, and gets another for a collision', () => {
  const a = { metadata: { labels: { x: '1', y: '2' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  const b = { spec: { containers: [{ image: 'i', name: 'c' }] }, metadata: { labels: { y: '2', x: '1' } } };
  assert.equal(templateHash(a), templateHash(b));
  assert.notEqual(templateHash(a), templateHash(a, 1));
  assert.ok(sameTemplate(a, { ...b, metadata: { labels: { ...b.metadata.labels, 'pod-template-hash': 'h' } } }));
  assert.ok(!sameTemplate(a, { ...b, spec: { containers: [{ image: 'j', name: 'c' }] } }));
});

test('percentages round up or down', () => {
  assert.equal(scaledValue('25%', 10, 'up'), 3);
  assert.equal(scaledValue('25%', 10, 'down'), 2);
  assert.equal(scaledValue(4, 10, 'down'), 4);
});

test('batches double until something fails', async () => {
  const tried: number[] = [];
  const all = await slowStart(10, async (i) => void tried.push(i));
  assert.deepEqual([all, tried.length], [{ succeeded: 10, skipped: 0 }, 10]);
  const failing = await slowStart(10, async (i) => {
    if (i >= 1) throw new Error('quota');
  });
  assert.deepEqual([failing.succeeded, failing.skipped, String(failing.error)], [1, 7, 'Error: quota']);
});

test('a view is stale until what was asked for is seen, or five minutes have passed', async () => {
  const clock = new VirtualClock();
  const expectations = new Expectations(clock);
  assert.ok(expectations.satisfied('a'));
  expectations.expectCreates('a', 2);
  expectations.created('a');
  assert.ok(!expectations.satisfied('a'));
  expectations.created('a');
  assert.ok(expectations.satisfied('a'));
  expectations.expectDeletes('a', ['u']);
  expectations.deleted('a', 'other');
  assert.ok(!expectations.satisfied('a'));
  await clock.advance(300_001);
  assert.ok(expectations.satisfied('a'));
});
