/** Keeps one pod of a daemon set on every node it belongs on. */
import { controllerOf } from '../../kube/owners.ts';
import { controllerRevisions, daemonSets, nodes, pods } from '../../kube/resources.ts';
import { matcherOf } from '../../kube/selectors.ts';
import type { DaemonSet, Node, ObjectKey, Pod } from '../../kube/types.ts';
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { startController, watching } from '../../runtime/reconcile.ts';
import { slowStart } from '../shared/batches.ts';
import { claim, indexByController, keyOf, ownedBy } from '../shared/claim.ts';
import { sameValue } from '../shared/equal.ts';
import { Expectations } from '../shared/expectations.ts';
import { currentRevision, hashOf, REVISION_HASH, trimHistory } from '../shared/history.ts';
import { createPod, deletePod, isNamespaceTerminating, podFromTemplate } from '../shared/pod-control.ts';
import { writeStatus } from '../shared/status.ts';
import { msUntilAvailable } from '../replicaset/decide.ts';
import { daemonSetStatus, daemonTemplate, placePods, rollPods, targetNode, type Changes } from './decide.ts';

export function daemonSetController(ctx: ControllerContext): Controller {
  const sets = ctx.informer(daemonSets);
  const nodeInformer = ctx.informer(nodes);
  const podInformer = indexByController(ctx.informer(pods));
  const revisions = indexByController(ctx.informer(controllerRevisions));
  const expectations = new Expectations(ctx.clock);
  const recorder = ctx.recorder('daemonset-controller');
  const control = { client: ctx.client, recorder };

  function ofPod(pod: Pod, old: Pod | undefined, deleted: boolean): ObjectKey[] {
    const namespace = pod.metadata.namespace ?? '';
    const owner = controllerOf(pod);
    if (owner === undefined) {
      return deleted
        ? []
        : sets
            .list(namespace)
            .filter((set) => matcherOf(set.spec?.selector)(pod.metadata.labels))
            .map((set) => keyOf(set));
    }
    if (owner.kind !== 'DaemonSet') return [];
    const text = `${namespace}/${owner.name}`;
    if (deleted || pod.metadata.deletionTimestamp !== undefined) expectations.deleted(text, pod.metadata.uid ?? '');
    if (old === undefined && !deleted) expectations.created(text);
    return [{ namespace, name: owner.name }];
  }

  /** A node's heartbeats concern nobody; its labels and taints concern all. */
  function ofNode(node: Node, old: Node | undefined): ObjectKey[] {
    const same = old !== undefined && sameValue(old.metadata.labels, node.metadata.labels) && sameValue(old.spec, node.spec);
    return same ? [] : sets.list().map((set) => keyOf(set));
  }

  async function apply(set: DaemonSet, text: string, changes: Changes, hash: string): Promise<void> {
    for (const pod of changes.failed) {
      const node = pod.spec?.nodeName ?? '';
      recorder.event(
        set,
        'Warning',
        'FailedDaemonPod',
        `Found failed daemon pod ${pod.metadata.namespace ?? ''}/${pod.metadata.name ?? ''} on node ${node}, will try to kill it`,
      );
    }
    // One kind of change at a time, deletions first: expectations hold one of them.
    if (changes.remove.length > 0) {
      expectations.expectDeletes(
        text,
        changes.remove.map((pod) => pod.metadata.uid ?? ''),
      );
      const results = await Promise.allSettled(changes.remove.map((pod) => deletePod(control, set, pod)));
      for (const [i, result] of results.entries()) {
        if (result.status === 'rejected') expectations.deleted(text, changes.remove[i]?.metadata.uid ?? '');
      }
      const failed = results.find((result) => result.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
      return;
    }
    if (changes.create.length === 0) return;
    expectations.expectCreates(text, changes.create.length);
    const { succeeded, error } = await slowStart(changes.create.length, async (i) => {
      await createPod(control, set, podFromTemplate(set, daemonTemplate(set, changes.create[i] ?? '', hash)));
    });
    for (let i = succeeded; i < changes.create.length; i++) expectations.created(text);
    if (error !== undefined && !isNamespaceTerminating(error)) throw error;
  }

  return startController(ctx, {
    name: 'daemonset',
    watches: [watching(daemonSets), watching(pods, ofPod), watching(nodes, ofNode), watching(controllerRevisions, () => [])],
    async reconcile(key) {
      const text = `${key.namespace ?? ''}/${key.name}`;
      const set = sets.get(key);
      if (set === undefined) return expectations.forget(text);
      if (set.metadata.deletionTimestamp !== undefined) return;
      const satisfied = expectations.satisfied(text);
      const owned = await claim(ctx.client, daemonSets, set, pods, podInformer, matcherOf(set.spec?.selector));
      const history = ownedBy(revisions, set);
      const revision = await currentRevision(ctx.client, set, history, set.spec?.template?.metadata?.labels ?? {});
      const hash = hashOf(revision);
      const byNode = Map.groupBy(
        owned.filter((pod) => targetNode(pod) !== undefined),
        (pod) => targetNode(pod) ?? '',
      );
      const all = nodeInformer.list();
      if (satisfied) {
        let changes = placePods(set, all, byNode);
        if (set.spec?.updateStrategy?.type !== 'OnDelete') changes = merge(changes, rollPods(set, all, byNode, hash, ctx.clock.now()));
        await apply(set, text, changes, hash);
      }
      await writeStatus(ctx.client, daemonSets, set, daemonSetStatus(set, all, byNode, hash, ctx.clock.now()));
      const inUse = new Set([hash, ...owned.map((pod) => pod.metadata.labels?.[REVISION_HASH] ?? '')]);
      await trimHistory(ctx.client, set, history, (old) => inUse.has(hashOf(old)));
      const wait = msUntilAvailable(owned, set.spec?.minReadySeconds ?? 0, ctx.clock.now());
      if (wait !== undefined) return { requeueAfterMs: wait };
    },
  });
}

function merge(placed: Changes, rolled: Changes): Changes {
  const remove = [...new Set([...placed.remove, ...rolled.remove])];
  return { create: [...new Set([...placed.create, ...rolled.create])], remove, failed: placed.failed };
}
