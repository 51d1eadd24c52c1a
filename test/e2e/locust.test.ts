/** The article's load test: the real Locust, one master with its web page, and a worker on every node. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Service } from '../../src/kube/types.ts';
import { Cluster, eventually, leftovers, ROOT, whyNoProgram, whyNot } from './cluster.ts';

const EXAMPLES = join(ROOT, 'examples/traffic');

interface Stats {
  state: string;
  user_count: number;
  total_rps: number;
  fail_ratio: number;
  workers?: { id: string; state: string }[];
}

describe('locust', { skip: whyNot() ?? whyNoProgram('locust') ?? false }, () => {
  const cluster = new Cluster('e2e-locust', '--nodes', '2', '--boot-delay', '1s');
  let page = '';

  before(async () => {
    await cluster.up();
    await cluster.kubectl('apply', '-f', join(EXAMPLES, 'rate-limiter.yaml'), '-f', join(EXAMPLES, 'locust.yaml'));
    await cluster.kubectl('rollout', 'status', 'deployment/podinfo', '--timeout=60s');
    const { status } = await cluster.json<Service>('get', 'service', 'locust');
    page = `http://${status?.loadBalancer?.ingress?.[0]?.ip}`;
  });
  after(async () => {
    await cluster.delete();
    assert.deepEqual(leftovers(cluster.name, cluster.dataDir), []);
  });

  const stats = async (): Promise<Stats> => (await (await fetch(`${page}/stats/requests`)).json()) as Stats;

  test('its page answers at the address of the load balancer, and both workers have joined', async () => {
    await eventually('both workers are ready', async () => (await stats()).workers?.filter(({ state }) => state === 'ready').length === 2);
    assert.match(await (await fetch(`${page}/`)).text(), /<title>Locust/);
  });

  test('four pods that serve ten requests a second each answer forty, whatever thirty users would like', async () => {
    const started = await fetch(`${page}/swarm`, { method: 'POST', body: new URLSearchParams({ user_count: '30', spawn_rate: '30', host: 'http://podinfo' }) });
    assert.equal(started.status, 200);
    await eventually('all users are there', async () => (await stats()).user_count === 30);
    await eventually('forty requests a second', async () => Math.abs((await stats()).total_rps - 40) <= 2);
    assert.equal((await stats()).fail_ratio, 0);
  });
});
