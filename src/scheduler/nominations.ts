/** Pods that wait for their victims to leave a node: pods of no more importance may not take the room they were promised. */
import { podPriority } from '../kube/pods.ts';
import type { Pod } from '../kube/types.ts';

export class Nominations {
  readonly #byNode = new Map<string, Map<string, Pod>>();
  readonly #nodeOf = new Map<string, string>();

  set(pod: Pod, nodeName: string): void {
    const uid = pod.metadata.uid ?? '';
    this.clear(uid);
    this.#nodeOf.set(uid, nodeName);
    const pods = this.#byNode.get(nodeName);
    if (pods) pods.set(uid, pod);
    else this.#byNode.set(nodeName, new Map([[uid, pod]]));
  }

  clear(uid: string): void {
    const nodeName = this.#nodeOf.get(uid);
    if (nodeName === undefined) return;
    this.#nodeOf.delete(uid);
    const pods = this.#byNode.get(nodeName);
    pods?.delete(uid);
    if (pods?.size === 0) this.#byNode.delete(nodeName);
  }

  nodeOf(uid: string): string | undefined {
    return this.#nodeOf.get(uid);
  }

  on(nodeName: string): Pod[] {
    return [...(this.#byNode.get(nodeName)?.values() ?? [])];
  }

  /** Those that `pod` has to leave room for. */
  before(pod: Pod, nodeName: string): Pod[] {
    if (!this.#byNode.has(nodeName)) return [];
    return this.on(nodeName).filter((other) => other.metadata.uid !== pod.metadata.uid && podPriority(other) >= podPriority(pod));
  }
}
