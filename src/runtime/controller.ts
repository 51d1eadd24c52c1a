/**
 * What a controller is given and what it gives back. `startController` (reconcile.ts) turns a reconcile function into a Controller.
 */
import type { Resource } from '../kube/resources.ts';
import type { KubeObject } from '../kube/types.ts';
import type { Client } from './client.ts';
import type { Clock } from './clock.ts';
import type { Informer } from './informer.ts';
import type { Logger } from './log.ts';
import type { MetricsRegistry } from './metrics.ts';
import type { Random } from './random.ts';

/** The whole world of a controller. */
export interface ControllerContext {
  client: Client;
  clock: Clock;
  random: Random;
  log: Logger;
  /** Where controllers keep their measures; what shows them is elsewhere. */
  metrics: MetricsRegistry;
  /** The informer of a resource, shared by all controllers of a process; started by `runControllers`. */
  informer<T extends KubeObject>(resource: Resource<T>): Informer<T>;
  /** Records events as `component` (kubectl's FROM column). */
  recorder(component: string): EventRecorder;
}

export interface EventRecorder {
  /**
   * Records an event about an object; like events are counted up, not repeated, and a flood is dropped
   * (upstream's correlator: the same event within 10 minutes counts up; 25 tokens a source and object, one back each 5 minutes).
   * Never throws and never waits.
   */
  event(regarding: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string): void;
}

/** A controller that runs until the signal aborts; `run` resolves when its work in hand is finished. */
export interface Controller {
  readonly name: string;
  run(signal: AbortSignal): Promise<void>;
}
