import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { Agent, createServer, request, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import type { KubeObject } from '../../kube/types.ts';
import { realClock } from '../../runtime/clock.ts';
import { controllerContext, runControllers } from '../../runtime/context.ts';
import { silentLogger } from '../../runtime/log.ts';
import { realRandom } from '../../runtime/random.ts';
import { machineAddress } from '../testing.ts';
import { createEngine, inProcessClient, type ClosableEngine } from '../index.ts';
import { newCa, newServer } from '../pki/certificates.ts';
import { ensurePki, type Pki } from '../pki/index.ts';
import { startApiServer, type RunningApiServer } from '../server.ts';
import { publishAuthentication } from './authentication.ts';
import { aggregationController, apiServices } from './controller.ts';
import type { ApiService } from './local.ts';

const dir = mkdtempSync(join(tmpdir(), 'argosy-aggregation-'));
const world = { clock: realClock, random: realRandom, log: silentLogger };
const ca = newCa('behind', Date.now());
const stop = new AbortController();
let pki: Pki;
let engine: ClosableEngine;
let server: RunningApiServer;
let behind: Server;
let agent: Agent;
let running: Promise<void>;
const seen: { path: string; headers: IncomingHttpHeaders; certificate: string }[] = [];

before(async () => {
  pki = ensurePki(dir, { ips: [] });
  behind = createServer({
    ...newServer(ca, 'flowers', ['flowers.default.svc'], Date.now()),
    ca: pki.frontProxy.ca,
    requestCert: true,
    rejectUnauthorized: true,
  });
  behind.on('request', (incoming, response) => {
    const certificate = String((incoming.socket as TLSSocket).getPeerCertificate().subject.CN);
    seen.push({ path: incoming.url ?? '', headers: incoming.headers, certificate });
    response.writeHead(200, { 'Content-Type': 'application/json' });
    const resources = [{ name: 'flowers', singularName: 'flower', namespaced: true, kind: 'Flower', verbs: ['get', 'list'] }];
    response.end(
      JSON.stringify(incoming.url?.startsWith('/apis/garden.example.com/v1/') ? { hello: incoming.method } : { kind: 'APIResourceList', resources }),
    );
  });
  behind.on('upgrade', (_incoming, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => behind.listen(0, '0.0.0.0', resolve));
  engine = await createEngine({ ...world, serviceCidr: '10.200.0.0/16' });
  await publishAuthentication(engine, pki);
  server = await startApiServer({ ...world, engine, pki, host: '127.0.0.1', port: 0, kubeletOf: () => undefined });
  agent = new Agent({ ca: pki.ca, ...pki.admin });
  const ctx = controllerContext({ ...world, client: inProcessClient(engine, { name: 'controllers', groups: ['system:masters'] }) });
  running = runControllers(ctx, [aggregationController(ctx, engine, (service) => server.aggregator.probe(service))], stop.signal);
});
after(async () => {
  stop.abort();
  agent.destroy();
  await server.close();
  await engine.close();
  await running.catch(() => undefined);
  behind.close();
  behind.closeAllConnections();
  rmSync(dir, { recursive: true });
});

const client = () => inProcessClient(engine, { name: 'test', groups: ['system:masters'] });

function ask(path: string, headers: Record<string, string> = {}): Promise<{ code: number; text: string }> {
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port: server.port, path, agent, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ code: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
    });
    call.on('error', reject);
    call.end();
  });
}

async function availability(name: string, reason: string): Promise<string | undefined> {
  let last: unknown;
  for (let i = 0; i < 100; i++) {
    const service = await client()
      .get(apiServices, { name })
      .catch(() => undefined);
    const condition = (service as ApiService | undefined)?.status?.conditions?.find(({ type }) => type === 'Available');
    last = condition;
    if (condition?.reason === reason) return `${condition.status}: ${condition.message}`;
    await sleep(50);
  }
  return JSON.stringify(last);
}

const create = (path: [string, string, string], namespace: string | undefined, object: object): Promise<unknown> =>
  engine.create(engine.definition(...path)!, { user: { name: 'test', groups: ['system:masters'] }, warnings: [] }, namespace, object as KubeObject);

test('every group and version served here has an APIService that is always available', async () => {
  assert.equal(await availability('v1.apps', 'Local'), 'True: Local APIServices are always available');
  assert.equal(await availability('v1.', 'Local'), 'True: Local APIServices are always available');
});

test('a group of another server: unavailable first, then passed on with the requester’s name, and discovered', async () => {
  await create(['apiregistration.k8s.io', 'v1', 'apiservices'], undefined, {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: 'v1.garden.example.com' },
    spec: {
      group: 'garden.example.com',
      version: 'v1',
      groupPriorityMinimum: 100,
      versionPriority: 10,
      caBundle: Buffer.from(ca.cert).toString('base64'),
      service: { namespace: 'default', name: 'flowers', port: 443 },
    },
  });
  assert.equal(await availability('v1.garden.example.com', 'ServiceNotFound'), 'False: service/flowers in "default" is not present');
  const refused = await ask('/apis/garden.example.com/v1/namespaces/default/flowers');
  assert.deepEqual([refused.code, refused.text], [503, 'service unavailable\n']);

  const { port } = behind.address() as AddressInfo;
  await create(['', 'v1', 'services'], 'default', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'flowers' },
    spec: { ports: [{ port: 443, targetPort: port }] },
  });
  await create(['discovery.k8s.io', 'v1', 'endpointslices'], 'default', {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'flowers-1', labels: { 'kubernetes.io/service-name': 'flowers' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [machineAddress()], conditions: { ready: true } }],
    ports: [{ name: '', port, protocol: 'TCP' }],
  });
  assert.equal(await availability('v1.garden.example.com', 'Passed'), 'True: all checks passed');

  const answer = await ask('/apis/garden.example.com/v1/namespaces/default/flowers?limit=5', {
    'X-Remote-User': 'somebody-else',
    Authorization: 'Bearer secret',
  });
  assert.deepEqual([answer.code, JSON.parse(answer.text)], [200, { hello: 'GET' }]);
  const { path, headers, certificate } = seen.at(-1)!;
  assert.deepEqual(
    [path, headers['x-remote-user'], headers.authorization, certificate],
    ['/apis/garden.example.com/v1/namespaces/default/flowers?limit=5', 'kubernetes-admin', undefined, 'front-proxy-client'],
  );
  assert.match(String(headers['x-remote-group']), /system:masters/);

  const groups = JSON.parse((await ask('/apis')).text) as { groups: { name: string }[] };
  assert.ok(groups.groups.some(({ name }) => name === 'garden.example.com'));
  const discovery = JSON.parse((await ask('/apis', { Accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' })).text) as {
    items: { metadata: { name: string }; versions: { resources: { resource: string }[] }[] }[];
  };
  assert.equal(discovery.items.find(({ metadata }) => metadata.name === 'garden.example.com')?.versions[0]?.resources[0]?.resource, 'flowers');
  assert.equal((JSON.parse((await ask('/apis/garden.example.com')).text) as { name: string }).name, 'garden.example.com');
});

test('an upgrade goes through to the server behind', { timeout: 5_000 }, async () => {
  const echoed = await new Promise<string>((resolve, reject) => {
    const call = request({
      host: '127.0.0.1',
      port: server.port,
      path: '/apis/garden.example.com/v1/namespaces/default/flowers/a/talk',
      agent,
      headers: { Connection: 'Upgrade', Upgrade: 'echo' },
    });
    call.on('upgrade', (_response, socket) => {
      socket.write('hello');
      socket.once('data', (data: Buffer) => {
        resolve(data.toString());
        socket.destroy();
      });
    });
    call.on('response', (response) => reject(new Error(`answered ${response.statusCode}`)));
    call.on('error', reject);
    call.end();
  });
  assert.equal(echoed, 'hello');
});

test('servers behind are told whom to believe', async () => {
  const map = JSON.parse((await ask('/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication')).text) as { data: Record<string, string> };
  assert.deepEqual(
    [map.data['client-ca-file'], map.data['requestheader-client-ca-file'], map.data['requestheader-username-headers']],
    [pki.ca, pki.frontProxy.ca, '["X-Remote-User"]'],
  );
});
