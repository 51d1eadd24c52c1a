import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Service } from '../../kube/types.ts';
import { addressesIn, chooseAddress } from './decide.ts';

const service = (loadBalancerIP?: string): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: {},
  spec: { type: 'LoadBalancer', ...(loadBalancerIP ? { loadBalancerIP } : {}) },
});

test('a pool is its network without the first and last address', () => {
  assert.deepEqual([...addressesIn('172.31.0.0/29')], ['172.31.0.1', '172.31.0.2', '172.31.0.3', '172.31.0.4', '172.31.0.5', '172.31.0.6']);
  assert.throws(() => [...addressesIn('172.31.0.0')], /loadBalancerCidr '172.31.0.0' must be/);
});

test('the lowest free address, or the one asked for, or none', () => {
  assert.equal(chooseAddress(service(), '172.31.0.0/30', new Set(['172.31.0.1'])), '172.31.0.2');
  assert.equal(chooseAddress(service('172.31.0.2'), '172.31.0.0/30', new Set()), '172.31.0.2');
  assert.equal(chooseAddress(service('172.31.0.2'), '172.31.0.0/30', new Set(['172.31.0.2'])), undefined);
});
