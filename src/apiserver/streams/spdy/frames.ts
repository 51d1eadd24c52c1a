/** SPDY/3.1 frames as bytes, both ways. Header blocks stay compressed here. */

export const FLAG_FIN = 1;
const MAX_FRAME_BYTES = 1 << 20;
const VERSION = 3;

const TYPES = { SYN_STREAM: 1, SYN_REPLY: 2, RST_STREAM: 3, SETTINGS: 4, PING: 6, GOAWAY: 7, HEADERS: 8, WINDOW_UPDATE: 9 } as const;

export type Frame =
  | { type: 'DATA'; streamId: number; fin: boolean; data: Buffer }
  | { type: 'SYN_STREAM'; streamId: number; fin: boolean; block: Buffer }
  | { type: 'SYN_REPLY' | 'HEADERS'; streamId: number; fin: boolean; block: Buffer }
  | { type: 'RST_STREAM'; streamId: number; status: number }
  | { type: 'SETTINGS'; initialWindow?: number }
  | { type: 'PING'; id: number }
  | { type: 'GOAWAY' }
  | { type: 'WINDOW_UPDATE'; streamId: number; delta: number }
  | { type: 'UNKNOWN' };

/** What is sent on a stream that must not go on. */
export const RST = { PROTOCOL_ERROR: 1, INVALID_STREAM: 2, REFUSED_STREAM: 3, CANCEL: 5, INTERNAL_ERROR: 6 } as const;

/** Collects chunks and answers whole frames. Throws for what is not SPDY/3 or too big. */
export class FrameReader {
  #buffer: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): Frame[] {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
    const frames: Frame[] = [];
    while (this.#buffer.length >= 8) {
      const length = this.#buffer.readUIntBE(5, 3);
      if (length > MAX_FRAME_BYTES) throw new Error(`SPDY frame of ${length} bytes; the limit is ${MAX_FRAME_BYTES}`);
      if (this.#buffer.length < 8 + length) break;
      frames.push(parse(this.#buffer.subarray(0, 8), this.#buffer.subarray(8, 8 + length)));
      this.#buffer = this.#buffer.subarray(8 + length);
    }
    return frames;
  }
}

function parse(head: Buffer, body: Buffer): Frame {
  const word = head.readUInt32BE(0);
  const fin = (head[4]! & FLAG_FIN) !== 0;
  if (word < 0x80000000) return { type: 'DATA', streamId: word, fin, data: body };
  if (((word >>> 16) & 0x7fff) !== VERSION) throw new Error(`SPDY version ${(word >>> 16) & 0x7fff}; this server speaks ${VERSION}`);
  const type = word & 0xffff;
  const least = {
    [TYPES.SYN_STREAM]: 10,
    [TYPES.SYN_REPLY]: 4,
    [TYPES.HEADERS]: 4,
    [TYPES.RST_STREAM]: 8,
    [TYPES.SETTINGS]: 4,
    [TYPES.PING]: 4,
    [TYPES.WINDOW_UPDATE]: 8,
  }[type];
  if (least !== undefined && body.length < least) throw new Error(`SPDY frame of type ${type} is too short`);
  switch (type) {
    case TYPES.SYN_STREAM:
      return { type: 'SYN_STREAM', streamId: streamIdAt(body), fin, block: body.subarray(10) };
    case TYPES.SYN_REPLY:
      return { type: 'SYN_REPLY', streamId: streamIdAt(body), fin, block: body.subarray(4) };
    case TYPES.HEADERS:
      return { type: 'HEADERS', streamId: streamIdAt(body), fin, block: body.subarray(4) };
    case TYPES.RST_STREAM:
      return { type: 'RST_STREAM', streamId: streamIdAt(body), status: body.readUInt32BE(4) };
    case TYPES.SETTINGS:
      return settings(body);
    case TYPES.PING:
      return { type: 'PING', id: body.readUInt32BE(0) };
    case TYPES.GOAWAY:
      return { type: 'GOAWAY' };
    case TYPES.WINDOW_UPDATE:
      return { type: 'WINDOW_UPDATE', streamId: streamIdAt(body), delta: body.readUInt32BE(4) & 0x7fffffff };
    default:
      return { type: 'UNKNOWN' };
  }
}

function streamIdAt(body: Buffer): number {
  return body.readUInt32BE(0) & 0x7fffffff;
}

function settings(body: Buffer): Frame {
  const INITIAL_WINDOW_SIZE = 7;
  for (let at = 4; at + 8 <= body.length; at += 8) {
    if (body.readUIntBE(at + 1, 3) === INITIAL_WINDOW_SIZE) return { type: 'SETTINGS', initialWindow: body.readUInt32BE(at + 4) & 0x7fffffff };
  }
  return { type: 'SETTINGS' };
}

export function dataFrame(streamId: number, data: Buffer, fin: boolean): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(streamId, 0);
  head[4] = fin ? FLAG_FIN : 0;
  head.writeUIntBE(data.length, 5, 3);
  return Buffer.concat([head, data]);
}

function control(type: number, flags: number, body: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE((0x80000000 | (VERSION << 16) | type) >>> 0, 0);
  head[4] = flags;
  head.writeUIntBE(body.length, 5, 3);
  return Buffer.concat([head, body]);
}

function words(...values: number[]): Buffer {
  const body = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => body.writeUInt32BE(value, i * 4));
  return body;
}

/** The client's side, for tests: opens a stream. */
export const synStream = (streamId: number, block: Buffer, fin = false): Buffer =>
  control(TYPES.SYN_STREAM, fin ? FLAG_FIN : 0, Buffer.concat([words(streamId, 0), Buffer.alloc(2), block]));
export const synReply = (streamId: number, block: Buffer): Buffer => control(TYPES.SYN_REPLY, 0, Buffer.concat([words(streamId), block]));
export const rstStream = (streamId: number, status: number): Buffer => control(TYPES.RST_STREAM, 0, words(streamId, status));
export const ping = (id: number): Buffer => control(TYPES.PING, 0, words(id));
export const goAway = (lastStreamId: number): Buffer => control(TYPES.GOAWAY, 0, words(lastStreamId, 0));
export const windowUpdate = (streamId: number, delta: number): Buffer => control(TYPES.WINDOW_UPDATE, 0, words(streamId, delta));
