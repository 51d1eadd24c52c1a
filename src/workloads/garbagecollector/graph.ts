/** Who owns whom, over all resources: kept from events, asked by the garbage collector. Only metadata is held. */
import type { Resource } from '../../kube/resources.ts';
import type { KubeObject, ObjectKey, OwnerReference } from '../../kube/types.ts';

export const FOREGROUND = 'foregroundDeletion';
export const ORPHAN = 'orphan';

export interface GraphNode {
  uid: string;
  resource: Resource;
  key: ObjectKey;
  owners: readonly OwnerReference[];
  deleting: boolean;
  finalizers: readonly string[];
}

/** Deleted in the foreground: stays until the dependents that block it are gone. */
export function awaitsDependents(node: Pick<GraphNode, 'deleting' | 'finalizers'>): boolean {
  return node.deleting && node.finalizers.includes(FOREGROUND);
}

export class OwnerGraph {
  readonly #nodes = new Map<string, GraphNode>();
  readonly #dependents = new Map<string, Set<string>>();

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  dependents(uid: string): GraphNode[] {
    return [...(this.#dependents.get(uid) ?? [])].flatMap((dependent) => this.#nodes.get(dependent) ?? []);
  }

  /** Takes in an object's state; answers its node and what it was before. */
  put(resource: Resource, object: KubeObject): { node: GraphNode; old: GraphNode | undefined } {
    const { uid = '', name = '', namespace, ownerReferences = [], finalizers = [], deletionTimestamp } = object.metadata;
    const old = this.#nodes.get(uid);
    const node: GraphNode = {
      uid,
      resource,
      key: namespace === undefined ? { name } : { namespace, name },
      owners: ownerReferences,
      deleting: deletionTimestamp !== undefined,
      finalizers,
    };
    if (old !== undefined && old.owners !== node.owners) this.#unlink(old);
    this.#nodes.set(uid, node);
    for (const owner of node.owners) {
      const set = this.#dependents.get(owner.uid);
      if (set === undefined) this.#dependents.set(owner.uid, new Set([uid]));
      else set.add(uid);
    }
    return { node, old };
  }

  remove(uid: string): GraphNode | undefined {
    const node = this.#nodes.get(uid);
    if (node === undefined) return undefined;
    this.#nodes.delete(uid);
    this.#unlink(node);
    return node;
  }

  #unlink(node: GraphNode): void {
    for (const owner of node.owners) {
      const set = this.#dependents.get(owner.uid);
      set?.delete(node.uid);
      if (set?.size === 0) this.#dependents.delete(owner.uid);
    }
  }
}
