/** Upstream's Prometheus, built with its discovery in Kubernetes, which Debian leaves out: all roles, and what changes. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tool } from '../../../scripts/upstream/tools.ts';
import { eventually } from '../../e2e/cluster.ts';
import type { Part } from './part.ts';

const ROLES = ['node', 'service', 'pod', 'endpoints', 'endpointslice', 'ingress'] as const;

const WORLD = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: found}
spec:
  replicas: 2
  selector: {matchLabels: {app: found}}
  template:
    metadata: {labels: {app: found}, annotations: {prometheus.io/scrape: "true"}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{name: main, image: pause, ports: [{name: web, containerPort: 8080}]}]
---
apiVersion: v1
kind: Service
metadata: {name: found, labels: {app: found}}
spec: {selector: {app: found}, ports: [{name: web, port: 80, targetPort: 8080}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: found}
spec: {rules: [{host: found.example.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: found, port: {number: 80}}}}]}}]}
`;

type Labels = Record<string, string>;

export const prometheus: Part = {
  name: 'prometheus',
  tools: ['prometheus'],
  async run({ cluster, holds }) {
    const dir = mkdtempSync(join(tmpdir(), 'argosy-prometheus-sd-'));
    const port = await freePort();
    const scrapes = ROLES.map((role) => ({
      job_name: role,
      kubernetes_sd_configs: [{ role, kubeconfig_file: cluster.kubeconfig, namespaces: { names: ['default'] } }],
      // Found is enough: nothing there listens.
      scrape_interval: '1h',
    }));
    // YAML is JSON too.
    writeFileSync(join(dir, 'prometheus.yml'), JSON.stringify({ scrape_configs: scrapes }));
    const flags = [`--config.file=${dir}/prometheus.yml`, `--storage.tsdb.path=${dir}/data`, `--web.listen-address=127.0.0.1:${port}`];
    const server = spawn(await tool('prometheus'), flags, { stdio: 'ignore' });
    const found = async (role: (typeof ROLES)[number]): Promise<Labels[]> => {
      const answer = (await (await fetch(`http://127.0.0.1:${port}/api/v1/targets?state=active&scrapePool=${role}`)).json()) as {
        data: { activeTargets: { discoveredLabels: Labels }[] };
      };
      return answer.data.activeTargets.map(({ discoveredLabels }) => discoveredLabels);
    };
    /** The labels of targets whose `label` is `value`, when there are as many as wanted. */
    const wanted = (role: (typeof ROLES)[number], count: number, label: string, value: string): Promise<Labels[]> =>
      eventually(`${count} targets of role ${role}`, async () => {
        const targets = (await found(role)).filter((labels) => labels[`__meta_kubernetes_${label}`] === value);
        return targets.length === count && targets;
      });
    try {
      await cluster.apply(WORLD);
      await cluster.kubectl('rollout', 'status', 'deployment/found', '--timeout=60s');
      await holds('role node: the nodes, by their kubelets', async () => {
        const [name = ''] = (await cluster.kubectl('get', 'nodes', '-o', 'jsonpath={.items[*].metadata.name}')).split(' ');
        const [node] = await wanted('node', 1, 'node_name', name);
        assert.match(node?.['__address__'] ?? '', /^[\d.]+:10250$/);
      });
      await holds('role pod: the ports of pods, with labels, annotations, phase and owner', async () => {
        const [pod] = await wanted('pod', 2, 'pod_label_app', 'found');
        assert.match(pod?.['__address__'] ?? '', /^[\d.]+:8080$/);
        const labels = ['annotation_prometheus_io_scrape', 'container_port_name', 'phase', 'ready', 'controller_kind'];
        assert.deepEqual(
          labels.map((label) => pod?.[`__meta_kubernetes_pod_${label}`]),
          ['true', 'web', 'Running', 'true', 'ReplicaSet'],
        );
      });
      await holds('role service: the ports of services, by name', async () => {
        const [service] = await wanted('service', 1, 'service_name', 'found');
        assert.equal(service?.['__address__'], 'found.default.svc:80');
      });
      for (const role of ['endpoints', 'endpointslice'] as const)
        await holds(`role ${role}: the addresses behind a service, with their pods`, async () => {
          const targets = await wanted(role, 2, 'service_name', 'found');
          for (const target of targets) {
            assert.match(target['__address__'] ?? '', /^[\d.]+:8080$/);
            assert.equal(target['__meta_kubernetes_pod_label_app'], 'found');
          }
        });
      await holds('role ingress: the paths of hosts', async () => {
        const [ingress] = await wanted('ingress', 1, 'ingress_name', 'found');
        assert.equal(ingress?.['__address__'], 'found.example.com');
      });
      await holds('pods that come and go are targets and are none', async () => {
        await cluster.kubectl('scale', 'deployment/found', '--replicas=3');
        for (const role of ['pod', 'endpoints', 'endpointslice'] as const) await wanted(role, 3, 'pod_label_app', 'found');
        await cluster.kubectl('scale', 'deployment/found', '--replicas=0');
        for (const role of ['pod', 'endpoints', 'endpointslice'] as const) await wanted(role, 0, 'pod_label_app', 'found');
      });
      await holds('a cluster that was away is found again as it is then', async () => {
        await cluster.argosy('down');
        await cluster.up();
        await cluster.kubectl('scale', 'deployment/found', '--replicas=1');
        await wanted('pod', 1, 'pod_label_app', 'found');
        await cluster.kubectl('delete', 'ingress', 'found');
        await wanted('ingress', 0, 'ingress_name', 'found');
      });
    } finally {
      server.kill('SIGKILL');
      await cluster.kubectlRaw(['delete', 'deployment,service,ingress', 'found', '--ignore-not-found']);
      rmSync(dir, { recursive: true, force: true });
    }
  },
};

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
