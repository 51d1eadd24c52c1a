import assert from 'node:assert/strict';
import { Agent, request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { after, before, test } from 'node:test';
import { newClient } from '../../src/apiserver/pki/index.ts';
import { realClock } from '../../src/runtime/clock.ts';
import { startTestApi, whyNot, type TestApi } from './api.ts';

const skip = whyNot();
/** Three of them are global-default's. */
const SEATS = 30;
const REVIEWS = { group: 'authentication.k8s.io', plural: 'selfsubjectreviews' };
const IN_LINE = 'apiserver_flowcontrol_current_inqueue_requests{priority_level="global-default"} 147\n';
const BODY = JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' });

let api: TestApi;
/** Every review waits for it. */
let gate: Promise<unknown> = Promise.resolve();

before(async () => {
  if (skip !== undefined) return;
  api = await startTestApi({ seats: SEATS });
  api.engine.setCreateHandler({ ...REVIEWS, subresource: '' }, async (_ctx, _key, body) => {
    await gate;
    await realClock.sleep(10);
    return body;
  });
});

after(() => api?.close());

async function until(is: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await is()); tries++) assert.ok(tries < 100, 'it did not happen');
}

interface Answer {
  code: number;
  headers: IncomingMessage['headers'];
  text: string;
}

class Caller {
  readonly #agent: Agent;
  answered = 0;

  constructor(name: string, organizations: string[] = []) {
    const pair = newClient({ cert: api.pki.ca, key: api.pki.caKey }, { commonName: name, organizations }, Date.now());
    this.#agent = new Agent({ ...pair, ca: api.pki.ca, keepAlive: true, maxSockets: 500 });
  }

  ask(path = `/apis/${REVIEWS.group}/v1/${REVIEWS.plural}`, method = 'POST'): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port: api.port, path, method, agent: this.#agent, headers: { 'Content-Type': 'application/json' } };
      const sent = request(options, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => {
          this.answered++;
          resolve({ code: response.statusCode ?? 0, headers: response.headers, text });
        });
      });
      sent.on('error', reject);
      sent.end(method === 'POST' ? BODY : undefined);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

test('a client that asks for everything at once does not keep another from its turn', { skip }, async () => {
  const greedy = new Caller('greedy');
  const modest = new Caller('modest');
  await modest.ask('/version', 'GET');
  const { promise, resolve } = Promise.withResolvers<void>();
  gate = promise;
  const crowd = Array.from({ length: 150 }, () => greedy.ask());
  // Connecting takes the crowd longer than anything else.
  await until(async () => (await api.kubectl('get', '--raw', '/metrics')).includes(IN_LINE));
  resolve();
  for (let i = 0; i < 5; i++) assert.equal((await modest.ask()).code, 201);
  assert.ok(greedy.answered < 100, `modest had to wait for ${greedy.answered} of 150`);
  const codes = (await Promise.all(crowd)).map(({ code }) => code);
  assert.ok(
    codes.every((code) => code === 201),
    'those who waited were all served',
  );
  greedy.close();
  modest.close();
});

test('what does not fit into the queues is sent away, administrators and probes are not', { skip }, async () => {
  const greedy = new Caller('greedy');
  const { promise, resolve } = Promise.withResolvers<void>();
  gate = promise;
  const crowd = Array.from({ length: 330 }, () => greedy.ask());
  const refused = await Promise.race(crowd);
  assert.deepEqual([refused.code, refused.headers['retry-after'], refused.text], [429, '1', 'Too many requests, please try again later.\n']);
  const admin = new Caller('root', ['system:masters']);
  assert.equal((await admin.ask('/api/v1/namespaces', 'GET')).code, 200);
  assert.equal((await greedy.ask('/readyz', 'GET')).code, 200);
  resolve();
  const codes = (await Promise.all(crowd)).map(({ code }) => code);
  assert.equal(codes.filter((code) => code === 429).length, 330 - 300 - 3);
  greedy.close();
  admin.close();
});

test('each answer says which flow schema and level it belongs to, and what it is called', { skip }, async () => {
  const schemas = JSON.parse(await api.kubectl('get', 'flowschemas', '-o', 'json')) as { items: { metadata: { name: string; uid: string } }[] };
  const uid = (name: string): string | undefined => schemas.items.find(({ metadata }) => metadata.name === name)?.metadata.uid;
  const jane = new Caller('jane');
  assert.equal((await jane.ask('/version', 'GET')).headers['x-kubernetes-pf-flowschema-uid'], uid('global-default'));
  assert.match(String((await jane.ask('/version', 'GET')).headers['audit-id']), /^[0-9a-f-]{36}$/);
  assert.equal((await jane.ask('/healthz', 'GET')).headers['x-kubernetes-pf-flowschema-uid'], uid('probes'));
  assert.match(await api.kubectl('get', 'flowschema', 'probes', '--no-headers'), /^probes +exempt +2 +<none> +\S+ +False$/m);
  assert.match(await api.kubectl('get', 'prioritylevelconfigurations', 'workload-low', '--no-headers'), /^workload-low +Limited +100 +128 +6 +50 /);
  jane.close();
});
