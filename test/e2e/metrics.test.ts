/** `argosy up --metrics`: the real Prometheus in a cluster, as the autoscalers and people ask it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ConfigMap, Deployment, Service } from '../../src/kube/types.ts';
import { Cluster, eventually, leftovers, whyNoProgram, whyNot } from './cluster.ts';

const skip = whyNot() ?? whyNoProgram('prometheus') ?? false;

const APP = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: podinfo}
spec:
  replicas: 2
  selector: {matchLabels: {app: podinfo}}
  template:
    metadata: {labels: {app: podinfo}, annotations: {prometheus.io/scrape: "true"}}
    spec:
      containers:
      - {name: podinfo, image: learnk8s/rate-limiter:1.0.0, args: [/app/index.js, "1000"], ports: [{containerPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: podinfo}
spec: {ports: [{port: 80, targetPort: 8080}], selector: {app: podinfo}}
`;

interface Series {
  metric: Record<string, string>;
  value: [time: number, value: string];
}

describe('metrics', { skip }, () => {
  const cluster = new Cluster('e2e-metrics', '--nodes', '1..1', '--boot-delay', '1s', '--metrics');
  /** As an autoscaler asks: by the service's address. */
  async function query(promql: string): Promise<Series[]> {
    const answer = (await (await fetch(await at(`/api/v1/query?query=${encodeURIComponent(promql)}`))).json()) as { data: { result: Series[] } };
    return answer.data.result;
  }
  const value = async (promql: string): Promise<number> => Number((await query(promql))[0]?.value[1]);

  const at = async (path: string): Promise<string> => `http://${(await cluster.json<Service>('get', 'service', 'prometheus-server')).spec?.clusterIP}${path}`;

  before(async () => {
    await cluster.up();
    await cluster.kubectl('rollout', 'status', 'deployment/prometheus-server', '--timeout=60s');
    // Often enough for a test; by the way: what a user changes of it is taken over without a restart.
    const config = await cluster.json<ConfigMap>('get', 'configmap', 'prometheus-server');
    const often = config.data?.['prometheus.yml']?.replaceAll(/(scrape_interval|scrape_timeout|refresh_interval): \d+s/g, '$1: 1s');
    await cluster.kubectl('patch', 'configmap', 'prometheus-server', '-p', JSON.stringify({ data: { 'prometheus.yml': often } }));
    await eventually('the configuration is taken over', async () => {
      await fetch(await at('/-/reload'), { method: 'POST' });
      return (await (await fetch(await at('/api/v1/status/config'))).text()).includes('scrape_interval: 1s');
    });
  });
  after(async () => {
    await cluster.delete();
    assert.deepEqual(leftovers(cluster.name, cluster.dataDir), []);
  });

  test('pods that ask for it are scraped, with their labels, and their counters answer the query an autoscaler asks', async () => {
    await cluster.apply(APP);
    await cluster.kubectl('rollout', 'status', 'deployment/podinfo', '--timeout=60s');
    await eventually('both pods are scraped', async () => (await value('count(up{job="kubernetes-pods",app="podinfo",namespace="default"} == 1)')) === 2);
    const { spec } = await cluster.json<Service>('get', 'service', 'podinfo');
    for (let i = 0; i < 30; i++) assert.equal((await fetch(`http://${spec?.clusterIP}/`)).status, 200);
    await eventually('the requests are counted', async () => (await value('sum(http_requests_total{app="podinfo"})')) >= 30);
    await eventually('they increase', async () => (await value('sum(increase(http_requests_total{app="podinfo"}[60s]))')) > 0);
  });

  test('the API, the controllers, the nodes and their containers are measured', async () => {
    for (const series of [
      'apiserver_request_total{resource="deployments",verb="CREATE"}',
      'workqueue_adds_total{name="deployment"}',
      'scheduler_schedule_attempts_total{result="scheduled"}',
      'cluster_autoscaler_nodes_count{state="ready"}',
      'kubelet_running_pods',
      'container_cpu_usage_seconds_total{container="podinfo",namespace="default"}',
      'container_memory_working_set_bytes{container="podinfo",pod=~"podinfo-.*"}',
    ])
      await eventually(series, async () => (await query(series)).length > 0);
  });

  test('what Prometheus knows of pods and services is served as custom metrics, and an autoscaler follows it', async () => {
    const api = '/apis/custom.metrics.k8s.io/v1beta2';
    await eventually('discovery has the counter', async () => (await cluster.kubectl('get', '--raw', api)).includes('"pods/http_requests"'));
    const address = (await cluster.json<Service>('get', 'service', 'podinfo')).spec?.clusterIP;
    const load = new AbortController();
    const ask = async (): Promise<unknown> => (await fetch(`http://${address}/`, { headers: { connection: 'close' } })).text();
    const requests = (async () => {
      // A new pod is asked before it listens: it has no readiness probe.
      while (!load.signal.aborted) await ask().catch(() => undefined);
    })();
    try {
      const metric = { name: 'http_requests', selector: { matchLabels: { status: '200' } } };
      const spec = {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'podinfo' },
        minReplicas: 2,
        maxReplicas: 3,
        metrics: [
          { type: 'Pods', pods: { metric: { name: 'http_requests' }, target: { type: 'AverageValue', averageValue: '1' } } },
          { type: 'Object', object: { describedObject: { apiVersion: 'v1', kind: 'Pod', name: 'nobody' }, metric, target: { type: 'Value', value: '1k' } } },
        ],
      };
      await cluster.apply(JSON.stringify({ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name: 'podinfo' }, spec }));
      await eventually('a third pod', async () => (await cluster.json<Deployment>('get', 'deployment', 'podinfo')).status?.readyReplicas === 3, 120);
    } finally {
      load.abort();
      await requests;
    }
    const described = await cluster.kubectl('describe', 'hpa', 'podinfo');
    assert.match(described, /"http_requests" on pods: +\S+ \/ 1\b/);
    assert.match(described, /the server could not find the metric http_requests for pods nobody/);
    assert.match(await cluster.kubectl('get', '--raw', `${api}/namespaces/default/pods/*/http_requests?labelSelector=app%3Dnone`), /"items":\[\]/);
    assert.match(
      await cluster.kubectl('get', '--raw', `${api}/namespaces/default/metrics/http_requests`),
      /"describedObject":\{"kind":"Namespace","name":"default".*"value":"\d+m?"/,
    );
    const refused = await cluster.kubectlRaw(['get', '--raw', `${api}/namespaces/default/pods/*/nonsense`]);
    assert.match(refused.stderr, /the server could not find the metric nonsense for pods/);
    await cluster.kubectl('delete', 'hpa', 'podinfo');
  });

  test('a setting of off takes Prometheus away and leaves what it measured', async () => {
    await cluster.argosy('down');
    assert.equal((await cluster.argosy('up', '--metrics', 'off')).code, 0);
    assert.equal(await cluster.kubectl('get', 'service,deployment', 'prometheus-server', '--ignore-not-found'), '');
    assert.doesNotMatch(await cluster.kubectl('get', 'apiservices'), /custom\.metrics/);
    assert.match(await cluster.kubectl('get', 'pvc', 'prometheus-server'), /Bound/);
    await cluster.argosy('down');
    assert.equal((await cluster.argosy('up', '--metrics')).code, 0);
    await cluster.kubectl('rollout', 'status', 'deployment/prometheus-server', '--timeout=60s');
    assert.equal((await cluster.json<Deployment>('get', 'deployment', 'prometheus-server')).status?.readyReplicas, 1);
    await eventually('what was measured before is there', async () => (await value('sum(max_over_time(http_requests_total[5m]))')) >= 30);
  });
});
