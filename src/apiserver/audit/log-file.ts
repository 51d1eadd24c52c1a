/** The audit log: one JSON object a line, appended in order; a full file is put aside under the time it was closed. */
import { closeSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, fstatSync, writeSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';

export interface LogFileOptions {
  path: string;
  /** A file that reaches this size is put aside. */
  maxBytes: number;
  /** How many of those are kept; 0: all. */
  maxBackups: number;
  now(): number;
  /** Told once when lines cannot be written, and again when that has changed. */
  onError(message: string): void;
}

export class LogFile {
  readonly #options: LogFileOptions;
  #file: number;
  #bytes: number;
  #lines: string[] = [];
  #failing = false;

  /** Throws an Error when the file cannot be opened. */
  constructor(options: LogFileOptions) {
    this.#options = options;
    mkdirSync(dirname(options.path), { recursive: true, mode: 0o700 });
    this.#file = openSync(options.path, 'a', 0o600);
    this.#bytes = fstatSync(this.#file).size;
  }

  /** On disk within this turn of the event loop, together with what others write in it. */
  write(line: string): void {
    if (this.#lines.push(line) === 1) setImmediate(() => this.flush());
  }

  flush(): void {
    if (this.#lines.length === 0) return;
    const text = Buffer.from(`${this.#lines.join('\n')}\n`);
    const count = this.#lines.length;
    this.#lines = [];
    try {
      if (this.#bytes > 0 && this.#bytes + text.length > this.#options.maxBytes) this.#rotate();
      for (let written = 0; written < text.length;) written += writeSync(this.#file, text, written);
      this.#bytes += text.length;
      if (this.#failing) this.#options.onError('audit events are written again');
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) this.#options.onError(`audit events (first ${count}) cannot be written to ${this.#options.path}: ${(error as Error).message}`);
      this.#failing = true;
    }
  }

  close(): void {
    this.flush();
    closeSync(this.#file);
  }

  #rotate(): void {
    const { path, now } = this.#options;
    const extension = extname(path);
    const stem = basename(path, extension);
    const time = new Date(now()).toISOString().replaceAll(':', '-').replace('Z', '');
    renameSync(path, join(dirname(path), `${stem}-${time}${extension}`));
    closeSync(this.#file);
    this.#file = openSync(path, 'a', 0o600);
    this.#bytes = 0;
    this.#prune(stem, extension);
  }

  #prune(stem: string, extension: string): void {
    const { path, maxBackups } = this.#options;
    if (maxBackups === 0) return;
    const dir = dirname(path);
    const aside = readdirSync(dir).filter((name) => name.startsWith(`${stem}-`) && name.endsWith(extension) && /-\d{4}-\d\d-\d\dT/.test(name));
    // Their names sort by time.
    for (const name of aside.sort().slice(0, -maxBackups)) rmSync(join(dir, name), { force: true });
  }
}
