/** A gRPC client of the size that one contract needs: unary calls and streams of answers over HTTP/2. Messages are bytes here. */
import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';

export interface GrpcOptions {
  /** 'host:port' */
  address: string;
  /** Undefined: without TLS. */
  tls?: ConnectionOptions;
  /** The address of a host name. */
  resolve(host: string): Promise<string>;
}

export class GrpcError extends Error {
  readonly code: number;

  constructor(code: number, description: string) {
    super(`rpc error: code = ${CODES[code] ?? code} desc = ${description}`);
    this.code = code;
  }
}

const CODES = [
  'OK',
  'Canceled',
  'Unknown',
  'InvalidArgument',
  'DeadlineExceeded',
  'NotFound',
  'AlreadyExists',
  'PermissionDenied',
  'ResourceExhausted',
  'FailedPrecondition',
  'Aborted',
  'OutOfRange',
  'Unimplemented',
  'Internal',
  'Unavailable',
  'DataLoss',
  'Unauthenticated',
];
export const UNIMPLEMENTED = 12;
const UNKNOWN = 2;
const DEADLINE_EXCEEDED = 4;
const UNAVAILABLE = 14;
const HEAD_BYTES = 5;
const MESSAGE_MAX = 4 << 20;
const CONNECT_MS = 5000;

export class GrpcClient {
  readonly #options: GrpcOptions;
  #session: Promise<ClientHttp2Session> | undefined;

  constructor(options: GrpcOptions) {
    this.#options = options;
  }

  /** Rejects with a GrpcError. */
  async call(path: string, message: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    for await (const answer of this.stream(path, message, signal)) return answer;
    throw new GrpcError(UNKNOWN, `${path} answered nothing`);
  }

  /** Ends when the server ends it well; throws a GrpcError otherwise. */
  async *stream(path: string, message: Uint8Array, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const session = await this.#connected();
    const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' }, { signal });
    const status = statusOf(stream);
    stream.end(framed(message));
    try {
      yield* messages(stream);
    } catch (error) {
      if (error instanceof GrpcError) throw error;
      const why = signal.aborted ? 'context deadline exceeded' : (error as Error).message;
      throw new GrpcError(signal.aborted ? DEADLINE_EXCEEDED : UNAVAILABLE, why);
    } finally {
      stream.close();
    }
    const { code, description } = await status;
    if (code !== 0) throw new GrpcError(code, description);
  }

  async close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.then((open) => open.destroy()).catch(() => undefined);
  }

  #connected(): Promise<ClientHttp2Session> {
    const opening = (this.#session ??= this.#open());
    const forget = (): void => {
      if (this.#session === opening) this.#session = undefined;
    };
    opening.then((session) => session.once('close', forget), forget);
    return opening;
  }

  async #open(): Promise<ClientHttp2Session> {
    const { address, tls, resolve } = this.#options;
    const at = address.lastIndexOf(':');
    const [name, port] = [address.slice(0, at).replace(/^\[|\]$/g, ''), Number(address.slice(at + 1))];
    if (at < 1 || !(port > 0)) throw new GrpcError(UNAVAILABLE, `${JSON.stringify(address)} is no HOST:PORT`);
    try {
      const host = await resolve(name);
      const socket = tls === undefined ? connectTcp({ host, port }) : connectTls({ host, port, servername: name, ALPNProtocols: ['h2'], ...tls });
      const session = connect(`${tls === undefined ? 'http' : 'https'}://${address}`, { createConnection: () => socket });
      const { promise, resolve: open, reject } = Promise.withResolvers<void>();
      AbortSignal.timeout(CONNECT_MS).addEventListener('abort', () => reject(new Error(`no connection to ${address} within ${CONNECT_MS / 1000} s`)), {
        once: true,
      });
      session.once('connect', () => open());
      session.on('error', reject);
      await promise.catch((error: unknown) => {
        session.destroy();
        throw error;
      });
      // An idle connection keeps no process alive.
      session.unref();
      return session;
    } catch (error) {
      throw error instanceof GrpcError ? error : new GrpcError(UNAVAILABLE, `connection error: ${(error as Error).message}`);
    }
  }
}

/** It is in the trailers, or in the headers of an answer without a body. */
function statusOf(stream: ClientHttp2Stream): Promise<{ code: number; description: string }> {
  const { promise, resolve } = Promise.withResolvers<{ code: number; description: string }>();
  const take = (headers: IncomingHttpHeaders): void => {
    const status = headers['grpc-status'];
    if (status !== undefined) resolve({ code: Number(status), description: decodeURIComponent(String(headers['grpc-message'] ?? '')) });
  };
  stream.once('response', (headers) => {
    take(headers);
    const http = Number(headers[constants.HTTP2_HEADER_STATUS]);
    if (http !== 200) resolve({ code: UNKNOWN, description: `unexpected HTTP status code ${http}` });
  });
  stream.once('trailers', take);
  stream.once('close', () => resolve({ code: UNKNOWN, description: 'the server ended the call without a status' }));
  return promise;
}

function framed(message: Uint8Array): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

async function* messages(stream: ClientHttp2Stream): AsyncGenerator<Uint8Array> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= HEAD_BYTES) {
      if (rest[0] !== 0) throw new GrpcError(UNIMPLEMENTED, 'the answer is compressed');
      const length = rest.readUInt32BE(1);
      if (length > MESSAGE_MAX) throw new GrpcError(8, `the answer is larger than ${MESSAGE_MAX} bytes`);
      if (rest.length < HEAD_BYTES + length) break;
      yield rest.subarray(HEAD_BYTES, HEAD_BYTES + length);
      rest = rest.subarray(HEAD_BYTES + length);
    }
  }
}
