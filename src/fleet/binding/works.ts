/** The works that a binding asks for: what each of its clusters is to have. Pure. */
import { equalJson } from '../../kube/json.ts';
import type { KubeObject, Unstructured } from '../../kube/types.ts';
import type { Interpreter } from '../interpreters/interpreter.ts';
import { forMember } from '../interpreters/prune.ts';
import type { ResourceBinding, TargetCluster } from '../kinds/binding.ts';
import type { Cluster } from '../kinds/cluster.ts';
import * as marks from '../kinds/marks.ts';
import type { OverridePolicy } from '../kinds/policy.ts';
import { executionNamespace, type Work } from '../kinds/work.ts';
import { applyOverrides, type AppliedOverride } from '../overrides/index.ts';
import { divideCompletions } from './completions.ts';
import { workName } from './names.ts';

export interface WorksInput {
  binding: ResourceBinding;
  template: Unstructured;
  interpreter: Interpreter;
  /** Those that have joined, by name. */
  clusters: ReadonlyMap<string, Cluster>;
  overrides: { cluster: readonly OverridePolicy[]; namespaced: readonly OverridePolicy[] };
}

/** The binding's clusters, and those of the bindings that need its resource where they are. */
export function targetsOf({ spec }: ResourceBinding): TargetCluster[] {
  const targets = new Map((spec.clusters ?? []).map((target) => [target.name, target]));
  for (const { clusters = [] } of spec.requiredBy ?? []) {
    for (const { name } of clusters) if (!targets.has(name)) targets.set(name, { name });
  }
  return [...targets.values()];
}

/** Clusters that keep what they have although they are no longer wanted: until what replaces them is healthy. */
export function leaving({ spec }: ResourceBinding): Set<string> {
  const tasks = (spec.gracefulEvictionTasks ?? []).filter(({ purgeMode }) => purgeMode !== 'Immediately' && purgeMode !== 'Directly');
  return new Set(tasks.map(({ fromCluster }) => fromCluster));
}

/** Throws when an override cannot be applied: nothing is sent that was meant to be different. */
export function wantedWorks({ binding, template, interpreter, clusters, overrides }: WorksInput): Work[] {
  const bare = forMember(template);
  const targets = targetsOf(binding).filter(({ name }) => clusters.has(name));
  const completions = divideCompletions(template, targets);
  return targets.map((target) => {
    const divided = target.replicas === undefined ? bare : (interpreter.reviseReplica?.(bare, target.replicas) ?? bare);
    const own = completions?.get(target.name);
    const revised = own === undefined ? divided : { ...divided, spec: { ...(divided.spec as object), completions: own } };
    const { object, applied } = applyOverrides(revised, clusters.get(target.name)!, overrides);
    return workOf(binding, template, clusters.get(target.name)!, object, applied);
  });
}

function workOf(binding: ResourceBinding, template: Unstructured, member: Cluster, object: Unstructured, applied: readonly AppliedOverride[]): Work {
  const { namespace, name = '' } = template.metadata;
  const { spec } = binding;
  const cluster = member.metadata.name ?? '';
  const suspended = spec.suspension?.dispatching === true || spec.suspension?.dispatchingOnClusters?.clusterNames?.includes(cluster) === true;
  const work = { namespace: executionNamespace(cluster), name: workName(template.kind, name, namespace) };
  const conflict = spec.conflictResolution === 'Overwrite' ? 'overwrite' : 'abort';
  const manifest: KubeObject = {
    ...object,
    metadata: {
      ...object.metadata,
      labels: { ...object.metadata.labels, [marks.MANAGED]: 'true' },
      annotations: {
        ...object.metadata.annotations,
        [marks.TEMPLATE_UID]: template.metadata.uid ?? '',
        ...(template.metadata.generation === undefined ? {} : { [marks.TEMPLATE_GENERATION]: String(template.metadata.generation) }),
        [marks.WORK_NAMESPACE]: work.namespace,
        [marks.WORK_NAME]: work.name,
        [marks.CONFLICT_RESOLUTION]: conflict,
      },
    },
  };
  return {
    apiVersion: 'work.karmada.io/v1alpha1',
    kind: 'Work',
    metadata: {
      ...work,
      finalizers: [marks.EXECUTION_FINALIZER],
      annotations: { ...bindingMarks(binding), ...overrideMarks(applied) },
    },
    spec: {
      workload: { manifests: [manifest] },
      ...(suspended ? { suspendDispatching: true } : {}),
      ...(spec.preserveResourcesOnDeletion === true || marks.keepsOnLeave(member) ? { preserveResourcesOnDeletion: true } : {}),
    },
  };
}

function bindingMarks({ metadata: { namespace, name = '' } }: ResourceBinding): Record<string, string> {
  return namespace === undefined ? { [marks.CLUSTER_BINDING_NAME]: name } : { [marks.BINDING_NAMESPACE]: namespace, [marks.BINDING_NAME]: name };
}

function overrideMarks(applied: readonly AppliedOverride[]): Record<string, string> {
  const found: Record<string, string> = {};
  const cluster = applied.filter(({ namespace }) => namespace === undefined);
  const namespaced = applied.filter(({ namespace }) => namespace !== undefined);
  if (cluster.length > 0) found[marks.APPLIED_CLUSTER_OVERRIDES] = JSON.stringify(cluster.map(({ name, overriders }) => ({ policyName: name, overriders })));
  if (namespaced.length > 0) found[marks.APPLIED_OVERRIDES] = JSON.stringify(namespaced.map(({ name, overriders }) => ({ policyName: name, overriders })));
  return found;
}

/** `namespace/name` of the binding that a work belongs to; '/name' of one of the cluster. */
export function bindingKeyOf({ metadata: { annotations = {} } }: Work): string | undefined {
  const name = annotations[marks.BINDING_NAME];
  if (name !== undefined) return `${annotations[marks.BINDING_NAMESPACE] ?? ''}/${name}`;
  const clusterName = annotations[marks.CLUSTER_BINDING_NAME];
  return clusterName === undefined ? undefined : `/${clusterName}`;
}

/** Whether a work that is there says what the wanted one does. */
export function sameWork(known: Work, wanted: Work): boolean {
  return equalJson(known.spec, wanted.spec) && equalJson(known.metadata.annotations, wanted.metadata.annotations);
}
