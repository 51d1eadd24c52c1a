/** A kubelet whose containers are Node functions: enough to see what reaches a node and what comes back. */
import { PassThrough, Readable, duplexPair, type Duplex } from 'node:stream';
import { StatusError } from '../../src/kube/status.ts';
import type { ExecOptions, ExecSession, Kubelet, LogOptions, NodeStats, PodRef } from '../../src/runtime/kubelet.ts';

export interface FakeKubelet extends Kubelet {
  /** What was asked, newest last. */
  asked: { logs: LogOptions[]; exec: ExecOptions[]; sizes: [number, number][]; killed: number };
  /** The pods whose container `main` uses half a core and 1 MiB. */
  measured: PodRef[];
}

/**
 * exec: `cat` copies stdin to stdout, `fail N` writes to stderr and exits with N, `size` waits for a terminal's size,
 * `sleep` runs until it is killed, `zeros N` writes N bytes, `echo ...` its arguments. Port 80 answers HTTP-like, others refuse.
 */
export function fakeKubelet(): FakeKubelet {
  const asked: FakeKubelet['asked'] = { logs: [], exec: [], sizes: [], killed: 0 };
  const run = (options: Omit<ExecOptions, 'command'>, command: readonly string[]): ExecSession => {
    const stdin = options.stdin ? new PassThrough() : null;
    const stdout = options.stdout ? new PassThrough() : null;
    const stderr = options.stderr ? new PassThrough() : null;
    let exited: (code: number) => void;
    const exit = new Promise<{ exitCode: number }>(
      (resolve) =>
        (exited = (exitCode) => {
          stdout?.end();
          stderr?.end();
          resolve({ exitCode });
        }),
    );
    const [program, ...args] = command;
    const sizeKnown: ((text: string) => void)[] = [];
    switch (program) {
      case 'cat':
        stdin?.on('data', (chunk: Buffer) => stdout?.write(chunk));
        stdin?.on('end', () => exited(0));
        break;
      case 'echo':
        stdout?.write(`${args.join(' ')}\n`);
        exited!(0);
        break;
      case 'zeros':
        stdout?.end(Buffer.alloc(Number(args[0])), () => exited(0));
        break;
      case 'fail':
        stderr?.write('it failed\n');
        exited!(Number(args[0]));
        break;
      case 'size':
        sizeKnown.push((text) => {
          stdout?.write(`${text}\n`);
          exited(0);
        });
        break;
      default:
        break;
    }
    return {
      stdin,
      stdout,
      stderr,
      exit,
      resize(columns, rows) {
        asked.sizes.push([columns, rows]);
        sizeKnown.forEach((known) => known(`${columns}x${rows}`));
      },
      kill() {
        asked.killed++;
        exited(137);
      },
    };
  };
  return {
    asked,
    measured: [],
    async logs(_pod: PodRef, options: LogOptions, signal: AbortSignal) {
      asked.logs.push(options);
      if (options.previous) throw new StatusError(400, 'BadRequest', 'previous terminated container "main" in pod "web" not found');
      const logs = new PassThrough();
      logs.write('one\ntwo\n');
      if (!options.follow) return Readable.from(['one\ntwo\n']);
      signal.addEventListener('abort', () => logs.end());
      return logs;
    },
    async exec(_pod: PodRef, options: ExecOptions) {
      asked.exec.push(options);
      if (options.command[0] === 'missing')
        throw new StatusError(500, 'InternalError', 'Internal error occurred: exec: "missing": executable file not found in $PATH');
      return run(options, options.command);
    },
    attach: async (_pod, options) => run(options, ['echo', 'attached']),
    async portForward(_pod: PodRef, port: number): Promise<Duplex> {
      if (port !== 80) throw new Error(`dial tcp 127.0.0.1:${port}: connect: connection refused`);
      const [mine, theirs] = duplexPair();
      let request = '';
      mine.on('data', (chunk: Buffer) => {
        request += chunk.toString();
        if (!request.endsWith('\r\n\r\n')) return;
        const body = Buffer.alloc(300_000, 'z');
        mine.end(Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`), body]));
      });
      return theirs;
    },
    async stats(): Promise<NodeStats> {
      const time = Date.now();
      const cpuNanoseconds = time * 500_000;
      const containers = [{ name: 'main', cpuNanoseconds, memoryBytes: 2 ** 20 }];
      return { time, cpuNanoseconds, memoryBytes: 2 ** 31, pods: this.measured.map((pod) => ({ pod, containers })) };
    },
  };
}
