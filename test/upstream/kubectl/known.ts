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

/** A status that deployments and replica sets have since 1.35. */
const YOUNGER = /^ *(?:f:)?terminatingReplicas: .*\n/gm;

/** The right to read what Argosy measures. */
const METRICS = /^(?:system:aggregated-metrics-reader|  (?:nodes|pods)\.metrics\.k8s\.io) .*\n/gm;

const without = (text: string, pattern: RegExp): string => text.replace(pattern, '');

const KNOWN: readonly KnownDifference[] = [
  {
    reason: 'fields younger than Kubernetes 1.34, whose schema Argosy speaks',
    matches: ({ upstream, argosy }) => without(upstream, YOUNGER) === argosy,
  },
  {
    reason: 'kinds, fields and values younger than Kubernetes 1.34 (and component statuses, deprecated since 1.19), and which fields it calls required',
    matches: ({ command, upstream, argosy }) =>
      /^cat explain|^kubectl (?:explain|api-|get apiservices)/.test(command) && lacksOnly(upstream, without(argosy, /^.*\bmetrics\.k8s\.io\b.*\n/gm)),
  },
  {
    reason: 'texts of the documentation that were worded anew since 1.34, and that of quantities',
    matches: ({ command }) => /^kubectl explain (?:pods\.\S+\.limits|roles\.rules\.verbs|hpa)\b/.test(command),
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

/** Whether every line of ours is upstream's too, in its order; which fields are required is not looked at, and upstream may know more values. */
function lacksOnly(upstream: string, argosy: string): boolean {
  const theirs = upstream.replaceAll(' -required-', '').split('\n');
  let next = 0;
  for (const line of argosy.replaceAll(' -required-', '').split('\n')) {
    while (next < theirs.length && !sameOrMore(theirs[next] ?? '', line)) next++;
    if (next === theirs.length) return false;
    next++;
  }
  return true;
}

function sameOrMore(theirs: string, ours: string): boolean {
  if (theirs === ours) return true;
  const [values, known] = [theirs, ours].map((line) => /^ *enum: (.*)$/.exec(line)?.[1]?.split(', '));
  return values !== undefined && known !== undefined && known.every((value) => values.includes(value));
}

export function reasonFor(difference: CommandDifference): string | undefined {
  return KNOWN.find(({ matches }) => matches(difference))?.reason;
}
