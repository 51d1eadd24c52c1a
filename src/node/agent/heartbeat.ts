/** Registers the node and keeps saying that it is there: a lease every 10 s, its status when something changed or 5 minutes have passed. */
import { leases, nodes } from '../../kube/resources.ts';
import { isAlreadyExists, isNotFound } from '../../kube/status.ts';
import type { Lease, Node } from '../../kube/types.ts';
import type { Client } from '../../runtime/client.ts';
import { microTimestamp, type Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/log.ts';
import type { ImageStore } from '../images/image.ts';
import { newNode, nodeLabels, nodeStatus, type NodeDescription } from './node-object.ts';

const LEASE_NAMESPACE = 'kube-node-lease';
const LEASE_SECONDS = 40;
const BEAT_MS = 10_000;
const STATUS_MS = 300_000;
const RETRY_MS = 500;

export interface HeartbeatWorld {
  client: Client;
  clock: Clock;
  log: Logger;
  images: ImageStore;
}

/** Tries until it has registered or the signal aborts; answers the Node. */
export async function register(world: HeartbeatWorld, description: NodeDescription, signal: AbortSignal): Promise<Node | undefined> {
  const { client, clock, log, images } = world;
  const name = description.nodeName;
  while (!signal.aborted) {
    const wanted = newNode(description, images.list(), clock.now());
    try {
      const created = await client.create(nodes, wanted).catch((error: unknown) => {
        if (isAlreadyExists(error)) return undefined;
        throw error;
      });
      const node = created ?? (await client.get(nodes, { name }));
      if (created === undefined)
        await client.patch(
          nodes,
          { name },
          { metadata: { labels: nodeLabels(description) }, spec: description.providerID ? { providerID: description.providerID } : {} },
          { type: 'merge' },
        );
      const status = nodeStatus(description, node.status, images.list(), clock.now());
      // A create takes no status from a client.
      return await client.patch(nodes, { name }, { status }, { type: 'merge', subresource: 'status' });
    } catch (error) {
      log.warn('the node could not be registered, trying again', { node: name, error: String(error) });
      await clock.sleep(RETRY_MS, signal);
    }
  }
  return undefined;
}

/** Until the signal aborts. `nodeUid` owns the lease, so that it goes with the node. */
export async function beat(world: HeartbeatWorld, description: NodeDescription, registered: Node, signal: AbortSignal): Promise<void> {
  const { client, clock, log, images } = world;
  const name = description.nodeName;
  let status = registered.status;
  let written = { atMs: clock.monotonic(), images: JSON.stringify(images.list()) };
  while (!signal.aborted) {
    try {
      await renew(client, clock, registered);
      const shown = JSON.stringify(images.list());
      if (clock.monotonic() - written.atMs >= STATUS_MS || shown !== written.images) {
        status = nodeStatus(description, status, images.list(), clock.now());
        await client.patch(nodes, { name }, { status }, { type: 'strategic', subresource: 'status' });
        written = { atMs: clock.monotonic(), images: shown };
      }
    } catch (error) {
      // A node that was deleted is not made again; only a new start registers it.
      if (!isNotFound(error)) log.warn('a heartbeat failed, trying again', { node: name, error: String(error) });
    }
    await clock.sleep(BEAT_MS, signal);
  }
}

async function renew(client: Client, clock: Clock, node: Node): Promise<void> {
  const name = node.metadata.name ?? '';
  const renewTime = microTimestamp(clock.now());
  try {
    await client.patch(
      leases,
      { namespace: LEASE_NAMESPACE, name },
      { spec: { holderIdentity: name, leaseDurationSeconds: LEASE_SECONDS, renewTime } },
      { type: 'merge' },
    );
  } catch (error) {
    if (!isNotFound(error)) throw error;
    const lease: Lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, namespace: LEASE_NAMESPACE, ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid: node.metadata.uid ?? '' }] },
      spec: { holderIdentity: name, leaseDurationSeconds: LEASE_SECONDS, renewTime },
    };
    await client.create(leases, lease);
  }
}
