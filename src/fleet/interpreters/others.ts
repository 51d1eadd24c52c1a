/** Kinds whose status is not numbers: services, jobs, claims, and those that say Ready. */
import { getCondition, setCondition, type Condition } from '../../kube/conditions.ts';
import { equalJson } from '../../kube/json.ts';
import type { Unstructured } from '../../kube/types.ts';
import type { AggregatedStatusItem, Health } from '../kinds/binding.ts';
import { fields, numberOf, specOf, statusOf, withSpec } from './fields.ts';
import type { Interpreter } from './interpreter.ts';
import { podDependencies, requirementsOf } from './pod-template.ts';

function withStatus(template: Unstructured, status: unknown): Unstructured {
  return equalJson(status, template.status ?? {}) ? template : { ...template, status };
}

const healthy = (isHealthy: boolean): Health => (isHealthy ? 'Healthy' : 'Unhealthy');

/** Every address once, in order. */
function ingressUnion(items: readonly AggregatedStatusItem[]): unknown[] {
  const found = items.flatMap(({ status }) => (fields(fields(status).loadBalancer).ingress as unknown[] | undefined) ?? []);
  const byText = new Map(found.map((ingress) => [JSON.stringify(ingress), ingress]));
  return [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, ingress]) => ingress);
}

function hasIngress(object: Unstructured): boolean {
  const ingress = (fields(statusOf(object).loadBalancer).ingress as { ip?: string; hostname?: string }[] | undefined) ?? [];
  return ingress.some(({ ip, hostname }) => ip !== undefined || hostname !== undefined);
}

const balanced = (template: Unstructured, items: readonly AggregatedStatusItem[]): Unstructured => {
  const ingress = ingressUnion(items);
  return withStatus(template, { ...statusOf(template), loadBalancer: ingress.length === 0 ? {} : { ingress } });
};

export const service: Interpreter = {
  reflectStatus: (object) => (specOf(object).type === 'LoadBalancer' ? object.status : undefined),
  aggregateStatus: (template, items) => (specOf(template).type === 'LoadBalancer' ? balanced(template, items) : template),
  health: (object) => healthy(specOf(object).type !== 'LoadBalancer' || hasIngress(object)),
};

export const ingress: Interpreter = { aggregateStatus: balanced, health: (object) => healthy(hasIngress(object)) };

const isTrue = (conditions: unknown, type: string): boolean => getCondition(conditions as Condition[] | undefined, type)?.status === 'True';

/** Finished when every member's is; failed when one has. */
function aggregateJob(template: Unstructured, items: readonly AggregatedStatusItem[]): Unstructured {
  const before = statusOf(template);
  if (items.length === 0 || isTrue(before.conditions, 'Complete') || isTrue(before.conditions, 'Failed')) return template;
  const statuses = items.map(({ clusterName, status }) => ({ clusterName, status: fields(status) }));
  const sum = (name: string): number => statuses.reduce((total, { status }) => total + (numberOf(status[name]) ?? 0), 0);
  const times = (name: string): string[] => statuses.flatMap(({ status }) => (typeof status[name] === 'string' ? [status[name]] : [])).sort();
  const failed = statuses.filter(({ status }) => isTrue(status.conditions, 'Failed'));
  const isComplete = statuses.every(({ status }) => isTrue(status.conditions, 'Complete'));
  const [startTime] = times('startTime');
  const completionTime = times('completionTime').at(-1);
  const now = completionTime ?? startTime ?? '';
  let conditions = before.conditions as Condition[] | undefined;
  if (failed.length > 0) {
    const names = failed.map(({ clusterName }) => clusterName).join(',');
    conditions = setCondition(
      conditions,
      { type: 'Failed', status: 'True', reason: 'JobFailed', message: `Job executed failed in member clusters ${names}` },
      now,
    );
  } else if (isComplete) {
    conditions = setCondition(conditions, { type: 'Complete', status: 'True', reason: 'Completed', message: 'Job completed' }, now);
  }
  const counts = Object.fromEntries(['active', 'succeeded', 'failed'].map((name) => [name, sum(name)] as const).filter(([, value]) => value > 0));
  return withStatus(template, {
    ...counts,
    ...(conditions === undefined ? {} : { conditions }),
    ...(startTime === undefined ? {} : { startTime }),
    ...(isComplete && completionTime !== undefined ? { completionTime } : {}),
  });
}

export const job: Interpreter = {
  replicas(object) {
    const requirements = requirementsOf(object);
    return { replicas: numberOf(specOf(object).parallelism) ?? 1, ...(requirements === undefined ? {} : { requirements }) };
  },
  reviseReplica: (object, parallelism) => withSpec(object, { parallelism }),
  // The member's server chose them.
  retain(desired, observed) {
    const { selector, template } = specOf(observed);
    const labels = fields(fields(template).metadata).labels;
    const own = fields(specOf(desired).template);
    const metadata = fields(own.metadata);
    const merged = { ...fields(labels), ...fields(metadata.labels) };
    return withSpec(desired, {
      ...(selector === undefined ? {} : { selector }),
      template: { ...own, metadata: { ...metadata, ...(Object.keys(merged).length === 0 ? {} : { labels: merged }) } },
    });
  },
  aggregateStatus: aggregateJob,
  health: (object) => healthy(!isTrue(statusOf(object).conditions, 'Failed')),
  dependencies: podDependencies,
};

export const cronJob: Interpreter = {
  aggregateStatus(template, items) {
    const statuses = items.map(({ status }) => fields(status));
    const active = statuses.flatMap((status) => (status.active as unknown[] | undefined) ?? []);
    const latest = (name: string): string | undefined =>
      statuses
        .flatMap((status) => (typeof status[name] === 'string' ? [status[name]] : []))
        .sort()
        .at(-1);
    const times = Object.fromEntries(['lastScheduleTime', 'lastSuccessfulTime'].flatMap((name) => (latest(name) === undefined ? [] : [[name, latest(name)]])));
    return withStatus(template, { ...(active.length === 0 ? {} : { active }), ...times });
  },
  dependencies: podDependencies,
};

export const pod: Interpreter = {
  retain(desired, observed) {
    const { nodeName, serviceAccountName, volumes } = specOf(observed);
    return withSpec(desired, { nodeName, serviceAccountName, volumes, containers: specOf(observed).containers });
  },
  health: (object) => healthy(statusOf(object).phase === 'Succeeded' || (statusOf(object).phase === 'Running' && isTrue(statusOf(object).conditions, 'Ready'))),
  aggregateStatus(template, items) {
    const phases = items.map(({ status }) => fields(status).phase);
    const phase = ['Failed', 'Pending', 'Running', 'Succeeded'].find((one) => phases.includes(one));
    return phase === undefined ? template : withStatus(template, { ...statusOf(template), phase });
  },
  dependencies: podDependencies,
};

export const claim: Interpreter = {
  aggregateStatus(template, items) {
    const phases = items.map(({ status }) => fields(status).phase);
    const phase = ['Lost', 'Pending', 'Bound'].find((one) => phases.includes(one));
    return phase === undefined ? template : withStatus(template, { ...statusOf(template), phase });
  },
  retain: (desired, observed) => (specOf(observed).volumeName === undefined ? desired : withSpec(desired, { volumeName: specOf(observed).volumeName })),
  health: (object) => healthy(statusOf(object).phase === 'Bound'),
};

export const disruptionBudget: Interpreter = {
  aggregateStatus(template, items) {
    const sum = (name: string): number => items.reduce((total, { status }) => total + (numberOf(fields(status)[name]) ?? 0), 0);
    const names = ['currentHealthy', 'desiredHealthy', 'disruptionsAllowed', 'expectedPods'];
    return items.length === 0 ? template : withStatus(template, { ...statusOf(template), ...Object.fromEntries(names.map((name) => [name, sum(name)])) });
  },
  health: (object) => healthy((numberOf(statusOf(object).currentHealthy) ?? 0) >= (numberOf(statusOf(object).desiredHealthy) ?? 0)),
};

export const autoscaler: Interpreter = {
  aggregateStatus(template, items) {
    const sum = (name: string): number => items.reduce((total, { status }) => total + (numberOf(fields(status)[name]) ?? 0), 0);
    return items.length === 0
      ? template
      : withStatus(template, { ...statusOf(template), currentReplicas: sum('currentReplicas'), desiredReplicas: sum('desiredReplicas') });
  },
};

/** Kinds that say by a condition Ready how they are: Knative's, KEDA's. The hub shows ready what is ready everywhere. */
export const conditioned: Interpreter = {
  health: (object) => healthy(isTrue(statusOf(object).conditions, 'Ready')),
  aggregateStatus(template, items) {
    if (items.length === 0) return template;
    const notReady = items.filter(({ status }) => !isTrue(fields(status).conditions, 'Ready'));
    const [first] = items;
    const worst = notReady[0] ?? first;
    const ready = getCondition(fields(worst?.status).conditions as Condition[] | undefined, 'Ready');
    const condition: Condition = {
      type: 'Ready',
      status: ready?.status ?? 'Unknown',
      ...(notReady.length === 0
        ? {}
        : { reason: ready?.reason ?? 'NotReady', message: `not ready in ${notReady.map(({ clusterName }) => clusterName).join(', ')}` }),
    };
    const before = statusOf(template);
    const conditions = setCondition(before.conditions as Condition[] | undefined, condition, ready?.lastTransitionTime ?? '');
    const { url, address } = fields(first?.status);
    return withStatus(template, { ...before, ...(url === undefined ? {} : { url }), ...(address === undefined ? {} : { address }), conditions });
  },
};
export const knativeService: Interpreter = { ...conditioned, dependencies: podDependencies };
