/** Puts an engine together: log, store, allocators, admission, registry, and the objects every cluster starts with. */
import { join } from 'node:path';
import type { Cancel, Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log.ts';
import type { Random } from '../runtime/random.ts';
import { admission } from './admission/index.ts';
import { reconcilePolicyLater, seedPolicy } from './authz/bootstrap/index.ts';
import { authorizer } from './authz/index.ts';
import { reviewHandlers } from './authz/reviews.ts';
import { ServiceAllocator } from './admission/services/allocator.ts';
import { bootstrap, type Endpoint } from './bootstrap.ts';
import type { ApiEngine } from './engine.ts';
import { Definitions } from './registry/definitions.ts';
import { expireEvents } from './registry/event-expiry.ts';
import { Registry } from './registry/index.ts';
import { builtinResources } from './resources/index.ts';
import { memoryLog } from './store/log.ts';
import { sqliteLog } from './store/sqlite-log.ts';
import { Store } from './store/store.ts';
import { WebhookCaller } from './webhooks/call.ts';
import { reviewers } from './webhooks/index.ts';
import type { Reviewers } from './webhooks/review.ts';

export interface EngineOptions {
  /** Holds `store.db`; absent: everything in memory only. */
  dataDir?: string;
  clock: Clock;
  random: Random;
  log: Logger;
  /** '10.200.0.0/16' */
  serviceCidr: string;
  /** Makes the `kubernetes` service with its endpoints. */
  kubernetesEndpoint?: Endpoint;
  /** Reviews writes before all others: what a controller of this process refuses of its own kinds. */
  reviewers?: Reviewers;
}

/** `close` waits for writes in hand and ends watches; `snapshot` copies the store into a new file while it goes on. */
export type ClosableEngine = ApiEngine & { close(): Promise<void>; snapshot(path: string): Promise<void> };

/** Rejects when the store cannot be opened, saying why and what to do. */
export async function createEngine(options: EngineOptions): Promise<ClosableEngine> {
  const { clock, random, log, serviceCidr } = options;
  const definitions = new Definitions(builtinResources);
  const store = new Store(options.dataDir === undefined ? memoryLog() : sqliteLog(join(options.dataDir, 'store.db')), clock);
  const caller = new WebhookCaller(store, random);
  const authorizing = authorizer(store);
  const registry = new Registry(
    {
      store,
      clock,
      random,
      log,
      admission: admission(),
      authorizer: authorizing,
      reviewers: reviewers({ store, random, caller, authorizer: authorizing, definitions: () => definitions.all(), own: options.reviewers }),
      caller,
      services: new ServiceAllocator(store, random, serviceCidr),
      builtin(group, plural) {
        const definition = definitions.ofGroup(group, plural);
        if (definition === undefined) throw new Error(`there is no built-in resource ${plural}.${group}`);
        return definition;
      },
      served(apiVersion, plural) {
        const slash = apiVersion.indexOf('/');
        return definitions.get({ group: slash < 0 ? '' : apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1), plural });
      },
      definitions: () => definitions.all(),
    },
    definitions,
  );
  for (const [target, handler] of reviewHandlers(registry.authorizer, clock)) registry.setCreateHandler(target, handler);
  let stopReconciling: Cancel | undefined;
  try {
    const [restarted] = await Promise.all([seedPolicy({ store, clock, random }), bootstrap(registry, serviceCidr, options.kubernetesEndpoint)]);
    if (restarted) stopReconciling = reconcilePolicyLater(registry, { clock, log });
  } catch (error) {
    await store.close();
    throw error;
  }
  const stopExpiry = expireEvents(store, clock);
  return Object.assign(registry, {
    snapshot: (path: string) => store.snapshot(path),
    async close() {
      stopExpiry();
      stopReconciling?.();
      registry.endWatches();
      caller.close();
      await store.close();
    },
  });
}
