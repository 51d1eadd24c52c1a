/** What a cluster looks like: its objects and events as texts, without what is chance, time or age. */
import type { Peer } from '../peer.ts';
import { listOf, NAMESPACE } from './nodes.ts';

interface Seen {
  metadata: { name: string; ownerReferences?: { kind: string; name: string }[] };
  spec?: { hostname?: string; containers?: { env?: unknown }[] };
  status?: { phase?: string };
  /** Of slices. */
  endpoints?: unknown[];
  ports?: unknown;
}

interface SeenEvent {
  type: string;
  reason: string;
  message: string;
  source: { component?: string };
  involvedObject: { kind: string; name: string };
}

const KINDS = [
  '/apis/batch/v1 jobs',
  '/apis/batch/v1 cronjobs',
  '/apis/apps/v1 deployments',
  '/apis/apps/v1 replicasets',
  '/apis/apps/v1 statefulsets',
  '/apis/apps/v1 daemonsets',
  '/api/v1 replicationcontrollers',
  '/api/v1 resourcequotas',
  '/apis/policy/v1 poddisruptionbudgets',
  '/apis/discovery.k8s.io/v1 endpointslices',
];
/** The last is not in Argosy's statuses. */
const LEFT_OUT = new Set(['managedFields', 'uid', 'resourceVersion', 'creationTimestamp', 'terminatingReplicas']);
const SAFE = 'bcdfghjklmnpqrstvwxz2456789';

function masked(text: string): string {
  return text
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<uid>')
    .replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+09:00)/g, '<time>$2')
    .replace(new RegExp(`-[${SAFE}]{8,10}-[${SAFE}]{5}\\b`, 'g'), '-<hash>-<random>')
    .replace(new RegExp(`-[${SAFE}]{5}\\b`, 'g'), '-<random>')
    .replace(new RegExp(`\\b[${SAFE}]{8,10}\\b`, 'g'), '<hash>')
    .replace(/-\d{8}\b/g, '-<minute>')
    .replace(/\b10\.1\.\d+\.\d+\b/g, '<address>');
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'string') return masked(value);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([name]) => !LEFT_OUT.has(name));
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, part]) => [name, plain(part)]));
}

const text = (value: unknown): string => JSON.stringify(plain(value), undefined, 1);

/** By what it shows: 'jobs plain', 'pods of plain', 'events of Job plain'. */
export async function pictureOf(peer: Peer): Promise<Map<string, string>> {
  const parts = new Map<string, string[]>();
  const put = (key: string, value: string): void => void parts.set(key, [...(parts.get(key) ?? []), value]);
  for (const kind of KINDS) {
    const [base = '', plural = ''] = kind.split(' ');
    for (const { metadata, status, endpoints, ports } of await listOf<Seen>(peer, `${base}/namespaces/${NAMESPACE}/${plural}`))
      put(
        `${plural} ${masked(metadata.name)}`,
        text({
          metadata: endpoints === undefined ? metadata : { ...metadata, generation: 'chance' },
          status,
          endpoints: endpoints?.map(plain).map(text).toSorted(),
          ports,
        }),
      );
  }
  for (const { metadata, spec, status } of await listOf<Seen>(peer, `/api/v1/namespaces/${NAMESPACE}/pods`)) {
    const owner = masked(metadata.ownerReferences?.[0]?.name ?? 'nobody');
    put(`pods of ${owner}`, text({ metadata, hostname: spec?.hostname, env: spec?.containers?.[0]?.env, phase: status?.phase }));
  }
  for (const event of await listOf<SeenEvent>(peer, `/api/v1/namespaces/${NAMESPACE}/events`)) {
    const { type, reason, message, source, involvedObject } = event;
    put(`events of ${involvedObject.kind} ${masked(involvedObject.name)}`, masked(`${type} ${reason}: ${message} (${source.component})`));
  }
  // How often something that cannot be was tried is chance.
  return new Map(
    [...parts].map(([key, texts]) => [
      key,
      texts
        .filter((one, i) => !one.includes('(combined from similar events)') && (!one.includes(' Failed') || texts.indexOf(one) === i))
        .toSorted()
        .join('\n'),
    ]),
  );
}
