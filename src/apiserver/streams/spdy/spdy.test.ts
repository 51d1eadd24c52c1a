import assert from 'node:assert/strict';
import { duplexPair, type Duplex } from 'node:stream';
import { test } from 'node:test';
import { constants, createDeflate } from 'node:zlib';
import { SpdyConnection } from './connection.ts';
import { DICTIONARY } from './dictionary.ts';
import { dataFrame, FrameReader, ping, rstStream, synStream, windowUpdate, type Frame } from './frames.ts';
import { encodeBlock, HeaderInflater, type Headers } from './headers.ts';
import type { SpdyStream } from './stream.ts';

/** Packs header blocks as clients do: one deflate stream, flushed after each block. */
function clientPacker(): (headers: Headers) => Promise<Buffer> {
  const deflate = createDeflate({ dictionary: DICTIONARY });
  return (headers) =>
    new Promise((resolve) => {
      const chunks: Buffer[] = [];
      const collect = (chunk: Buffer): void => void chunks.push(chunk);
      deflate.on('data', collect);
      deflate.write(encodeBlock(headers));
      deflate.flush(constants.Z_SYNC_FLUSH, () => {
        deflate.off('data', collect);
        resolve(Buffer.concat(chunks));
      });
    });
}

/** All that comes; unlike stream/consumers it leaves the other half open. */
function text(stream: SpdyStream): Promise<string> {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve) => stream.on('end', () => resolve(Buffer.concat(chunks).toString())));
}

class Client {
  readonly pack = clientPacker();
  readonly frames: Frame[] = [];
  readonly side: Duplex;
  readonly streams: SpdyStream[] = [];
  readonly connection: SpdyConnection;
  #arrived: (() => void) | undefined;

  constructor() {
    const [client, server] = duplexPair();
    this.side = client;
    const reader = new FrameReader();
    client.on('data', (chunk: Buffer) => {
      this.frames.push(...reader.push(chunk));
      this.#arrived?.();
    });
    this.connection = new SpdyConnection(server, (stream) => {
      this.streams.push(stream);
      this.#arrived?.();
    });
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => (this.#arrived = resolve));
  }

  data(streamId: number): string {
    return Buffer.concat(this.frames.flatMap((f) => (f.type === 'DATA' && f.streamId === streamId ? [f.data] : []))).toString();
  }
}

test('a stream carries headers and data both ways, and each side ends its own half', async () => {
  const client = new Client();
  client.side.write(synStream(1, await client.pack({ streamtype: 'stdout', port: '80' })));
  client.side.write(synStream(3, await client.pack({ streamtype: 'error', port: '80' })));
  await client.until(() => client.streams.length === 2);
  const [stdout, error] = client.streams;
  assert.deepEqual({ ...stdout!.headers }, { streamtype: 'stdout', port: '80' });
  assert.equal(error!.headers['streamtype'], 'error');
  client.side.write(dataFrame(1, Buffer.from('hello '), false));
  client.side.write(dataFrame(1, Buffer.from('there'), true));
  assert.equal(await text(stdout!), 'hello there');
  stdout!.end('general');
  await client.until(() => client.frames.some((f) => f.type === 'DATA' && f.fin));
  assert.equal(client.data(1), 'general');
  assert.equal(client.frames.filter((f) => f.type === 'SYN_REPLY').length, 2);
});

test('replies can be unpacked by another zlib', async () => {
  const client = new Client();
  client.side.write(synStream(1, await client.pack({ a: 'b' })));
  client.side.write(synStream(3, await client.pack({ a: 'c' })));
  await client.until(() => client.frames.length === 2);
  const inflater = new HeaderInflater();
  for (const frame of client.frames) assert.ok(frame.type === 'SYN_REPLY' && Object.keys(await inflater.read(frame.block)).length === 0);
  inflater.close();
});

test('frames may arrive byte by byte', async () => {
  const client = new Client();
  const bytes = Buffer.concat([synStream(1, await client.pack({ streamtype: 'data' })), dataFrame(1, Buffer.from('abc'), true), ping(7)]);
  for (const byte of bytes) client.side.write(Buffer.from([byte]));
  await client.until(() => client.frames.some((f) => f.type === 'PING' && f.id === 7));
  assert.equal(await text(client.streams[0]!), 'abc');
});

test('a reset stream fails alone', async () => {
  const client = new Client();
  client.side.write(synStream(1, await client.pack({})));
  client.side.write(synStream(3, await client.pack({})));
  await client.until(() => client.streams.length === 2);
  const closed = new Promise((resolve) => client.streams[0]!.on('close', resolve));
  client.side.write(rstStream(1, 5));
  await closed;
  client.streams[1]!.end('still here');
  await client.until(() => client.data(3) === 'still here');
});

test('a window that the peer opens is kept', async () => {
  const client = new Client();
  client.side.write(synStream(1, await client.pack({})));
  await client.until(() => client.streams.length === 1);
  client.side.write(windowUpdate(1, 1));
  client.side.write(ping(1));
  await client.until(() => client.frames.some((f) => f.type === 'PING'));
  client.streams[0]!.end(Buffer.alloc(100_000, 'x'));
  await client.until(() => client.data(1).length === 65_537);
  client.side.write(windowUpdate(1, 50_000));
  await client.until(() => client.data(1).length === 100_000);
});

test('what is read is given back to the peer as window', async () => {
  const client = new Client();
  client.side.write(synStream(1, await client.pack({})));
  await client.until(() => client.streams.length === 1);
  const all = text(client.streams[0]!);
  for (let i = 0; i < 20; i++) client.side.write(dataFrame(1, Buffer.alloc(16_384, 'y'), false));
  await client.until(() => client.frames.some((f) => f.type === 'WINDOW_UPDATE'));
  client.side.write(dataFrame(1, Buffer.alloc(0), true));
  assert.equal((await all).length, 20 * 16_384);
});

test('bytes that are not SPDY end the connection', async () => {
  const client = new Client();
  client.side.write('GET / HTTP/1.1\r\n\r\n');
  await client.connection.closed;
});
