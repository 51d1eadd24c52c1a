/** Starts the cluster process and waits until it is ready. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ClusterConfig } from './config.ts';
import { entryOf } from './entries.ts';
import { UserError } from './errors.ts';
import type { ClusterPaths } from './home.ts';
import { stopCluster } from './stop.ts';

/** From the cluster process while it starts, over IPC. */
export type StartMessage =
  | { type: 'progress'; text: string }
  | { type: 'ready' }
  /** It ends by itself afterwards. */
  | { type: 'failed'; message: string };

export interface LaunchOptions {
  paths: ClusterPaths;
  config: ClusterConfig;
  /** Stay until the cluster ends, with its log on stdout. */
  foreground: boolean;
  say(line: string): void;
}

const LOG_LINES = 15;
/** Looked at at each start: what is older than the file before goes. */
const LOG_BYTES_MAX = 10 << 20;

export interface StartedCluster {
  /** In the foreground: until the cluster ends by itself, or Ctrl-C has stopped it. */
  ended(): Promise<void>;
}

/** Resolves when the cluster answers. Ctrl-C before that stops what was started, and rejects. */
export async function startClusterProcess({ paths, config, foreground, say }: LaunchOptions): Promise<StartedCluster> {
  mkdirSync(dirname(paths.log), { recursive: true, mode: 0o700 });
  if ((statSync(paths.log, { throwIfNoEntry: false })?.size ?? 0) > LOG_BYTES_MAX) renameSync(paths.log, `${paths.log}.1`);
  const log = openSync(paths.log, 'a', 0o600);
  const child = spawn(process.execPath, ['--max-semi-space-size=8', entryOf('cluster'), paths.dataDir], {
    // A session of its own: neither Ctrl-C nor the end of the terminal reaches it.
    detached: true,
    stdio: ['ignore', foreground ? 'inherit' : log, foreground ? 'inherit' : log, 'ipc'],
    cwd: paths.dataDir,
  });
  closeSync(log);
  const interrupted = Promise.withResolvers<'interrupted'>();
  const onSignal = (): void => interrupted.resolve('interrupted');
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  const ended = new Promise<'ended'>((resolve) => child.once('exit', () => resolve('ended')).once('error', () => resolve('ended')));
  const letGo = (): void => {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    if (child.connected) child.disconnect();
    child.unref();
  };
  try {
    if ((await Promise.race([started(child, paths, say), interrupted.promise])) === 'interrupted') {
      await stop(config, paths, child, ended, say);
      throw new UserError('interrupted; the cluster is stopped');
    }
    say(`cluster '${config.name}' is ready: https://127.0.0.1:${config.port}`);
  } catch (error) {
    letGo();
    throw error;
  }
  if (!foreground) letGo();
  return {
    async ended() {
      if ((await Promise.race([ended, interrupted.promise])) === 'interrupted') await stop(config, paths, child, ended, say);
      letGo();
    },
  };
}

async function stop(config: ClusterConfig, paths: ClusterPaths, child: ChildProcess, ended: Promise<unknown>, say: (line: string) => void): Promise<void> {
  say('stopping');
  child.kill('SIGTERM');
  await ended;
  await stopCluster(config.name, paths, say);
}

function started(child: ChildProcess, paths: ClusterPaths, say: (line: string) => void): Promise<'ready'> {
  return new Promise((resolve, reject) => {
    child.on('message', (message: StartMessage) => {
      if (message.type === 'progress') say(message.text);
      else if (message.type === 'ready') resolve('ready');
      else reject(new UserError(message.message, `the log is ${paths.log}`));
    });
    child.once('error', (error) => reject(new UserError(`the cluster process could not be started: ${error.message}`)));
    child.once('exit', (code, signal) => {
      reject(
        new UserError(`the cluster process ended while it started (${signal ?? code}); its last words:\n${lastLines(paths.log)}`, `the log is ${paths.log}`),
      );
    });
  });
}

function lastLines(file: string): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-LOG_LINES).join('\n');
  } catch {
    return '';
  }
}
