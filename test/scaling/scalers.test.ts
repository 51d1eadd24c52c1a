/** Scalers against the real servers: Redis, NATS, PostgreSQL and a gRPC server that is not ours. */
import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { createClient } from '@redis/client';
import pg from 'pg';
import { realClock } from '../../src/runtime/clock.ts';
import { silentLogger } from '../../src/runtime/log.ts';
import { httpGet } from '../../src/scaling/index.ts';
import { scalerFactory } from '../../src/scaling/keda/scalers/index.ts';
import type { Reading, Scaler, ScalerWorld } from '../../src/scaling/keda/scaler.ts';
import { Settings } from '../../src/scaling/keda/settings.ts';
import { eventually, whyNoProgram } from '../e2e/cluster.ts';

const resolve = (host: string): Promise<string> => Promise.resolve(host === 'localhost' ? '127.0.0.1' : host);
const http = httpGet(resolve);
after(() => http.close());

async function scaler(type: string, metadata: Record<string, string>, auth: Record<string, string> = {}): Promise<Scaler> {
  const world: Partial<ScalerWorld> = { clock: realClock, log: silentLogger, http: http.get, resolve };
  const settings = new Settings({ metadata, auth, env: {} });
  const config = { index: 0, namespace: 'default', owner: 'so', ownerUid: 'u', settings, metadata, metricType: '', asMetricSource: false } as const;
  return (await scalerFactory(type))(config, world as ScalerWorld);
}

const read = (made: Scaler): Promise<Reading> => made.read(made.metrics[0]?.external?.metric.name ?? '', AbortSignal.timeout(20_000));

async function once(type: string, metadata: Record<string, string>, auth?: Record<string, string>): Promise<Reading> {
  const made = await scaler(type, metadata, auth);
  try {
    return await read(made);
  } finally {
    await made.close();
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A server's process and its directory. */
class Program {
  readonly dir = mkdtempSync(join(tmpdir(), 'argosy-scaler-'));
  port = 0;
  #process: ChildProcess | undefined;

  async start(program: string, args: (port: number) => string[], ready: () => Promise<boolean>): Promise<void> {
    this.port ||= await freePort();
    this.#process = spawn(program, args(this.port), { cwd: this.dir, stdio: 'ignore' });
    await eventually(`${program} answers`, ready);
  }

  listens = (): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = connect(this.port, '127.0.0.1', () => resolve(true));
      socket.on('error', () => resolve(false)).on('connect', () => socket.destroy());
    });

  async kill(): Promise<void> {
    const ended = new Promise((resolve) => this.#process?.once('exit', resolve) ?? resolve(undefined));
    this.#process?.kill('SIGKILL');
    await ended;
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

describe('redis', { skip: whyNoProgram('redis-server') ?? false }, () => {
  const server = new Program();
  const start = (): Promise<void> =>
    server.start('redis-server', (port) => ['--port', String(port), '--requirepass', 'secret', '--save', '', '--bind', '127.0.0.1'], server.listens);
  const run = async (...commands: string[][]): Promise<void> => {
    const client = createClient({ url: `redis://:secret@127.0.0.1:${server.port}` });
    await client.connect();
    for (const command of commands) await client.sendCommand(command);
    client.destroy();
  };
  const at = (): Record<string, string> => ({ address: `localhost:${server.port}` });
  const password = { password: 'secret' };
  before(start);
  after(() => server.remove());

  test('counts lists, sets, sorted sets and hashes, and nothing as nothing', async () => {
    await run(
      ['RPUSH', 'jobs', 'a', 'b', 'c'],
      ['SADD', 'set', 'a', 'b'],
      ['ZADD', 'zset', '1', 'a'],
      ['HSET', 'hash', 'a', '1', 'b', '2'],
      ['SET', 'text', 'x'],
    );
    for (const [listName, value] of [
      ['jobs', 3],
      ['set', 2],
      ['zset', 1],
      ['hash', 2],
      ['none', 0],
    ] as const)
      assert.deepEqual(await once('redis', { ...at(), listName }, password), { value, active: value > 0 }, listName);
    assert.equal((await once('redis', { ...at(), listName: 'jobs', activationListLength: '3' }, password)).active, false);
    await assert.rejects(once('redis', { ...at(), listName: 'text' }, password), /key text is of type string, which has no length/);
  });

  test('its metric is named after the list, for five items a replica', async () => {
    const made = await scaler('redis', { ...at(), listName: 'my:jobs' }, password);
    assert.deepEqual(made.metrics, [
      { type: 'External', external: { metric: { name: 's0-redis-my-jobs' }, target: { type: 'AverageValue', averageValue: '5' } } },
    ]);
    await made.close();
  });

  test('counts entries of streams: all, not acknowledged, not had', async () => {
    await run(
      ['XADD', 'st', '*', 'n', '1'],
      ['XADD', 'st', '*', 'n', '2'],
      ['XADD', 'st', '*', 'n', '3'],
      ['XGROUP', 'CREATE', 'st', 'g', '0'],
      ['XREADGROUP', 'GROUP', 'g', 'me', 'COUNT', '2', 'STREAMS', 'st', '>'],
    );
    const stream = { ...at(), stream: 'st' };
    assert.equal((await once('redis-streams', { ...stream, streamLength: '5' }, password)).value, 3);
    assert.equal((await once('redis-streams', { ...stream, consumerGroup: 'g', pendingEntriesCount: '5' }, password)).value, 2);
    assert.equal((await once('redis-streams', { ...stream, consumerGroup: 'g', lagCount: '5' }, password)).value, 1);
    assert.equal((await once('redis-streams', { ...stream, consumerGroup: 'later', lagCount: '5' }, password)).value, 3);
    assert.equal((await once('redis-streams', { ...at(), stream: 'none', consumerGroup: 'g', lagCount: '5' }, password)).value, 0);
  });

  test('a wrong password is refused and not shown; a killed server is told, and found again', async () => {
    await assert.rejects(
      once('redis', { ...at(), listName: 'jobs' }, { password: 'not-it' }),
      (error: Error) => /WRONGPASS|invalid/.test(error.message) && !error.message.includes('not-it'),
    );
    const made = await scaler('redis', { ...at(), listName: 'jobs' }, password);
    assert.equal((await read(made)).value, 3);
    await server.kill();
    await assert.rejects(read(made), /error talking to redis at localhost:/);
    await start();
    assert.equal((await read(made)).value, 0);
    await made.close();
  });

  test('what is missing is named', async () => {
    await assert.rejects(scaler('redis', { listName: 'jobs' }), /no addresses or hosts given/);
    await assert.rejects(scaler('redis', at()), /missing required parameter "listName" in \[triggerMetadata\]/);
  });
});

describe('nats-jetstream', { skip: whyNoProgram('nats-server') ?? false }, () => {
  const server = new Program();
  let clientPort = 0;
  before(async () => {
    clientPort = await freePort();
    await server.start(
      'nats-server',
      (port) => ['-js', '-sd', server.dir, '-a', '127.0.0.1', '-p', String(clientPort), '-m', String(port)],
      async () => (await fetch(`http://127.0.0.1:${server.port}/healthz`)).status === 200,
    );
  });
  after(() => server.remove());

  /** NATS' protocol is lines of text: requests to JetStream's API, and messages. */
  function say(...messages: [subject: string, body: string][]): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = connect(clientPort, '127.0.0.1');
      socket.on('error', reject);
      let answered = '';
      socket.on('data', (data) => {
        answered += data.toString();
        if (answered.split('MSG ').length > messages.length) socket.end(resolve);
      });
      const publish = ([subject, body]: [string, string]): string => `PUB ${subject} answers ${Buffer.byteLength(body)}\r\n${body}\r\n`;
      socket.write(`CONNECT {"verbose":false}\r\nSUB answers 1\r\n${messages.map(publish).join('')}`);
    });
  }
  const trigger = (): Record<string, string> => ({ natsServerMonitoringEndpoint: `localhost:${server.port}`, account: '$G', stream: 'JOBS', consumer: 'work' });

  test('counts what a consumer has not had, and names what is not there', async () => {
    await assert.rejects(once('nats-jetstream', trigger()), /stream "JOBS" not found in account "\$G"/);
    await say(['$JS.API.STREAM.CREATE.JOBS', JSON.stringify({ name: 'JOBS', subjects: ['jobs'], retention: 'limits', storage: 'memory' })]);
    await assert.rejects(once('nats-jetstream', trigger()), /consumer "work" not found in stream "JOBS"/);
    await say([
      '$JS.API.CONSUMER.DURABLE.CREATE.JOBS.work',
      JSON.stringify({ stream_name: 'JOBS', config: { durable_name: 'work', ack_policy: 'explicit', deliver_policy: 'all' } }),
    ]);
    assert.deepEqual(await once('nats-jetstream', trigger()), { value: 0, active: false });
    await say(...Array.from({ length: 7 }, (): [string, string] => ['jobs', 'work']));
    assert.deepEqual(await once('nats-jetstream', trigger()), { value: 7, active: true });
    assert.equal((await once('nats-jetstream', { ...trigger(), activationLagThreshold: '7' })).active, false);
  });
});

/** Debian keeps the server's programs out of the way. */
function postgresBin(): string | undefined {
  const root = '/usr/lib/postgresql';
  return existsSync(root)
    ? readdirSync(root)
        .map((version) => join(root, version, 'bin'))
        .find((dir) => existsSync(join(dir, 'initdb')))
    : undefined;
}

describe('postgresql', { skip: (postgresBin() === undefined && 'needs postgresql') || (process.getuid?.() !== 0 && 'needs root') }, () => {
  const server = new Program();
  const bin = postgresBin() ?? '';
  before(async () => {
    chmodSync(server.dir, 0o755);
    const data = join(server.dir, 'data');
    writeFileSync(join(server.dir, 'password'), 'secret');
    chmodSync(join(server.dir, 'password'), 0o644);
    execFileSync('install', ['-d', '-o', 'postgres', data]);
    const asPostgres = (program: string, ...args: string[]): string[] => ['-u', 'postgres', '--', join(bin, program), ...args];
    execFileSync('runuser', asPostgres('initdb', '-D', data, '-A', 'scram-sha-256', '--pwfile', join(server.dir, 'password'), '--no-sync'), {
      stdio: 'ignore',
    });
    await server.start(
      'runuser',
      (port) => asPostgres('postgres', '-D', data, '-p', String(port), '-k', '', '-h', '127.0.0.1', '-F'),
      async () => {
        const client = new pg.Client(url());
        await client.connect();
        await client.query('create table if not exists jobs (id int, done boolean)');
        await client.query('insert into jobs values (1, false), (2, false), (3, true)');
        await client.end();
        return true;
      },
    );
  });
  after(async () => {
    execFileSync('runuser', ['-u', 'postgres', '--', join(bin, 'pg_ctl'), '-D', join(server.dir, 'data'), 'stop', '-m', 'immediate'], { stdio: 'ignore' });
    await server.remove();
  });

  const url = (): string => `postgresql://postgres:secret@127.0.0.1:${server.port}/postgres?sslmode=disable`;
  const query = { query: 'select count(*) from jobs where not done', targetQueryValue: '1' };
  const parts = (): Record<string, string> => ({
    ...query,
    host: 'localhost',
    port: String(server.port),
    userName: 'postgres',
    dbName: 'postgres',
    sslmode: 'prefer',
  });

  test('answers the number of a query, by URL, words or parts', async () => {
    const words = `host=127.0.0.1 port=${server.port} user=postgres dbname='postgres' password=secret sslmode=disable`;
    assert.deepEqual(await once('postgresql', query, { connection: url() }), { value: 2, active: true });
    assert.deepEqual(await once('postgresql', query, { connection: words }), { value: 2, active: true });
    assert.deepEqual(await once('postgresql', { ...parts(), activationTargetQueryValue: '2' }, { password: 'secret' }), { value: 2, active: false });
  });

  test('says what is wrong with a query, an answer, a password, and shows no password', async () => {
    await assert.rejects(once('postgresql', { ...query, query: 'selec 1' }, { connection: url() }), /could not query postgreSQL: syntax error/);
    await assert.rejects(once('postgresql', { ...query, query: 'select null' }, { connection: url() }), /answered null, which is no number/);
    await assert.rejects(once('postgresql', { ...query, query: 'select 1 where false' }, { connection: url() }), /answered no row/);
    await assert.rejects(
      once('postgresql', parts(), { password: 'not-it' }),
      (error: Error) => /password authentication failed/.test(error.message) && !error.message.includes('not-it'),
    );
    await assert.rejects(scaler('postgresql', query), /missing required parameter "host" in \[authParams triggerMetadata\]/);
    await assert.rejects(scaler('postgresql', query, { connection: 'secret' }), /connection must be a URL, or words/);
  });

  test('a query that takes too long is given up, and the next one has a connection', async () => {
    const made = await scaler('postgresql', { ...query, query: 'select 1 from pg_sleep(60)' }, { connection: url() });
    await assert.rejects(made.read('s0-postgresql', AbortSignal.timeout(300)), /could not query postgreSQL/);
    await made.close();
    assert.equal((await once('postgresql', query, { connection: url() })).value, 2);
  });
});

const CONTRACT = `
syntax = "proto3";
package externalscaler;
service ExternalScaler {
  rpc IsActive(ScaledObjectRef) returns (IsActiveResponse);
  rpc StreamIsActive(ScaledObjectRef) returns (stream IsActiveResponse);
  rpc GetMetricSpec(ScaledObjectRef) returns (GetMetricSpecResponse);
  rpc GetMetrics(GetMetricsRequest) returns (GetMetricsResponse);
}
message ScaledObjectRef { string name = 1; string namespace = 2; map<string, string> scalerMetadata = 3; }
message IsActiveResponse { bool result = 1; }
message GetMetricSpecResponse { repeated MetricSpec metricSpecs = 1; }
message MetricSpec { string metricName = 1; int64 targetSize = 2; double targetSizeFloat = 3; }
message GetMetricsRequest { ScaledObjectRef scaledObjectRef = 1; string metricName = 2; }
message GetMetricsResponse { repeated MetricValue metricValues = 1; }
message MetricValue { string metricName = 1; int64 metricValue = 2; double metricValueFloat = 3; }
`;

describe('external', () => {
  const dir = mkdtempSync(join(tmpdir(), 'argosy-external-'));
  const server = new grpc.Server();
  let port = 0;
  let asked: { name?: string; namespace?: string; scalerMetadata?: Record<string, string> } = {};
  let tellActive: ((active: boolean) => void) | undefined;
  type Call = { request: typeof asked & { scaledObjectRef: typeof asked; metricName: string } };

  before(async () => {
    const file = join(dir, 'externalscaler.proto');
    writeFileSync(file, CONTRACT);
    const loaded = grpc.loadPackageDefinition(loadSync(file, { longs: Number })) as unknown as {
      externalscaler: { ExternalScaler: { service: grpc.ServiceDefinition } };
    };
    server.addService(loaded.externalscaler.ExternalScaler.service, {
      isActive: (_: Call, answer: grpc.sendUnaryData<object>) => answer(null, { result: true }),
      getMetricSpec: (call: Call, answer: grpc.sendUnaryData<object>) => {
        asked = call.request;
        answer(null, {
          metricSpecs: [
            { metricName: 'jobs/Length', targetSize: 7 },
            { metricName: 'age', targetSizeFloat: 1.5 },
          ],
        });
      },
      getMetrics: ({ request }: Call, answer: grpc.sendUnaryData<object>) => {
        if (request.scaledObjectRef.scalerMetadata?.['fail']) return answer({ code: grpc.status.FAILED_PRECONDITION, details: 'no queue: ä' });
        answer(null, {
          metricValues: [request.metricName === 'age' ? { metricName: 'age', metricValueFloat: 2.25 } : { metricName: request.metricName, metricValue: 42 }],
        });
      },
      streamIsActive: (call: grpc.ServerWritableStream<object, object>) => (tellActive = (result) => call.write({ result })),
    });
    port = await new Promise((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, at) => (error ? reject(error) : resolve(at))),
    );
  });
  after(() => {
    server.forceShutdown();
    rmSync(dir, { recursive: true, force: true });
  });
  const at = (): Record<string, string> => ({ scalerAddress: `localhost:${port}`, queue: 'ä' });

  test('its metrics, values and activity are those of the server, which is told whose they are', async () => {
    const made = await scaler('external', at());
    assert.deepEqual([asked.name, asked.namespace, asked.scalerMetadata], ['so', 'default', at()]);
    assert.deepEqual(
      made.metrics.map(({ external }) => [external?.metric.name, external?.target.averageValue]),
      [
        ['s0-jobs/Length', '7'],
        ['s0-age', '1500m'],
      ],
    );
    assert.deepEqual(await made.read('s0-jobs/Length', AbortSignal.timeout(5000)), { value: 42, active: true });
    assert.deepEqual(await made.read('s0-age', AbortSignal.timeout(5000)), { value: 2.25, active: true });
    await made.close();
  });

  test("the server's failures are told in its words", async () => {
    const made = await scaler('external', { ...at(), fail: 'yes' });
    await assert.rejects(read(made), /rpc error: code = FailedPrecondition desc = no queue: ä/);
    await made.close();
    await assert.rejects(
      scaler('external', { scalerAddress: `localhost:${await freePort()}` }),
      /rpc error: code = Unavailable desc = connection error: .*ECONNREFUSED/,
    );
    await assert.rejects(scaler('external', { scalerAddress: 'nowhere' }), /"nowhere" is no HOST:PORT/);
    await assert.rejects(scaler('external', {}), /missing required parameter "scalerAddress"/);
  });

  test('one that pushes tells of work at once', async () => {
    const made = await scaler('external-push', at());
    const stop = new AbortController();
    const told: number[] = [];
    const watching = made.watch?.(() => told.push(1), stop.signal);
    await eventually('the stream is open', () => Promise.resolve(tellActive !== undefined));
    tellActive?.(false);
    tellActive?.(true);
    await eventually('it is told', () => Promise.resolve(told.length === 1));
    stop.abort();
    await watching;
    await made.close();
  });
});
