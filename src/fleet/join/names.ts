/** Who a member's agent is on the hub, and where the member keeps what its agent needs. */
import type { ObjectKey, Secret } from '../../kube/types.ts';

/** Of all agents. */
export const AGENTS = 'system:karmada:agents';

/** The common name of an agent's certificate. */
export function agentUser(cluster: string): string {
  return `system:karmada:agent:${cluster}`;
}

/** The group of bootstrap tokens by which this one member may ask for its first certificate. */
export function bootstrapGroup(cluster: string): string {
  return `system:bootstrappers:argosy:${cluster}`;
}

/** Group of all bootstrap tokens. */
export const BOOTSTRAPPERS = 'system:bootstrappers';

/** In the member: how its agent reaches the hub, in the fields of `HubAccess`. */
export const HUB_SECRET: ObjectKey = { namespace: 'argosy-system', name: 'hub' };

/** What the Secret holds. */
export interface HubAccess {
  /** The member's name on the hub. */
  cluster: string;
  /** 'https://10.0.0.1:6443' */
  server: string;
  /** PEM. */
  ca: string;
  /** For the first certificate. */
  token?: string;
  /** PEM. */
  cert?: string;
  key?: string;
}

const FIELDS = { cluster: 'cluster', server: 'server', ca: 'ca.crt', token: 'token', cert: 'tls.crt', key: 'tls.key' } as const;

/** Undefined when the Secret does not say how to reach a hub. */
export function readAccess(secret: Secret | undefined): HubAccess | undefined {
  const text = (key: string): string | undefined => {
    const data = secret?.data?.[key];
    return data === undefined || data === '' ? undefined : Buffer.from(data, 'base64').toString('utf8');
  };
  const [cluster, server, ca] = [text(FIELDS.cluster), text(FIELDS.server), text(FIELDS.ca)];
  if (cluster === undefined || server === undefined || ca === undefined) return undefined;
  const access: HubAccess = { cluster, server, ca };
  for (const field of ['token', 'cert', 'key'] as const) {
    const value = text(FIELDS[field]);
    if (value !== undefined) access[field] = value;
  }
  return access;
}

export function accessData(access: HubAccess): Record<string, string> {
  return Object.fromEntries(
    Object.entries(access).map(([field, value]) => [FIELDS[field as keyof HubAccess], Buffer.from(String(value), 'utf8').toString('base64')]),
  );
}
