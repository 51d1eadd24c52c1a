/** All open watches: bookmarks for those that want them, and an end for those whose resource goes. */
import type { Cancel, Clock } from '../../runtime/clock.ts';
import type { ResourceDefinition, WatchRequest } from '../engine.ts';
import type { Store } from '../store/store.ts';
import { openWatch, type CollectionWatch } from './watch.ts';

/** About once a minute, as upstream. */
const BOOKMARK_EVERY_MS = 60_000;

export class Watches {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #open = new Map<CollectionWatch, ResourceDefinition>();
  #cancel: Cancel | undefined;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  async open(definition: ResourceDefinition, request: WatchRequest): Promise<CollectionWatch> {
    const watch = await openWatch(this.#store, definition, request, (ended) => this.#open.delete(ended));
    if (!watch.ended) this.#open.set(watch, definition);
    this.#schedule();
    return watch;
  }

  /** Ends the watches of a resource. */
  end(gone: { group: string; version: string; plural: string }): void {
    for (const [watch, { group, version, plural }] of this.#open) {
      if (group === gone.group && version === gone.version && plural === gone.plural) watch.close();
    }
  }

  close(): void {
    this.#cancel?.();
    for (const watch of this.#open.keys()) watch.close();
  }

  /** One timer for all, and none while nobody wants bookmarks. */
  #schedule(): void {
    if (this.#cancel !== undefined) return;
    if (![...this.#open.keys()].some((watch) => watch.wantsBookmarks)) return;
    this.#cancel = this.#clock.after(BOOKMARK_EVERY_MS, () => {
      this.#cancel = undefined;
      for (const watch of this.#open.keys()) if (watch.wantsBookmarks) watch.bookmark();
      this.#schedule();
    });
  }
}
