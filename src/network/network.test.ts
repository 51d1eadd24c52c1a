/** The real thing: namespaces, veths and nftables, as root. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';
import type { PodNetwork } from '../node/ports.ts';
import { freeClusterNumber, type ClusterAddresses } from './addresses.ts';
import { clusterNamespace, ensureClusterNetwork, namespacePath, namespacesOf, removeClusterNetwork, takenAddresses } from './cluster-namespace.ts';
import { run } from './commands.ts';
import { openPodNetwork } from './pod-network.ts';
import { emptyRuleset, frame, transaction, type Ruleset } from './ruleset.ts';
import { serviceRules } from './services.ts';
import { whyNot } from './testing.ts';

const NAME = `nettest${process.pid}`;
const SERVER = `
  const http = require('node:http');
  http.createServer((req, res) => res.end(process.argv[1] + ' ' + req.socket.remoteAddress)).listen(8080, () => console.log('listening'));`;
const FETCH = `
  fetch(process.argv[1], { signal: AbortSignal.timeout(3000) }).then((r) => r.text(), (e) => 'failed: ' + (e.cause?.code ?? e.name)).then((t) => console.log(t));`;

describe('the network of a cluster', { skip: whyNot() }, () => {
  let addresses: ClusterAddresses;
  let pods: PodNetwork;
  const servers: ChildProcess[] = [];
  const inRouter = (commands: string): Promise<string> => run('nsenter', [`--net=${namespacePath(clusterNamespace(NAME))}`, 'nft', '-f', '-'], commands);
  const fetchFrom = async (path: string, url: string): Promise<string> => (await run('nsenter', [`--net=${path}`, process.execPath, '-e', FETCH, url])).trim();
  const fetchFromHost = async (url: string): Promise<string> => (await run(process.execPath, ['-e', FETCH, url])).trim();
  const attach = (uid: string) => pods.attach({ uid, namespace: 'default', name: uid, nodeName: 'n' });
  async function serve(uid: string): Promise<{ path: string; ip: string }> {
    const pod = await attach(uid);
    const server = spawn('nsenter', [`--net=${pod.path}`, process.execPath, '-e', SERVER, uid], { stdio: ['ignore', 'pipe', 'inherit'] });
    servers.push(server);
    await once(server.stdout!, 'data');
    return pod;
  }
  let written: Ruleset = emptyRuleset();
  async function write(next: Ruleset): Promise<void> {
    await inRouter(transaction(written, next));
    written = next;
  }
  const web = (ips: string[], sticky = false): Ruleset =>
    serviceRules(
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'web', namespace: 'default' },
        spec: { clusterIP: `10.${200 + addresses.number}.0.7`, ports: [{ port: 80, nodePort: 30080 }], ...(sticky ? { sessionAffinity: 'ClientIP' } : {}) },
        status: { loadBalancer: { ingress: [{ ip: `172.31.${addresses.number}.5` }] } },
      },
      [
        {
          apiVersion: 'discovery.k8s.io/v1',
          kind: 'EndpointSlice',
          metadata: {},
          addressType: 'IPv4',
          ports: [{ port: 8080 }],
          endpoints: ips.map((ip) => ({ addresses: [ip] })),
        },
      ],
    );

  before(async () => {
    const { numbers, routes } = await takenAddresses();
    addresses = await ensureClusterNetwork(NAME, freeClusterNumber(new Set([...numbers, 1, 2, 3]), routes));
    pods = await openPodNetwork(NAME, addresses);
    await inRouter(frame(addresses.nodeCidr));
  });
  after(async () => {
    for (const server of servers) server.kill('SIGKILL');
    await removeClusterNetwork(NAME);
    assert.deepEqual(namespacesOf(NAME), []);
  });

  test('pods reach each other and are reached from the machine; the same pod keeps its address', async () => {
    const a = await serve('aaaaaaaa-aaaa-1');
    const b = await serve('bbbbbbbb-bbbb-1');
    assert.equal(await fetchFrom(a.path, `http://${b.ip}:8080/`), `bbbbbbbb-bbbb-1 ::ffff:${a.ip}`);
    assert.equal(await fetchFromHost(`http://${a.ip}:8080/`), `aaaaaaaa-aaaa-1 ::ffff:${addresses.hostLink}`);
    assert.deepEqual(await attach('aaaaaaaa-aaaa-1'), a);
    // A process that starts again finds them.
    pods = await openPodNetwork(NAME, addresses);
    assert.deepEqual(await attach('aaaaaaaa-aaaa-1'), a);
    assert.notEqual((await attach('cccccccc-cccc-1')).ip, a.ip);
    await pods.detach('cccccccc-cccc-1');
    await pods.detach('cccccccc-cccc-1');
  });

  test('service addresses lead to endpoints, also to the asking pod itself; without endpoints the connection is refused', async () => {
    const a = await attach('aaaaaaaa-aaaa-1');
    const b = await attach('bbbbbbbb-bbbb-1');
    const url = `http://10.${200 + addresses.number}.0.7/`;
    assert.equal(await fetchFrom(a.path, url), 'failed: ECONNREFUSED');
    await write(web([b.ip]));
    assert.equal(await fetchFrom(a.path, url), `bbbbbbbb-bbbb-1 ::ffff:${a.ip}`);
    assert.equal(await fetchFrom(b.path, url), `bbbbbbbb-bbbb-1 ::ffff:${addresses.podGateway}`);
    assert.match(await fetchFromHost(url), /^bbbbbbbb/);
    assert.match(await fetchFrom(a.path, `http://172.30.${addresses.number}.2:30080/`), /^bbbbbbbb/);
    assert.match(await fetchFromHost(`http://172.30.${addresses.number}.3:30080/`), /^bbbbbbbb/);
    assert.equal(await fetchFromHost(`http://172.30.${addresses.number}.3:30081/`), 'failed: ECONNREFUSED');
    await write(web([a.ip]));
    assert.match(await fetchFromHost(url), /^aaaaaaaa/);
    await write(emptyRuleset());
    assert.equal(await fetchFromHost(url), 'failed: ECONNREFUSED');
  });

  test('connections are spread over endpoints, with session affinity they stay with one', async () => {
    const ips = [(await attach('aaaaaaaa-aaaa-1')).ip, (await attach('bbbbbbbb-bbbb-1')).ip];
    const ask = (): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = net.connect(80, `10.${200 + addresses.number}.0.7`, () => socket.write('GET / HTTP/1.0\r\n\r\n'));
        let text = '';
        socket
          .on('data', (chunk) => (text += chunk.toString()))
          .on('end', () => resolve(text.split('\r\n\r\n')[1]!.split(' ')[0]!))
          .on('error', reject);
      });
    const many = async (): Promise<Set<string>> => new Set(await Promise.all(Array.from({ length: 40 }, ask)));
    await write(web(ips));
    assert.equal((await many()).size, 2);
    await write(web(ips, true));
    const first = await ask();
    assert.deepEqual([...(await many())], [first]);
    await write(emptyRuleset());
  });

  test('making it again changes nothing, and what is half made is made anew', async () => {
    await ensureClusterNetwork(NAME, addresses.number);
    assert.deepEqual(namespacesOf(NAME).length, 3);
    await run('ip', ['link', 'del', addresses.hostDevice]);
    await ensureClusterNetwork(NAME, addresses.number);
    assert.deepEqual(namespacesOf(NAME), [clusterNamespace(NAME)]);
  });
});
