/** Where a service answers from here: at its own address if the machine reaches it, else through the API server's proxy. */
import type { ConnectionOptions } from 'node:tls';
import { services } from '../../kube/resources.ts';
import type { Service } from '../../kube/types.ts';
import type { Client } from '../../runtime/client.ts';
import type { HttpClientOptions } from '../../runtime/http/client.ts';
import { whyUnreachable } from '../http/transport.ts';

export interface ServiceTarget {
  url: URL;
  headers: [name: string, value: string][];
  tls: ConnectionOptions;
  service: Service;
  /** For the reader: 'its own address', 'the proxy of the API server...' */
  through: string;
}

const REACH_MS = 500;

/** `port` is a number or name; without it the service must have one port. Throws an Error naming what is wrong. */
export async function serviceTarget(
  client: Client,
  api: HttpClientOptions,
  key: { namespace: string; name: string },
  port: string | undefined,
  path: string,
): Promise<ServiceTarget> {
  const service = await client.get(services, key);
  const ports = service.spec?.ports ?? [];
  const shown = ports.map((one) => (one.name ? `${one.port} (${one.name})` : one.port)).join(', ') || 'none';
  const found = port === undefined ? (ports.length === 1 ? ports[0] : undefined) : ports.find((one) => String(one.port) === port || one.name === port);
  if (found === undefined)
    throw new Error(`service ${key.namespace}/${key.name} ${port === undefined ? 'needs a port said' : `has no port ${port}`}; it has: ${shown}`);
  const isTls = found.appProtocol === 'https' || found.name === 'https' || found.port === 443;
  const { clusterIP } = service.spec ?? {};
  if (clusterIP && clusterIP !== 'None') {
    const host = clusterIP.includes(':') ? `[${clusterIP}]` : clusterIP;
    const url = new URL(path, `${isTls ? 'https' : 'http'}://${host}:${found.port}`);
    if ((await whyUnreachable({ url: new URL(`http://${host}:${found.port}`), tls: {} }, REACH_MS)) === undefined)
      return { url, headers: [], tls: {}, service, through: 'its own address' };
  }
  const token = typeof api.token === 'function' ? await api.token() : api.token;
  const scheme = isTls ? 'https:' : '';
  return {
    url: new URL(`${api.server.replace(/\/$/, '')}/api/v1/namespaces/${key.namespace}/services/${scheme}${key.name}:${found.port}/proxy${path}`),
    headers: token === undefined ? [] : [['Authorization', `Bearer ${token}`]],
    tls: {
      ...(api.ca ? { ca: api.ca } : {}),
      ...(api.cert ? { cert: api.cert } : {}),
      ...(api.key ? { key: api.key } : {}),
      ...(api.serverName ? { servername: api.serverName } : {}),
      ...(api.insecureSkipTlsVerify ? { rejectUnauthorized: false } : {}),
    },
    service,
    through: 'the proxy of the API server, whose speed it then measures too',
  };
}
