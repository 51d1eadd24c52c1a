/** Requests over HTTP/1.1, plain or in TLS, kept alive. */
import net, { isIP } from 'node:net';
import tls from 'node:tls';
import { resolveHost } from './address.ts';
import { HttpConnection } from './connection.ts';
import { errorKind } from './errors.ts';
import type { Connection, Transport } from '../transport.ts';

export interface HttpRequest {
  url: URL;
  method: string;
  headers: readonly [name: string, value: string][];
  body: Buffer | undefined;
  tls: tls.ConnectionOptions;
  /** Answers after which a connection is made anew. */
  requestsPerConnection: number;
}

/** Resolves the target's name. Rejects with an Error that says what is wrong when it has no address. */
export async function httpTransport(request: HttpRequest): Promise<Transport> {
  const { url } = request;
  const addresses = await resolveHost(url.hostname).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${url.hostname} has no address (${error.code ?? error.message})`);
  });
  const isTls = url.protocol === 'https:';
  let turn = 0;
  const options = {
    address: () => addresses[turn++ % addresses.length]!,
    port: portOf(url),
    ...(isTls ? { tls: tlsOptions(request) } : {}),
    method: request.method,
    request: requestBytes(request),
    requestsPerConnection: request.requestsPerConnection,
  };
  return { connection: (): Connection => new HttpConnection(options) };
}

/** Connects once and sends nothing: says why not, or answers undefined. */
export async function whyUnreachable(request: Pick<HttpRequest, 'url' | 'tls'>, timeoutMs: number): Promise<string | undefined> {
  const { url } = request;
  const [host] = await resolveHost(url.hostname).catch(() => []);
  if (host === undefined) return `${url.hostname} has no address`;
  const isTls = url.protocol === 'https:';
  const options = { host, port: portOf(url), timeout: timeoutMs };
  return await new Promise((resolve) => {
    const socket: net.Socket = isTls ? tls.connect({ ...options, ...tlsOptions(request) }) : net.connect(options);
    const end = (reason: string | undefined): void => {
      socket.destroy();
      resolve(reason);
    };
    socket.once(isTls ? 'secureConnect' : 'connect', () => end(undefined));
    socket.once('timeout', () => end(`no connection within ${timeoutMs / 1000} s`));
    socket.once('error', (error) => end(errorKind(error)));
    socket.once('close', () => end('connection closed'));
  });
}

function portOf(url: URL): number {
  return url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
}

/** One context for all connections: making it costs milliseconds. */
function tlsOptions({ url, tls: options }: Pick<HttpRequest, 'url' | 'tls'>): tls.ConnectionOptions {
  const name = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return { secureContext: tls.createSecureContext(options), ...(isIP(name) === 0 ? { servername: name } : {}), ...options };
}

function requestBytes({ url, method, headers, body }: HttpRequest): Buffer {
  const given = new Set(headers.map(([name]) => name.toLowerCase()));
  const lines = [`${method} ${url.pathname}${url.search} HTTP/1.1`];
  if (!given.has('host')) lines.push(`Host: ${url.host}`);
  if (!given.has('user-agent')) lines.push('User-Agent: argosy-load');
  if (!given.has('accept')) lines.push('Accept: */*');
  if (url.username !== '' && !given.has('authorization')) {
    const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    lines.push(`Authorization: Basic ${Buffer.from(user).toString('base64')}`);
  }
  for (const [name, value] of headers) lines.push(`${name}: ${value}`);
  if (body !== undefined || ['POST', 'PUT', 'PATCH'].includes(method)) lines.push(`Content-Length: ${body?.length ?? 0}`);
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body ?? Buffer.alloc(0)]);
}
