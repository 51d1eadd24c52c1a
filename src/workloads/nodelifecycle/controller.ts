/** Notices nodes that fall silent, taints nodes by their conditions, and drives pods out of nodes they do not tolerate. */
import { setCondition } from '../../kube/conditions.ts';
import { leases, nodes, pods } from '../../kube/resources.ts';
import { isNotFound } from '../../kube/status.ts';
import type { Lease, Node, ObjectKey, Pod } from '../../kube/types.ts';
import { timestamp } from '../../runtime/clock.ts';
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { startController, watching } from '../../runtime/reconcile.ts';
import { keyOf } from '../shared/claim.ts';
import { isReady, unknownStatus, wantedTaints } from './decide.ts';
import { evictionTime } from './evict.ts';

/** A node is silent when neither its Lease nor its status has changed for so long, by our own clock (node-monitor-grace-period). */
const GRACE_MS = 40_000;
/** A node that has not said anything yet gets more time (node-startup-grace-period). */
const STARTUP_GRACE_MS = 60_000;
const LEASE_NAMESPACE = 'kube-node-lease';
const BY_NODE = 'workloads/pods-by-node';

export function nodeLifecycleController(ctx: ControllerContext): Controller {
  const nodeInformer = ctx.informer(nodes);
  const leaseInformer = ctx.informer(leases);
  const podInformer = ctx.informer(pods);
  podInformer.addIndex(BY_NODE, (pod) => (pod.spec?.nodeName ? [pod.spec.nodeName] : []));
  const recorder = ctx.recorder('node-controller');
  /** When each node's heartbeat was last seen to change. Lost on restart: a new process gives every node the full grace. */
  const heartbeats = new Map<string, { mark: string; atMs: number }>();
  let anyReady = false;

  /** Milliseconds since the node was last heard of. */
  function silence(node: Node): number {
    const name = node.metadata.name ?? '';
    const lease: Lease | undefined = leaseInformer.get({ namespace: LEASE_NAMESPACE, name });
    const beats = (node.status?.conditions ?? []).map((condition) => `${condition.status} ${condition.lastHeartbeatTime ?? ''}`);
    const mark = [node.metadata.uid, lease?.spec?.renewTime, ...beats].join('|');
    const seen = heartbeats.get(name);
    if (seen?.mark === mark) return ctx.clock.monotonic() - seen.atMs;
    heartbeats.set(name, { mark, atMs: ctx.clock.monotonic() });
    return 0;
  }

  async function markUnready(node: Node): Promise<void> {
    const affected = podInformer
      .byIndex(BY_NODE, node.metadata.name ?? '')
      .filter((pod) => pod.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True'));
    for (const pod of affected) {
      recorder.event(pod, 'Warning', 'NodeNotReady', 'Node is not ready');
      const conditions = setCondition(pod.status?.conditions, { type: 'Ready', status: 'False' }, timestamp(ctx.clock.now()));
      await ctx.client.update(pods, { ...pod, status: { ...pod.status, conditions } } as Pod, { subresource: 'status' }).catch(unlessNotFound);
    }
  }

  /** Evicts what is due; answers milliseconds until the next is. */
  async function evict(node: Node): Promise<number | undefined> {
    const taints = node.spec?.taints ?? [];
    if (!taints.some((taint) => taint.effect === 'NoExecute')) return undefined;
    let next: number | undefined;
    for (const pod of podInformer.byIndex(BY_NODE, node.metadata.name ?? '')) {
      const at = evictionTime(pod, taints, ctx.clock.now());
      if (at === undefined) continue;
      const wait = at - ctx.clock.now();
      if (wait > 0) next = Math.min(next ?? wait, wait);
      else await evictPod(pod);
    }
    return next;
  }

  async function evictPod(pod: Pod): Promise<void> {
    recorder.event(pod, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${pod.metadata.namespace ?? ''}/${pod.metadata.name ?? ''}`);
    const conditions = setCondition(
      pod.status?.conditions,
      {
        type: 'DisruptionTarget',
        status: 'True',
        reason: 'DeletionByTaintManager',
        message: 'Taint manager: deleting due to NoExecute taint',
      },
      timestamp(ctx.clock.now()),
    );
    await ctx.client.update(pods, { ...pod, status: { ...pod.status, conditions } } as Pod, { subresource: 'status' }).catch(unlessNotFound);
    await ctx.client.delete(pods, keyOf(pod), { preconditions: { uid: pod.metadata.uid ?? '' } }).catch(unlessNotFound);
  }

  /** When the first or last ready node comes or goes, all nodes must be looked at again. */
  function allWhenReadinessTurns(node: Node): ObjectKey[] {
    const before = anyReady;
    anyReady = nodeInformer.list().some(isReady);
    return before === anyReady ? [keyOf(node)] : [...nodeInformer.list().map((n) => keyOf(n)), keyOf(node)];
  }

  return startController(ctx, {
    name: 'node-lifecycle',
    watches: [
      watching(nodes, allWhenReadinessTurns),
      watching(leases, (lease) => (lease.metadata.namespace === LEASE_NAMESPACE ? [{ name: lease.metadata.name ?? '' }] : [])),
      watching(pods, (pod, old) => (pod.spec?.nodeName && old?.spec?.nodeName !== pod.spec.nodeName ? [{ name: pod.spec.nodeName }] : [])),
    ],
    async reconcile(key) {
      let node = nodeInformer.get(key);
      if (node === undefined) {
        heartbeats.delete(key.name);
        return;
      }
      const grace = node.status?.conditions?.some((c) => c.type === 'Ready') ? GRACE_MS : STARTUP_GRACE_MS;
      const silentMs = silence(node);
      const status = silentMs > grace ? unknownStatus(node, ctx.clock.now()) : undefined;
      if (status !== undefined) {
        const wasReady = isReady(node);
        node = await ctx.client.update(nodes, { ...node, status }, { subresource: 'status' });
        if (wasReady) recorder.event(node, 'Normal', 'NodeNotReady', `Node ${key.name} status is now: NodeNotReady`);
      }
      // By the state, not by the change: a restart in between must not leave pods Ready on a lost node.
      if (node.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'Unknown')) await markUnready(node);
      const taints = wantedTaints(node, anyReady, ctx.clock.now());
      if (taints !== undefined) node = await ctx.client.update(nodes, { ...node, spec: { ...node.spec, taints } });
      const nextEviction = await evict(node);
      const nextSilence = silentMs > grace ? undefined : grace - silentMs + 1000;
      const next = Math.min(nextEviction ?? Infinity, nextSilence ?? Infinity);
      if (Number.isFinite(next)) return { requeueAfterMs: next };
    },
  });
}

function unlessNotFound(error: unknown): void {
  if (!isNotFound(error)) throw error;
}
