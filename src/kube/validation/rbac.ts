/** Roles and bindings. */
import { isDns1123Subdomain } from '../names.ts';
import type { Binding, ClusterRole, PolicyRule, Role, RoleRef, Subject } from '../rbac/types.ts';
import { immutable, invalidValue, named, notSupported, required, type Errors } from './field.ts';
import { pathSegment } from './metadata.ts';
import { validateLabelSelector } from './selector.ts';

const GROUP = 'rbac.authorization.k8s.io';

export function validateRole(errors: Errors, { rules }: Role): void {
  errors.push(...validateRules(errors, rules, true));
}

export function validateClusterRole(errors: Errors, { rules, aggregationRule }: ClusterRole): void {
  const late = validateRules(errors, rules, false);
  const clusterRoleSelectors = aggregationRule?.clusterRoleSelectors ?? [];
  if (aggregationRule !== undefined && clusterRoleSelectors.length === 0)
    errors.push(required('aggregationRule.clusterRoleSelectors', 'at least one clusterRoleSelector required if aggregationRule is non-nil'));
  for (const [i, selector] of clusterRoleSelectors.entries()) {
    const path = `aggregationRule.clusterRoleSelectors[${i}]`;
    const before = errors.length;
    validateLabelSelector(errors, path, selector);
    if (errors.length > before) errors.push(invalidValue(path, null, 'invalid label selector.'));
  }
  errors.push(...late);
}

/** Upstream finds some errors by declarations, after all others: here, what is missing. */
function validateRules(errors: Errors, rules: readonly PolicyRule[] | null | undefined, namespaced: boolean): Errors {
  const late: Errors = [];
  for (const [i, { verbs, apiGroups, resources, resourceNames, nonResourceURLs }] of (rules ?? []).entries()) {
    const path = `rules[${i}]`;
    if (!verbs?.length) late.push(required(`${path}.verbs`));
    if (nonResourceURLs?.length) {
      if (namespaced) errors.push(invalidValue(`${path}.nonResourceURLs`, nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs'));
      if (apiGroups?.length || resources?.length || resourceNames?.length)
        errors.push(invalidValue(`${path}.nonResourceURLs`, nonResourceURLs, 'rules cannot apply to both regular resources and non-resource URLs'));
      continue;
    }
    if (!apiGroups?.length) errors.push(required(`${path}.apiGroups`, 'resource rules must supply at least one api group'));
    if (!resources?.length) errors.push(required(`${path}.resources`, 'resource rules must supply at least one resource'));
  }
  return late;
}

export function validateRoleBinding(errors: Errors, binding: Binding, old: Binding | undefined): void {
  validateBinding(errors, binding, old, true);
}

export function validateClusterRoleBinding(errors: Errors, binding: Binding, old: Binding | undefined): void {
  validateBinding(errors, binding, old, false);
}

function validateBinding(errors: Errors, { roleRef, subjects }: Binding, old: Binding | undefined, namespaced: boolean): void {
  const { apiGroup = '', kind = '', name = '' } = roleRef ?? {};
  if (apiGroup !== GROUP) errors.push(notSupported('roleRef.apiGroup', apiGroup, [GROUP]));
  const kinds = namespaced ? ['Role', 'ClusterRole'] : ['ClusterRole'];
  if (!kinds.includes(kind)) errors.push(notSupported('roleRef.kind', kind, kinds, 'given'));
  const late: Errors = [];
  if (name === '') late.push(required('roleRef.name'));
  else named(errors, 'roleRef.name', name, pathSegment);
  for (const [i, subject] of (subjects ?? []).entries()) validateSubject(errors, late, `subjects[${i}]`, subject, namespaced);
  errors.push(...late);
  if (old !== undefined) immutable(errors, 'roleRef', internal(roleRef), internal(old.roleRef));
}

/** Upstream shows the value as it is inside the server. */
function internal({ apiGroup, kind, name }: RoleRef): object {
  return { APIGroup: apiGroup, Kind: kind, Name: name };
}

function validateSubject(
  errors: Errors,
  late: Errors,
  path: string,
  { kind = '', apiGroup = '', name = '', namespace = '' }: Subject,
  namespaced: boolean,
): void {
  if (name === '') late.push(required(`${path}.name`));
  switch (kind) {
    case 'ServiceAccount':
      if (name !== '') named(errors, `${path}.name`, name, isDns1123Subdomain);
      if (apiGroup !== '') errors.push(notSupported(`${path}.apiGroup`, apiGroup, ['']));
      if (!namespaced && namespace === '') errors.push(required(`${path}.namespace`));
      break;
    case 'User':
    case 'Group':
      if (apiGroup !== GROUP) errors.push(notSupported(`${path}.apiGroup`, apiGroup, [GROUP]));
      break;
    default:
      errors.push(notSupported(`${path}.kind`, kind, ['ServiceAccount', 'User', 'Group'], 'given'));
  }
}
