/**
 * The roles and bindings a cluster starts with. What is missing is made, and what lost rights gets them back some time after
 * every start, unless its annotation says that it is not to be touched: upstream's reconciliation, which never takes anything away.
 */
import { apiVersionOf } from '../../../kube/resources.ts';
import { isNotFound } from '../../../kube/status.ts';
import type { Binding, ClusterRole, Subject } from '../../../kube/rbac/types.ts';
import type { KubeObject } from '../../../kube/types.ts';
import { timestamp, type Cancel, type Clock } from '../../../runtime/clock.ts';
import type { Random } from '../../../runtime/random.ts';
import type { Logger } from '../../../runtime/log.ts';
import { serverContext, type ApiEngine, type RequestContext } from '../../engine.ts';
import { copyJson, equalJson } from '../../../kube/json.ts';
import type { Store } from '../../store/store.ts';
import { RBAC } from '../policy.ts';
import { uncovered } from '../rules.ts';
import { AUTOUPDATE, policy } from './policy.ts';

const VERSION = { group: RBAC, version: 'v1' };
const PLURALS: Record<string, string> = {
  ClusterRole: 'clusterroles',
  ClusterRoleBinding: 'clusterrolebindings',
  Role: 'roles',
  RoleBinding: 'rolebindings',
};
/** Until the start is over: what needs it is rare, and looking costs some milliseconds. */
const RECONCILE_AFTER_MS = 2_000;

/**
 * Makes what is missing, straight in the store and all at once: these objects are known to be whole, and a start has little time.
 * Answers whether anything was there before, and so may have lost rights.
 */
export async function seedPolicy({ store, clock, random }: { store: Store; clock: Clock; random: Random }): Promise<boolean> {
  const time = timestamp(clock.now());
  const objects = policy();
  const writes: Promise<unknown>[] = [];
  for (const object of objects) {
    const collection = store.collection(`${RBAC}/${PLURALS[object.kind]}`);
    const key = storageKey(object);
    if (store.newest(collection, key) !== undefined) continue;
    Object.assign(object.metadata, { uid: random.uuid(), creationTimestamp: time, managedFields: [managerOf(object, time)] });
    writes.push(store.put(collection, key, object));
  }
  await Promise.all(writes);
  return writes.length < objects.length;
}

/** Answers how to stop it. */
export function reconcilePolicyLater(engine: ApiEngine, { clock, log }: { clock: Clock; log: Logger }): Cancel {
  return clock.after(RECONCILE_AFTER_MS, () => {
    reconcilePolicy(engine).catch((error: unknown) => log.warn('the roles of the start could not be looked after', { error: String(error) }));
  });
}

async function reconcilePolicy(engine: ApiEngine): Promise<void> {
  const ctx = serverContext();
  for (const object of policy()) await reconcile(engine, ctx, object);
}

function storageKey({ metadata: { name = '', namespace } }: KubeObject): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** Upstream's API server owns all of them. */
function managerOf(object: ClusterRole | Binding, time: string): object {
  const { labels, annotations } = object.metadata;
  const members = (names: object): object => ({ '.': {}, ...Object.fromEntries(Object.keys(names).map((name) => [`f:${name}`, {}])) });
  const own =
    'roleRef' in object
      ? { 'f:roleRef': {}, ...(object.subjects?.length ? { 'f:subjects': {} } : {}) }
      : {
          ...(object.aggregationRule === undefined ? {} : { 'f:aggregationRule': members(object.aggregationRule) }),
          ...(object.rules ? { 'f:rules': {} } : {}),
        };
  const fieldsV1 = { 'f:metadata': { 'f:annotations': members(annotations ?? {}), 'f:labels': members(labels ?? {}) }, ...own };
  return { apiVersion: object.apiVersion, fieldsType: 'FieldsV1', fieldsV1, manager: 'kube-apiserver', operation: 'Update', time };
}

async function reconcile(engine: ApiEngine, ctx: RequestContext, wanted: ClusterRole | Binding): Promise<void> {
  const definition = engine.definition(VERSION.group, VERSION.version, PLURALS[wanted.kind] ?? '');
  if (definition === undefined) throw new Error(`no resource for ${apiVersionOf(VERSION)} ${wanted.kind}`);
  const { name = '', namespace } = wanted.metadata;
  const key = namespace === undefined ? { name } : { name, namespace };
  const old = await engine.get(definition, ctx, key).then(
    ({ object }) => object as ClusterRole | Binding,
    (error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    },
  );
  // Deleted since the start: it comes back with the next.
  if (old === undefined || old.metadata.annotations?.[AUTOUPDATE] === 'false') return;
  if ('roleRef' in wanted && !equalJson(wanted.roleRef, (old as Binding).roleRef)) {
    // To whom it is bound cannot be changed: a new one, for the same subjects.
    await engine.delete(definition, ctx, key);
    await engine.create(definition, ctx, namespace, withSubjects(wanted, (old as Binding).subjects));
    return;
  }
  const merged = 'roleRef' in wanted ? withSubjects(old as Binding, wanted.subjects) : withRules(old as ClusterRole, wanted);
  const labels = { ...wanted.metadata.labels, ...old.metadata.labels };
  const annotations = { ...wanted.metadata.annotations, ...old.metadata.annotations };
  const complete = { ...merged, metadata: { ...merged.metadata, labels, annotations } };
  if (!equalJson(complete, old)) await engine.update(definition, ctx, key, copyJson<KubeObject>(complete));
}

function withSubjects(binding: Binding, more: readonly Subject[] = []): Binding {
  const { subjects = [] } = binding;
  const missing = more.filter((subject) => !subjects.some((known) => equalJson(known, subject)));
  return missing.length === 0 ? binding : { ...binding, subjects: [...subjects, ...missing] };
}

function withRules(old: ClusterRole, wanted: ClusterRole): ClusterRole {
  // The ordinary case, which is quick.
  const missing = equalJson(old.rules, wanted.rules) ? [] : uncovered(old.rules ?? [], wanted.rules ?? []);
  const rules = missing.length === 0 ? old : { ...old, rules: [...(old.rules ?? []), ...missing] };
  const selectors = old.aggregationRule?.clusterRoleSelectors ?? [];
  const more = (wanted.aggregationRule?.clusterRoleSelectors ?? []).filter((selector) => !selectors.some((known) => equalJson(known, selector)));
  if (wanted.aggregationRule === undefined && old.aggregationRule !== undefined) {
    const { aggregationRule: _gathers, ...plain } = rules;
    return plain;
  }
  return more.length === 0 ? rules : { ...rules, aggregationRule: { clusterRoleSelectors: [...selectors, ...more] } };
}
