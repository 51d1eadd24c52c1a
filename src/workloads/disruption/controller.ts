/** Keeps the status of pod disruption budgets, which evictions and preemption go by. */
import { controllerOf } from '../../kube/owners.ts';
import { deployments, podDisruptionBudgets, pods, replicaSets, replicationControllers, statefulSets } from '../../kube/resources.ts';
import { matcherOf } from '../../kube/selectors.ts';
import type { ObjectKey, OwnerReference, Pod, PodDisruptionBudget } from '../../kube/types.ts';
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { startController, watching } from '../../runtime/reconcile.ts';
import { keyOf } from '../shared/claim.ts';
import { messageOf } from '../shared/pod-control.ts';
import { writeStatus } from '../shared/status.ts';
import { budgetStatus, expectedPods, failedStatus, pendingDisruptions } from './decide.ts';

export function disruptionController(ctx: ControllerContext): Controller {
  const budgets = ctx.informer(podDisruptionBudgets);
  const podInformer = ctx.informer(pods);
  const scalable = {
    Deployment: ctx.informer(deployments),
    ReplicaSet: ctx.informer(replicaSets),
    StatefulSet: ctx.informer(statefulSets),
    ReplicationController: ctx.informer(replicationControllers),
  };
  const recorder = ctx.recorder('controllermanager');

  function ofPod(pod: Pod, old: Pod | undefined): ObjectKey[] {
    return budgets
      .list(pod.metadata.namespace)
      .filter((budget) => {
        const matches = matcherOf(budget.spec?.selector);
        return matches(pod.metadata.labels) || (old !== undefined && matches(old.metadata.labels));
      })
      .map((budget) => keyOf(budget));
  }

  /** Replicas that a controller wants; for a replica set of a deployment those of the deployment. Undefined when it has none to tell. */
  function scaleOf(owner: OwnerReference, namespace: string): { uid: string; replicas: number } | undefined {
    const informer = scalable[owner.kind as keyof typeof scalable];
    const found = informer?.get({ namespace, name: owner.name });
    if (found === undefined || found.metadata.uid !== owner.uid) return undefined;
    const above = owner.kind === 'ReplicaSet' ? controllerOf(found) : undefined;
    if (above?.kind === 'Deployment') return scaleOf(above, namespace);
    return { uid: owner.uid, replicas: found.spec?.replicas ?? 1 };
  }

  function wantedTogether(matching: readonly Pod[]): number {
    const scales = new Map<string, number>();
    for (const pod of matching) {
      const owner = controllerOf(pod);
      if (owner === undefined) throw new Error(`found no controller ref for pod "${pod.metadata.name ?? ''}"`);
      const scale = scaleOf(owner, pod.metadata.namespace ?? '');
      if (scale === undefined) throw new Error(`${owner.kind.toLowerCase()} "${owner.name}" does not implement the scale subresource`);
      scales.set(scale.uid, scale.replicas);
    }
    return [...scales.values()].reduce((sum, replicas) => sum + replicas, 0);
  }

  function look(budget: PodDisruptionBudget, matching: readonly Pod[]) {
    const nowMs = ctx.clock.now();
    try {
      const counts = expectedPods(budget, matching.length, () => wantedTogether(matching));
      const { disrupted, recheckMs } = pendingDisruptions(budget, matching, nowMs);
      return { status: budgetStatus(budget, matching, counts, disrupted, nowMs), recheckMs };
    } catch (error) {
      recorder.event(budget, 'Warning', 'CalculateExpectedPodCountFailed', `Failed to calculate the number of expected pods: ${messageOf(error)}`);
      return { status: failedStatus(budget, messageOf(error), nowMs), recheckMs: undefined };
    }
  }

  return startController(ctx, {
    name: 'disruption',
    watches: [
      watching(podDisruptionBudgets),
      watching(pods, ofPod),
      watching(deployments, (d) => budgets.list(d.metadata.namespace).map((b) => keyOf(b))),
      watching(replicaSets, () => []),
      watching(statefulSets, () => []),
      watching(replicationControllers, () => []),
    ],
    async reconcile(key) {
      const budget = budgets.get(key);
      if (budget === undefined) return;
      const matches = matcherOf(budget.spec?.selector);
      const matching = podInformer.list(key.namespace).filter((pod) => matches(pod.metadata.labels));
      if (matching.length === 0 && budget.status?.observedGeneration === undefined) recorder.event(budget, 'Normal', 'NoPods', 'No matching pods found');
      const { status, recheckMs } = look(budget, matching);
      await writeStatus(ctx.client, podDisruptionBudgets, budget, status);
      if (recheckMs !== undefined) return { requeueAfterMs: recheckMs };
    },
  });
}
