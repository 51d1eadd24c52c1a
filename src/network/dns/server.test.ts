import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { after, before, describe, test } from 'node:test';
import type { Service } from '../../kube/types.ts';
import { silentLogger } from '../../runtime/log.ts';
import { startDns, type DnsServer } from './server.ts';
import type { ZoneSource } from './zone.ts';

const web: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default' },
  spec: { clusterIP: '10.201.0.7', ports: [{ name: 'http', port: 80 }] },
};
const many: Service = { ...web, metadata: { name: 'many', namespace: 'default' }, spec: { clusterIP: 'None' } };
const source: ZoneSource = {
  service: (_, name) => ({ web, many })[name],
  slices: () => [
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {},
      addressType: 'IPv4',
      endpoints: Array.from({ length: 100 }, (_, i) => ({ addresses: [`10.101.0.${i}`] })),
    },
  ],
  hasServices: () => true,
  serviceByAddress: () => undefined,
  slicesByAddress: () => [],
  owns: () => true,
};

async function freePort(): Promise<number> {
  const socket = dgram.createSocket('udp4');
  await new Promise<void>((done) => socket.bind(0, '127.0.0.1', done));
  const { port } = socket.address();
  await new Promise<void>((done) => socket.close(done));
  return port;
}

describe('the DNS server', () => {
  let server: DnsServer;
  const resolver = new Resolver({ timeout: 1000, tries: 1 });
  let port: number;
  before(async () => {
    port = await freePort();
    server = await startDns({ address: '127.0.0.1', port, source, upstreams: [], log: silentLogger });
    resolver.setServers([`127.0.0.1:${port}`]);
  });
  after(() => server.close());

  test('answers addresses and service records', async () => {
    assert.deepEqual(await resolver.resolve4('web.default.svc.cluster.local'), ['10.201.0.7']);
    const [srv] = await resolver.resolveSrv('_http._tcp.web.default.svc.cluster.local');
    assert.equal(srv?.name, 'web.default.svc.cluster.local');
    assert.equal(srv?.port, 80);
  });

  test('tells unknown names from names without such records', async () => {
    await assert.rejects(resolver.resolve4('nobody.default.svc.cluster.local'), { code: 'ENOTFOUND' });
    await assert.rejects(resolver.resolve6('web.default.svc.cluster.local'), { code: 'ENODATA' });
  });

  test('long answers come over TCP', async () => {
    assert.equal((await resolver.resolve4('many.default.svc.cluster.local')).length, 100);
  });

  test('names outside fail at once when the machine has no resolver', async () => {
    await assert.rejects(resolver.resolve4('example.org'), { code: 'ESERVFAIL' });
  });

  test('rubbish is ignored', async () => {
    const socket = dgram.createSocket('udp4');
    await new Promise<void>((done) => socket.send(Buffer.from('hello'), port, '127.0.0.1', () => done()));
    await new Promise<void>((done) => socket.close(done));
    assert.deepEqual(await resolver.resolve4('web.default.svc.cluster.local'), ['10.201.0.7']);
  });
});
