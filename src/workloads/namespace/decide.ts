/** What a namespace on its way out says about its content: upstream's conditions and texts. */
import { setCondition } from '../../kube/conditions.ts';
import type { Namespace } from '../../kube/types.ts';
import { timestamp } from '../../runtime/clock.ts';

/** How a round of deletion went. */
export interface Remains {
  /** 'pods.', 'deployments.apps' to the number of objects still there. */
  counts: Map<string, number>;
  /** Finalizer to the number of objects that wait for it. */
  finalizers: Map<string, number>;
  /** Why content could not be deleted. */
  failures: string[];
}

export type NamespaceStatus = NonNullable<Namespace['status']>;

export function isEmpty(remains: Remains): boolean {
  return remains.counts.size === 0 && remains.failures.length === 0;
}

export function terminatingStatus(namespace: Namespace, remains: Remains, nowMs: number): NamespaceStatus {
  const now = timestamp(nowMs);
  const counts = sortedText(remains.counts, (name, count) => `${name} has ${count} resource instances`);
  const finalizers = sortedText(remains.finalizers, (name, count) => `${name} in ${count} resource instances`);
  const set: [string, boolean, string, string, string, string][] = [
    ['NamespaceDeletionDiscoveryFailure', false, '', '', 'ResourcesDiscovered', 'All resources successfully discovered'],
    ['NamespaceDeletionGroupVersionParsingFailure', false, '', '', 'ParsedGroupVersions', 'All legacy kube types successfully parsed'],
    [
      'NamespaceDeletionContentFailure',
      remains.failures.length > 0,
      'ContentDeletionFailed',
      `Failed to delete all resource types, ${remains.failures.length} remaining: ${remains.failures.toSorted().join(', ')}`,
      'ContentDeleted',
      'All content successfully deleted, may be waiting on finalization',
    ],
    [
      'NamespaceContentRemaining',
      counts !== '',
      'SomeResourcesRemain',
      `Some resources are remaining: ${counts}`,
      'ContentRemoved',
      'All content successfully removed',
    ],
    [
      'NamespaceFinalizersRemaining',
      finalizers !== '',
      'SomeFinalizersRemain',
      `Some content in the namespace has finalizers remaining: ${finalizers}`,
      'ContentHasNoFinalizers',
      'All content-preserving finalizers finished',
    ],
  ];
  let conditions = namespace.status?.conditions ?? [];
  for (const [type, bad, reason, message, goodReason, goodMessage] of set) {
    conditions = setCondition(
      conditions,
      { type, status: bad ? 'True' : 'False', reason: bad ? reason : goodReason, message: bad ? message : goodMessage },
      now,
    );
  }
  return { ...namespace.status, phase: 'Terminating', conditions };
}

function sortedText(counts: ReadonlyMap<string, number>, text: (name: string, count: number) => string): string {
  return [...counts]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => text(name, count))
    .join(', ');
}
