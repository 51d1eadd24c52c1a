/** Header blocks of SPDY/3: name/value pairs, compressed by one zlib stream a direction and connection. */
import { constants, createInflate, type Inflate } from 'node:zlib';
import { DICTIONARY, DICTIONARY_ID } from './dictionary.ts';

export type Headers = Record<string, string>;

const MAX_BLOCK_BYTES = 64 * 1024;

/** Unpacks the blocks of one direction; they share a window, so each must be given once and in order. */
export class HeaderInflater {
  readonly #inflate: Inflate = createInflate({ dictionary: DICTIONARY, flush: constants.Z_SYNC_FLUSH });
  #chunks: Buffer[] = [];
  #bytes = 0;
  #fail: ((error: Error) => void) | undefined;

  constructor() {
    this.#inflate.on('error', (error) => this.#fail?.(error));
    this.#inflate.on('data', (chunk: Buffer) => {
      this.#bytes += chunk.length;
      if (this.#bytes > MAX_BLOCK_BYTES) this.#fail?.(new Error(`SPDY header block of more than ${MAX_BLOCK_BYTES} bytes`));
      else this.#chunks.push(chunk);
    });
  }

  /** Rejects when the block cannot be unpacked; the connection is lost then. */
  read(block: Buffer): Promise<Headers> {
    return new Promise((resolve, reject) => {
      this.#fail = reject;
      this.#inflate.write(block, (error) => {
        if (error) return reject(error);
        const bytes = Buffer.concat(this.#chunks);
        this.#chunks = [];
        this.#bytes = 0;
        try {
          resolve(parseBlock(bytes));
        } catch (problem) {
          reject(problem as Error);
        }
      });
    });
  }

  close(): void {
    this.#inflate.destroy();
  }
}

function parseBlock(bytes: Buffer): Headers {
  const headers: Headers = Object.create(null) as Headers;
  let at = 0;
  const take = (): string => {
    const length = bytes.readUInt32BE(at);
    const end = at + 4 + length;
    if (end > bytes.length) throw new Error('SPDY header block is cut off');
    const text = bytes.toString('utf8', at + 4, end);
    at = end;
    return text;
  };
  const pairs = bytes.readUInt32BE(0);
  at = 4;
  for (let i = 0; i < pairs; i++) {
    const name = take().toLowerCase();
    // Several values of one name are separated by NUL; the protocols here use one.
    headers[name] = take().split('\0')[0] ?? '';
  }
  return headers;
}

export function encodeBlock(headers: Headers): Buffer {
  const pairs = Object.entries(headers);
  const parts: Buffer[] = [uint32(pairs.length)];
  for (const [name, value] of pairs) {
    for (const text of [name, value]) {
      const bytes = Buffer.from(text, 'utf8');
      parts.push(uint32(bytes.length), bytes);
    }
  }
  return Buffer.concat(parts);
}

/** An empty stored piece, as a flush writes it: Go's reader gives out what came before only when it sees one. */
const SYNC = Buffer.from([0, 0, 0, 0xff, 0xff]);

/** Packs blocks without compressing: a zlib stream of stored pieces is as valid, and the replies here are empty anyway. */
export class HeaderPacker {
  #started = false;

  pack(headers: Headers): Buffer {
    const block = encodeBlock(headers);
    const piece = Buffer.alloc(5);
    piece.writeUInt16LE(block.length, 1);
    piece.writeUInt16LE(~block.length & 0xffff, 3);
    const start = this.#started ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x78, 0xbb]), uint32(DICTIONARY_ID)]);
    this.#started = true;
    return Buffer.concat([start, piece, block, SYNC]);
  }
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
