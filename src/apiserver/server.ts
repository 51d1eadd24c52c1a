/** The API over HTTPS: every address it listens on, one handler, and a prompt end. */
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../runtime/clock.ts';
import type { KubeletOf } from '../runtime/kubelet.ts';
import type { Logger } from '../runtime/log.ts';
import { MetricsRegistry } from '../runtime/metrics.ts';
import type { Random } from '../runtime/random.ts';
import { Aggregator } from './aggregation/aggregator.ts';
import type { Auditor } from './audit/index.ts';
import { authenticator, type OidcOptions } from './authn/index.ts';
import { Discovery } from './discovery/index.ts';
import type { ApiEngine } from './engine.ts';
import { FlowControl } from './flow-control/index.ts';
import { keepFlowControl } from './flow-control/keeper.ts';
import { handle, handleUpgrade, type HandlerWorld } from './http/handler.ts';
import { Health } from './http/health.ts';
import { Metrics } from './http/metrics.ts';
import type { ExternalMetrics } from './metrics-api/external.ts';
import { withMetrics } from './metrics-api/index.ts';
import type { Pki } from './pki/index.ts';

export interface ApiServerOptions {
  engine: ApiEngine;
  pki: Pick<Pki, 'ca' | 'server' | 'serviceAccountKey'> & Partial<Pick<Pki, 'frontProxy'>>;
  host: string;
  /** 0: any free one. */
  port: number;
  /** More addresses to listen on, at the same port. */
  extraListen?: readonly { host: string }[];
  kubeletOf: KubeletOf;
  clock: Clock;
  random: Random;
  log: Logger;
  /** What /metrics shows beside the server's own measures. */
  metrics?: MetricsRegistry;
  /** Who answers external.metrics.k8s.io; an APIService that gives it to somebody else goes first. */
  externalMetrics?: ExternalMetrics;
  /** What is written down of requests. */
  auditor?: Auditor;
  /** A provider whose tokens are taken as well. */
  oidc?: OidcOptions;
  /** How many requests of those who are not exempt are served at a time. */
  seats?: number;
}

export interface RunningApiServer {
  port: number;
  /** What is served, with what is measured: for those who ask without HTTP. */
  engine: ApiEngine;
  /** The servers behind this one. */
  aggregator: Aggregator;
  /** Ends watches and streams and closes all connections. */
  close(): Promise<void>;
}

/** As Go's server; selectors in the URL may be long. */
const HEADER_BYTES_MAX = 1 << 20;
const HEADERS_WITHIN_MS = 60_000;
const IDLE_MS = 90_000;
const BACKLOG = 1024;

/** Rejects with an Error that says what to do when an address cannot be listened on. */
export async function startApiServer(options: ApiServerOptions): Promise<RunningApiServer> {
  const { pki, clock, log, kubeletOf } = options;
  const measuring = withMetrics(options.engine, { kubeletOf, clock, log, external: options.externalMetrics });
  const { engine } = measuring;
  const health = new Health(engine);
  const flowControl = new FlowControl(clock, options.seats);
  const metrics = new Metrics(options.metrics ?? new MetricsRegistry(), { engine, flowControl });
  const keeping = await keepFlowControl({ engine, clock, log }, flowControl);
  const aggregator = new Aggregator(engine, pki.frontProxy?.client);
  await aggregator.start();
  const world: HandlerWorld = {
    engine,
    clock,
    log,
    health,
    metrics,
    flowControl,
    kubeletOf,
    authenticator: authenticator({
      engine,
      clock,
      random: options.random,
      serviceAccountKey: pki.serviceAccountKey,
      ...(options.oidc === undefined ? {} : { oidc: options.oidc }),
    }),
    discovery: new Discovery(engine, `${options.host}:${options.port}`, aggregator),
    aggregator,
    ...(options.auditor === undefined ? {} : { auditor: options.auditor }),
  };
  const connections = new Set<Duplex>();
  const serve = (host: string, port: number): Promise<Server> => listen(httpsServer(world, pki, connections), host, port);
  const first = await serve(options.host, options.port).catch((error: unknown) => {
    keeping.stop();
    metrics.close();
    aggregator.close();
    measuring.close();
    throw error;
  });
  const { port } = first.address() as AddressInfo;
  const servers = [first];
  const close = async (): Promise<void> => {
    health.shutDown();
    keeping.stop();
    metrics.close();
    aggregator.close();
    measuring.close();
    const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    // Watches and streams would never end by themselves; upgraded sockets are no longer the server's.
    for (const socket of connections) socket.destroy();
    await Promise.all(closed);
  };
  try {
    for (const { host } of options.extraListen ?? []) servers.push(await serve(host, port));
  } catch (error) {
    await close();
    throw error;
  }
  return { port, engine, aggregator, close };
}

function httpsServer(world: HandlerWorld, pki: ApiServerOptions['pki'], connections: Set<Duplex>): Server {
  const server = createServer({
    ...pki.server,
    ca: pki.ca,
    requestCert: true,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['http/1.1'],
    maxHeaderSize: HEADER_BYTES_MAX,
    headersTimeout: HEADERS_WITHIN_MS,
    requestTimeout: 0,
    keepAliveTimeout: IDLE_MS,
    noDelay: true,
  });
  server.on('request', (request, response) => void handle(world, request, response));
  server.on('upgrade', (request, socket, head) => void handleUpgrade(world, request, socket, head));
  server.on('secureConnection', (socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
  });
  return server;
}

function listen(server: Server, host: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
    server.listen({ host, port, backlog: BACKLOG }, () => {
      server.removeAllListeners('error');
      server.on('error', () => undefined);
      resolve(server);
    });
  });
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code === 'EADDRINUSE')
    return new Error(
      `port ${port} on ${host} is in use by another program; choose another with --port, or end that program (ss -ltnp 'sport = :${port}' shows it)`,
    );
  if (error.code === 'EACCES') return new Error(`port ${port} on ${host} may not be opened by this user; choose one above 1023 with --port`);
  if (error.code === 'EADDRNOTAVAIL') return new Error(`this machine has no address ${host} to listen on`);
  return error;
}
