/** The prometheus scaler against the real Prometheus, and what becomes of it: killed, stopped, asked wrongly, without data, behind a password. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { realClock } from '../../src/runtime/clock.ts';
import { silentLogger } from '../../src/runtime/log.ts';
import { httpGet } from '../../src/scaling/index.ts';
import { prometheus } from '../../src/scaling/keda/scalers/prometheus.ts';
import type { Scaler, ScalerWorld } from '../../src/scaling/keda/scaler.ts';
import { Settings } from '../../src/scaling/keda/settings.ts';
import { eventually, whyNoProgram } from '../e2e/cluster.ts';

/** 'secret' as bcrypt has it. */
const SECRET_HASH = '$2b$04$sF6wioJMaPY75xcAzrqHb.P0cd6QFNUK3aSNI58zyk9BPiw128WJq';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('the prometheus scaler', { skip: whyNoProgram('prometheus') ?? false }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'argosy-prometheus-'));
  const http = httpGet((host) => Promise.resolve(host));
  /** What Prometheus counts: `served` grows by a hundred each time it is asked for, once a second. */
  let served = 0;
  const app = createServer((_request, response) => {
    served += 100;
    response.writeHead(200, { 'Content-Type': 'text/plain' });
    response.end(`# TYPE requests_total counter\nrequests_total ${served}\n`);
  });
  let appPort = 0;
  let port = 0;
  let running: ChildProcess | undefined;

  async function start(...args: string[]): Promise<void> {
    const config = join(dir, 'prometheus.yml');
    const job = (name: string, at: number): string => `{job_name: ${name}, static_configs: [{targets: ['127.0.0.1:${at}']}]}`;
    writeFileSync(config, `global: {scrape_interval: 1s}\nscrape_configs: [${job('self', port)}, ${job('app', appPort)}]\n`);
    const flags = [`--config.file=${config}`, `--storage.tsdb.path=${dir}/data`, `--web.listen-address=127.0.0.1:${port}`, ...args];
    running = spawn('prometheus', flags, { stdio: 'ignore' });
    await eventually('prometheus answers', async () => [200, 401].includes((await fetch(`http://127.0.0.1:${port}/-/ready`)).status));
  }

  async function stop(): Promise<void> {
    if (running === undefined) return;
    const ended = new Promise((resolve) => running?.once('exit', resolve));
    running.kill('SIGKILL');
    await ended;
    running = undefined;
  }

  before(async () => {
    await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
    appPort = (app.address() as AddressInfo).port;
    port = await freePort();
    await start();
  });
  after(async () => {
    await stop();
    app.close();
    http.close();
    rmSync(dir, { recursive: true, force: true });
  });

  async function scaler(query: string, more: Record<string, string> = {}, auth: Record<string, string> = {}): Promise<Scaler> {
    const metadata = { serverAddress: `http://127.0.0.1:${port}`, query, threshold: '10', ...more };
    const settings = new Settings({ metadata, auth, env: {} });
    const world = { clock: realClock, log: silentLogger, http: http.get } as ScalerWorld;
    return prometheus({ index: 0, namespace: 'default', owner: 'so', ownerUid: 'u', settings, metadata, metricType: '', asMetricSource: false }, world);
  }
  const read = async (...asked: Parameters<typeof scaler>): Promise<{ value: number; active: boolean }> =>
    (await scaler(...asked)).read('s0-prometheus', AbortSignal.timeout(20_000));

  test('answers one number, of a vector or a scalar, and is active above its threshold alone', async () => {
    assert.deepEqual(await read('vector(42)'), { value: 42, active: true });
    assert.deepEqual(await read('42', { activationThreshold: '42' }), { value: 42, active: false });
    await eventually('itself is scraped', async () => (await read('sum(up)')).value === 2);
  });

  test('no data counts as nothing, or as a failure where that is asked for', async () => {
    assert.deepEqual(await read('absent_metric'), { value: 0, active: false });
    await assert.rejects(read('absent_metric', { ignoreNullValues: 'false' }), /target may be lost, the result is empty/);
  });

  for (const [name, query] of [
    ['NaN', 'vector(0/0)'],
    ['infinity', 'vector(1/0)'],
    ['minus infinity', '-1/0'],
  ] as const)
    test(`${name} counts as nothing, or as a failure where that is asked for`, async () => {
      assert.deepEqual(await read(query), { value: 0, active: false });
      await assert.rejects(read(query, { ignoreNullValues: 'false' }), /prometheus query returns/);
    });

  test('a counter that starts anew, as with a new process, makes no wild number', async () => {
    const rate = async (): Promise<number> => (await read('sum(rate(requests_total[5s]))')).value;
    await eventually('it is counted', async () => (await rate()) > 80);
    served = 0;
    const until = performance.now() + 6_000;
    for (let last = 0; performance.now() < until;) {
      const value = await rate();
      assert.ok(value > 40 && value < 160, `${value} requests a second`);
      // Each new scrape is looked at once.
      await eventually('another scrape', async () => served > last, 5);
      last = served;
    }
  });

  test('a wrong query fails, with what Prometheus says of it', async () => {
    await assert.rejects(read('sum('), /prometheus query api returned error. status: 400: .*parse error/);
  });

  test('several elements are refused: which one would count', async () => {
    await eventually('there are several', async () => (await read('count({__name__=~"go_.+"})')).value > 1);
    await assert.rejects(read('{__name__=~"go_.+"}'), /prometheus query .* returned multiple elements/);
  });

  test('a server that does not answer is given up on after three seconds, or as long as is asked for', async () => {
    running?.kill('SIGSTOP');
    try {
      const startedAt = performance.now();
      await assert.rejects(read('vector(1)', { timeout: '500ms' }), /Client.Timeout exceeded/);
      assert.ok(performance.now() - startedAt < 2500);
      await assert.rejects(read('vector(1)'), /Client.Timeout exceeded/);
      const took = performance.now() - startedAt;
      assert.ok(took > 3000 && took < 6000, `${took} ms`);
    } finally {
      running?.kill('SIGCONT');
    }
    await eventually('it answers again', async () => (await read('vector(1)')).value === 1);
  });

  test('a server that was killed is refused, and answers when it is there again', async () => {
    const same = await scaler('vector(1)');
    assert.equal((await same.read('s0-prometheus', AbortSignal.timeout(20_000))).value, 1);
    await stop();
    await assert.rejects(same.read('s0-prometheus', AbortSignal.timeout(20_000)), /connect: connection refused|socket hang up|ECONNRESET/);
    await start();
    assert.equal((await same.read('s0-prometheus', AbortSignal.timeout(20_000))).value, 1);
  });

  test('a password is needed, given, and never shown', async () => {
    await stop();
    const web = join(dir, 'web.yml');
    writeFileSync(web, `basic_auth_users: {me: '${SECRET_HASH}'}\n`);
    await start(`--web.config.file=${web}`);
    await assert.rejects(read('vector(1)'), /status: 401/);
    const login = { authModes: 'basic' };
    await assert.rejects(read('vector(1)', login, { username: 'me', password: 'wrong-password' }), (error: Error) => {
      assert.match(error.message, /status: 401/);
      assert.doesNotMatch(error.message, /wrong-password/);
      return true;
    });
    await assert.rejects(async () => read('vector(1)', login), /missing required parameter "username" in \[authParams\]/);
    assert.equal((await read('vector(1)', login, { username: 'me', password: 'secret' })).value, 1);
  });
});
