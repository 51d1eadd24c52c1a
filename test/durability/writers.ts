/** Clients that write, each to keys of its own, one write a key at a time, and all to a few counters. */
import assert from 'node:assert/strict';
import { dataOf, type Journal } from './journal.ts';
import { MAPS, type KubeMap, type Server } from './server.ts';

const KEYS_EACH = 4;
const COUNTERS = 2;

/** Increments of one counter that were acknowledged, and those nobody knows of. */
interface Count {
  sure: number;
  unsure: number;
}

export class Writers {
  readonly #server: Server;
  readonly #journal: Journal;
  readonly #random: () => number;
  readonly #counts: Count[] = Array.from({ length: COUNTERS }, () => ({ sure: 0, unsure: 0 }));
  #stopping = false;
  /** Refusals that optimistic concurrency is made for. */
  conflicts = 0;

  constructor(server: Server, journal: Journal, random: () => number) {
    this.#server = server;
    this.#journal = journal;
    this.#random = random;
  }

  /** Writes until the server is gone, or `stop`. Rejects when an answer is wrong. */
  async run(clients: number): Promise<void> {
    this.#stopping = false;
    await Promise.all(Array.from({ length: clients }, (_, i) => this.#client(i)));
  }

  stop(): void {
    this.#stopping = true;
  }

  /** Compares everything there is with what was acknowledged. */
  async check(): Promise<void> {
    const { body } = await this.#server.ask<{ metadata: { resourceVersion: string }; items: KubeMap[] }>('GET', `${MAPS}?labelSelector=kind%3Dkey`);
    const found = new Map(body.items.map((item) => [item.metadata.name, item]));
    for (const item of body.items) assert.ok(Number(item.metadata.resourceVersion) <= Number(body.metadata.resourceVersion), 'an object newer than its list');
    for (const key of this.#keys()) this.#journal.decide(key, found.get(key));
    for (const [i, { sure, unsure }] of this.#counts.entries()) {
      const { code, body: counter } = await this.#server.ask<KubeMap>('GET', `${MAPS}/counter-${i}`);
      const value = code === 404 ? 0 : Number(counter.data['value']);
      assert.ok(value >= sure && value <= sure + unsure, `counter ${i} is ${value} after ${sure} acknowledged increments and ${unsure} unknown ones`);
    }
  }

  #keys(): string[] {
    return [...this.#journal.entries.keys()];
  }

  async #client(id: number): Promise<void> {
    try {
      while (!this.#stopping) {
        if (this.#random() < 0.1) await this.#increment(Math.floor(this.#random() * COUNTERS));
        else await this.#write(`c${id}-k${Math.floor(this.#random() * KEYS_EACH)}`);
      }
    } catch (error) {
      // Whether the connection broke is known by its code; everything else is a finding.
      if ((error as NodeJS.ErrnoException).code === undefined || error instanceof assert.AssertionError) throw error;
    }
  }

  async #write(key: string): Promise<void> {
    const server = this.#server;
    const journal = this.#journal;
    if (!journal.entries.has(key)) journal.entries.set(key, []);
    const now = journal.state(key);
    const deleted = now !== undefined && this.#random() < 0.15;
    const seq = journal.attempt(key, deleted);
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: key, labels: { kind: 'key' } }, data: dataOf(seq) };
    if (deleted) {
      const { code } = await server.ask('DELETE', `${MAPS}/${key}`);
      assert.equal(code, 200, `${key} could not be deleted`);
      return journal.acknowledge(key, undefined);
    }
    const { code, body } = await (now === undefined ? server.ask<KubeMap>('POST', MAPS, object) : this.#change(key, object, now.revision));
    assert.ok(code === 200 || code === 201, `${key}: ${code} ${JSON.stringify(body)}`);
    assert.deepEqual(body.data, object.data);
    journal.acknowledge(key, Number(body.metadata.resourceVersion));
  }

  #change(key: string, object: { metadata: object; data: Record<string, string> }, revision: number | undefined) {
    const path = `${MAPS}/${key}`;
    const kind = this.#random();
    if (kind < 0.3) return this.#server.ask<KubeMap>('PUT', path, { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } });
    if (kind < 0.5) return this.#server.ask<KubeMap>('PUT', path, object);
    if (kind < 0.7) return this.#server.ask<KubeMap>('PATCH', path, { data: object.data }, 'application/merge-patch+json');
    if (kind < 0.85) return this.#server.ask<KubeMap>('PATCH', path, { data: object.data }, 'application/strategic-merge-patch+json');
    return this.#server.ask<KubeMap>('PATCH', path, [{ op: 'replace', path: '/data', value: object.data }], 'application/json-patch+json');
  }

  /** Reads, adds one, writes if nobody was faster. */
  async #increment(i: number): Promise<void> {
    const count = this.#counts[i]!;
    const { code, body } = await this.#server.ask<KubeMap>('GET', `${MAPS}/counter-${i}`);
    const value = code === 404 ? 0 : Number(body.data['value']);
    const next = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `counter-${i}` }, data: { value: String(value + 1) } };
    count.unsure++;
    const written =
      code === 404
        ? await this.#server.ask('POST', MAPS, next)
        : await this.#server.ask('PUT', `${MAPS}/counter-${i}`, { ...next, metadata: { ...next.metadata, resourceVersion: body.metadata.resourceVersion } });
    count.unsure--;
    if (written.code === 409) this.conflicts++;
    else {
      assert.ok(written.code < 300, `counter ${i}: ${written.code} ${JSON.stringify(written.body)}`);
      count.sure++;
    }
  }
}
