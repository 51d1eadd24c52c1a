/**
 * The roles and bindings a cluster starts with. What is missing is made, and what lost rights gets them back at every start,
 * unless its annotation says that it is not to be touched: upstream's reconciliation, which never takes anything away.
 */
import { isAlreadyExists, isNotFound } from '../../../kube/status.ts';
import type { Binding, ClusterRole, PolicyRule, RoleRef, Subject } from '../../../kube/rbac/types.ts';
import type { KubeObject } from '../../../kube/types.ts';
import type { ApiEngine, RequestContext } from '../../engine.ts';
import { copyJson, equalJson } from '../../registry/json.ts';
import { RBAC } from '../policy.ts';
import { uncovered } from '../rules.ts';
import { BINDINGS, ROLES } from './bindings.ts';
import { CLUSTER_ROLES } from './cluster-roles.ts';
import { CONTROLLER_ROLES } from './controller-roles.ts';

const AUTOUPDATE = 'rbac.authorization.kubernetes.io/autoupdate';
const CONTROLLER = 'system:controller:';

/** `ctx`: whoever may do everything. All at once, so that it costs one sync of the disk. */
export async function ensurePolicy(engine: ApiEngine, ctx: RequestContext): Promise<void> {
  await Promise.all(policy().map((object) => ensure(engine, ctx, object)));
}

function policy(): (ClusterRole | Binding)[] {
  const controllers = roles(CONTROLLER_ROLES);
  return [...roles(CLUSTER_ROLES), ...controllers, ...roles(ROLES), ...lines(BINDINGS).map(binding), ...controllers.map(bindingOfController)];
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
    subjects: subjects === '' ? [] : subjects.split('; ').map(subject),
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

const PLURALS: Record<string, string> = {
  ClusterRole: 'clusterroles',
  ClusterRoleBinding: 'clusterrolebindings',
  Role: 'roles',
  RoleBinding: 'rolebindings',
};

async function ensure(engine: ApiEngine, ctx: RequestContext, wanted: ClusterRole | Binding): Promise<void> {
  const { name = '', namespace } = wanted.metadata;
  const definition = engine.definition(RBAC, 'v1', PLURALS[wanted.kind] ?? '');
  if (definition === undefined) throw new Error(`no resource for ${wanted.kind}`);
  const key = namespace === undefined ? { name } : { name, namespace };
  const old = await engine.get(definition, ctx, key).catch((error: unknown) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
  if (old === undefined) {
    await engine.create(definition, ctx, namespace, wanted).catch((error: unknown) => {
      if (!isAlreadyExists(error)) throw error;
    });
    return;
  }
  if (old.object.metadata.annotations?.[AUTOUPDATE] === 'false') return;
  if ('roleRef' in wanted && !equalJson(wanted.roleRef, (old.object as Binding).roleRef)) {
    // To whom it is bound cannot be changed: a new one, for the same subjects.
    await engine.delete(definition, ctx, key);
    await engine.create(definition, ctx, namespace, withSubjects(wanted, (old.object as Binding).subjects));
    return;
  }
  const merged = 'roleRef' in wanted ? withSubjects(old.object as Binding, wanted.subjects) : withRules(old.object as ClusterRole, wanted);
  const { labels, annotations } = old.object.metadata;
  const complete = {
    ...merged,
    metadata: { ...merged.metadata, labels: { ...wanted.metadata.labels, ...labels }, annotations: { ...wanted.metadata.annotations, ...annotations } },
  };
  if (!equalJson(complete, old.object)) await engine.update(definition, ctx, key, copyJson<KubeObject>(complete));
}

function withSubjects(binding: Binding, more: readonly Subject[] = []): Binding {
  const { subjects = [] } = binding;
  const missing = more.filter((subject) => !subjects.some((known) => equalJson(known, subject)));
  return missing.length === 0 ? binding : { ...binding, subjects: [...subjects, ...missing] };
}

function withRules(old: ClusterRole, wanted: ClusterRole): ClusterRole {
  const missing = uncovered(old.rules ?? [], wanted.rules ?? []);
  const rules = missing.length === 0 ? old : { ...old, rules: [...(old.rules ?? []), ...missing] };
  const selectors = old.aggregationRule?.clusterRoleSelectors ?? [];
  const more = (wanted.aggregationRule?.clusterRoleSelectors ?? []).filter((selector) => !selectors.some((known) => equalJson(known, selector)));
  if (wanted.aggregationRule === undefined && old.aggregationRule !== undefined) {
    const { aggregationRule: _gathers, ...plain } = rules;
    return plain;
  }
  return more.length === 0 ? rules : { ...rules, aggregationRule: { clusterRoleSelectors: [...selectors, ...more] } };
}
