/** One connection to the target: writes the same bytes again and again, reads answers into a buffer that all connections share. */
import net from 'node:net';
import tls from 'node:tls';
import { errorKind } from './errors.ts';
import { MalformedAnswer, ResponseParser, type ParsedAnswer } from './response-parser.ts';
import type { Connection, Done } from '../transport.ts';

export interface ConnectionOptions {
  /** Answers in turn, so that connections are spread over all addresses of a name. */
  address(): string;
  port: number;
  /** Absent: plain HTTP. */
  tls?: tls.ConnectionOptions;
  method: string;
  /** The whole request. */
  request: Buffer;
  /** Answers after which a connection is made anew. */
  requestsPerConnection: number;
}

const READ_BYTES = 256 * 1024;
/** What is read is looked at before the next read, so that one buffer serves all. */
const shared = Buffer.allocUnsafe(READ_BYTES);
/** RFC 9110 9.2.2: only these may be sent again when a kept connection turns out to be closed. */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);

export class HttpConnection implements Connection {
  readonly #options: ConnectionOptions;
  readonly #parser: ResponseParser;
  #socket: net.Socket | undefined;
  #done: Done | undefined;
  #bytes = 0;
  /** Answers that came over this socket. */
  #answers = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#parser = new ResponseParser(options.method);
  }

  send(done: Done): void {
    this.#done = done;
    this.#bytes = 0;
    this.#socket ??= this.#connect();
    this.#socket.write(this.#options.request);
  }

  drop(): void {
    this.#done = undefined;
    this.#forget();
  }

  /** The socket's late words are not heard any more. */
  #forget(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#parser.reset();
    this.#answers = 0;
    socket?.destroy();
  }

  #connect(): net.Socket {
    const options = {
      host: this.#options.address(),
      port: this.#options.port,
      noDelay: true,
      onread: {
        buffer: shared,
        callback: (length: number, buffer: Uint8Array): boolean => {
          if (socket === this.#socket) this.#read(buffer as Buffer, length);
          return true;
        },
      },
    };
    const socket: net.Socket = this.#options.tls === undefined ? net.connect(options) : tls.connect({ ...options, ...this.#options.tls });
    socket.on('error', (error) => {
      if (socket === this.#socket) this.#broken(errorKind(error));
    });
    const closed = (): void => {
      if (socket === this.#socket) this.#closed();
    };
    socket.on('end', closed);
    socket.on('close', closed);
    return socket;
  }

  #read(buffer: Buffer, length: number): void {
    this.#bytes += length;
    // Bytes without a request are no answer to anything.
    if (this.#done === undefined) return this.#forget();
    try {
      const answer = this.#parser.push(buffer, length);
      if (answer !== undefined) this.#answered(answer);
    } catch (error) {
      if (!(error instanceof MalformedAnswer)) throw error;
      this.#finish('not HTTP');
    }
  }

  #answered(answer: ParsedAnswer): void {
    this.#answers++;
    const done = this.#done!;
    const bytes = this.#bytes;
    this.#done = undefined;
    if (!answer.keepAlive || this.#answers >= this.#options.requestsPerConnection) this.#forget();
    done(answer.status, bytes, undefined);
  }

  #closed(): void {
    const answer = this.#done === undefined ? undefined : this.#parser.end();
    if (answer !== undefined) this.#answered(answer);
    else this.#broken('connection closed');
  }

  /** A connection that the target closed while it was idle is no failure of the request that found out. */
  #broken(kind: string): void {
    const stale = this.#answers > 0 && this.#parser.isEmpty && IDEMPOTENT.has(this.#options.method);
    if (this.#done === undefined || !stale) return this.#finish(kind);
    this.#forget();
    this.send(this.#done);
  }

  #finish(kind: string): void {
    const done = this.#done;
    this.#done = undefined;
    this.#forget();
    done?.(0, this.#bytes, kind);
  }
}
