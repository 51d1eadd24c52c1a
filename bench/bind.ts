/**
 * Pods from create to bound, with upstream's scheduler and ours, each before its own API: `npm run bench -- --only bind`.
 * The nodes are objects alone, so that nothing but the API and the scheduler works.
 */
import { startArgosy, startUpstream, until, type Peer } from '../test/upstream/peer.ts';
import { BenchClient, rate } from './api-client.ts';
import { besideUpstream, type Measured } from './beside-upstream.ts';
import { spread, type Figure } from './spread.ts';

const NODES = 50;
const PODS = 1_500;
const IN_FLIGHT = 32;
const COLLECTION = '/api/v1/namespaces/default/pods';

export const bindBench = (runs: number): Promise<Figure[]> =>
  besideUpstream(
    runs,
    { tools: ['etcd', 'kube-apiserver', 'kube-scheduler'], upstream: startTheirs, argosy: (dir) => startArgosy(dir, ['--scheduler']) },
    measure,
  );

async function startTheirs(dir: string): Promise<Peer> {
  // Pods need not wait for a controller's service account.
  const peer = await startUpstream(dir, ['--disable-admission-plugins=ServiceAccount']);
  const config = ['', 'authentication-', 'authorization-'].map((part) => `--${part}kubeconfig=${peer.kubeconfig}`);
  // Its client's default of 50 requests a second would be what is measured.
  await peer.start('kube-scheduler', [...config, '--leader-elect=false', '--secure-port=0', '--kube-api-qps=10000', '--kube-api-burst=10000']);
  return peer;
}

async function measure(peer: Peer): Promise<Measured[]> {
  const client = new BenchClient(peer, IN_FLIGHT);
  for (let i = 0; i < NODES; i++) {
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: `node-${i}`, labels: { 'kubernetes.io/hostname': `node-${i}` } } };
    await client.send('POST', '/api/v1/nodes', node);
    const room = { cpu: '64', memory: '256Gi', pods: '500' };
    const conditions = [{ type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: null, lastTransitionTime: null }];
    await client.send('PUT', `/api/v1/nodes/node-${i}/status`, { ...node, status: { capacity: room, allocatable: room, conditions } });
  }
  // The first pod waits for the scheduler's start.
  await create(client, 'first');
  await allBound(client);
  const startedAt = performance.now();
  const { perSecond } = await rate(PODS, IN_FLIGHT, (i) => create(client, `pod-${i}`));
  await allBound(client);
  client.close();
  return [
    { name: `${PODS} pods on ${NODES} nodes, created`, unit: '/s', value: perSecond },
    { name: `${PODS} pods on ${NODES} nodes, created and bound`, unit: '/s', value: (PODS * 1000) / (performance.now() - startedAt) },
  ];
}

async function allBound(client: BenchClient): Promise<void> {
  const none = async (): Promise<boolean> => !(await client.send('GET', `${COLLECTION}?fieldSelector=spec.nodeName=&limit=1`)).includes('"name":');
  await until(none, () => 'the pods are not bound after a minute');
}

function create(client: BenchClient, name: string): Promise<string> {
  return client.send('POST', COLLECTION, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: 'bench' } },
    spec: {
      automountServiceAccountToken: false,
      tolerations: [{ operator: 'Exists' }],
      containers: [{ name: 'main', image: 'example.test/app:1', resources: { requests: { cpu: '100m', memory: '64Mi' } } }],
    },
  });
}

if (import.meta.main) for (const figure of await bindBench(2)) console.log(spread(figure));
