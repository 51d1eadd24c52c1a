/** An API server in a process of its own, to be killed and started again, and a client that knows nothing of its inside. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ensurePki } from '../../src/apiserver/pki/index.ts';

export interface KubeMap {
  metadata: { name: string; resourceVersion: string };
  data: Record<string, string>;
}

export interface Answer<T> {
  code: number;
  body: T;
}

export const MAPS = '/api/v1/namespaces/default/configmaps';

export class Server {
  readonly #dir: string;
  readonly #pki: ReturnType<typeof ensurePki>;
  #child: ChildProcess | undefined;
  #port = 0;
  #agent: Agent;
  /** The newest revision when the running process had opened its store: it knows no history before. */
  startedAt = 0;
  /** How often it was started. */
  generation = 0;

  constructor(dir: string) {
    this.#dir = dir;
    this.#pki = ensurePki(join(dir, 'pki'), { ips: ['127.0.0.1'] });
    this.#agent = this.#newAgent();
  }

  /** Resolves when it answers; rejects with what it said when it ends instead. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'server-process.ts'), this.#dir], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    let said = '';
    child.stderr.on('data', (text) => (said += String(text)));
    const lines = createInterface({ input: child.stdout });
    const first = await Promise.race([once(lines, 'line'), once(child, 'exit')]);
    if (typeof first[0] !== 'string') throw new Error(`the server did not start: ${said}`);
    const { port, revision } = JSON.parse(first[0]) as { port: number; revision: number };
    this.#port = port;
    this.startedAt = revision;
    this.generation++;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** `kill -9`; resolves when the process is gone and every answer it still gave has been read. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    this.#agent.destroy();
    this.#agent = this.#newAgent();
  }

  /** Rejects when the connection breaks before the whole answer is there. */
  async ask<T>(method: string, path: string, body?: unknown, contentType = 'application/json'): Promise<Answer<T>> {
    const response = await this.open(method, path, body, contentType);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    return { code: response.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString()) as T };
  }

  open(method: string, path: string, body?: unknown, contentType = 'application/json'): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const headers = body === undefined ? {} : { 'Content-Type': contentType };
      const asked = request({ host: '127.0.0.1', port: this.#port, path, method, headers, agent: this.#agent }, resolve);
      asked.on('error', reject);
      asked.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  #newAgent(): Agent {
    return new Agent({ ca: this.#pki.ca, ...this.#pki.admin, keepAlive: true, maxSockets: 64 });
  }
}
