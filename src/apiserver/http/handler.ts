/** From a request to its answer: who asks, may they, what is it about, and which room answers. */
import { ServerResponse, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { badRequest, methodNotAllowed } from '../../kube/status.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { KubeletOf } from '../../runtime/kubelet.ts';
import type { Logger } from '../../runtime/log.ts';
import type { Aggregator } from '../aggregation/aggregator.ts';
import type { Auditor } from '../audit/index.ts';
import { ISSUER, type Authenticator } from '../authn/index.ts';
import { sendKeySet, sendOpenIdConfiguration, type Discovery } from '../discovery/index.ts';
import type { ApiEngine, UserInfo } from '../engine.ts';
import { TooManyRequests, type FlowControl } from '../flow-control/index.ts';
import type { Upgrade } from '../streams/upgrade.ts';
import { auditRefusal, beginAudit, endAudit, nameRequest, noteDecision } from './audit.ts';
import { authorize } from './authorize.ts';
import { actAs, exchangeOf, type Exchange } from './exchange.ts';
import { sendTooMany, takeSeat } from './flow.ts';
import { sendVersion, type Health } from './health.ts';
import type { Metrics, RequestLabels } from './metrics.ts';
import { parseResourcePath, type ResourcePath } from './path.ts';
import { serveLogs, serveStream } from './pods.ts';
import { serveProxy } from './proxy.ts';
import { isTrue } from './query.ts';
import { findResource, notServed, serveResource, type ResourceRequest } from './resources.ts';
import { send, sendError, sendJson, sendWarnings } from './respond.ts';
import { serveTargets } from './targets.ts';

export interface HandlerWorld {
  engine: ApiEngine;
  clock: Clock;
  log: Logger;
  kubeletOf: KubeletOf;
  authenticator: Authenticator;
  discovery: Discovery;
  aggregator: Aggregator;
  health: Health;
  metrics: Metrics;
  flowControl: FlowControl;
  /** Absent: nothing is audited. */
  auditor?: Auditor;
}

const OTHER: RequestLabels = { verb: '', group: '', version: '', resource: '', subresource: '', scope: '' };

/** Answers a request; never rejects. */
export async function handle(world: HandlerWorld, request: IncomingMessage, response: ServerResponse): Promise<void> {
  await measured(world, request, response, async (exchange) => {
    const behind = world.aggregator.find(exchange.path);
    if (behind !== undefined) return passOn(world, exchange, (user) => world.aggregator.serve(behind, request, response, user));
    const path = parseResourcePath(exchange.path);
    if (path === undefined) {
      authorize(world.engine.authorizer, exchange, path);
      await serveOther(world, exchange);
      return undefined;
    }
    const found = resourceOf(world, exchange, path);
    if (found.path.subresource === 'log') return { found, work: serveLogs(world, exchange, found), long: true };
    if (found.path.subresource === 'proxy') return { found, work: serveProxy(world, exchange, found), long: true };
    if (isStreaming(found)) throw badRequest('Upgrade request required');
    return { found, work: serveResource(world, exchange, found), long: found.verb === 'watch' };
  });
}

/** Answers a request that wants to leave HTTP; never rejects. */
export async function handleUpgrade(world: HandlerWorld, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
  // Until the upgrade succeeds, errors are told as to any other request.
  const response = new ServerResponse(request);
  // The server's sockets are TLS sockets, which are sockets.
  response.assignSocket(socket as Socket);
  response.shouldKeepAlive = false;
  response.on('finish', () => socket.end());
  socket.on('error', () => undefined);
  const upgrade: Upgrade = {
    request,
    head,
    takeSocket() {
      response.detachSocket(socket as Socket);
      return socket;
    },
  };
  await measured(world, request, response, async (exchange) => {
    const behind = world.aggregator.find(exchange.path);
    if (behind !== undefined) return passOn(world, exchange, (user) => world.aggregator.upgrade(behind, request, response, user, head, upgrade.takeSocket));
    const path = parseResourcePath(exchange.path);
    const found = path && resourceOf(world, exchange, path);
    if (found === undefined || !isStreaming(found) || found.path.subresource === 'proxy') throw badRequest('this path cannot be upgraded');
    const taken: Upgrade = { ...upgrade, takeSocket: () => (exchange.audit?.started(101), upgrade.takeSocket()) };
    return { found, work: serveStream(world, exchange, found, taken), long: true };
  });
}

/** Another server decides about the object; whether the requester may ask at all is decided here. */
async function passOn(world: HandlerWorld, exchange: Exchange, pass: (user: UserInfo) => Promise<void>): Promise<undefined> {
  authorize(world.engine.authorizer, exchange, parseResourcePath(exchange.path));
  world.metrics.longRunning(1);
  // It may be a watch, which would sit for as long as it lasts.
  if (isTrue(exchange.query, 'watch')) exchange.seat?.release();
  await pass(exchange.user).finally(() => world.metrics.longRunning(-1));
  return undefined;
}

function isStreaming({ definition, path }: ResourceRequest): boolean {
  return definition.subresources.some((sub) => sub.name === path.subresource && sub.streaming === true);
}

function resourceOf(world: HandlerWorld, exchange: Exchange, path: ResourcePath): ResourceRequest {
  // First: who may not ask does not learn what there is.
  authorize(world.engine.authorizer, exchange, path);
  const { request, query } = exchange;
  const upgrade = request.headers.upgrade !== undefined;
  return findResource(world.engine, path, upgrade && path.subresource !== 'log' ? 'POST' : (request.method ?? 'GET'), query);
}

type Answer = { found: ResourceRequest; work: Promise<void>; long: boolean } | undefined;

async function measured(
  world: HandlerWorld,
  request: IncomingMessage,
  response: ServerResponse,
  serve: (exchange: Exchange) => Promise<Answer>,
): Promise<void> {
  const started = performance.now();
  nameRequest(request, response);
  let answer: Answer;
  let exchange: Exchange | undefined;
  let failure: unknown;
  try {
    exchange = exchangeOf(request, response, await world.authenticator.identify(request));
    if (world.auditor !== undefined) beginAudit(world.auditor, exchange);
    actAs(exchange, world.authenticator.acting(request, exchange.user));
    if (exchange.audit !== undefined) noteDecision(exchange.audit, world.engine.authorizer, exchange);
    const seat = takeSeat(world.flowControl, exchange);
    if (seat !== undefined) exchange.seat = seat instanceof Promise ? await seat : seat;
    answer = await serve(exchange);
    if (answer?.long) {
      world.metrics.longRunning(1);
      exchange.seat?.release();
    }
    await answer?.work;
  } catch (error) {
    failure = error;
    if (exchange !== undefined && !response.headersSent) sendWarnings(exchange);
    else if (exchange === undefined && world.auditor !== undefined) auditRefusal(world.auditor, request, response);
    if (error instanceof TooManyRequests) sendTooMany(response, error.message);
    else sendError(response, error, world.log);
  }
  exchange?.seat?.release();
  if (exchange?.audit !== undefined) endAudit(exchange.audit, response, failure);
  if (answer?.long) world.metrics.longRunning(-1);
  world.metrics.observe(labelsOf(request, answer?.found), response.statusCode, answer?.long ? undefined : (performance.now() - started) / 1000);
}

function labelsOf(request: IncomingMessage, found: ResourceRequest | undefined): RequestLabels {
  if (found === undefined) return { ...OTHER, verb: request.method ?? '' };
  const { group, version, plural, subresource = '', name, namespace } = found.path;
  return {
    verb: found.verb.toUpperCase(),
    group,
    version,
    resource: plural,
    subresource,
    scope: name !== undefined ? 'resource' : namespace !== undefined ? 'namespace' : 'cluster',
  };
}

/** Everything that is not a resource. */
async function serveOther(world: HandlerWorld, exchange: Exchange): Promise<void> {
  const { method = 'GET' } = exchange.request;
  if (method === 'OPTIONS') {
    exchange.response.writeHead(204, { Allow: 'GET, HEAD, OPTIONS' });
    exchange.response.end();
    return;
  }
  if (method !== 'GET' && method !== 'HEAD') throw methodNotAllowed();
  switch (exchange.path.replace(/\/$/, '')) {
    case '/version':
      return sendVersion(exchange);
    case '/metrics':
      return world.metrics.serve(exchange);
    case '/openid/v1/jwks':
      return sendKeySet(exchange, world.authenticator.jwks());
    case '/.well-known/openid-configuration':
      return sendOpenIdConfiguration(exchange, ISSUER);
    case '':
      return sendJson(exchange.response, 200, { paths: rootPaths(world.engine) });
  }
  if (world.health.serve(exchange) || (await world.discovery.serve(exchange)) || (await serveTargets(world.engine, exchange))) return;
  // Below a version clients look for a Status.
  const [root, ...below] = exchange.path.split('/').filter((part) => part !== '');
  if ((root === 'api' && below.length > 0) || (root === 'apis' && below.length > 1)) throw notServed();
  send(exchange.response, 404, 'text/plain; charset=utf-8', '404 page not found\n');
}

function rootPaths(engine: ApiEngine): string[] {
  const groups = new Set<string>();
  for (const { group, version } of engine.definitions()) {
    if (group === '') groups.add('/api').add(`/api/${version}`);
    else groups.add('/apis').add(`/apis/${group}`).add(`/apis/${group}/${version}`);
  }
  return [
    ...groups,
    '/healthz',
    '/livez',
    '/metrics',
    '/openapi/v2',
    '/openapi/v3',
    '/openid/v1/jwks',
    '/readyz',
    '/version',
    '/.well-known/openid-configuration',
  ].toSorted();
}
