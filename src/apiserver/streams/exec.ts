/** exec and attach: a command's streams over WebSocket (v4, v5) or SPDY (v1 to v5). */
import type { Status } from '../../kube/status.ts';
import type { ExecOptions } from '../../runtime/kubelet.ts';
import { WebSocketChannels } from './channels.ts';
import { runCommand, type ClientStreams, type StartCommand } from './command.ts';
import type { SpdyStream } from './spdy/stream.ts';
import { acceptSpdy, acceptWebSocket, chooseProtocol, isWebSocket, type Upgrade } from './upgrade.ts';

type Wanted = Pick<ExecOptions, 'stdin' | 'stdout' | 'stderr' | 'tty'>;

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const ERROR = 3;
const RESIZE = 4;
const WEBSOCKET_PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io', 'v4.base64.channel.k8s.io'];
const SPDY_PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io'];
/** How long a SPDY client may take to open its streams, and to go after it has been told the outcome. */
const STREAMS_WITHIN_MS = 30_000;
const GO_WITHIN_MS = 5_000;

/** Takes the connection over. Rejects with a StatusError when the request cannot be upgraded: nothing has been answered then. */
export async function serveCommand(upgrade: Upgrade, wanted: Wanted, start: StartCommand): Promise<void> {
  if (isWebSocket(upgrade.request)) await overWebSocket(upgrade, wanted, start);
  else await overSpdy(upgrade, wanted, start);
}

async function overWebSocket(upgrade: Upgrade, wanted: Wanted, start: StartCommand): Promise<void> {
  const protocol = chooseProtocol(upgrade.request, WEBSOCKET_PROTOCOLS);
  const webSocket = await acceptWebSocket(upgrade, protocol);
  const channels = new WebSocketChannels(webSocket, protocol);
  // Tells the client that the connection stands, as upstream does.
  channels.send(wanted.stdout ? STDOUT : wanted.stderr ? STDERR : ERROR, Buffer.alloc(0));
  await runCommand(start, {
    stdin: wanted.stdin ? channels.reader(STDIN) : null,
    stdout: wanted.stdout ? channels.writer(STDOUT) : null,
    stderr: wanted.stderr && !wanted.tty ? channels.writer(STDERR) : null,
    resize: wanted.tty ? channels.reader(RESIZE) : null,
    finish: (status) => channels.send(ERROR, Buffer.from(JSON.stringify(status)), () => webSocket.close(1000)),
    gone: new Promise((resolve) => webSocket.on('close', () => resolve())),
  });
}

async function overSpdy(upgrade: Upgrade, wanted: Wanted, start: StartCommand): Promise<void> {
  const protocol = chooseProtocol(upgrade.request, SPDY_PROTOCOLS);
  const version = Number(/^v(\d)/.exec(protocol)?.[1] ?? 1);
  const names = ['error', ...(wanted.stdin ? ['stdin'] : []), ...(wanted.stdout ? ['stdout'] : []), ...(wanted.stderr && !wanted.tty ? ['stderr'] : [])];
  if (wanted.tty && version >= 3) names.push('resize');
  const streams = new Map<string, SpdyStream>();
  let complete: () => void;
  const allHere = new Promise<void>((resolve) => (complete = resolve));
  const connection = acceptSpdy(upgrade, protocol, (stream) => {
    streams.set(stream.headers['streamtype'] ?? '', stream);
    if (names.every((name) => streams.has(name))) complete();
  });
  const late = setTimeout(() => connection.close(), STREAMS_WITHIN_MS);
  const opened = await Promise.race([allHere.then(() => true), connection.closed.then(() => false)]);
  clearTimeout(late);
  if (!opened) return;
  await runCommand(start, {
    stdin: wanted.stdin ? (streams.get('stdin') ?? null) : null,
    stdout: streams.get('stdout') ?? null,
    stderr: streams.get('stderr') ?? null,
    resize: streams.get('resize') ?? null,
    gone: connection.closed,
    finish: (status) => finishSpdy(streams, version, status),
  } satisfies ClientStreams);
  const lingering = setTimeout(() => connection.close(), GO_WITHIN_MS);
  await connection.closed;
  clearTimeout(lingering);
}

/** The error stream carries a Status from v4 on, plain text before. */
function finishSpdy(streams: Map<string, SpdyStream>, version: number, status: Status): void {
  const failed = status.status === 'Failure';
  const outcome = version >= 4 ? JSON.stringify(status) : failed ? (status.message ?? 'the command failed') : '';
  streams.get('error')?.end(outcome);
  streams.get('stdout')?.end();
  streams.get('stderr')?.end();
}
