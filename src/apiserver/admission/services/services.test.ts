import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { services } from '../../../kube/resources.ts';
import { StatusError } from '../../../kube/status.ts';
import type { Service } from '../../../kube/types.ts';
import { seededRandom } from '../../../runtime/random.ts';
import { testWorld } from '../../testing.ts';
import { formatIp, parseCidr, parseIp } from './cidr.ts';
import { Pool } from './pool.ts';

type Spec = NonNullable<Service['spec']>;

function service(name: string, spec: Partial<Spec> = {}): Service {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'default' }, spec: { ports: [{ port: 80 }], selector: { app: name }, ...spec } };
}

const key = (name: string): { name: string; namespace: string } => ({ name, namespace: 'default' });
const invalid =
  (why: RegExp) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof StatusError && error.code === 422, String(error));
    assert.match(error.message, why);
    return true;
  };

test('every service gets an address of its own, a headless one none', async () => {
  const { client } = await testWorld();
  const made = await Promise.all(Array.from({ length: 50 }, (_, i) => client.create(services, service(`s${i}`))));
  const addresses = made.map(({ spec }) => spec?.clusterIP ?? '');
  assert.equal(new Set(addresses).size, 50);
  assert.ok(addresses.every((address) => /^10\.200\.0\.\d+$/.test(address)));
  assert.deepEqual([made[0]?.spec?.clusterIPs, made[0]?.spec?.ipFamilies, made[0]?.spec?.ipFamilyPolicy], [[addresses[0]], ['IPv4'], 'SingleStack']);
  const headless = await client.create(services, service('headless', { clusterIP: 'None' }));
  assert.deepEqual(headless.spec?.clusterIPs, ['None']);
});

test('an address can be asked for once, and is free again after a deletion', async () => {
  const { client } = await testWorld();
  await client.create(services, service('a', { clusterIP: '10.200.0.7' }));
  const taken =
    /^Service "b" is invalid: spec.clusterIPs: Invalid value: \["10.200.0.7"\]: failed to allocate IP 10.200.0.7: provided IP is already allocated$/;
  await assert.rejects(client.create(services, service('b', { clusterIP: '10.200.0.7' })), invalid(taken));
  await assert.rejects(client.create(services, service('b', { clusterIP: '10.9.9.9' })), invalid(/the provided network does not match the current range/));
  await client.delete(services, key('a'));
  assert.equal((await client.create(services, service('b', { clusterIP: '10.200.0.7' }))).spec?.clusterIP, '10.200.0.7');
});

test('node ports come and go with the type, and stay through updates', async () => {
  const { client } = await testWorld();
  const made = await client.create(services, service('a', { type: 'NodePort' }));
  const port = made.spec?.ports?.[0]?.nodePort ?? 0;
  assert.ok(port >= 30_000 && port <= 32_767);
  // As kubectl replace does: nothing the server gave is in the body.
  const replaced = await client.update(services, service('a', { type: 'NodePort', selector: { app: 'other' } }));
  assert.deepEqual([replaced.spec?.ports?.[0]?.nodePort, replaced.spec?.clusterIP], [port, made.spec?.clusterIP]);
  await assert.rejects(
    client.create(services, service('b', { type: 'NodePort', ports: [{ port: 80, nodePort: port }] })),
    invalid(new RegExp(`spec.ports\\[0\\].nodePort: Invalid value: ${port}: provided port is already allocated`)),
  );
  const plain = await client.patch(services, key('a'), { spec: { type: 'ClusterIP' } }, { type: 'merge' });
  assert.equal(plain.spec?.ports?.[0]?.nodePort, undefined);
  const second = await client.create(services, service('b', { type: 'NodePort', ports: [{ port: 80, nodePort: port }] }));
  assert.equal(second.spec?.ports?.[0]?.nodePort, port);
});

test('a dry run and a refused write leave nothing taken', async () => {
  const { client } = await testWorld();
  await client.create(services, service('a', { clusterIP: '10.200.0.9' }), { dryRun: true });
  await assert.rejects(
    client.create(services, service('a', { clusterIP: '10.200.0.9', type: 'NodePort', ports: [{ port: 80, nodePort: 5 }] })),
    invalid(/nodePort/),
  );
  assert.equal((await client.create(services, service('a', { clusterIP: '10.200.0.9' }))).spec?.clusterIP, '10.200.0.9');
});

test('a load balancer with local traffic has a port for health checks', async () => {
  const { client } = await testWorld();
  const made = await client.create(services, service('lb', { type: 'LoadBalancer', externalTrafficPolicy: 'Local' }));
  assert.ok((made.spec?.healthCheckNodePort ?? 0) >= 30_000);
  const two = await client.create(
    services,
    service('dns', {
      type: 'NodePort',
      ports: [
        { name: 'u', port: 53, protocol: 'UDP' },
        { name: 't', port: 53, protocol: 'TCP' },
      ],
    }),
  );
  assert.equal(two.spec?.ports?.[0]?.nodePort, two.spec?.ports?.[1]?.nodePort);
});

test('addresses are numbers and back again', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (value) => assert.equal(parseIp(formatIp(value)), value)));
  assert.deepEqual([parseIp('1.2.3'), parseIp('1.2.3.256'), parseIp('01.2.3.4')], [undefined, undefined, undefined]);
  assert.throws(() => parseCidr('10.0.0.0/40'), /is not an IPv4 range/);
});

test('a pool gives each number to one holder until it is full', () => {
  const pool = new Pool(10, 19, 15);
  const random = seededRandom(3);
  const given = Array.from({ length: 10 }, (_, i) => pool.takeAny(`h${i}`, random));
  assert.deepEqual([...given].sort(), [10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
  assert.ok(
    given.slice(0, 5).every((value) => value !== undefined && value >= 15),
    'the upper part first',
  );
  assert.equal(pool.takeAny('late', random), undefined);
  pool.release(12, 'another');
  assert.equal(pool.take(12, 'late'), false);
});
