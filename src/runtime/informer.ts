import type { KubeObject, ObjectKey } from '../kube/types.ts';

export interface InformerHandler<T extends KubeObject> {
  /** `old` is absent on add. */
  upsert?(object: T, old: T | undefined): void;
  delete?(object: T): void;
}

/**
 * A local view of a resource, kept by list and watch. It lags the API by a moment: decisions made from it must be safe when repeated.
 */
export interface Informer<T extends KubeObject> {
  /** Resolves when the first list is in the view and handlers have seen it. */
  synced(signal?: AbortSignal): Promise<void>;
  get(key: ObjectKey): T | undefined;
  /** All objects, or those of a namespace; the array is the caller's, the objects are not. */
  list(namespace?: string): T[];
  /** Objects with an index value, for an index added by `addIndex`. */
  byIndex(index: string, value: string): T[];
  /** `values` gives the index values of an object; adding the same name twice is harmless. */
  addIndex(name: string, values: (object: T) => readonly string[]): void;
  /** Handlers are called in order, at once for what is there already; they must not throw and must be quick. */
  onChange(handler: InformerHandler<T>): () => void;
}
