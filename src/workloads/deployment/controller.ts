/** Rolls deployments out. */
import { controllerOf } from '../../kube/owners.ts';
import { deployments, pods, replicaSets } from '../../kube/resources.ts';
import { matcherOf } from '../../kube/selectors.ts';
import { isAlreadyExists, isNotFound } from '../../kube/status.ts';
import type { Deployment, ObjectKey, Pod, ReplicaSet } from '../../kube/types.ts';
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { startController, watching } from '../../runtime/reconcile.ts';
import { claim, indexByController, keyOf, ownedBy } from '../shared/claim.ts';
import { isNamespaceTerminating, messageOf } from '../shared/pod-control.ts';
import { writeStatus } from '../shared/status.ts';
import { sameTemplate } from '../shared/template-hash.ts';
import { decide, type Plan } from './decide.ts';
import { REVISION } from './names.ts';
import { replicasOf } from './sizes.ts';
import { msUntilDeadline, setDeploymentCondition } from './status.ts';

export function deploymentController(ctx: ControllerContext): Controller {
  const informer = ctx.informer(deployments);
  const sets = indexByController(ctx.informer(replicaSets));
  const podInformer = indexByController(ctx.informer(pods));
  const recorder = ctx.recorder('deployment-controller');

  function ofReplicaSet(set: ReplicaSet): ObjectKey[] {
    const namespace = set.metadata.namespace ?? '';
    const owner = controllerOf(set);
    if (owner !== undefined) return owner.kind === 'Deployment' ? [{ namespace, name: owner.name }] : [];
    return informer
      .list(namespace)
      .filter((d) => matcherOf(d.spec?.selector)(set.metadata.labels))
      .map((d) => keyOf(d));
  }

  /** Recreate waits for old pods to be gone. */
  function ofPod(pod: Pod, _old: Pod | undefined, deleted: boolean): ObjectKey[] {
    const owner = deleted ? controllerOf(pod) : undefined;
    if (owner?.kind !== 'ReplicaSet') return [];
    const set = sets.get({ namespace: pod.metadata.namespace ?? '', name: owner.name });
    return set === undefined ? [] : ofReplicaSet(set);
  }

  function oldPodsRunning(deployment: Deployment, owned: readonly ReplicaSet[]): boolean {
    if (deployment.spec?.strategy?.type !== 'Recreate') return false;
    return owned.some(
      (set) =>
        !sameTemplate(set.spec?.template, deployment.spec?.template) &&
        ownedBy(podInformer, set).some((pod) => pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed'),
    );
  }

  function announce(deployment: Deployment, name: string, from: number, to: number): void {
    if (from === to) return;
    recorder.event(deployment, 'Normal', 'ScalingReplicaSet', `Scaled ${to > from ? 'up' : 'down'} replica set ${name} from ${from} to ${to}`);
  }

  async function create(deployment: Deployment, plan: Plan, set: ReplicaSet): Promise<void> {
    try {
      await ctx.client.create(replicaSets, set);
      announce(deployment, set.metadata.name ?? '', 0, replicasOf(set));
      plan.revision = set.metadata.annotations?.[REVISION] ?? '';
    } catch (error) {
      if (isNamespaceTerminating(error)) return;
      if (isAlreadyExists(error)) return collide(deployment, plan, set);
      const message = `Failed to create new replica set "${set.metadata.name ?? ''}": ${messageOf(error)}`;
      setDeploymentCondition(plan.status, { type: 'Progressing', status: 'False', reason: 'ReplicaSetCreateError', message }, ctx.clock.now());
      await writeStatus(ctx.client, deployments, deployment, plan.status);
      recorder.event(deployment, 'Warning', 'ReplicaSetCreateError', message);
      throw error;
    }
  }

  /** The name is taken: by our own set that the view does not show yet, or by another template with the same hash. */
  async function collide(deployment: Deployment, plan: Plan, set: ReplicaSet): Promise<void> {
    const existing = await ctx.client.get(replicaSets, keyOf(set));
    const ours = controllerOf(existing)?.uid === deployment.metadata.uid && sameTemplate(existing.spec?.template, deployment.spec?.template);
    if (!ours) plan.status.collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
  }

  async function resize(deployment: Deployment, plan: Plan): Promise<void> {
    for (const [set, { replicas, annotations }] of plan.update) {
      await ctx.client.update(replicaSets, { ...set, metadata: { ...set.metadata, annotations }, spec: { ...set.spec, replicas } } as ReplicaSet);
      announce(deployment, set.metadata.name ?? '', replicasOf(set), replicas);
    }
  }

  return startController(ctx, {
    name: 'deployment',
    watches: [watching(deployments), watching(replicaSets, ofReplicaSet), watching(pods, ofPod)],
    async reconcile(key) {
      const seen = informer.get(key);
      if (seen === undefined) return;
      const owned = await claim(ctx.client, deployments, seen, replicaSets, sets, matcherOf(seen.spec?.selector));
      const plan = decide(seen, owned, oldPodsRunning(seen, owned), ctx.clock.now());
      if (plan.create !== undefined) await create(seen, plan, plan.create);
      await resize(seen, plan);
      for (const set of plan.remove) {
        await ctx.client.delete(replicaSets, keyOf(set)).catch((error: unknown) => {
          if (!isNotFound(error)) throw error;
        });
      }
      if (plan.revision !== undefined && seen.metadata.annotations?.[REVISION] !== plan.revision) {
        // With the status: written alone it would count as a generation.
        const metadata = { ...seen.metadata, annotations: { ...seen.metadata.annotations, [REVISION]: plan.revision } };
        await ctx.client.update(deployments, { ...seen, metadata, status: plan.status }, { subresource: 'status' });
      } else {
        await writeStatus(ctx.client, deployments, seen, plan.status);
      }
      const wait = msUntilDeadline(
        seen,
        plan.status.conditions?.find((c) => c.type === 'Progressing' && c.reason !== 'NewReplicaSetAvailable' && c.status !== 'False'),
        ctx.clock.now(),
      );
      // One second on top, so that the deadline has passed for sure.
      if (wait !== undefined && wait > 0) return { requeueAfterMs: wait + 1000 };
    },
  });
}
