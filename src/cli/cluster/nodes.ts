/** The node agents of a cluster: one for each instance of the cloud that runs. */
import { join } from 'node:path';
import type { ApiEngine } from '../../apiserver/index.ts';
import { nodeResources } from '../../cloud/allocatable.ts';
import type { Instance, NodePool } from '../../cloud/provider.ts';
import { nodes } from '../../kube/resources.ts';
import { isNotFound } from '../../kube/status.ts';
import { nodeAddress, type ClusterAddresses } from '../../network/index.ts';
import { startNodeAgent, type ImageStore, type NodeAgent } from '../../node/index.ts';
import type { PodNetwork } from '../../node/ports.ts';
import type { ControllerContext } from '../../runtime/controller.ts';
import type { KubeletOf } from '../../runtime/kubelet.ts';
import { NODE_GROUP_LABEL } from '../../scaling/autoscaler/template.ts';
import { actingAs, CLOUD_CONTROLLER, nodeIdentity } from './identities.ts';

export interface NodesOptions {
  clusterName: string;
  engine: ApiEngine;
  /** Its informers are shared by all agents. */
  base: ControllerContext;
  addresses: ClusterAddresses;
  network: PodNetwork;
  images: ImageStore;
  /** Each node has a directory in it. */
  dir: string;
}

export class Nodes {
  readonly #options: NodesOptions;
  readonly #agents = new Map<string, NodeAgent>();
  #stopping = false;
  readonly #hostIps = new Map<string, string>();

  constructor(options: NodesOptions) {
    this.#options = options;
  }

  readonly kubeletOf: KubeletOf = (nodeName) => this.#agents.get(nodeName)?.kubelet;

  /** Pods that are worked on. */
  get podCount(): number {
    return [...this.#agents.values()].reduce((sum, agent) => sum + agent.podCount, 0);
  }

  get names(): string[] {
    return [...this.#agents.keys()];
  }

  /** The API's nodes must be in view: they say which address a node had. */
  boot(instance: Instance, pool: NodePool): void {
    const { base, engine, network, images, dir, clusterName } = this.#options;
    const { nodeName } = instance;
    if (this.#stopping) return;
    const agent = startNodeAgent({
      nodeName,
      ctx: actingAs(nodeIdentity(nodeName), base, engine),
      network,
      images,
      dir: join(dir, nodeName),
      cgroupParent: `/argosy/${clusterName}`,
      resources: nodeResources(pool.instanceType),
      labels: { ...pool.labels, 'node.kubernetes.io/instance-type': pool.instanceType.name, [NODE_GROUP_LABEL]: pool.name },
      taints: pool.taints ?? [],
      addresses: [
        { type: 'InternalIP', address: this.#hostIp(nodeName) },
        { type: 'Hostname', address: nodeName },
      ],
      providerID: `argosy://${clusterName}/${nodeName}`,
    });
    this.#agents.set(nodeName, agent);
    agent.ready.then(
      () => base.log.info('a node is ready', { node: nodeName, type: pool.instanceType.name }),
      (error: unknown) => base.log.error('a node could not register', { node: nodeName, error: error instanceof Error ? error.stack : String(error) }),
    );
  }

  /** Ends the agent and its pods, and takes the Node out of the API, as a cloud's controller does for an instance that is gone. */
  async remove(nodeName: string): Promise<void> {
    const { base, engine } = this.#options;
    const agent = this.#agents.get(nodeName);
    this.#agents.delete(nodeName);
    await agent?.remove();
    this.#hostIps.delete(nodeName);
    const { client } = actingAs(CLOUD_CONTROLLER, base, engine);
    await client.delete(nodes, { name: nodeName }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
    base.log.info('a node is gone', { node: nodeName });
  }

  /** Stops all agents and the containers of their pods; the API keeps nodes and pods for the next start. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all([...this.#agents.values()].map((agent) => agent.stop({ keepPods: false })));
  }

  /** The address the node had, or the lowest that is free. The API remembers it. */
  #hostIp(nodeName: string): string {
    const known = this.#options.base.informer(nodes).list();
    const ipOf = (node: (typeof known)[number]): string | undefined => node.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address;
    const own = known.find((node) => node.metadata.name === nodeName);
    const taken = new Set([...this.#hostIps.values(), ...known.map(ipOf)]);
    let ip = own && ipOf(own);
    for (let index = 0; ip === undefined; index++) {
      const candidate = nodeAddress(this.#options.addresses, index);
      if (!taken.has(candidate)) ip = candidate;
    }
    this.#hostIps.set(nodeName, ip);
    return ip;
  }
}
