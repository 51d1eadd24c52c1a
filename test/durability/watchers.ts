/** Several watchers side by side. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Journal } from './journal.ts';
import { MAPS, type Server } from './server.ts';
import { Watcher } from './watcher.ts';

export class Watchers {
  readonly #server: Server;
  readonly #watchers: Watcher[];

  constructor(server: Server, count: number) {
    this.#server = server;
    this.#watchers = Array.from({ length: count }, () => new Watcher(server, Math.random));
  }

  /** Watch until the server is gone, or `stop`. */
  async run(): Promise<void> {
    await Promise.all(this.#watchers.map((watcher) => watcher.run()));
  }

  stop(): void {
    for (const watcher of this.#watchers) watcher.stop();
  }

  /** Writes a mark and resolves when all watchers have seen it. */
  async caughtUp(): Promise<void> {
    const mark = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { generateName: 'mark-', labels: { kind: 'key' } },
      data: { seq: '0', first: '0', filling: '', last: '0' },
    };
    const { body } = await this.#server.ask<{ metadata: { name: string; resourceVersion: string } }>('POST', MAPS, mark);
    const revision = Number(body.metadata.resourceVersion);
    while (!this.#watchers.every((watcher) => watcher.hasSeen(revision))) await sleep(20);
    await this.#server.ask('DELETE', `${MAPS}/${body.metadata.name}`);
    while (!this.#watchers.every((watcher) => watcher.hasSeen(revision + 1))) await sleep(20);
  }

  check(journal: Journal): void {
    for (const watcher of this.#watchers) watcher.check(journal);
  }

  get summary(): string {
    const sum = (of: (watcher: Watcher) => number): number => this.#watchers.reduce((total, watcher) => total + of(watcher), 0);
    return `${sum((w) => w.events)} events seen, ${sum((w) => w.resumed)} watches resumed, ${sum((w) => w.expired)} too old`;
  }
}
