/** Puts a controller's world together and runs controllers in it. */
import type { Resource } from '../kube/resources.ts';
import { apiVersionOf } from '../kube/resources.ts';
import type { KubeObject } from '../kube/types.ts';
import type { Client } from './client.ts';
import type { Clock } from './clock.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { EventBroadcaster } from './events.ts';
import type { Logger } from './log.ts';
import { MetricsRegistry } from './metrics.ts';
import type { Random } from './random.ts';
import { SharedInformer } from './shared-informer.ts';

export interface World {
  client: Client;
  clock: Clock;
  random: Random;
  log: Logger;
  /** Default: one of its own, which nobody shows. */
  metrics?: MetricsRegistry;
}

/** The informers of contexts, hidden from controllers: `runControllers` starts and ends them. */
const informersOf = new WeakMap<ControllerContext, InformerSet>();

class InformerSet {
  readonly #informers = new Map<string, SharedInformer<KubeObject>>();
  readonly #world: World;
  #run: { signal: AbortSignal; ended: Promise<void>[] } | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  of<T extends KubeObject>(resource: Resource<T>): SharedInformer<T> {
    const key = `${apiVersionOf(resource)}/${resource.plural}`;
    let informer = this.#informers.get(key);
    if (informer === undefined) {
      informer = new SharedInformer<KubeObject>(resource, this.#world);
      this.#informers.set(key, informer);
      this.#run?.ended.push(informer.run(this.#run.signal));
    }
    // The key is the resource's, so the objects are of its type.
    return informer as unknown as SharedInformer<T>;
  }

  start(signal: AbortSignal): void {
    if (this.#run !== undefined) throw new Error('runControllers may be called once for a context');
    this.#run = { signal, ended: [...this.#informers.values()].map((informer) => informer.run(signal)) };
  }

  async ended(): Promise<void> {
    await Promise.all(this.#run?.ended ?? []);
  }
}

/** One context a process and cluster: its informers are shared by all controllers made with it. */
export function controllerContext(world: World): ControllerContext {
  const informers = new InformerSet(world);
  const broadcaster = new EventBroadcaster(world);
  const context: ControllerContext = {
    metrics: new MetricsRegistry(),
    ...world,
    informer: (resource) => informers.of(resource),
    recorder: (component) => broadcaster.recorder(component),
  };
  informersOf.set(context, informers);
  return context;
}

/**
 * Runs controllers and the context's informers until the signal aborts and all work in hand is finished.
 * Informers asked for later are started at once. A controller that fails is logged and does not end the others.
 */
export async function runControllers(ctx: ControllerContext, controllers: readonly Controller[], signal: AbortSignal): Promise<void> {
  const informers = informersOf.get(ctx);
  if (informers === undefined) throw new Error('runControllers needs a context made by controllerContext');
  informers.start(signal);
  await Promise.all(
    controllers.map(async (controller) => {
      try {
        await controller.run(signal);
      } catch (error) {
        ctx.log.error('a controller ended with an error', { controller: controller.name, error: error instanceof Error ? error.stack : String(error) });
      }
    }),
  );
  await informers.ended();
}
