/** What was written, as the clients know it: for each key, the writes that took place, in order. One writer a key. */
import assert from 'node:assert/strict';
import type { KubeMap } from './server.ts';

/** One write that took place; a deletion's revision is not told to who asks for it. */
export interface Entry {
  /** Unique to each write; a deletion has the one of the state it removed. */
  seq: number;
  deleted: boolean;
  revision: number | undefined;
}

/** The state a write would make, while nobody knows whether it took place. */
interface Attempt {
  seq: number;
  deleted: boolean;
}

export class Journal {
  readonly entries = new Map<string, Entry[]>();
  readonly #attempts = new Map<string, Attempt>();
  #seq = 0;
  /** Writes that were acknowledged. */
  acknowledged = 0;
  /** Writes under way when the server was killed: those that turned out to have taken place, and those that had not. */
  readonly undecided = { happened: 0, lost: 0 };

  /** The present state of a key: undefined when there is none. */
  state(key: string): Entry | undefined {
    const last = this.entries.get(key)?.at(-1);
    return last === undefined || last.deleted ? undefined : last;
  }

  attempt(key: string, deleted: boolean): number {
    const seq = deleted ? (this.state(key)?.seq ?? 0) : ++this.#seq;
    this.#attempts.set(key, { seq, deleted });
    return seq;
  }

  /** The server has said yes. */
  acknowledge(key: string, revision: number | undefined): void {
    this.acknowledged++;
    this.#enter(key, revision);
  }

  /** After a restart: what the server has of a key must be what was acknowledged last, or what was under way. */
  decide(key: string, found: KubeMap | undefined): void {
    const attempt = this.#attempts.get(key);
    const known = this.state(key);
    const seq = found === undefined ? undefined : checkedSeq(found);
    if (attempt !== undefined && seq === (attempt.deleted ? undefined : attempt.seq) && (attempt.deleted ? known !== undefined : true)) {
      this.undecided.happened++;
      this.#enter(key, found === undefined ? undefined : Number(found.metadata.resourceVersion));
      return;
    }
    if (attempt !== undefined) this.undecided.lost++;
    this.#attempts.delete(key);
    assert.equal(seq, known?.seq, `${key}: acknowledged was write ${known?.seq} at ${known?.revision}, the server has ${seq}`);
    assert.equal(found === undefined ? undefined : Number(found.metadata.resourceVersion), known?.revision, `${key}: another revision after a restart`);
  }

  #enter(key: string, revision: number | undefined): void {
    const attempt = this.#attempts.get(key);
    assert.ok(attempt, `nothing was asked for ${key}`);
    this.#attempts.delete(key);
    let entries = this.entries.get(key);
    if (entries === undefined) this.entries.set(key, (entries = []));
    const before = entries.findLast((entry) => entry.revision !== undefined)?.revision ?? 0;
    if (revision !== undefined) assert.ok(revision > before, `${key}: revision ${revision} after ${before}`);
    entries.push({ ...attempt, revision });
  }
}

/** What write `seq` makes of its object: every part says which write it is of. */
export function dataOf(seq: number): Record<string, string> {
  return { seq: String(seq), first: String(seq), filling: `${seq} `.repeat((seq * 37) % 300), last: String(seq) };
}

/** Which write an object shows; throws when it shows parts of several. */
export function checkedSeq({ metadata, data }: KubeMap): number {
  const seq = Number(data['seq']);
  assert.deepEqual(data, dataOf(seq), `${metadata.name}: half of one write and half of another`);
  return seq;
}
