/** Lines of watches: what is told to many is put together once. */
import type { StoredObject } from '../engine.ts';

/** Of the lines that are kept: those that others are about to be told too. */
const KEPT_BYTES = 8 * 1024 * 1024;

type Change = 'ADDED' | 'MODIFIED' | 'DELETED';

const SUFFIX = Buffer.from('}\n');

export function lineOf(type: string, object: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`{"type":"${type}","object":`), object, SUFFIX]);
}

export class Lines {
  /** Watchers of the same changes are told the same lines, one after the other. */
  #joined: { lines: readonly Buffer[]; bytes: Buffer } = { lines: [], bytes: Buffer.alloc(0) };
  readonly #kept = new Map<StoredObject, { type: Change; line: Buffer }>();
  #bytes = 0;

  of(type: Change, stored: StoredObject): Buffer {
    const known = this.#kept.get(stored);
    if (known?.type === type) return known.line;
    const line = lineOf(type, stored.bytes);
    this.#bytes += line.length - (known?.line.length ?? 0);
    this.#kept.delete(stored);
    this.#kept.set(stored, { type, line });
    for (const [oldest, { line: old }] of this.#kept) {
      if (this.#bytes <= KEPT_BYTES || oldest === stored) break;
      this.#kept.delete(oldest);
      this.#bytes -= old.length;
    }
    return line;
  }

  join(lines: readonly Buffer[], length: number): Buffer {
    if (lines.length === 1) return lines[0]!;
    const { lines: before, bytes } = this.#joined;
    if (lines.length === before.length && lines.every((line, i) => line === before[i])) return bytes;
    const joined = Buffer.concat(lines, length);
    this.#joined = { lines, bytes: joined };
    return joined;
  }
}
