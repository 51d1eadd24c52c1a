/** Keeps the numbered pods of a stateful set. */
import { controllerOf } from '../../kube/owners.ts';
import { controllerRevisions, pods, statefulSets, type Resource } from '../../kube/resources.ts';
import { matcherOf } from '../../kube/selectors.ts';
import { isAlreadyExists } from '../../kube/status.ts';
import type { ControllerRevision, KubeObject, ObjectKey, Pod, PodTemplateSpec, StatefulSet } from '../../kube/types.ts';
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { startController, watching } from '../../runtime/reconcile.ts';
import { msUntilAvailable } from '../replicaset/decide.ts';
import { claim, indexByController, keyOf, ownedBy } from '../shared/claim.ts';
import { currentRevision, trimHistory } from '../shared/history.ts';
import { isNamespaceTerminating, messageOf, podFromTemplate } from '../shared/pod-control.ts';
import { writeStatus } from '../shared/status.ts';
import { decide, ordinalOf, revisionNameOf, statefulSetStatus, statefulTemplate, type StatefulSetPlan } from './decide.ts';

const claims: Resource = { group: '', version: 'v1', kind: 'PersistentVolumeClaim', plural: 'persistentvolumeclaims', namespaced: true };

export function statefulSetController(ctx: ControllerContext): Controller {
  const sets = ctx.informer(statefulSets);
  const podInformer = indexByController(ctx.informer(pods));
  const revisions = indexByController(ctx.informer(controllerRevisions));
  const recorder = ctx.recorder('statefulset-controller');

  function ofPod(pod: Pod): ObjectKey[] {
    const namespace = pod.metadata.namespace ?? '';
    const owner = controllerOf(pod);
    if (owner !== undefined) return owner.kind === 'StatefulSet' ? [{ namespace, name: owner.name }] : [];
    return sets
      .list(namespace)
      .filter((set) => matcherOf(set.spec?.selector)(pod.metadata.labels))
      .map((set) => keyOf(set));
  }

  async function createClaims(set: StatefulSet, ordinal: number): Promise<void> {
    for (const template of set.spec?.volumeClaimTemplates ?? []) {
      const name = `${template.metadata?.name ?? ''}-${set.metadata.name ?? ''}-${ordinal}`;
      const labels = { ...template.metadata?.labels, ...set.spec?.selector?.matchLabels };
      const wanted = {
        ...template,
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { ...template.metadata, name, namespace: set.metadata.namespace, labels },
        status: undefined,
      };
      const setName = set.metadata.name ?? '';
      try {
        await ctx.client.create(claims, wanted as unknown as KubeObject);
        recorder.event(set, 'Normal', 'SuccessfulCreate', `Create Claim ${name} Pod ${setName}-${ordinal} in StatefulSet ${setName} success`);
      } catch (error) {
        if (isAlreadyExists(error)) continue;
        const why = `Create Claim ${name} for Pod ${setName}-${ordinal} in StatefulSet ${setName} failed error: ${messageOf(error)}`;
        recorder.event(set, 'Warning', 'FailedCreate', why);
        throw error;
      }
    }
  }

  /** Names are fixed, so a stale view cannot make a pod twice: the API refuses the second. */
  async function create(set: StatefulSet, ordinal: number, template: PodTemplateSpec, revisionName: string): Promise<void> {
    const name = `${set.metadata.name ?? ''}-${ordinal}`;
    const what = `Pod ${name} in StatefulSet ${set.metadata.name ?? ''}`;
    try {
      await createClaims(set, ordinal);
      await ctx.client.create(pods, podFromTemplate(set, statefulTemplate(set, template, ordinal, revisionName), { name }));
      recorder.event(set, 'Normal', 'SuccessfulCreate', `Create ${what} successful`);
    } catch (error) {
      if (isAlreadyExists(error) || isNamespaceTerminating(error)) return;
      recorder.event(set, 'Warning', 'FailedCreate', `Create ${what} failed error: ${messageOf(error)}`);
      throw error;
    }
  }

  async function remove(set: StatefulSet, pod: Pod): Promise<void> {
    await ctx.client.delete(pods, keyOf(pod), { preconditions: { uid: pod.metadata.uid ?? '' } });
    recorder.event(set, 'Normal', 'SuccessfulDelete', `Delete Pod ${pod.metadata.name ?? ''} in StatefulSet ${set.metadata.name ?? ''} successful`);
  }

  async function act(set: StatefulSet, plan: StatefulSetPlan, current: ControllerRevision, update: ControllerRevision): Promise<void> {
    for (const { ordinal, revision } of plan.create) {
      const from = revision === 'current' ? current : update;
      await create(set, ordinal, templateIn(from) ?? set.spec?.template ?? {}, from.metadata.name ?? '');
    }
    for (const pod of plan.remove) await remove(set, pod);
  }

  return startController(ctx, {
    name: 'statefulset',
    watches: [watching(statefulSets), watching(pods, ofPod), watching(controllerRevisions, () => [])],
    async reconcile(key) {
      const set = sets.get(key);
      if (set === undefined || set.metadata.deletionTimestamp !== undefined) return;
      const owned = (await claim(ctx.client, statefulSets, set, pods, podInformer, matcherOf(set.spec?.selector))).filter(
        (pod) => ordinalOf(set, pod) !== undefined,
      );
      const history = ownedBy(revisions, set);
      const update = await currentRevision(ctx.client, set, history, set.spec?.template?.metadata?.labels ?? {});
      const current = history.find((revision) => revision.metadata.name === set.status?.currentRevision) ?? update;
      const names = { current: current.metadata.name ?? '', update: update.metadata.name ?? '' };
      await act(set, decide(set, owned, names, ctx.clock.now()), current, update);
      await writeStatus(ctx.client, statefulSets, set, statefulSetStatus(set, owned, names, ctx.clock.now()));
      const inUse = new Set([names.current, names.update, ...owned.map(revisionNameOf)]);
      await trimHistory(ctx.client, set, history, (revision) => inUse.has(revision.metadata.name ?? ''));
      const wait = msUntilAvailable(owned, set.spec?.minReadySeconds ?? 0, ctx.clock.now());
      if (wait !== undefined) return { requeueAfterMs: wait };
    },
  });
}

function templateIn(revision: ControllerRevision): PodTemplateSpec | undefined {
  const template = (revision.data as { spec?: { template?: PodTemplateSpec & { $patch?: string } } } | undefined)?.spec?.template;
  if (template === undefined) return undefined;
  const { $patch: _directive, ...rest } = template;
  return rest;
}
