import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pods } from '../kube/resources.ts';
import type { Pod } from '../kube/types.ts';
import { httpClient } from '../runtime/http/client.ts';
import { realClock } from '../runtime/clock.ts';
import { silentLogger } from '../runtime/log.ts';
import { realRandom } from '../runtime/random.ts';
import { createEngine, inProcessClient, type ApiEngine } from './index.ts';
import { ensurePki, newClient, type KeyPair, type Pki } from './pki/index.ts';
import { startApiServer, type RunningApiServer } from './server.ts';
import { lines, type Body, type User } from './testing-answers.ts';

const dir = mkdtempSync(join(tmpdir(), 'argosy-server-'));
const world = { clock: realClock, random: realRandom, log: silentLogger };
let engine: ApiEngine & { close(): Promise<void> };
let server: RunningApiServer;
let pki: Pki;
let agent: Agent;

before(async () => {
  pki = ensurePki(dir, { ips: [] });
  engine = await createEngine({ ...world, serviceCidr: '10.200.0.0/16' });
  server = await startApiServer({ ...world, engine, pki, host: '127.0.0.1', port: 0, kubeletOf: () => undefined });
  agent = new Agent({ ca: pki.ca, ...pki.admin, keepAlive: true });
});
after(async () => {
  agent.destroy();
  await server.close();
  await engine.close();
  rmSync(dir, { recursive: true });
});

interface Answer {
  code: number;
  headers: IncomingHttpHeaders;
  text: string;
  body: Body;
}

interface Options {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
  agent?: Agent;
}

function open(path: string, { method = 'GET', headers = {}, body, agent: own = agent }: Options = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const req = request({ host: '127.0.0.1', port: server.port, path, method, headers, agent: own }, resolve);
    req.on('error', reject);
    req.end(body);
  });
}

async function ask(path: string, options: Options = {}): Promise<Answer> {
  const response = await open(path, options);
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return {
    code: response.statusCode ?? 0,
    headers: response.headers,
    text,
    body: (/json/.test(response.headers['content-type'] ?? '') && text !== '' ? JSON.parse(text) : {}) as Body,
  };
}

const JSON_HEADERS = { 'Content-Type': 'application/json' };
const MAPS = '/api/v1/namespaces/default/configmaps';
const configMap = (name: string, data: object = {}) => JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });

async function create(name: string): Promise<Answer> {
  return ask(MAPS, { method: 'POST', headers: JSON_HEADERS, body: configMap(name, { a: 'b' }) });
}

test('create, get, replace and delete answer with the codes of the API', async () => {
  const created = await create('one');
  assert.equal(created.code, 201);
  assert.equal((await create('one')).body.reason, 'AlreadyExists');
  assert.equal((await ask(`${MAPS}/one`)).body.data?.['a'], 'b');
  const replaced = await ask(`${MAPS}/one`, { method: 'PUT', headers: JSON_HEADERS, body: JSON.stringify({ ...created.body, data: { a: 'c' } }) });
  assert.equal(replaced.code, 200);
  const stale = await ask(`${MAPS}/one`, { method: 'PUT', headers: JSON_HEADERS, body: JSON.stringify({ ...created.body, data: { a: 'd' } }) });
  assert.match(stale.body.message, /the object has been modified; please apply your changes to the latest version/);
  const deleted = await ask(`${MAPS}/one`, { method: 'DELETE' });
  assert.equal(JSON.parse(deleted.text).status, 'Success');
  assert.deepEqual(deleted.body.details.name, 'one');
  assert.equal((await ask(`${MAPS}/one`)).code, 404);
});

test('YAML bodies are taken, other types refused with 415', async () => {
  const yaml = await ask(MAPS, {
    method: 'POST',
    headers: { 'Content-Type': 'application/yaml' },
    body: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: yaml}\n',
  });
  assert.equal(yaml.code, 201);
  const xml = await ask(MAPS, { method: 'POST', headers: { 'Content-Type': 'text/xml' }, body: '<a/>' });
  assert.deepEqual([xml.code, xml.body.reason], [415, 'UnsupportedMediaType']);
  assert.equal((await ask(`${MAPS}/yaml`, { method: 'PATCH', headers: JSON_HEADERS, body: '{}' })).code, 415);
});

test('a body of more than 3 MB is refused with 413 and the server lives on', async () => {
  const big = await ask(MAPS, { method: 'POST', headers: JSON_HEADERS, body: configMap('big', { a: 'x'.repeat(3 * 1024 * 1024) }) });
  assert.deepEqual([big.code, big.body.reason], [413, 'RequestEntityTooLarge']);
  assert.equal((await ask('/healthz')).text, 'ok');
});

test('bad JSON, an empty body and an array are 400', async () => {
  for (const body of ['{"a":', '', '[]', 'null', '1']) {
    const answer = await ask(MAPS, { method: 'POST', headers: JSON_HEADERS, body });
    assert.deepEqual([answer.code, answer.body.kind], [400, 'Status'], body);
  }
});

test('unknown and duplicate fields are warned about, or refused when strict', async () => {
  const body = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"odd"},"datum":{},"data":{"a":"1","a":"2"}}';
  const strict = await ask(`${MAPS}?fieldValidation=Strict`, { method: 'POST', headers: JSON_HEADERS, body });
  assert.equal(strict.code, 400);
  assert.match(strict.body.message, /strict decoding error: unknown field "datum", duplicate field "data.a"/);
  const warned = await ask(MAPS, { method: 'POST', headers: JSON_HEADERS, body });
  assert.match(String(warned.headers['warning']), /299 - "unknown field \\"datum\\"".*299 - "duplicate field/);
});

test('methods and resources that are not there', async () => {
  assert.equal((await ask('/api/v1/namespaces/default/nothings')).code, 404);
  assert.equal((await ask('/api/v1/namespaces/default/pods/p/nothing')).code, 404);
  assert.equal((await ask('/nothing')).code, 404);
  assert.equal((await ask(MAPS, { method: 'PUT' })).code, 405);
  assert.equal((await ask('/api/v1/namespaces/default/pods/p/exec')).code, 400);
  assert.equal((await ask('/version', { method: 'HEAD' })).text, '');
  assert.equal((await ask('/version', { method: 'OPTIONS' })).code, 204);
});

test('lists come as tables and as metadata', async () => {
  await create('listed');
  const table = await ask(MAPS, { headers: { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' } });
  assert.deepEqual(
    table.body.columnDefinitions?.map((column) => column.name),
    ['Name', 'Data', 'Age'],
  );
  const row = table.body.rows.find((found) => found.object.metadata.name === 'listed');
  assert.deepEqual([String(row?.cells[1]), row?.object.kind, row?.object.data], ['1', 'PartialObjectMetadata', undefined]);
  const whole = await ask(`${MAPS}?includeObject=Object`, { headers: { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } });
  assert.ok(whole.body.rows.every((found) => found.object.kind === 'ConfigMap'));
  const partial = await ask(MAPS, { headers: { Accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io' } });
  assert.equal(partial.body.kind, 'PartialObjectMetadataList');
  assert.ok(partial.body.items.every((item) => item.kind === 'PartialObjectMetadata' && item.data === undefined));
  const review = await ask('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
    method: 'POST',
    headers: { ...JSON_HEADERS, Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
    body: '{}',
  });
  assert.equal(review.code, 406);
});

test('pages follow each other at one revision', async () => {
  for (const name of ['page-1', 'page-2', 'page-3']) await create(name);
  const names: string[] = [];
  let token = '';
  let revision: string | undefined;
  do {
    const { body } = await ask(`${MAPS}?limit=1${token && `&continue=${encodeURIComponent(token)}`}`);
    names.push(...body.items.map((item) => item.metadata.name));
    assert.equal(body.metadata.resourceVersion, (revision ??= body.metadata.resourceVersion));
    token = body.metadata.continue ?? '';
  } while (token !== '');
  assert.deepEqual(
    names.filter((name) => name.startsWith('page-')),
    ['page-1', 'page-2', 'page-3'],
  );
});

test('a watch tells changes, in the form asked for, and ends with its timeout and a bookmark', async () => {
  const { body } = await ask(MAPS);
  const from = body.metadata.resourceVersion;
  const response = await open(`${MAPS}?watch=true&resourceVersion=${from}&allowWatchBookmarks=true&timeoutSeconds=1`);
  const table = await open(`${MAPS}?watch=true&resourceVersion=${from}&timeoutSeconds=1`, {
    headers: { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
  });
  await create('watched');
  await ask(`${MAPS}/watched`, { method: 'PATCH', headers: { 'Content-Type': 'application/merge-patch+json' }, body: '{"data":{"c":"d"}}' });
  await ask(`${MAPS}/watched`, { method: 'DELETE' });
  const events = await Array.fromAsync(lines(response));
  assert.deepEqual(
    events.map((event) => event.type),
    ['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK'],
  );
  assert.deepEqual(Object.keys(events[3]?.object.metadata ?? {}), ['resourceVersion']);
  const tables = await Array.fromAsync(lines(table));
  assert.deepEqual(
    tables.map((event) => event.object.kind),
    ['Table', 'Table', 'Table'],
  );
  assert.deepEqual(
    tables.map((event) => event.object.columnDefinitions === null),
    [false, true, true],
  );
});

test('WatchList begins with all objects and a bookmark that says so', async () => {
  const response = await open(`${MAPS}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=30`);
  const types: string[] = [];
  for await (const event of lines(response)) {
    types.push(event.type);
    if (event.type === 'BOOKMARK') {
      assert.equal(event.object.metadata.annotations['k8s.io/initial-events-end'], 'true');
      break;
    }
  }
  assert.ok(types.slice(0, -1).every((type) => type === 'ADDED') && types.length > 1);
});

test('a long list is whole', async () => {
  const client = inProcessClient(engine, { name: 'test', groups: ['system:masters'] });
  for (let i = 0; i < 300; i++) {
    await client.create(pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `long-${i}`, namespace: 'default', labels: { long: 'yes' } },
      spec: { containers: [{ name: 'main', image: 'x:1' }] },
    } as Pod);
  }
  const [list, table] = await Promise.all([
    ask('/api/v1/pods?labelSelector=long%3Dyes'),
    ask('/api/v1/pods?labelSelector=long%3Dyes', { headers: { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } }),
  ]);
  assert.equal(list.body.items.length, 300);
  assert.equal(table.body.rows.length, 300);
});

test('strangers are anonymous: they see that the server lives, and nothing else', async () => {
  const stranger = new Agent({ ca: pki.ca });
  assert.equal((await ask('/version', { agent: stranger })).code, 200);
  assert.equal((await ask('/readyz', { agent: stranger })).code, 200);
  const root = await ask('/', { agent: stranger });
  assert.deepEqual([root.code, root.body.message], [403, 'forbidden: User "system:anonymous" cannot get path "/"']);
  const list = await ask('/api/v1/namespaces/default/pods', { agent: stranger });
  assert.equal(list.body.message, 'pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" in the namespace "default"');
  assert.equal((await ask('/version', { agent: stranger, headers: { Authorization: 'Bearer nonsense' } })).code, 401);
  stranger.destroy();
});

test('certificates of another authority are refused', async () => {
  const other = ensurePki(join(dir, 'other'), { ips: [] });
  const foreign = new Agent({ ca: pki.ca, ...other.admin });
  assert.equal((await ask('/version', { agent: foreign })).code, 401);
  foreign.destroy();
});

/** Who the server takes one for. */
async function whoami(own: Agent, headers: Record<string, string> = {}): Promise<User> {
  const answer = await ask('/apis/authentication.k8s.io/v1/selfsubjectreviews', {
    method: 'POST',
    agent: own,
    headers: { ...JSON_HEADERS, ...headers },
    body: '{}',
  });
  const { status, code, message } = answer.body;
  return status.userInfo ?? { username: '', groups: [], extra: {}, code, message };
}

function agentOf(user: KeyPair): Agent {
  return new Agent({ ca: pki.ca, ...user });
}

test('only administrators ask as others', async () => {
  const jane = agentOf(newClient({ cert: pki.ca, key: pki.caKey }, { commonName: 'jane', organizations: ['dev'] }, Date.now()));
  assert.deepEqual((await whoami(jane)).groups, ['dev', 'system:authenticated']);
  assert.equal(
    (await whoami(jane, { 'Impersonate-User': 'bob' })).message,
    'users "bob" is forbidden: User "jane" cannot impersonate resource "users" in API group "" at the cluster scope',
  );
  const bob = await whoami(agent, { 'Impersonate-User': 'bob', 'Impersonate-Group': 'ops', 'Impersonate-Extra-Scopes': 'view' });
  assert.deepEqual([bob.username, bob.groups, bob.extra], ['bob', ['ops', 'system:authenticated'], { scopes: ['view'] }]);
  jane.destroy();
});

test('a token of a service account works until its pod is gone', async () => {
  const client = inProcessClient(engine, { name: 'test', groups: ['system:masters'] });
  await client.create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'bound', namespace: 'default' },
    spec: { containers: [{ name: 'main', image: 'x:1' }] },
  } as Pod);
  const { body } = await ask('/api/v1/namespaces/default/serviceaccounts/default/token', {
    method: 'POST',
    headers: JSON_HEADERS,
    body: JSON.stringify({ spec: { expirationSeconds: 600, boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'bound' } } }),
  });
  const bearer = { Authorization: `Bearer ${body.status.token}` };
  const plain = new Agent({ ca: pki.ca });
  const user = await whoami(plain, bearer);
  assert.equal(user.username, 'system:serviceaccount:default:default');
  assert.deepEqual(user.groups, ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated']);
  assert.deepEqual(user.extra['authentication.kubernetes.io/pod-name'], ['bound']);
  const review = await ask('/apis/authentication.k8s.io/v1/tokenreviews', {
    method: 'POST',
    headers: JSON_HEADERS,
    body: JSON.stringify({ spec: { token: body.status.token } }),
  });
  assert.equal(review.body.status.authenticated, true);
  const [head, claims = '', signature] = body.status.token.split('.');
  const forged = Buffer.from(Buffer.from(claims, 'base64url').toString().replace(':default:default', ':default:admin')).toString('base64url');
  assert.equal((await whoami(plain, { Authorization: `Bearer ${head}.${forged}.${signature}` })).code, 401);
  await client.delete(pods, { name: 'bound', namespace: 'default' }, { gracePeriodSeconds: 0 });
  assert.equal((await whoami(plain, bearer)).code, 401);
  assert.match(
    (await ask('/api/v1/namespaces/default/serviceaccounts/default/token', { method: 'POST', headers: JSON_HEADERS, body: '{"spec":{"expirationSeconds":5}}' }))
      .body.message,
    /may not specify a duration less than 10 minutes/,
  );
  plain.destroy();
});

test('discovery answers in all its forms and knows what the client has', async () => {
  const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';
  const apis = await ask('/apis', { headers: { Accept: aggregated } });
  assert.equal(apis.body.kind, 'APIGroupDiscoveryList');
  assert.match(String(apis.headers['content-type']), /as=APIGroupDiscoveryList/);
  assert.equal((await ask('/apis', { headers: { Accept: aggregated, 'If-None-Match': apis.headers.etag ?? '' } })).code, 304);
  assert.deepEqual((await ask('/api')).body.versions, ['v1']);
  assert.ok((await ask('/apis')).body.groups.some((group) => group.name === 'apps' && group.preferredVersion.groupVersion === 'apps/v1'));
  assert.equal((await ask('/apis/apps')).body.kind, 'APIGroup');
  const core = (await ask('/api/v1')).body.resources;
  assert.deepEqual(core.find((found) => found.name === 'pods')?.singularName, 'pod');
  assert.ok(core.some((found) => found.name === 'pods/log'));
  assert.equal((await ask('/apis/metrics.k8s.io/v1beta1')).body.resources.length, 2);
  assert.equal((await ask('/apis/nothing/v1')).code, 404);
});

test('OpenAPI documents are named by their hash and never change', async () => {
  const index = await ask('/openapi/v3');
  const url = index.body.paths['apis/apps/v1']?.serverRelativeURL ?? '';
  const document = await ask(url);
  assert.match(String(document.headers['cache-control']), /immutable/);
  assert.ok(document.body.components.schemas['io.k8s.api.apps.v1.Deployment']);
  const packed = await open(url, { headers: { 'Accept-Encoding': 'gzip' } });
  assert.equal(packed.headers['content-encoding'], 'gzip');
  packed.resume();
});

test('the thin HTTP client works over it, watches included', async () => {
  const client = httpClient({ server: `https://127.0.0.1:${server.port}`, ca: pki.ca, ...pki.admin });
  const stop = new AbortController();
  const list = await client.list(pods, { namespace: 'default', limit: 1 });
  const seen: string[] = [];
  const watching = (async () => {
    for await (const event of client.watch(pods, { namespace: 'default', resourceVersion: list.metadata.resourceVersion, signal: stop.signal })) {
      if (event.type === 'ADDED') seen.push(event.object.metadata.name ?? '');
      if (seen.includes('thin')) stop.abort();
    }
  })();
  await client.create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'thin', namespace: 'default' },
    spec: { containers: [{ name: 'main', image: 'x:1' }] },
  } as Pod);
  await watching;
  assert.deepEqual(seen, ['thin']);
  await client.close();
});

test('metrics count requests', async () => {
  assert.match(
    (await ask('/metrics')).text,
    /apiserver_request_total\{code="201",group="",resource="configmaps",scope="namespace",subresource="",verb="CREATE",version="v1"\} \d+/,
  );
});

test('a port in use is said with the mend, and a server with watches closes at once', async () => {
  const options = { ...world, engine, pki, host: '127.0.0.1', kubeletOf: () => undefined };
  await assert.rejects(startApiServer({ ...options, port: server.port }), /port \d+ on 127\.0\.0\.1 is in use by another program; choose another with --port/);
  const second = await startApiServer({ ...options, port: 0, extraListen: [{ host: '127.0.0.2' }] });
  const own = new Agent({ ca: pki.ca, ...pki.admin, checkServerIdentity: () => undefined });
  const watch = await new Promise<IncomingMessage>((resolve, reject) => {
    request({ host: '127.0.0.2', port: second.port, path: '/api/v1/pods?watch=true', agent: own }, resolve).on('error', reject).end();
  });
  watch.on('error', () => undefined);
  const closed = new Promise((resolve) => watch.on('close', resolve));
  watch.resume();
  await second.close();
  await closed;
});
