/** The API over HTTPS for tests that send it what no client would: one server, asked in the same process. */
import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { createEngine, type ClosableEngine } from '../../src/apiserver/index.ts';
import { ensurePki, type Pki } from '../../src/apiserver/pki/index.ts';
import { startApiServer, type RunningApiServer } from '../../src/apiserver/server.ts';
import { realClock } from '../../src/runtime/clock.ts';
import { silentLogger, type Logger } from '../../src/runtime/log.ts';
import { realRandom } from '../../src/runtime/random.ts';
import { fakeKubelet } from '../kubectl/fake-kubelet.ts';

/** How often a law is tried; more by hand: FUZZ_RUNS=20000. */
export const runs = (normally: number): number => Number(process.env['FUZZ_RUNS'] ?? normally);

export interface Answer {
  code: number;
  headers: IncomingHttpHeaders;
  text: string;
}

export interface Asked {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: string | Buffer | undefined;
}

/** What upstream calls an internal error too: an apply and a strategic patch that do not fit the schema. */
const UPSTREAMS = ['"failed to create typed patch object', 'does not contain declared merge key'];
const ANSWER_MS = 20_000;
const QUIET_MS = 300;

export class FuzzedServer {
  readonly #dir: string;
  readonly #engine: ClosableEngine;
  readonly #server: RunningApiServer;
  readonly #pki: Pki;
  readonly #agent: Agent;
  /** What the server itself found to be its fault. */
  readonly faults: string[];

  private constructor(parts: { dir: string; engine: ClosableEngine; server: RunningApiServer; pki: Pki; faults: string[] }) {
    this.#dir = parts.dir;
    this.#engine = parts.engine;
    this.#server = parts.server;
    this.#pki = parts.pki;
    this.faults = parts.faults;
    this.#agent = new Agent({ ca: parts.pki.ca, ...parts.pki.admin, keepAlive: true, maxSockets: 8 });
  }

  static async start(): Promise<FuzzedServer> {
    const dir = mkdtempSync(join(tmpdir(), 'argosy-fuzz-'));
    const faults: string[] = [];
    const log: Logger = { ...silentLogger, error: (message, fields) => void faults.push(`${message} ${JSON.stringify(fields)}`), child: () => log };
    const world = { clock: realClock, random: realRandom, log };
    const pki = ensurePki(dir, { ips: [] });
    const engine = await createEngine({ ...world, serviceCidr: '10.200.0.0/16' });
    const kubelet = fakeKubelet();
    const server = await startApiServer({ ...world, engine, pki, host: '127.0.0.1', port: 0, kubeletOf: () => kubelet });
    return new FuzzedServer({ dir, engine, server, pki, faults });
  }

  /** Rejects when no whole answer comes in time. A watch is cut off when its head has come. */
  ask({ method, path, headers = {}, body }: Asked): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const call = request({ host: '127.0.0.1', port: this.#server.port, path, method, headers, agent: this.#agent, timeout: ANSWER_MS }, (response) => {
        const chunks: Buffer[] = [];
        const answer = (): Answer => ({ code: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(chunks).toString() });
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve(answer()));
        response.on('error', reject);
        if (/[?&]watch=/.test(path) && response.statusCode === 200) {
          call.destroy();
          resolve(answer());
        }
      });
      call.on('timeout', () => call.destroy(new Error(`no answer within ${ANSWER_MS} ms`)));
      call.on('error', reject);
      call.end(body);
    });
  }

  /** Sends bytes as they are over TLS and answers what comes until the server closes, or is quiet for a while. */
  raw(...parts: (string | Buffer)[]): Promise<string> {
    return new Promise((resolve, reject) => {
      let answer = '';
      const socket: TLSSocket = connect({ host: '127.0.0.1', port: this.#server.port, ca: this.#pki.ca, ...this.#pki.admin }, () => {
        for (const part of parts) socket.write(part);
      });
      socket.setTimeout(QUIET_MS, () => socket.destroy());
      socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
      socket.on('close', () => resolve(answer));
      socket.on('error', (error: NodeJS.ErrnoException) =>
        answer !== '' || ['ECONNRESET', 'EPIPE'].includes(error.code ?? '') ? resolve(answer) : reject(error),
      );
    });
  }

  /** The law: the same process still answers what is right. */
  async isWell(): Promise<void> {
    const { code, text } = await this.ask({ method: 'GET', path: '/api/v1/namespaces/default' });
    if (code !== 200) throw new Error(`the server answers ${code} ${text.slice(0, 200)}`);
    if (this.faults.length > 0) throw new Error(`the server found faults of its own: ${this.faults.slice(0, 3).join('\n')}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy();
    await this.#server.close();
    await this.#engine.close();
    rmSync(this.#dir, { recursive: true });
  }
}

/** Throws unless the answer is one that the API may give to nonsense: never a fault of its own, and a Status where it refuses a resource. */
export function checkAnswer({ code, headers, text }: Answer, asked: Asked): void {
  const said = `${asked.method} ${asked.path.slice(0, 300)} ${String(asked.body ?? '').slice(0, 600)}\n-> ${code} ${text.slice(0, 500)}`;
  if (code < 200 || code > 599) throw new Error(`no such code: ${said}`);
  if (code === 500 && !UPSTREAMS.some((message) => text.includes(message))) throw new Error(`a fault of its own: ${said}`);
  if (code < 400 || asked.method === 'HEAD') return;
  // It was no HTTP.
  if (code === 400 && text === '' && headers.connection === 'close') return;
  // Below a version there are resources; elsewhere answers are for people too.
  const type = headers['content-type'] ?? '';
  if (type.startsWith('text/plain') && !/^\/(api\/[^/?]+|apis\/[^/?]+\/[^/?]+)\/[^?]/.test(asked.path)) return;
  const status = JSON.parse(text) as { kind?: string; status?: string; code?: number; message?: string };
  if (status.kind !== 'Status' || status.status !== 'Failure' || status.code !== code || typeof status.message !== 'string')
    throw new Error(`not a Status: ${said}`);
}
