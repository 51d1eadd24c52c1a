/** One node whose pods only say that they run: the same for both clusters, over the API alone. */
import type { Peer } from '../peer.ts';

export const NODE = 'n1';
export const NAMESPACE = 'work';
const MERGE = { 'content-type': 'application/merge-patch+json' };
const POLL_MS = 250;
const HEARTBEAT_MS = 5_000;
/** How long a pod runs that ends by itself. */
const RUN_MS = 1_500;
const INDEX = 'batch.kubernetes.io/job-completion-index';

interface RunningPod {
  metadata: { name: string; annotations?: Record<string, string>; deletionTimestamp?: string };
  spec: { nodeName?: string; containers: { name: string; args?: string[] }[] };
  status: { phase?: string; startTime?: string };
}

let addresses = 0;

const now = (): string => new Date().toISOString().replace(/\.\d+/, '');

export async function listOf<T>(peer: Peer, path: string): Promise<T[]> {
  const { items = [] } = JSON.parse((await peer.call({ path })).body) as { items?: T[] };
  return items;
}

/** Makes the node and keeps it and its pods alive until the signal aborts. */
export async function runNode(peer: Peer, signal: AbortSignal): Promise<void> {
  await peer.call({ method: 'POST', path: '/api/v1/nodes', body: { metadata: { name: NODE, labels: { 'kubernetes.io/hostname': NODE } } } });
  let beatAt = 0;
  while (!signal.aborted) {
    if (Date.now() - beatAt > HEARTBEAT_MS) {
      await beat(peer);
      beatAt = Date.now();
    }
    for (const pod of await listOf<RunningPod>(peer, `/api/v1/namespaces/${NAMESPACE}/pods`)) await step(peer, pod);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function beat(peer: Peer): Promise<void> {
  const lease = {
    metadata: { name: NODE },
    spec: { holderIdentity: NODE, leaseDurationSeconds: 40, renewTime: new Date().toISOString().replace('Z', '000Z') },
  };
  const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
  const renewed = await peer.call({ method: 'PATCH', path: `${leases}/${NODE}`, headers: MERGE, body: { spec: lease.spec } });
  if (renewed.status === 404) await peer.call({ method: 'POST', path: leases, body: lease });
  const ready = { type: 'Ready', status: 'True', reason: 'KubeletReady', message: '', lastHeartbeatTime: now(), lastTransitionTime: now() };
  await peer.call({ method: 'PATCH', path: `/api/v1/nodes/${NODE}/status`, headers: MERGE, body: { status: { conditions: [ready] } } });
}

async function step(peer: Peer, pod: RunningPod): Promise<void> {
  const { name, deletionTimestamp } = pod.metadata;
  const path = `/api/v1/namespaces/${NAMESPACE}/pods/${name}`;
  const { phase = 'Pending' } = pod.status;
  const report = (status: object) => peer.call({ method: 'PATCH', path: `${path}/status`, headers: MERGE, body: { status } });
  const ended = phase === 'Failed' || phase === 'Succeeded';
  if (deletionTimestamp !== undefined) {
    if (!ended && pod.spec.nodeName !== undefined) await report(endOf(pod, 137));
    else await peer.call({ method: 'DELETE', path, body: { kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds: 0 } });
  } else if (pod.spec.nodeName === undefined) {
    const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name }, target: { kind: 'Node', name: NODE } };
    await peer.call({ method: 'POST', path: `${path}/binding`, body: binding });
  } else if (phase === 'Pending') {
    const ready = pod.spec.containers[0]?.args?.includes('unready') ? 'False' : 'True';
    const ip = `10.1.${Math.floor(addresses / 200)}.${(addresses++ % 200) + 1}`;
    const conditions = [{ type: 'Ready', status: ready, lastTransitionTime: now() }];
    await report({ phase: 'Running', startTime: now(), podIP: ip, podIPs: [{ ip }], conditions });
  } else if (!ended) {
    const code = exitCodeOf(pod);
    if (code !== undefined && Date.now() - Date.parse(pod.status.startTime ?? '') > RUN_MS) await report(endOf(pod, code));
  }
}

function endOf(pod: RunningPod, exitCode: number): object {
  const terminated = { exitCode, startedAt: pod.status.startTime ?? now(), finishedAt: now() };
  return {
    phase: exitCode === 0 ? 'Succeeded' : 'Failed',
    conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: now() }],
    containerStatuses: pod.spec.containers.map(({ name }) => ({ name, image: '', imageID: '', ready: false, restartCount: 0, state: { terminated } })),
  };
}

/** The first container's arguments say how a pod ends: '0', or '1=3' for the pod of index 1 alone; without them it runs on, and is not ready with 'unready'. */
function exitCodeOf({ metadata, spec }: RunningPod): number | undefined {
  const args = spec.containers[0]?.args ?? [];
  const own = args.find((arg) => arg.startsWith(`${metadata.annotations?.[INDEX]}=`))?.split('=')[1] ?? args.find((arg) => /^\d+$/.test(arg));
  return own === undefined ? undefined : Number(own);
}
