/** What the API knows of kinds, for controllers that work with whatever there is. */
import type { ApiEngine, ResourceDefinition } from '../../apiserver/index.ts';
import type { Resource } from '../../kube/resources.ts';

const NEEDED = ['list', 'watch', 'delete'] as const;

/** What is stored, each kind once: what garbage collection and the end of a namespace have to look through. */
export function storedKinds(engine: ApiEngine): () => readonly Resource[] {
  return remembered(engine, find);
}

/** The resources that serve a kind, one for each name in URLs; of versions the first. */
export function servedKinds(engine: ApiEngine): (group: string, kind: string) => readonly Resource[] {
  const byKind = remembered(engine, (definitions) => {
    const found = new Map<string, Map<string, Resource>>();
    for (const definition of definitions) {
      const key = `${definition.group}/${definition.kind}`;
      const resources = found.get(key) ?? new Map<string, Resource>();
      found.set(key, resources);
      if (!resources.has(definition.plural)) resources.set(definition.plural, handleOf(definition));
    }
    return new Map([...found].map(([key, resources]) => [key, [...resources.values()]]));
  });
  return (group, kind) => byKind().get(`${group}/${kind}`) ?? [];
}

/** Computed anew only when definitions have changed: it is asked often. */
function remembered<T>(engine: ApiEngine, compute: (definitions: readonly ResourceDefinition[]) => T): () => T {
  let known: { value: T } | undefined;
  engine.onDefinitionsChanged(() => (known = undefined));
  return () => (known ??= { value: compute(engine.definitions()) }).value;
}

function handleOf({ group, version, kind, plural, namespaced }: ResourceDefinition): Resource {
  return { group, version, kind, plural, namespaced };
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
  return [...byStorage.values()].map(handleOf);
}
