/** The two ways a client turns an HTTP request into streams: a WebSocket, or SPDY/3.1 after an HTTP upgrade. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { badRequest } from '../../kube/status.ts';
import { SpdyConnection } from './spdy/connection.ts';
import type { SpdyStream } from './spdy/stream.ts';

/** A request that wants to leave HTTP, with its socket. */
export interface Upgrade {
  request: IncomingMessage;
  /** Takes the socket from HTTP: no answer can be sent as a response afterwards. */
  takeSocket(): Duplex;
  head: Buffer;
}

/** SPDY inside a WebSocket, for port-forward: WebSockets pass proxies that know no SPDY. */
export const TUNNEL_PROTOCOL = 'SPDY/3.1+portforward.k8s.io';
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

const webSockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES, perMessageDeflate: false, handleProtocols: () => false });
/** The protocol to answer with, for requests whose header was hidden from `ws`: it refuses names with a '/'. */
const chosenProtocol = new WeakMap<IncomingMessage, string>();
webSockets.on('headers', (headers, request) => {
  const protocol = chosenProtocol.get(request);
  if (protocol !== undefined) headers.push(`Sec-WebSocket-Protocol: ${protocol}`);
});

export function isWebSocket(request: IncomingMessage): boolean {
  return request.headers.upgrade?.toLowerCase() === 'websocket';
}

/** What the client offers: WebSocket subprotocols, or SPDY stream protocol versions. */
export function offeredProtocols(request: IncomingMessage): string[] {
  const text = isWebSocket(request) ? request.headers['sec-websocket-protocol'] : request.headers['x-stream-protocol-version'];
  const list = Array.isArray(text) ? text.join(',') : (text ?? '');
  return list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** The first of `supported` that the client offers. Throws StatusError 400 when there is none. */
export function chooseProtocol(request: IncomingMessage, supported: readonly string[]): string {
  const offered = offeredProtocols(request);
  const chosen = supported.find((name) => offered.includes(name));
  if (chosen === undefined) throw badRequest(`unable to upgrade: the client offers [${offered.join(' ')}], this server speaks [${supported.join(' ')}]`);
  return chosen;
}

/** Resolves with the open socket; rejects when the handshake fails (`ws` has answered it then). */
export function acceptWebSocket(upgrade: Upgrade, protocol: string): Promise<WebSocket> {
  const { request, head } = upgrade;
  chosenProtocol.set(request, protocol);
  delete request.headers['sec-websocket-protocol'];
  const socket = upgrade.takeSocket();
  return new Promise((resolve, reject) => {
    const failed = (): void => reject(new Error('the WebSocket handshake failed'));
    socket.once('close', failed);
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      socket.off('close', failed);
      webSocket.on('error', () => undefined);
      resolve(webSocket);
    });
  });
}

/** Throws StatusError 400 when the request asks for another upgrade. */
export function acceptSpdy(upgrade: Upgrade, protocol: string, onStream: (stream: SpdyStream) => void): SpdyConnection {
  const { request, head } = upgrade;
  if (request.headers.upgrade?.toLowerCase() !== 'spdy/3.1') throw badRequest('unable to upgrade: the Upgrade header must be "websocket" or "SPDY/3.1"');
  const socket = upgrade.takeSocket();
  const answer = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: SPDY/3.1', `X-Stream-Protocol-Version: ${protocol}`];
  socket.write(`${answer.join('\r\n')}\r\n\r\n`);
  if (head.length > 0) socket.unshift(head);
  return new SpdyConnection(socket, onStream);
}
