/** Priority and fairness at the front door. */
import type { ServerResponse } from 'node:http';
import type { FlowControl, Seat } from '../flow-control/index.ts';
import { attributesOf } from './authorize.ts';
import type { Exchange } from './exchange.ts';
import { parseResourcePath } from './path.ts';

/** They last as long as their clients like: seats are for requests that end. */
const LONG = new Set(['attach', 'exec', 'log', 'portforward', 'proxy']);

/** The seat to serve the request in, perhaps after waiting; undefined: it needs none. Rejects with TooManyRequests. */
export function takeSeat(flowControl: FlowControl, exchange: Exchange): Seat | Promise<Seat> | undefined {
  const { response, user, path } = exchange;
  const found = flowControl.classify(user, () => attributesOf(exchange, parseResourcePath(path)));
  response.setHeader('X-Kubernetes-PF-FlowSchema-UID', found.schemaUid);
  response.setHeader('X-Kubernetes-PF-PriorityLevel-UID', found.levelUid);
  if (!found.limited || LONG.has(parseResourcePath(path)?.subresource ?? '')) return undefined;
  // Who does not wait for the answer does not wait for a seat.
  return found.enter((leave) => response.once('close', leave));
}

/** Plain text, as upstream answers before it knows more of a request. */
export function sendTooMany(response: ServerResponse, message: string): void {
  const body = `${message}\n`;
  response.writeHead(429, {
    'Content-Type': 'text/plain; charset=utf-8',
    'X-Content-Type-Options': 'nosniff',
    'Retry-After': '1',
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(body);
}
