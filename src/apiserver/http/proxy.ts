/** `.../proxy/...` of pods and services: HTTP to a container, through the node's kubelet; of nodes see node-proxy.ts. */
import { request as httpRequest, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { badRequest, notFound, serviceUnavailable, type StatusError } from '../../kube/status.ts';
import type { EndpointSlice, KubeObject, Pod, Service } from '../../kube/types.ts';
import type { ApiEngine } from '../engine.ts';
import type { Exchange } from './exchange.ts';
import { serveNodeProxy } from './node-proxy.ts';
import type { PodWorld } from './pods.ts';
import type { ResourceRequest } from './resources.ts';

interface Target {
  pod: Pod;
  port: number;
}

/** RFC 9110 7.6.1: these are between neighbours only. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailer', 'transfer-encoding', 'upgrade']);

/** Rejects with StatusError 503 when nothing answers there, as upstream. */
export async function serveProxy(world: PodWorld, exchange: Exchange, { path }: ResourceRequest): Promise<void> {
  const { namespace = '', name = '', plural } = path;
  if (plural === 'nodes') return serveNodeProxy(world, exchange, name, path.rest);
  const [object, port] = splitName(name);
  const target =
    plural === 'services' ? await ofService(world.engine, exchange, namespace, object, port) : await ofPod(world.engine, exchange, namespace, object, port);
  const { metadata, spec } = target.pod;
  const kubelet = world.kubeletOf(spec?.nodeName ?? '');
  if (kubelet === undefined) throw unreachable(`no kubelet answers for node ${JSON.stringify(spec?.nodeName ?? '')}`);
  const connection = await kubelet.portForward({ namespace, name: metadata.name ?? '', uid: metadata.uid ?? '' }, target.port).catch((error: Error) => {
    throw unreachable(error.message);
  });
  await forward(exchange, connection, path.rest);
}

/** 'name', 'name:port' or 'scheme:name:port', where the port may be a name and the scheme must be http. */
function splitName(text: string): [name: string, port: string] {
  const parts = text.split(':');
  if (parts.length === 3 && parts[0] !== '' && parts[0] !== 'http')
    throw badRequest(`scheme ${JSON.stringify(parts[0])} is not supported by this proxy; use http`);
  if (parts.length > 3) throw badRequest(`invalid proxy target ${JSON.stringify(text)}: it must be name, name:port or scheme:name:port`);
  return parts.length === 3 ? [parts[1]!, parts[2]!] : [parts[0]!, parts[1] ?? ''];
}

async function read<T extends KubeObject>(engine: ApiEngine, { ctx }: Exchange, plural: string, namespace: string, name: string): Promise<T> {
  const definition = engine.definition('', 'v1', plural);
  if (definition === undefined) throw notFound({ group: '', plural, name });
  // The collection holds objects of this kind.
  return (await engine.get(definition, ctx, { namespace, name })).object as T;
}

async function ofPod(engine: ApiEngine, exchange: Exchange, namespace: string, name: string, port: string): Promise<Target> {
  const pod = await read<Pod>(engine, exchange, 'pods', namespace, name);
  const ports = (pod.spec?.containers ?? []).flatMap((container) => container.ports ?? []);
  const number = port === '' ? (ports[0]?.containerPort ?? 80) : Number(port) || ports.find((found) => found.name === port)?.containerPort;
  if (number === undefined) throw badRequest(`pod ${JSON.stringify(name)} has no port named ${JSON.stringify(port)}`);
  return { pod, port: number };
}

/** The first ready endpoint, from the service's slices. */
async function ofService(engine: ApiEngine, exchange: Exchange, namespace: string, name: string, port: string): Promise<Target> {
  const { spec } = await read<Service>(engine, exchange, 'services', namespace, name);
  const ports = spec?.ports ?? [];
  const servicePort = port === '' && ports.length === 1 ? ports[0] : ports.find((found) => found.name === port || String(found.port) === port);
  if (servicePort === undefined) throw serviceUnavailable(`no service port ${JSON.stringify(port)} found for service ${JSON.stringify(name)}`);
  const slices = engine.definition('discovery.k8s.io', 'v1', 'endpointslices');
  const found = slices && (await engine.list(slices, exchange.ctx, { namespace, labelSelector: `kubernetes.io/service-name=${name}` }));
  for (const { object } of found?.items ?? []) {
    const slice = object as EndpointSlice;
    const number = slice.ports?.find((candidate) => (candidate.name ?? '') === (servicePort.name ?? ''))?.port;
    const ready = slice.endpoints?.find(({ conditions, targetRef }) => conditions?.ready !== false && targetRef?.kind === 'Pod');
    if (number && ready?.targetRef?.name) return { pod: await read<Pod>(engine, exchange, 'pods', namespace, ready.targetRef.name), port: number };
  }
  throw serviceUnavailable(`no endpoints available for service ${JSON.stringify(name)}`);
}

function forward({ request, response, query }: Exchange, connection: Duplex, path: string): Promise<void> {
  const search = query.toString();
  return new Promise((resolve, reject) => {
    const onward = httpRequest({
      method: request.method,
      path: search === '' ? path : `${path}?${search}`,
      headers: onwardHeaders(request.headers),
      createConnection: () => connection,
    });
    response.on('close', () => {
      onward.destroy();
      resolve();
    });
    onward.on('error', (error) => (response.headersSent ? response.destroy() : reject(unreachable(error.message))));
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, endToEnd(answer.headers));
      pipeline(answer, response).then(resolve, () => response.destroy());
    });
    request.pipe(onward);
  });
}

/** The caller's credentials are for this server only. */
function onwardHeaders(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const { authorization: _secret, ...rest } = endToEnd(headers);
  return { ...rest, connection: 'close' };
}

function endToEnd(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name) && !name.startsWith('impersonate-')));
}

function unreachable(why: string): StatusError {
  return serviceUnavailable(`error trying to reach service: ${why}`);
}
