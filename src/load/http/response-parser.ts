/** Reads HTTP/1.1 answers off a connection as bytes come (RFC 9112), keeping nothing of them but what a load test counts. */

export interface ParsedAnswer {
  status: number;
  /** Whether the connection may carry another request. */
  keepAlive: boolean;
}

const HEAD_MAX_BYTES = 64 * 1024;
const LINE_FEED = 10;

type State = 'head' | 'length' | 'until-close' | 'chunk-size' | 'chunk-data' | 'trailers';

export class MalformedAnswer extends Error {}

export class ResponseParser {
  readonly #isHead: boolean;
  #state: State = 'head';
  /** The bytes of a head or line that came in parts. */
  #part: Buffer | undefined;
  #status = 0;
  #keepAlive = true;
  /** Bytes of the body or chunk still to come. */
  #left = 0;

  /** `method` decides whether answers have bodies. */
  constructor(method: string) {
    this.#isHead = method === 'HEAD';
  }

  /** Whether nothing of an answer has come yet. */
  get isEmpty(): boolean {
    return this.#state === 'head' && this.#part === undefined;
  }

  reset(): void {
    this.#state = 'head';
    this.#part = undefined;
  }

  /** Takes the first `length` bytes; they may be overwritten afterwards. Answers the answer when it is whole. Throws MalformedAnswer. */
  push(chunk: Buffer, length: number): ParsedAnswer | undefined {
    let at = 0;
    let data = chunk;
    let end = length;
    if (this.#part !== undefined) {
      data = Buffer.concat([this.#part, chunk.subarray(0, length)]);
      end = data.length;
      this.#part = undefined;
    }
    while (at < end || (this.#state === 'length' && this.#left === 0)) {
      switch (this.#state) {
        case 'head': {
          const headEnd = data.indexOf('\r\n\r\n', at, 'latin1');
          if (headEnd < 0 || headEnd >= end) return this.#keep(data, at, end);
          this.#readHead(data.toString('latin1', at, headEnd + 2));
          at = headEnd + 4;
          break;
        }
        case 'length': {
          const taken = Math.min(this.#left, end - at);
          this.#left -= taken;
          at += taken;
          if (this.#left === 0) return this.#whole(at === end);
          break;
        }
        case 'until-close':
          return undefined;
        case 'chunk-size': {
          const line = this.#line(data, at, end);
          if (line === undefined) return this.#keep(data, at, end);
          const size = /^([0-9a-f]{1,12})\s*(?:;|$)/i.exec(line.text)?.[1];
          if (size === undefined) throw new MalformedAnswer('a chunk without a size');
          at = line.next;
          // A chunk ends with a line end of its own.
          this.#left = Number.parseInt(size, 16) + 2;
          this.#state = this.#left === 2 ? 'trailers' : 'chunk-data';
          break;
        }
        case 'chunk-data': {
          const taken = Math.min(this.#left, end - at);
          this.#left -= taken;
          at += taken;
          if (this.#left === 0) this.#state = 'chunk-size';
          break;
        }
        case 'trailers': {
          const line = this.#line(data, at, end);
          if (line === undefined) return this.#keep(data, at, end);
          at = line.next;
          if (line.text === '') return this.#whole(at === end);
          break;
        }
      }
    }
    return undefined;
  }

  /** The connection ended: an answer without a length is whole now. */
  end(): ParsedAnswer | undefined {
    if (this.#state !== 'until-close') return undefined;
    this.#keepAlive = false;
    return this.#whole(true);
  }

  #readHead(head: string): void {
    const status = /^HTTP\/1\.([01]) (\d{3})(?: [^\r\n]*)?\r\n/.exec(head);
    if (status === null) throw new MalformedAnswer('not an answer of HTTP/1.1');
    this.#status = Number(status[2]);
    // Interim answers (100, 103) go before the one that counts.
    if (this.#status < 200) return;
    const connection = /\r\nconnection:[ \t]*([^\r\n]*)/i.exec(head)?.[1]?.toLowerCase() ?? '';
    this.#keepAlive = status[1] === '1' ? !connection.includes('close') : connection.includes('keep-alive');
    const noBody = this.#isHead || this.#status === 204 || this.#status === 304;
    if (!noBody && /\r\ntransfer-encoding:[^\r\n]*chunked[ \t]*\r\n/i.test(head)) {
      this.#state = 'chunk-size';
      return;
    }
    const length = /\r\ncontent-length:[ \t]*(\d{1,15})[ \t]*\r\n/i.exec(head)?.[1];
    this.#left = noBody ? 0 : Number(length ?? 0);
    this.#state = noBody || length !== undefined ? 'length' : 'until-close';
  }

  #line(data: Buffer, at: number, end: number): { text: string; next: number } | undefined {
    const lineEnd = data.indexOf(LINE_FEED, at);
    if (lineEnd < 0 || lineEnd >= end) return undefined;
    return { text: data.toString('latin1', at, lineEnd).trimEnd(), next: lineEnd + 1 };
  }

  #keep(data: Buffer, at: number, end: number): undefined {
    if (end - at > HEAD_MAX_BYTES) throw new MalformedAnswer(`a head of more than ${HEAD_MAX_BYTES} bytes`);
    this.#part = Buffer.from(data.subarray(at, end));
  }

  /** More bytes than the answer has cannot belong to anything: one request is on its way at a time. */
  #whole(clean: boolean): ParsedAnswer {
    this.#state = 'head';
    return { status: this.#status, keepAlive: this.#keepAlive && clean };
  }
}
