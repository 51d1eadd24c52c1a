/**
 * What lies between nodes and other objects: a node may see what its pods name. Nothing is kept but which pods a node has,
 * and that only once a node asks; the rest is followed from there, since a node has some hundred pods at most.
 */
import { MIRROR, referencesOf, type PodReferences } from '../../kube/pod-references.ts';
import type { KubeObject, Pod } from '../../kube/types.ts';
import type { StoredObject } from '../engine.ts';
import type { Store } from '../store/store.ts';

interface Volume extends KubeObject {
  spec?: { claimRef?: { namespace?: string; name?: string }; csi?: Record<string, unknown> };
}

const references = new WeakMap<Pod, PodReferences>();

export class NodeRelations {
  readonly #store: Store;
  /** Keys of pods by the node's name. */
  #pods: Map<string, Set<string>> | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  hasPod(node: string, namespace: string, name: string): boolean {
    return this.#podsOf(node).has(`${namespace}/${name}`);
  }

  /** A pod of the node names the object. */
  names(node: string, kind: 'secrets' | 'configMaps' | 'claims', namespace: string, name: string): boolean {
    return this.#some(node, namespace, (found) => found[kind].has(name)) || (kind === 'secrets' && this.#volumeNames(node, namespace, name));
  }

  usesAccount(node: string, namespace: string, name: string): boolean {
    return this.#some(node, namespace, ({ serviceAccount }) => serviceAccount === name);
  }

  /** A volume is the node's by the claim it is bound to. */
  hasVolume(node: string, name: string): boolean {
    const volume = this.#store.collection('/persistentvolumes').get(name)?.object as Volume | undefined;
    return volume !== undefined && this.#claims(node, volume);
  }

  /** Of an object that says itself which node it is for. */
  isFor(node: string, collection: string, key: string): boolean {
    const object = this.#store.collection(collection).get(key)?.object as (KubeObject & { spec?: { nodeName?: string } }) | undefined;
    return object?.spec?.nodeName === node;
  }

  #claims(node: string, { spec }: Volume): boolean {
    const { namespace, name } = spec?.claimRef ?? {};
    return !!namespace && !!name && this.names(node, 'claims', namespace, name);
  }

  /** Secrets that a volume's driver needs on the node. */
  #volumeNames(node: string, namespace: string, name: string): boolean {
    for (const [, { object }] of this.#store.collection('/persistentvolumes').range()) {
      const { csi } = (object as Volume).spec ?? {};
      if (csi === undefined) continue;
      const refs = ['nodePublishSecretRef', 'nodeStageSecretRef', 'nodeExpandSecretRef'].map(
        (field) => csi[field] as { namespace?: string; name?: string } | undefined,
      );
      if (refs.some((ref) => ref?.namespace === namespace && ref.name === name) && this.#claims(node, object as Volume)) return true;
    }
    return false;
  }

  #some(node: string, namespace: string, is: (found: PodReferences) => boolean): boolean {
    const collection = this.#store.collection('/pods');
    for (const key of this.#podsOf(node)) {
      if (!key.startsWith(`${namespace}/`)) continue;
      const pod = collection.get(key)?.object as Pod | undefined;
      // A node makes mirror pods itself: they must not give it anything.
      if (pod === undefined || pod.metadata.annotations?.[MIRROR] !== undefined) continue;
      let found = references.get(pod);
      if (found === undefined) references.set(pod, (found = referencesOf(pod)));
      if (is(found)) return true;
    }
    return false;
  }

  #podsOf(node: string): ReadonlySet<string> {
    return (this.#pods ?? this.#follow()).get(node) ?? new Set();
  }

  #follow(): Map<string, Set<string>> {
    const collection = this.#store.collection('/pods');
    const pods = (this.#pods = new Map<string, Set<string>>());
    const set = (key: string, stored: StoredObject): void => {
      const node = nodeOf(stored);
      if (node === undefined) return;
      const keys = pods.get(node);
      if (keys === undefined) pods.set(node, new Set([key]));
      else keys.add(key);
    };
    for (const [key, stored] of collection.range()) set(key, stored);
    collection.listen(({ key, object, previous, deleted }) => {
      const before = previous && nodeOf(previous);
      if (before !== undefined && (deleted || before !== nodeOf(object))) pods.get(before)?.delete(key);
      if (!deleted) set(key, object);
    });
    return pods;
  }
}

function nodeOf({ object }: StoredObject): string | undefined {
  return (object as Pod).spec?.nodeName || undefined;
}
