/** Looks after the members: their namespaces of works, whether they live, and their end. */
import { equalJson } from '../../kube/json.ts';
import { leases, namespaces } from '../../kube/resources.ts';
import { isAlreadyExists, isNotFound } from '../../kube/status.ts';
import { timestamp } from '../../runtime/clock.ts';
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { startController, watching } from '../../runtime/reconcile.ts';
import { clusters, type Cluster } from '../kinds/cluster.ts';
import { CLUSTER_LEASES, LEASE_SECONDS } from '../kinds/lease.ts';
import * as marks from '../kinds/marks.ts';
import { executionNamespace, works } from '../kinds/work.ts';
import { taintsOf, unheard } from './condition.ts';
import { ensureAgentRights, removeAgentRights } from './rights.ts';

export function clusterController(ctx: ControllerContext): Controller {
  const recorder = ctx.recorder('cluster-controller');
  const members = ctx.informer(clusters);
  const spaces = ctx.informer(namespaces);
  const heartbeats = ctx.informer(leases);
  const allWorks = ctx.informer(works);
  /** Namespaces of members whose agents have their rights. */
  const granted = new Set<string>();
  /** When something was last heard of a member, by this process' own clock: clocks of members may be wrong. */
  const heard = new Map<string, { renewTime: string | undefined; at: number }>();

  async function ensureSpace(cluster: Cluster): Promise<void> {
    const name = executionNamespace(cluster.metadata.name ?? '');
    if (spaces.get({ name }) !== undefined && granted.has(name)) return;
    let isNew = true;
    try {
      await ctx.client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { 'karmada.io/system': 'true' } } });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      isNew = false;
    }
    await ensureAgentRights(ctx.client, cluster.metadata.name ?? '');
    granted.add(name);
    if (!isNew) return;
    recorder.event(cluster, 'Normal', 'CreateExecutionSpaceSucceed', `Create execution space(${name}) for cluster(${cluster.metadata.name ?? ''}) succeed.`);
  }

  /** Milliseconds for which nothing has been heard. */
  function silence({ metadata: { name = '' } }: Cluster): number {
    const renewTime = heartbeats.get({ namespace: CLUSTER_LEASES, name })?.spec?.renewTime as string | undefined;
    const last = heard.get(name);
    const now = ctx.clock.monotonic();
    if (last !== undefined && last.renewTime === renewTime) return now - last.at;
    heard.set(name, { renewTime, at: now });
    return 0;
  }

  async function look(cluster: Cluster): Promise<void> {
    const conditions = silence(cluster) >= LEASE_SECONDS * 1000 ? unheard(cluster, timestamp(ctx.clock.now())) : undefined;
    const seen =
      conditions === undefined
        ? cluster
        : await ctx.client.update(clusters, { ...cluster, status: { ...cluster.status, conditions } }, { subresource: 'status' });
    const taints = taintsOf(seen);
    if (equalJson(taints, seen.spec.taints ?? [])) return;
    await ctx.client.update(clusters, { ...seen, spec: { ...seen.spec, taints } });
    const text = taints.map(({ key, value = '', effect }) => `{${key} ${value} ${effect}}`).join(' ');
    recorder.event(cluster, 'Normal', 'TaintClusterSucceed', `Taint cluster succeed: [${text}].`);
  }

  /** The member takes its works away itself while it lives; of one that is gone nothing but records is left. */
  async function finish(cluster: Cluster): Promise<void> {
    const { name = '', finalizers = [] } = cluster.metadata;
    if (!finalizers.includes(marks.CLUSTER_FINALIZER)) return;
    const namespace = executionNamespace(name);
    const left = allWorks.list(namespace);
    for (const work of left) {
      if (work.metadata.deletionTimestamp === undefined) await ctx.client.delete(works, { namespace, name: work.metadata.name ?? '' });
      else if (silence(cluster) >= LEASE_SECONDS * 1000) await ctx.client.update(works, { ...work, metadata: { ...work.metadata, finalizers: [] } });
    }
    if (left.length > 0) return;
    try {
      await ctx.client.delete(namespaces, { name: namespace });
      recorder.event(cluster, 'Normal', 'RemoveExecutionSpaceSucceed', `Remove execution space(${namespace}) for cluster(${name}) succeed.`);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    await removeAgentRights(ctx.client, name);
    granted.delete(namespace);
    await ctx.client.update(clusters, {
      ...cluster,
      metadata: { ...cluster.metadata, finalizers: finalizers.filter((finalizer) => finalizer !== marks.CLUSTER_FINALIZER) },
    });
    heard.delete(name);
  }

  return startController(ctx, {
    name: 'cluster',
    watches: [
      watching(clusters, ({ metadata: { name = '' } }) => [{ name }]),
      watching(leases, ({ metadata: { namespace, name = '' } }) => (namespace === CLUSTER_LEASES ? [{ name }] : [])),
      watching(namespaces, ({ metadata: { name = '' } }, _, deleted) => (deleted ? spaceOf(name) : [])),
      watching(works, ({ metadata: { namespace = '' } }, _, deleted) => (deleted ? spaceOf(namespace) : [])),
    ],
    async reconcile({ name }) {
      const cluster = members.get({ name });
      if (cluster === undefined) return void heard.delete(name);
      if (cluster.metadata.deletionTimestamp !== undefined) {
        await finish(cluster);
      } else {
        if (!cluster.metadata.finalizers?.includes(marks.CLUSTER_FINALIZER)) {
          const finalizers = [...(cluster.metadata.finalizers ?? []), marks.CLUSTER_FINALIZER];
          await ctx.client.update(clusters, { ...cluster, metadata: { ...cluster.metadata, finalizers } });
          return;
        }
        await ensureSpace(cluster);
        await look(cluster);
      }
      return { requeueAfterMs: Math.max(1_000, LEASE_SECONDS * 1000 - silence(cluster)) };
    },
  });

  function spaceOf(namespace: string): { name: string }[] {
    return members.list().flatMap(({ metadata: { name = '' } }) => (executionNamespace(name) === namespace ? [{ name }] : []));
  }
}
