/** Revisions of a pod template kept as ControllerRevisions (daemon sets, stateful sets), which `kubectl rollout history` and `undo` read. */
import { ownerReference } from '../../kube/owners.ts';
import { controllerRevisions } from '../../kube/resources.ts';
import { isAlreadyExists, isNotFound } from '../../kube/status.ts';
import type { ControllerRevision, KubeObject, PodTemplateSpec } from '../../kube/types.ts';
import type { Client } from '../../runtime/client.ts';
import { keyOf } from './claim.ts';
import { canonicalJson } from './equal.ts';
import { templateHash } from './template-hash.ts';

/** The label on pods and revisions that names the template they were made from. */
export const REVISION_HASH = 'controller-revision-hash';

interface WithTemplate extends KubeObject {
  spec?: { template: PodTemplateSpec; revisionHistoryLimit?: number };
}

/** What a revision holds: a patch that puts the template back. */
function dataOf(template: PodTemplateSpec): { spec: { template: unknown } } {
  return { spec: { template: { ...template, $patch: 'replace' } } };
}

function holds(revision: ControllerRevision, template: PodTemplateSpec): boolean {
  return canonicalJson(revision.data) === canonicalJson(dataOf(template));
}

export function hashOf(revision: ControllerRevision): string {
  return revision.metadata.labels?.[REVISION_HASH] ?? '';
}

/**
 * The revision of the owner's current template, made or moved to the front when needed.
 * `labels` are those of the owner's pods.
 */
export async function currentRevision(
  client: Client,
  owner: WithTemplate,
  revisions: readonly ControllerRevision[],
  labels: Record<string, string>,
): Promise<ControllerRevision> {
  const template = owner.spec?.template ?? {};
  const highest = Math.max(0, ...revisions.map((revision) => revision.revision));
  const found = revisions.filter((revision) => holds(revision, template)).toSorted((a, b) => b.revision - a.revision)[0];
  if (found !== undefined) {
    if (found.revision === highest) return found;
    return client.update(controllerRevisions, { ...found, revision: highest + 1 });
  }
  const hash = templateHash(template);
  const fresh: ControllerRevision = {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: `${owner.metadata.name ?? ''}-${hash}`,
      ...(owner.metadata.namespace ? { namespace: owner.metadata.namespace } : {}),
      labels: { ...labels, [REVISION_HASH]: hash },
      // `kubectl rollout history` shows one of them, the cause of the change.
      ...(owner.metadata.annotations ? { annotations: { ...owner.metadata.annotations } } : {}),
      ownerReferences: [ownerReference(owner, { controller: true })],
    },
    data: dataOf(template) as ControllerRevision['data'] & object,
    revision: highest + 1,
  };
  try {
    return await client.create(controllerRevisions, fresh);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    // Made by us before, and not in the view yet.
    return client.get(controllerRevisions, keyOf(fresh));
  }
}

/** Deletes the oldest revisions that are not used, beyond the owner's limit. */
export async function trimHistory(
  client: Client,
  owner: WithTemplate,
  revisions: readonly ControllerRevision[],
  isUsed: (revision: ControllerRevision) => boolean,
): Promise<void> {
  const limit = owner.spec?.revisionHistoryLimit ?? 10;
  const idle = revisions.filter((revision) => !isUsed(revision)).toSorted((a, b) => a.revision - b.revision);
  for (const revision of idle.slice(0, Math.max(0, idle.length - limit))) {
    await client.delete(controllerRevisions, keyOf(revision)).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  }
}
