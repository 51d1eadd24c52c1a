import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CATALOGUE, instanceType } from '../cloud/catalogue/index.ts';
import { fitOn, offers, placeholderOn } from './calculator.ts';

const g6 = instanceType('g6-standard-2');
assert.ok(g6);
const request = (cpuMillis: number, memoryBytes: number) => ({ cpuMillis, memoryBytes });

test('three pods of 1G and four of 0.8G fit on a g6-standard-2', () => {
  assert.equal(fitOn(g6, request(250, 1e9)).replicas, 3);
  assert.equal(fitOn(g6, request(200, 0.8e9)).replicas, 4);
  assert.equal(fitOn(g6, request(250, 1e9)).limitedBy, 'memory');
});

test('daemon sets take from every node', () => {
  assert.equal(fitOn(g6, request(200, 0.8e9), [request(0, 0.8e9)]).replicas, 3);
});

test('a placeholder of 3.8G fits and holds its node; one of 4G never fits', () => {
  assert.deepEqual(
    [placeholderOn(g6, request(900, 3.8e9), request(200, 0.8e9)).fits, placeholderOn(g6, request(900, 3.8e9), request(200, 0.8e9)).holdsNode],
    [true, true],
  );
  assert.equal(placeholderOn(g6, request(900, 4e9), request(200, 0.8e9)).fits, false);
  assert.equal(placeholderOn(g6, request(100, 1e9), request(200, 0.8e9)).holdsNode, false);
});

test('what is used and what is wasted make up the room, on every type', () => {
  fc.assert(
    fc.property(fc.constantFrom(...CATALOGUE), fc.integer({ min: 1, max: 4000 }), fc.integer({ min: 1e6, max: 8e9 }), (type, cpu, memory) => {
      const fit = fitOn(type, request(cpu, memory));
      assert.equal(fit.replicas * cpu + fit.wasted.cpuMillis, fit.room.cpuMillis);
      assert.equal(fit.replicas * memory + fit.wasted.memoryBytes, fit.room.memoryBytes);
      assert.ok(fit.wasted.cpuMillis < cpu || fit.wasted.memoryBytes < memory || fit.limitedBy === 'pods');
    }),
  );
});

test('offers are sorted by price and all can hold what they promise', () => {
  const found = offers(request(250, 1e9), 10);
  assert.ok(found.length > 10);
  for (const [i, offer] of found.entries()) {
    assert.ok(offer.nodes * offer.fit.replicas >= 10);
    if (i > 0) assert.ok(offer.monthlyUsd >= (found[i - 1]?.monthlyUsd ?? 0));
  }
});
