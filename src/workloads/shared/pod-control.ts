/** Creates and deletes the pods of a controller, with upstream's events. */
import { ownerReference } from '../../kube/owners.ts';
import { pods } from '../../kube/resources.ts';
import { isNotFound, StatusError } from '../../kube/status.ts';
import type { KubeObject, Pod, PodTemplateSpec } from '../../kube/types.ts';
import type { Client } from '../../runtime/client.ts';
import type { EventRecorder } from '../../runtime/controller.ts';
import { keyOf } from './claim.ts';

export interface PodControl {
  client: Client;
  recorder: EventRecorder;
}

/** A pod from a template, owned by `owner`, named by `generateName` unless `name` is given; it is said in any case. */
export function podFromTemplate(owner: KubeObject, template: PodTemplateSpec, more: Partial<Pod['metadata']> = {}): Pod {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace: owner.metadata.namespace,
      generateName: generateNameOf(owner),
      ...(labels ? { labels: { ...labels } } : {}),
      ...(annotations ? { annotations: { ...annotations } } : {}),
      ...(finalizers ? { finalizers: [...finalizers] } : {}),
      ownerReferences: [ownerReference(owner, { controller: true })],
      ...more,
    },
    ...(template.spec ? { spec: template.spec } : {}),
  } as Pod;
}

/** 'web-' , or the name without a dash when that would be too long for a host name. */
function generateNameOf(owner: KubeObject): string {
  const name = owner.metadata.name ?? '';
  return name.length > 57 ? name : `${name}-`;
}

/** Throws what the API throws, after an event that says so. */
export async function createPod(control: PodControl, owner: KubeObject, pod: Pod): Promise<Pod> {
  try {
    const created = await control.client.create(pods, pod);
    control.recorder.event(owner, 'Normal', 'SuccessfulCreate', `Created pod: ${created.metadata.name ?? ''}`);
    return created;
  } catch (error) {
    if (!isNamespaceTerminating(error)) control.recorder.event(owner, 'Warning', 'FailedCreate', `Error creating: ${messageOf(error)}`);
    throw error;
  }
}

/** A pod that is gone already counts as deleted. */
export async function deletePod(control: PodControl, owner: KubeObject, pod: Pod): Promise<void> {
  try {
    await control.client.delete(pods, keyOf(pod), pod.metadata.uid ? { preconditions: { uid: pod.metadata.uid } } : {});
    control.recorder.event(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name ?? ''}`);
  } catch (error) {
    // Gone, or another pod of the same name: the one that was meant is gone.
    if (isNotFound(error) || (error instanceof StatusError && error.code === 409)) return;
    control.recorder.event(owner, 'Warning', 'FailedDelete', `Error deleting: ${messageOf(error)}`);
    throw error;
  }
}

/** The namespace is going away: nothing can be created there, and nothing needs to be. */
export function isNamespaceTerminating(error: unknown): boolean {
  return error instanceof StatusError && (error.status.details?.causes ?? []).some((cause) => cause.reason === 'NamespaceTerminating');
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Neither finished nor on its way out. */
export function isActive(pod: Pod): boolean {
  return pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed' && pod.metadata.deletionTimestamp === undefined;
}
