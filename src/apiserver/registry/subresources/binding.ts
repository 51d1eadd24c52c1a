/** Binding: a scheduler says which node a pod runs on, once. */
import { setCondition, type Condition } from '../../../kube/conditions.ts';
import { badRequest, conflict, invalid } from '../../../kube/status.ts';
import type { KubeObject, ObjectKey, Pod } from '../../../kube/types.ts';
import { timestamp } from '../../../runtime/clock.ts';
import type { RequestContext, StoredObject } from '../../engine.ts';
import { copyJson } from '../../../kube/json.ts';
import { createdStatus } from '../status.ts';
import { current, isFinished } from '../update.ts';
import { collectionOf, storageKey, targetOf, type RegistryWorld } from '../world.ts';

interface Binding extends KubeObject {
  target?: { kind?: string; name?: string };
}

/** Answers a Status of success. Rejects with 409 when the pod cannot be bound any more. */
export async function bind(world: RegistryWorld, ctx: RequestContext, key: ObjectKey, body: KubeObject): Promise<StoredObject> {
  const pods = world.builtin('', 'pods');
  const { target, metadata } = body as Binding;
  if (metadata?.name !== key.name) throw badRequest('name in URL does not match name in Binding object');
  if (!target?.name)
    throw invalid({ group: '', kind: 'Binding', name: key.name }, [{ reason: 'FieldValueRequired', field: 'target.name', message: 'Required value' }]);
  if (target.kind && target.kind !== 'Node') {
    throw invalid({ group: '', kind: 'Binding', name: key.name }, [
      { reason: 'FieldValueNotSupported', field: 'target.kind', message: `Unsupported value: ${JSON.stringify(target.kind)}: supported values: "Node"` },
    ]);
  }
  const old = current(world, pods, key).object as Pod;
  const refuse = (why: string): Error => conflict({ group: '', plural: 'pods/binding', name: key.name }, why);
  if (metadata?.uid && metadata.uid !== old.metadata.uid) {
    throw conflict(targetOf(pods, key.name), `Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${old.metadata.uid}`);
  }
  if (old.metadata.deletionTimestamp !== undefined) throw refuse(`pod ${key.name} is being deleted, cannot be assigned to a host`);
  if (old.spec?.nodeName) throw refuse(`pod ${key.name} is already assigned to node ${JSON.stringify(old.spec.nodeName)}`);
  if (old.spec?.schedulingGates?.length) throw refuse(`pod ${key.name} has non-empty .spec.schedulingGates`);
  const pod = bound(copyJson(old), target.name, metadata?.annotations, timestamp(world.clock.now()));
  if (isFinished(pods, pod)) throw new Error('a bound pod cannot be finished');
  if (!ctx.dryRun) await world.store.put(collectionOf(world, pods), storageKey(pods, key), pod);
  return createdStatus();
}

function bound(pod: Pod, nodeName: string, annotations: Record<string, string> | undefined, now: string): Pod {
  pod.spec = { ...pod.spec, containers: pod.spec?.containers ?? [], nodeName };
  if (annotations !== undefined && Object.keys(annotations).length > 0) pod.metadata.annotations = { ...pod.metadata.annotations, ...annotations };
  const conditions = (pod.status?.conditions ?? []) as Condition[];
  const scheduled = setCondition<Condition>(conditions, { type: 'PodScheduled', status: 'True', lastProbeTime: null }, now);
  // Pod conditions differ from Condition in how the models write an absent time.
  pod.status = { ...pod.status, conditions: scheduled as NonNullable<NonNullable<Pod['status']>['conditions']> };
  return pod;
}
