/** Host names as pods know them. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { endpointSlices, services } from '../../kube/resources.ts';
import { isNotFound } from '../../kube/status.ts';
import type { Service } from '../../kube/types.ts';
import type { Client } from '../../runtime/client.ts';

/** Where a name without a namespace is also looked for: what `argosy up --metrics` and charts installed without one put there. */
const DEFAULT_NAMESPACE = 'default';

/** Answers an address; rejects with an Error that names the host. */
export function hostResolver(client: Client): (host: string, namespace: string) => Promise<string> {
  async function find(name: string, namespace: string): Promise<Service | undefined> {
    try {
      return await client.get(services, { namespace, name });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async function addressOf({ metadata, spec }: Service): Promise<string | undefined> {
    if (spec?.type === 'ExternalName') return (await lookup(spec.externalName ?? '')).address;
    if (spec?.clusterIP && spec.clusterIP !== 'None') return spec.clusterIP;
    const { items } = await client.list(endpointSlices, {
      namespace: metadata.namespace ?? '',
      labelSelector: `kubernetes.io/service-name=${metadata.name}`,
    });
    return items.flatMap(({ endpoints }) => endpoints ?? []).find(({ conditions }) => conditions?.ready !== false)?.addresses[0];
  }

  return async (host, namespace) => {
    if (isIP(host) !== 0) return host;
    const [name = '', space, svc, ...domain] = host.toLowerCase().replace(/\.$/, '').split('.');
    const isOfCluster = (svc === undefined || svc === 'svc') && (domain.length === 0 || domain.join('.') === 'cluster.local');
    if (isOfCluster && /^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(name)) {
      const service = await find(name, space ?? namespace).then((found) => found ?? (space === undefined ? find(name, DEFAULT_NAMESPACE) : undefined));
      const address = service && (await addressOf(service));
      if (address !== undefined) return address;
      if (service !== undefined) throw new Error(`lookup ${host}: the service has no ready endpoints`);
    }
    try {
      return (await lookup(host)).address;
    } catch (error) {
      throw new Error(`lookup ${host}: no such host`, { cause: error });
    }
  };
}
