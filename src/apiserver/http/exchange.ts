/** One request and its answer, as handlers see them. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AuditRecord } from '../audit/index.ts';
import type { Seat } from '../flow-control/index.ts';
import type { RequestContext, UserInfo } from '../engine.ts';

export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  /** Without the query. */
  path: string;
  query: URLSearchParams;
  user: UserInfo;
  /** What the engine is told; its warnings become headers. */
  ctx: RequestContext;
  /** Where somebody writes down what happens. */
  audit?: AuditRecord;
  /** Held while the request is served. */
  seat?: Seat;
}

export function exchangeOf(request: IncomingMessage, response: ServerResponse, user: UserInfo): Exchange {
  const url = request.url ?? '/';
  const at = url.indexOf('?');
  const userAgent = request.headers['user-agent'];
  return {
    request,
    response,
    user,
    path: at < 0 ? url : url.slice(0, at),
    query: new URLSearchParams(at < 0 ? '' : url.slice(at + 1)),
    ctx: { user, warnings: [], ...(userAgent === undefined ? {} : { userAgent }) },
  };
}

/** From here on the request is `user`'s. */
export function actAs(exchange: Exchange, user: UserInfo): void {
  if (user === exchange.user) return;
  exchange.user = user;
  exchange.ctx.user = user;
  exchange.audit?.actAs(user);
}
