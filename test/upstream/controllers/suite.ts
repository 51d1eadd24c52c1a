/** The same workloads before upstream's controllers and ours, each before its own API server; then both clusters are compared. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { realClock as clock } from '../../../src/runtime/clock.ts';
import { differingLines } from '../differential/compare.ts';
import { startArgosy, startUpstream, type Call, type Peer } from '../peer.ts';
import type { Suite } from '../suite.ts';
import { listOf, NAMESPACE, runNode } from './nodes.ts';
import { pictureOf } from './picture.ts';
import { runOurControllers, startTheirControllers } from './start.ts';
import { BEGINNING, CHANGES, LAST_CHANGES, POD_CHANGES } from './scenarios.ts';

/** Those whose work is compared, and those without which it does not go on. */
const CONTROLLERS = [
  ...['job', 'cronjob', 'replicationcontroller', 'replicaset', 'deployment', 'statefulset', 'daemonset', 'disruption', 'resourcequota'],
  ...['namespace', 'serviceaccount', 'garbage-collector', 'node-lifecycle', 'pod-garbage-collector', 'endpointslice', 'endpointslice-mirroring'],
].map((name) => `${name}-controller`);

/** Time for retries, and for a cron job's second minute. */
const REST_MS = { beginning: 20_000, changes: 110_000, last: 8_000 };

export const controllers: Suite = {
  name: 'controllers',
  title: "The same workloads before kube-controller-manager and Argosy's controllers",
  tools: ['etcd', 'kube-apiserver', 'kube-controller-manager'],
  async run({ dir, filter, log: say }) {
    const [upstream, argosy] = await Promise.all([startUpstream(join(dir, 'upstream')), startArgosy(join(dir, 'argosy'))]);
    const peers = [upstream, argosy];
    const abort = new AbortController();
    const running: Promise<unknown>[] = [];
    try {
      await startTheirControllers(upstream, CONTROLLERS);
      running.push(runOurControllers(argosy, abort.signal));
      await each(peers, { method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name: NAMESPACE } } });
      running.push(...peers.map((peer) => runNode(peer, abort.signal)));
      await until(peers, async (peer) => (await peer.call({ path: `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/default` })).status === 200);
      for (const call of BEGINNING) await each(peers, call);
      say('the beginning is asked for');
      await clock.sleep(REST_MS.beginning);
      for (const call of CHANGES) await each(peers, call);
      for (const { selector, change } of POD_CHANGES) for (const peer of peers) await changePod(peer, selector, change);
      say('changes are asked for');
      await clock.sleep(REST_MS.changes);
      for (const call of LAST_CHANGES) await each(peers, call);
      await clock.sleep(REST_MS.last);
      return compare(await pictureOf(upstream), await pictureOf(argosy), filter, say);
    } finally {
      abort.abort();
      await Promise.allSettled(running);
      await Promise.all(peers.map((peer) => peer.stop()));
      await rm(dir, { recursive: true, force: true });
    }
  },
};

export async function each(peers: readonly Peer[], call: Call): Promise<void> {
  for (const { status, body } of await Promise.all(peers.map((peer) => peer.call(call))))
    if (status >= 300) throw new Error(`${call.method} ${call.path}: ${status} ${body}`);
}

async function until(peers: readonly Peer[], holds: (peer: Peer) => Promise<boolean>): Promise<void> {
  for (const peer of peers) while (!(await holds(peer))) await clock.sleep(100);
}

async function changePod(peer: Peer, selector: string, change: 'delete' | 'strip'): Promise<void> {
  const pods = `/api/v1/namespaces/${NAMESPACE}/pods`;
  const [pod] = await listOf<{ metadata: { name: string; labels: Record<string, string> } }>(peer, `${pods}?labelSelector=${selector}`);
  if (pod === undefined) throw new Error(`${peer.name}: no pod has ${selector}`);
  const path = `${pods}/${pod.metadata.name}`;
  const labels = Object.fromEntries(Object.keys(pod.metadata.labels).map((name) => [name, null]));
  const headers = { 'content-type': 'application/merge-patch+json' };
  await each([peer], change === 'delete' ? { method: 'DELETE', path } : { method: 'PATCH', path, headers, body: { metadata: { labels } } });
}

export function compare(theirs: ReadonlyMap<string, string>, ours: ReadonlyMap<string, string>, filter: string, say: (text: string) => void) {
  const keys = [...new Set([...theirs.keys(), ...ours.keys()])].filter((key) => key.includes(filter)).toSorted();
  const different = keys.filter((key) => theirs.get(key) !== ours.get(key));
  for (const name of different) say(`${name}\n${differingLines({ name, request: '', upstream: theirs.get(name) ?? '', argosy: ours.get(name) ?? '' })}`);
  return {
    summary: `${keys.length} pictures of objects, their pods and events: ${keys.length - different.length} equal, ${different.length} differ`,
    details: different.map((key) => `- ${key}`),
    failed: different.length,
  };
}
