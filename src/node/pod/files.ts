/** The files of /etc that every container of a pod gets. Pure but for `writePodFiles`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pod } from '../../kube/types.ts';
import type { PodNetwork } from '../ports.ts';

const SEARCHES_MAX = 32;

/** /etc/hosts as the kubelet writes it. */
export function hostsFile(pod: Pod, podIp: string | undefined): string {
  const lines = [
    '# Kubernetes-managed hosts file.',
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::0\tip6-localnet',
    'fe00::0\tip6-mcastprefix',
    'fe00::1\tip6-allnodes',
    'fe00::2\tip6-allrouters',
  ];
  const { subdomain } = pod.spec ?? {};
  const host = hostname(pod);
  if (podIp) lines.push(subdomain ? `${podIp}\t${host}.${subdomain}.${pod.metadata.namespace}.svc.cluster.local\t${host}` : `${podIp}\t${host}`);
  const aliases = pod.spec?.hostAliases ?? [];
  if (aliases.length > 0) lines.push('', '# Entries added by HostAliases.', ...aliases.map(({ ip, hostnames }) => `${ip}\t${(hostnames ?? []).join('\t')}`));
  return `${lines.join('\n')}\n`;
}

/** /etc/resolv.conf by the pod's dnsPolicy and dnsConfig; `machine` is the machine's own file. */
export function resolvFile(pod: Pod, dns: PodNetwork['dns'], machine: string): string {
  const policy = pod.spec?.dnsPolicy ?? 'ClusterFirst';
  const cluster = policy === 'ClusterFirstWithHostNet' || (policy === 'ClusterFirst' && pod.spec?.hostNetwork !== true);
  const own = parseResolv(policy === 'None' || cluster ? '' : machine);
  const config = pod.spec?.dnsConfig;
  const namespace = pod.metadata.namespace ?? '';
  const servers = [...(cluster ? [dns.nameserver] : own.nameservers), ...(config?.nameservers ?? [])];
  const searches = [...(cluster ? dns.searches(namespace) : own.searches), ...(config?.searches ?? [])].slice(0, SEARCHES_MAX);
  const options = new Map(cluster ? [['ndots', '5']] : own.options);
  for (const { name, value } of config?.options ?? []) if (name) options.set(name, value ?? '');
  return (
    [
      ...(searches.length > 0 ? [`search ${[...new Set(searches)].join(' ')}`] : []),
      ...[...new Set(servers)].map((server) => `nameserver ${server}`),
      ...(options.size > 0 ? [`options ${[...options].map(([name, value]) => (value ? `${name}:${value}` : name)).join(' ')}`] : []),
    ].join('\n') + '\n'
  );
}

function parseResolv(text: string): { nameservers: string[]; searches: string[]; options: [string, string][] } {
  const words = text.split('\n').map((line) => line.trim().split(/\s+/));
  const of = (keyword: string) => words.filter(([first]) => first === keyword).flatMap((line) => line.slice(1));
  return { nameservers: of('nameserver'), searches: of('search'), options: of('options').map((option) => [option.split(':')[0]!, option.split(':')[1] ?? '']) };
}

/** The pod's host name: at most 63 characters, as the kernel and upstream have it. */
export function hostname(pod: Pod): string {
  return (pod.spec?.hostname || pod.metadata.name || '').slice(0, 63).replace(/[-.]+$/, '');
}

/** Writes the files below the pod's directory; answers container path to machine path. */
export function writePodFiles(podDir: string, files: { hosts: string; resolv: string; hostname: string }): Record<string, string> {
  const dir = join(podDir, 'etc');
  mkdirSync(dir, { recursive: true });
  const paths: Record<string, string> = {};
  for (const [name, text] of [
    ['hosts', files.hosts],
    ['resolv.conf', files.resolv],
    ['hostname', `${files.hostname}\n`],
  ] as const) {
    const path = join(dir, name);
    writeFileSync(path, text, { mode: 0o644 });
    paths[`/etc/${name}`] = path;
  }
  return paths;
}
