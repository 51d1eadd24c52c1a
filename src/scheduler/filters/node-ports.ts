import type { Pod } from '../../kube/types.ts';
import { refuse, type Filter } from './filter.ts';

interface HostPort {
  ip: string;
  protocol: string;
  port: number;
}

const ANY = '0.0.0.0';

function hostPorts(pod: Pod): HostPort[] {
  return (pod.spec?.containers ?? []).flatMap((container) =>
    (container.ports ?? []).flatMap(({ hostPort, hostIP, protocol }) => (hostPort ? [{ ip: hostIP || ANY, protocol: protocol ?? 'TCP', port: hostPort }] : [])),
  );
}

function clash(a: HostPort, b: HostPort): boolean {
  return a.port === b.port && a.protocol === b.protocol && (a.ip === b.ip || a.ip === ANY || b.ip === ANY);
}

export const nodePorts: Filter = (pod) => {
  const wanted = hostPorts(pod);
  if (wanted.length === 0) return undefined;
  return (node) => {
    for (const { pod: other } of node.pods.values()) {
      if (hostPorts(other).some((used) => wanted.some((port) => clash(used, port))))
        return refuse("node(s) didn't have free ports for the requested pod ports");
    }
    return undefined;
  };
};
