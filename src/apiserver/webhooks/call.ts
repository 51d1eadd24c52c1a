/** Calls webhooks: a POST of JSON over HTTPS to a URL or a service, within a time. Admission and conversion share it. */
import type { IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import type { Random } from '../../runtime/random.ts';
import type { Store } from '../store/store.ts';
import { resolveService } from './resolve.ts';
import type { ClientConfig } from './types.ts';

/** More would be a server that answers with something else than a review. */
const ANSWER_BYTES_MAX = 16 * 1024 * 1024;
const HTTPS_PORT = 443;

export class WebhookCaller {
  readonly #store: Store;
  readonly #random: Random;
  /** Connections are kept, by the authority that vouches for them. */
  readonly #agents = new Map<string, Agent>();

  constructor(store: Store, random: Random) {
    this.#store = store;
    this.#random = random;
  }

  /** Rejects with an Error worded as Go's HTTP client words it. */
  async post(config: ClientConfig, body: unknown, timeoutSeconds: number): Promise<unknown> {
    const target = targetOf(config, timeoutSeconds);
    try {
      return await this.#send(target, config, JSON.stringify(body), timeoutSeconds * 1000);
    } catch (error) {
      if (error instanceof AnswerError) throw error;
      throw new Error(`Post ${JSON.stringify(`https://${target.authority}${target.path}`)}: ${networkText(error as NodeJS.ErrnoException)}`, { cause: error });
    }
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
  }

  #send(target: Target, config: ClientConfig, body: string, timeoutMs: number): Promise<unknown> {
    const address = config.service
      ? resolveService(this.#store, { ...config.service, port: target.port }, (n) => Math.floor(this.#random.next() * n))
      : { host: target.hostname, port: target.port };
    return new Promise((resolve, reject) => {
      const call = httpsRequest({
        ...address,
        method: 'POST',
        path: target.path,
        servername: serverName(target.hostname),
        agent: this.#agentFor(config.caBundle ?? ''),
        headers: { Host: target.authority, 'Content-Type': 'application/json', Accept: 'application/json', 'Content-Length': Buffer.byteLength(body) },
      });
      const timer = setTimeout(() => call.destroy(new Error('context deadline exceeded')), timeoutMs);
      const end = (finish: () => void): void => {
        clearTimeout(timer);
        finish();
      };
      call.on('error', (error) => end(() => reject(error)));
      call.on('response', (response) => {
        readAnswer(response).then(
          (answer) => end(() => resolve(answer)),
          (error: unknown) => end(() => reject(error as Error)),
        );
      });
      call.end(body);
    });
  }

  #agentFor(caBundle: string): Agent {
    let agent = this.#agents.get(caBundle);
    if (agent === undefined) {
      agent = new Agent({ keepAlive: true, ...(caBundle === '' ? {} : { ca: Buffer.from(caBundle, 'base64').toString() }) });
      this.#agents.set(caBundle, agent);
    }
    return agent;
  }
}

/** The server answered, but not with what was asked for: the text stands by itself. */
class AnswerError extends Error {}

interface Target {
  hostname: string;
  port: number;
  /** As it stands in the URL: a service's port is always shown. */
  authority: string;
  /** With the query. */
  path: string;
}

function targetOf({ url, service }: ClientConfig, timeoutSeconds: number): Target {
  const query = `?timeout=${timeoutSeconds}s`;
  if (service !== undefined) {
    const { name, namespace, port = HTTPS_PORT, path = '' } = service;
    const hostname = `${name}.${namespace}.svc`;
    return { hostname, port, authority: `${hostname}:${port}`, path: `${path.startsWith('/') ? '' : '/'}${path}${query}` };
  }
  if (url === undefined) throw new Error('webhook configuration must have either service or URL');
  const { hostname, port, host, pathname } = new URL(url);
  return { hostname: hostname.replace(/^\[|\]$/g, ''), port: Number(port || HTTPS_PORT), authority: host, path: pathname + query };
}

/** TLS names no addresses. */
function serverName(hostname: string): string {
  return /^[\d.]+$|:/.test(hostname) ? '' : hostname;
}

async function readAnswer(response: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > ANSWER_BYTES_MAX) throw new AnswerError('the answer is too large');
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString();
  const code = response.statusCode ?? 0;
  if (code < 200 || code > 299) throw new AnswerError(statusText(code, text));
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new AnswerError(`couldn't get version/kind; json parse error: ${(error as Error).message}`, { cause: error });
  }
}

/** What client-go makes of an answer that is no success. */
function statusText(code: number, body: string): string {
  switch (code) {
    case 401:
      return 'the server has asked for the client to provide credentials';
    case 403:
      return `forbidden: ${body.trim()}`;
    case 404:
      return 'the server could not find the requested resource';
    case 405:
      return 'the server does not allow this method on the requested resource';
    case 429:
      return 'the server has received too many requests and has asked us to try again later';
    case 503:
      return 'the server is currently unable to handle the request';
    default:
      return code >= 500
        ? `an error on the server (${JSON.stringify(body.trim() || 'unknown')}) has prevented the request from succeeding`
        : `the server responded with the status code ${code} but did not return more information`;
  }
}

/** A failed connection in the words of Go's net and tls. */
export function networkText(error: NodeJS.ErrnoException & { address?: string; port?: number }): string {
  const at = error.address === undefined ? '' : `${error.address}:${error.port}`;
  switch (error.code) {
    case 'ECONNREFUSED':
      return `dial tcp ${at}: connect: connection refused`;
    case 'EHOSTUNREACH':
      return `dial tcp ${at}: connect: no route to host`;
    case 'ENETUNREACH':
      return `dial tcp ${at}: connect: network is unreachable`;
    case 'ECONNRESET':
      return 'EOF';
    case 'ENOTFOUND':
      return `dial tcp: lookup ${(error as { hostname?: string }).hostname}: no such host`;
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return 'tls: failed to verify certificate: x509: certificate signed by unknown authority';
    case 'CERT_HAS_EXPIRED':
      return 'tls: failed to verify certificate: x509: certificate has expired or is not yet valid';
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `tls: failed to verify certificate: x509: ${(error as { reason?: string }).reason ?? error.message}`;
    default:
      return error.message;
  }
}
