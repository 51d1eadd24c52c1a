/** The Client over HTTP(S): keep-alive connections, Status bodies as StatusErrors, watches parsed as they arrive. */
import { Agent, request, type Dispatcher } from 'undici';
import { apiVersionOf, type Resource } from '../../kube/resources.ts';
import { StatusError, type Status } from '../../kube/status.ts';
import type { KubeObject, ObjectKey } from '../../kube/types.ts';
import type { Client, DeleteOptions, GetOptions, ListOptions, ObjectList, PatchOptions, PatchType, WatchEvent, WatchOptions, WriteOptions } from '../client.ts';
import { LineSplitter } from './lines.ts';
import { listQuery, resourcePath, watchQuery, writeQuery } from './request.ts';

export interface HttpClientOptions {
  /** 'https://127.0.0.1:6443' */
  server: string;
  /** PEM. */
  ca?: string;
  cert?: string;
  key?: string;
  /** Bearer token, or how to get one each time (they expire). */
  token?: string | (() => Promise<string>);
  /** The name to check the server's certificate for, when it is not the host in `server`. */
  serverName?: string;
  insecureSkipTlsVerify?: boolean;
  userAgent?: string;
}

const CONTENT_TYPES: Record<PatchType, string> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

const MAX_WATCH_LINE_BYTES = 16 * 1024 * 1024;
/** A server sends bookmarks about once a minute; silence for much longer means the connection is dead. */
const WATCH_SILENCE_MS = 300_000;

export interface HttpClient extends Client {
  /** What a path answers, for what is not an object: '/version', '/apis'. */
  raw<T>(path: string): Promise<T>;
  /** Ends its connections. */
  close(): Promise<void>;
}

export function httpClient(options: HttpClientOptions): HttpClient {
  const agent = new Agent({
    connect: {
      ...(options.ca ? { ca: options.ca } : {}),
      ...(options.cert ? { cert: options.cert } : {}),
      ...(options.key ? { key: options.key } : {}),
      ...(options.serverName ? { servername: options.serverName } : {}),
      ...(options.insecureSkipTlsVerify ? { rejectUnauthorized: false } : {}),
    },
    keepAliveTimeout: 60_000,
  });
  const server = options.server.replace(/\/$/, '');

  async function send(
    method: Dispatcher.HttpMethod,
    path: string,
    query: Record<string, string>,
    more: { body?: unknown; contentType?: string; signal?: AbortSignal; bodyTimeout?: number } = {},
  ): Promise<Dispatcher.ResponseData> {
    const token = typeof options.token === 'function' ? await options.token() : options.token;
    const response = await request(`${server}${path}`, {
      dispatcher: agent,
      method,
      query,
      headers: {
        accept: 'application/json',
        'user-agent': options.userAgent ?? 'argosy',
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(more.body === undefined ? {} : { 'content-type': more.contentType ?? 'application/json' }),
      },
      ...(more.body === undefined ? {} : { body: JSON.stringify(more.body) }),
      ...(more.signal ? { signal: more.signal } : {}),
      ...(more.bodyTimeout === undefined ? {} : { bodyTimeout: more.bodyTimeout }),
    });
    if (response.statusCode >= 400) throw statusError(response.statusCode, await response.body.text());
    return response;
  }

  async function json<T>(...args: Parameters<typeof send>): Promise<T> {
    const response = await send(...args);
    // The API answers what was asked for; its shape is the resource's.
    return (await response.body.json()) as T;
  }

  return {
    get: (resource, key, { subresource, query = {} }: GetOptions = {}) => json('GET', resourcePath(resource, key.namespace, key.name, subresource), query),
    async list<T extends KubeObject>(resource: Resource<T>, list: ListOptions = {}): Promise<ObjectList<T>> {
      const answer = await json<ObjectList<T>>('GET', resourcePath(resource, list.namespace), listQuery(list));
      // Items of typed lists carry neither apiVersion nor kind.
      const apiVersion = apiVersionOf(resource);
      for (const item of answer.items) {
        item.apiVersion ??= apiVersion;
        item.kind ??= resource.kind;
      }
      return answer;
    },
    watch: (resource, watch) => watchStream(resource, watch, send),
    create: (resource, object, write) =>
      json(
        'POST',
        resourcePath(resource, object.metadata.namespace, write?.subresource === undefined ? undefined : object.metadata.name, write?.subresource),
        writeQuery(write),
        { body: object },
      ),
    update: (resource, object, write: WriteOptions = {}) =>
      json('PUT', resourcePath(resource, object.metadata.namespace, object.metadata.name, write.subresource), writeQuery(write), { body: object }),
    patch: (resource, key, patch, write: PatchOptions) =>
      json('PATCH', resourcePath(resource, key.namespace, key.name, write.subresource), writeQuery(write), {
        body: patch,
        contentType: CONTENT_TYPES[write.type],
      }),
    async delete(resource: Resource, key: ObjectKey, how: DeleteOptions = {}): Promise<void> {
      const response = await send('DELETE', resourcePath(resource, key.namespace, key.name), {}, { body: deleteBody(how) });
      await response.body.dump();
    },
    async deleteCollection(resource: Resource, how: ListOptions & DeleteOptions): Promise<void> {
      const response = await send('DELETE', resourcePath(resource, how.namespace), listQuery(how), { body: deleteBody(how) });
      await response.body.dump();
    },
    createSubresource: (resource, key, subresource, body) => json('POST', resourcePath(resource, key.namespace, key.name, subresource), {}, { body }),
    raw: (path) => json('GET', path, {}),
    close: () => agent.close(),
  };
}

function deleteBody(options: DeleteOptions): Record<string, unknown> {
  return {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    ...(options.gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds: options.gracePeriodSeconds }),
    ...(options.propagationPolicy === undefined ? {} : { propagationPolicy: options.propagationPolicy }),
    ...(options.preconditions === undefined ? {} : { preconditions: options.preconditions }),
    ...(options.dryRun ? { dryRun: ['All'] } : {}),
  };
}

type Send = (
  method: Dispatcher.HttpMethod,
  path: string,
  query: Record<string, string>,
  more: { signal?: AbortSignal; bodyTimeout?: number },
) => Promise<Dispatcher.ResponseData>;

async function* watchStream<T extends KubeObject>(resource: Resource<T>, options: WatchOptions, send: Send): AsyncIterable<WatchEvent<T>> {
  const lines = new LineSplitter(MAX_WATCH_LINE_BYTES);
  try {
    const path = resourcePath(resource, options.namespace);
    const response = await send('GET', path, watchQuery(options), { signal: options.signal, bodyTimeout: WATCH_SILENCE_MS });
    for await (const chunk of response.body) {
      for (const line of lines.push(chunk as Buffer)) yield parseEvent<T>(line);
    }
  } catch (error) {
    if (!options.signal.aborted) throw error;
  }
}

function parseEvent<T extends KubeObject>(line: string): WatchEvent<T> {
  const event = JSON.parse(line) as { type: string; object: T & Status };
  switch (event.type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type: event.type, object: event.object };
    case 'BOOKMARK':
      return { type: 'BOOKMARK', resourceVersion: event.object.metadata.resourceVersion ?? '' };
    case 'ERROR':
      throw statusFrom(event.object.code ?? 500, event.object);
    default:
      throw new Error(`the server sent a watch event of unknown type '${event.type}'`);
  }
}

/** What an answer means that does not say it itself, in client-go's words. */
const UNSAID: Readonly<Record<number, readonly [reason: string, message: string]>> = {
  404: ['NotFound', 'the server could not find the requested resource'],
  503: ['ServiceUnavailable', 'the server is currently unable to handle the request'],
};

function statusError(code: number, text: string): StatusError {
  try {
    const body = JSON.parse(text) as Partial<Status>;
    if (body.kind === 'Status') return statusFrom(code, body);
  } catch {
    // Not from the API server (a proxy's page): fall through to the text itself.
  }
  const known = UNSAID[code];
  return known === undefined ? new StatusError(code, 'Unknown', `the server answered ${code}: ${text.slice(0, 200)}`) : new StatusError(code, ...known);
}

function statusFrom(code: number, status: Partial<Status>): StatusError {
  return new StatusError(status.code ?? code, status.reason ?? 'Unknown', status.message ?? `the server answered ${code}`, status.details);
}
