import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Node, Pod } from '../../src/kube/types.ts';
import { isPodReady } from '../../src/kube/pods.ts';
import { Cluster, eventually, leftovers, ROOT, whyNot } from './cluster.ts';

const ARTICLE = join(ROOT, '../shared/article/2-scaling');
/** The article's own manifests where they are at hand, else ours with the same values. */
const file = (name: string, ours = name): string => (existsSync(join(ARTICLE, name)) ? join(ARTICLE, name) : join(ROOT, 'examples/capacity', ours));

interface List<T> {
  items: T[];
}

const skip = whyNot() ?? false;

describe('capacity before it is needed', { skip }, () => {
  const cluster = new Cluster('e2e-capacity', '--nodes', '1..3', '--boot-delay', '4s', '--scale-down-after', '3s');
  const podsOf = async (label: string): Promise<Pod[]> =>
    (await cluster.json<List<Pod>>('get', 'pods', '-l', label)).items.filter((pod) => !pod.metadata.deletionTimestamp);
  const readyPods = async (label: string): Promise<Pod[]> => (await podsOf(label)).filter(isPodReady);
  const nodes = async (): Promise<Node[]> => (await cluster.json<List<Node>>('get', 'nodes')).items;

  before(() => cluster.up());
  after(async () => {
    await cluster.delete();
    assert.deepEqual(leftovers(cluster.name, cluster.dataDir), []);
  });

  test('three pods of 1G run on a node and the fourth waits for the next node', async () => {
    await cluster.kubectl('apply', '-f', file('podinfo-1G.yaml'));
    await cluster.kubectl('scale', 'deployment/podinfo', '--replicas=4');
    await eventually('three pods run', async () => (await readyPods('app=podinfo')).length >= 3);
    const pending = await eventually('the fourth pod is Pending', async () =>
      (await podsOf('app=podinfo')).find((pod) => pod.status?.phase === 'Pending' && !pod.spec?.nodeName),
    );
    const events = await eventually('the autoscaler speaks', async () => {
      const text = await cluster.kubectl('describe', 'pod', pending.metadata.name ?? '');
      return text.includes('TriggeredScaleUp') && text;
    });
    assert.match(
      events,
      /FailedScheduling.*0\/1 nodes are available: 1 Insufficient memory\. preemption: 0\/1 nodes are available: 1 No preemption victims found for incoming pod\./,
    );
    await eventually('the fourth pod runs', async () => (await readyPods('app=podinfo')).length === 4);
    assert.equal(new Set((await readyPods('app=podinfo')).map((pod) => pod.spec?.nodeName)).size, 2);
  });

  test("an idle node goes after the autoscaler's delay, and the last one stays", async () => {
    await cluster.kubectl('delete', 'deployment/podinfo');
    await eventually('one node is left', async () => (await nodes()).length === 1, 90);
  });

  test('four pods of 0.8G fit on one node, and the placeholder waits for the second', async () => {
    await cluster.kubectl('apply', '-f', file('podinfo-0.8G.yaml'));
    await eventually('four pods run', async () => (await readyPods('app=podinfo')).length === 4);
    assert.equal(new Set((await readyPods('app=podinfo')).map((pod) => pod.spec?.nodeName)).size, 1);
    await cluster.kubectl('apply', '-f', file('placeholder-3.8G.yaml', 'placeholder.yaml'));
    await eventually('the placeholder fills a second node', async () => (await readyPods('run=overprovisioning')).length === 1);
    assert.equal((await nodes()).length, 2);
  });

  test("the fifth pod takes the placeholder's place within two seconds, and a third node boots for the placeholder", async () => {
    const startedAt = performance.now();
    await cluster.kubectl('scale', 'deployment/podinfo', '--replicas=5');
    await cluster.kubectl('rollout', 'status', 'deployment/podinfo', '--timeout=30s');
    const seconds = (performance.now() - startedAt) / 1000;
    assert.ok(seconds < 4, `took ${seconds} s with two starts of kubectl`);
    const [placeholder] = await podsOf('run=overprovisioning');
    assert.equal(placeholder?.status?.phase, 'Pending');
    assert.match(await cluster.kubectl('get', 'events'), /Preempted.*Preempted by pod/);
    await eventually('the placeholder runs on a third node', async () => (await readyPods('run=overprovisioning')).length === 1);
    assert.equal((await nodes()).length, 3);
  });

  test('a placeholder without a priority does not give way', async () => {
    await cluster.kubectl('delete', 'deployment', '--all');
    await eventually('the pods are gone', async () => (await cluster.json<List<Pod>>('get', 'pods')).items.length === 0);
    await cluster.kubectl('apply', '-f', file('placeholder-plain.yaml'));
    await cluster.kubectl('scale', 'deployment/overprovisioning', '--replicas=3');
    await eventually('three plain placeholders run', async () => (await readyPods('run=overprovisioning')).length === 3);
    await cluster.kubectl('apply', '-f', file('podinfo-0.8G.yaml'));
    const [pod] = await eventually('the scheduler has tried', async () => {
      const waiting = (await podsOf('app=podinfo')).filter((p) => p.status?.conditions?.some((c) => c.type === 'PodScheduled' && c.reason === 'Unschedulable'));
      return waiting.length > 0 && waiting;
    });
    assert.ok(pod);
    assert.equal((await readyPods('run=overprovisioning')).length, 3);
  });
});
