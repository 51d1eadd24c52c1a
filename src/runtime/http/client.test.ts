import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { configMaps, deployments } from '../../kube/resources.ts';
import { isConflict, isGone, isNotFound, notFound } from '../../kube/status.ts';
import type { ConfigMap } from '../../kube/types.ts';
import { httpClient } from './client.ts';

async function serve(handler: (request: IncomingMessage, response: ServerResponse, body: string) => void) {
  const seen: string[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    seen.push(`${request.method} ${request.url}`);
    handler(request, response, body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = httpClient({ server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token: 'secret' });
  return {
    client,
    seen,
    async [Symbol.asyncDispose]() {
      await client.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const map: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'default' } };

test('verbs become the requests of the Kubernetes API', async () => {
  const types: (string | undefined)[] = [];
  await using server = await serve((request, response, body) => {
    assert.equal(request.headers.authorization, 'Bearer secret');
    if (request.method === 'PATCH') types.push(request.headers['content-type']);
    response.end(
      request.method === 'GET' && !request.url?.endsWith('/a')
        ? JSON.stringify({ metadata: { resourceVersion: '1' }, items: [{ metadata: { name: 'a' } }] })
        : body || '{}',
    );
  });
  const { client, seen } = server;
  await client.get(configMaps, { namespace: 'default', name: 'a' });
  const list = await client.list(deployments, { namespace: 'x', labelSelector: 'a=b', limit: 5 });
  assert.equal(list.items[0]?.kind, 'Deployment');
  assert.equal(list.items[0]?.apiVersion, 'apps/v1');
  await client.create(configMaps, map, { dryRun: true });
  await client.update(configMaps, map, { subresource: 'status' });
  await client.patch(configMaps, { namespace: 'default', name: 'a' }, {}, { type: 'strategic' });
  await client.delete(configMaps, { namespace: 'default', name: 'a' }, { propagationPolicy: 'Foreground' });
  await client.createSubresource(configMaps, { namespace: 'default', name: 'a' }, 'token', map);
  assert.deepEqual(seen, [
    'GET /api/v1/namespaces/default/configmaps/a',
    'GET /apis/apps/v1/namespaces/x/deployments?labelSelector=a%3Db&limit=5',
    'POST /api/v1/namespaces/default/configmaps?dryRun=All',
    'PUT /api/v1/namespaces/default/configmaps/a/status',
    'PATCH /api/v1/namespaces/default/configmaps/a',
    'DELETE /api/v1/namespaces/default/configmaps/a',
    'POST /api/v1/namespaces/default/configmaps/a/token',
  ]);
  assert.deepEqual(types, ['application/strategic-merge-patch+json']);
});

test('a Status body becomes a StatusError, anything else an error with its text', async () => {
  const answers = [() => JSON.stringify(notFound({ group: '', plural: 'configmaps', name: 'a' }).status), () => '<html>bad gateway</html>'];
  await using server = await serve((_request, response) => {
    response.statusCode = answers.length === 2 ? 404 : 502;
    response.end(answers.shift()!());
  });
  const get = () => server.client.get(configMaps, { namespace: 'default', name: 'a' });
  await assert.rejects(get(), (error) => isNotFound(error) && !isConflict(error) && (error as Error).message === 'configmaps "a" not found');
  await assert.rejects(get(), /502.*bad gateway/);
});

test('a watch is parsed as it arrives, however it is cut, and an ERROR event is thrown', async () => {
  const lines =
    [
      { type: 'ADDED', object: map },
      { type: 'BOOKMARK', object: { metadata: { resourceVersion: '7' } } },
      { type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } },
    ]
      .map((event) => JSON.stringify(event))
      .join('\n') + '\n';
  await using server = await serve((_request, response) => {
    response.write(lines.slice(0, 10));
    setImmediate(() => {
      response.write(lines.slice(10, 150));
      setImmediate(() => response.end(lines.slice(150)));
    });
  });
  const events: string[] = [];
  const watching = async () => {
    for await (const event of server.client.watch(configMaps, { signal: new AbortController().signal })) events.push(event.type);
  };
  await assert.rejects(watching(), isGone);
  assert.deepEqual(events, ['ADDED', 'BOOKMARK']);
});

test('an aborted watch ends without an error', async () => {
  await using server = await serve((_request, response) => response.write('\n'));
  const controller = new AbortController();
  setImmediate(() => controller.abort());
  for await (const event of server.client.watch(configMaps, { signal: controller.signal })) assert.fail(event.type);
});
