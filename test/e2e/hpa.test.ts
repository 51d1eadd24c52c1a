/** kubectl autoscale with real pods, real load and what their nodes measure of it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Cluster, eventually, leftovers, whyNot } from './cluster.ts';

const skip = whyNot() ?? false;

/** So little is asked for that one client is a load. */
const PODINFO = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: podinfo}
spec:
  selector: {matchLabels: {app: podinfo}}
  template:
    metadata: {labels: {app: podinfo}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - {name: podinfo, image: stefanprodan/podinfo, resources: {requests: {cpu: 10m}}, readinessProbe: {httpGet: {path: /readyz, port: 9898}, periodSeconds: 5}}
---
apiVersion: v1
kind: Service
metadata: {name: podinfo}
spec: {selector: {app: podinfo}, ports: [{port: 9898}]}
`;

describe('autoscaling by what pods use', { skip }, () => {
  const cluster = new Cluster('e2e-hpa', '--nodes', '1', '--boot-delay', '1s');
  const replicas = async (): Promise<number> => Number(await cluster.kubectl('get', 'deployment/podinfo', '-o', 'jsonpath={.spec.replicas}'));

  before(() => cluster.up());
  after(async () => {
    await cluster.delete();
    assert.deepEqual(leftovers(cluster.name, cluster.dataDir), []);
  });

  test('kubectl autoscale makes an autoscaler that reads what its pods use', async () => {
    await cluster.apply(PODINFO);
    await cluster.kubectl('rollout', 'status', 'deployment/podinfo', '--timeout=60s');
    await cluster.kubectl('autoscale', 'deployment', 'podinfo', '--cpu-percent=50', '--min=1', '--max=4');
    const row = await eventually('the table shows what is used', async () => /^podinfo .*%\/50%.*$/m.exec(await cluster.kubectl('get', 'hpa'))?.[0]);
    assert.match(row, /^podinfo +Deployment\/podinfo +cpu: \d+%\/50% +1 +4 +\d +\d+\w+$/);
    const v1 = await cluster.json<{ spec: object; status: object }>('get', 'horizontalpodautoscalers.v1.autoscaling', 'podinfo');
    assert.deepEqual(v1.spec, {
      maxReplicas: 4,
      minReplicas: 1,
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'podinfo' },
      targetCPUUtilizationPercentage: 50,
    });
    assert.ok('currentCPUUtilizationPercentage' in v1.status);
  });

  test('load brings replicas up to the maximum', async () => {
    const shell = 'while sleep 0.01; do wget -q -O- http://podinfo:9898/ >/dev/null; done';
    await cluster.kubectl('run', 'load', '--image=busybox', '--restart=Never', '--', 'sh', '-c', shell);
    await eventually('four replicas', async () => (await replicas()) === 4, 180);
    const described = await cluster.kubectl('describe', 'hpa', 'podinfo');
    assert.match(described, /resource cpu on pods +\(as a percentage of request\): +\d+% \(\d+m\) \/ 50%/);
    assert.match(described, /AbleToScale +True +(SucceededRescale|ReadyForNewScale)/);
    assert.match(described, /ScalingActive +True +ValidMetricFound +the HPA was able to successfully calculate a replica count from cpu resource utilization/);
    assert.match(
      described,
      /SuccessfulRescale .* horizontal-pod-autoscaler +New size: 4; reason: cpu resource utilization \(percentage of request\) above target/,
    );
  });

  test('when the load is gone, so are the replicas, as soon as the behavior lets them', async () => {
    const behavior = { spec: { behavior: { scaleDown: { stabilizationWindowSeconds: 0 } } } };
    await cluster.kubectl('patch', 'hpa', 'podinfo', '--patch', JSON.stringify(behavior));
    await cluster.kubectl('delete', 'pod', 'load', '--now');
    await eventually('one replica', async () => (await replicas()) === 1, 180);
    assert.match(await cluster.kubectl('describe', 'hpa', 'podinfo'), /New size: 1; reason: All metrics below target/);
  });
});
