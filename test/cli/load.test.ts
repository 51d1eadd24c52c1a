/** `argosy load` as a user meets it: at a URL, at a service of a cluster, interrupted, and with bad input. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { LoadResult } from '../../src/load/run.ts';
import { Cluster, eventually, ROOT, whyNot } from '../e2e/cluster.ts';

const ARGOSY = join(ROOT, 'bin/argosy');

function argosyLoad(...args: string[]): Promise<{ stdout: string; stderr: string; code: number }> {
  return new Promise((resolve) => {
    execFile(ARGOSY, ['load', ...args], { timeout: 60_000 }, (error, stdout, stderr) => resolve({ stdout, stderr, code: Number(error?.code ?? 0) }));
  });
}

describe('a load on a URL', () => {
  const server = http.createServer((_, response) => response.end('hello'));
  const dir = mkdtempSync(join(tmpdir(), 'argosy-load-'));
  let url = '';
  before(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  after(() => {
    server.close();
    server.closeAllConnections();
    rmSync(dir, { recursive: true });
  });

  test('is summed up for reading and drawn on a page that needs no network', async () => {
    const report = join(dir, 'load.html');
    const { stdout, stderr, code } = await argosyLoad(url, '--rate', '50/s', '--for', '2s', '--report', report);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /100 sent, 100 answered, 0 failed[^]*p50 [^]*p99\.9 [^]*status +200: 100/);
    assert.match(stderr, /GET http.*: 50\/s for 2s\n +1 s +[\d.]+ requests\/s +p50 .*p99 .*0 failed\/s/);
    const page = readFileSync(report, 'utf8');
    assert.match(page, /<h2>Latency<\/h2>/);
    assert.doesNotMatch(page, /<script|(?:src|href)=|NaN|undefined/);
  });

  test('is told to programs as JSON', async () => {
    const { stdout } = await argosyLoad(url, '--users', '3', '--wait', '10ms-20ms', '--for', '1s', '-o', 'json');
    const result = JSON.parse(stdout) as LoadResult;
    assert.ok(result.requests.answered > 50 && result.requests.answered < 300, `${result.requests.answered} answered`);
    assert.equal(result.interrupted, false);
    assert.equal(result.series[0]!.users, 3);
  });

  test('ends on Ctrl-C with what was done', async () => {
    const child = spawn(ARGOSY, ['load', url, '--rate', '100/s', '--for', '1m'], { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    let lines = '';
    child.stderr.on('data', (chunk: Buffer) => {
      lines += chunk.toString();
      if (/requests\/s/.test(lines)) child.kill('SIGINT');
    });
    await once(child, 'close');
    assert.match(stdout, /^\nInterrupted after \d\.\d s\n +requests +\d+ sent/);
  });

  test('bad input names the option and the mend', async () => {
    const said = async (...args: string[]): Promise<string> => {
      const { stderr, code } = await argosyLoad(...args);
      assert.notEqual(code, 0, `${args.join(' ')} is taken`);
      return stderr;
    };
    assert.match(await said('nowhere'), /'nowhere' is neither a URL nor a service\n.*service\/NAME/);
    assert.match(await said(url, '--rate', 'fast'), /--rate: 'fast' is not a rate: write 500\/s/);
    assert.match(await said(url, '--rate', '5/s', '--users', '3'), /--users and --rate exclude each other/);
    assert.match(await said(url, '--users', '0'), /--users.*whole number/);
    assert.match(await said(url, '--wait', '3s-1s'), /--wait.*shorter wait first/);
    assert.match(await said(url, '--header', 'nocolon'), /--header.*'Name: value'/);
    assert.match(await said(url, '--report', join(dir, 'no/file.html')), /--report: .*ENOENT/);
    assert.match(await said('http://127.0.0.1:1/'), /does not answer: connection refused\n.*check host and port/);
  });
});

describe('a load on a service', { skip: whyNot() ?? false }, () => {
  const cluster = new Cluster('cli-load', '--nodes', '1..1', '--boot-delay', '1s');
  before(() => cluster.up());
  after(() => cluster.delete());

  test('goes straight to its address, beside the pods and nodes that were there', async () => {
    await cluster.kubectl('create', 'deployment', 'web', '--image=stefanprodan/podinfo', '--replicas=2');
    await cluster.kubectl('expose', 'deployment', 'web', '--port=80', '--target-port=9898');
    await cluster.kubectl('rollout', 'status', 'deployment/web', '--timeout=60s');
    const { stdout, stderr } = await argosyLoad('service/web', '--kubeconfig', cluster.kubeconfig, '--rate', '20/s', '--for', '2s', '-o', 'json');
    assert.match(stderr, /through its own address/);
    const result = JSON.parse(stdout) as LoadResult & { cluster: { ready: number; nodes: number; headroom: number }[] };
    assert.deepEqual(result.statusCodes, { 200: 40 }, stderr);
    assert.equal(result.cluster.at(-1)?.ready, 2);
    assert.equal(result.cluster.at(-1)?.nodes, 1);
    assert.ok(result.cluster.at(-1)!.headroom > 0);
    await cluster.kubectl('create', 'service', 'clusterip', 'bare', '--clusterip=None', '--tcp=80:9898');
    await cluster.kubectl('set', 'selector', 'service', 'bare', 'app=web');
    await eventually('the service has endpoints', async () =>
      (await cluster.kubectl('get', 'endpointslices', '-l', 'kubernetes.io/service-name=bare')).includes('9898'),
    );
    const through = await argosyLoad('service/bare', '--kubeconfig', cluster.kubeconfig, '--rate', '10/s', '--for', '1s');
    assert.match(through.stderr, /GET https:.*\/services\/bare:80\/proxy\/ \(service, through the proxy of the API server/);
    assert.match(through.stdout, /status +200: 10\n/);
    const missing = await argosyLoad('service/none', '--kubeconfig', cluster.kubeconfig);
    assert.match(missing.stderr, /service\/none: services "none" not found/);
    const wrongPort = await argosyLoad('service/web:81', '--kubeconfig', cluster.kubeconfig);
    assert.match(wrongPort.stderr, /service default\/web has no port 81; it has: 80/);
  });
});
