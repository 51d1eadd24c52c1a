/** Keeps as many pods as a replica set, or a replication controller (its older form), wants. */
import { controllerOf } from '../../kube/owners.ts';
import { pods, replicaSets, replicationControllers, type Resource } from '../../kube/resources.ts';
import { matcherOf, type Matcher } from '../../kube/selectors.ts';
import type { ObjectKey, Pod } from '../../kube/types.ts';
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { startController, watching } from '../../runtime/reconcile.ts';
import { slowStart } from '../shared/batches.ts';
import { claim, indexByController, ownedBy } from '../shared/claim.ts';
import { Expectations } from '../shared/expectations.ts';
import { createPod, deletePod, isActive, isNamespaceTerminating, messageOf, podFromTemplate, type PodControl } from '../shared/pod-control.ts';
import { writeStatus } from '../shared/status.ts';
import { decideReplicas, msUntilAvailable, replicaSetStatus, type ReplicaChange, type Replicated } from './decide.ts';

/** What is different about the two kinds. */
interface ReplicatedKind<T extends Replicated> {
  name: string;
  resource: Resource<T>;
  component: string;
  selects(set: T): Matcher;
}

export function replicaSetController(ctx: ControllerContext): Controller {
  return replicatedController(ctx, {
    name: 'replicaset',
    resource: replicaSets,
    component: 'replicaset-controller',
    selects: ({ spec }) => matcherOf(spec?.selector),
  });
}

export function replicationControllerController(ctx: ControllerContext): Controller {
  return replicatedController(ctx, {
    name: 'replicationcontroller',
    resource: replicationControllers,
    component: 'replication-controller',
    selects: ({ spec }) => matcherOf(spec?.selector && { matchLabels: spec.selector }),
  });
}

function replicatedController<T extends Replicated>(ctx: ControllerContext, { name, resource, component, selects }: ReplicatedKind<T>): Controller {
  const { kind } = resource;
  const sets = indexByController(ctx.informer(resource));
  const podInformer = indexByController(ctx.informer(pods));
  const expectations = new Expectations(ctx.clock);
  const control: PodControl = { client: ctx.client, recorder: ctx.recorder(component) };

  /** The replica sets a pod's change concerns; takes note of creates and deletes that were waited for. */
  function observePod(pod: Pod, old: Pod | undefined, deleted: boolean): ObjectKey[] {
    const owner = controllerOf(pod);
    const namespace = pod.metadata.namespace ?? '';
    if (owner === undefined) {
      if (deleted || pod.metadata.deletionTimestamp !== undefined) return [];
      return sets
        .list(namespace)
        .filter((set) => selects(set)(pod.metadata.labels))
        .map((set) => keyIn(namespace, set));
    }
    if (owner.kind !== kind) return [];
    const key = { namespace, name: owner.name };
    if (deleted || pod.metadata.deletionTimestamp !== undefined) expectations.deleted(`${namespace}/${owner.name}`, pod.metadata.uid ?? '');
    // First seen, even if deleted already.
    if (old === undefined && !deleted) expectations.created(`${namespace}/${owner.name}`);
    const oldOwner = old === undefined ? undefined : controllerOf(old);
    return oldOwner !== undefined && oldOwner.uid !== owner.uid && oldOwner.kind === kind ? [key, { namespace, name: oldOwner.name }] : [key];
  }

  /** Pods of all replica sets with the same owner, which deletions should spread over. */
  function relatedPods(set: T): Pod[] {
    const owner = controllerOf(set);
    const siblings = owner === undefined ? [set] : sets.list(set.metadata.namespace).filter((other) => controllerOf(other)?.uid === owner.uid);
    return siblings.flatMap((sibling) => ownedBy(podInformer, sibling));
  }

  async function act(set: T, key: string, change: NonNullable<ReplicaChange>): Promise<void> {
    if ('create' in change) {
      expectations.expectCreates(key, change.create);
      const { succeeded, skipped, error } = await slowStart(change.create, async () => {
        await createPod(control, set, podFromTemplate(set, set.spec?.template ?? {}));
      });
      for (let i = succeeded; i < change.create; i++) expectations.created(key);
      if (skipped > 0) ctx.log.debug('not all pods were tried', { [name]: key, skipped });
      if (error !== undefined && !isNamespaceTerminating(error)) throw error;
      return;
    }
    expectations.expectDeletes(
      key,
      change.delete.map((pod) => pod.metadata.uid ?? ''),
    );
    const results = await Promise.allSettled(change.delete.map((pod) => deletePod(control, set, pod)));
    for (const [i, result] of results.entries()) {
      if (result.status === 'rejected') expectations.deleted(key, change.delete[i]?.metadata.uid ?? '');
    }
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  return startController(ctx, {
    name,
    watches: [watching(resource), watching(pods, observePod)],
    async reconcile(key) {
      const text = `${key.namespace ?? ''}/${key.name}`;
      const set = sets.get(key);
      if (set === undefined) return expectations.forget(text);
      // Before the pods are read: what satisfies them is seen by then.
      const satisfied = expectations.satisfied(text);
      const owned = await claim(ctx.client, resource, set, pods, podInformer, selects(set), isActive);
      let failure: { reason: 'FailedCreate' | 'FailedDelete'; message: string } | undefined;
      let cause: unknown;
      if (satisfied && set.metadata.deletionTimestamp === undefined) {
        const change = decideReplicas(set, owned, () => relatedPods(set), ctx.clock.now());
        if (change !== undefined) {
          try {
            await act(set, text, change);
          } catch (error) {
            cause = error;
            failure = { reason: 'create' in change ? 'FailedCreate' : 'FailedDelete', message: messageOf(error) };
          }
        }
      }
      await writeStatus(ctx.client, resource, set, replicaSetStatus(set, owned, ctx.clock.now(), failure));
      if (cause !== undefined) throw cause;
      const wait = msUntilAvailable(owned, set.spec?.minReadySeconds ?? 0, ctx.clock.now());
      if (wait !== undefined) return { requeueAfterMs: wait };
    },
  });
}

function keyIn(namespace: string, set: Replicated): ObjectKey {
  return { namespace, name: set.metadata.name ?? '' };
}
