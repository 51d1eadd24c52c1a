/** Brings the works of one member into it, and what becomes of them back to the hub. */
import { equalJson } from '../../kube/json.ts';
import type { KubeObject, ObjectKey } from '../../kube/types.ts';
import { timestamp } from '../../runtime/clock.ts';
import type { Controller } from '../../runtime/controller.ts';
import { startController, watching } from '../../runtime/reconcile.ts';
import * as marks from '../kinds/marks.ts';
import { works, type Work } from '../kinds/work.ts';
import { MemberObjects } from './objects.ts';
import { workStatus, type Outcome } from './work-status.ts';
import type { AgentWorld } from './world.ts';

/** A work whose manifests could not all be applied is tried again so much later, at the latest. */
const TRY_AGAIN_MS = 5_000;

export function executionController(world: AgentWorld): Controller {
  const { hub, cluster } = world;
  const recorder = hub.recorder('execution-controller');
  const view = hub.informer(works);
  let enqueue: (key: ObjectKey) => void = () => undefined;
  const objects = new MemberObjects(world, (object) => {
    const { annotations = {} } = object.metadata;
    const name = annotations[marks.WORK_NAME];
    if (name !== undefined) enqueue({ namespace: annotations[marks.WORK_NAMESPACE] ?? '', name });
  });

  async function bring(manifest: KubeObject, work: Work): Promise<Outcome> {
    const { namespace = '', name = '' } = work.metadata;
    try {
      const { resource, observed } = await objects.find(manifest);
      const object = work.spec.suspendDispatching === true ? observed : await objects.apply(manifest, { namespace, name });
      return { manifest, plural: resource.plural, ...(object === undefined ? {} : { object }) };
    } catch (error) {
      return { manifest, error: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Told about the template, which the manifest names by its UID. */
  function tell(work: Work, outcomes: readonly Outcome[]): void {
    for (const { manifest, error } of outcomes) {
      const { namespace, name = '', annotations = {} } = manifest.metadata;
      const uid = annotations[marks.TEMPLATE_UID] ?? '';
      const template: KubeObject = {
        apiVersion: manifest.apiVersion,
        kind: manifest.kind,
        metadata: { name, uid, ...(namespace === undefined ? {} : { namespace }) },
      };
      const shown = namespace === undefined ? name : `${namespace}/${name}`;
      for (const regarding of uid === '' ? [work] : [template, work]) {
        if (error === undefined) recorder.event(regarding, 'Normal', 'SyncSucceed', `Successfully applied resource(${shown}) to cluster ${cluster}`);
        else recorder.event(regarding, 'Warning', 'SyncFailed', `Failed to create or update resource(${shown}) in member cluster(${cluster}): ${error}`);
      }
    }
  }

  async function finish(work: Work): Promise<void> {
    const { namespace = '', name = '', finalizers = [] } = work.metadata;
    if (!finalizers.includes(marks.EXECUTION_FINALIZER)) return;
    const keep = work.spec.preserveResourcesOnDeletion === true;
    await Promise.all(work.spec.workload.manifests.map((manifest) => objects.release(manifest, { namespace, name }, keep)));
    const left = finalizers.filter((finalizer) => finalizer !== marks.EXECUTION_FINALIZER);
    await hub.client.update(works, { ...work, metadata: { ...work.metadata, finalizers: left } });
  }

  return startController(hub, {
    name: 'execution',
    workers: 8,
    watches: [watching(works, (work, old) => (old && sameWork(work, old) ? [] : [keyOf(work)]))],
    start(add) {
      enqueue = add;
    },
    async reconcile(key) {
      const work = view.get(key);
      if (work === undefined) return;
      if (work.metadata.deletionTimestamp !== undefined) return finish(work);
      const before = work.status?.conditions;
      const outcomes = await Promise.all(work.spec.workload.manifests.map((manifest) => bring(manifest, work)));
      const status = workStatus(work, outcomes, timestamp(hub.clock.now()));
      if (!equalJson(status, work.status ?? {})) await hub.client.update(works, { ...work, status }, { subresource: 'status' });
      if (!equalJson(told(before), told(status.conditions))) tell(work, outcomes);
      if (outcomes.some(({ error }) => error !== undefined)) return { requeueAfterMs: TRY_AGAIN_MS };
    },
  });
}

/** What of conditions is worth an event. */
function told(conditions: readonly { type: string; status: string; message?: string }[] | undefined): unknown {
  return conditions?.map(({ type, status, message }) => ({ type, status, message }));
}

const keyOf = ({ metadata: { namespace = '', name = '' } }: Work): ObjectKey => ({ namespace, name });

function sameWork({ metadata: a }: Work, { metadata: b }: Work): boolean {
  return a.generation === b.generation && a.deletionTimestamp === b.deletionTimestamp && a.uid === b.uid;
}
