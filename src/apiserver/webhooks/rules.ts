/** Which requests a rule of a webhook or policy is about. */
import type { ResourceDefinition } from '../engine.ts';
import type { ReviewRequest } from './review.ts';
import type { Rule } from './types.ts';

function has(list: readonly string[] | undefined, value: string): boolean {
  return list !== undefined && (list.includes('*') || list.includes(value));
}

/** 'pods', 'pods/status', '*', 'pods/*', '*\/scale', '*\/*'. */
function namesResource(resources: readonly string[] | undefined, plural: string, subresource: string | undefined): boolean {
  return (resources ?? []).some((wanted) => {
    const slash = wanted.indexOf('/');
    const [resource, sub] = slash < 0 ? [wanted, ''] : [wanted.slice(0, slash), wanted.slice(slash + 1)];
    return (resource === '*' || resource === plural) && (sub === '*' || sub === (subresource ?? ''));
  });
}

function inScope(scope: string | undefined, { group, plural, namespaced }: ResourceDefinition): boolean {
  if (scope === undefined || scope === '*') return true;
  // Namespaces themselves are of the cluster.
  return (scope === 'Namespaced') === (namespaced && !(group === '' && plural === 'namespaces'));
}

/** Whether the rule names this request, made through `definition`. */
export function ruleMatches(rule: Rule, request: ReviewRequest, definition: ResourceDefinition): boolean {
  return (
    has(rule.operations, request.operation) &&
    has(rule.apiGroups, definition.group) &&
    has(rule.apiVersions, definition.version) &&
    namesResource(rule.resources, definition.plural, request.subresource) &&
    inScope(rule.scope, definition) &&
    ((rule.resourceNames ?? []).length === 0 || rule.resourceNames!.includes(request.key.name))
  );
}

/**
 * The definition through which rules see the request: its own, or, with `matchPolicy: Equivalent`, another group or version of
 * the same objects. Undefined when no rule names it.
 */
export function matchedDefinition(
  rules: readonly Rule[] | undefined,
  matchPolicy: string | undefined,
  request: ReviewRequest,
  equivalents: (definition: ResourceDefinition) => readonly ResourceDefinition[],
): ResourceDefinition | undefined {
  const { definition } = request;
  if (rules === undefined) return undefined;
  if (rules.some((rule) => ruleMatches(rule, request, definition))) return definition;
  if (matchPolicy === 'Exact') return undefined;
  return equivalents(definition).find((other) => rules.some((rule) => ruleMatches(rule, request, other)));
}
