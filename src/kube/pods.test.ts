import assert from 'node:assert/strict';
import { test } from 'node:test';
import { podRequests, qosClass } from './pods.ts';
import type { PodSpec } from './types.ts';

const c = (cpu: string, memory: string, more: object = {}) => ({ name: 'c', image: 'i', resources: { requests: { cpu, memory } }, ...more });
const total = (spec: PodSpec) => {
  const { cpuMillis, memoryBytes } = podRequests({ spec });
  return [cpuMillis, memoryBytes];
};

test('containers add up', () => assert.deepEqual(total({ containers: [c('250m', '1G'), c('100m', '1M')] }), [350, 1_001_000_000]));
test('a larger init container counts instead', () =>
  assert.deepEqual(total({ containers: [c('100m', '1M')], initContainers: [c('1', '500k')] }), [1000, 1_000_000]));
test('a sidecar runs beside the containers and beside later init containers', () => {
  const sidecar = c('200m', '1M', { restartPolicy: 'Always' });
  assert.deepEqual(total({ containers: [c('100m', '1M')], initContainers: [sidecar, c('500m', '1M')] }), [700, 2_000_000]);
});
test('overhead is added', () => assert.deepEqual(total({ containers: [c('100m', '1M')], overhead: { cpu: '50m' } }), [150, 1_000_000]));

test('the class of service follows requests and limits', () => {
  assert.equal(qosClass({ spec: { containers: [{ name: 'c', image: 'i' }] } }), 'BestEffort');
  assert.equal(qosClass({ spec: { containers: [c('1', '1G')] } }), 'Burstable');
  assert.equal(qosClass({ spec: { containers: [{ name: 'c', image: 'i', resources: { limits: { cpu: '1', memory: '1G' } } }] } }), 'Guaranteed');
  assert.equal(qosClass({ spec: { containers: [{ name: 'c', image: 'i', resources: { limits: { cpu: '1' } } }] } }), 'Burstable');
});
