/** Reads a container's log for kubectl: tail, since, follow, across rotated files, in pieces, never the whole of it at once. */
import { closeSync, existsSync, fstatSync, openSync, readSync, statSync, watch, type FSWatcher } from 'node:fs';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import type { Clock } from '../../runtime/clock.ts';
import type { LogOptions } from '../../runtime/kubelet.ts';
import { parseLine } from './line.ts';

const CHUNK_BYTES = 64 * 1024;
const LOOK_MS = 250;
/** Rotated files kept besides the current one: FILE.1 is the newest of them. */
export const ROTATED_MAX = 4;

export interface LogSource {
  /** The current file; it may not be there yet. */
  path: string;
  /** Whether more may come. */
  live(): boolean;
  clock: Clock;
  signal: AbortSignal;
}

/** Ends when all is read, or, when following, when the container has ended and all is read. */
export function readLog(source: LogSource, options: LogOptions): Readable {
  return Readable.from(limitBytes(lines(source, options), options.limitBytes), { objectMode: false });
}

async function* lines(source: LogSource, options: LogOptions): AsyncGenerator<Buffer> {
  const sinceMs =
    options.sinceTime === undefined
      ? options.sinceSeconds === undefined
        ? undefined
        : source.clock.now() - options.sinceSeconds * 1000
      : Date.parse(options.sinceTime);
  const show = (line: string): Buffer | undefined => {
    const parsed = parseLine(line);
    if (parsed === undefined) return undefined;
    if (sinceMs !== undefined && Date.parse(parsed.time) < sinceMs) return undefined;
    return Buffer.from(options.timestamps === true ? `${parsed.time} ${parsed.text}` : parsed.text);
  };
  const files = existingFiles(source.path);
  const start = options.tailLines === undefined ? { file: 0, offset: 0 } : tailStart(files, options.tailLines);
  for (let i = start.file; i < files.length - 1; i++) yield* wholeFile(files[i]!, i === start.file ? start.offset : 0, show);
  const offset = start.file >= files.length - 1 ? start.offset : 0;
  yield* currentFile(source, options.follow === true, offset, show);
}

type Show = (line: string) => Buffer | undefined;

/** Oldest first. */
function existingFiles(path: string): string[] {
  const rotated = Array.from({ length: ROTATED_MAX }, (_, i) => `${path}.${ROTATED_MAX - i}`).filter((file) => existsSync(file));
  return [...rotated, path];
}

/** Where the last `count` lines begin, reading files from their ends. */
function tailStart(files: readonly string[], count: number): { file: number; offset: number } {
  let missing = count;
  for (let file = files.length - 1; file >= 0; file--) {
    const found = lastLines(files[file]!, missing);
    if (found.missing === 0 || file === 0) return { file, offset: found.offset };
    missing = found.missing;
  }
  return { file: 0, offset: 0 };
}

function lastLines(path: string, count: number): { offset: number; missing: number } {
  const fd = tryOpen(path);
  if (fd === undefined) return { offset: 0, missing: count };
  try {
    const { size } = fstatSync(fd);
    if (count === 0) return { offset: size, missing: 0 };
    const buffer = Buffer.alloc(CHUNK_BYTES);
    let newlines = 0;
    for (let end = size; end > 0;) {
      const begin = Math.max(0, end - CHUNK_BYTES);
      const length = readSync(fd, buffer, 0, end - begin, begin);
      for (let i = length - 1; i >= 0; i--) {
        if (buffer[i] !== 0x0a || begin + i === size - 1) continue;
        if (++newlines === count) return { offset: begin + i + 1, missing: 0 };
      }
      end = begin;
    }
    // The first line has no newline before it.
    return { offset: 0, missing: Math.max(0, count - newlines - (size > 0 ? 1 : 0)) };
  } finally {
    closeSync(fd);
  }
}

async function* wholeFile(path: string, offset: number, show: Show): AsyncGenerator<Buffer> {
  const fd = tryOpen(path);
  if (fd === undefined) return;
  try {
    const reader = new LineReader(fd, offset);
    for (let batch = reader.read(show); batch !== undefined; batch = reader.read(show)) yield batch;
  } finally {
    closeSync(fd);
  }
}

async function* currentFile(source: LogSource, follow: boolean, offset: number, show: Show): AsyncGenerator<Buffer> {
  const changes = follow ? new Changes(source) : undefined;
  let fd = tryOpen(source.path);
  let reader = fd === undefined ? undefined : new LineReader(fd, offset);
  try {
    while (!source.signal.aborted) {
      // Asked before reading: what is written before the end is then read in this round.
      const live = source.live();
      const batch = reader?.read(show);
      if (batch !== undefined) {
        yield batch;
        continue;
      }
      if (changes === undefined) return;
      const replaced = isReplaced(source.path, fd);
      if (replaced) {
        if (fd !== undefined) closeSync(fd);
        fd = tryOpen(source.path);
        reader = fd === undefined ? undefined : new LineReader(fd, 0);
        continue;
      }
      if (!live) return;
      await changes.next();
    }
  } finally {
    changes?.close();
    if (fd !== undefined) closeSync(fd);
  }
}

/** The file has been rotated away, or has come into being. */
function isReplaced(path: string, fd: number | undefined): boolean {
  const now = statSync(path, { throwIfNoEntry: false });
  if (now === undefined) return false;
  return fd === undefined || fstatSync(fd).ino !== now.ino;
}

class LineReader {
  readonly #fd: number;
  readonly #buffer = Buffer.alloc(CHUNK_BYTES);
  #offset: number;
  /** The beginning of a line whose end has not been written yet. */
  #rest: Buffer = Buffer.alloc(0);

  constructor(fd: number, offset: number) {
    this.#fd = fd;
    this.#offset = offset;
  }

  /** The next whole lines; empty when all of a piece is filtered out; undefined at the end. */
  read(show: Show): Buffer | undefined {
    const length = readSync(this.#fd, this.#buffer, 0, CHUNK_BYTES, this.#offset);
    if (length === 0) return undefined;
    this.#offset += length;
    const data = Buffer.concat([this.#rest, this.#buffer.subarray(0, length)]);
    const end = data.lastIndexOf(0x0a) + 1;
    this.#rest = data.subarray(end);
    const shown = data
      .subarray(0, end)
      .toString()
      .split('\n')
      .flatMap((line) => (line === '' ? [] : (show(line) ?? [])));
    return Buffer.concat(shown);
  }
}

/** Wakes who waits when the file's directory changes. The container's end writes no file here, so it also looks from time to time. */
class Changes {
  readonly #source: LogSource;
  readonly #watcher: FSWatcher;
  #pending = Promise.withResolvers<void>();

  constructor(source: LogSource) {
    const wake = () => this.#pending.resolve();
    this.#source = source;
    this.#watcher = watch(dirname(source.path), { persistent: false }, wake);
    source.signal.addEventListener('abort', wake, { once: true });
  }

  async next(): Promise<void> {
    const { clock, signal } = this.#source;
    await Promise.race([this.#pending.promise, clock.sleep(LOOK_MS, signal)]);
    this.#pending = Promise.withResolvers<void>();
  }

  close(): void {
    this.#watcher.close();
  }
}

async function* limitBytes(source: AsyncIterable<Buffer>, limit: number | undefined): AsyncGenerator<Buffer> {
  let left = limit ?? Number.POSITIVE_INFINITY;
  for await (const chunk of source) {
    if (chunk.length === 0) continue;
    yield chunk.length <= left ? chunk : chunk.subarray(0, left);
    left -= chunk.length;
    if (left <= 0) return;
  }
}

function tryOpen(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch {
    return undefined;
  }
}
