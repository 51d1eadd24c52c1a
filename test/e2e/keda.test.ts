/** The article's ScaledObject with the real Prometheus, as a user sees it through kubectl. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Deployment } from '../../src/kube/types.ts';
import type { ScaledObject } from '../../src/scaling/index.ts';
import { Cluster, eventually, leftovers, ROOT, whyNoProgram, whyNot } from './cluster.ts';

const EXAMPLES = join(ROOT, 'examples/traffic');

describe('ScaledObject', { skip: whyNot() ?? whyNoProgram('prometheus') ?? false }, () => {
  const cluster = new Cluster('e2e-keda', '--nodes', '1..3', '--boot-delay', '1s', '--metrics');

  before(async () => {
    await cluster.up();
    await cluster.kubectl('apply', '-f', join(EXAMPLES, 'rate-limiter.yaml'));
    await cluster.kubectl('rollout', 'status', 'deployment/prometheus-server', '--timeout=60s');
    await cluster.kubectl('rollout', 'status', 'deployment/podinfo', '--timeout=60s');
  });
  after(async () => {
    await cluster.delete();
    assert.deepEqual(leftovers(cluster.name, cluster.dataDir), []);
  });

  const ready = async (): Promise<string | undefined> =>
    (await cluster.json<ScaledObject>('get', 'so', 'podinfo')).status?.conditions?.find(({ type }) => type === 'Ready')?.status;

  test('the manifest of the article makes the autoscaler it inspects, with a number from Prometheus', async () => {
    await cluster.kubectl('apply', '-f', join(EXAMPLES, 'scaled-object.yaml'));
    await eventually('it is ready', async () => (await ready()) === 'True');
    assert.match(
      await cluster.kubectl('get', 'so', 'podinfo', '--no-headers'),
      /^podinfo +apps\/v1\.Deployment +podinfo +4 +30 +True +\w+ +False +False +prometheus /,
    );
    await eventually('the autoscaler has its number', async () => /0\/480 \(avg\) +4 +30 +4/.test(await cluster.kubectl('get', 'hpa', 'keda-hpa-podinfo')));
    const described = await cluster.kubectl('describe', 'hpa', 'keda-hpa-podinfo');
    assert.match(described, /"s0-prometheus" \(target average value\): +0 \/ 480/);
    assert.match(described, /ScalingActive +True +ValidMetricFound/);
    const path = '/apis/external.metrics.k8s.io/v1beta1/namespaces/default/s0-prometheus?labelSelector=scaledobject.keda.sh%2Fname%3Dpodinfo';
    assert.match(await cluster.kubectl('get', '--raw', path), /"kind":"ExternalMetricValueList".*"metricName":"s0-prometheus"/);
  });

  test('what cannot work is refused at the door, with the field or the other named', async () => {
    const manifest = readFileSync(join(EXAMPLES, 'scaled-object.yaml'), 'utf8');
    const refuse = async (text: string): Promise<string> => (await cluster.kubectlRaw(['apply', '-f', '-'], { input: text })).stderr;
    assert.match(
      await refuse(manifest.replace('name: podinfo', 'name: second')),
      /the workload 'podinfo' of type 'apps\/v1.Deployment' is already managed by the/,
    );
    assert.match(await refuse(manifest.replace('type: prometheus', 'type: promethoys')), /spec.triggers\[0\].type: no scaler found for type: promethoys/);
    assert.match(await refuse(manifest.replace('minReplicaCount: 4', 'minReplicaCount: 40')), /minReplicaCount must be less than or equal to maxReplicaCount/);
    assert.match(await refuse(manifest.replace('threshold: "480"', 'threshold: 480')), /spec.triggers\[0\].metadata.threshold: Invalid value: "integer"/);
  });

  test('requests bring more pods, on a node that was not there; without Prometheus they stay', async () => {
    const load = execFile(join(ROOT, 'bin/argosy'), [
      'load',
      'service/podinfo',
      '--kubeconfig',
      cluster.kubeconfig,
      '--users',
      '40',
      '--reuse',
      '20',
      '--for',
      '5m',
    ]);
    try {
      await eventually(
        'a fifth pod is ready',
        async () => ((await cluster.json<Deployment>('get', 'deployment', 'podinfo')).status?.readyReplicas ?? 0) >= 5,
        120,
      );
      assert.match(await cluster.kubectl('describe', 'hpa', 'keda-hpa-podinfo'), /SuccessfulRescale .*external metric s0-prometheus.* above target/);
      assert.ok((await cluster.kubectl('get', 'nodes', '--no-headers')).trim().split('\n').length >= 2);
      await cluster.kubectl('scale', 'deployment/prometheus-server', '--replicas=0');
      await eventually('the failure is told', async () => (await ready()) !== 'True');
      const { spec } = await cluster.json<Deployment>('get', 'deployment', 'podinfo');
      assert.ok((spec?.replicas ?? 0) >= 5);
      assert.match(await cluster.kubectl('describe', 'so', 'podinfo'), /KEDAScalerFailed .*s0-prometheus: Get "http:\/\/prometheus-server\/api\/v1\/query"/);
    } finally {
      load.kill('SIGINT');
    }
  });
});
