/** `argosy up --metrics`: a Prometheus behind the Service `prometheus-server`, one of the cluster's own or one elsewhere. */
import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { ApiEngine } from '../../apiserver/index.ts';
import { apiVersionOf, services, type Resource } from '../../kube/resources.ts';
import { isNotFound } from '../../kube/status.ts';
import type { EndpointSlice, KubeObject, Service } from '../../kube/types.ts';
import type { Client } from '../../runtime/client.ts';
import { packageRoot } from '../package-root.ts';
import { ensureExists } from './ensure-exists.ts';

const NAMESPACE = 'default';
const NAME = 'prometheus-server';
const MANAGED_BY = 'app.kubernetes.io/managed-by';
const LABELS = { 'app.kubernetes.io/name': 'prometheus', [MANAGED_BY]: 'argosy' };

interface Place {
  client: Client;
  engine: Pick<ApiEngine, 'definitions'>;
  /** Where pods reach this machine. */
  hostAddress: string;
}

/** `metrics`: 'on', 'off' or the URL of a Prometheus. Makes what is missing, and takes back what an earlier setting made. */
export async function ensurePrometheus(place: Place, metrics: string): Promise<void> {
  const before = await serviceOfOurs(place.client);
  if (before !== undefined && metrics !== 'on' && isOwn(before)) await takeBack(place, manifests());
  // The address may be another one now.
  if (before !== undefined && !isOwn(before)) await takeBack(place, pointingTo('', 0));
  if (metrics === 'off') return;
  for (const object of metrics === 'on' ? manifests() : await elsewhere(new URL(metrics), place.hostAddress))
    await ensureExists(place.client, resourceOf(place, object), object);
}

function manifests(): KubeObject[] {
  const text = readFileSync(join(packageRoot, 'manifests/prometheus.yaml'), 'utf8');
  return parseAllDocuments(text).map((document) => document.toJS() as KubeObject);
}

/** Undefined when there is none, or one that somebody else made. */
async function serviceOfOurs(client: Client): Promise<Service | undefined> {
  try {
    const service = await client.get(services, { name: NAME, namespace: NAMESPACE });
    return service.metadata.labels?.[MANAGED_BY] === 'argosy' ? service : undefined;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** One elsewhere has no pods to select. */
const isOwn = ({ spec }: Service): boolean => spec?.selector !== undefined;

/** The claim stays, and what was measured with it. */
async function takeBack(place: Place, objects: readonly KubeObject[]): Promise<void> {
  for (const object of objects) {
    if (object.kind === 'PersistentVolumeClaim') continue;
    const { name = '', namespace } = object.metadata;
    try {
      await place.client.delete(resourceOf(place, object), namespace === undefined ? { name } : { name, namespace });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

/** A Prometheus that listens on this machine's loopback alone cannot be reached by pods; on all addresses it can. */
async function elsewhere({ hostname, port }: URL, hostAddress: string): Promise<KubeObject[]> {
  const { address } = await lookup(hostname, { family: 4 });
  return pointingTo(address.startsWith('127.') ? hostAddress : address, Number(port || 80));
}

function pointingTo(address: string, port: number): KubeObject[] {
  const metadata = { name: NAME, namespace: NAMESPACE, labels: LABELS };
  const service: Service = { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ name: 'http', port: 80, targetPort: port }] } };
  const slice: EndpointSlice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...metadata, labels: { ...LABELS, 'kubernetes.io/service-name': NAME } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port, protocol: 'TCP' }],
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
  };
  return [service, slice];
}

function resourceOf({ engine }: Place, { apiVersion, kind }: KubeObject): Resource {
  const found = engine.definitions().find((definition) => definition.kind === kind && apiVersionOf(definition) === apiVersion);
  if (found === undefined) throw new Error(`manifests/prometheus.yaml: there is no kind ${apiVersion} ${kind}`);
  return found;
}
