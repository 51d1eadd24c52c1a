/** Kinds whose status is numbers that add up: Deployments, ReplicaSets, StatefulSets, DaemonSets, and their likes. */
import { equalJson } from '../../kube/json.ts';
import type { Unstructured } from '../../kube/types.ts';
import type { AggregatedStatusItem, Health } from '../kinds/binding.ts';
import * as marks from '../kinds/marks.ts';
import { fields, numberOf, specOf, statusOf, withSpec, type Fields } from './fields.ts';
import type { Interpreter } from './interpreter.ts';
import { podDependencies, requirementsOf } from './pod-template.ts';

/** With the generations by which the hub knows whether a member has seen the template as it now is. */
function reflect(counts: readonly string[]) {
  return (object: Unstructured): unknown => {
    const status = statusOf(object);
    if (Object.keys(status).length === 0) return undefined;
    const own = Object.fromEntries(counts.flatMap((name) => (numberOf(status[name]) === undefined ? [] : [[name, status[name]]])));
    return {
      generation: object.metadata.generation ?? 0,
      resourceTemplateGeneration: Number(object.metadata.annotations?.[marks.TEMPLATE_GENERATION] ?? 0),
      observedGeneration: numberOf(status.observedGeneration) ?? 0,
      ...own,
    };
  };
}

/** The template's observed generation moves when every member has observed it: by that others tell whether a change is through. */
function aggregate(counts: readonly string[]) {
  return (template: Unstructured, items: readonly AggregatedStatusItem[]): Unstructured => {
    const sums: Record<string, number> = {};
    let observed = 0;
    const generation = template.metadata.generation ?? 0;
    for (const { status } of items) {
      const member = fields(status);
      for (const name of counts) sums[name] = (sums[name] ?? 0) + (numberOf(member[name]) ?? 0);
      const isCurrent = (numberOf(member.observedGeneration) ?? -1) >= (numberOf(member.generation) ?? 0);
      if (isCurrent && (numberOf(member.resourceTemplateGeneration) ?? 0) >= generation) observed++;
    }
    const before = statusOf(template);
    const others = Object.fromEntries(Object.entries(before).filter(([name]) => !counts.includes(name)));
    // The API leaves out what is zero, but for what it requires.
    const said = Object.fromEntries(Object.entries(sums).filter(([name, sum]) => sum !== 0 || isRequired(template, name)));
    const status: Fields = { ...others, ...said, ...(observed === items.length && items.length > 0 ? { observedGeneration: generation } : {}) };
    return equalJson(status, before) ? template : { ...template, status };
  };
}

/** Fields that the API wants in a status: of ReplicaSets, StatefulSets and DaemonSets. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  ReplicaSet: ['replicas'],
  StatefulSet: ['replicas'],
  DaemonSet: ['currentNumberScheduled', 'numberMisscheduled', 'desiredNumberScheduled', 'numberReady'],
};

function isRequired({ kind }: Unstructured, name: string): boolean {
  return REQUIRED[kind]?.includes(name) === true;
}

function health(isDone: (spec: Fields, status: Fields) => boolean) {
  return (object: Unstructured): Health => {
    const status = statusOf(object);
    const isSeen = (numberOf(status.observedGeneration) ?? 0) === (object.metadata.generation ?? 0);
    return isSeen && isDone(specOf(object), status) ? 'Healthy' : 'Unhealthy';
  };
}

const count = (value: unknown): number => numberOf(value) ?? 0;

/** Who scales in the member keeps his number there. */
function retainReplicas(desired: Unstructured, observed: Unstructured): Unstructured {
  const isRetained = desired.metadata.labels?.['resourcetemplate.karmada.io/retain-replicas'] === 'true';
  const replicas = specOf(observed).replicas;
  return isRetained && replicas !== undefined ? withSpec(desired, { replicas }) : desired;
}

const divided: Pick<Interpreter, 'replicas' | 'reviseReplica' | 'retain' | 'dependencies'> = {
  replicas(object) {
    const requirements = requirementsOf(object);
    return { replicas: numberOf(specOf(object).replicas) ?? 1, ...(requirements === undefined ? {} : { requirements }) };
  },
  reviseReplica: (object, replicas) => withSpec(object, { replicas }),
  retain: retainReplicas,
  dependencies: podDependencies,
};

const DEPLOYMENT = ['replicas', 'updatedReplicas', 'readyReplicas', 'availableReplicas', 'unavailableReplicas'];
export const deployment: Interpreter = {
  ...divided,
  reflectStatus: reflect(DEPLOYMENT),
  aggregateStatus: aggregate(DEPLOYMENT),
  health: health((spec, status) => count(status.updatedReplicas) >= count(spec.replicas) && count(status.availableReplicas) >= count(status.updatedReplicas)),
};

const REPLICA_SET = ['replicas', 'readyReplicas', 'availableReplicas', 'fullyLabeledReplicas'];
export const replicaSet: Interpreter = {
  ...divided,
  reflectStatus: reflect(REPLICA_SET),
  aggregateStatus: aggregate(REPLICA_SET),
  health: health((spec, status) => count(status.availableReplicas) >= count(spec.replicas)),
};

const STATEFUL_SET = ['replicas', 'readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'];
export const statefulSet: Interpreter = {
  ...divided,
  reflectStatus: reflect(STATEFUL_SET),
  aggregateStatus: aggregate(STATEFUL_SET),
  health: health((spec, status) => count(status.updatedReplicas) >= count(spec.replicas) && count(status.availableReplicas) >= count(status.updatedReplicas)),
};

const DAEMON_SET = [
  'currentNumberScheduled',
  'numberMisscheduled',
  'desiredNumberScheduled',
  'numberReady',
  'updatedNumberScheduled',
  'numberAvailable',
  'numberUnavailable',
];
export const daemonSet: Interpreter = {
  dependencies: podDependencies,
  reflectStatus: reflect(DAEMON_SET),
  aggregateStatus: aggregate(DAEMON_SET),
  health: health(
    (_, status) =>
      count(status.updatedNumberScheduled) >= count(status.desiredNumberScheduled) && count(status.numberAvailable) >= count(status.updatedNumberScheduled),
  ),
};
