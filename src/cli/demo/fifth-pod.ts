/**
 * One run of the capacity experiment, through kubectl: four podinfo pods fill a node; a fifth is asked for;
 * how long until it serves, with or without a placeholder that holds a second node.
 */
import { join } from 'node:path';
import { nodes, pods, services } from '../../kube/resources.ts';
import { isPodReady } from '../../kube/pods.ts';
import type { Node, Pod } from '../../kube/types.ts';
import { packageRoot } from '../package-root.ts';
import { startLoad } from './background-load.ts';
import type { DemoCluster } from './cluster.ts';
import type { Run, Sample } from './fifth-pod-series.ts';

export interface ExperimentOptions {
  title: string;
  withPlaceholder: boolean;
  ratePerSecond: number;
  /** How long to go on measuring after the fifth pod is Ready, or until the placeholder is back. */
  tailSeconds: number;
  /** One line of progress. */
  say(line: string): void;
}

const EXAMPLES = join(packageRoot, 'examples/capacity');
const TIMEOUT_MS = 5000;
const LONGEST_MS = 3_600_000;

const isApp = (pod: Pod): boolean => pod.metadata.labels?.app === 'podinfo' && !pod.metadata.deletionTimestamp;
const isPlaceholder = (pod: Pod): boolean => pod.metadata.labels?.run === 'overprovisioning' && !pod.metadata.deletionTimestamp;
const isNodeReady = (node: Node): boolean => node.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false;

export async function runExperiment({ ctx, kubectl, until }: DemoCluster, options: ExperimentOptions): Promise<Run> {
  const { say } = options;
  const podInformer = ctx.informer(pods);
  const nodeInformer = ctx.informer(nodes);
  await Promise.all([podInformer.synced(), nodeInformer.synced()]);
  const readyApp = (): Pod[] => podInformer.list().filter((pod) => isApp(pod) && isPodReady(pod));
  const readyPlaceholders = (): Pod[] => podInformer.list().filter((pod) => isPlaceholder(pod) && isPodReady(pod));
  const wait = (what: string, holds: () => boolean): Promise<void> => until(what, [podInformer, nodeInformer], holds);

  await kubectl('apply', '-f', join(EXAMPLES, 'podinfo-0.8G.yaml'));
  await wait('four podinfo pods Ready', () => readyApp().length === 4);
  say(`  four podinfo pods run on ${new Set(readyApp().map((pod) => pod.spec?.nodeName)).size} node`);
  if (options.withPlaceholder) {
    await kubectl('apply', '-f', join(EXAMPLES, 'placeholder.yaml'));
    say('  the placeholder is Pending; the autoscaler boots a node for it');
    await wait('the placeholder Running', () => readyPlaceholders().length === 1);
    say(`  the placeholder holds node ${readyPlaceholders()[0]?.spec?.nodeName}`);
  }

  const service = await ctx.client.get(services, { namespace: 'default', name: 'podinfo' });
  // On a connection of its own each request is balanced by the service.
  const load = await startLoad({
    url: `http://${service.spec?.clusterIP}/`,
    profile: { loop: 'open', steps: [{ from: options.ratePerSecond, to: options.ratePerSecond, ms: LONGEST_MS }], connections: 1000 },
    requestsPerConnection: 1,
    timeoutMs: TIMEOUT_MS,
    durationMs: LONGEST_MS,
  });
  const before = new Set(
    podInformer
      .list()
      .filter(isApp)
      .map((pod) => pod.metadata.name),
  );
  const samples: Sample[] = [];
  const startedAt = performance.now();
  const elapsed = (): number => (performance.now() - startedAt) / 1000;
  const sample = (): void => {
    samples.push({
      atSeconds: elapsed(),
      ready: readyApp().length,
      nodes: nodeInformer.list().filter(isNodeReady).length,
      placeholders: readyPlaceholders().length,
      requestsPerSecond: load.requestsPerSecond(1),
    });
  };
  const sampler = setInterval(sample, 250);
  let stopped = false;
  try {
    sample();
    await kubectl('scale', 'deployment/podinfo', '--replicas=5');
    const fifth = (): Pod | undefined => podInformer.list().find((pod) => isApp(pod) && !before.has(pod.metadata.name));
    await wait('the fifth pod Running', () => fifth()?.status?.phase === 'Running');
    const fifthRunningSeconds = elapsed();
    await wait('the fifth pod Ready', () => readyApp().length === 5);
    const fifthReadySeconds = elapsed();
    const fifthNode = fifth()?.spec?.nodeName ?? '';
    sample();
    say(`  the fifth pod is Ready on ${fifthNode} after ${fifthReadySeconds.toFixed(2)} s`);
    if (options.withPlaceholder) {
      say('  the placeholder gave way and is Pending again; the autoscaler boots the next spare node');
      await wait('the placeholder Running again', () => readyPlaceholders().length === 1);
      say(`  the placeholder holds node ${readyPlaceholders()[0]?.spec?.nodeName} after ${elapsed().toFixed(1)} s`);
    }
    await ctx.clock.sleep(options.tailSeconds * 1000);
    sample();
    stopped = true;
    const { requests, latencyMs } = await load.stop();
    const { sent, failed } = requests;
    return {
      title: options.title,
      fifthRunningSeconds,
      fifthReadySeconds,
      fifthNode,
      samples,
      requests: { sent, failed, p50Ms: latencyMs.p50, p99Ms: latencyMs.p99 },
    };
  } finally {
    clearInterval(sampler);
    if (!stopped) await load.stop();
  }
}
