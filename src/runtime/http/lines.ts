/** Cuts a stream of bytes into lines without decoding half characters or copying more than once. */
export class LineSplitter {
  #rest: Buffer[] = [];
  #restBytes = 0;
  readonly #maxBytes: number;

  /** A line longer than `maxBytes` is an error: a peer must not fill our memory. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The lines completed by a chunk, without their newlines; empty ones are left out. */
  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let from = 0;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      this.#rest.push(chunk.subarray(from, at));
      const line = this.#rest.length === 1 ? this.#rest[0]! : Buffer.concat(this.#rest);
      this.#rest = [];
      this.#restBytes = 0;
      if (line.length > 0) lines.push(line.toString('utf8'));
      from = at + 1;
    }
    if (from < chunk.length) {
      this.#rest.push(chunk.subarray(from));
      this.#restBytes += chunk.length - from;
      if (this.#restBytes > this.#maxBytes) throw new Error(`a line of the watch is longer than ${this.#maxBytes} bytes`);
    }
    return lines;
  }
}
