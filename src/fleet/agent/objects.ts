/** A member's objects: read from views that are made when first needed, written by server-side apply. */
import { isNotFound } from '../../kube/status.ts';
import type { Resource } from '../../kube/resources.ts';
import type { KubeObject, ObjectKey, Unstructured } from '../../kube/types.ts';
import type { Informer } from '../../runtime/informer.ts';
import { interpreterOf } from '../interpreters/index.ts';
import { resourceOf } from '../templates.ts';
import * as marks from '../kinds/marks.ts';
import * as manifests from './manifest.ts';
import type { AgentWorld } from './world.ts';

const FIELD_MANAGER = 'argosy-fleet';

export interface Found {
  resource: Resource<Unstructured>;
  key: ObjectKey;
  observed: Unstructured | undefined;
}

export class MemberObjects {
  readonly #world: AgentWorld;
  readonly #onChange: (object: Unstructured) => void;
  readonly #informers = new Map<string, Informer<Unstructured>>();

  /** `onChange` is told of every change of an object that the fleet manages. */
  constructor(world: AgentWorld, onChange: (object: Unstructured) => void) {
    this.#world = world;
    this.#onChange = onChange;
  }

  /** Throws when the member does not serve the kind. */
  async find(manifest: KubeObject, signal?: AbortSignal): Promise<Found> {
    const resource = await resourceOf(this.#world.api.kinds, manifest.apiVersion, manifest.kind);
    if (resource === undefined) throw new Error(`the cluster ${this.#world.cluster} does not serve ${manifest.kind} of ${manifest.apiVersion}`);
    const { namespace, name = '' } = manifest.metadata;
    const key = resource.namespaced ? { namespace: namespace ?? 'default', name } : { name };
    const informer = this.#informer(resource);
    await informer.synced(signal);
    return { resource, key, observed: informer.get(key) ?? (await this.#get(resource, key)) };
  }

  /** Makes the object what the manifest says; answers it as it then is. Throws when it is somebody else's. */
  async apply(manifest: KubeObject, work: { namespace: string; name: string }): Promise<Unstructured> {
    const { resource, key, observed } = await this.find(manifest);
    if (observed !== undefined && !manifests.belongsTo(observed, work)) this.#mayTake(manifest, observed);
    const wanted = observed === undefined ? manifest : (interpreterOf(manifest).retain?.(manifest as Unstructured, observed) ?? manifest);
    if (observed !== undefined && manifests.isUpToDate(observed, wanted)) return observed;
    return this.#world.member.client.patch(resource, key, manifests.marked(wanted, observed), { type: 'apply', force: true, fieldManager: FIELD_MANAGER });
  }

  /** Gives the object back: deleted where the fleet made it, else, or with `keep`, left without the fleet's marks. */
  async release(manifest: KubeObject, work: { namespace: string; name: string }, keep: boolean): Promise<void> {
    let found: Found;
    try {
      found = await this.find(manifest);
    } catch {
      return; // A kind that is gone took its objects with it.
    }
    const { resource, key, observed } = found;
    if (observed === undefined || !manifests.belongsTo(observed, work) || observed.metadata.deletionTimestamp !== undefined) return;
    const { client } = this.#world.member;
    try {
      if (keep || manifests.isAdopted(observed)) await client.patch(resource, key, manifests.release(), { type: 'merge' });
      else await client.delete(resource, key, { propagationPolicy: 'Background', preconditions: { uid: observed.metadata.uid ?? '' } });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  #mayTake(manifest: KubeObject, observed: KubeObject): void {
    if (manifest.metadata.annotations?.[marks.CONFLICT_RESOLUTION] === 'overwrite') return;
    const { namespace = '', name = '' } = observed.metadata;
    throw new Error(
      `resource(kind=${manifest.kind}, ${namespace}/${name}) already exists in the cluster ${this.#world.cluster} and the abort strategy value is set, it will not be managed; say conflictResolution: Overwrite in the policy to take it over`,
    );
  }

  async #get(resource: Resource<Unstructured>, key: ObjectKey): Promise<Unstructured | undefined> {
    try {
      return await this.#world.member.client.get(resource, key);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  #informer(resource: Resource<Unstructured>): Informer<Unstructured> {
    const id = `${resource.plural}.${resource.group}/${resource.version}`;
    let informer = this.#informers.get(id);
    if (informer === undefined) {
      informer = this.#world.managed.informer(resource);
      informer.onChange({ upsert: (object) => this.#onChange(object), delete: (object) => this.#onChange(object) });
      this.#informers.set(id, informer);
    }
    return informer;
  }
}
