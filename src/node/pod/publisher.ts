/** Writes a pod's status to the API: only what changed, one write at a time, the newest state wins. */
import { pods } from '../../kube/resources.ts';
import { isConflict, isNotFound } from '../../kube/status.ts';
import type { Pod, PodStatus } from '../../kube/types.ts';
import type { Client } from '../../runtime/client.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/log.ts';

const RETRY_MS = 1000;
const CONFLICT_RETRY_MS = 100;

export class StatusPublisher {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #pod: Pod;
  /** Field to its JSON, as last written. */
  readonly #written = new Map<string, string>();
  #wanted: PodStatus | undefined;
  #writing: Promise<void> | undefined;
  #stopped = false;

  constructor(client: Client, clock: Clock, log: Logger, pod: Pod) {
    this.#client = client;
    this.#clock = clock;
    this.#log = log;
    this.#pod = pod;
    for (const [field, value] of Object.entries(pod.status ?? {})) this.#written.set(field, JSON.stringify(value));
  }

  publish(status: PodStatus): void {
    this.#wanted = status;
    if (!this.#stopped) this.#writing ??= this.#write().finally(() => (this.#writing = undefined));
  }

  /** Resolves when what was published is written, or the object is gone. */
  async flush(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  stop(): void {
    this.#stopped = true;
  }

  async #write(): Promise<void> {
    for (let status = this.#wanted; status !== undefined && !this.#stopped; status = this.#wanted) {
      this.#wanted = undefined;
      const changed = Object.entries(status).filter(([field, value]) => this.#written.get(field) !== JSON.stringify(value));
      if (changed.length === 0) continue;
      const { namespace = '', name = '', uid = '' } = this.#pod.metadata;
      try {
        // With the uid, so that a pod made again under the same name does not get this one's status.
        await this.#client.patch(
          pods,
          { namespace, name },
          {
            metadata: { uid },
            status: Object.fromEntries(changed.map(([field, value]) => [field, patched(field, value)])),
          },
          { type: 'strategic', subresource: 'status' },
        );
        for (const [field, value] of changed) this.#written.set(field, JSON.stringify(value));
      } catch (error) {
        if (isNotFound(error)) return;
        this.#wanted ??= status;
        if (isConflict(error)) {
          // Another writer was there, or the name has another pod: then the informer will say so.
          await this.#clock.sleep(CONFLICT_RETRY_MS);
          continue;
        }
        this.#log.warn('a pod status could not be written, trying again', { pod: `${namespace}/${name}`, error: String(error) });
        await this.#clock.sleep(RETRY_MS);
      }
    }
  }
}

/**
 * A strategic merge keeps what it is not told of: the reason of a condition that no longer has one must be named to go, and addresses of
 * an earlier network would stay beside the new ones.
 */
function patched(field: string, value: unknown): unknown {
  if (field === 'conditions') return (value as object[]).map((condition) => ({ reason: null, message: null, ...condition }));
  if (field === 'podIPs' || field === 'hostIPs') return [...(value as object[]), { $patch: 'replace' }];
  return value;
}
