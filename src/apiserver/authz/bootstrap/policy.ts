/** What a cluster starts with, out of its texts. */
import type { Binding, ClusterRole, PolicyRule, RoleRef, Subject } from '../../../kube/rbac/types.ts';
import type { KubeObject } from '../../../kube/types.ts';
import { RBAC } from '../policy.ts';
import { BINDINGS, ROLES } from './bindings.ts';
import { CLUSTER_ROLES } from './cluster-roles.ts';
import { CONTROLLER_ROLES } from './controller-roles.ts';

export const AUTOUPDATE = 'rbac.authorization.kubernetes.io/autoupdate';
const CONTROLLER = 'system:controller:';

/** The objects as upstream's API server writes them. */
export function policy(): (ClusterRole | Binding)[] {
  const controllers = roles(CONTROLLER_ROLES);
  return [...roles(CLUSTER_ROLES), ...controllers, ...roles(ROLES), ...lines(BINDINGS).map(binding), ...controllers.map(bindingOfController)];
}

/** Of a ClusterRole as every cluster starts with it. */
export function rulesOfStart(name: string): PolicyRule[] {
  return roles(CLUSTER_ROLES).find(({ metadata }) => metadata.name === name)?.rules ?? [];
}

function lines(text: string): string[] {
  return text.trim().split('\n');
}

function roles(text: string): ClusterRole[] {
  const found: ClusterRole[] = [];
  for (const line of lines(text)) {
    if (line.startsWith('# ')) found.push(role(line.slice(2)));
    else (found.at(-1)!.rules ??= []).push(rule(line));
  }
  return found;
}

function role(heading: string): ClusterRole {
  const [full = '', ...options] = heading.split(' ');
  const marks = (option: string): string[] =>
    options
      .find((text) => text.startsWith(`${option}=`))
      ?.slice(option.length + 1)
      .split(',') ?? [];
  const mark = (name: string): Record<string, string> => ({ [`${RBAC}/${name}`]: 'true' });
  const gathers = marks('gathers');
  return {
    ...head(full, 'Role'),
    ...(gathers.length === 0 ? {} : { aggregationRule: { clusterRoleSelectors: gathers.map((name) => ({ matchLabels: mark(name) })) } }),
    metadata: metadata(full, Object.assign({}, ...marks('labels').map(mark))),
    rules: null,
  };
}

function rule(line: string): PolicyRule {
  const [verbs = '', groups = '', resources = '', names] = line.split(' ');
  const list = (text: string): string[] => text.split(',');
  if (groups === 'url') return { verbs: list(verbs), nonResourceURLs: list(resources) };
  return {
    verbs: list(verbs),
    apiGroups: list(groups).map((group) => (group === 'core' ? '' : group)),
    resources: list(resources),
    ...(names === undefined ? {} : { resourceNames: list(names) }),
  };
}

function binding(line: string): Binding {
  const [left = '', subjects = ''] = line.split(/ : ?/);
  const [full = '', role] = left.split(' role=');
  return {
    ...head(full, 'RoleBinding'),
    metadata: metadata(full),
    roleRef: roleRef(full.includes('/') ? 'Role' : 'ClusterRole', role ?? full.slice(full.indexOf('/') + 1)),
    ...(subjects === '' ? {} : { subjects: subjects.split('; ').map(subject) }),
  };
}

function bindingOfController({ metadata: { name = '' } }: ClusterRole): Binding {
  return {
    ...head(name, 'RoleBinding'),
    metadata: metadata(name),
    roleRef: roleRef('ClusterRole', name),
    subjects: [account(`kube-system/${name.slice(CONTROLLER.length)}`)],
  };
}

function roleRef(kind: string, name: string): RoleRef {
  return { apiGroup: RBAC, kind, name };
}

function subject(text: string): Subject {
  const [kind = '', name = ''] = text.split(' ');
  return kind === 'ServiceAccount' ? account(name) : { kind, apiGroup: RBAC, name };
}

function account(full: string): Subject {
  const [namespace = '', name = ''] = full.split('/');
  return { kind: 'ServiceAccount', name, namespace };
}

/** 'namespace/name' is of a namespace, 'name' of the cluster. */
function head(full: string, kind: string): { apiVersion: string; kind: string } {
  return { apiVersion: `${RBAC}/v1`, kind: full.includes('/') ? kind : `Cluster${kind}` };
}

function metadata(full: string, labels: Record<string, string> = {}): KubeObject['metadata'] {
  const slash = full.indexOf('/');
  return {
    name: full.slice(slash + 1),
    ...(slash < 0 ? {} : { namespace: full.slice(0, slash) }),
    labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
    annotations: { [AUTOUPDATE]: 'true' },
  };
}
