import type { KubeObject } from '../../kube/types.ts';
import type { AdmissionRequest } from './plugin.ts';

/**
 * The name of the class that is the default, among the objects of `collection` ('GROUP/PLURAL', of type T): of several the one made last, of
 * those made at once the first by name. Undefined when there is none.
 */
export function newestDefault<T extends KubeObject>({ world }: AdmissionRequest, collection: string, isDefault: (object: T) => boolean): string | undefined {
  // The collection holds objects of its kind only.
  const defaults = Array.from(world.store.collection(collection).range(), ([, stored]) => stored.object as T).filter(isDefault);
  const made = ({ metadata }: T): string => metadata.creationTimestamp ?? '';
  const name = ({ metadata }: T): string => metadata.name ?? '';
  return defaults.toSorted((a, b) => made(b).localeCompare(made(a)) || name(a).localeCompare(name(b)))[0]?.metadata.name;
}
