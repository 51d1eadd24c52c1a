import type { KubeObject, ObjectKey } from '../kube/types.ts';

/** Objects by namespace and name, with indexes; each operation costs the object's index values, never a scan. */
export class ObjectStore<T extends KubeObject> {
  readonly #byNamespace = new Map<string, Map<string, T>>();
  readonly #indexes = new Map<string, { values: (object: T) => readonly string[]; buckets: Map<string, Set<T>> }>();

  get(key: ObjectKey): T | undefined {
    return this.#byNamespace.get(key.namespace ?? '')?.get(key.name);
  }

  list(namespace?: string): T[] {
    if (namespace !== undefined) return [...(this.#byNamespace.get(namespace)?.values() ?? [])];
    const all: T[] = [];
    for (const objects of this.#byNamespace.values()) for (const object of objects.values()) all.push(object);
    return all;
  }

  byIndex(index: string, value: string): T[] {
    const found = this.#indexes.get(index);
    if (found === undefined) throw new Error(`no index '${index}'; add it with addIndex before reading it`);
    return [...(found.buckets.get(value) ?? [])];
  }

  addIndex(name: string, values: (object: T) => readonly string[]): void {
    if (this.#indexes.has(name)) return;
    const index = { values, buckets: new Map<string, Set<T>>() };
    this.#indexes.set(name, index);
    for (const object of this.list()) link(index, object);
  }

  /** Answers what was there before. */
  put(object: T): T | undefined {
    const namespace = object.metadata.namespace ?? '';
    const name = object.metadata.name ?? '';
    let objects = this.#byNamespace.get(namespace);
    if (objects === undefined) this.#byNamespace.set(namespace, (objects = new Map()));
    const old = objects.get(name);
    objects.set(name, object);
    for (const index of this.#indexes.values()) {
      if (old !== undefined) unlink(index, old);
      link(index, object);
    }
    return old;
  }

  remove(object: KubeObject): T | undefined {
    const namespace = object.metadata.namespace ?? '';
    const objects = this.#byNamespace.get(namespace);
    const old = objects?.get(object.metadata.name ?? '');
    if (objects === undefined || old === undefined) return undefined;
    objects.delete(object.metadata.name ?? '');
    if (objects.size === 0) this.#byNamespace.delete(namespace);
    for (const index of this.#indexes.values()) unlink(index, old);
    return old;
  }
}

interface Index<T> {
  values: (object: T) => readonly string[];
  buckets: Map<string, Set<T>>;
}

function link<T>(index: Index<T>, object: T): void {
  for (const value of index.values(object)) {
    const bucket = index.buckets.get(value);
    if (bucket === undefined) index.buckets.set(value, new Set([object]));
    else bucket.add(object);
  }
}

function unlink<T>(index: Index<T>, object: T): void {
  for (const value of index.values(object)) {
    const bucket = index.buckets.get(value);
    bucket?.delete(object);
    if (bucket?.size === 0) index.buckets.delete(value);
  }
}
