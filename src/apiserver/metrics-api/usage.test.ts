import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeStats } from '../../runtime/kubelet.ts';
import { usageBetween, usageList } from './usage.ts';

const web = { namespace: 'default', name: 'web', uid: '1' };

function sample(time: number, cpuNanoseconds: number, containers: [name: string, cpu: number][]): NodeStats {
  return {
    time,
    cpuNanoseconds,
    memoryBytes: 2048,
    pods: [{ pod: web, containers: containers.map(([name, cpu]) => ({ name, cpuNanoseconds: cpu, memoryBytes: 1025 })) }],
  };
}

test('CPU is the growth of the counter over the time between the samples', () => {
  const usage = usageBetween(sample(0, 0, [['main', 5e9]]), sample(15_000, 30e9, [['main', 8e9]]));
  assert.deepEqual(usage?.node, { cpuNanocores: 2e9, memoryBytes: 2048 });
  assert.deepEqual(usage?.pods[0]?.containers, [{ name: 'main', usage: { cpuNanocores: 2e8, memoryBytes: 1025 } }]);
});

test('a container that was not in the older sample is left out, one that restarted counts from zero', () => {
  const usage = usageBetween(
    sample(0, 0, [['main', 5e9]]),
    sample(10_000, 0, [
      ['main', 1e9],
      ['new', 9e9],
    ]),
  );
  assert.deepEqual(usage?.pods[0]?.containers, [{ name: 'main', usage: { cpuNanocores: 1e8, memoryBytes: 1025 } }]);
});

test('two samples of one moment say nothing', () => {
  assert.equal(usageBetween(sample(5, 0, []), sample(5, 0, [])), undefined);
});

test('usage is written as metrics-server writes it', () => {
  assert.deepEqual(usageList({ cpuNanocores: 1234.2, memoryBytes: 1025 }), { cpu: '1235n', memory: '2Ki' });
  assert.deepEqual(usageList({ cpuNanocores: 0, memoryBytes: 0 }), { cpu: '0', memory: '0' });
});
