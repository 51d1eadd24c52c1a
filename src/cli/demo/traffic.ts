/**
 * One run of the traffic experiment, through kubectl and with the article's manifests: an app of which each pod serves ten requests a second,
 * users who would like more, an autoscaler that reads the requests from Prometheus, and nodes that take their time to boot.
 */
import { join } from 'node:path';
import { configMaps, deployments, nodes, pods, services } from '../../kube/resources.ts';
import { isPodReady } from '../../kube/pods.ts';
import { isNotFound } from '../../kube/status.ts';
import type { Pod } from '../../kube/types.ts';
import { capacityBuffers } from '../../scaling/index.ts';
import { packageRoot } from '../package-root.ts';
import { startLoad } from './background-load.ts';
import type { DemoCluster } from './cluster.ts';
import type { Run, Sample } from './traffic-series.ts';

export type Headroom = 'none' | 'placeholder' | { bufferNodes: number };

export interface TrafficOptions {
  title: string;
  headroom: Headroom;
  users: number;
  /** Users that come a second. */
  spawnRate: number;
  /** Pods at which the experiment is over. */
  most: number;
  /** The longest it may take, and how long to go on when it is over. */
  limitSeconds: number;
  tailSeconds: number;
  /** Called when all pods are there. */
  reached(): void;
  /** Whether the runs it is compared with have reached that too: all go on until then. */
  isOver(): boolean;
  say(line: string): void;
}

const EXAMPLES = join(packageRoot, 'examples/traffic');
const PODS_A_NODE = 4;
/** Each on a connection of its own, so that users find new pods. */
const REQUESTS_A_CONNECTION = 1;
const TIMEOUT_MS = 120_000;
const SAMPLE_MS = 500;
/** The app serves in bursts at the beginning of each second. */
const SMOOTH_SECONDS = 5;

const isApp = (pod: Pod): boolean => pod.metadata.labels?.app === 'podinfo' && !pod.metadata.deletionTimestamp;

export async function runTraffic(cluster: DemoCluster, options: TrafficOptions): Promise<Run> {
  const { ctx, kubectl, until } = cluster;
  const { say } = options;
  const [podInformer, nodeInformer, deploymentInformer] = [ctx.informer(pods), ctx.informer(nodes), ctx.informer(deployments)];
  await Promise.all([podInformer.synced(), nodeInformer.synced(), deploymentInformer.synced()]);
  const readyApp = (): number => podInformer.list().filter((pod) => isApp(pod) && isPodReady(pod)).length;
  const available = (name: string): boolean => (deploymentInformer.get({ namespace: 'default', name })?.status?.availableReplicas ?? 0) > 0;
  await kubectl('apply', '-f', join(EXAMPLES, 'rate-limiter.yaml'), '-f', join(EXAMPLES, 'scaled-object.yaml'));
  await until('four pods and Prometheus Ready', [podInformer, deploymentInformer], () => readyApp() === 4 && available('prometheus-server'));
  await makeRoom(cluster, options.headroom);

  const service = await ctx.client.get(services, { namespace: 'default', name: 'podinfo' });
  const load = await startLoad({
    url: `http://${service.spec?.clusterIP}/`,
    profile: { loop: 'closed', users: options.users, spawnRate: options.spawnRate, waitMs: { min: 0, max: 0 } },
    requestsPerConnection: REQUESTS_A_CONNECTION,
    timeoutMs: TIMEOUT_MS,
    durationMs: options.limitSeconds * 1000,
  });
  const samples: Sample[] = [];
  const startedAt = performance.now();
  const elapsed = (): number => (performance.now() - startedAt) / 1000;
  let paid = nodeInformer.list().length;
  const sample = async (): Promise<void> => {
    paid = (await nodesPaid(cluster)) ?? paid;
    const before = samples.at(-1);
    const requestsPerSecond = load.requestsPerSecond(SMOOTH_SECONDS);
    const wanted = deploymentInformer.get({ namespace: 'default', name: 'podinfo' })?.spec?.replicas ?? 0;
    const ready = readyApp();
    samples.push({ atSeconds: elapsed(), wanted, ready, nodes: paid, requestsPerSecond, users: load.users() });
    if (before !== undefined && before.wanted !== wanted)
      say(`  ${wanted} pods are wanted, ${ready} serve ${Math.round(requestsPerSecond)} requests a second; ${paid} nodes`);
  };
  let overAt: number | undefined;
  let reached = false;
  while (elapsed() < options.limitSeconds && (overAt === undefined || elapsed() < overAt + options.tailSeconds)) {
    await sample();
    if (!reached && readyApp() >= options.most) {
      reached = true;
      say(`  all ${options.most} pods serve after ${Math.round(elapsed())} s`);
      options.reached();
    }
    if (options.isOver()) overAt ??= elapsed();
    await ctx.clock.sleep(SAMPLE_MS);
  }
  if (!reached) say(`  ${readyApp()} pods after ${Math.round(elapsed())} s: time is over`);
  const { requests, latencyMs } = await load.stop();
  return { title: options.title, samples, requests: { answered: requests.answered, failed: requests.failed, p50Ms: latencyMs.p50, p99Ms: latencyMs.p99 } };
}

/** Headroom is there before the first user. */
async function makeRoom({ ctx, kubectl, until }: DemoCluster, headroom: Headroom): Promise<void> {
  if (headroom === 'none') return;
  if (headroom === 'placeholder') {
    const podInformer = ctx.informer(pods);
    await kubectl('apply', '-f', join(EXAMPLES, 'placeholder.yaml'));
    await until('the placeholder Running', [podInformer], () =>
      podInformer.list().some((pod) => pod.metadata.labels?.run === 'overprovisioning' && isPodReady(pod)),
    );
    return;
  }
  await kubectl('apply', '-f', join(EXAMPLES, 'buffer.yaml'));
  const replicas = headroom.bufferNodes * PODS_A_NODE;
  await kubectl('patch', 'capacitybuffer', 'podinfo', '--type=merge', '-p', JSON.stringify({ spec: { replicas } }));
  for (;;) {
    const { status } = await ctx.client.get(capacityBuffers, { namespace: 'default', name: 'podinfo' });
    if (status?.replicas === replicas && status.readyReplicas === replicas) return;
    await ctx.clock.sleep(SAMPLE_MS);
  }
}

/** Running or booting, as the autoscaler says; undefined while it says nothing. */
async function nodesPaid({ ctx }: DemoCluster): Promise<number | undefined> {
  try {
    const { data } = await ctx.client.get(configMaps, { namespace: 'kube-system', name: 'cluster-autoscaler-status' });
    const sizes = [...(data?.['status'] ?? '').matchAll(/cloudProviderTarget: (\d+)/g)].map(([, size]) => Number(size));
    return sizes.length === 0 ? undefined : sizes.reduce((sum, size) => sum + size, 0);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
