/** For tests of capacity: the real API, workload controllers, scheduler, autoscaler and simulated cloud under a virtual clock. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { customResourceController } from '../../src/apiserver/crd/controller.ts';
import { servedKinds } from '../../src/cli/cluster/stored-kinds.ts';
import { nodeResources } from '../../src/cloud/allocatable.ts';
import { instanceType } from '../../src/cloud/catalogue/index.ts';
import { localCloud, type LocalCloud, type LocalCloudOptions } from '../../src/cloud/local/index.ts';
import type { NodePool } from '../../src/cloud/provider.ts';
import { isPodReady } from '../../src/kube/pods.ts';
import { formatBytes, formatMillis } from '../../src/kube/quantity.ts';
import { customResourceDefinitions, deployments, events, nodes, pods, priorityClasses } from '../../src/kube/resources.ts';
import type { CustomResourceDefinition, Deployment, KubeObject, Pod, PriorityClass } from '../../src/kube/types.ts';
import { capacityBufferController, clusterAutoscaler, type AutoscalerOptions } from '../../src/scaling/index.ts';
import { schedulerController } from '../../src/scheduler/index.ts';
import { World } from '../workloads/world.ts';

const BOOT_MS = 120_000;
const MANIFESTS = join(import.meta.dirname, '../../manifests');
const EXAMPLES = join(import.meta.dirname, '../../examples/capacity');

export interface StartOptions {
  max?: number;
  autoscaler?: Partial<AutoscalerOptions>;
  cloud?: Partial<Pick<LocalCloudOptions, 'failureRate' | 'bootDelayMs'>>;
  /** With the kind CapacityBuffer and its controller. */
  buffers?: boolean;
}

/** One pool of g6-standard-2 with one node. */
export async function start({ max = 3, autoscaler = {}, cloud: cloudOptions = {}, buffers = false }: StartOptions = {}): Promise<{
  world: World;
  cloud: LocalCloud;
}> {
  const type = instanceType('g6-standard-2');
  if (!type) throw new Error('the catalogue lost g6-standard-2');
  const pool: NodePool = { name: 'lke-pool', instanceType: type, min: 1, max };
  const { allocatable } = nodeResources(type);
  const resources = {
    cpu: formatMillis(allocatable.cpuMillis),
    memory: formatBytes(allocatable.memoryBytes),
    pods: String(allocatable.pods),
    'ephemeral-storage': formatBytes(allocatable.ephemeralStorageBytes),
  };
  let cloud: LocalCloud | undefined;
  const world = await World.start({
    controllers(ctx, self) {
      cloud = localCloud({
        pools: [pool],
        bootDelayMs: BOOT_MS,
        clock: ctx.clock,
        random: ctx.random,
        ...cloudOptions,
        onBoot: ({ nodeName }) => void self.addNode(nodeName, resources),
        onRemove: () => {},
      });
      const controllers = [schedulerController(ctx), clusterAutoscaler(ctx, cloud, autoscaler)];
      if (buffers) controllers.push(customResourceController(ctx, self.engine), capacityBufferController(ctx, servedKinds(self.engine)));
      return controllers;
    },
  });
  if (!cloud) throw new Error('the world made no cloud');
  if (buffers) {
    const definition = parse(readFileSync(join(MANIFESTS, 'kinds/capacitybuffers.autoscaling.x-k8s.io.yaml'), 'utf8')) as CustomResourceDefinition;
    await world.create(customResourceDefinitions, definition);
  }
  cloud.start();
  await world.until('the first node', async () => (await world.list(nodes)).length === 1 || cloudOptions.failureRate === 1);
  return { world, cloud };
}

/** Objects of a file under examples/capacity. */
export async function apply(world: World, file: string): Promise<void> {
  for (const document of parseAllDocuments(readFileSync(join(EXAMPLES, file), 'utf8'))) {
    const object = document.toJS() as KubeObject;
    if (object.kind === 'Deployment') await world.create(deployments, { ...object, metadata: { ...object.metadata, namespace: 'default' } } as Deployment);
    if (object.kind === 'PriorityClass') await world.create(priorityClasses, object as PriorityClass);
  }
}

export const scale = (world: World, name: string, replicas: number): Promise<unknown> =>
  world.client.patch(deployments, { namespace: 'default', name }, { spec: { replicas } }, { type: 'merge' });
export const live = async (world: World, name: string): Promise<Pod[]> =>
  (await world.list(pods)).filter((pod) => pod.metadata.name?.startsWith(name) && !pod.metadata.deletionTimestamp);
export const ready = async (world: World, name: string): Promise<Pod[]> => (await live(world, name)).filter(isPodReady);
export const eventTexts = async (world: World, reason: string, namespace = 'default'): Promise<string[]> =>
  (await world.list(events, namespace)).filter((event) => event.reason === reason).map((event) => event.message ?? '');
