/** The autoscaler's loop: looks every 10 s and whenever a pod is found unschedulable; buys nodes, and gives back those nobody needs. */
import { isPodTerminal } from '../../kube/pods.ts';
import { daemonSets, namespaces, nodes, podDisruptionBudgets, pods } from '../../kube/resources.ts';
import { isConflict } from '../../kube/status.ts';
import type { Pod } from '../../kube/types.ts';
import type { CloudProvider, NodePool } from '../../cloud/provider.ts';
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { Snapshot } from '../../scheduler/index.ts';
import { bufferDemand } from '../buffers/demand.ts';
import { capacityBuffers } from '../buffers/types.ts';
import { buyNodes } from './buyer.ts';
import { measureBoots } from './boots.ts';
import { autoscalerMeasures, type RemovalReason } from './measures.ts';
import { DEFAULT_OPTIONS, type AutoscalerOptions } from './options.ts';
import { PoolHealth } from './pool-health.ts';
import { isExpendable, isMovable, isUnschedulable } from './pods.ts';
import { isHealthy, isReady, viewPools, type PoolView } from './pools.ts';
import { removeNode } from './removal.ts';
import { unneededNodes, utilization } from './scale-down.ts';
import { STATUS_OBJECT, statusWriter } from './status.ts';
import { DELETION_CANDIDATE, hasTaint, setTaint, TO_BE_DELETED } from './taints.ts';

/** Removals at the same time; of nodes with pods only one. */
const REMOVALS_MAX = 10;
/** Candidate taints set or taken off in one look. */
const TAINTS_MAX = 10;
const MIN_WAIT_MS = 100;
/** Between two looks that only buffers ask for. */
const STIR_MS = 1000;

interface GivingBack {
  pool: NodePool;
  name: string;
  /** The pods that have another place to go. */
  moving: readonly Pod[];
  snapshot: Snapshot;
  reason: RemovalReason;
  signal: AbortSignal;
}

export function clusterAutoscaler(ctx: ControllerContext, provider: CloudProvider, overrides: Partial<AutoscalerOptions> = {}): Controller {
  const options = { ...DEFAULT_OPTIONS, ...overrides };
  const podInformer = ctx.informer(pods);
  const nodeInformer = ctx.informer(nodes);
  const daemonSetInformer = ctx.informer(daemonSets);
  const budgetInformer = ctx.informer(podDisruptionBudgets);
  const namespaceInformer = ctx.informer(namespaces);
  const bufferInformer = ctx.informer(capacityBuffers);
  const demandNow = bufferDemand(ctx);
  const recorder = ctx.recorder('cluster-autoscaler');
  const writeStatus = statusWriter(ctx);
  const health = new PoolHealth(options.backoffMs);
  const awaited = new Map<string, number>();
  const measures = autoscalerMeasures(ctx);
  /** Since when a node has not been needed, or not been ready. Lost on restart: the times start anew. */
  const unneededSince = new Map<string, number>();
  const removing = new Map<string, Promise<void>>();
  let lastScaleUp = -Infinity;
  let lastScaleDownFailure = -Infinity;

  const lost = (pool: NodePool, { nodeName, error = 'it failed' }: { nodeName: string; error?: string }, timedOut: boolean): void => {
    measures.failedToBuy();
    ctx.log.warn('a node did not come', { pool: pool.name, instance: nodeName, timedOut, error });
    if (timedOut)
      recorder.event(
        STATUS_OBJECT,
        'Warning',
        'ScaleUpTimedOut',
        `Nodes added to group ${pool.name} failed to register within ${options.maxNodeProvisionMs / 60_000}m0s`,
      );
    else recorder.event(STATUS_OBJECT, 'Warning', 'FailedToScaleUpGroup', `Scale-up failed for group ${pool.name}: ${error}`);
  };

  /** The cluster without nodes that are broken or about to go, and without pods that anything may displace. */
  function snapshotNow(): Snapshot {
    const snapshot = new Snapshot();
    for (const namespace of namespaceInformer.list()) snapshot.setNamespace(namespace);
    for (const node of nodeInformer.list()) if (isReady(node) && !hasTaint(node, TO_BE_DELETED) && !node.metadata.deletionTimestamp) snapshot.setNode(node);
    for (const pod of podInformer.list())
      if (pod.spec?.nodeName && !isPodTerminal(pod) && !isExpendable(pod, options.expendablePriorityCutoff)) snapshot.setPod(pod);
    return snapshot;
  }

  /** Nodes that may go, with the pods that would move. Chunks of buffers hold their room, but nobody has to move them. */
  function findUnneeded(snapshot: Snapshot, pools: readonly PoolView[], isChunk: (pod: Pod) => boolean): ReadonlyMap<string, Pod[]> {
    const growing = pools.filter(({ pool, size }) => size > pool.min);
    const candidates = growing.flatMap(({ ready }) => [...ready].filter((name) => !removing.has(name)));
    const found = unneededNodes({ snapshot, candidates, budgets: budgetInformer.list(), threshold: options.scaleDownUtilizationThreshold });
    const unneeded = new Map([...found].map(([name, moving]) => [name, moving.filter((pod) => !isChunk(pod))]));
    for (const name of growing.flatMap(({ unready }) => [...unready])) {
      const holds = podInformer.list().some((pod) => pod.spec?.nodeName === name && isMovable(pod) && !pod.metadata.deletionTimestamp);
      if (!holds && !removing.has(name)) unneeded.set(name, []);
    }
    const now = ctx.clock.monotonic();
    for (const name of unneededSince.keys()) if (!unneeded.has(name)) unneededSince.delete(name);
    for (const name of unneeded.keys()) if (!unneededSince.has(name)) unneededSince.set(name, now);
    return unneeded;
  }

  function giveBack(unneeded: ReadonlyMap<string, Pod[]>, snapshot: Snapshot, pools: readonly PoolView[], signal: AbortSignal): void {
    const now = ctx.clock.monotonic();
    if (now - lastScaleUp < options.scaleDownDelayAfterAddMs || now - lastScaleDownFailure < options.scaleDownDelayAfterFailureMs) return;
    for (const { pool, size, ready, unready } of pools) {
      let room = size - pool.min - [...removing.keys()].filter((name) => ready.has(name) || unready.has(name)).length;
      for (const [name, moving] of unneeded) {
        if (!ready.has(name) && !unready.has(name)) continue;
        const waited = now - (unneededSince.get(name) ?? now);
        if (room <= 0 || removing.size >= REMOVALS_MAX || waited < (unready.has(name) ? options.scaleDownUnreadyMs : options.scaleDownUnneededMs)) continue;
        // Nodes with pods go one at a time: the room for their pods was counted for each alone.
        if (moving.length > 0 && removing.size > 0) continue;
        room--;
        removing.set(
          name,
          remove({ pool, name, moving, snapshot, reason: unready.has(name) ? 'unready' : moving.length === 0 ? 'empty' : 'underutilized', signal }).finally(
            () => removing.delete(name),
          ),
        );
      }
    }
  }

  async function remove({ pool, name, moving, snapshot, reason, signal }: GivingBack): Promise<void> {
    const node = nodeInformer.get({ name });
    if (!node) return;
    const info = snapshot.nodes.get(name);
    if (moving.length === 0) recorder.event(STATUS_OBJECT, 'Normal', 'ScaleDownEmpty', `Scale-down: removing empty node ${JSON.stringify(name)}`);
    else {
      const used = info ? utilization(info).toFixed(2) : '0';
      recorder.event(
        STATUS_OBJECT,
        'Normal',
        'ScaleDown',
        `Scale-down: removing node ${name}, utilization: ${used}, pods to reschedule: ${moving.map((pod) => pod.metadata.name).join(',')}`,
      );
    }
    try {
      await removeNode({ ctx, provider, recorder, pool, node, moving, signal });
      if (!signal.aborted) measures.removed(reason);
      unneededSince.delete(name);
    } catch (error) {
      lastScaleDownFailure = ctx.clock.monotonic();
      unneededSince.delete(name);
      ctx.log.warn('a node could not be given back', { node: name, error: String(error) });
      recorder.event(node, 'Warning', 'ScaleDownFailed', `failed to drain the node: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** The scheduler is to prefer nodes that will stay. A node that has just changed is left for the next look. */
  async function markCandidates(unneeded: ReadonlyMap<string, Pod[]>): Promise<void> {
    const wrong = nodeInformer
      .list()
      .filter((node) => hasTaint(node, DELETION_CANDIDATE) !== unneeded.has(node.metadata.name ?? '') && !removing.has(node.metadata.name ?? ''));
    await Promise.all(
      wrong.slice(0, TAINTS_MAX).map((node) =>
        setTaint(ctx, node, DELETION_CANDIDATE, unneeded.has(node.metadata.name ?? '')).catch((error: unknown) => {
          if (!isConflict(error)) ctx.log.debug('a candidate could not be marked', { node: node.metadata.name, error: String(error) });
        }),
      ),
    );
  }

  /** Answers after how many milliseconds to look again. */
  async function look(signal: AbortSignal): Promise<number> {
    const pools = await viewPools({ ctx, provider, options, health, awaited, lost });
    const healthy = isHealthy(pools);
    let lookAgainMs = Infinity;
    let unneeded: ReadonlyMap<string, Pod[]> = new Map();
    if (healthy) {
      const snapshot = snapshotNow();
      const demand = demandNow();
      const bought = await buyNodes({ ctx, provider, recorder, options, health, measures }, snapshot, pools, demand);
      lookAgainMs = bought.acted ? MIN_WAIT_MS : bought.lookAgainMs;
      if (bought.acted) lastScaleUp = ctx.clock.monotonic();
      const { roomy } = bought;
      for (const { metadata, ...chunk } of demand.chunks) {
        const node = roomy?.get(metadata.uid ?? '');
        if (node !== undefined) snapshot.setPod({ metadata, ...chunk, spec: { containers: [], ...chunk.spec, nodeName: node } });
      }
      if (roomy !== undefined) await demand.report((uid) => roomy.has(uid));
      unneeded = findUnneeded(snapshot, pools, ({ metadata }) => demand.bufferOf(metadata.uid) !== undefined);
      await markCandidates(unneeded);
      if (!bought.pending) giveBack(unneeded, snapshot, pools, signal);
    }
    const unschedulablePods = podInformer.list().filter(isUnschedulable).length;
    measures.looked({ pools, healthy, unschedulablePods, unneededNodes: unneeded.size });
    await writeStatus(
      pools.map(({ pool, ready, unready, upcoming, backedOff }) => ({
        name: pool.name,
        ready: ready.size,
        unready: unready.size,
        upcoming,
        min: pool.min,
        max: pool.max,
        scaleUp: backedOff ? 'Backoff' : upcoming > 0 ? 'InProgress' : 'NoActivity',
        scaleDownCandidates: [...unneeded.keys()].filter((name) => ready.has(name) || unready.has(name)).length,
      })),
      healthy,
    );
    // Those past their time wait for something else (a delay after buying, a removal under way): the ordinary interval will do.
    const removalsMs = [...unneededSince.values()].map((since) => since + options.scaleDownUnneededMs - ctx.clock.monotonic());
    const nextRemovalMs = Math.min(Infinity, ...removalsMs.filter((ms) => ms > 0));
    return Math.max(MIN_WAIT_MS, Math.min(options.scanIntervalMs, lookAgainMs, nextRemovalMs));
  }

  return {
    name: 'cluster-autoscaler',
    async run(signal) {
      let wake = Promise.withResolvers<void>();
      let stirred = Promise.withResolvers<void>();
      const stopMeasuring = measureBoots(ctx, provider, measures);
      // Where there are buffers, room that was taken or came is looked at soon; where there are none it is nobody's business.
      const stir = (): void => {
        if (bufferInformer.list().length > 0) stirred.resolve();
      };
      const stops = [
        podInformer.onChange({
          upsert(pod, old) {
            if (isUnschedulable(pod) && !(old && isUnschedulable(old))) wake.resolve();
            else if (pod.spec?.nodeName && !old?.spec?.nodeName) stir();
          },
          delete: stir,
        }),
        nodeInformer.onChange({
          upsert(node, old) {
            if (isReady(node) !== (old !== undefined && isReady(old))) stir();
          },
        }),
        bufferInformer.onChange({ upsert: () => stirred.resolve(), delete: () => stirred.resolve() }),
      ];
      await Promise.all([
        podInformer.synced(signal),
        nodeInformer.synced(signal),
        daemonSetInformer.synced(signal),
        budgetInformer.synced(signal),
        namespaceInformer.synced(signal),
      ]);
      // A removal that a crash cut short starts over with its delays.
      for (const node of nodeInformer.list()) {
        if (hasTaint(node, TO_BE_DELETED))
          await setTaint(ctx, node, TO_BE_DELETED, false).catch((error: unknown) =>
            ctx.log.warn('a node kept its taint', { node: node.metadata.name, error: String(error) }),
          );
      }
      while (!signal.aborted) {
        wake = Promise.withResolvers<void>();
        stirred = Promise.withResolvers<void>();
        const lookedAt = ctx.clock.monotonic();
        let waitMs = options.scanIntervalMs;
        try {
          waitMs = await look(signal);
        } catch (error) {
          ctx.log.error('the autoscaler could not look', { error: error instanceof Error ? error.stack : String(error) });
        }
        const nap = new AbortController();
        const end = (): void => nap.abort();
        signal.addEventListener('abort', end, { once: true });
        const settled = stirred.promise.then(() => ctx.clock.sleep(Math.max(0, lookedAt + STIR_MS - ctx.clock.monotonic()), nap.signal));
        await Promise.race([ctx.clock.sleep(waitMs, nap.signal), wake.promise, settled]);
        signal.removeEventListener('abort', end);
        nap.abort();
      }
      for (const stop of stops) stop();
      stopMeasuring();
      await Promise.all(removing.values());
    },
  };
}
