/**
 * custom.metrics.k8s.io in a cluster with `--metrics`: a server behind the API's aggregation, as adapters are. Its APIServices are made
 * where they are missing, so that those of another adapter go first.
 */
import { createServer } from 'node:https';
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { inProcessClient, type ApiEngine } from '../../apiserver/index.ts';
import { newServer, type Pki } from '../../apiserver/pki/index.ts';
import { endpointSlices, services, type Resource } from '../../kube/resources.ts';
import { isNotFound, StatusError } from '../../kube/status.ts';
import type { EndpointSlice, KubeObject, Service } from '../../kube/types.ts';
import type { Client } from '../../runtime/client.ts';
import type { Clock } from '../../runtime/clock.ts';
import { CUSTOM_METRICS, customMetrics, hostResolver, httpGet, type CustomMetrics, type CustomMetricsVersion, type MetricPath } from '../../scaling/index.ts';
import { ensureExists } from './ensure-exists.ts';
import { HPA, INSTALLER } from './identities.ts';

const NAMESPACE = 'kube-system';
const NAME = 'custom-metrics';
const LABELS = { 'app.kubernetes.io/name': NAME, 'app.kubernetes.io/managed-by': 'argosy' };
/** As `startApiServer`'s certificate is called: the adapter shares it. */
const FRONT_PROXY = 'front-proxy-client';
const PROMETHEUS = { url: 'http://prometheus-server', namespace: 'default' };

const apiServices: Resource = { group: 'apiregistration.k8s.io', version: 'v1', kind: 'APIService', plural: 'apiservices', namespaced: false };

export interface AdapterOptions {
  engine: ApiEngine;
  pki: Pick<Pki, 'ca' | 'caKey' | 'frontProxy'>;
  clock: Clock;
  /** Where to listen; where the API reaches it. */
  host: string;
}

/** `metrics`: as `ensurePrometheus` has it. Listens and makes the objects that lead there, or takes them back. */
export async function ensureCustomMetrics(options: AdapterOptions, metrics: string): Promise<{ close(): Promise<void> } | undefined> {
  if (metrics !== 'off') return serveCustomMetrics(options);
  await withdraw(inProcessClient(options.engine, INSTALLER));
  return undefined;
}

async function serveCustomMetrics({ engine, pki, clock, host }: AdapterOptions): Promise<{ close(): Promise<void> }> {
  // Whoever may ask for a metric may learn of the objects that it is of.
  const client = inProcessClient(engine, { ...HPA, groups: ['system:masters'] });
  const http = httpGet(hostResolver(client));
  const adapter = customMetrics({ client, clock, http: http.get, prometheus: PROMETHEUS, resource: (group, plural) => resourceOf(engine, group, plural) });
  const serverName = `${NAME}.${NAMESPACE}.svc`;
  const certificate = newServer({ cert: pki.ca, key: pki.caKey }, NAME, [serverName], clock.now());
  const server = createServer({ ...certificate, ca: pki.frontProxy.ca, requestCert: true, rejectUnauthorized: true }, (request, response) => {
    void answer(adapter, request).then(({ code, body }) => {
      response.writeHead(code, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen({ host, port: 0 }, resolve));
  const { port } = server.address() as AddressInfo;
  await announce(inProcessClient(engine, INSTALLER), { host, port, ca: pki.ca });
  return {
    close() {
      http.close();
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** APIServices that lead elsewhere stay. */
async function withdraw(client: Client): Promise<void> {
  for (const version of CUSTOM_METRICS.versions) {
    const name = `${version}.${CUSTOM_METRICS.group}`;
    const found = await client.get(apiServices, { name }).catch(orUndefined);
    if (found?.metadata.labels?.['app.kubernetes.io/managed-by'] === 'argosy') await client.delete(apiServices, { name }).catch(orUndefined);
  }
  const key = { namespace: NAMESPACE, name: NAME };
  await client.delete(services, key).catch(orUndefined);
  await client.delete(endpointSlices, key).catch(orUndefined);
}

async function announce(client: Client, { host, port, ca }: { host: string; port: number; ca: string }): Promise<void> {
  const metadata = { name: NAME, namespace: NAMESPACE, labels: LABELS };
  const service: Service = { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ name: 'https', port: 443, targetPort: port }] } };
  const slice: EndpointSlice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...metadata, labels: { ...LABELS, 'kubernetes.io/service-name': NAME } },
    addressType: 'IPv4',
    ports: [{ name: 'https', port, protocol: 'TCP' }],
    endpoints: [{ addresses: [host], conditions: { ready: true } }],
  };
  await ensureExists(client, services, service);
  await client.delete(endpointSlices, { namespace: NAMESPACE, name: NAME }).catch(orUndefined);
  await client.create(endpointSlices, slice);
  for (const [i, version] of CUSTOM_METRICS.versions.entries()) {
    const spec = {
      group: CUSTOM_METRICS.group,
      version,
      groupPriorityMinimum: 100,
      versionPriority: 200 - 100 * i,
      service: { namespace: NAMESPACE, name: NAME },
      caBundle: Buffer.from(ca).toString('base64'),
    };
    const name = `${version}.${CUSTOM_METRICS.group}`;
    await ensureExists(client, apiServices, {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name, labels: LABELS },
      spec,
    } as KubeObject);
  }
}

async function answer(adapter: CustomMetrics, request: IncomingMessage): Promise<{ code: number; body: object }> {
  try {
    // Another client's certificate of the same authority would say who asks as it likes.
    if ((request.socket as TLSSocket).getPeerCertificate().subject?.CN !== FRONT_PROXY) throw new StatusError(403, 'Forbidden', 'only the API may ask here');
    if (request.method !== 'GET') throw new StatusError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource');
    const url = new URL(request.url ?? '/', 'http://adapter');
    const [, , , version, ...below] = url.pathname.replace(/\/$/, '').split('/').map(decodeURIComponent);
    const known = CUSTOM_METRICS.versions.find((each) => each === version) satisfies CustomMetricsVersion | undefined;
    if (known === undefined) throw notServed();
    if (below.length === 0) return { code: 200, body: await adapter.list(known) };
    const path = pathOf(below);
    if (path === undefined) throw notServed();
    const selector = (name: string): string => url.searchParams.get(name) ?? '';
    const selectors = { labelSelector: selector('labelSelector'), metricLabelSelector: selector('metricLabelSelector') };
    return { code: 200, body: await adapter.values(known, path, selectors) };
  } catch (error) {
    const told = error instanceof StatusError ? error : new StatusError(500, 'InternalError', `${STATUS_CODES[500]}: ${(error as Error).message}`);
    return { code: told.code, body: told.status };
  }
}

/** 'namespaces/NS/pods/NAME/METRIC', 'namespaces/NS/metrics/METRIC', 'nodes/NAME/METRIC'. */
function pathOf(below: readonly string[]): MetricPath | undefined {
  const [first, namespace = '', resource = '', name = '', metric] = below;
  if (first === 'namespaces' && resource === 'metrics' && below.length === 4) return { namespace, resource, name: namespace, metric: name };
  if (first === 'namespaces' && metric !== undefined && below.length === 5) return { namespace, resource, name, metric };
  return below.length === 3 ? { resource: first ?? '', name: namespace, metric: resource } : undefined;
}

function resourceOf(engine: ApiEngine, group: string, plural: string): Resource | undefined {
  return engine.definitions().find((definition) => definition.group === group && definition.plural === plural);
}

function notServed(): StatusError {
  return new StatusError(404, 'NotFound', 'the server could not find the requested resource', {});
}

function orUndefined(error: unknown): undefined {
  if (!isNotFound(error)) throw error;
  return undefined;
}
