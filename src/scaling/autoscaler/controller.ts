/** The autoscaler's loop: looks every 10 s and whenever a pod is found unschedulable; buys nodes, and gives back those nobody needs. */
import { getCondition } from '../../kube/conditions.ts';
import { isPodTerminal } from '../../kube/pods.ts';
import { daemonSets, namespaces, nodes, podDisruptionBudgets, pods } from '../../kube/resources.ts';
import { isNotFound } from '../../kube/status.ts';
import type { ConfigMap, Node, Pod } from '../../kube/types.ts';
import type { CloudProvider, Instance, NodePool } from '../../cloud/provider.ts';
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { Snapshot } from '../../scheduler/index.ts';
import { drain, isToBeDeleted, setToBeDeleted } from './nodes.ts';
import { DEFAULT_OPTIONS, type AutoscalerOptions } from './options.ts';
import { neverFits } from './never-fits.ts';
import { PoolHealth } from './pool-health.ts';
import { isExpendable, isUnschedulable, mayScaleUpAt } from './pods.ts';
import { unneededNodes } from './scale-down.ts';
import { decideScaleUp, notTriggeredMessage, type PoolState } from './scale-up.ts';
import { statusWriter, type PoolStatus } from './status.ts';

interface PoolView extends PoolState {
  instances: readonly Instance[];
  ready: ReadonlySet<string>;
}

const isReady = (node: Node): boolean => getCondition(node.status?.conditions, 'Ready')?.status === 'True';
/** Events about the autoscaler as a whole are recorded on its status. */
const STATUS_OBJECT: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'cluster-autoscaler-status', namespace: 'kube-system' } };

export function clusterAutoscaler(ctx: ControllerContext, provider: CloudProvider, overrides: Partial<AutoscalerOptions> = {}): Controller {
  const options = { ...DEFAULT_OPTIONS, ...overrides };
  const podInformer = ctx.informer(pods);
  const nodeInformer = ctx.informer(nodes);
  const daemonSetInformer = ctx.informer(daemonSets);
  const budgetInformer = ctx.informer(podDisruptionBudgets);
  const namespaceInformer = ctx.informer(namespaces);
  const recorder = ctx.recorder('cluster-autoscaler');
  const writeStatus = statusWriter(ctx);
  const health = new PoolHealth(options.backoffMs);
  /** Since when a node has not been needed. */
  const unneededSince = new Map<string, number>();
  const removing = new Map<string, Promise<void>>();
  let lastScaleUp = -Infinity;
  let lastScaleDownFailure = -Infinity;

  function snapshotNow(): Snapshot {
    const snapshot = new Snapshot();
    for (const namespace of namespaceInformer.list()) snapshot.setNamespace(namespace);
    for (const node of nodeInformer.list()) if (isReady(node) && !isToBeDeleted(node) && !node.metadata.deletionTimestamp) snapshot.setNode(node);
    for (const pod of podInformer.list()) if (pod.spec?.nodeName && !isPodTerminal(pod)) snapshot.setPod(pod);
    return snapshot;
  }

  async function viewPools(): Promise<PoolView[]> {
    const now = ctx.clock.now();
    return Promise.all(provider.pools().map(async (pool) => {
      const instances = await healthyInstances(pool, now);
      const ready = new Set(instances.map((i) => i.nodeName).filter((name) => {
        const node = nodeInformer.get({ name });
        return node !== undefined && isReady(node);
      }));
      return { pool, instances, ready, size: instances.length, upcoming: instances.length - ready.size, backedOff: health.isBackedOff(pool.name, now) };
    }));
  }

  /** Gives back instances that failed or never became nodes, and leaves their pool alone for a while. */
  async function healthyInstances(pool: NodePool, now: number): Promise<Instance[]> {
    const healthy: Instance[] = [];
    for (const instance of await provider.instances(pool.name)) {
      if (instance.phase === 'deleting') continue;
      const late = now - instance.requestedAt > options.maxNodeProvisionMs && nodeInformer.get({ name: instance.nodeName }) === undefined;
      if (instance.phase !== 'failed' && !late) {
        healthy.push(instance);
        continue;
      }
      const why = instance.error ?? `it was not a node after ${options.maxNodeProvisionMs / 60_000} minutes`;
      ctx.log.warn('a node did not come', { pool: pool.name, instance: instance.nodeName, why });
      recorder.event(STATUS_OBJECT, 'Warning', late ? 'ScaleUpTimedOut' : 'FailedToScaleUpGroup', `Failed adding a node to group ${pool.name}: ${why}`);
      health.failed(pool.name, now);
      await provider.remove(pool.name, instance.nodeName);
    }
    return healthy;
  }

  /** Answers how long until a pod that is too young now may be looked at. */
  async function scaleUp(snapshot: Snapshot, pools: readonly PoolView[]): Promise<{ acted: boolean; pending: boolean; lookAgainMs: number }> {
    const now = ctx.clock.now();
    const unschedulable = podInformer.list().filter((pod) => isUnschedulable(pod) && !isExpendable(pod, options.expendablePriorityCutoff));
    const old = unschedulable.filter((pod) => mayScaleUpAt(pod, options.freshPodMs) <= now);
    const lookAgainMs = Math.min(Infinity, ...unschedulable.filter((pod) => !old.includes(pod)).map((pod) => mayScaleUpAt(pod, options.freshPodMs) - now));
    if (old.length === 0) return { acted: false, pending: unschedulable.length > 0, lookAgainMs };
    const decision = decideScaleUp({ snapshot, pods: old, pools, provider, daemonSets: daemonSetInformer.list(), options, random: ctx.random });
    for (const { pod, reasons } of decision.refused.values()) {
      recorder.event(pod, 'Normal', 'NotTriggerScaleUp', notTriggeredMessage(reasons));
      const never = neverFits(pod, { snapshot, provider, daemonSets: daemonSetInformer.list() });
      if (never !== undefined) recorder.event(pod, 'Warning', 'NeverFits', never);
    }
    // A pod that no pool helps must not keep idle nodes for ever.
    if (!decision.buy) return { acted: false, pending: decision.waiting.length > 0, lookAgainMs };
    const { pool, count, from, max, pods: helped } = decision.buy;
    try {
      await provider.increase(pool, count);
    } catch (error) {
      health.failed(pool, now);
      recorder.event(STATUS_OBJECT, 'Warning', 'FailedToScaleUpGroup', `Scale-up failed for group ${pool}: ${String(error)}`);
      return { acted: false, pending: true, lookAgainMs };
    }
    lastScaleUp = now;
    recorder.event(STATUS_OBJECT, 'Normal', 'ScaledUpGroup', `Scale-up: group ${pool} size set to ${from + count} instead of ${from} (max: ${max})`);
    for (const pod of helped) recorder.event(pod, 'Normal', 'TriggeredScaleUp', `pod triggered scale-up: [{${pool} ${from}->${from + count} (max: ${max})}]`);
    return { acted: true, pending: true, lookAgainMs };
  }

  function scaleDown(snapshot: Snapshot, pools: readonly PoolView[], signal: AbortSignal): ReadonlyMap<string, Pod[]> {
    const now = ctx.clock.now();
    const candidates = pools.flatMap(({ pool, size, ready }) => (size > pool.min ? [...ready].filter((name) => !removing.has(name)) : []));
    const unneeded = unneededNodes({ snapshot, candidates, budgets: budgetInformer.list(), threshold: options.scaleDownUtilizationThreshold });
    for (const name of unneededSince.keys()) if (!unneeded.has(name)) unneededSince.delete(name);
    for (const name of unneeded.keys()) if (!unneededSince.has(name)) unneededSince.set(name, now);
    if (now - lastScaleUp < options.scaleDownDelayAfterAddMs || now - lastScaleDownFailure < options.scaleDownDelayAfterFailureMs) return unneeded;
    for (const { pool, size, ready } of pools) {
      let room = size - pool.min - [...removing.keys()].filter((name) => ready.has(name)).length;
      for (const [name, moving] of unneeded) {
        const waited = now - (unneededSince.get(name) ?? now);
        if (room <= 0 || !ready.has(name) || waited < options.scaleDownUnneededMs) continue;
        // Nodes with pods go one at a time: the room for their pods was counted for each alone.
        if (moving.length > 0 && removing.size > 0) continue;
        room--;
        const done = removeNode(pool, name, moving, signal).finally(() => removing.delete(name));
        removing.set(name, done);
      }
    }
    return unneeded;
  }

  async function removeNode(pool: NodePool, name: string, moving: readonly Pod[], signal: AbortSignal): Promise<void> {
    const node = nodeInformer.get({ name });
    if (!node) return;
    try {
      await setToBeDeleted(ctx, node, true);
      recorder.event(node, 'Normal', 'ScaleDown', moving.length === 0 ? 'marked the node as toBeDeleted/unschedulable' : 'marked the node as toBeDeleted/unschedulable, draining');
      await drain(ctx, moving, signal);
      if (signal.aborted) return;
      await provider.remove(pool.name, name);
      await ctx.client.delete(nodes, { name }).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
      unneededSince.delete(name);
      recorder.event(STATUS_OBJECT, 'Normal', moving.length === 0 ? 'ScaleDownEmpty' : 'ScaleDown', `Scale-down: ${moving.length === 0 ? 'removing empty node' : 'node removed'} ${JSON.stringify(name)}`);
    } catch (error) {
      lastScaleDownFailure = ctx.clock.now();
      unneededSince.delete(name);
      ctx.log.warn('a node could not be given back', { node: name, error: String(error) });
      recorder.event(node, 'Warning', 'ScaleDownFailed', `failed to drain the node: ${error instanceof Error ? error.message : String(error)}`);
      const latest = nodeInformer.get({ name });
      if (latest) await setToBeDeleted(ctx, latest, false).catch((again: unknown) => ctx.log.warn('a node kept its taint', { node: name, error: String(again) }));
    }
  }

  async function look(signal: AbortSignal): Promise<number> {
    const pools = await viewPools();
    const snapshot = snapshotNow();
    const up = await scaleUp(snapshot, pools);
    const unneeded = up.acted || up.pending ? new Map<string, Pod[]>() : scaleDown(snapshot, pools, signal);
    if (up.acted) unneededSince.clear();
    await writeStatus(pools.map(({ pool, ready, upcoming, size, backedOff }): PoolStatus => ({
      name: pool.name, ready: ready.size, upcoming, size, min: pool.min, max: pool.max,
      scaleUp: backedOff ? 'Backoff' : upcoming > 0 ? 'InProgress' : 'NoActivity',
      scaleDownCandidates: [...unneeded.keys()].filter((name) => ready.has(name)).length,
    })));
    // Those past their time wait for something else (a delay after buying, a removal under way): the ordinary interval will do.
    const removalsMs = [...unneededSince.values()].map((since) => since + options.scaleDownUnneededMs - ctx.clock.now());
    const nextRemovalMs = Math.min(Infinity, ...removalsMs.filter((ms) => ms > 0));
    return Math.max(100, Math.min(options.scanIntervalMs, up.lookAgainMs, nextRemovalMs));
  }

  return {
    name: 'cluster-autoscaler',
    async run(signal) {
      let wake = Promise.withResolvers<void>();
      const stop = podInformer.onChange({
        upsert(pod, old) {
          if (isUnschedulable(pod) && !(old && isUnschedulable(old))) wake.resolve();
        },
      });
      await Promise.all([podInformer.synced(signal), nodeInformer.synced(signal), daemonSetInformer.synced(signal), budgetInformer.synced(signal), namespaceInformer.synced(signal)]);
      // A removal that a crash cut short starts over with its delays.
      for (const node of nodeInformer.list()) {
        if (isToBeDeleted(node)) await setToBeDeleted(ctx, node, false).catch((error: unknown) => ctx.log.warn('a node kept its taint', { node: node.metadata.name, error: String(error) }));
      }
      while (!signal.aborted) {
        wake = Promise.withResolvers<void>();
        let waitMs = options.scanIntervalMs;
        try {
          waitMs = await look(signal);
        } catch (error) {
          ctx.log.error('the autoscaler could not look', { error: error instanceof Error ? error.stack : String(error) });
        }
        const nap = new AbortController();
        const end = (): void => nap.abort();
        signal.addEventListener('abort', end, { once: true });
        await Promise.race([ctx.clock.sleep(waitMs, nap.signal), wake.promise]);
        signal.removeEventListener('abort', end);
        nap.abort();
      }
      stop();
      await Promise.all(removing.values());
    },
  };
}
