import type { Resource } from '../../kube/resources.ts';

/** What is needed of an entry of the API's resource table. */
export interface ServedResource extends Omit<Resource, 'object'> {
  readonly verbs: readonly string[];
  /** Answered, never stored. */
  readonly virtual?: boolean;
  /** Where its objects are: the same for two versions or groups of one kind. */
  readonly storage: { group: string; plural: string };
}

const NEEDED = ['list', 'watch', 'delete'];

/** The kinds whose objects can be listed, watched and deleted, each stored kind once (the first in the table's order). */
export function storedResources(served: readonly ServedResource[]): Resource[] {
  const found = new Map<string, Resource>();
  for (const { group, version, kind, plural, namespaced, verbs, virtual, storage } of served) {
    const key = `${storage.group}/${storage.plural}`;
    if (virtual || found.has(key) || !NEEDED.every((verb) => verbs.includes(verb))) continue;
    found.set(key, { group, version, kind, plural, namespaced });
  }
  return [...found.values()];
}
