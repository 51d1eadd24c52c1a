/** Several streams in one WebSocket, as `channel.k8s.io` has it: the first byte of a message (or digit, in base64 form) is the channel. */
import { Readable, Writable } from 'node:stream';
import type { WebSocket } from 'ws';

/** v5: the client ends one channel by a message on this one that names it. */
const CLOSE_CHANNEL = 255;

export class WebSocketChannels {
  readonly #webSocket: WebSocket;
  readonly #base64: boolean;
  readonly #readers = new Map<number, Readable>();

  constructor(webSocket: WebSocket, protocol: string) {
    this.#webSocket = webSocket;
    this.#base64 = protocol.includes('base64');
    webSocket.on('message', (data: Buffer) => this.#receive(data));
    webSocket.on('close', () => {
      for (const reader of this.#readers.values()) reader.push(null);
    });
  }

  /** What the client sends on a channel; ends when the client closes the channel or is gone. */
  reader(channel: number): Readable {
    const reader = new Readable({ read: () => this.#webSocket.resume() });
    this.#readers.set(channel, reader);
    return reader;
  }

  /** To the client; a write is done when the bytes have left. */
  writer(channel: number): Writable {
    return new Writable({ write: (chunk: Buffer, _encoding, done) => this.send(channel, chunk, done) });
  }

  send(channel: number, data: Buffer, done?: (error?: Error | null) => void): void {
    if (this.#webSocket.readyState !== this.#webSocket.OPEN) {
      done?.(new Error('the client has gone'));
      return;
    }
    if (this.#base64) this.#webSocket.send(`${channel}${data.toString('base64')}`, (error) => done?.(error));
    else this.#webSocket.send(Buffer.concat([Buffer.from([channel]), data]), (error) => done?.(error));
  }

  #receive(message: Buffer): void {
    if (message.length === 0) return;
    const channel = this.#base64 ? message[0]! - 0x30 : message[0]!;
    if (channel === CLOSE_CHANNEL) {
      this.#end(message[1] ?? -1);
      return;
    }
    const reader = this.#readers.get(channel);
    if (reader === undefined || message.length === 1) return;
    const data = this.#base64 ? Buffer.from(message.toString('latin1', 1), 'base64') : message.subarray(1);
    if (!reader.push(data)) this.#webSocket.pause();
  }

  #end(channel: number): void {
    this.#readers.get(channel)?.push(null);
    this.#readers.delete(channel);
  }
}
