/** The hub's templates: ordinary objects of whatever kinds somebody asks for, each kind watched from the first time on. */
import type { Resource } from '../kube/resources.ts';
import type { Unstructured } from '../kube/types.ts';
import type { ControllerContext } from '../runtime/controller.ts';
import type { Informer } from '../runtime/informer.ts';

/** The resources that serve a kind; of versions the one that is preferred first. */
export type Kinds = (group: string, kind: string) => readonly Resource[] | Promise<readonly Resource[]>;

export interface TemplateRef {
  apiVersion: string;
  kind: string;
  namespace?: string | undefined;
  name: string;
}

export interface TemplateHandler {
  /** `old` is absent on add. */
  upsert(template: Unstructured, old: Unstructured | undefined, kind: WatchedKind): void;
  delete?(template: Unstructured, kind: WatchedKind): void;
}

export interface WatchedKind {
  /** 'deployments.apps' */
  readonly id: string;
  readonly resource: Resource<Unstructured>;
  readonly informer: Informer<Unstructured>;
}

export function groupVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? { group: '', version: apiVersion } : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

/** The resource of a kind in one of its versions; undefined when it is not served. */
export async function resourceOf(kinds: Kinds, apiVersion: string, kind: string): Promise<Resource<Unstructured> | undefined> {
  const { group, version } = groupVersion(apiVersion);
  const [served] = await kinds(group, kind);
  return served === undefined ? undefined : { ...(served as Resource<Unstructured>), version };
}

export class Templates {
  readonly #ctx: Pick<ControllerContext, 'informer'>;
  readonly #kinds: Kinds;
  readonly #watched = new Map<string, WatchedKind>();
  readonly #handlers = new Set<TemplateHandler>();

  constructor(ctx: Pick<ControllerContext, 'informer'>, kinds: Kinds) {
    this.#ctx = ctx;
    this.#kinds = kinds;
  }

  /** Called for templates of all kinds that are watched, now and later. */
  onChange(handler: TemplateHandler): () => void {
    this.#handlers.add(handler);
    for (const kind of this.#watched.values()) for (const template of kind.informer.list()) handler.upsert(template, undefined, kind);
    return () => this.#handlers.delete(handler);
  }

  /** Watches a kind; undefined when the hub does not serve it. One version of a kind is watched: the first that was asked for. */
  async watch(apiVersion: string, kind: string): Promise<WatchedKind | undefined> {
    const resource = await resourceOf(this.#kinds, apiVersion, kind);
    if (resource === undefined) return undefined;
    const id = resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
    const known = this.#watched.get(id);
    if (known !== undefined) return known;
    const watched: WatchedKind = { id, resource, informer: this.#ctx.informer(resource) };
    this.#watched.set(id, watched);
    watched.informer.onChange({
      upsert: (template, old) => {
        for (const handler of this.#handlers) handler.upsert(template, old, watched);
      },
      delete: (template) => {
        for (const handler of this.#handlers) handler.delete?.(template, watched);
      },
    });
    return watched;
  }

  byId(id: string): WatchedKind | undefined {
    return this.#watched.get(id);
  }

  /** The template; undefined when there is none. */
  async get({ apiVersion, kind, namespace, name }: TemplateRef): Promise<Unstructured | undefined> {
    const watched = await this.watch(apiVersion, kind);
    if (watched === undefined) return undefined;
    await watched.informer.synced();
    return watched.informer.get(namespace === undefined ? { name } : { namespace, name });
  }
}

/** Whether anything changed but what the server and status writers keep. */
export function sameTemplate(a: Unstructured, b: Unstructured): boolean {
  const { metadata: one } = a;
  const { metadata: other } = b;
  if (one.uid !== other.uid || one.deletionTimestamp !== other.deletionTimestamp) return false;
  if (JSON.stringify([one.labels, one.annotations]) !== JSON.stringify([other.labels, other.annotations])) return false;
  // What has generations has a new one with every change of its spec.
  if (one.generation !== undefined && one.generation === other.generation) return true;
  return JSON.stringify(withoutStatus(a)) === JSON.stringify(withoutStatus(b));
}

function withoutStatus(object: Unstructured): unknown {
  return { ...object, metadata: undefined, status: undefined };
}
