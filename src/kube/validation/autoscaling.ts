/** Horizontal pod autoscalers, of both versions: upstream checks the newer form, and so do we. */
import { isDns1123Label } from '../names.ts';
import { canonicalQuantity, compareQuantities } from '../quantity.ts';
import type { Unstructured } from '../types.ts';
import { forbiddenField, invalidValue, named, nonNegative, notSupported, required, type Errors } from './field.ts';
import { containerResourceName } from './limits.ts';

const PERIOD_MAX = 1800;
const WINDOW_MAX = 3600;
const SOURCES = ['object', 'external', 'pods', 'resource', 'containerResource'] as const;
const TYPES: Record<string, (typeof SOURCES)[number]> = {
  ContainerResource: 'containerResource',
  External: 'external',
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
};

interface Reference {
  kind?: string;
  name?: string;
  apiVersion?: string;
}

interface Target {
  type?: string;
  value?: string | number;
  averageValue?: string | number;
  averageUtilization?: number;
}

interface Source {
  name?: string;
  container?: string;
  metric?: { name?: string };
  describedObject?: Reference;
  target?: Target;
}

type Metric = { type?: string } & Partial<Record<(typeof SOURCES)[number], Source>>;

interface Rules {
  stabilizationWindowSeconds?: number;
  selectPolicy?: string;
  policies?: { type?: string; value?: number; periodSeconds?: number }[];
  tolerance?: string | number;
}

interface Spec {
  minReplicas?: number;
  maxReplicas?: number;
  scaleTargetRef?: Reference;
  metrics?: Metric[];
  behavior?: { scaleUp?: Rules; scaleDown?: Rules };
}

export function validateAutoscaler(errors: Errors, object: Unstructured, old: Unstructured | undefined): void {
  const { minReplicas, maxReplicas = 0, scaleTargetRef, metrics = [], behavior } = (object['spec'] ?? {}) as Spec;
  const before = (old?.['spec'] as Spec | undefined)?.scaleTargetRef;
  if (minReplicas !== undefined && maxReplicas < minReplicas)
    errors.push(invalidValue('spec.maxReplicas', maxReplicas, 'must be greater than or equal to `minReplicas`'));
  // What was accepted once stays so.
  const lenient = before !== undefined && versionProblem(before, false) !== undefined;
  validateReference(errors, 'spec.scaleTargetRef', scaleTargetRef ?? {}, lenient ? 'any' : 'group');
  for (const [i, metric] of metrics.entries()) validateMetric(errors, `spec.metrics[${i}]`, metric);
  if (minReplicas === 0 && !metrics.some(({ type }) => type === 'Object' || type === 'External'))
    errors.push(forbiddenField('spec.metrics', 'must specify at least one Object or External metric to support scaling to zero replicas'));
  for (const direction of ['scaleUp', 'scaleDown'] as const) {
    const rules = behavior?.[direction];
    if (rules !== undefined) validateRules(errors, `spec.behavior.${direction}`, rules);
  }
  nonNegative(errors, 'spec.minReplicas', minReplicas);
  if (maxReplicas === 0) errors.push(required('spec.maxReplicas'));
  else if (maxReplicas < 0) errors.push(invalidValue('spec.maxReplicas', maxReplicas, 'must be greater than or equal to 1'));
}

/** Version 1 has a field for one metric; the others travel in annotations and are converted before they are used. */
export function validateAutoscalerV1(errors: Errors, object: Unstructured, old: Unstructured | undefined): void {
  const { targetCPUUtilizationPercentage: averageUtilization, ...spec } = (object['spec'] ?? {}) as Spec & { targetCPUUtilizationPercentage?: number };
  const cpu = { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } } };
  validateAutoscaler(errors, { ...object, spec: { ...spec, ...(averageUtilization === undefined ? {} : { metrics: [cpu] }) } }, old);
}

function pathSegment(errors: Errors, path: string, value: string): void {
  if (value === '.' || value === '..') errors.push(invalidValue(path, value, `may not be '${value}'`));
  for (const character of ['/', '%']) if (value.includes(character)) errors.push(invalidValue(path, value, `may not contain '${character}'`));
}

function validateReference(errors: Errors, path: string, reference: Reference, version: 'group' | 'known' | 'any'): void {
  for (const name of ['kind', 'name'] as const) {
    const value = reference[name];
    if (!value) errors.push(required(`${path}.${name}`));
    else pathSegment(errors, `${path}.${name}`, value);
  }
  const problem = version === 'any' ? undefined : versionProblem(reference, version === 'known');
  if (problem !== undefined) errors.push(invalidValue(`${path}.apiVersion`, reference.apiVersion ?? '', problem));
}

/** Replication controllers are the core group's, which most have to name a group to be told from. */
function versionProblem({ apiVersion = '', kind }: Reference, coreAllowed: boolean): string | undefined {
  if (apiVersion.split('/').length > 2) return `unexpected GroupVersion string: ${apiVersion}`;
  if (coreAllowed || apiVersion.includes('/') || (kind === 'ReplicationController' && apiVersion === 'v1')) return undefined;
  return 'apiVersion must specify API group';
}

function validateMetric(errors: Errors, path: string, metric: Metric): void {
  const { type = '' } = metric;
  const expected = TYPES[type];
  if (type === '') errors.push(required(`${path}.type`, 'must specify a metric source type'));
  const present = SOURCES.filter((source) => metric[source] !== undefined);
  const [first] = present;
  if (first !== undefined) validateSource(errors, `${path}.${first}`, first, metric[first] ?? {});
  if (expected === undefined) errors.push(notSupported(`${path}.type`, type, Object.keys(TYPES)));
  else if (metric[expected] === undefined) errors.push(required(`${path}.${expected}`, 'must populate information for the given metric source'));
  if (present.length > 1)
    for (const source of present) if (source !== expected) errors.push(forbiddenField(`${path}.${source}`, 'must populate the given metric source only'));
}

function validateSource(errors: Errors, path: string, kind: (typeof SOURCES)[number], source: Source): void {
  const target = source.target ?? {};
  if (kind === 'object') validateReference(errors, `${path}.describedObject`, source.describedObject ?? {}, 'known');
  if (kind === 'resource' || kind === 'containerResource') {
    if (!source.name) errors.push(required(`${path}.name`, 'must specify a resource name'));
    else if (kind === 'containerResource') containerResourceName(errors, `${path}.name`, source.name);
    if (kind === 'containerResource') {
      if (!source.container) errors.push(required(`${path}.container`, 'must specify a container'));
      else named(errors, `${path}.container`, source.container, isDns1123Label);
    }
  } else if (!source.metric?.name) errors.push(required(`${path}.metric.name`, 'must specify a metric name'));
  else pathSegment(errors, `${path}.metric.name`, source.metric.name);
  validateTarget(errors, `${path}.target`, target);
  const { value, averageValue, averageUtilization } = target;
  switch (kind) {
    case 'object':
      if (value === undefined && averageValue === undefined)
        errors.push(required(`${path}.target.averageValue`, 'must set either a target value or averageValue'));
      break;
    case 'external':
      if (value === undefined && averageValue === undefined)
        errors.push(required(`${path}.target.averageValue`, 'must set either a target value for metric or a per-pod target'));
      if (value !== undefined && averageValue !== undefined)
        errors.push(forbiddenField(`${path}.target.value`, 'may not set both a target value for metric and a per-pod target'));
      break;
    case 'pods':
      if (averageValue === undefined) errors.push(required(`${path}.target.averageValue`, 'must specify a positive target averageValue'));
      break;
    default:
      if (averageUtilization === undefined && averageValue === undefined)
        errors.push(required(`${path}.target.averageUtilization`, 'must set either a target raw value or a target utilization'));
      if (averageUtilization !== undefined && averageValue !== undefined)
        errors.push(forbiddenField(`${path}.target.averageValue`, 'may not set both a target raw value and a target utilization'));
  }
}

function validateTarget(errors: Errors, path: string, { type = '', averageUtilization, ...amounts }: Target): void {
  if (type === '') errors.push(required(`${path}.type`, 'must specify a metric target type'));
  if (!['Utilization', 'Value', 'AverageValue'].includes(type))
    errors.push(invalidValue(`${path}.type`, type, 'must be either Utilization, Value, or AverageValue'));
  for (const name of ['value', 'averageValue'] as const) {
    const amount = amounts[name];
    if (amount !== undefined && compareQuantities(amount, '0') <= 0)
      errors.push(invalidValue(`${path}.${name}`, canonicalQuantity(amount), 'must be positive'));
  }
  if (averageUtilization !== undefined && averageUtilization < 1)
    errors.push(invalidValue(`${path}.averageUtilization`, averageUtilization, 'must be greater than 0'));
}

function validateRules(errors: Errors, path: string, { stabilizationWindowSeconds: window, selectPolicy, policies = [], tolerance }: Rules): void {
  if (window !== undefined && window < 0) errors.push(invalidValue(`${path}.stabilizationWindowSeconds`, window, 'must be greater than or equal to zero'));
  if (window !== undefined && window > WINDOW_MAX)
    errors.push(invalidValue(`${path}.stabilizationWindowSeconds`, window, `must be less than or equal to ${WINDOW_MAX}`));
  if (selectPolicy !== undefined && !['Disabled', 'Max', 'Min'].includes(selectPolicy))
    errors.push(notSupported(`${path}.selectPolicy`, selectPolicy, ['Disabled', 'Max', 'Min']));
  if (policies.length === 0) errors.push(required(`${path}.policies`, 'must specify at least one Policy'));
  for (const [i, { type = '', value = 0, periodSeconds = 0 }] of policies.entries()) {
    const at = `${path}.policies[${i}]`;
    if (type !== 'Pods' && type !== 'Percent') errors.push(notSupported(`${at}.type`, type, ['Percent', 'Pods']));
    if (value <= 0) errors.push(invalidValue(`${at}.value`, value, 'must be greater than zero'));
    if (periodSeconds <= 0) errors.push(invalidValue(`${at}.periodSeconds`, periodSeconds, 'must be greater than zero'));
    if (periodSeconds > PERIOD_MAX) errors.push(invalidValue(`${at}.periodSeconds`, periodSeconds, `must be less than or equal to ${PERIOD_MAX}`));
  }
  if (tolerance !== undefined && compareQuantities(tolerance, '0') < 0)
    errors.push(invalidValue(`${path}.tolerance`, canonicalQuantity(tolerance), 'must be greater than or equal to 0'));
}
