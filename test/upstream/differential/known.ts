/** Differences that are meant, each with its reason; all others are defects still to be mended. */
import type { Difference } from './compare.ts';

export interface KnownDifference {
  /** Does it explain this difference? */
  matches(difference: Difference): boolean;
  reason: string;
}

/** 'Go struct field Probe.spec.ProbeHandler.httpGet of type v1.HTTPGetAction' */
const GO_TYPE = /Go (struct field [^\s"]+|value) of type [^\s",]+/g;

/** What upstream may answer in as well. */
const PROTOBUF = /, application\/vnd\.kubernetes\.protobuf(?:;stream=watch)?/g;

const EMPTY_DETAILS = / "details": \{\},\n/;

export const KNOWN: readonly KnownDifference[] = [
  {
    reason: 'Argosy says which operation of a JSON patch failed, and why',
    matches: ({ upstream, argosy }) => upstream === argosy.replace(/(the server rejected our request due to an error in our request): (?:[^"\\]|\\.)*/, '$1'),
  },
  {
    reason: 'of a pod or a claim that may not change so, upstream shows the difference in Go; values of structs are shown as JSON has them, not as Go',
    matches: ({ upstream, argosy }) => withoutGoValues(upstream) === withoutGoValues(argosy),
  },
  {
    reason: 'an empty list or map that is as good as absent is absent from the start',
    matches: ({ name }) => / is (?:\[\]|\{\})$|\.0 left out$|capacity\.storage left out$/.test(name),
  },
  {
    reason: "a watch from what is no revision is the client's mistake (400), where upstream says it is its own (500)",
    matches: ({ request }) => request.endsWith('watch=true&timeoutSeconds=1&resourceVersion=x'),
  },
  {
    reason: 'names of services may begin with a digit since 1.36',
    matches: ({ name }) => name === 'Service: metadata.name is "Not Valid!"',
  },
  {
    reason: 'Argosy says which types of patches it takes, and answers in JSON and YAML only',
    matches: ({ upstream, argosy }) =>
      upstream.replace(PROTOBUF, '').replace(EMPTY_DETAILS, '') ===
      argosy.replace(/(415: Unsupported Media Type), take one of [^"]*/, '$1').replace(EMPTY_DETAILS, ''),
  },
  {
    reason: 'managers of fields are kept for objects that do not fit their schema, too',
    matches: ({ name }) => name === 'managedFields: Ratcheting: retyped as it was' || name === 'managedFields: Ratcheting: a new patterned ["abc"]',
  },
  {
    reason: "how soon a definition of custom resources is established is its server's own",
    matches: ({ upstream, argosy }) => {
      const [theirs, ours] = [upstream, argosy].map(withoutEstablishing);
      return theirs !== undefined && theirs === ours;
    },
  },
  {
    reason: "versions and addresses are each server's own",
    matches: ({ request }) => request === 'GET /version' || request === 'GET /api',
  },
  {
    reason: "errors about wrong JSON types name the field and Argosy's word for its type, where upstream names Go's types and embedded structs",
    matches: ({ upstream, argosy }) => upstream.replace(GO_TYPE, '') === argosy.replace(GO_TYPE, ''),
  },
];

/** Values of whole objects in errors, and what upstream adds to them. */
function withoutGoValues(text: string): string {
  return text
    .replace(/(negative\)|for bound claims)\\n(?:[^"\\]|\\.)*?(?=, spec\.|")/g, '$1')
    .replace(/Invalid value: (?:\{|\\"\{|"\{).*?(?=: (?:field is immutable|strict decoding|json: ))/g, 'Invalid value: <object>')
    .replace(/Invalid value: \\?"\{.*?(?=: strict decoding)/g, 'Invalid value: <object>');
}

/** An answer that is a definition, without what its server writes into the status some time later; undefined for any other. */
function withoutEstablishing(text: string): string | undefined {
  const at = text.indexOf('\n{');
  const body = (at < 0 ? undefined : JSON.parse(text.slice(at))) as
    | { kind?: string; metadata: { managedFields?: { subresource?: string }[] }; status?: object }
    | undefined;
  if (body?.kind !== 'CustomResourceDefinition') return undefined;
  const managedFields = body.metadata.managedFields?.filter(({ subresource }) => subresource !== 'status');
  return text.slice(0, at) + JSON.stringify({ ...body, metadata: { ...body.metadata, managedFields }, status: undefined });
}

export function reasonFor(difference: Difference): string | undefined {
  return KNOWN.find(({ matches }) => matches(difference))?.reason;
}
