import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EndpointSlice, Pod, Service } from '../../kube/types.ts';
import { nodeTargets, podTargets, serviceTargets } from './targets.ts';

const SCRAPED = { 'prometheus.io/scrape': 'true' };

function pod(name: string, more: { annotations?: Record<string, string>; ip?: string; ports?: { containerPort: number; name?: string }[] } = {}): Pod {
  const { annotations = SCRAPED, ip = '10.1.0.5', ports } = more;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid: `uid-${name}`, labels: { 'app.kubernetes.io/name': 'web' }, annotations },
    spec: { nodeName: 'n1', containers: [{ name: 'main', image: 'x:1', ...(ports === undefined ? {} : { ports }) }] },
    status: { phase: 'Running', ...(ip === '' ? {} : { podIP: ip }), conditions: [{ type: 'Ready', status: 'True' }] },
  };
}

test('only pods that ask for it and have an address are targets, one for each port', () => {
  const groups = podTargets([
    pod('two', { ports: [{ containerPort: 80, name: 'http' }, { containerPort: 81 }] }),
    pod('none'),
    pod('quiet', { annotations: {} }),
    pod('young', { ip: '' }),
  ]);
  assert.deepEqual(
    groups.map(({ targets, labels }) => [targets[0], labels['__meta_kubernetes_pod_name'], labels['__meta_kubernetes_pod_container_port_name']]),
    [
      ['10.1.0.5:80', 'two', 'http'],
      ['10.1.0.5:81', 'two', ''],
      ['10.1.0.5', 'none', undefined],
    ],
  );
  const labels = groups[0]?.labels ?? {};
  assert.equal(labels['__meta_kubernetes_pod_label_app_kubernetes_io_name'], 'web');
  assert.equal(labels['__meta_kubernetes_pod_annotation_prometheus_io_scrape'], 'true');
  assert.equal(labels['__meta_kubernetes_pod_ready'], 'true');
  assert.equal(labels['__meta_kubernetes_pod_node_name'], 'n1');
});

test("a service's endpoints are targets with the labels of service and pod", () => {
  const service: Service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'default', annotations: SCRAPED } };
  const slice: EndpointSlice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'web-1', namespace: 'default' },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 80 }],
    endpoints: [
      { addresses: ['10.1.0.5'], conditions: { ready: true }, targetRef: { kind: 'Pod', namespace: 'default', name: 'a' } },
      { addresses: ['10.1.0.9'] },
    ],
  };
  const groups = serviceTargets(
    [service, { ...service, metadata: { name: 'quiet', namespace: 'default' } }],
    () => [slice],
    (key) => (key === 'default/a' ? pod('a') : undefined),
  );
  assert.deepEqual(
    groups.map(({ targets, labels }) => [targets, labels['__meta_kubernetes_service_name'], labels['__meta_kubernetes_pod_name']]),
    [
      [['10.1.0.5:80'], 'web', 'a'],
      [['10.1.0.9:80'], 'web', undefined],
    ],
  );
});

test('a node is a target at its kubelet, under its own name', () => {
  const [group] = nodeTargets([
    { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1', labels: { zone: 'a' } }, status: { addresses: [{ type: 'InternalIP', address: '172.30.1.2' }] } },
  ]);
  assert.deepEqual(group?.targets, ['172.30.1.2:10250']);
  assert.equal(group.labels['instance'], 'n1');
  assert.equal(group.labels['__meta_kubernetes_node_label_zone'], 'a');
});
