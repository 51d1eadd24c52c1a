/** The real client against real servers that behave and misbehave. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { realRandom } from '../../runtime/random.ts';
import { preciseClock } from '../precise-clock.ts';
import { runLoad, type LoadPlan, type LoadResult } from '../run.ts';
import { httpTransport, whyUnreachable, type HttpRequest } from './transport.ts';
import { MalformedAnswer, ResponseParser } from './response-parser.ts';

async function listening(server: net.Server): Promise<{ port: number; close(): void }> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket.on('close', () => sockets.delete(socket)).on('error', () => {})));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

const users = (count: number, durationMs = 300, waitMs = 0): LoadPlan => ({
  profile: { loop: 'closed', users: count, spawnRate: 1000, waitMs: { min: waitMs, max: waitMs } },
  durationMs,
  timeoutMs: 5000,
});

async function load(server: net.Server, plan: LoadPlan, more: Partial<HttpRequest> = {}): Promise<LoadResult> {
  const { port, close } = await listening(server);
  try {
    const request = { url: new URL(`http://127.0.0.1:${port}/a?b=c`), method: 'GET', headers: [], body: undefined, tls: {}, requestsPerConnection: Infinity };
    const transport = await httpTransport({ ...request, ...more });
    return await runLoad({ clock: preciseClock, random: realRandom, transport }, plan, new AbortController().signal);
  } finally {
    close();
  }
}

test('requests arrive as they were asked for, over kept connections, and every answer is counted', async () => {
  const seen = new Set<string>();
  let answers = 0;
  let connections = 0;
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      seen.add([request.method, request.url, request.headers['x-a'], body].join(' '));
      answers++;
      response.end('hello');
    });
  });
  server.on('connection', () => connections++);
  const result = await load(server, users(5), { method: 'POST', headers: [['X-A', 'one']], body: Buffer.from('data') });
  assert.deepEqual([...seen], ['POST /a?b=c one data']);
  assert.equal(result.requests.answered, answers);
  assert.equal(result.requests.sent, answers);
  assert.ok(answers > 20);
  assert.equal(connections, 5);
  assert.deepEqual([result.requests.failed, result.statusCodes, result.errors], [0, { 200: answers }, {}]);
});

test('a connection is made anew after as many answers as were asked for', async () => {
  let connections = 0;
  const server = http.createServer((_, response) => response.end('x'));
  server.on('connection', () => connections++);
  const result = await load(server, users(1), { requestsPerConnection: 4 });
  assert.ok(Math.abs(connections - result.requests.sent / 4) <= 1, `${connections} connections for ${result.requests.sent}`);
  assert.equal(result.requests.failed, 0);
});

test('a server that answers 500 is counted by status, and as failed', async () => {
  const result = await load(
    http.createServer((_, response) => response.writeHead(500).end('broken')),
    users(2),
  );
  assert.deepEqual(Object.keys(result.statusCodes), ['500']);
  assert.equal(result.requests.failed, result.requests.answered);
});

test('a server that closes connections without an answer is told from one that closes idle ones', async () => {
  const closing = await load(
    net.createServer((socket) => socket.once('data', () => socket.end())),
    users(2),
  );
  assert.deepEqual(Object.keys(closing.errors), ['connection closed']);
  assert.equal(closing.requests.answered, 0);
  const idle = http.createServer({ keepAliveTimeout: 1 }, (_, response) => {
    // The client is not told: it finds out when it uses the connection again.
    response.on('finish', () => setImmediate(() => response.socket?.destroy()));
    response.end('x');
  });
  const kept = await load(idle, users(3, 500, 20));
  assert.ok(kept.requests.answered > 20);
  assert.deepEqual(kept.errors, {});
});

test('a server that stalls for a while shows in the tail at a rate', async () => {
  let from: number | undefined;
  const server = http.createServer((_, response) => {
    from ??= performance.now();
    const at = performance.now() - from;
    if (at > 300 && at < 900) setTimeout(() => response.end('late'), 900 - at);
    else response.end('x');
  });
  const result = await load(server, {
    profile: { loop: 'open', steps: [{ from: 100, to: 100, ms: 1500 }], connections: 10 },
    durationMs: 1500,
    timeoutMs: 5000,
  });
  assert.equal(result.requests.answered, 150);
  // Forty percent were due in the stall of 600 ms.
  assert.ok(result.latencyMs.p90 > 350 && result.latencyMs.max > 550, JSON.stringify(result.latencyMs));
  assert.ok(result.requests.late.busy > 20);
});

test('a server that never answers ends in timeouts, and one that speaks no HTTP is named', async () => {
  const silent = await load(net.createServer(), { ...users(2), timeoutMs: 100 });
  assert.deepEqual(Object.keys(silent.errors), ['timeout']);
  const other = await load(
    net.createServer((socket) => socket.write('SSH-2.0-x\r\n\r\n')),
    users(1),
  );
  assert.deepEqual(Object.keys(other.errors), ['not HTTP']);
});

test('why a target cannot be reached is known before the run', async () => {
  const { port, close } = await listening(net.createServer());
  close();
  const startedAt = performance.now();
  assert.equal(await whyUnreachable({ url: new URL(`http://127.0.0.1:${port}`), tls: {} }, 900), 'connection refused');
  assert.ok(performance.now() - startedAt < 1000);
  assert.match((await whyUnreachable({ url: new URL('http://no-such-host.invalid'), tls: {} }, 900)) ?? '', /no-such-host\.invalid has no address/);
});

const BODIES: [head: string, body: string, status: number][] = [
  ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', 'hello', 200],
  ['HTTP/1.1 503 No\r\ntransfer-encoding: chunked\r\n\r\n', '4\r\nwiki\r\nA;x=y\r\n0123456789\r\n0\r\nT: x\r\n\r\n', 503],
  ['HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 None\r\n\r\n', '', 204],
  ['HTTP/1.1 200 \r\ncontent-length:0\r\n\r\n', '', 200],
];

test('an answer is read the same however its bytes are cut', () => {
  fc.assert(
    fc.property(fc.constantFrom(...BODIES), fc.array(fc.nat(120), { maxLength: 8 }), ([head, body, status], cuts) => {
      const bytes = Buffer.from(head + body);
      const parser = new ResponseParser('GET');
      const at = [...new Set([0, ...cuts.filter((cut) => cut < bytes.length), bytes.length])].sort((a, b) => a - b);
      const answers = at.slice(1).map((end, i) => parser.push(Buffer.from(bytes.subarray(at[i], end)), end - at[i]!));
      assert.deepEqual(answers.pop(), { status, keepAlive: true });
      assert.ok(answers.every((answer) => answer === undefined));
    }),
  );
  const parser = new ResponseParser('GET');
  const open = Buffer.from('HTTP/1.0 200 OK\r\n\r\nuntil the end');
  assert.equal(parser.push(open, open.length), undefined);
  assert.deepEqual(parser.end(), { status: 200, keepAlive: false });
  const bad = Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n');
  assert.throws(() => new ResponseParser('GET').push(bad, bad.length), MalformedAnswer);
});
