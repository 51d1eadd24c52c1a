import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bufferSize } from './size.ts';
import type { CapacityBuffer } from './types.ts';

const requests = { cpu: '250m', memory: '1G' };

// As kubernetes/autoscaler #9948 settled it: the larger of number and percentage, within the limits.
const table: [string, CapacityBuffer['spec'], number | undefined, number][] = [
  ['a number is taken as it is', { replicas: 3 }, undefined, 3],
  ['a percentage is rounded up', { percentage: 20 }, 11, 3],
  ['a percentage of nothing is nothing', { percentage: 20 }, 0, 0],
  ['of both the larger counts', { replicas: 2, percentage: 50 }, 10, 5],
  ['of both the larger counts, also the number', { replicas: 8, percentage: 50 }, 10, 8],
  ['limits alone are filled', { limits: { cpu: '2', memory: '5G' } }, undefined, 5],
  ['limits bound the number', { replicas: 9, limits: { cpu: '1' } }, undefined, 4],
  ['limits that allow nothing', { replicas: 9, limits: { cpu: '100m' } }, undefined, 0],
  ['limits on what a chunk does not ask for are not looked at beside others', { limits: { 'nvidia.com/gpu': '1', memory: '2G' } }, undefined, 2],
];
for (const [name, spec, replicas, expected] of table) test(name, () => assert.equal(bufferSize(spec, requests, replicas), expected));

test('a buffer that says no number at all is told so', () => {
  assert.throws(() => bufferSize({}, requests), /replicas, percentage and limits are not defined/);
  assert.throws(() => bufferSize({ percentage: 20 }, requests), /not defined/);
});

test('limits on nothing that a chunk asks for say no number', () => {
  assert.throws(() => bufferSize({ limits: { 'nvidia.com/gpu': '1' } }, requests), /resources in configured limits not found in the pod template/);
});
