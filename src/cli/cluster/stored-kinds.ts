/** What the API stores, each kind once: what garbage collection and the end of a namespace have to look through. */
import type { ApiEngine, ResourceDefinition } from '../../apiserver/index.ts';
import type { Resource } from '../../kube/resources.ts';

const NEEDED = ['list', 'watch', 'delete'] as const;

/** Computed anew only when definitions have changed: it is asked often. */
export function storedKinds(engine: ApiEngine): () => readonly Resource[] {
  let known: readonly Resource[] | undefined;
  engine.onDefinitionsChanged(() => (known = undefined));
  return () => (known ??= find(engine.definitions()));
}

function find(definitions: readonly ResourceDefinition[]): Resource[] {
  const byStorage = new Map<string, ResourceDefinition>();
  for (const definition of definitions) {
    if (definition.virtual || !NEEDED.every((verb) => definition.verbs.includes(verb))) continue;
    const key = `${definition.storage.group}/${definition.storage.plural}`;
    // Of two groups that show the same objects the one they are stored under; of versions the first.
    if (!byStorage.has(key) || (definition.group === definition.storage.group && byStorage.get(key)!.group !== definition.group))
      byStorage.set(key, definition);
  }
  return [...byStorage.values()].map(({ group, version, kind, plural, namespaced }) => ({ group, version, kind, plural, namespaced }));
}
