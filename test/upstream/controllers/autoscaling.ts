/** The same autoscalers before kube-controller-manager and ours, with the same numbers: custom resources play the APIs of metrics. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { builtinResources } from '../../../src/apiserver/resources/index.ts';
import type { Resource } from '../../../src/kube/resources.ts';
import { realClock as clock } from '../../../src/runtime/clock.ts';
import { controllerContext, runControllers } from '../../../src/runtime/context.ts';
import { httpClient } from '../../../src/runtime/http/client.ts';
import { loadKubeconfig } from '../../../src/runtime/http/kubeconfig.ts';
import { silentLogger as log } from '../../../src/runtime/log.ts';
import { realRandom as random } from '../../../src/runtime/random.ts';
import { horizontalPodAutoscaler, restMetrics } from '../../../src/scaling/index.ts';
import { storedResources, workloadControllers } from '../../../src/workloads/index.ts';
import { startArgosy, startUpstream, until, type Call, type Peer } from '../peer.ts';
import type { Suite } from '../suite.ts';
import { listOf, NAMESPACE, runNode } from './nodes.ts';
import { startTheirControllers } from './start.ts';
import { each, compare } from './suite.ts';
import { AUTOSCALERS, DEFINITIONS, EXTERNAL_VALUES, TARGETS, USE } from './autoscalers.ts';

const SYNC_MS = 3_000;
const STABILIZATION_MS = 6_000;
const REST_MS = 40_000;
const POLL_MS = 200;
const CONTROLLERS = [
  'horizontal-pod-autoscaler-controller',
  ...['replicaset', 'deployment', 'statefulset', 'serviceaccount'].map((name) => `${name}-controller`),
];
const FLAGS = [`--horizontal-pod-autoscaler-sync-period=${SYNC_MS}ms`, `--horizontal-pod-autoscaler-downscale-stabilization=${STABILIZATION_MS}ms`];
const USAGES = `/apis/metrics.k8s.io/v1beta1/namespaces/${NAMESPACE}/pods`;

export const autoscaling: Suite = {
  name: 'autoscaling',
  title: "The same HorizontalPodAutoscalers and metrics before kube-controller-manager and Argosy's controllers",
  tools: ['etcd', 'kube-apiserver', 'kube-controller-manager'],
  async run({ dir, filter, log: say }) {
    const [upstream, argosy] = await Promise.all([startUpstream(join(dir, 'upstream')), startArgosy(join(dir, 'argosy'))]);
    const peers = [upstream, argosy];
    const abort = new AbortController();
    const running: Promise<unknown>[] = [];
    try {
      await each(peers, { method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name: NAMESPACE } } });
      for (const body of DEFINITIONS) await each(peers, { method: 'POST', path: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', body });
      for (const peer of peers) for (const { path } of [...EXTERNAL_VALUES, { path: USAGES }]) await served(peer, path);
      for (const call of EXTERNAL_VALUES) await each(peers, call);
      // Discovery has the kinds before anyone asks.
      await startTheirControllers(upstream, CONTROLLERS, FLAGS);
      running.push(runOurs(argosy, abort.signal));
      running.push(...peers.flatMap((peer) => [runNode(peer, abort.signal), measure(peer, abort.signal)]));
      for (const peer of peers)
        await until(
          async () => (await peer.call({ path: `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/default` })).status === 200,
          () => `${peer.name}: no service account`,
        );
      for (const call of TARGETS) await each(peers, call);
      for (const peer of peers)
        await until(
          () => allMeasured(peer),
          () => `${peer.name}: not all pods were measured`,
        );
      for (const call of AUTOSCALERS) await each(peers, call);
      say('autoscalers are asked for');
      await clock.sleep(REST_MS);
      const [theirs, ours] = await Promise.all([pictureOf(upstream), pictureOf(argosy)]);
      return compare(theirs, ours, filter, say);
    } finally {
      abort.abort();
      await Promise.allSettled(running);
      await Promise.all(peers.map((peer) => peer.stop()));
      await rm(dir, { recursive: true, force: true });
    }
  },
};

async function served(peer: Peer, path: string): Promise<void> {
  await until(
    async () => (await peer.call({ path })).status === 200,
    () => `${peer.name}: ${path} is not served`,
  );
}

async function runOurs(peer: Peer, signal: AbortSignal): Promise<void> {
  const client = httpClient(await loadKubeconfig(peer.kubeconfig));
  const ctx = controllerContext({ client, clock, random, log });
  const resources = storedResources(builtinResources);
  const custom: Resource = { group: 'example.com', version: 'v1', kind: 'Worker', plural: 'workers', namespaced: true };
  const kinds = (group: string, kind: string): Resource[] => [...resources, custom].filter((each) => each.group === group && each.kind === kind);
  const metrics = restMetrics({ resources: client, adapters: client, kinds, clock });
  const options = { syncPeriodMs: SYNC_MS, downscaleStabilizationMs: STABILIZATION_MS };
  await runControllers(
    ctx,
    [...workloadControllers(ctx, { resources: () => resources, ca: 'CA' }), horizontalPodAutoscaler(ctx, { metrics, kinds }, options)],
    signal,
  );
  await client.close();
}

interface SeenPod {
  metadata: { name: string; labels?: Record<string, string> };
  status?: { phase?: string };
}

async function podsToMeasure(peer: Peer): Promise<SeenPod[]> {
  const pods = await listOf<SeenPod>(peer, `/api/v1/namespaces/${NAMESPACE}/pods`);
  return pods.filter(({ metadata, status }) => metadata.labels?.[USE] !== undefined && status?.phase === 'Running');
}

async function allMeasured(peer: Peer): Promise<boolean> {
  const all = await listOf<SeenPod>(peer, `/api/v1/namespaces/${NAMESPACE}/pods`);
  const [running, measured] = [await podsToMeasure(peer), await listOf<SeenPod>(peer, USAGES)];
  return (
    all.every(({ status }) => status?.phase === 'Running') &&
    all.length > 0 &&
    running.every((pod) => measured.some((one) => one.metadata.name === pod.metadata.name))
  );
}

/** A pod uses what its label says, for ever. */
async function measure(peer: Peer, signal: AbortSignal): Promise<void> {
  const known = new Set<string>();
  while (!signal.aborted) {
    const pods = await podsToMeasure(peer);
    for (const { metadata } of pods.filter((pod) => !known.has(pod.metadata.name))) {
      const { name, labels = {} } = metadata;
      known.add(name);
      const usage = { cpu: `${labels[USE]}m`, memory: `${labels[USE]}Ki` };
      // Far in the future: no start of a pod is later.
      const body = { metadata: { name, labels }, timestamp: '2100-01-01T00:00:00Z', window: '1s', containers: [{ name: 'c', usage }] };
      await peer.call({ method: 'POST', path: USAGES, body: { apiVersion: 'metrics.k8s.io/v1beta1', kind: 'PodMetrics', ...body } } satisfies Call);
    }
    for (const name of known) {
      if (pods.some(({ metadata }) => metadata.name === name)) continue;
      known.delete(name);
      await peer.call({ method: 'DELETE', path: `${USAGES}/${name}` });
    }
    await clock.sleep(POLL_MS, signal);
  }
}

interface SeenScaler {
  metadata: { name: string };
  status?: { conditions?: { type: string; status: string; reason: string; message: string }[]; [field: string]: unknown };
}

interface SeenEvent {
  type: string;
  reason: string;
  message: string;
  source: { component?: string };
  involvedObject: { kind: string; name: string };
}

/** The pair comes in any order from upstream, and names of pods end by chance. */
const inOrder = (text: string): string =>
  text.replace(/(Pod [a-z-]+)-[a-z0-9]{8,10}-[a-z0-9]{5}\b/g, '$1').replace(/\[(\S+) (\S+)\]/, (_, a: string, b: string) => `[${[a, b].toSorted().join(' ')}]`);

/** With members in order. Of no replicas upstream shows the smallest number there is as the average; ours is the value. */
function text(value: unknown): string {
  const ordered = (_: string, part: unknown): unknown =>
    typeof part !== 'object' || part === null || Array.isArray(part) ? part : Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return JSON.stringify(value, ordered).replace('"-9223372036854775808m"', '"0"');
}

/** By 'autoscaler NAME' and 'events of NAME': what the status and events say, without times. Events are a set: how often is chance. */
async function pictureOf(peer: Peer): Promise<Map<string, string>> {
  const picture = new Map<string, string>();
  for (const { metadata, status = {} } of await listOf<SeenScaler>(peer, `/apis/autoscaling/v2/namespaces/${NAMESPACE}/horizontalpodautoscalers`)) {
    const { conditions = [], lastScaleTime, ...rest } = status;
    const said = conditions.map(({ type, status: is, reason, message }) => inOrder(`${type}=${is} ${reason}: ${message}`));
    const fields = Object.entries(rest).toSorted(([a], [b]) => (a < b ? -1 : 1));
    picture.set(
      `autoscaler ${metadata.name}`,
      [...said, `scaled: ${lastScaleTime !== undefined}`, ...fields.map(([name, value]) => `${name}: ${text(value)}`)].join('\n'),
    );
  }
  const events = new Map<string, Set<string>>();
  for (const { type, reason, message, source, involvedObject } of await listOf<SeenEvent>(peer, `/api/v1/namespaces/${NAMESPACE}/events`)) {
    if (involvedObject.kind !== 'HorizontalPodAutoscaler' || message.startsWith('(combined')) continue;
    const key = `events of ${involvedObject.name}`;
    events.set(key, (events.get(key) ?? new Set()).add(inOrder(`${type} ${reason}: ${message} (${source.component})`)));
  }
  for (const [key, texts] of events) picture.set(key, [...texts].toSorted().join('\n'));
  return picture;
}
