/** Writing answers: whole, in slices, or as a Status. */
import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { internalError, StatusError } from '../../kube/status.ts';
import type { Logger } from '../../runtime/log.ts';
import type { Exchange } from './exchange.ts';

export const JSON_TYPE = 'application/json';
/** One write, and one turn of the event loop, for about this much. */
const SLICE_BYTES = 128 * 1024;

export function send(response: ServerResponse, code: number, contentType: string, body: string | Buffer, headers: Record<string, string> = {}): void {
  response.writeHead(code, { 'Cache-Control': 'no-cache, private', 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(body), ...headers });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

export function sendJson(response: ServerResponse, code: number, body: unknown, headers?: Record<string, string>): void {
  send(response, code, JSON_TYPE, JSON.stringify(body), headers);
}

/** Errors the API does not know are logged, and told without their stack. */
export function sendError(response: ServerResponse, error: unknown, log: Logger): void {
  // A client that left in the middle of its request is nobody's failure.
  if (response.destroyed || response.req.errored) return;
  const known = error instanceof StatusError ? error : internalError((error as Error)?.message ?? 'unknown');
  if (known !== error)
    log.error('a request failed', { method: response.req.method, path: response.req.url?.split('?')[0], error: (error as Error)?.stack ?? String(error) });
  if (response.headersSent) {
    // The client sees that the answer was cut off.
    response.destroy();
    return;
  }
  const retry = known.status.details?.retryAfterSeconds;
  // What is left of the request's body cannot be told from the next request.
  if (known.code === 413) response.setHeader('Connection', 'close');
  sendJson(response, known.code, known.status, retry === undefined ? {} : { 'Retry-After': String(retry) });
}

/** `Warning` headers (RFC 7234 5.5); kubectl prints them. */
export function sendWarnings({ response, ctx }: Exchange): void {
  if (ctx.warnings.length > 0)
    response.setHeader(
      'Warning',
      ctx.warnings.map((text) => `299 - ${quote(text)}`),
    );
}

function quote(text: string): string {
  // Header values are latin1 without control characters.
  return `"${text.replace(/[\\"]/g, '\\$&').replace(/[^\x20-\x7e]/g, '?')}"`;
}

/**
 * Writes pieces as they come, joined to slices, at the reader's pace; other requests get their turn in between.
 * `length`, when known, becomes Content-Length.
 */
export async function sendPieces(
  response: ServerResponse,
  pieces: Iterable<Buffer>,
  { length, contentType = JSON_TYPE }: { length?: number | undefined; contentType?: string } = {},
): Promise<void> {
  response.writeHead(200, { 'Cache-Control': 'no-cache, private', 'Content-Type': contentType, ...(length === undefined ? {} : { 'Content-Length': length }) });
  if (response.req.method === 'HEAD') {
    response.end();
    return;
  }
  let slice: Buffer[] = [];
  let bytes = 0;
  for (const piece of pieces) {
    slice.push(piece);
    bytes += piece.length;
    if (bytes < SLICE_BYTES) continue;
    const room = response.write(Buffer.concat(slice, bytes));
    slice = [];
    bytes = 0;
    if (room) await nextTurn();
    else await drained(response);
    if (response.destroyed) return;
  }
  response.end(Buffer.concat(slice, bytes));
}

/** Resolves when the client has taken what was written, or is gone. */
export function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
    if (response.destroyed) done();
  });
}
