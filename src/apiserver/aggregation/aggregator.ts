/**
 * Other API servers behind this one: requests for the groups and versions that an APIService gives to a Service are passed on,
 * with the requester's name in headers that the front proxy's certificate vouches for.
 */
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { Agent, request as httpsRequest, type RequestOptions } from 'node:https';
import type { Duplex } from 'node:stream';
import type { ConnectionOptions } from 'node:tls';
import { pipeline } from 'node:stream/promises';
import type { ApiEngine, UserInfo } from '../engine.ts';
import type { KeyPair } from '../pki/certificates.ts';
import { networkText } from '../webhooks/call.ts';
import { apiServiceName, type ApiService } from './local.ts';
import { discoveredVersion, type DiscoveredVersion, type ResourceList } from './remote-discovery.ts';

/** RFC 9110 7.6.1: these are between neighbours only. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailer', 'transfer-encoding', 'upgrade']);
const PROBE_MS = 5_000;
const HTTPS_PORT = 443;

export class Aggregator {
  readonly #engine: ApiEngine;
  readonly #frontProxy: KeyPair | undefined;
  readonly #remote = new Map<string, ApiService>();
  readonly #discovered = new Map<string, DiscoveredVersion>();
  readonly #agents = new Map<string, Agent>();
  readonly #listeners = new Set<() => void>();
  #stop: (() => void) | undefined;

  /** Without a key pair, servers behind are asked without a certificate. */
  constructor(engine: ApiEngine, frontProxy: KeyPair | undefined) {
    this.#engine = engine;
    this.#frontProxy = frontProxy;
  }

  /** Follows the APIServices from now on. */
  async start(): Promise<void> {
    const definition = this.#engine.definition('apiregistration.k8s.io', 'v1', 'apiservices');
    if (definition === undefined) return;
    const watch = await this.#engine.watch(definition, { user: { name: 'system:aggregator', groups: ['system:masters'] }, warnings: [] });
    this.#stop = () => watch.close();
    watch.onReady(() => {
      for (const event of watch.drain()) if ('object' in event) this.#take(event.object.object as ApiService, event.type === 'DELETED');
    });
  }

  close(): void {
    this.#stop?.();
    for (const agent of this.#agents.values()) agent.destroy();
  }

  onChanged(fn: () => void): void {
    this.#listeners.add(fn);
  }

  /** Whose path this is, when it is another server's. */
  find(path: string): ApiService | undefined {
    if (this.#remote.size === 0) return undefined;
    const [, root, group = '', version = ''] = path.split('/');
    if (root !== 'apis' || version === '') return undefined;
    return this.#remote.get(apiServiceName({ group, version }));
  }

  /** What other servers said they serve. */
  discovered(): DiscoveredVersion[] {
    return [...this.#discovered.values()];
  }

  /** Asks the server behind what it serves. Answers why it does not, in upstream's words. */
  async probe(service: ApiService): Promise<string | undefined> {
    const { group = '', version = '' } = service.spec;
    const path = `/apis/${group}/${version}`;
    let where = path;
    try {
      const target = this.#target(service);
      where = `https://${target.host}:${target.port}${path}`;
      const { code, body } = await ask({
        ...target,
        path,
        headers: { Accept: 'application/json', ...remoteHeaders({ name: 'system:kube-aggregator', groups: ['system:masters'] }) },
        timeout: PROBE_MS,
      });
      if (code < 200 || code > 299) return `failing or missing response from ${where}: bad status from ${where}: ${code}`;
      this.#discover(service, JSON.parse(body) as ResourceList);
      return undefined;
    } catch (error) {
      return `failing or missing response from ${where}: Get ${JSON.stringify(where)}: ${networkText(error as NodeJS.ErrnoException)}`;
    }
  }

  /** Passes a request on, and its answer back. */
  async serve(service: ApiService, request: IncomingMessage, response: ServerResponse, user: UserInfo): Promise<void> {
    const options = this.#onward(service, request, user);
    if (options === undefined) return unavailable(response, 'service unavailable');
    await new Promise<void>((resolve) => {
      const onward = httpsRequest(options);
      response.on('close', () => {
        onward.destroy();
        resolve();
      });
      onward.on('error', (error) => {
        if (response.headersSent) response.destroy();
        else unavailable(response, `error trying to reach service: ${error.message}`);
        resolve();
      });
      onward.on('response', (answer) => {
        response.writeHead(answer.statusCode ?? 502, endToEnd(answer.headers));
        pipeline(answer, response).then(resolve, () => response.destroy());
      });
      request.pipe(onward);
    });
  }

  /** The same for a request that wants to leave HTTP; `takeSocket` is called when the server behind agrees. */
  async upgrade(
    service: ApiService,
    request: IncomingMessage,
    response: ServerResponse,
    user: UserInfo,
    head: Buffer,
    takeSocket: () => Duplex,
  ): Promise<void> {
    const options = this.#onward(service, request, user);
    if (options === undefined) return unavailable(response, 'service unavailable');
    const { upgrade } = request.headers;
    await new Promise<void>((resolve) => {
      const onward = httpsRequest({ ...options, agent: false, headers: { ...options.headers, connection: 'Upgrade', upgrade } });
      onward.on('error', (error) => {
        unavailable(response, `error trying to reach service: ${error.message}`);
        resolve();
      });
      onward.on('response', (answer) => {
        response.writeHead(answer.statusCode ?? 502, endToEnd(answer.headers));
        pipeline(answer, response).then(resolve, () => response.destroy());
      });
      onward.on('upgrade', (answer, behind, rest) => {
        const client = takeSocket();
        const headers = Object.entries(answer.headers).flatMap(([name, value]) => [value ?? []].flat().map((one) => `${name}: ${one}\r\n`));
        client.write(`HTTP/1.1 101 Switching Protocols\r\n${headers.join('')}\r\n`);
        client.write(rest);
        behind.write(head);
        for (const [from, to] of [[client, behind] as const, [behind, client] as const]) {
          from.pipe(to);
          from.on('error', () => to.destroy());
          from.on('close', () => to.destroy());
        }
        resolve();
      });
      onward.end();
    });
  }

  #take(service: ApiService, deleted: boolean): void {
    const name = service.metadata.name ?? '';
    if (deleted || service.spec.service === undefined) {
      this.#remote.delete(name);
      if (this.#discovered.delete(name)) this.#changed();
      return;
    }
    this.#remote.set(name, service);
  }

  #discover(service: ApiService, list: ResourceList): void {
    const name = service.metadata.name ?? '';
    const found = discoveredVersion(service.spec, list);
    if (JSON.stringify(this.#discovered.get(name)) === JSON.stringify(found)) return;
    this.#discovered.set(name, found);
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Throws an Error when there is nothing to dial. */
  #target({ spec }: ApiService): RequestOptions & { host: string; port: number } {
    const { namespace, name, port = HTTPS_PORT } = spec.service!;
    const address = this.#engine.resolveService({ namespace, name, port });
    return { ...address, ...this.#tls(spec), servername: `${name}.${namespace}.svc`, agent: this.#agentFor(spec) };
  }

  #onward(service: ApiService, request: IncomingMessage, user: UserInfo): (RequestOptions & { headers: OutgoingHttpHeaders }) | undefined {
    try {
      const target = this.#target(service);
      const headers = { ...onwardHeaders(request.headers), ...remoteHeaders(user), host: `${target.servername}:${service.spec.service?.port ?? HTTPS_PORT}` };
      return { ...target, method: request.method, path: request.url, headers };
    } catch {
      return undefined;
    }
  }

  /** Said with each request too: an upgrade has a connection of its own. */
  #tls({ caBundle = '', insecureSkipTLSVerify = false }: ApiService['spec']): ConnectionOptions {
    return {
      ...this.#frontProxy,
      rejectUnauthorized: !insecureSkipTLSVerify,
      ...(caBundle === '' ? {} : { ca: Buffer.from(caBundle, 'base64').toString() }),
    };
  }

  #agentFor(spec: ApiService['spec']): Agent {
    const key = `${spec.insecureSkipTLSVerify} ${spec.caBundle}`;
    let agent = this.#agents.get(key);
    if (agent === undefined) this.#agents.set(key, (agent = new Agent({ keepAlive: true, ...this.#tls(spec) })));
    return agent;
  }
}

function ask(options: RequestOptions): Promise<{ code: number; body: string }> {
  return new Promise((resolve, reject) => {
    const call = httpsRequest(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ code: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
      response.on('error', reject);
    });
    call.on('timeout', () => call.destroy(new Error('context deadline exceeded')));
    call.on('error', reject);
    call.end();
  });
}

/** As upstream: plain text. */
function unavailable(response: ServerResponse, why: string): void {
  if (response.headersSent) return;
  response.writeHead(503, { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' });
  response.end(`${why}\n`);
}

function endToEnd(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name)));
}

/** Who asks is said by this server alone. */
function onwardHeaders(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(
    Object.entries(endToEnd(headers)).filter(([name]) => name !== 'authorization' && !name.startsWith('impersonate-') && !name.startsWith('x-remote-')),
  );
}

function remoteHeaders({ name, groups, uid, extra = {} }: UserInfo): OutgoingHttpHeaders {
  return {
    'X-Remote-User': name,
    'X-Remote-Group': [...groups],
    ...(uid === undefined ? {} : { 'X-Remote-Uid': uid }),
    ...Object.fromEntries(Object.entries(extra).map(([key, values]) => [`X-Remote-Extra-${encodeURIComponent(key)}`, values])),
  };
}
