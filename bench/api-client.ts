/** A client of an API server that costs little beside it, for both share the machine. */
import { Agent, request as httpsRequest, type RequestOptions } from 'node:https';
import type { Peer } from '../test/upstream/peer.ts';

/** Calls `work` for 0 to `count`, `inFlight` at a time. */
export async function rate(count: number, inFlight: number, work: (i: number) => Promise<unknown>): Promise<{ perSecond: number; p99Ms: number }> {
  let next = 0;
  const took: number[] = [];
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (next < count) {
        const at = performance.now();
        await work(next++);
        took.push(performance.now() - at);
      }
    }),
  );
  const perSecond = (count * 1000) / (performance.now() - startedAt);
  return { perSecond, p99Ms: took.toSorted((a, b) => a - b)[Math.floor(took.length * 0.99)] ?? 0 };
}

/** Keeps its connections, as client-go does; does not parse what it need not, for it shares the machine with the server. */
export class BenchClient {
  readonly #agent: Agent;
  readonly #at: RequestOptions;

  constructor({ pki, server }: Peer, connections: number) {
    const { hostname, port } = new URL(server);
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections, ca: pki.ca, cert: pki.admin.cert, key: pki.admin.key });
    this.#at = { agent: this.#agent, hostname, port };
  }

  /** The answer's body. Rejects unless it is a success. */
  send(method: string, path: string, body?: object): Promise<string> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    return new Promise((resolve, reject) => {
      const request = httpsRequest({ ...this.#at, method, path, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const answer = Buffer.concat(chunks).toString();
          if ((response.statusCode ?? 500) < 300) resolve(answer);
          else reject(new Error(`${method} ${path}: ${response.statusCode} ${answer.slice(0, 300)}`));
        });
      });
      request.on('error', reject).end(text);
    });
  }

  /** Resolves when the watch is open; its `done` when `count` lines came, and rejects when it ends before (upstream ends slow watchers). */
  watchLines(path: string, count: number): Promise<{ done: Promise<void> }> {
    return new Promise((resolve, reject) => {
      const request = httpsRequest({ ...this.#at, path }, (response) => {
        let left = count;
        const done = new Promise<void>((all, fail) => {
          response.on('end', () => fail(new Error(`the watch ended ${left} events early`)));
          response.on('data', (chunk: Buffer) => {
            for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) left--;
            if (left > 0) return;
            all();
            request.destroy();
          });
        });
        resolve({ done });
      });
      request.on('error', reject).end();
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
