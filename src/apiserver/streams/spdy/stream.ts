/** One stream of a SPDY connection, as a Node Duplex: ending it sends FIN, destroying it RST_STREAM. */
import { Duplex } from 'node:stream';
import { dataFrame, RST, rstStream, windowUpdate } from './frames.ts';
import type { Headers } from './headers.ts';

/** What a stream needs of its connection. */
export interface Carrier {
  /** `sent` is called when the bytes have left for the peer. */
  send(frame: Buffer, sent?: (error?: Error | null) => void): void;
  forget(streamId: number): void;
}

export const DEFAULT_WINDOW_BYTES = 64 * 1024;
const MAX_DATA_BYTES = 32 * 1024;

export class SpdyStream extends Duplex {
  readonly id: number;
  readonly headers: Headers;
  readonly #carrier: Carrier;
  /** Bytes the reader has not taken yet, and how many of the taken ones the peer has not been told about. */
  #unreported = 0;
  #resume: (() => void) | undefined;
  /** Infinity until the peer shows that it does flow control: kubectl's library does none and never opens a window. */
  #sendWindow = Number.POSITIVE_INFINITY;
  #sentBytes = 0;
  #windowOpened: (() => void) | undefined;
  #localEnd = false;
  #remoteEnd = false;

  constructor(id: number, headers: Headers, carrier: Carrier) {
    super({ readableHighWaterMark: DEFAULT_WINDOW_BYTES, writableHighWaterMark: MAX_DATA_BYTES, allowHalfOpen: true });
    this.id = id;
    this.headers = headers;
    this.#carrier = carrier;
    // A stream may break before its reader listens; that must not end the process.
    this.on('error', () => undefined);
  }

  /** Data from the peer. Resolves when there is room for more. */
  receive(data: Buffer, fin: boolean): Promise<void> | undefined {
    if (this.destroyed || this.#remoteEnd) return undefined;
    let room = true;
    if (data.length > 0) {
      this.#unreported += data.length;
      room = this.push(data);
    }
    if (fin) {
      this.#remoteEnd = true;
      this.push(null);
      this.#finished();
    }
    return room || fin ? undefined : new Promise((resolve) => (this.#resume = resolve));
  }

  /** The peer gives `delta` more bytes of window; from now on it is kept. */
  openWindow(delta: number, initial: number): void {
    if (this.#sendWindow === Number.POSITIVE_INFINITY) this.#sendWindow = initial - this.#sentBytes;
    this.#sendWindow += delta;
    this.#windowOpened?.();
  }

  /** The peer reset the stream, or the connection is gone. */
  fail(error: Error): void {
    this.#localEnd = this.#remoteEnd = true;
    this.destroy(error);
  }

  override _read(): void {
    if (this.#unreported >= DEFAULT_WINDOW_BYTES / 2 && !this.#remoteEnd) {
      this.#carrier.send(windowUpdate(this.id, this.#unreported));
      this.#unreported = 0;
    }
    this.#resume?.();
    this.#resume = undefined;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (chunk.length === 0) return done();
    const size = Math.min(chunk.length, MAX_DATA_BYTES, this.#sendWindow);
    if (size <= 0) {
      this.#windowOpened = () => {
        this.#windowOpened = undefined;
        this._write(chunk, _encoding, done);
      };
      return;
    }
    this.#sendWindow -= size;
    this.#sentBytes += size;
    const rest = chunk.subarray(size);
    this.#carrier.send(dataFrame(this.id, chunk.subarray(0, size), false), (error) => {
      if (error || rest.length === 0 || this.destroyed) done(error);
      else this._write(rest, _encoding, done);
    });
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#localEnd = true;
    this.#carrier.send(dataFrame(this.id, Buffer.alloc(0), true), done);
    this.#finished();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.#localEnd || !this.#remoteEnd) this.#carrier.send(rstStream(this.id, error ? RST.INTERNAL_ERROR : RST.CANCEL));
    this.#localEnd = this.#remoteEnd = true;
    this.#resume?.();
    this.#windowOpened = undefined;
    this.#finished();
    done(error);
  }

  #finished(): void {
    if (this.#localEnd && this.#remoteEnd) this.#carrier.forget(this.id);
  }
}
