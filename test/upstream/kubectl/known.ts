/** Differences that are meant, each with its reason; all others are still to be mended. */
export interface CommandDifference {
  version: string;
  command: string;
  /** Normalized. */
  upstream: string;
  argosy: string;
}

interface KnownDifference {
  matches(difference: CommandDifference): boolean;
  reason: string;
}

const ENDING = /^ *(?:f:)?terminatingReplicas: .*\n/gm;

/** The right to read what Argosy measures. */
const METRICS = /^(?:system:aggregated-metrics-reader|  (?:nodes|pods)\.metrics\.k8s\.io) .*\n/gm;

const without = (text: string, pattern: RegExp): string => text.replace(pattern, '');

const KNOWN: readonly KnownDifference[] = [
  {
    reason: 'how many pods of a deployment are ending is not in its status',
    matches: ({ upstream, argosy }) => without(upstream, ENDING) === argosy,
  },
  {
    reason: 'Argosy has no component statuses, deprecated since 1.19, and serves the metrics of nodes and pods itself',
    matches: ({ command, upstream, argosy }) =>
      /^kubectl (?:api-|get apiservices)/.test(command) && without(upstream, /^componentstatuses\b.*\n/gm) === without(argosy, /^.*\bmetrics\.k8s\.io\b.*\n/gm),
  },
  {
    reason: 'a node that has never told its state stays tainted as not ready; upstream takes that taint away until it has waited for the node',
    matches: ({ upstream, argosy }) => upstream === argosy.replace(/(Taints: +)node\.kubernetes\.io\/not-ready:NoSchedule\n */, '$1'),
  },
  {
    reason: 'kubectl, told to give up, logs that its watch ended early: over HTTP/1.1 it ends with its connection',
    matches: ({ upstream, argosy }) => upstream === without(argosy, /^<logged> .*very short watch.*\n/gm),
  },
  {
    reason: "versions are each server's own",
    matches: ({ command }) => command.startsWith('kubectl version'),
  },
  {
    reason: 'Argosy says which operation of a JSON patch failed, and why',
    matches: ({ upstream, argosy }) => upstream === argosy.replace(/(the server rejected our request due to an error in our request): .*/, '$1'),
  },
  {
    reason: 'Argosy measures nodes and pods itself, where upstream needs metrics-server',
    matches: ({ command, upstream, argosy }) => command.startsWith('kubectl top ') || upstream === without(argosy, METRICS),
  },
  {
    reason: 'a Scale that is patched to what it is stays as it is, where upstream notes who patched it',
    matches: ({ upstream, argosy }) => upstream === argosy.replace('scale.autoscaling/web patched (no change)', 'scale.autoscaling/web patched'),
  },
  {
    reason: 'errors about wrong JSON types name the field, where upstream names types of Go',
    matches: ({ upstream }) => /unrecognized type: \w+$/m.test(upstream),
  },
];

export function reasonFor(difference: CommandDifference): string | undefined {
  return KNOWN.find(({ matches }) => matches(difference))?.reason;
}
