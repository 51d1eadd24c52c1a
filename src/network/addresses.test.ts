import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clusterAddresses, freeClusterNumber, nodeAddress, numberToAddress, addressToNumber, parseCidr } from './addresses.ts';

test('a cluster has ranges of its own', () => {
  const a = clusterAddresses(3);
  assert.equal(a.podCidr, '10.103.0.0/16');
  assert.equal(a.dnsService, '10.203.0.10');
  assert.equal(a.hostDevice, 'ag3');
  assert.equal(nodeAddress(a, 0), '172.30.3.2');
  assert.throws(() => clusterAddresses(55), /0 to 54/);
  assert.throws(() => nodeAddress(a, 253), /holds 253 nodes/);
});

test('addresses survive the way to numbers and back', () => {
  for (const address of ['0.0.0.0', '10.103.0.1', '255.255.255.255']) assert.equal(numberToAddress(addressToNumber(address)), address);
  assert.deepEqual(parseCidr('10.1.2.3/16'), parseCidr('10.1.0.0/16'));
});

test('the free number avoids other clusters and the routes of the machine', () => {
  assert.equal(freeClusterNumber(new Set(), []), 1);
  assert.equal(freeClusterNumber(new Set([1, 2]), ['192.0.2.0/24']), 3);
  assert.equal(freeClusterNumber(new Set([1]), ['10.102.4.0/24', '172.30.3.0/24']), 4);
  assert.throws(() => freeClusterNumber(new Set(), ['10.0.0.0/8']), /no addresses are left/);
});
