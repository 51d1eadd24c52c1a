/**
 * The control socket of a cluster process: one JSON line asks, one answers. The connection stays until the process ends,
 * so that "wait until it is gone" is waiting for the end of the connection.
 */
import { mkdirSync, rmSync } from 'node:fs';
import net from 'node:net';
import { dirname } from 'node:path';

export interface ClusterStatus {
  pid: number;
  dataDir: string;
  /** Epoch ms. */
  startedAt: number;
  /** Nodes that run; more may be booting. */
  nodes: string[];
  /** Pods that are worked on. */
  pods: number;
  /** Resident memory of the cluster process. */
  memoryBytes: number;
}

type Request = 'status' | 'stop';

const LINE_MAX = 1 << 20;

/** `stop` starts a clean stop and does not wait for it. */
export async function serveControl(path: string, handlers: { status(): ClusterStatus; stop(): void }): Promise<{ close(): void }> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // Whoever is left of a killed process does not answer any more; a living one is found by `connect` before we get here.
  rmSync(path, { force: true });
  const server = net.createServer((socket) => {
    socket.on('error', () => socket.destroy());
    // Only our own commands may connect, and they write a line at once.
    socket.on('data', (lines: Buffer) => {
      for (const request of lines.toString().trim().split('\n') as Request[]) {
        if (request === 'stop') handlers.stop();
        else if (request === 'status') socket.write(`${JSON.stringify(handlers.status())}\n`);
        else socket.destroy();
      }
    });
  });
  await new Promise<void>((done, failed) => {
    server.once('error', failed);
    server.listen(path, done);
  });
  return {
    close() {
      server.close();
      rmSync(path, { force: true });
    },
  };
}

export interface Connection {
  status(): Promise<ClusterStatus>;
  /** Resolves when the process has ended; answers false when it has not within the time. */
  stop(timeoutMs: number): Promise<boolean>;
  close(): void;
}

/** Undefined when no cluster process listens there. */
export function connect(path: string): Promise<Connection | undefined> {
  return new Promise((resolve) => {
    const socket = net.connect(path);
    socket.once('error', () => resolve(undefined));
    socket.once('connect', () => resolve(connection(socket)));
  });
}

function connection(socket: net.Socket): Connection {
  socket.on('error', () => socket.destroy());
  return {
    status: () =>
      new Promise((resolve, reject) => {
        let text = '';
        socket.on('data', (chunk: Buffer) => {
          text += chunk.toString();
          if (text.length > LINE_MAX) socket.destroy();
          if (text.endsWith('\n')) resolve(JSON.parse(text) as ClusterStatus);
        });
        socket.once('close', () => reject(new Error('the cluster process ended')));
        socket.write('status\n');
      }),
    stop: (timeoutMs) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => resolve(false), timeoutMs);
        socket.once('close', () => {
          clearTimeout(timer);
          resolve(true);
        });
        socket.resume();
        socket.write('stop\n');
      }),
    close: () => socket.destroy(),
  };
}
