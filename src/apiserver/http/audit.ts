/** Audit as the front door sees it: from the URL to the outcome. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { StatusError } from '../../kube/status.ts';
import type { Auditor, AuditRecord, Source } from '../audit/index.ts';
import type { Authorizer } from '../authz/index.ts';
import { attributesOf } from './authorize.ts';
import { exchangeOf, type Exchange } from './exchange.ts';
import { parseResourcePath } from './path.ts';

const ID_HEADER = 'Audit-Id';

/** Every request has a name, the client's or ours, and every answer says it. */
export function nameRequest({ headers }: IncomingMessage, response: ServerResponse): void {
  const given = headers['audit-id'];
  response.setHeader(ID_HEADER, typeof given === 'string' && given !== '' ? given : randomUUID());
}

function idOf(response: ServerResponse): string {
  return String(response.getHeader(ID_HEADER));
}

/** Before it is decided as whom the user asks. */
export function beginAudit(auditor: Auditor, exchange: Exchange): void {
  const resource = parseResourcePath(exchange.path);
  const attributes = attributesOf(exchange, resource);
  const { request, response, user, path } = exchange;
  const record = auditor.begin({
    source: sourceOf(request, idOf(response)),
    user,
    path,
    verb: attributes.verb,
    ...(resource === undefined ? {} : { resource }),
  });
  if (record === undefined) return;
  exchange.audit = record;
  exchange.ctx.annotate = (key, value) => record.annotate(key, value);
  record.received();
  record.follow(response);
}

/** Once it is known as whom the user asks. */
export function noteDecision(record: AuditRecord, authorizer: Authorizer, exchange: Exchange): void {
  const { allowed, reason } = authorizer.decide(exchange.user, attributesOf(exchange, parseResourcePath(exchange.path)));
  record.annotate('authorization.k8s.io/decision', allowed ? 'allow' : 'forbid');
  record.annotate('authorization.k8s.io/reason', reason);
}

/** Nobody could say who they are. */
export function auditRefusal(auditor: Auditor, request: IncomingMessage, response: ServerResponse): void {
  const exchange = exchangeOf(request, response, { name: '', groups: [] });
  const resource = parseResourcePath(exchange.path);
  const { verb } = attributesOf(exchange, resource);
  const { path } = exchange;
  const record = auditor.begin({ source: sourceOf(request, idOf(response)), user: undefined, path, verb, ...(resource === undefined ? {} : { resource }) });
  record?.refused(attempted(request));
}

function attempted({ headers, socket }: IncomingMessage): string {
  const authorization = headers.authorization?.toLowerCase() ?? '';
  const methods = ['basic', 'bearer'].filter((method) => authorization.startsWith(`${method} `));
  if ((socket as TLSSocket).getPeerX509Certificate() !== undefined) methods.push('x509');
  return methods.length === 0 ? 'Authentication failed, no credentials provided' : `Authentication failed, attempted: ${methods.join(', ')}`;
}

export function endAudit(record: AuditRecord, response: ServerResponse, failure: unknown): void {
  if (failure === undefined) record.finish(response.statusCode);
  else if (failure instanceof StatusError) record.finish(failure.code, failure);
  else record.finish(500, undefined, failure instanceof Error ? failure : new Error(String(failure)));
}

function sourceOf({ url, headers, socket }: IncomingMessage, id: string): Source {
  const forwarded = [headers['x-forwarded-for'], headers['x-real-ip']].flat().flatMap((value) => (value ?? '').split(','));
  const connected = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  const ips = [...new Set([...forwarded.map((ip) => ip.trim()), connected])].filter((ip) => ip !== '');
  const userAgent = headers['user-agent'];
  return { uri: url, ips, id, ...(userAgent === undefined ? {} : { userAgent }) };
}
