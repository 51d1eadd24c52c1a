/** Claims of the pods to be scheduled: what is bound, what binds with the first consumer, and what nobody knows of. */
import { claimNames, findVolume, isBound, isFor, SELECTED_NODE } from '../kube/claims.ts';
import { persistentVolumeClaims, persistentVolumes, storageClasses } from '../kube/resources.ts';
import type { PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from '../kube/types.ts';
import type { ControllerContext } from '../runtime/controller.ts';
import type { VolumeView } from './volume-view.ts';

/** Waits as long as kube-scheduler for volumes to be made. */
const BIND_TIMEOUT_MS = 10 * 60_000;

export class VolumeBinder implements VolumeView {
  readonly #ctx: ControllerContext;

  constructor(ctx: ControllerContext) {
    this.#ctx = ctx;
    ctx.informer(persistentVolumeClaims);
    ctx.informer(persistentVolumes);
    ctx.informer(storageClasses);
  }

  async synced(signal: AbortSignal): Promise<void> {
    const { informer } = this.#ctx;
    await Promise.all([informer(persistentVolumeClaims), informer(persistentVolumes), informer(storageClasses)].map((seen) => seen.synced(signal)));
  }

  /** Tells of changes that may help pods that wait for their volumes. */
  follow(changed: () => void): (() => void)[] {
    const { informer } = this.#ctx;
    const handlers = { upsert: changed, delete: changed };
    return [informer(persistentVolumeClaims).onChange(handlers), informer(persistentVolumes).onChange(handlers), informer(storageClasses).onChange(handlers)];
  }

  claim(namespace: string, name: string): PersistentVolumeClaim | undefined {
    return this.#ctx.informer(persistentVolumeClaims).get({ namespace, name });
  }

  volume(name: string): PersistentVolume | undefined {
    return this.#ctx.informer(persistentVolumes).get({ name });
  }

  volumes(): PersistentVolume[] {
    return this.#ctx.informer(persistentVolumes).list();
  }

  storageClass(name: string): StorageClass | undefined {
    return this.#ctx.informer(storageClasses).get({ name });
  }

  /** Before the pod is bound to the node: its claims get their volumes there. Rejects when that takes too long. */
  async bind(pod: Pod, nodeName: string, fitsNode: (volume: PersistentVolume) => boolean): Promise<void> {
    const namespace = pod.metadata.namespace ?? '';
    const waiting = claimNames(pod).filter((name) => {
      const claim = this.claim(namespace, name);
      return claim !== undefined && !isBound(claim);
    });
    if (waiting.length === 0) return;
    await Promise.all(waiting.map((name) => this.#choose(namespace, name, nodeName, fitsNode)));
    await this.#until(() => waiting.every((name) => isBoundNow(this.claim(namespace, name))));
  }

  async #choose(namespace: string, name: string, nodeName: string, fitsNode: (volume: PersistentVolume) => boolean): Promise<void> {
    const claim = this.claim(namespace, name);
    if (claim === undefined || isBound(claim)) return;
    const volume = findVolume(claim, this.volumes(), fitsNode);
    if (volume !== undefined && !isFor(volume, claim)) {
      const { uid = '' } = claim.metadata;
      const claimRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid };
      await this.#ctx.client.patch(persistentVolumes, { name: volume.metadata.name ?? '' }, { spec: { claimRef } }, { type: 'merge' });
    } else if (volume === undefined) {
      await this.#ctx.client.patch(
        persistentVolumeClaims,
        { namespace, name },
        { metadata: { annotations: { [SELECTED_NODE]: nodeName } } },
        { type: 'merge' },
      );
    }
  }

  async #until(condition: () => boolean): Promise<void> {
    if (condition()) return;
    const { clock } = this.#ctx;
    const limit = new AbortController();
    let stops: (() => void)[] = [];
    await Promise.race([
      new Promise<void>((resolve) => {
        stops = this.follow(() => condition() && resolve());
      }),
      clock.sleep(BIND_TIMEOUT_MS, limit.signal),
    ]);
    limit.abort();
    for (const stop of stops) stop();
    if (!condition()) throw new Error('timed out waiting for the volumes of a pod to be bound');
  }
}

function isBoundNow(claim: PersistentVolumeClaim | undefined): boolean {
  return claim !== undefined && isBound(claim);
}
