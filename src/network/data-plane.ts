/** Starts the data-plane process in the router's namespace and keeps it running. */
import { spawn, type ChildProcess } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log.ts';
import type { ClusterAddresses } from './addresses.ts';
import { clusterNamespace, namespacePath } from './cluster-namespace.ts';
import { PodGuard, type AttachedPod, type GuardMessage } from './policy/guard.ts';

/** What the process is told, as a file (0600: it holds a key). */
export interface DataPlaneConfig {
  /** The API as the router sees it. */
  server: string;
  ca: string;
  cert: string;
  key: string;
  addresses: ClusterAddresses;
}

export interface DataPlaneOptions {
  clusterName: string;
  addresses: ClusterAddresses;
  /** Of the API server on the host's end of the link. */
  port: number;
  ca: string;
  cert: string;
  key: string;
  /** The program to run: main.ts, or the bundle of it. */
  entry: string;
  /** Where its configuration is written. */
  configPath: string;
  /** Resolves when the API answers: the process is started before. */
  apiAnswers: Promise<unknown>;
  clock: Clock;
  log: Logger;
}

export interface DataPlane {
  /** Service addresses and DNS work, network policies are in force. */
  ready: Promise<void>;
  /** Resolves when the policies for a pod that has just been attached are in force. */
  guard(pod: AttachedPod): Promise<void>;
  stop(): Promise<void>;
}

const RESTART_MS = 500;
const KILL_AFTER_MS = 2000;

/** The router must be there. The process is started again when it ends, until `stop`. */
export function startDataPlane(options: DataPlaneOptions): DataPlane {
  const { addresses, clock, log } = options;
  const ready = Promise.withResolvers<void>();
  const guard = new PodGuard(clock);
  let child: ChildProcess | undefined;
  let stopping = false;

  async function start(): Promise<void> {
    const config: DataPlaneConfig = {
      server: `https://${addresses.hostLink}:${options.port}`,
      ca: options.ca,
      cert: options.cert,
      key: options.key,
      addresses,
    };
    await writeFile(options.configPath, JSON.stringify(config), { mode: 0o600 });
    if (!stopping) launch();
  }

  function launch(): void {
    const namespace = namespacePath(clusterNamespace(options.clusterName));
    const program = [process.execPath, '--max-semi-space-size=1', options.entry, options.configPath];
    const started = spawn('nsenter', [`--net=${namespace}`, ...program], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    child = started;
    options.apiAnswers.then(
      () => started.connected && started.send({ type: 'start' }, () => undefined),
      () => undefined,
    );
    guard.connect((message) => started.connected && started.send(message, () => undefined));
    child.on('message', (message: { type: 'ready' } | GuardMessage) => {
      if (message.type === 'ready') ready.resolve();
      else guard.receive(message);
    });
    child.on('error', (error) => log.error('the data plane could not be started', { error: error.message }));
    child.once('close', (code, signal) => {
      child = undefined;
      guard.disconnect();
      if (stopping) return;
      log.warn('the data plane ended, starting it again', { code, signal });
      clock.after(RESTART_MS, () => {
        if (!stopping) launch();
      });
    });
  }

  start().catch((error: unknown) => ready.reject(error));
  return {
    ready: ready.promise,
    guard: (pod) => guard.guard(pod),
    async stop() {
      stopping = true;
      const running = child;
      if (running === undefined) return;
      const ended = new Promise<void>((done) => running.once('close', () => done()));
      running.kill('SIGTERM');
      const cancel = clock.after(KILL_AFTER_MS, () => running.kill('SIGKILL'));
      await ended;
      cancel();
    },
  };
}
