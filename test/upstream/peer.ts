/** API servers to hold against each other: upstream's with etcd, and ours, each a process of its own in a folder of its own. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent, request as httpsRequest } from 'node:https';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { ensurePki, writeKubeconfig, type Pki } from '../../src/apiserver/pki/index.ts';
import { tool, type Tool } from '../../scripts/upstream/tools.ts';
import { bundle } from '../../scripts/bundle.mjs';

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

export interface Call {
  method?: string;
  path: string;
  headers?: Record<string, string>;
  /** An object goes as JSON. */
  body?: unknown;
}

/** A running API server. */
export interface Peer {
  name: 'upstream' | 'argosy';
  dir: string;
  server: string;
  kubeconfig: string;
  pki: Pki;
  /** From the first process started to /readyz answering ok. */
  readyMs: number;
  call(call: Call): Promise<Answer>;
  /** Resident memory in bytes of each process, by name. */
  memory(): Record<string, number>;
  /** Starts another program of upstream beside the server; it ends with the peer. */
  start(name: Tool, args: readonly string[]): Promise<ChildProcess>;
  stop(): Promise<void>;
}

const SERVICE_CIDR = '10.0.0.0/24';
const READY_WITHIN_MS = 60_000;

/** etcd and kube-apiserver, durable as by default (every write waits for fsync). */
export async function startUpstream(dir: string, flags: readonly string[] = []): Promise<Peer> {
  const [etcd, apiserver] = [await tool('etcd'), await tool('kube-apiserver')];
  const [client, peerPort, port] = [await freePort(), await freePort(), await freePort()];
  const { pki, keys } = prepare(dir);
  const etcdUrl = `http://127.0.0.1:${client}`;
  return run('upstream', dir, pki, port, (start) => {
    start('etcd', etcd, [
      `--data-dir=${join(dir, 'etcd')}`,
      `--listen-client-urls=${etcdUrl}`,
      `--advertise-client-urls=${etcdUrl}`,
      `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
      '--log-level=error',
    ]);
    start('kube-apiserver', apiserver, [
      `--etcd-servers=${etcdUrl}`,
      `--secure-port=${port}`,
      '--bind-address=127.0.0.1',
      `--cert-dir=${join(dir, 'certs')}`,
      `--tls-cert-file=${keys.server.cert}`,
      `--tls-private-key-file=${keys.server.key}`,
      `--client-ca-file=${keys.ca}`,
      `--service-account-key-file=${keys.serviceAccount.public}`,
      `--service-account-signing-key-file=${keys.serviceAccount.private}`,
      '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
      `--service-cluster-ip-range=${SERVICE_CIDR}`,
      '--authorization-mode=Node,RBAC',
      '--enable-admission-plugins=NodeRestriction',
      ...flags,
    ]);
  });
}

/** Our API without other controllers (`--scheduler`: but with ours of pods) and nodes, as its own process: bundled, as it is when users run it. */
export async function startArgosy(dir: string, flags: readonly string[] = []): Promise<Peer> {
  const port = await freePort();
  const { pki } = prepare(dir);
  const program = join(dir, 'bundle');
  await bundle({ 'argosy-api': 'test/upstream/argosy-api.ts', 'store-worker': 'src/apiserver/store/sqlite-worker.ts' }, program);
  return run('argosy', dir, pki, port, (start) => {
    start('argosy', process.execPath, [join(program, 'argosy-api.mjs'), dir, String(port), SERVICE_CIDR, ...flags]);
  });
}

type Start = (name: string, program: string, args: readonly string[]) => ChildProcess;

async function run(name: Peer['name'], dir: string, pki: Pki, port: number, startAll: (start: Start) => void): Promise<Peer> {
  const children = new Map<string, ChildProcess>();
  const start: Start = (program, path, args) => {
    const log = openSync(join(dir, `${program}.log`), 'a');
    const child = spawn(path, args, { stdio: ['ignore', log, log], cwd: dir });
    children.set(program, child);
    process.once('exit', () => child.kill('SIGKILL'));
    return child;
  };
  const stop = async (): Promise<void> => {
    const ended = [...children.values()].map((child) =>
      child.exitCode !== null || child.signalCode !== null ? undefined : new Promise((done) => child.once('exit', done)),
    );
    for (const child of children.values()) child.kill('SIGKILL');
    await Promise.all(ended);
  };
  const startedAt = performance.now();
  startAll(start);
  const kubeconfig = join(dir, 'kubeconfig');
  const server = `https://127.0.0.1:${port}`;
  writeKubeconfig(kubeconfig, { name, server, ca: pki.ca, ...pki.admin });
  const agent = new Agent({ keepAlive: true, ca: pki.ca, cert: pki.admin.cert, key: pki.admin.key });
  const call = (request: Call): Promise<Answer> => send(agent, port, request);
  try {
    await until(
      async () => (await call({ path: '/readyz' })).status === 200,
      () => `${name} is not ready:\n${[...children.keys()].map((program) => tail(join(dir, `${program}.log`))).join('\n')}`,
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    name,
    dir,
    server,
    kubeconfig,
    pki,
    readyMs: performance.now() - startedAt,
    call,
    memory: () => Object.fromEntries([...children].map(([program, child]) => [program, residentBytes(child.pid)])),
    start: async (program, args) => start(program, await tool(program), args),
    stop: async () => {
      agent.destroy();
      await stop();
    },
  };
}

/** Waits for a condition, asked every 20 ms; errors of the asking count as not yet. Rejects after a minute with what `failure` says. */
export async function until(condition: () => Promise<boolean>, failure: () => string, withinMs = READY_WITHIN_MS): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await condition().catch(() => false))) {
    if (performance.now() > deadline) throw new Error(failure());
    await new Promise((done) => setTimeout(done, 20));
  }
}

function send(agent: Agent, port: number, { method = 'GET', path, headers = {}, body }: Call): Promise<Answer> {
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const type = text === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) };
    const request = httpsRequest(
      { agent, host: '127.0.0.1', port, method, path, headers: { accept: 'application/json', 'user-agent': 'compare/1', ...type, ...headers } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString('utf8') }));
        response.on('error', reject);
      },
    );
    request.on('error', reject);
    request.end(text);
  });
}

function prepare(dir: string) {
  mkdirSync(dir, { recursive: true });
  const pki = ensurePki(join(dir, 'pki'), { ips: ['127.0.0.1'] });
  const file = (name: string, text: string): string => {
    const path = join(dir, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const keys = {
    ca: file('ca.crt', pki.ca),
    server: { cert: file('server.crt', pki.server.cert), key: file('server.key', pki.server.key) },
    serviceAccount: {
      private: file('sa.key', pki.serviceAccountKey),
      public: file('sa.pub', createPublicKey(pki.serviceAccountKey).export({ type: 'spki', format: 'pem' }).toString()),
    },
  };
  return { pki, keys };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

function residentBytes(pid: number | undefined): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes ?? 0) * 1024;
}

function tail(file: string): string {
  return execFileSync('tail', ['-n', '15', file], { encoding: 'utf8' });
}
