/** Differences that are meant, each with its reason; all others are defects still to be mended. */
import type { Difference } from './compare.ts';

export interface KnownDifference {
  /** Does it explain this difference? */
  matches(difference: Difference): boolean;
  reason: string;
}

/** 'Go struct field Probe.spec.ProbeHandler.httpGet of type v1.HTTPGetAction' */
const GO_TYPE = /Go (struct field [^\s"]+|value) of type [^\s",]+/g;

export const KNOWN: readonly KnownDifference[] = [
  {
    reason: "errors about wrong JSON types name the field and Argosy's word for its type, where upstream names Go's types and embedded structs",
    matches: ({ upstream, argosy }) => upstream.replace(GO_TYPE, '') === argosy.replace(GO_TYPE, ''),
  },
];

export function reasonFor(difference: Difference): string | undefined {
  return KNOWN.find(({ matches }) => matches(difference))?.reason;
}
