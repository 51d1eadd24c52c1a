/**
 * Custom resources of several versions whose definition names a conversion webhook. Everything else converts at once, where it is
 * read or written; here an answer has to be waited for. So views are prepared (`prepareViews`) before code that reads them runs,
 * and what is stored is made by `storageForm`.
 */
import { internalError, StatusError } from '../../kube/status.ts';
import type { KubeObject, ObjectKey, ObjectMeta } from '../../kube/types.ts';
import type { ApiWatch, ApiWatchEvent, ConversionWebhook, ResourceDefinition, StoredObject } from '../engine.ts';
import { encode } from '../store/stored-object.ts';
import { apiVersionServed, collectionOf, isPrepared, rememberView, storageKey, type RegistryWorld } from './world.ts';

/** Upstream's. */
const TIMEOUT_SECONDS = 30;

function webhookOf(definition: ResourceDefinition): ConversionWebhook | undefined {
  return definition.convert?.webhook;
}

/** Converts what the definition cannot show yet. Rejects with the StatusError to answer. */
export async function prepareViews(world: RegistryWorld, definition: ResourceDefinition, stored: Iterable<StoredObject>): Promise<void> {
  const webhook = webhookOf(definition);
  if (webhook === undefined) return;
  const missing = [...new Set(stored)].filter((object) => !isPrepared(definition, object));
  if (missing.length === 0) return;
  const converted = await convert(
    world,
    webhook,
    missing.map(({ object }) => object),
    apiVersionServed(definition),
  );
  for (const [i, object] of missing.entries()) {
    const shown = definition.convert!.fromStorage(converted[i]!);
    rememberView(definition, object, encode(object.revision, shown));
  }
}

/** The newest state of one object can be shown when this resolves. */
export async function prepareNewest(world: RegistryWorld, definition: ResourceDefinition, key: ObjectKey): Promise<void> {
  if (webhookOf(definition) === undefined) return;
  for (;;) {
    const newest = world.store.newest(collectionOf(world, definition), storageKey(definition, key));
    if (newest === undefined || isPrepared(definition, newest)) return;
    await prepareViews(world, definition, [newest]);
  }
}

/** All objects of the collection, in a namespace if given. */
export async function prepareAll(world: RegistryWorld, definition: ResourceDefinition, namespace: string | undefined): Promise<void> {
  if (webhookOf(definition) === undefined) return;
  const [from, to] = namespace && definition.namespaced ? [`${namespace}/`, `${namespace}0`] : ['', undefined];
  await prepareViews(
    world,
    definition,
    Array.from(collectionOf(world, definition).range(from, to), ([, stored]) => stored),
  );
}

/** What is stored of an object: at once, unless a webhook has to be asked. */
export function storageForm(world: RegistryWorld, definition: ResourceDefinition, object: KubeObject): KubeObject | Promise<KubeObject> {
  const webhook = webhookOf(definition);
  if (webhook === undefined || object.apiVersion === webhook.storageVersion) return definition.convert?.toStorage(object) ?? object;
  return convert(world, webhook, [object], webhook.storageVersion).then(([converted]) => converted!);
}

interface Answer {
  apiVersion?: string;
  kind?: string;
  response?: { uid?: string; convertedObjects?: KubeObject[]; result?: { status?: string; message?: string } };
}

async function convert(world: RegistryWorld, webhook: ConversionWebhook, objects: readonly KubeObject[], desired: string): Promise<KubeObject[]> {
  const asked = objects.filter(({ apiVersion }) => apiVersion !== desired);
  if (asked.length === 0) return [...objects];
  const [first] = asked;
  const slash = first!.apiVersion.indexOf('/');
  const kind = `${first!.apiVersion.slice(0, slash)}/${first!.apiVersion.slice(slash + 1)}, Kind=${first!.kind}`;
  const uid = world.random.uuid();
  const version = webhook.reviewVersions.find((candidate) => candidate === 'v1' || candidate === 'v1beta1') ?? 'v1';
  const apiVersion = `apiextensions.k8s.io/${version}`;
  const review = { kind: 'ConversionReview', apiVersion, request: { uid, desiredAPIVersion: desired, objects: asked } };
  try {
    const answer = (await world.caller.post(webhook.clientConfig, review, TIMEOUT_SECONDS)) as Answer;
    const converted = verified(answer, apiVersion, uid, kind, asked, desired);
    let next = 0;
    return objects.map((object) => (object.apiVersion === desired ? object : converted[next++]!));
  } catch (error) {
    if (error instanceof StatusError) throw error;
    throw new StatusError(500, 'InternalError', `conversion webhook for ${kind} failed: ${(error as Error).message}`, {});
  }
}

function verified(answer: Answer, apiVersion: string, uid: string, kind: string, asked: readonly KubeObject[], desired: string): KubeObject[] {
  if (answer.apiVersion !== apiVersion || answer.kind !== 'ConversionReview')
    throw new Error(`expected webhook response of ${apiVersion}, Kind=ConversionReview, got ${answer.apiVersion ?? ''}, Kind=${answer.kind ?? ''}`);
  const { response } = answer;
  if (response === undefined) throw new Error('no response provided');
  if (response.uid !== uid && !apiVersion.endsWith('v1beta1'))
    throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? '')}`);
  if (response.result?.status !== 'Success')
    throw new Error(response.result?.message || `response.result.status was '${response.result?.status ?? ''}', not 'Success'`);
  const objects = response.convertedObjects ?? [];
  const wrong = (why: string): StatusError => new StatusError(500, 'InternalError', `conversion webhook for ${kind} returned ${why}`, {});
  if (objects.length !== asked.length) throw wrong(`${objects.length} objects, expected ${asked.length}`);
  return objects.map((object, i) => {
    const original = asked[i]!;
    const at = `invalid converted object at index ${i}`;
    if (object.apiVersion !== desired) throw wrong(`${at}: invalid groupVersion (expected ${desired}, received ${object.apiVersion})`);
    if (object.kind !== original.kind) throw wrong(`${at}: invalid kind (expected ${original.kind}, received ${object.kind})`);
    if (typeof object.metadata !== 'object' || object.metadata === null)
      throw wrong(`invalid metadata in object at index ${i}: missing metadata in converted object`);
    for (const field of ['name', 'namespace', 'uid'] as const) {
      if ((object.metadata[field] ?? '') !== (original.metadata[field] ?? ''))
        throw wrong(`${at}: must have the same ${field === 'uid' ? 'UID' : field}: ${original.metadata[field]} != ${object.metadata[field]}`);
    }
    return { ...object, metadata: allowedMetadata(object.metadata, original.metadata) };
  });
}

/** A conversion may change labels and annotations, and nothing else of the metadata. */
function allowedMetadata({ labels, annotations }: ObjectMeta, { labels: _labels, annotations: _annotations, ...rest }: ObjectMeta): ObjectMeta {
  return { ...rest, ...(labels === undefined ? {} : { labels }), ...(annotations === undefined ? {} : { annotations }) };
}

/**
 * Events of a watch whose objects have to be converted: passed on in order, each when its object can be shown. No more is taken from
 * the source before what was taken has been read, so that its limits hold for slow readers here too.
 */
export class ConvertingWatch implements ApiWatch {
  readonly #source: ApiWatch;
  readonly #show: (objects: StoredObject[]) => Promise<StoredObject[]>;
  #queue: ApiWatchEvent[] = [];
  #notify: (() => void) | undefined;
  #converting = false;
  #ended = false;
  #revision: number;

  constructor(source: ApiWatch, show: (objects: StoredObject[]) => Promise<StoredObject[]>) {
    this.#source = source;
    this.#show = show;
    this.#revision = source.revision;
    source.onReady(() => this.#take());
  }

  get ended(): boolean {
    return this.#ended;
  }

  get behind(): boolean {
    return this.#converting || this.#queue.length > 0 || this.#source.behind;
  }

  get revision(): number {
    return this.#revision;
  }

  drain(): ApiWatchEvent[] {
    const events = this.#queue;
    this.#queue = [];
    if (events.length > 0) setImmediate(() => this.#take());
    return events;
  }

  onReady(fn: () => void): void {
    this.#notify = fn;
    if (this.#queue.length > 0 || this.#ended) queueMicrotask(fn);
  }

  close(): void {
    this.#source.close();
  }

  #take(): void {
    if (this.#converting || this.#ended || this.#queue.length > 0) return;
    const { revision } = this.#source;
    const events = this.#source.drain();
    if (events.length === 0 && !this.#source.ended) return;
    this.#converting = true;
    void this.#convert(events)
      .then((converted) => {
        this.#queue = converted;
        this.#revision = revision;
      })
      .catch((error: unknown) => {
        const failure = error instanceof StatusError ? error : internalError((error as Error).message);
        this.#queue = [{ type: 'ERROR', status: failure.status }];
        this.#source.close();
        this.#ended = true;
      })
      .then(() => {
        this.#converting = false;
        this.#ended ||= this.#source.ended && events.length === 0;
        this.#notify?.();
        // One that ended has nothing to call about any more.
        if (this.#queue.length === 0) this.#take();
      });
  }

  async #convert(events: readonly ApiWatchEvent[]): Promise<ApiWatchEvent[]> {
    const objects = await this.#show(events.flatMap((event) => ('object' in event ? [event.object] : [])));
    let next = 0;
    return events.map((event) => ('object' in event ? { ...event, object: objects[next++]! } : event));
  }
}
