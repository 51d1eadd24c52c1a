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
    reason: 'kinds, fields, values and texts of the documentation that are younger than Kubernetes 1.34, and which fields it calls required',
    matches: ({ command, upstream, argosy }) =>
      /explain/.test(command) || /^kubectl api-(?:resources|versions)/.test(command) || without(upstream, /^v1\.storagemigration\.k8s\.io .*\n/m) === argosy,
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
