/** Records core/v1 Events: never waits, never throws, keeps at most a bounded number of them in hand. */
import { events } from '../kube/resources.ts';
import { isNotFound, StatusError } from '../kube/status.ts';
import type { Event, KubeObject } from '../kube/types.ts';
import type { Client } from './client.ts';
import { timestamp, type Clock } from './clock.ts';
import type { EventRecorder } from './controller.ts';
import { EventCorrelator, type EventRecord } from './event-correlator.ts';
import type { Logger } from './log.ts';
import type { Random } from './random.ts';

const QUEUE_MAX = 1000;
const TRIES_MAX = 5;
const RETRY_MS = 10_000;

interface Pending {
  record: EventRecord;
  isNew: boolean;
  event: Event;
}

export interface EventWorld {
  client: Client;
  clock: Clock;
  random: Random;
  log: Logger;
}

/** Sends what the recorders of a process record, in order. */
export class EventBroadcaster {
  readonly #world: EventWorld;
  readonly #correlator = new EventCorrelator();
  readonly #queue: Pending[] = [];
  #sending = false;

  constructor(world: EventWorld) {
    this.#world = world;
  }

  recorder(component: string): EventRecorder {
    return { event: (regarding, type, reason, message) => this.#record(component, regarding, type, reason, message) };
  }

  #record(component: string, regarding: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string): void {
    const nowMs = this.#world.clock.now();
    const { name = '', namespace = '', uid = '' } = regarding.metadata;
    const subject = [component, regarding.kind, namespace, name, uid].join('\n');
    const verdict = this.#correlator.judge({ subject, group: [subject, type, reason].join('\n'), message }, nowMs, () => ({
      name: `${name}.${this.#suffix(nowMs)}`,
      // Events of cluster-scoped objects live in 'default'.
      namespace: namespace === '' ? 'default' : namespace,
    }));
    if (verdict.drop) return;
    if (this.#queue.length >= QUEUE_MAX) return this.#world.log.warn('too many events in hand, one is dropped', { reason });
    const event = buildEvent(component, regarding, type, reason, verdict.message, verdict.record, nowMs);
    this.#queue.push({ record: verdict.record, isNew: verdict.isNew, event });
    if (!this.#sending) void this.#send();
  }

  /** Upstream's suffix is the time in nanoseconds, in hex; the part below a millisecond is by chance here. */
  #suffix(nowMs: number): string {
    return (BigInt(Math.floor(nowMs)) * 1_000_000n + BigInt(Math.floor(this.#world.random.next() * 1_000_000))).toString(16);
  }

  async #send(): Promise<void> {
    this.#sending = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) await this.#deliver(next);
    this.#sending = false;
  }

  async #deliver(pending: Pending): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await this.#write(pending);
        return;
      } catch (error) {
        // A refusal stays a refusal (a namespace that is going away, a name too long); only trouble on the way is worth another try.
        const refused = error instanceof StatusError && error.code < 500 && error.code !== 429;
        if (refused || tries >= TRIES_MAX) {
          this.#world.log.debug('an event could not be recorded', { reason: pending.event.reason, error: String(error) });
          return;
        }
        await this.#world.clock.sleep(RETRY_MS);
      }
    }
  }

  async #write({ record, isNew, event }: Pending): Promise<void> {
    if (!isNew) {
      try {
        const patch = { count: event.count, lastTimestamp: event.lastTimestamp, message: event.message };
        await this.#world.client.patch(events, record, patch, { type: 'merge' });
        return;
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }
    await this.#world.client.create(events, event);
  }
}

function buildEvent(
  component: string,
  regarding: KubeObject,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
  record: EventRecord,
  nowMs: number,
): Event {
  const { name, namespace, uid, resourceVersion } = regarding.metadata;
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: record.name, namespace: record.namespace },
    involvedObject: {
      apiVersion: regarding.apiVersion,
      kind: regarding.kind,
      ...(name ? { name } : {}),
      ...(namespace ? { namespace } : {}),
      ...(uid ? { uid } : {}),
      ...(resourceVersion ? { resourceVersion } : {}),
    },
    type,
    reason,
    message: message.length > 1024 ? `${message.slice(0, 1021)}...` : message,
    count: record.count,
    firstTimestamp: timestamp(record.firstMs),
    lastTimestamp: timestamp(nowMs),
    source: { component },
    reportingComponent: component,
    reportingInstance: '',
  };
}
