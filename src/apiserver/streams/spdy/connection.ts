/**
 * The server's end of a SPDY/3.1 connection over any Duplex (a TLS socket after an upgrade, or a WebSocket tunnel).
 * Reading stops while a stream's reader is behind, so the peer's memory and ours stay bounded.
 */
import type { Duplex } from 'node:stream';
import { FrameReader, goAway, ping, RST, rstStream, synReply, type Frame } from './frames.ts';
import { HeaderInflater, HeaderPacker } from './headers.ts';
import { DEFAULT_WINDOW_BYTES, SpdyStream, type Carrier } from './stream.ts';

const MAX_STREAMS = 1024;

export class SpdyConnection implements Carrier {
  readonly #transport: Duplex;
  readonly #streams = new Map<number, SpdyStream>();
  readonly #inflater = new HeaderInflater();
  readonly #packer = new HeaderPacker();
  readonly #onStream: (stream: SpdyStream) => void;
  #initialWindow = DEFAULT_WINDOW_BYTES;
  #lastStreamId = 0;
  /** Resolves when the connection has ended, for whatever reason. */
  readonly closed: Promise<void>;

  /** `onStream` gets each stream the peer opens, already accepted. */
  constructor(transport: Duplex, onStream: (stream: SpdyStream) => void) {
    this.#transport = transport;
    this.#onStream = onStream;
    transport.on('error', () => undefined);
    this.closed = this.#run();
  }

  async #run(): Promise<void> {
    const reader = new FrameReader();
    let reason = new Error('the connection was closed');
    try {
      for await (const chunk of this.#transport) {
        for (const frame of reader.push(chunk as Buffer)) {
          const wait = this.#receive(frame);
          if (wait !== undefined) await wait;
        }
      }
    } catch (error) {
      reason = error as Error;
    }
    this.#inflater.close();
    for (const stream of [...this.#streams.values()]) stream.fail(reason);
    this.#transport.destroy();
  }

  send(frame: Buffer, sent?: (error?: Error | null) => void): void {
    if (this.#transport.writable) this.#transport.write(frame, sent);
    else sent?.(new Error('the connection was closed'));
  }

  forget(streamId: number): void {
    this.#streams.delete(streamId);
  }

  /** Says goodbye, sends what is queued and ends. */
  close(): void {
    this.send(goAway(this.#lastStreamId));
    this.#transport.end();
  }

  #receive(frame: Frame): Promise<void> | undefined {
    switch (frame.type) {
      case 'SYN_STREAM':
        return this.#open(frame.streamId, frame.fin, frame.block);
      // Their blocks must be read, or the window of the next ones is wrong.
      case 'HEADERS':
      case 'SYN_REPLY':
        return this.#inflater.read(frame.block).then(() => undefined);
      case 'DATA': {
        const stream = this.#streams.get(frame.streamId);
        if (stream === undefined) {
          if (!frame.fin) this.send(rstStream(frame.streamId, RST.INVALID_STREAM));
          return undefined;
        }
        return stream.receive(frame.data, frame.fin);
      }
      case 'RST_STREAM':
        this.#streams.get(frame.streamId)?.fail(new Error('the peer reset the stream'));
        return undefined;
      case 'SETTINGS':
        this.#initialWindow = frame.initialWindow ?? this.#initialWindow;
        return undefined;
      case 'WINDOW_UPDATE':
        this.#streams.get(frame.streamId)?.openWindow(frame.delta, this.#initialWindow);
        return undefined;
      case 'PING':
        // Even numbers would be answers to pings of ours; none are sent.
        if (frame.id % 2 === 1) this.send(ping(frame.id));
        return undefined;
      case 'GOAWAY':
      case 'UNKNOWN':
        return undefined;
    }
  }

  async #open(streamId: number, fin: boolean, block: Buffer): Promise<void> {
    const headers = await this.#inflater.read(block);
    if (streamId <= this.#lastStreamId || this.#streams.size >= MAX_STREAMS) {
      this.send(rstStream(streamId, streamId <= this.#lastStreamId ? RST.PROTOCOL_ERROR : RST.REFUSED_STREAM));
      return;
    }
    this.#lastStreamId = streamId;
    const stream = new SpdyStream(streamId, headers, this);
    this.#streams.set(streamId, stream);
    this.send(synReply(streamId, this.#packer.pack({})));
    this.#onStream(stream);
    if (fin) void stream.receive(Buffer.alloc(0), true);
  }
}
