/** Says on the hub that a member lives, and what it has: its Cluster's status, and a lease that is renewed. */
import { setCondition, type Condition } from '../../kube/conditions.ts';
import { equalJson } from '../../kube/json.ts';
import { leases, nodes, pods } from '../../kube/resources.ts';
import { isNotFound } from '../../kube/status.ts';
import { microTimestamp, timestamp } from '../../runtime/clock.ts';
import type { Controller } from '../../runtime/controller.ts';
import { clusters, COMPLETE_API_ENABLEMENTS, READY, type Cluster, type ClusterStatus } from '../kinds/cluster.ts';
import { CLUSTER_LEASES, LEASE_SECONDS } from '../kinds/lease.ts';
import { nodeSummary, resourceSummary } from './summary.ts';
import type { AgentWorld } from './world.ts';

/** A quarter of the lease, as Karmada's agents renew it. */
const LOOK_MS = (LEASE_SECONDS / 4) * 1000;
/** Changes of nodes and pods are told together, at most so often. */
const GATHER_MS = 1_000;

const HEALTHY: Condition = { type: READY, status: 'True', reason: 'ClusterReady', message: 'cluster is healthy and ready to accept workloads' };
const UNREACHABLE: Condition = { type: READY, status: 'False', reason: 'ClusterNotReachable', message: 'cluster is not reachable' };
const COMPLETE: Condition = { type: COMPLETE_API_ENABLEMENTS, status: 'True', reason: 'Complete', message: 'All APIs of the cluster are known' };

export function clusterStatusController(world: AgentWorld): Controller {
  const { hub, member, cluster: name, api } = world;
  const { clock, client } = hub;
  const view = { nodes: member.informer(nodes), pods: member.informer(pods) };

  async function statusOf(known: Cluster): Promise<ClusterStatus> {
    const now = timestamp(clock.now());
    const before = known.status ?? {};
    try {
      const [kubernetesVersion, apiEnablements] = await Promise.all([api.version(), api.enablements()]);
      const listed = view.nodes.list();
      return {
        ...before,
        kubernetesVersion,
        apiEnablements,
        conditions: setCondition(setCondition(before.conditions, HEALTHY, now), COMPLETE, now),
        nodeSummary: nodeSummary(listed),
        resourceSummary: resourceSummary(listed, view.pods.list()),
      };
    } catch (error) {
      const message = `cluster is not reachable: ${error instanceof Error ? error.message : String(error)}`;
      return { ...before, conditions: setCondition(before.conditions, { ...UNREACHABLE, message }, now) };
    }
  }

  async function tell(): Promise<void> {
    const known = await client.get(clusters, { name });
    const status = await statusOf(known);
    if (!equalJson(status, known.status ?? {})) await client.update(clusters, { ...known, status }, { subresource: 'status' });
  }

  async function renew(): Promise<void> {
    const renewTime = microTimestamp(clock.now());
    const key = { namespace: CLUSTER_LEASES, name };
    const spec = { holderIdentity: name, leaseDurationSeconds: LEASE_SECONDS, renewTime };
    try {
      await client.patch(leases, key, { spec }, { type: 'merge' });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      await client.create(leases, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: key, spec });
    }
  }

  return {
    name: 'cluster-status',
    async run(signal) {
      const log = hub.log.child({ controller: 'cluster-status' });
      await Promise.all([view.nodes.synced(signal), view.pods.synced(signal)]);
      let changed = Promise.withResolvers<void>();
      const onChange = { upsert: () => changed.resolve(), delete: () => changed.resolve() };
      const ends = [view.nodes.onChange(onChange), view.pods.onChange(onChange)];
      let renewedAt = Number.NEGATIVE_INFINITY;
      while (!signal.aborted) {
        changed = Promise.withResolvers<void>();
        try {
          // Only who also knows the member to be there says that it lives.
          await tell();
          if (clock.monotonic() - renewedAt >= LOOK_MS) {
            await renew();
            renewedAt = clock.monotonic();
          }
        } catch (error) {
          log.debug('the hub could not be told', { error: String(error) });
        }
        await clock.sleep(GATHER_MS, signal);
        const rest = new AbortController();
        await Promise.race([changed.promise, clock.sleep(Math.max(0, renewedAt + LOOK_MS - clock.monotonic()), AbortSignal.any([signal, rest.signal]))]);
        rest.abort();
      }
      for (const end of ends) end();
    },
  };
}
