/** `/healthz`, `/livez`, `/readyz` and `/version`. */
import type { ApiEngine } from '../engine.ts';
import type { Exchange } from './exchange.ts';
import { isTrue } from './query.ts';
import { send, sendJson } from './respond.ts';

export const SERVER_VERSION = 'v1.37.2';

/** Undefined: fine; else why not. */
type Check = () => string | undefined;

const ENDPOINTS = ['healthz', 'livez', 'readyz'] as const;

export class Health {
  readonly #checks: Record<string, Check>;
  #shuttingDown = false;

  constructor(engine: ApiEngine) {
    const store: Check = () => engine.storeError?.message;
    this.#checks = { ping: () => undefined, store, etcd: store, shutdown: () => (this.#shuttingDown ? 'process is shutting down' : undefined) };
  }

  /** From now on the server is not ready. */
  shutDown(): void {
    this.#shuttingDown = true;
  }

  /** False when the path is none of these. */
  serve({ path, query, response }: Exchange): boolean {
    const [, endpoint = '', only, ...more] = path.replace(/\/$/, '').split('/');
    if (!ENDPOINTS.some((name) => name === endpoint) || more.length > 0) return false;
    const excluded = query.getAll('exclude');
    const names = Object.keys(this.#checks).filter((name) => (endpoint === 'readyz' || name !== 'shutdown') && !excluded.includes(name));
    if (only !== undefined && !names.includes(only)) return false;
    const results = (only === undefined ? names : [only]).map((name) => ({ name, problem: this.#checks[name]!() }));
    const failed = results.some(({ problem }) => problem !== undefined);
    const verbose = failed || isTrue(query, 'verbose');
    const lines = results.map(({ name, problem }) => (problem === undefined ? `[+]${name} ok` : `[-]${name} failed: ${problem}`));
    const text = verbose ? `${lines.join('\n')}\n${endpoint} check ${failed ? 'failed' : 'passed'}\n` : 'ok';
    send(response, failed ? 500 : 200, 'text/plain; charset=utf-8', text, { 'X-Content-Type-Options': 'nosniff' });
    return true;
  }
}

export function sendVersion({ response }: Exchange): void {
  const [major, minor] = SERVER_VERSION.slice(1).split('.');
  sendJson(response, 200, {
    major,
    minor,
    gitVersion: SERVER_VERSION,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: `node-${process.version}`,
    compiler: 'v8',
    platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
  });
}
