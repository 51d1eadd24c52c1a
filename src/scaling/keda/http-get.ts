/** Asks by HTTP for scalers: names are looked up as pods would, answers are bounded in size and time. */
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { ConnectionOptions } from 'node:tls';

export interface HttpRequest {
  url: string;
  method?: 'GET' | 'POST';
  headers?: Readonly<Record<string, string>>;
  /** Names without dots are of this namespace. */
  namespace: string;
  timeoutMs: number;
  tls?: ConnectionOptions;
  signal: AbortSignal;
}

export interface HttpAnswer {
  status: number;
  body: string;
}

/** Rejects with an Error that says what is wrong with URL, connection or answer. */
export type HttpGet = (request: HttpRequest) => Promise<HttpAnswer>;

const ANSWER_MAX = 16 << 20;

export function httpGet(resolve: (host: string, namespace: string) => Promise<string>): { get: HttpGet; close(): void } {
  const agents = { 'http:': new HttpAgent({ keepAlive: true }), 'https:': new HttpsAgent({ keepAlive: true }) };
  const get: HttpGet = async ({ url: text, method = 'GET', headers = {}, namespace, timeoutMs, tls = {}, signal }) => {
    const url = URL.parse(text);
    if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) throw new Error(`${JSON.stringify(text)} is not a URL of http or https`);
    const lookup: LookupFunction = (host, _options, done) => {
      resolve(host, namespace).then(
        (address) => done(null, [{ address, family: isIP(address) }]),
        (error: NodeJS.ErrnoException) => done(error, []),
      );
    };
    const within = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const options = { method, headers, lookup, signal: within, agent: agents[url.protocol] as HttpAgent, ...tls };
    const said = `${method === 'GET' ? 'Get' : 'Post'} ${JSON.stringify(shown(url))}`;
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void => reject(new Error(`${said}: ${why(error, within, signal)}`, { cause: error }));
      const call = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options, (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          if ((size += chunk.length) > ANSWER_MAX) response.destroy(new Error(`the answer is larger than ${ANSWER_MAX} bytes`));
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
        response.on('error', fail);
      });
      call.on('error', fail);
      call.end();
    });
  };
  return {
    get,
    close() {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

/** Without what may be a password or a key. */
function shown(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

/** In the words of Go's client, which users of KEDA know. */
function why(error: NodeJS.ErrnoException, within: AbortSignal, asked: AbortSignal): string {
  if (within.aborted && !asked.aborted) return 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)';
  if (error.code === 'ECONNREFUSED')
    return `dial tcp ${(error as { address?: string }).address}:${(error as { port?: number }).port}: connect: connection refused`;
  return error.message;
}
