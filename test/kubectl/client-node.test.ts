/** The JavaScript client, which speaks older WebSocket forms than kubectl. */
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { after, before, test } from 'node:test';
import { CoreV1Api, Exec, KubeConfig, Log, PortForward, Watch, type V1Status } from '@kubernetes/client-node';
import { pods } from '../../src/kube/resources.ts';
import type { Pod } from '../../src/kube/types.ts';
import { startTestApi, type TestApi } from './api.ts';
import { fakeKubelet } from './fake-kubelet.ts';

let api: TestApi;
const config = new KubeConfig();
before(async () => {
  api = await startTestApi({ kubeletOf: () => kubelet });
  config.loadFromFile(api.kubeconfig);
  await api.client.create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default' },
    spec: { nodeName: 'node-1', containers: [{ name: 'main', image: 'x:1' }] },
  } as Pod);
});
after(() => api?.close());
const kubelet = fakeKubelet();

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate);
}

test('objects are created, listed and watched', async () => {
  const core = config.makeApiClient(CoreV1Api);
  const seen: string[] = [];
  const controller = await new Watch(config).watch(
    '/api/v1/namespaces/default/configmaps',
    {},
    (type, object: { metadata: { name: string } }) => {
      seen.push(`${type} ${object.metadata.name}`);
    },
    () => undefined,
  );
  await core.createNamespacedConfigMap({ namespace: 'default', body: { metadata: { name: 'made' }, data: { a: 'b' } } });
  const list = await core.listNamespacedConfigMap({ namespace: 'default' });
  assert.ok(list.items.some((item) => item.metadata?.name === 'made'));
  await until(() => seen.includes('ADDED made'));
  controller.abort();
});

test('exec carries streams and the outcome', async () => {
  const stdout = new PassThrough();
  let output = '';
  stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const stderr = new PassThrough().resume();
  const status = await new Promise<V1Status>((resolve, reject) => {
    new Exec(config).exec('default', 'web', 'main', ['echo', 'hello'], stdout, stderr, null, false, resolve).catch(reject);
  });
  assert.equal(status.status, 'Success');
  assert.equal(output, 'hello\n');
});

test('port-forward over channels', async () => {
  const input = new PassThrough();
  const output = new PassThrough();
  const errors = new PassThrough();
  let answer = '';
  output.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  const socket = await new PortForward(config).portForward('default', 'web', [80], output, errors, input);
  input.write('GET / HTTP/1.1\r\n\r\n');
  await until(() => answer.length > 300_000);
  assert.match(answer, /^HTTP\/1\.1 200 OK/);
  if (typeof socket === 'function') socket()?.close();
  else socket.close();
});

test('logs', async () => {
  const output = new PassThrough();
  let text = '';
  output.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await new Log(config).log('default', 'web', 'main', output, {});
  await until(() => text === 'one\ntwo\n');
});
