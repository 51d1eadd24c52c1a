/** What every cluster has from its first moment: its namespaces, the system's priority classes, and the address of its own API. */
import { isAlreadyExists, isNotFound } from '../kube/status.ts';
import type { KubeObject } from '../kube/types.ts';
import { formatIp, parseCidr } from './admission/services/cidr.ts';
import { serverContext, type ApiEngine, type RequestContext, type ResourceDefinition } from './engine.ts';
import { equalJson } from '../kube/json.ts';

const NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

const SYSTEM_PRIORITIES = [
  ['system-cluster-critical', 2_000_000_000, 'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.'],
  ['system-node-critical', 2_000_001_000, 'Used for system critical pods that must not be moved from their current node.'],
] as const;

/** Where the API answers, as pods see it. */
export interface Endpoint {
  ip: string;
  port: number;
}

function endpointObjects(serviceCidr: string, endpoint: Endpoint): KubeObject[] {
  const metadata = { name: 'kubernetes', namespace: 'default' };
  const labels = { component: 'apiserver', provider: 'kubernetes' };
  const port = { name: 'https', port: endpoint.port, protocol: 'TCP' };
  const objects = [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { ...metadata, labels },
      spec: {
        type: 'ClusterIP',
        clusterIP: formatIp(parseCidr(serviceCidr).first + 1),
        ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: endpoint.port }],
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: { ...metadata, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
      subsets: [{ addresses: [{ ip: endpoint.ip }], ports: [port] }],
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 'kubernetes' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [endpoint.ip], conditions: { ready: true } }],
      ports: [port],
    },
  ];
  return objects as KubeObject[];
}

function named(apiVersion: string, kind: string, metadata: KubeObject['metadata'], more: object = {}): KubeObject {
  return { apiVersion, kind, metadata, ...more };
}

function namespaceObjects(): KubeObject[] {
  return NAMESPACES.map((name) => named('v1', 'Namespace', { name }));
}

function otherObjects(): KubeObject[] {
  return [
    ...NAMESPACES.map((namespace) => named('v1', 'ServiceAccount', { name: 'default', namespace })),
    ...SYSTEM_PRIORITIES.map(([name, value, description]) => named('scheduling.k8s.io/v1', 'PriorityClass', { name }, { value, description })),
  ];
}

/** Makes what is missing; the API's own endpoints follow its address. Safe at every start. */
export async function bootstrap(engine: ApiEngine, serviceCidr: string, endpoint: Endpoint | undefined): Promise<void> {
  const ctx = serverContext();
  // Together, for one sync of the disk: but what lives in namespaces comes after them.
  await Promise.all(namespaceObjects().map((object) => ensure(engine, ctx, object)));
  await Promise.all([
    ...otherObjects().map((object) => ensure(engine, ctx, object)),
    ensureServiceCidr(engine, ctx, serviceCidr),
    ...(endpoint === undefined ? [] : endpointObjects(serviceCidr, endpoint)).map((object) => ensure(engine, ctx, object, true)),
  ]);
}

/** From which range services get their addresses, as `kubectl get servicecidrs` shows it. */
async function ensureServiceCidr(engine: ApiEngine, ctx: RequestContext, cidr: string): Promise<void> {
  const range = named('networking.k8s.io/v1', 'ServiceCIDR', { name: 'kubernetes' }, { spec: { cidrs: [cidr] } });
  await ensure(engine, ctx, range);
  const definition = definitionFor(engine, range);
  const { object } = await engine.get(definition, ctx, { name: 'kubernetes' });
  if ((object as { status?: { conditions?: unknown[] } }).status?.conditions !== undefined) return;
  const lastTransitionTime = object.metadata.creationTimestamp;
  const ready = { type: 'Ready', status: 'True', reason: '', message: 'Kubernetes default Service CIDR is ready', lastTransitionTime };
  await engine.patch(definition, ctx, { name: 'kubernetes' }, { status: { conditions: [ready] } }, { type: 'merge', subresource: 'status' });
}

function definitionFor(engine: ApiEngine, object: KubeObject): ResourceDefinition {
  const found = engine.definitions().find((d) => d.kind === object.kind && object.apiVersion === (d.group === '' ? d.version : `${d.group}/${d.version}`));
  if (found === undefined) throw new Error(`no resource for ${object.apiVersion} ${object.kind}`);
  return found;
}

async function ensure(engine: ApiEngine, ctx: RequestContext, object: KubeObject, current = false): Promise<void> {
  const definition = definitionFor(engine, object);
  const { name = '', namespace } = object.metadata;
  const key = namespace === undefined ? { name } : { name, namespace };
  const old = await engine.get(definition, ctx, key).catch((error: unknown) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
  if (old === undefined) {
    await engine.create(definition, ctx, namespace, object).catch((error: unknown) => {
      if (!isAlreadyExists(error)) throw error;
    });
  } else if (current && differs(object, old.object)) {
    await engine.patch(definition, ctx, key, { ...object, metadata: {} }, { type: 'merge' });
  }
}

function differs(wanted: KubeObject, old: KubeObject): boolean {
  return Object.entries(wanted).some(
    ([name, value]) => name !== 'metadata' && name !== 'spec' && !equalJson(value, (old as unknown as Record<string, unknown>)[name]),
  );
}
