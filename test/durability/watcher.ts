/** A client that watches, as an informer does: list, watch, resume where it was, list again when that is too long ago. */
import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { checkedSeq, type Journal } from './journal.ts';
import { MAPS, type KubeMap, type Server } from './server.ts';

interface Seen {
  seq: number;
  deleted: boolean;
}

/** What was seen without a list in between: the state it began with and every event after. */
interface Segment {
  from: number;
  to: number;
  initial: Map<string, number>;
  seen: Map<string, Seen[]>;
}

interface Line {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object: KubeMap & { code?: number; message?: string };
}

const SELECTED = 'labelSelector=kind%3Dkey';

export class Watcher {
  readonly #server: Server;
  readonly #random: () => number;
  readonly #segments: Segment[] = [];
  readonly #state = new Map<string, number>();
  #revision = 0;
  #open: IncomingMessage | undefined;
  #stopping = false;
  events = 0;
  /** Times it went on where it was, and times it had to list again. */
  resumed = 0;
  expired = 0;

  constructor(server: Server, random: () => number) {
    this.#server = server;
    this.#random = random;
  }

  /** Watches until the server is gone or `stop`. Rejects when an event is wrong. */
  async run(): Promise<void> {
    this.#stopping = false;
    try {
      while (!this.#stopping) {
        if (this.#revision === 0) await this.#list();
        else this.resumed++;
        await this.#watch();
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined || error instanceof assert.AssertionError) throw error;
    }
  }

  stop(): void {
    this.#stopping = true;
    this.#open?.destroy();
  }

  /** Whether it has seen everything up to `revision`. */
  hasSeen(revision: number): boolean {
    return this.#revision >= revision;
  }

  /** Throws unless every segment shows just what took place, in order, nothing left out and nothing twice. */
  check(journal: Journal): void {
    for (const segment of this.#segments) {
      for (const [key, entries] of journal.entries) checkKey(key, entries, segment);
    }
    for (const key of new Set([...this.#state.keys(), ...journal.entries.keys()])) {
      assert.equal(this.#state.get(key), journal.state(key)?.seq, `${key}: what a watcher ended with`);
    }
  }

  async #list(): Promise<void> {
    const { body } = await this.#server.ask<{ metadata: { resourceVersion: string }; items: KubeMap[] }>('GET', `${MAPS}?${SELECTED}`);
    this.#revision = Number(body.metadata.resourceVersion);
    this.#state.clear();
    for (const item of body.items) this.#state.set(item.metadata.name, checkedSeq(item));
    this.#segments.push({ from: this.#revision, to: this.#revision, initial: new Map(this.#state), seen: new Map() });
  }

  async #watch(): Promise<void> {
    const from = this.#revision;
    const { generation } = this.#server;
    const response = await this.#server.open('GET', `${MAPS}?watch=true&${SELECTED}&allowWatchBookmarks=true&resourceVersion=${from}`);
    this.#open = response;
    // Watches break without the server's doing too; then nothing may be missing either.
    const breakAfter = this.#random() < 0.7 ? Math.ceil(this.#random() * 200) : Infinity;
    let count = 0;
    let rest = '';
    for await (const chunk of response) {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const event = JSON.parse(line) as Line;
        if (event.type === 'ERROR') return this.#expire(event, from, generation);
        this.#take(event);
      }
      if ((count += lines.length) > breakAfter || this.#stopping) {
        response.destroy();
        return;
      }
    }
  }

  #expire({ object }: Line, from: number, generation: number): void {
    assert.equal(object.code, 410, `a watch ended with ${object.code}: ${object.message}`);
    assert.ok(
      generation !== this.#server.generation || from < this.#server.startedAt,
      `${from} is not too old: the server started at ${this.#server.startedAt}`,
    );
    this.#revision = 0;
    this.expired++;
  }

  #take({ type, object }: Line): void {
    const revision = Number(object.metadata.resourceVersion);
    const segment = this.#segments.at(-1)!;
    if (type === 'BOOKMARK') {
      assert.ok(revision >= this.#revision, `a bookmark at ${revision} after ${this.#revision}`);
    } else {
      assert.ok(revision > this.#revision, `an event at ${revision} after ${this.#revision}: doubled or out of order`);
      const { name } = object.metadata;
      const seq = checkedSeq(object);
      assert.equal(this.#state.has(name), type !== 'ADDED', `${type} ${name} at ${revision}`);
      if (type === 'DELETED') this.#state.delete(name);
      else this.#state.set(name, seq);
      let seen = segment.seen.get(name);
      if (seen === undefined) segment.seen.set(name, (seen = []));
      seen.push({ seq, deleted: type === 'DELETED' });
      this.events++;
    }
    this.#revision = segment.to = revision;
  }
}

function checkKey(key: string, entries: readonly { seq: number; deleted: boolean; revision: number | undefined }[], segment: Segment): void {
  const begin = segment.initial.get(key);
  // Without a state at first: what has a revision after the list, and a deletion only after such a write.
  let at =
    begin === undefined
      ? entries.findIndex(({ revision }) => revision !== undefined && revision > segment.from)
      : entries.findIndex(({ seq, deleted }) => seq === begin && !deleted) + 1;
  if (at < 0) at = entries.length;
  for (const { seq, deleted } of segment.seen.get(key) ?? []) {
    const entry = entries[at++];
    assert.deepEqual(
      [seq, deleted],
      [entry?.seq, entry?.deleted],
      `${key}: between ${segment.from} and ${segment.to} a watcher saw another write than took place`,
    );
  }
  const missed = entries.slice(at).find(({ revision }) => revision !== undefined && revision <= segment.to);
  assert.equal(missed, undefined, `${key}: a watcher from ${segment.from} to ${segment.to} did not see the write at ${missed?.revision}`);
}
