/**
 * One run of the capacity experiment, through kubectl: four podinfo pods fill a node; a fifth is asked for;
 * how long until it serves, with or without a placeholder that holds a second node.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { nodes, pods, services } from '../../kube/resources.ts';
import { isPodReady } from '../../kube/pods.ts';
import type { Node, Pod } from '../../kube/types.ts';
import type { ControllerContext } from '../../runtime/controller.ts';
import type { Informer } from '../../runtime/informer.ts';
import { startLoad, type LoadResult } from './load.ts';
import type { Run, Sample } from './series.ts';

const run = promisify(execFile);

export interface ExperimentOptions {
  title: string;
  kubectl: string;
  kubeconfig: string;
  /** Informers on the cluster; already running. */
  ctx: ControllerContext;
  examplesDir: string;
  withPlaceholder: boolean;
  ratePerSecond: number;
  /** How long to go on measuring after the fifth pod is Ready, or until the placeholder is back. */
  tailSeconds: number;
  timeoutSeconds: number;
  /** One line of progress. */
  say(line: string): void;
}

/** Resolves when `holds` is true, looking again on every change of the informers. */
async function until(
  what: string,
  informers: readonly { onChange: Informer<Pod>['onChange'] | Informer<Node>['onChange'] }[],
  holds: () => boolean,
  timeoutSeconds: number,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new Error(`${what}: not within ${timeoutSeconds} s`)), timeoutSeconds * 1000);
  const look = (): void => {
    if (holds()) resolve();
  };
  const stops = informers.map((informer) => informer.onChange({ upsert: look, delete: look }));
  look();
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    for (const stop of stops) stop();
  }
}

const isApp = (pod: Pod): boolean => pod.metadata.labels?.app === 'podinfo' && !pod.metadata.deletionTimestamp;
const isPlaceholder = (pod: Pod): boolean => pod.metadata.labels?.run === 'overprovisioning' && !pod.metadata.deletionTimestamp;
const isNodeReady = (node: Node): boolean => node.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false;

export async function runExperiment(options: ExperimentOptions): Promise<Run> {
  const { ctx, say } = options;
  const podInformer = ctx.informer(pods);
  const nodeInformer = ctx.informer(nodes);
  await Promise.all([podInformer.synced(), nodeInformer.synced()]);
  const readyApp = (): Pod[] => podInformer.list().filter((pod) => isApp(pod) && isPodReady(pod));
  const readyPlaceholders = (): Pod[] => podInformer.list().filter((pod) => isPlaceholder(pod) && isPodReady(pod));
  const kubectl = async (...args: string[]): Promise<void> => {
    say(`$ kubectl ${args.map((arg) => arg.replace(`${options.examplesDir}/`, 'examples/capacity/')).join(' ')}`);
    await run(options.kubectl, ['--kubeconfig', options.kubeconfig, ...args]);
  };
  const wait = (what: string, holds: () => boolean): Promise<void> => until(what, [podInformer, nodeInformer], holds, options.timeoutSeconds);

  await kubectl('apply', '-f', `${options.examplesDir}/podinfo-0.8G.yaml`);
  await wait('four podinfo pods Ready', () => readyApp().length === 4);
  say(`  four podinfo pods run on ${new Set(readyApp().map((pod) => pod.spec?.nodeName)).size} node`);
  if (options.withPlaceholder) {
    await kubectl('apply', '-f', `${options.examplesDir}/placeholder.yaml`);
    say('  the placeholder is Pending; the autoscaler boots a node for it');
    await wait('the placeholder Running', () => readyPlaceholders().length === 1);
    say(`  the placeholder holds node ${readyPlaceholders()[0]?.spec?.nodeName}`);
  }

  const service = await ctx.client.get(services, { namespace: 'default', name: 'podinfo' });
  const load = startLoad(`http://${service.spec?.clusterIP}/`, options.ratePerSecond);
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
      requestsPerSecond: load.requestsPerSecond(),
    });
  };
  const sampler = setInterval(sample, 250);
  let result: LoadResult | undefined;
  try {
    sample();
    await kubectl('scale', 'deployment/podinfo', '--replicas=5');
    const fifth = (): Pod | undefined => podInformer.list().find((pod) => isApp(pod) && !before.has(pod.metadata.name));
    let fifthRunningSeconds = 0;
    await wait('the fifth pod Running', () => fifth()?.status?.phase === 'Running');
    fifthRunningSeconds = elapsed();
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
    result = await load.stop();
    return { title: options.title, fifthRunningSeconds, fifthReadySeconds, fifthNode, samples, requests: result };
  } finally {
    clearInterval(sampler);
    if (!result) await load.stop();
  }
}
