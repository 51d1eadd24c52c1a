/** Joins a running command to its client's streams, whatever they are carried by. */
import type { Readable, Writable } from 'node:stream';
import { internalError, StatusError, type Status } from '../../kube/status.ts';
import type { ExecSession } from '../../runtime/kubelet.ts';

export interface ClientStreams {
  stdin: Readable | null;
  stdout: Writable | null;
  stderr: Writable | null;
  /** JSON objects `{"Width":80,"Height":24}`, one after another. */
  resize: Readable | null;
  /** Sends the outcome and ends all streams. */
  finish(status: Status): void;
  /** Resolves when the client is gone. */
  gone: Promise<void>;
}

export type StartCommand = () => Promise<ExecSession>;

/** Runs the command and tells the client how it ended. Never rejects: what goes wrong is the client's answer. */
export async function runCommand(start: StartCommand, client: ClientStreams): Promise<void> {
  try {
    const session = await start();
    let running = true;
    void client.gone.then(() => {
      if (running) session.kill();
    });
    if (client.stdin && session.stdin) copy(client.stdin, session.stdin);
    if (client.resize) readSizes(client.resize, (columns, rows) => session.resize(columns, rows));
    const outputs = [
      ...(session.stdout && client.stdout ? [copied(session.stdout, client.stdout)] : []),
      ...(session.stderr && client.stderr ? [copied(session.stderr, client.stderr)] : []),
    ];
    const { exitCode } = await session.exit;
    running = false;
    await Promise.race([Promise.all(outputs), client.gone]);
    client.finish(exitStatus(exitCode));
  } catch (error) {
    client.finish(error instanceof StatusError ? error.status : internalError(`error executing command in container: ${(error as Error).message}`).status);
  }
}

/** Copies with back-pressure and passes the end on; a writer that is gone only ends the copying. */
function copy(from: Readable, to: Writable): void {
  to.on('error', () => from.unpipe(to));
  from.on('error', () => to.end());
  from.pipe(to);
}

/** Resolves when all has been handed to the client; the client's stream stays open for `finish`. */
function copied(from: Readable, to: Writable): Promise<void> {
  return new Promise((resolve) => {
    to.on('error', () => resolve());
    from.on('error', () => resolve());
    // An empty write is called back after all that were queued before it.
    from.on('end', () => to.write(Buffer.alloc(0), () => resolve()));
    from.pipe(to, { end: false });
  });
}

function readSizes(from: Readable, resize: (columns: number, rows: number) => void): void {
  let text = '';
  from.on('error', () => undefined);
  from.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8');
    for (let end = text.indexOf('}'); end >= 0; end = text.indexOf('}')) {
      const size = parseSize(text.slice(0, end + 1));
      text = text.slice(end + 1);
      if (size !== undefined) resize(size.columns, size.rows);
    }
    // A client that sends no JSON must not fill our memory.
    text = text.slice(-256);
  });
}

function parseSize(text: string): { columns: number; rows: number } | undefined {
  try {
    const { Width: columns, Height: rows } = JSON.parse(text) as { Width?: unknown; Height?: unknown };
    const sane = (value: unknown): value is number => Number.isInteger(value) && Number(value) > 0 && Number(value) < 65536;
    return sane(columns) && sane(rows) ? { columns, rows } : undefined;
  } catch {
    return undefined;
  }
}

/** As remotecommand's v4 protocol: kubectl reads the exit code from the cause. */
export function exitStatus(exitCode: number): Status {
  if (exitCode === 0) return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' };
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    reason: 'NonZeroExitCode',
    message: `command terminated with non-zero exit code: exit status ${exitCode}`,
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  };
}
