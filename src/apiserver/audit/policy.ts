/** Which requests are written down, and how much of them: the first rule that matches decides. */

export const LEVELS = ['None', 'Metadata', 'Request', 'RequestResponse'] as const;
export type Level = (typeof LEVELS)[number];
export const STAGES = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'] as const;
export type Stage = (typeof STAGES)[number];

export interface PolicyRule {
  level: Level;
  users?: string[];
  userGroups?: string[];
  verbs?: string[];
  namespaces?: string[];
  resources?: { group?: string; resources?: string[]; resourceNames?: string[] }[];
  nonResourceURLs?: string[];
  omitStages?: Stage[];
  omitManagedFields?: boolean;
}

/** audit.k8s.io/v1 */
export interface Policy {
  rules: PolicyRule[];
  omitStages?: Stage[];
  omitManagedFields?: boolean;
}

/** What rules look at. */
export interface AuditedRequest {
  user: { name: string; groups: readonly string[] };
  verb: string;
  /** Without the query. */
  path: string;
  /** Absent outside resources. */
  resource?: { group: string; plural: string; subresource?: string | undefined; namespace?: string | undefined; name?: string | undefined };
}

/** What is written of one request. */
export interface Plan {
  level: Exclude<Level, 'None'>;
  omitStages: ReadonlySet<Stage>;
  omitManagedFields: boolean;
}

/** Undefined: nothing is written of it. */
export type Evaluate = (request: AuditedRequest) => Plan | undefined;

export function evaluator(policy: Policy): Evaluate {
  const rules = policy.rules.map((rule) => ({ rule, plan: planOf(rule, policy) }));
  return (request) => rules.find(({ rule }) => matches(rule, request))?.plan;
}

function planOf(rule: PolicyRule, policy: Policy): Plan | undefined {
  if (rule.level === 'None') return undefined;
  return {
    level: rule.level,
    omitStages: new Set([...(policy.omitStages ?? []), ...(rule.omitStages ?? [])]),
    omitManagedFields: rule.omitManagedFields ?? policy.omitManagedFields === true,
  };
}

function matches(rule: PolicyRule, { user, verb, path, resource }: AuditedRequest): boolean {
  if (filled(rule.users) && !rule.users.includes(user.name)) return false;
  if (filled(rule.userGroups) && !user.groups.some((group) => rule.userGroups?.includes(group))) return false;
  if (filled(rule.verbs) && !rule.verbs.includes(verb)) return false;
  if (filled(rule.namespaces) || filled(rule.resources)) return resource !== undefined && matchesResource(rule, resource);
  if (filled(rule.nonResourceURLs)) return resource === undefined && rule.nonResourceURLs.some((pattern) => matchesPath(pattern, path));
  return true;
}

function filled<T>(list: readonly T[] | undefined): list is readonly T[] {
  return list !== undefined && list.length > 0;
}

function matchesPath(pattern: string, path: string): boolean {
  return pattern === '*' || pattern === path || (pattern.endsWith('*') && path.startsWith(pattern.replace(/\*+$/, '')));
}

function matchesResource({ namespaces, resources }: PolicyRule, asked: NonNullable<AuditedRequest['resource']>): boolean {
  // What lies in no namespace is in the one without a name.
  if (filled(namespaces) && !namespaces.includes(asked.namespace ?? '')) return false;
  if (!filled(resources)) return true;
  const { plural, subresource, name = '' } = asked;
  const full = subresource === undefined ? plural : `${plural}/${subresource}`;
  return resources.some(({ group = '', resources: patterns, resourceNames }) => {
    if (group !== '*' && group !== asked.group) return false;
    if (!filled(patterns)) return true;
    if (filled(resourceNames) && !resourceNames.includes(name)) return false;
    return patterns.some(
      (pattern) => pattern === '*' || pattern === full || pattern === `${plural}/*` || (subresource !== undefined && pattern === `*/${subresource}`),
    );
  });
}
