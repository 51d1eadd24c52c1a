/** port-forward: TCP connections into a pod, over SPDY (plain or tunnelled in a WebSocket) or WebSocket channels. */
import type { Duplex } from 'node:stream';
import { createWebSocketStream } from 'ws';
import { badRequest } from '../../kube/status.ts';
import { WebSocketChannels } from './channels.ts';
import { SpdyConnection } from './spdy/connection.ts';
import type { SpdyStream } from './spdy/stream.ts';
import { acceptSpdy, acceptWebSocket, chooseProtocol, isWebSocket, offeredProtocols, TUNNEL_PROTOCOL, type Upgrade } from './upgrade.ts';

/** Connects to a port of the pod. */
export type Dial = (port: number) => Promise<Duplex>;

const SPDY_PROTOCOL = 'portforward.k8s.io';
const CHANNEL_PROTOCOLS = ['v4.channel.k8s.io', 'v5.channel.k8s.io', 'v4.base64.channel.k8s.io'];
const MAX_PORTS = 64;

/** Takes the connection over. Rejects with a StatusError when the request cannot be upgraded: nothing has been answered then. */
export async function servePortForward(upgrade: Upgrade, query: URLSearchParams, dial: Dial): Promise<void> {
  const pairs = new StreamPairs(dial);
  if (!isWebSocket(upgrade.request)) {
    const protocol = chooseProtocol(upgrade.request, [SPDY_PROTOCOL]);
    await acceptSpdy(upgrade, protocol, (stream) => pairs.add(stream)).closed;
  } else if (offeredProtocols(upgrade.request).includes(TUNNEL_PROTOCOL)) {
    const tunnel = createWebSocketStream(await acceptWebSocket(upgrade, TUNNEL_PROTOCOL));
    await new SpdyConnection(tunnel, (stream) => pairs.add(stream)).closed;
  } else {
    await overChannels(upgrade, query, dial);
  }
}

/** Each forwarded connection is two streams with one request id: 'error' for what goes wrong, 'data' for the bytes. */
class StreamPairs {
  readonly #waiting = new Map<string, SpdyStream>();
  readonly #dial: Dial;

  constructor(dial: Dial) {
    this.#dial = dial;
  }

  add(stream: SpdyStream): void {
    const { streamtype, requestid } = stream.headers;
    // Clients before 1.3 send no id; their two streams follow each other, the error stream first.
    const id = requestid ?? String(streamtype === 'data' ? stream.id - 2 : stream.id);
    const other = this.#waiting.get(id);
    if (other === undefined) {
      this.#waiting.set(id, stream);
      stream.on('close', () => this.#waiting.delete(id));
      return;
    }
    this.#waiting.delete(id);
    const [error, data] = streamtype === 'data' ? [other, stream] : [stream, other];
    void forward(data, error, Number(data.headers['port']), this.#dial);
  }
}

async function forward(data: SpdyStream, error: SpdyStream, port: number, dial: Dial): Promise<void> {
  const fail = (reason: unknown): void => {
    error.end(`error forwarding port ${port} to pod: ${(reason as Error).message}`);
    data.end();
  };
  try {
    join(data, await dial(checkedPort(port)), (reason) => (reason ? fail(reason) : error.end()));
  } catch (reason) {
    fail(reason);
  }
}

/** Copies both ways, passing on the end of each half; `done` when both halves have ended, or with what went wrong. */
function join(client: Duplex, pod: Duplex, done: (error?: Error) => void): void {
  let ended = false;
  const end = (error?: Error): void => {
    if (ended) return;
    ended = true;
    done(error);
  };
  client.pipe(pod);
  pod.pipe(client);
  // Both halves ended by themselves: what is still on its way to the pod must arrive. Else the client broke off.
  client.on('close', () => {
    if (client.errored || !client.readableEnded || !client.writableFinished) pod.destroy();
  });
  pod.on('error', (error) => end(error));
  pod.on('close', () => {
    client.end();
    end();
  });
}

/** The older WebSocket form: `ports` in the query, for the i-th port channel 2i for data and 2i+1 for errors, each opened by the port's number. */
async function overChannels(upgrade: Upgrade, query: URLSearchParams, dial: Dial): Promise<void> {
  const ports = query
    .getAll('ports')
    .flatMap((text) => text.split(','))
    .map(Number);
  if (ports.length === 0) throw badRequest('query parameter "ports" is required');
  if (ports.length > MAX_PORTS) throw badRequest(`query parameter "ports": at most ${MAX_PORTS} ports may be forwarded at once`);
  ports.forEach(checkedPort);
  const protocol = chooseProtocol(upgrade.request, CHANNEL_PROTOCOLS);
  const webSocket = await acceptWebSocket(upgrade, protocol);
  const channels = new WebSocketChannels(webSocket, protocol);
  const closed = new Promise<void>((resolve) => webSocket.on('close', () => resolve()));
  ports.forEach((port, i) => {
    const number = Buffer.alloc(2);
    number.writeUInt16LE(port);
    const reader = channels.reader(2 * i);
    const writer = channels.writer(2 * i);
    writer.on('error', () => undefined);
    channels.send(2 * i, number);
    channels.send(2 * i + 1, number);
    void dial(port).then(
      (pod) => {
        pod.on('error', (error) => channels.send(2 * i + 1, Buffer.from(error.message)));
        reader.pipe(pod);
        pod.pipe(writer);
        void closed.then(() => pod.destroy());
      },
      (error: Error) => channels.send(2 * i + 1, Buffer.from(`error forwarding port ${port} to pod: ${error.message}`)),
    );
  });
  await closed;
}

function checkedPort(port: number): number {
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw badRequest(`port ${port}: must be between 1 and 65535, inclusive`);
  return port;
}
