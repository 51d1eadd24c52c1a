/** The resources that are served now: the built-in table and what custom resource definitions add. */
import type { ResourceDefinition } from '../engine.ts';

type Name = { group: string; version: string; plural: string };

export class Definitions {
  readonly #byName = new Map<string, ResourceDefinition>();
  readonly #listeners = new Set<() => void>();
  #all: readonly ResourceDefinition[] = [];

  constructor(definitions: readonly ResourceDefinition[]) {
    this.add(definitions);
  }

  all(): readonly ResourceDefinition[] {
    return this.#all;
  }

  get({ group, version, plural }: Name): ResourceDefinition | undefined {
    return this.#byName.get(nameOf(group, version, plural));
  }

  /** The first served version. */
  ofGroup(group: string, plural: string): ResourceDefinition | undefined {
    return this.#all.find((definition) => definition.group === group && definition.plural === plural);
  }

  add(definitions: readonly ResourceDefinition[]): void {
    for (const definition of definitions) this.#byName.set(nameOf(definition.group, definition.version, definition.plural), definition);
    this.#changed();
  }

  remove(names: readonly Name[]): void {
    for (const { group, version, plural } of names) this.#byName.delete(nameOf(group, version, plural));
    this.#changed();
  }

  onChanged(fn: () => void): () => void {
    this.#listeners.add(fn);
    return () => {
      this.#listeners.delete(fn);
    };
  }

  #changed(): void {
    this.#all = [...this.#byName.values()];
    for (const listener of this.#listeners) listener();
  }
}

function nameOf(group: string, version: string, plural: string): string {
  return `${group}/${version}/${plural}`;
}
