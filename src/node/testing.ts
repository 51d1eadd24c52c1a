/** For tests: a node agent on an in-process API, with containers on this machine's own network. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inProcessClient } from '../apiserver/client.ts';
import { createEngine } from '../apiserver/create-engine.ts';
import { namespaces, nodes, pods, serviceAccounts } from '../kube/resources.ts';
import type { Container, Pod, PodSpec } from '../kube/types.ts';
import type { Client } from '../runtime/client.ts';
import { realClock } from '../runtime/clock.ts';
import { controllerContext, runControllers } from '../runtime/context.ts';
import { silentLogger, type Logger } from '../runtime/log.ts';
import { realRandom } from '../runtime/random.ts';
import { startNodeAgent, type NodeAgent } from './agent/agent.ts';
import { openImageStore } from './images/store.ts';
import { removeCgroup } from './oci/cgroups.ts';
import type { PodNetwork } from './ports.ts';

/** Why tests with containers cannot run here, or undefined when they can. */
export function whyNot(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs Linux and root';
  for (const program of ['runc', 'conmon']) {
    try {
      execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
    } catch {
      return `needs ${program}`;
    }
  }
  return undefined;
}

/** Pods share the machine's network: a test that listens chooses a free port. */
const machineNetwork: PodNetwork = {
  attach: () => Promise.resolve({ path: `/proc/${process.pid}/ns/net`, ip: '127.0.0.1' }),
  detach: () => Promise.resolve(),
  dns: { nameserver: '127.0.0.1', searches: (namespace) => [`${namespace}.svc.cluster.local`, 'svc.cluster.local', 'cluster.local'] },
};

const AMOUNTS = { cpuMillis: 2000, memoryBytes: 4 << 30, pods: 110, ephemeralStorageBytes: 10 << 30 };
const HOST_IMAGES = join(import.meta.dirname, '../../images');

export class TestNode {
  readonly client: Client;
  readonly dir: string;
  readonly cgroupParent: string;
  agent: NodeAgent;
  readonly #running = new AbortController();
  readonly #ended: Promise<void>;
  readonly #close: () => Promise<void>;
  readonly #startAgent: () => NodeAgent;

  private constructor(client: Client, close: () => Promise<void>, log: Logger) {
    this.client = client;
    this.#close = close;
    this.dir = mkdtempSync(join(tmpdir(), 'argosy-node-'));
    this.cgroupParent = `/argosy/test-${process.pid}-${this.dir.slice(-6)}`;
    const ctx = controllerContext({ client, clock: realClock, random: realRandom, log });
    const images = openImageStore({ dir: join(this.dir, 'images'), hostImagesDir: HOST_IMAGES, imagePolicy: 'host' });
    this.#startAgent = () =>
      startNodeAgent({
        nodeName: 'node-1',
        ctx,
        network: machineNetwork,
        images,
        dir: join(this.dir, 'node'),
        cgroupParent: this.cgroupParent,
        resources: { capacity: AMOUNTS, allocatable: AMOUNTS },
        addresses: [
          { type: 'InternalIP', address: '127.0.0.1' },
          { type: 'Hostname', address: 'node-1' },
        ],
      });
    this.agent = this.#startAgent();
    this.#ended = runControllers(ctx, [], this.#running.signal);
  }

  static async start(log: Logger = silentLogger): Promise<TestNode> {
    const engine = await createEngine({ clock: realClock, random: realRandom, log, serviceCidr: '10.200.0.0/24' });
    const client = inProcessClient(engine, { name: 'test', groups: ['system:masters'] });
    for (const name of ['default', 'kube-node-lease']) {
      await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }).catch(() => undefined);
    }
    await client
      .create(serviceAccounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'default' } })
      .catch(() => undefined);
    const node = new TestNode(client, () => engine.close(), log);
    await node.agent.ready;
    await node.client.get(nodes, { name: 'node-1' });
    return node;
  }

  /** As after `kill -9`: the containers go on, a new agent finds them. */
  async restart(): Promise<void> {
    await this.agent.stop({ keepPods: true });
    this.agent = this.#startAgent();
    await this.agent.ready;
  }

  async stop(): Promise<void> {
    await this.agent.remove();
    this.#running.abort();
    await this.#ended;
    await this.#close();
    rmSync(this.dir, { recursive: true, force: true });
    removeCgroup(this.cgroupParent);
  }

  /** A pod bound to the node. */
  run(name: string, container: Partial<Container>, spec: Partial<PodSpec> = {}): Promise<Pod> {
    return this.client.create(pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default', labels: { app: name } },
      spec: {
        nodeName: 'node-1',
        automountServiceAccountToken: false,
        terminationGracePeriodSeconds: 2,
        ...spec,
        containers: [{ name: 'main', image: 'busybox', ...container }],
      },
    });
  }

  /** A pod that runs a shell script once. */
  script(name: string, script: string, container: Partial<Container> = {}, spec: Partial<PodSpec> = {}): Promise<Pod> {
    return this.run(name, { command: ['sh', '-c', script], ...container }, { restartPolicy: 'Never', ...spec });
  }

  get(name: string): Promise<Pod> {
    return this.client.get(pods, { namespace: 'default', name });
  }

  /** Resolves with the pod once it is as wanted; rejects after `timeoutMs` with its status. */
  async until(name: string, wanted: (pod: Pod) => boolean, timeoutMs = 15_000): Promise<Pod> {
    const stop = AbortSignal.timeout(timeoutMs);
    for await (const event of this.client.watch(pods, { namespace: 'default', fieldSelector: `metadata.name=${name}`, signal: stop })) {
      if (event.type !== 'BOOKMARK' && event.type !== 'DELETED' && wanted(event.object)) return event.object;
    }
    throw new Error(`the pod did not become as wanted: ${JSON.stringify((await this.get(name)).status, null, 1)}`);
  }

  async logs(name: string, options: { previous?: boolean; tailLines?: number; follow?: boolean; container?: string } = {}): Promise<string> {
    const { uid = '' } = (await this.get(name)).metadata;
    const stream = await this.agent.kubelet.logs({ namespace: 'default', name, uid }, options, new AbortController().signal);
    let text = '';
    for await (const chunk of stream) text += String(chunk);
    return text;
  }
}

export const phaseIs =
  (phase: string) =>
  (pod: Pod): boolean =>
    pod.status?.phase === phase;
