/** Which flow schema a request belongs to. */
import { isPath, type Attributes, type ResourceAttributes } from '../authz/attributes.ts';
import type { UserInfo } from '../engine.ts';
import type { FlowRule, FlowSubject, PathRule, ResourceRule } from './types.ts';

const ACCOUNT = 'system:serviceaccount:';

export function matchesSubject(user: UserInfo, { kind, user: named, group, serviceAccount }: FlowSubject): boolean {
  switch (kind) {
    case 'User':
      return named !== undefined && (named.name === '*' || named.name === user.name);
    case 'Group':
      return group !== undefined && (group.name === '*' || user.groups.includes(group.name));
    case 'ServiceAccount': {
      if (serviceAccount === undefined) return false;
      const { namespace, name } = serviceAccount;
      return name === '*' ? user.name.startsWith(`${ACCOUNT}${namespace}:`) : user.name === `${ACCOUNT}${namespace}:${name}`;
    }
  }
}

/** Whether the rule, whose subjects match, takes in every request: most do. */
export function takesAll({ resourceRules = [], nonResourceRules = [] }: FlowRule): boolean {
  return (
    nonResourceRules.some(({ verbs, nonResourceURLs }) => verbs.includes('*') && nonResourceURLs.includes('*')) &&
    resourceRules.some(
      ({ verbs, apiGroups, resources, namespaces = [], clusterScope = false }) =>
        clusterScope && [verbs, apiGroups, resources, namespaces].every((list) => list.includes('*')),
    )
  );
}

export function matchesRule({ resourceRules = [], nonResourceRules = [] }: FlowRule, attributes: Attributes): boolean {
  if (isPath(attributes)) return nonResourceRules.some((rule) => matchesPath(rule, attributes));
  return resourceRules.some((rule) => matchesResource(rule, attributes));
}

function holds(list: readonly string[], value: string): boolean {
  return list.includes(value) || (list.length === 1 && list[0] === '*');
}

function matchesResource({ verbs, apiGroups, resources, namespaces = [], clusterScope = false }: ResourceRule, asked: ResourceAttributes): boolean {
  const { verb, group, plural, subresource, namespace } = asked;
  if (!holds(verbs, verb) || !holds(apiGroups, group)) return false;
  if (!holds(resources, subresource ? `${plural}/${subresource}` : plural)) return false;
  return namespace ? holds(namespaces, namespace) : clusterScope;
}

function matchesPath({ verbs, nonResourceURLs }: PathRule, { verb, path }: { verb: string; path: string }): boolean {
  if (!holds(verbs, verb)) return false;
  return nonResourceURLs.some((pattern) => {
    if (pattern === '*' || pattern === path) return true;
    const prefix = pattern.replace(/\*$/, '');
    return path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`);
  });
}
