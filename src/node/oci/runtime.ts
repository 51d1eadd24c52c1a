/**
 * Containers on one node: runc under conmon, one conmon a container. conmon is the container's parent, writes its log and, when it ends,
 * a file with its exit code: so containers outlive this process, and what happened meanwhile can be read afterwards.
 *
 * Everything is below one directory: `containers/ID/` (an OCI bundle), `exits/ID`, `runc/` (runc's own state).
 */
import { spawn } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  watch,
  writeFileSync,
  writeSync,
  type FSWatcher,
} from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Clock } from '../../runtime/clock.ts';
import { heldCapabilities } from './capabilities.ts';
import { findProgram, lastWords, run } from './commands.ts';
import { unmountBelow } from './mounts.ts';
import { identify, isAlive, signalProcess, type ProcessId } from './process.ts';

const CREATE_TIMEOUT_MS = 60_000;
const START_TIMEOUT_MS = 10_000;
/** conmon starts a log anew past this size. The agent rotates long before; this only bounds the disk when no agent is there. */
const LOG_BYTES_MAX = 100 << 20;

export interface ContainerExit {
  exitCode: number;
  /** Epoch ms. */
  finishedAtMs: number;
  oomKilled: boolean;
}

export interface CreateOptions {
  /** The runtime specification (spec.ts). */
  spec: object;
  logPath: string;
  stdin: boolean;
  tty: boolean;
  signal: AbortSignal;
}

export class ContainerRuntime {
  readonly #dir: string;
  readonly #clock: Clock;
  /** conmon wants a path. */
  readonly #runc = findProgram('runc') ?? 'runc';
  /** What containers may have at most. */
  readonly capabilities = heldCapabilities();
  readonly #waiting = new Map<string, (exit: ContainerExit) => void>();
  #watcher: FSWatcher | undefined;

  constructor(dir: string, clock: Clock) {
    this.#dir = dir;
    this.#clock = clock;
    for (const name of ['containers', 'exits', 'runc']) mkdirSync(join(dir, name), { recursive: true, mode: 0o700 });
    this.#watcher = watch(join(dir, 'exits'), { persistent: false }, (_, file) => this.#notice(file));
  }

  /** What `runc --root` takes. */
  get root(): string {
    return join(this.#dir, 'runc');
  }

  bundle(id: string): string {
    return join(this.#dir, 'containers', id);
  }

  /** Ids of all containers there is anything left of. */
  ids(): string[] {
    return [...new Set([...readdirSync(join(this.#dir, 'containers')), ...readdirSync(this.root)])];
  }

  /** Creates the container, its process waiting to be started. The bundle's `rootfs` must be there. */
  async create(id: string, options: CreateOptions): Promise<ProcessId> {
    const bundle = this.bundle(id);
    writeFileSync(join(bundle, 'config.json'), JSON.stringify(options.spec));
    const args = [
      '--cid',
      id,
      '--cuuid',
      id,
      '--name',
      id,
      '--runtime',
      this.#runc,
      '--bundle',
      bundle,
      '--container-pidfile',
      join(bundle, 'pid'),
      '--conmon-pidfile',
      join(bundle, 'conmon.pid'),
      '--log-path',
      `k8s-file:${options.logPath}`,
      '--log-size-max',
      String(LOG_BYTES_MAX),
      '--log-level',
      'error',
      '--exit-dir',
      join(this.#dir, 'exits'),
      '--persist-dir',
      bundle,
      '--full-attach',
      '--no-sync-log',
      '--runtime-arg',
      '--root',
      '--runtime-arg',
      this.root,
      ...(options.stdin ? ['--stdin', '--leave-stdin-open'] : []),
      ...(options.tty ? ['--terminal'] : []),
    ];
    const errors = openSync(join(bundle, 'conmon.log'), 'w');
    const child = spawn('conmon', args, {
      cwd: bundle,
      detached: true,
      stdio: ['ignore', 'ignore', errors, 'pipe'],
      env: { PATH: process.env.PATH, _OCI_SYNCPIPE: '3' },
    });
    const failed = Promise.withResolvers<never>();
    child.on('error', (error) => failed.reject(new Error(`conmon cannot be started (${error.message}); install the packages runc and conmon`)));
    child.unref();
    closeSync(errors);
    const late = new AbortController();
    const cancel = this.#clock.after(CREATE_TIMEOUT_MS, () => late.abort(new Error(`the container was not created within ${CREATE_TIMEOUT_MS / 1000} s`)));
    const answered = readAnswer(child.stdio[3] as Readable, AbortSignal.any([options.signal, late.signal]));
    const answer = await Promise.race([answered, failed.promise]).finally(cancel);
    if (answer.pid <= 0)
      throw new Error(lastWords(answer.message ?? '') || lastWords(readFileSync(join(bundle, 'conmon.log'), 'utf8')) || 'the container runtime gave no reason');
    const created = identify(answer.pid);
    if (created === undefined) throw new Error('the container ended before it was started');
    return created;
  }

  /**
   * Lets the created process go on. Does what `runc start` does (open the fifo its init waits at), without a child process: measured
   * 9 ms less a container. Falls back to `runc start` when runc keeps no such fifo.
   */
  async start(id: string, process: ProcessId): Promise<void> {
    const fifo = join(this.root, id, 'exec.fifo');
    if (!existsSync(fifo)) {
      await run('runc', ['--root', this.root, 'start', id]);
      return;
    }
    const fd = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const until = this.#clock.monotonic() + START_TIMEOUT_MS;
      const buffer = Buffer.alloc(1);
      while (!readReady(fd, buffer)) {
        if (!isAlive(process)) throw new Error('the container ended before it was started');
        if (this.#clock.monotonic() > until) throw new Error('the container did not start in time');
        await this.#clock.sleep(1);
      }
    } finally {
      closeSync(fd);
      rmSync(fifo, { force: true });
    }
  }

  /** Calls back once when the container has ended, also when it has already. */
  onExit(id: string, callback: (exit: ContainerExit) => void): void {
    this.#waiting.set(id, callback);
    this.#notice(id);
  }

  /** Looks again at what is waited for: for when a file event was lost. */
  checkExits(): void {
    for (const id of this.#waiting.keys()) this.#notice(id);
  }

  exitOf(id: string): ContainerExit | undefined {
    const file = join(this.#dir, 'exits', id);
    try {
      const text = readFileSync(file, 'utf8').trim();
      if (text === '') return undefined;
      return { exitCode: Number(text), finishedAtMs: Math.round(statSync(file).mtimeMs), oomKilled: existsSync(join(this.bundle(id), 'oom')) };
    } catch {
      return undefined;
    }
  }

  /** Whether someone is there to write down how the container ends. */
  isMonitored(id: string): boolean {
    const monitor = this.#readPid(id, 'conmon.pid');
    return monitor !== undefined && readCommand(monitor.pid).includes(id);
  }

  /** The process of a container that was created by an earlier run of this program. */
  processOf(id: string): ProcessId | undefined {
    return this.#readPid(id, 'pid');
  }

  /** Answers whether the process was there. */
  signal(process: ProcessId, signal: NodeJS.Signals | number): boolean {
    return signalProcess(process, signal);
  }

  /** Ends what is left of a container and removes its directories, mounts and control group. Idempotent. */
  async remove(id: string): Promise<void> {
    this.#waiting.delete(id);
    if (existsSync(join(this.root, id))) {
      await run('runc', ['--root', this.root, 'delete', '--force', id]).catch(() => rmSync(join(this.root, id), { recursive: true, force: true }));
    }
    await unmountBelow(this.bundle(id));
    rmSync(this.bundle(id), { recursive: true, force: true });
    rmSync(join(this.#dir, 'exits', id), { force: true });
  }

  /** Makes conmon open its log file anew, after it was renamed. */
  reopenLog(id: string): void {
    const fd = openSync(join(this.bundle(id), 'ctl'), constants.O_WRONLY | constants.O_NONBLOCK);
    writeSync(fd, '2 0 0\n');
    closeSync(fd);
  }

  resize(id: string, columns: number, rows: number): void {
    const fd = openSync(join(this.bundle(id), 'winsz'), constants.O_WRONLY | constants.O_NONBLOCK);
    writeSync(fd, `${rows} ${columns}\n`);
    closeSync(fd);
  }

  /** Stops watching; containers go on. */
  close(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#waiting.clear();
  }

  #notice(id: string | null): void {
    if (id === null) return this.checkExits();
    const callback = this.#waiting.get(id);
    if (callback === undefined) return;
    const exit = this.exitOf(id);
    if (exit === undefined) return;
    this.#waiting.delete(id);
    callback(exit);
  }

  #readPid(id: string, file: string): ProcessId | undefined {
    try {
      return identify(Number(readFileSync(join(this.bundle(id), file), 'utf8').trim()));
    } catch {
      return undefined;
    }
  }
}

/** conmon's first line on the sync pipe: the pid of the created process, or -1 and the reason. */
function readAnswer(pipe: Readable, signal: AbortSignal): Promise<{ pid: number; message?: string }> {
  return new Promise((resolve, reject) => {
    let text = '';
    const abort = () => finish(() => reject(signal.reason instanceof Error ? signal.reason : new Error('stopped')));
    const finish = (settle: () => void) => {
      signal.removeEventListener('abort', abort);
      pipe.destroy();
      settle();
    };
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) return abort();
    pipe.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('\n')) finish(() => resolve(JSON.parse(text)));
    });
    // conmon itself could not go on; what it said is in its log.
    pipe.on('end', () => finish(() => resolve({ pid: -1 })));
    pipe.on('error', (error) => finish(() => reject(error)));
  });
}

/** Reads without waiting: false while the other end has written nothing. */
function readReady(fd: number, buffer: Buffer): boolean {
  try {
    return readSync(fd, buffer) > 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return false;
    throw error;
  }
}

function readCommand(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
