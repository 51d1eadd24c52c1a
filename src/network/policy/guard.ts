/**
 * A new pod's containers start when the policies that select it are in force, as an address nobody has judged yet may send to anyone.
 * Here is the half of the process that starts pods: it tells the data plane of each new address and waits for its word.
 */
import type { Clock } from '../../runtime/clock.ts';

/** A pod that has just been given an address. */
export interface AttachedPod {
  uid: string;
  namespace: string;
  name: string;
  ip: string;
}

/** To the data plane. */
export interface AttachedMessage extends AttachedPod {
  type: 'attached';
}

/** From the data plane: whether there are policies at all, at its start and when it changes; that a pod's policies are in force. */
export type GuardMessage = { type: 'policies'; any: boolean } | { type: 'guarded'; uid: string };

const TIMEOUT_MS = 10_000;

export class PodGuard {
  readonly #clock: Clock;
  readonly #waiting = new Map<string, { pod: AttachedPod; done: PromiseWithResolvers<void> }>();
  #send: ((message: AttachedMessage) => void) | undefined;
  /** Undefined: not known, or nobody is there who could put them in force. */
  #any: boolean | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** At once where there are no policies. Throws when the data plane does not answer: better no pod than one that is open. */
  async guard(pod: AttachedPod): Promise<void> {
    if (this.#any === false) return;
    const done = Promise.withResolvers<void>();
    this.#waiting.set(pod.uid, { pod, done });
    if (this.#any === true) this.#send?.({ type: 'attached', ...pod });
    const cancel = this.#clock.after(TIMEOUT_MS, () => done.reject(new Error(`network policies are not in force after ${TIMEOUT_MS / 1000} s`)));
    try {
      await done.promise;
    } finally {
      cancel();
      this.#waiting.delete(pod.uid);
    }
  }

  /** A data plane starts. */
  connect(send: (message: AttachedMessage) => void): void {
    this.#send = send;
  }

  /** It ended. Rules that it wrote stay in force; without any, pods need not wait for the next one. */
  disconnect(): void {
    this.#send = undefined;
    if (this.#any === true) this.#any = undefined;
  }

  receive(message: GuardMessage): void {
    if (message.type === 'guarded') {
      this.#waiting.get(message.uid)?.done.resolve();
      return;
    }
    this.#any = message.any;
    for (const { pod, done } of this.#waiting.values()) {
      if (message.any) this.#send?.({ type: 'attached', ...pod });
      else done.resolve();
    }
  }
}
