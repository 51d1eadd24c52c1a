/** A network between an agent and an API that can be cut: requests fail, watches end, and nothing arrives until it is mended. */
import type { Resource } from '../../src/kube/resources.ts';
import type { KubeObject } from '../../src/kube/types.ts';
import type { Client, WatchEvent, WatchOptions } from '../../src/runtime/client.ts';

export class Link {
  readonly client: Client;
  #cut = new AbortController();
  #isCut = false;

  constructor(api: Client) {
    const through = <A extends unknown[], R>(call: (...args: A) => Promise<R>) => {
      return async (...args: A): Promise<R> => {
        this.#check();
        const answer = await call(...args);
        // What the API did is done, but nobody here learns of it.
        this.#check();
        return answer;
      };
    };
    this.client = {
      get: through(api.get.bind(api)) as Client['get'],
      list: through(api.list.bind(api)) as Client['list'],
      create: through(api.create.bind(api)) as Client['create'],
      update: through(api.update.bind(api)) as Client['update'],
      patch: through(api.patch.bind(api)) as Client['patch'],
      delete: through(api.delete.bind(api)),
      deleteCollection: through(api.deleteCollection.bind(api)),
      createSubresource: through(api.createSubresource.bind(api)),
      watch: (resource, options) => this.#watch(api, resource, options),
    } as Client;
  }

  cut(): void {
    this.#isCut = true;
    this.#cut.abort();
  }

  mend(): void {
    this.#isCut = false;
    this.#cut = new AbortController();
  }

  async *#watch<T extends KubeObject>(api: Client, resource: Resource<T>, options: WatchOptions): AsyncIterable<WatchEvent<T>> {
    this.#check();
    const cut = this.#cut.signal;
    for await (const event of api.watch(resource, { ...options, signal: AbortSignal.any([options.signal, cut]) })) {
      if (cut.aborted) break;
      yield event;
    }
    if (cut.aborted) throw new Error('the connection was cut');
  }

  #check(): void {
    if (this.#isCut) throw new Error('connect ETIMEDOUT');
  }
}
