/** Rules of roles: what one allows, and which of some rules are covered by others. */
import type { PolicyRule } from '../../kube/rbac/types.ts';
import { isPath, type Attributes } from './attributes.ts';

const ALL = '*';

/** Whether one rule allows it. The long way: `grants.ts` answers the same for many rules at once. */
export function ruleAllows(rule: PolicyRule, attributes: Attributes): boolean {
  if (!hasOrAll(rule.verbs, attributes.verb)) return false;
  if (isPath(attributes)) return (rule.nonResourceURLs ?? []).some((url) => urlCovers(url, attributes.path));
  const { group, plural, subresource, name = '' } = attributes;
  const resources = rule.resources ?? [];
  return (
    hasOrAll(rule.apiGroups, group) &&
    (hasOrAll(resources, subresource ? `${plural}/${subresource}` : plural) || (!!subresource && resources.includes(`*/${subresource}`))) &&
    (!rule.resourceNames?.length || rule.resourceNames.includes(name))
  );
}

function hasOrAll(values: readonly string[] | undefined, value: string): boolean {
  return values !== undefined && (values.includes(value) || values.includes(ALL));
}

/** '/api/*' covers '/api/v1'; '*' all. */
export function urlCovers(url: string, path: string): boolean {
  return url === path || (url.endsWith(ALL) && path.startsWith(url.replace(/\*+$/, '')));
}

/** The parts of `wanted`, one verb on one resource each, that no rule of `owned` covers. */
export function uncovered(owned: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  return wanted.flatMap(parts).filter((part) => !owned.some((rule) => covers(rule, part)));
}

function parts({ verbs = [], apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] }: PolicyRule): PolicyRule[] {
  const found: PolicyRule[] = [];
  for (const group of apiGroups)
    for (const resource of resources)
      for (const verb of verbs) {
        const part = { apiGroups: [group], resources: [resource], verbs: [verb] };
        if (resourceNames.length === 0) found.push(part);
        for (const name of resourceNames) found.push({ ...part, resourceNames: [name] });
      }
  for (const url of nonResourceURLs) for (const verb of verbs) found.push({ nonResourceURLs: [url], verbs: [verb] });
  return found;
}

function covers(rule: PolicyRule, part: PolicyRule): boolean {
  const [verb = ''] = part.verbs ?? [];
  if (!hasOrAll(rule.verbs, verb)) return false;
  const [url] = part.nonResourceURLs ?? [];
  if (url !== undefined) return (rule.nonResourceURLs ?? []).some((owned) => urlCovers(owned, url));
  const [[group = ''] = [], [resource = ''] = [], [name] = []] = [part.apiGroups, part.resources, part.resourceNames];
  const resources = rule.resources ?? [];
  const slash = resource.indexOf('/');
  return (
    hasOrAll(rule.apiGroups, group) &&
    (hasOrAll(resources, resource) || (slash > 0 && resources.includes(`*${resource.slice(slash)}`))) &&
    (!rule.resourceNames?.length || (name !== undefined && rule.resourceNames.includes(name)))
  );
}

/** Parts as upstream lists them in an error: the verbs of one resource together, in order of the text. */
export function describeParts(missing: readonly PolicyRule[]): string[] {
  const byResource = new Map<string, PolicyRule>();
  for (const part of missing) {
    const { verbs = [], ...where } = part;
    const key = JSON.stringify(where);
    const known = byResource.get(key);
    // Paths are listed one by one.
    if (known === undefined || part.nonResourceURLs !== undefined)
      byResource.set(known === undefined ? key : `${key} ${verbs[0]}`, { ...where, verbs: [...verbs] });
    else known.verbs!.push(...verbs);
  }
  return [...new Set([...byResource.values()].map(describe))].toSorted();
}

function describe({ apiGroups, resources, nonResourceURLs, resourceNames, verbs }: PolicyRule): string {
  const members = { APIGroups: apiGroups, Resources: resources, NonResourceURLs: nonResourceURLs, ResourceNames: resourceNames, Verbs: verbs };
  const texts = Object.entries(members).flatMap(([name, values]) => (values?.length ? [`${name}:${quotedList(values)}`] : []));
  return `{${texts.join(', ')}}`;
}

/** As Go prints a slice of strings with %q. */
export function quotedList(values: readonly string[]): string {
  return `[${values.map((value) => JSON.stringify(value)).join(' ')}]`;
}
