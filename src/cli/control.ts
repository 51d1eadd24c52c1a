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

/** What the cluster process says when it has done what it was asked, or why it could not. */
interface Done {
  error?: string;
}

export interface ControlHandlers {
  status(): ClusterStatus;
  stop(): void;
  /** Copies the store into the file. */
  snapshot(path: string): Promise<void>;
}

const LINE_MAX = 1 << 20;
/** Followed by a path in quotes. */
const SNAPSHOT = 'snapshot ';

/** `stop` starts a clean stop and does not wait for it. */
export async function serveControl(path: string, handlers: ControlHandlers): Promise<{ close(): void }> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // Whoever is left of a killed process does not answer any more; a living one is found by `connect` before we get here.
  rmSync(path, { force: true });
  const server = net.createServer((socket) => {
    socket.on('error', () => socket.destroy());
    // Only our own commands may connect, and they write a line at once.
    socket.on('data', (lines: Buffer) => {
      for (const request of lines.toString().trim().split('\n')) {
        if (request === 'stop') handlers.stop();
        else if (request === 'status') socket.write(`${JSON.stringify(handlers.status())}\n`);
        else if (request.startsWith(SNAPSHOT)) void snapshot(handlers, JSON.parse(request.slice(SNAPSHOT.length)) as string, socket);
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

async function snapshot(handlers: ControlHandlers, path: string, socket: net.Socket): Promise<void> {
  const done = await handlers.snapshot(path).then(
    (): Done => ({}),
    (error: Error): Done => ({ error: error.message }),
  );
  socket.write(`${JSON.stringify(done)}\n`);
}

export interface Connection {
  status(): Promise<ClusterStatus>;
  /** Rejects with the reason when the store could not be copied. */
  snapshot(path: string): Promise<void>;
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
    status: () => ask<ClusterStatus>(socket, 'status'),
    async snapshot(path) {
      const { error } = await ask<Done>(socket, `${SNAPSHOT}${JSON.stringify(path)}`);
      if (error !== undefined) throw new Error(error);
    },
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

/** One line asks, one answers; rejects when the process ends before it does. */
function ask<T>(socket: net.Socket, request: string): Promise<T> {
  return new Promise((resolve, reject) => {
    let text = '';
    const settle = (end: () => void): void => {
      socket.off('data', read).off('close', gone);
      end();
    };
    const read = (chunk: Buffer): void => {
      text += chunk.toString();
      if (text.length > LINE_MAX) socket.destroy();
      if (text.endsWith('\n')) settle(() => resolve(JSON.parse(text) as T));
    };
    const gone = (): void => settle(() => reject(new Error('the cluster process ended')));
    socket.on('data', read).on('close', gone);
    socket.write(`${request}\n`);
  });
}
