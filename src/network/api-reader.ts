/**
 * Lists and watches over HTTPS, for informers. A subset of runtime/http's client on node:https alone: loading undici costs each data-plane
 * process 110 ms at start and 9 MB (measured), and this process only reads.
 */
import { Agent, request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { apiVersionOf, type Resource } from '../kube/resources.ts';
import { StatusError, type Status } from '../kube/status.ts';
import type { KubeObject } from '../kube/types.ts';
import type { Client, ListOptions, ObjectList, WatchEvent, WatchOptions } from '../runtime/client.ts';
import { LineSplitter } from '../runtime/http/lines.ts';
import { listQuery, resourcePath, watchQuery } from '../runtime/http/request.ts';

export interface ApiReaderOptions {
  /** 'https://172.29.1.1:6443' */
  server: string;
  /** PEM. */
  ca: string;
  cert: string;
  key: string;
}

const ANSWER_BYTES_MAX = 256 << 20;
const WATCH_LINE_BYTES_MAX = 16 << 20;
/** Bookmarks come about once a minute: a watch that is silent for longer is dead. */
const SILENCE_MS = 300_000;

export function apiReader({ server, ...tls }: ApiReaderOptions): Pick<Client, 'list' | 'watch'> {
  const agent = new Agent({ keepAlive: true, ...tls });

  function get(path: string, query: Record<string, string>, signal?: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const sent = request(`${server}${path}?${new URLSearchParams(query).toString()}`, {
        agent,
        headers: { accept: 'application/json', 'user-agent': 'argosy-network' },
        timeout: SILENCE_MS,
        ...(signal ? { signal } : {}),
      });
      sent.once('timeout', () => sent.destroy(new Error('the API server is silent')));
      sent.once('error', reject);
      sent.once('response', (response) => {
        if (response.statusCode === 200) resolve(response);
        else text(response).then((body) => reject(refusal(response.statusCode ?? 0, body)), reject);
      });
      sent.end();
    });
  }

  return {
    async list<T extends KubeObject>(resource: Resource<T>, options: ListOptions = {}): Promise<ObjectList<T>> {
      const list = JSON.parse(await text(await get(resourcePath(resource, options.namespace), listQuery(options)))) as ObjectList<T>;
      // Items of typed lists carry neither.
      for (const item of list.items) Object.assign(item, { apiVersion: apiVersionOf(resource), kind: resource.kind });
      return list;
    },
    async *watch<T extends KubeObject>(resource: Resource<T>, options: WatchOptions): AsyncIterable<WatchEvent<T>> {
      const lines = new LineSplitter(WATCH_LINE_BYTES_MAX);
      try {
        for await (const chunk of await get(resourcePath(resource, options.namespace), watchQuery(options), options.signal)) {
          for (const line of lines.push(chunk as Buffer)) yield event<T>(line);
        }
      } catch (error) {
        if (!options.signal.aborted) throw error;
      }
    },
  };
}

async function text(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) throw new Error(`an answer of the API is larger than ${ANSWER_BYTES_MAX} bytes`);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function event<T extends KubeObject>(line: string): WatchEvent<T> {
  const { type, object } = JSON.parse(line) as { type: string; object: T & Status };
  if (type === 'BOOKMARK') return { type, resourceVersion: object.metadata.resourceVersion ?? '' };
  if (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED') return { type, object };
  throw new StatusError(object.code ?? 500, object.reason ?? 'Unknown', object.message ?? `watch event '${type}'`);
}

function refusal(code: number, body: string): StatusError {
  try {
    const status = JSON.parse(body) as Partial<Status>;
    return new StatusError(code, status.reason ?? 'Unknown', status.message ?? `the API answered ${code}`);
  } catch {
    return new StatusError(code, 'Unknown', `the API answered ${code}`);
  }
}
