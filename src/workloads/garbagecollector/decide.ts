/** What becomes of an object whose owners are gone or going (upstream's attemptToDeleteItem, pkg/controller/garbagecollector). */
import type { OwnerReference } from '../../kube/types.ts';
import { awaitsDependents, FOREGROUND, ORPHAN, type GraphNode } from './graph.ts';

/** What is known of an owner: it lives; it is gone; it waits in the foreground for its dependents to be deleted. */
export type OwnerState = 'solid' | 'gone' | 'waiting';

export type Verdict =
  | { action: 'keep' }
  /** It has another owner that lives: only drop the references that mean nothing any more. */
  | { action: 'drop-references'; uids: string[] }
  /** `unblock`: first, its owners no longer wait for it. */
  | { action: 'delete'; policy: 'Background' | 'Foreground' | 'Orphan'; unblock?: true };

/**
 * `dependents`: what names this object as owner. `finalizers` are the object's own: a deletion asked for earlier
 * with another policy keeps that policy.
 */
export function judge(
  owners: readonly { reference: OwnerReference; state: OwnerState }[],
  finalizers: readonly string[],
  dependents: readonly Pick<GraphNode, 'deleting' | 'finalizers'>[],
): Verdict {
  const lost = owners.filter((owner) => owner.state !== 'solid');
  if (owners.length === 0 || lost.length === 0) return { action: 'keep' };
  if (lost.length < owners.length) return { action: 'drop-references', uids: lost.map((owner) => owner.reference.uid) };
  // The owner waits for this one to be gone, so this one waits for its own dependents.
  if (dependents.length > 0 && lost.some((owner) => owner.state === 'waiting')) {
    // A dependent that waits too may be the owner again, some steps on: such a circle would wait for itself.
    return { action: 'delete', policy: 'Foreground', ...(dependents.some(awaitsDependents) && { unblock: true }) };
  }
  if (finalizers.includes(ORPHAN)) return { action: 'delete', policy: 'Orphan' };
  return { action: 'delete', policy: finalizers.includes(FOREGROUND) ? 'Foreground' : 'Background' };
}
