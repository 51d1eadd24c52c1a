/** Requests that no client would send: whatever comes, the API answers with a Status and goes on. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { SAMPLES } from '../upstream/differential/samples.ts';
import { checkAnswer, FuzzedServer, runs, type Asked } from './server.ts';

const segment = fc.oneof(
  fc.constantFrom(
    'api',
    'apis',
    'v1',
    'apps',
    'namespaces',
    'default',
    'configmaps',
    'pods',
    'deployments',
    'status',
    'scale',
    'log',
    'exec',
    'proxy',
    'metrics',
    'openapi',
    'v3',
    'healthz',
  ),
  fc.constantFrom(
    '',
    '.',
    '..',
    '%2e%2e',
    '%2F',
    '%00',
    '%',
    '%zz',
    '%ff%fe',
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'a'.repeat(9000),
    'ä',
    '%F0%9F%98%80',
    '-',
    '*',
    ';',
    ':',
  ),
  fc.string({ maxLength: 8 }).map((text) => encodeURIComponent(text.isWellFormed() ? text : 'x')),
);
const hostile = fc.constantFrom(
  '',
  '0',
  '-1',
  '1',
  '1e9',
  '9'.repeat(30),
  'true',
  'null',
  'a=b',
  'a in (b',
  'a in (b,c)',
  '!a',
  'a==b,,',
  'metadata.name=a',
  'x=y',
  '=',
  '%',
  '\u0000',
  '{}',
  'eyJ2IjoibWV0YSJ9',
  '__proto__',
  'a'.repeat(3000),
);
const parameter = fc.tuple(
  fc.constantFrom(
    'limit',
    'continue',
    'resourceVersion',
    'resourceVersionMatch',
    'labelSelector',
    'fieldSelector',
    'pretty',
    'fieldValidation',
    'dryRun',
    'force',
    'fieldManager',
    'sendInitialEvents',
    'allowWatchBookmarks',
    'propagationPolicy',
    'gracePeriodSeconds',
    'includeObject',
    'watch',
    'timeoutSeconds',
    '__proto__',
  ),
  hostile,
);
const query = fc
  .array(parameter, { maxLength: 4 })
  .map((pairs) => (pairs.length === 0 ? '' : `?${pairs.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`));
const method = fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND');
const contentType = fc.constantFrom(
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
  'application/cbor',
  'text/plain',
  '',
  'application/json; charset=utf-16',
  '/',
);
const accept = fc.constantFrom(
  'application/json',
  '*/*',
  '',
  'application/yaml',
  'application/json;as=Table;g=meta.k8s.io;v=v1',
  'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v9',
  'application/vnd.kubernetes.protobuf',
  'text/html',
  ';;',
);

/** What kubectl sends. */
const BODIES = join(import.meta.dirname, '../../src/kube/protobuf/fixtures/kubectl-1.32-bodies.json');
const PROTOBUF = Object.values(JSON.parse(readFileSync(BODIES, 'utf8')) as Record<string, string>).map((body) => Buffer.from(body, 'base64'));

/** Values that break what is not careful. */
const nasty = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom<unknown>(
      null,
      true,
      0,
      -1,
      1e308,
      -0,
      2 ** 53,
      '',
      ' ',
      'a'.repeat(300),
      '\u0000',
      '\ud800',
      [],
      {},
      [null],
      [[]],
      { a: null },
      '1e999',
      '99999999999999999999',
      '../../etc/passwd',
      '${x}',
      '{{x}}',
    ),
  },
  fc.constantFrom<unknown>(
    { __proto__: null, constructor: { prototype: { polluted: 1 } } },
    JSON.parse('{"__proto__":{"polluted":1}}'),
    { toString: 1 },
    { $patch: 'delete' },
    { $retainKeys: ['a'] },
  ),
  fc.jsonValue({ maxDepth: 3 }),
);

/** The object with the value at some place replaced; `at` chooses the place. */
function spoiled(object: unknown, at: number, value: unknown): unknown {
  const places: (() => void)[] = [];
  const copy = structuredClone(object);
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const key of Object.keys(node)) {
      places.push(() => ((node as Record<string, unknown>)[key] = value));
      walk((node as Record<string, unknown>)[key]);
    }
    if (!Array.isArray(node)) places.push(() => Object.defineProperty(node, '__proto__', { value, enumerable: true, configurable: true, writable: true }));
  };
  walk(copy);
  places[at % places.length]?.();
  return copy;
}

const collectionOf = ({ base, plural, namespaced }: (typeof SAMPLES)[number]): string => `${base}${namespaced ? '/namespaces/default' : ''}/${plural}`;

describe('nonsense', () => {
  let server: FuzzedServer;
  before(async () => {
    server = await FuzzedServer.start();
  });
  after(async () => {
    try {
      await server.isWell();
      assert.equal(({} as { polluted?: unknown }).polluted, undefined, 'the prototype of all objects was changed');
    } finally {
      await server[Symbol.asyncDispose]();
    }
  });

  async function hold(asked: Asked): Promise<void> {
    checkAnswer(await server.ask(asked), asked);
  }

  test('any path, method, query and header is answered', async () => {
    const request = fc.record({
      path: fc.array(segment, { maxLength: 8 }),
      query,
      method,
      contentType,
      accept,
      body: fc.option(fc.json({ maxDepth: 3 }), { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(request, (given) => {
        // Deleting what the other laws need is not nonsense.
        const verb = given.method === 'DELETE' ? 'GET' : given.method;
        const headers = { ...(given.contentType ? { 'Content-Type': given.contentType } : {}), ...(given.accept ? { Accept: given.accept } : {}) };
        const body = verb === 'GET' || verb === 'HEAD' ? undefined : given.body;
        return hold({ method: verb, path: `/${given.path.join('/')}${given.query}`, headers, body });
      }),
      { numRuns: runs(600) },
    );
  });

  test('an object of any kind with anything in any place is taken or refused', async () => {
    const spoil = fc.record({
      sample: fc.constantFrom(...SAMPLES),
      at: fc.nat(),
      value: nasty,
      again: fc.option(fc.tuple(fc.nat(), nasty), { nil: undefined }),
      strict: fc.constantFrom('Strict', 'Warn', 'Ignore'),
    });
    await fc.assert(
      fc.asyncProperty(spoil, ({ sample, at, value, again, strict }) => {
        const once = spoiled(sample.object, at, value);
        const object = again === undefined ? once : spoiled(once, ...again);
        return hold({
          method: 'POST',
          path: `${collectionOf(sample)}?dryRun=All&fieldValidation=${strict}`,
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify(object),
        });
      }),
      { numRuns: runs(800) },
    );
  });

  test('any patch of an object of any kind is taken or refused', async () => {
    const named = SAMPLES.map((sample) => ({
      ...sample,
      object: { ...sample.object, metadata: { ...(sample.object['metadata'] as object), name: 'fuzzed' } },
    }));
    for (const sample of named)
      await server.ask({ method: 'POST', path: collectionOf(sample), headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(sample.object) });
    const operation = fc.record({
      op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'x'),
      path: fc.oneof(
        fc.constantFrom(
          '',
          '/',
          '/metadata/labels/a',
          '/spec/containers/-',
          '/spec/containers/99',
          '/__proto__/polluted',
          '/constructor/prototype/polluted',
          '/metadata/name',
          '/~2',
          '/~',
        ),
        fc.string(),
      ),
      from: fc.constantFrom('/metadata', '/spec', '/__proto__', ''),
      value: nasty,
    });
    const patches = fc.oneof(
      fc.record({ type: fc.constantFrom('application/json-patch+json'), body: fc.oneof(fc.array(operation, { maxLength: 4 }), fc.jsonValue()) }),
      fc.record({
        type: fc.constantFrom('application/merge-patch+json', 'application/strategic-merge-patch+json', 'application/apply-patch+yaml'),
        body: fc.tuple(fc.nat(), nasty),
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...named), patches, fc.constantFrom('', '/status', '/scale'), (sample, { type, body }, subresource) => {
        const patch = type === 'application/json-patch+json' ? body : spoiled(sample.object, ...(body as [number, unknown]));
        const path = `${collectionOf(sample)}/fuzzed${subresource}?dryRun=All&fieldManager=fuzz&force=${type.includes('apply')}`;
        return hold({
          method: 'PATCH',
          path: type.includes('apply') ? path : path.replace('&force=false', ''),
          headers: { 'Content-Type': type },
          body: JSON.stringify(patch),
        });
      }),
      { numRuns: runs(800) },
    );
  });

  test('a body that is no JSON, YAML or protobuf is refused', async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc.string().map((text) => new TextEncoder().encode(text)),
      fc.tuple(fc.constantFrom(...SAMPLES), fc.nat(), fc.nat(255)).map(([{ object }, at, byte]) => {
        const text = Buffer.from(JSON.stringify(object));
        text[at % text.length] = byte;
        return new Uint8Array(text);
      }),
      fc.uint8Array({ maxLength: 200 }).map((rest) => Buffer.concat([Buffer.from('k8s\0'), rest])),
      fc.tuple(fc.constantFrom(...PROTOBUF), fc.nat(), fc.nat(255), fc.boolean()).map(([body, at, byte, cut]) => {
        const broken = Buffer.from(cut ? body.subarray(0, at % body.length) : body);
        if (!cut) broken[at % body.length] = byte;
        return broken;
      }),
    );
    await fc.assert(
      fc.asyncProperty(bytes, contentType, fc.constantFrom('configmaps', 'pods', 'services'), (body, type, plural) =>
        hold({
          method: 'POST',
          path: `/api/v1/namespaces/default/${plural}?dryRun=All`,
          headers: type ? { 'Content-Type': type } : {},
          body: Buffer.from(body),
        }),
      ),
      { numRuns: runs(600) },
    );
  });

  const deep = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
  const configMap = (data: string): string => `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"big"},"data":${data}}`;
  const extremes: [name: string, asked: Asked, want: RegExp][] = [
    ['nested 10,000 deep', { method: 'POST', path: '/api/v1/namespaces/default/configmaps', body: configMap(deep(10_000)) }, /^4\d\d /],
    [
      'nested 100,000 deep in YAML',
      { method: 'POST', path: '/api/v1/namespaces/default/configmaps', headers: { 'Content-Type': 'application/yaml' }, body: '['.repeat(100_000) },
      /^4\d\d /,
    ],
    [
      'larger than 3 MB',
      { method: 'POST', path: '/api/v1/namespaces/default/configmaps', body: configMap(`{"a":"${'x'.repeat(3_200_000)}"}`) },
      /^413 .*limit is 3145728/,
    ],
    [
      'a ConfigMap above 1 MiB',
      { method: 'POST', path: '/api/v1/namespaces/default/configmaps', body: configMap(`{"a":"${'x'.repeat(1_100_000)}"}`) },
      /^422 .*Too long/,
    ],
    [
      'aliases that grow without bound',
      {
        method: 'POST',
        path: '/api/v1/namespaces/default/configmaps',
        headers: { 'Content-Type': 'application/yaml' },
        body: `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghij'
          .split('')
          .map((c, i) => `${c}: &${c} [${Array(9).fill(`*${'abcdefghij'[i]}`).join(',')}]`)
          .join('\n')}\n`,
      },
      /^4\d\d /,
    ],
    [
      'a name that leaves its directory',
      { method: 'POST', path: '/api/v1/namespaces/default/configmaps', body: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"../../x"}}' },
      /^422 .*metadata.name: Invalid value/,
    ],
    ['a selector of a megabyte', { method: 'GET', path: `/api/v1/pods?labelSelector=a${'%2Cb'.repeat(260_000)}` }, /^(200|4\d\d) /],
  ];
  for (const [name, asked, want] of extremes)
    test(`what is ${name} is answered within two seconds`, async () => {
      const startedAt = performance.now();
      const answer = await server.ask({ headers: { 'Content-Type': 'application/json' }, ...asked });
      checkAnswer(answer, { ...asked, body: '' });
      assert.match(`${answer.code} ${answer.text.slice(0, 400)}`, want);
      assert.ok(performance.now() - startedAt < 2000, `${performance.now() - startedAt} ms`);
    });

  const get = 'GET /api/v1/namespaces/default HTTP/1.1\r\nHost: x\r\n';
  const wire: [name: string, bytes: (string | Buffer)[], want: RegExp][] = [
    ['no HTTP at all', [Buffer.from([0, 1, 2, 255, 10, 13, 10])], /^(HTTP\/1.1 400|$)/],
    ['HTTP/2 in the clear', ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'], /^(HTTP\/1.1 400|$)/],
    ['a head that never ends', [get, `X-Long: ${'a'.repeat(2 << 20)}`], /^(HTTP\/1.1 431|$)/],
    [
      'chunks that lie about their length',
      ['POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n'],
      /^HTTP\/1.1 400/,
    ],
    ['two lengths', ['POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}'], /^HTTP\/1.1 400/],
    [
      'a length and chunks',
      ['POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
      /^HTTP\/1.1 400/,
    ],
    ['an absolute address', ['GET https://elsewhere/api/v1/namespaces/default HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'], /^HTTP\/1.1 (200|400|404)/],
    ['a line break in the path', ['GET /api\r\n/v1 HTTP/1.1\r\nHost: x\r\n\r\n'], /^HTTP\/1.1 400/],
    ['a null in a header', [`${get}X-A: a\0b\r\n\r\n`], /^HTTP\/1.1 400/],
    ['three requests at once', [`${get}\r\n${get}\r\n${get}Connection: close\r\n\r\n`], /^HTTP\/1.1 200[^]*HTTP\/1.1 200[^]*HTTP\/1.1 200/],
    ['a method of its own', ['FOO /api/v1/namespaces/default HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'], /^HTTP\/1.1 4\d\d/],
    ['an upgrade to nothing', [`${get}Connection: Upgrade\r\nUpgrade: nothing\r\n\r\n`], /^HTTP\/1.1 [24]\d\d/],
    ['half a body', ['POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"a":'], /^$/],
  ];
  for (const [name, bytes, want] of wire)
    test(`${name} on the wire is answered or cut off, and the next client is served`, async () => {
      assert.match(await server.raw(...bytes), want);
      await server.isWell();
    });

  const frame = fc.oneof(
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
    // A WebSocket's: first byte, length, mask, and what it holds.
    fc.tuple(fc.nat(255), fc.nat(255), fc.uint8Array({ minLength: 4, maxLength: 40 })).map(([first, length, rest]) => Buffer.from([first, length, ...rest])),
    // SPDY's: control or data, type, flags, length.
    fc
      .tuple(fc.boolean(), fc.nat(12), fc.nat(255), fc.integer({ min: 0, max: 0xffffff }), fc.uint8Array({ maxLength: 40 }))
      .map(([control, type, flags, length, rest]) =>
        Buffer.from([control ? 0x80 : 0, control ? 3 : 0, 0, type, flags, length >> 16, (length >> 8) & 255, length & 255, ...rest]),
      ),
    fc.constantFrom(Buffer.from([0x82, 0xfe, 0xff, 0xff, 0, 0, 0, 0, 0]), Buffer.from([0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])),
  );
  const upgrades = {
    WebSocket: 'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: v5.channel.k8s.io',
    SPDY: 'Upgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: v4.channel.k8s.io',
  };
  for (const [protocol, head] of Object.entries(upgrades))
    test(`frames that are none end a ${protocol} and nothing else`, async () => {
      const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'streams' }, spec: { nodeName: 'node', containers: [{ name: 'main', image: 'x' }] } };
      const headers = { 'Content-Type': 'application/json' };
      await server.ask({ method: 'POST', path: '/api/v1/namespaces/default/pods', headers, body: JSON.stringify(pod) });
      const ways = fc.constantFrom('exec?command=cat&stdin=true&stdout=true', 'attach?stdin=true&stdout=true', 'portforward?ports=80');
      await fc.assert(
        fc.asyncProperty(ways, fc.array(frame, { minLength: 1, maxLength: 5 }), async (way, frames) => {
          const answer = await server.raw(
            `${protocol === 'SPDY' ? 'POST' : 'GET'} /api/v1/namespaces/default/pods/streams/${way} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n${head}\r\n\r\n`,
            ...frames,
          );
          assert.match(answer, /^HTTP\/1.1 (101|4\d\d)/);
        }),
        { numRuns: runs(25) },
      );
      await server.isWell();
    });
});
