/** From a Service to an address that answers: the API server stands outside the cluster's network and balances by itself. */
import type { EndpointSlice, Service } from '../../kube/types.ts';
import { lookUp } from '../registry/world.ts';
import type { Store } from '../store/store.ts';

export interface Address {
  host: string;
  port: number;
}

export interface ServiceReference {
  namespace: string;
  name: string;
  port: number;
}

/** Throws an Error in upstream's words when there is nothing to dial. `pick` chooses among n. */
export function resolveService(store: Store, reference: ServiceReference, pick: (n: number) => number): Address {
  const { namespace, name, port } = reference;
  const service = lookUp<Service>({ store }, '', 'services', `${namespace}/${name}`);
  if (service === undefined) throw new Error(`service ${JSON.stringify(name)} not found`);
  if (service.spec?.type === 'ExternalName') {
    const host = service.spec.externalName;
    if (!host) throw new Error(`unsupported service type "ExternalName"`);
    return { host, port };
  }
  const servicePort = service.spec?.ports?.find((candidate) => candidate.port === port);
  if (servicePort === undefined) throw new Error(`no service port ${port} found for service ${JSON.stringify(name)}`);
  const addresses: Address[] = [];
  for (const slice of slicesOf(store, namespace, name)) {
    const target = slice.ports?.find((candidate) => (candidate.name ?? '') === (servicePort.name ?? ''))?.port;
    if (!target) continue;
    for (const endpoint of slice.endpoints ?? []) {
      const host = endpoint.addresses[0];
      if (endpoint.conditions?.ready !== false && host !== undefined) addresses.push({ host, port: target });
    }
  }
  if (addresses.length === 0) throw new Error(`no endpoints available for service ${JSON.stringify(name)}`);
  return addresses[pick(addresses.length)]!;
}

function* slicesOf(store: Store, namespace: string, name: string): Generator<EndpointSlice> {
  for (const [, stored] of store.collection('discovery.k8s.io/endpointslices').range(`${namespace}/`, `${namespace}0`)) {
    // The collection holds endpoint slices only.
    const slice = stored.object as EndpointSlice;
    if (slice.metadata.labels?.['kubernetes.io/service-name'] === name) yield slice;
  }
}
