/** Limit ranges and resource quotas. */
import { isQualifiedName } from '../names.ts';
import { canonicalQuantity, compareQuantities, cpuMillis } from '../quantity.ts';
import { isExtended, isHugePages, isNative } from '../quota/resource-names.ts';
import type { ResourceList } from '../quota/resource-list.ts';
import type { LimitRange, ResourceQuota } from '../types.ts';
import { duplicate, forbiddenField, invalidValue, named, required, sorted, type Errors } from './field.ts';

type Limit = NonNullable<NonNullable<LimitRange['spec']>['limits']>[number];
type QuotaSpec = NonNullable<ResourceQuota['spec']>;

const COMPUTE = ['cpu', 'memory', 'ephemeral-storage'];
const COUNTED = [
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
];
const QUOTA_NAMES = new Set([...COMPUTE, ...COMPUTE.flatMap((name) => [`requests.${name}`, `limits.${name}`]), 'requests.storage', ...COUNTED]);
const STANDARD_NAMES = new Set([...QUOTA_NAMES, 'storage']);
const CONTAINER_NAMES = new Set(COMPUTE);
const INTEGER_NAMES = new Set(COUNTED);

const isQuotaHugePages = (name: string): boolean => isHugePages(name) || name.startsWith('requests.hugepages-');
const isQuotaName = (name: string): boolean => QUOTA_NAMES.has(name) || isQuotaHugePages(name);

function resourceName(errors: Errors, path: string, name: string): void {
  const before = errors.length;
  named(errors, path, name, isQualifiedName);
  if (errors.length > before || name.includes('/') || STANDARD_NAMES.has(name) || isQuotaHugePages(name)) return;
  errors.push(invalidValue(path, name, 'must be a standard resource type or fully qualified'));
}

/** Of something that a container may ask for. */
export function containerResourceName(errors: Errors, path: string, name: string): void {
  resourceName(errors, path, name);
  if (!name.includes('/')) {
    if (!CONTAINER_NAMES.has(name) && !isHugePages(name)) errors.push(invalidValue(path, name, 'must be a standard resource for containers'));
  } else if (!isNative(name) && !isExtended(name)) errors.push(invalidValue(path, name, "doesn't follow extended resource name standard"));
}

export function validateLimitRange(errors: Errors, { spec }: LimitRange): void {
  const types = new Set<string>();
  for (const [i, limit] of (spec?.limits ?? []).entries()) {
    const path = `spec.limits[${i}]`;
    const type = limit.type ?? '';
    const before = errors.length;
    named(errors, `${path}.type`, type, isQualifiedName);
    if (errors.length === before && !type.includes('/') && !['Pod', 'Container', 'PersistentVolumeClaim'].includes(type))
      errors.push(invalidValue(`${path}.type`, type, 'must be a standard limit type or fully qualified'));
    if (types.has(type)) errors.push(duplicate(`${path}.type`, type));
    types.add(type);
    validateLimit(errors, path, limit);
  }
}

function validateLimit(errors: Errors, path: string, limit: Limit): void {
  const ofPods = limit.type === 'Pod';
  const checkName = ofPods || limit.type === 'Container' ? containerResourceName : resourceName;
  const keys = new Set<string>();
  const take = (field: 'max' | 'min' | 'default' | 'defaultRequest' | 'maxLimitRequestRatio'): void => {
    for (const name of Object.keys(limit[field] ?? {})) {
      checkName(errors, `${path}.${field}[${name}]`, name);
      keys.add(name);
    }
  };
  take('max');
  take('min');
  for (const field of ['default', 'defaultRequest'] as const) {
    if (!ofPods) take(field);
    else if (Object.keys(limit[field] ?? {}).length > 0) errors.push(forbiddenField(`${path}.${field}`, "may not be specified when `type` is 'Pod'"));
  }
  if (limit.type === 'PersistentVolumeClaim' && limit.min?.['storage'] === undefined && limit.max?.['storage'] === undefined)
    errors.push(required(`${path}.limits`, 'either minimum or maximum storage value is required, but neither was provided'));
  take('maxLimitRequestRatio');
  for (const name of keys) compareBounds(errors, path, limit, name);
}

/** Of one resource: minimum, default request, default and maximum in this order. */
function compareBounds(errors: Errors, path: string, limit: Limit, name: string): void {
  const of = (list: ResourceList | undefined): string | undefined =>
    list !== undefined && Object.hasOwn(list, name) ? canonicalQuantity(list[name] ?? '') : undefined;
  const [min, max, ratio] = [of(limit.min), of(limit.max), of(limit.maxLimitRequestRatio)];
  const [def, request] = limit.type === 'Pod' ? [] : [of(limit.default), of(limit.defaultRequest)];
  const inOrder = (low: string | undefined, high: string | undefined, field: string, value: string | undefined, why: string): void => {
    if (low !== undefined && high !== undefined && compareQuantities(low, high) > 0) errors.push(invalidValue(`${path}.${field}[${name}]`, value, why));
  };
  inOrder(min, max, 'min', min, `min value ${min} is greater than max value ${max}`);
  inOrder(min, request, 'defaultRequest', request, `min value ${min} is greater than default request value ${request}`);
  inOrder(request, max, 'defaultRequest', request, `default request value ${request} is greater than max value ${max}`);
  inOrder(request, def, 'defaultRequest', request, `default request value ${request} is greater than default limit value ${def}`);
  inOrder(min, def, 'default', min, `min value ${min} is greater than default value ${def}`);
  inOrder(def, max, 'default', max, `default value ${def} is greater than max value ${max}`);
  if (ratio !== undefined) {
    inOrder('1', ratio, 'maxLimitRequestRatio', ratio, `ratio ${ratio} is less than 1`);
    const most = cpuMillis(max) / cpuMillis(min);
    if (min !== undefined && max !== undefined && cpuMillis(ratio) / 1000 > most)
      errors.push(invalidValue(`${path}.maxLimitRequestRatio[${name}]`, ratio, `ratio ${ratio} is greater than max/min = ${most.toFixed(6)}`));
  }
  const overcommits = isNative(name) && !isHugePages(name);
  if (!overcommits && def !== undefined && request !== undefined && compareQuantities(def, request) !== 0)
    errors.push(invalidValue(`${path}.defaultRequest[${name}]`, request, `default value ${def} must equal to defaultRequest value ${request} in ${name}`));
}

function validateAmounts(errors: Errors, path: string, list: ResourceList | undefined): void {
  for (const [name, value] of Object.entries(list ?? {})) {
    const at = `${path}[${name}]`;
    resourceName(errors, at, name);
    if (!name.includes('/') && !isQuotaName(name)) errors.push(invalidValue(at, name, 'must be a standard resource for quota'));
    const text = canonicalQuantity(value);
    if (compareQuantities(text, '0') < 0) errors.push(invalidValue(at, text, 'must be greater than or equal to 0'));
    if ((INTEGER_NAMES.has(name) || isExtended(name)) && cpuMillis(text) % 1000 !== 0) errors.push(invalidValue(at, text, 'must be an integer'));
  }
}

const POD_SCOPES = ['Terminating', 'NotTerminating', 'NotBestEffort', 'PriorityClass', 'CrossNamespacePodAffinity'];
const SCOPES = new Set([...POD_SCOPES, 'BestEffort', 'VolumeAttributesClass']);
const POD_AMOUNTS = new Set(['pods', 'cpu', 'memory', 'limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory']);

function appliesTo(scope: string, name: string): boolean {
  if (POD_SCOPES.includes(scope)) return POD_AMOUNTS.has(name);
  if (scope === 'BestEffort') return name === 'pods';
  if (scope === 'VolumeAttributesClass') return name === 'persistentvolumeclaims' || name === 'requests.storage';
  return true;
}

function misapplied(scope: string, hard: ResourceList | undefined): string[] {
  return Object.keys(hard ?? {}).filter((name) => isQuotaName(name) && !appliesTo(scope, name));
}

function conflicting(scopes: readonly string[]): number {
  return [
    ['BestEffort', 'NotBestEffort'],
    ['Terminating', 'NotTerminating'],
  ].filter((pair) => pair.every((scope) => scopes.includes(scope))).length;
}

function validateScopes(errors: Errors, { scopes = [], hard }: QuotaSpec): void {
  const path = 'spec.scopes';
  for (const scope of scopes) {
    if (!SCOPES.has(scope)) errors.push(invalidValue(path, scopes, 'unsupported scope'));
    for (const _ of misapplied(scope, hard)) errors.push(invalidValue(path, scopes, 'unsupported scope applied to resource'));
  }
  for (let i = conflicting(scopes); i > 0; i--) errors.push(invalidValue(path, scopes, 'conflicting scopes'));
}

function validateScopeSelector(errors: Errors, spec: QuotaSpec): void {
  const { matchExpressions = [] } = spec.scopeSelector ?? {};
  const path = 'spec.scopeSelector.matchExpressions';
  // As upstream's own form of the object is written.
  const shown = {
    MatchExpressions: matchExpressions.map(({ scopeName, operator, values }) => ({ ScopeName: scopeName, Operator: operator, Values: values ?? null })),
  };
  for (const { scopeName, operator, values = [] } of matchExpressions) {
    if (!SCOPES.has(scopeName)) errors.push(invalidValue(`${path}.scopeName`, scopeName, 'unsupported scope'));
    for (const _ of misapplied(scopeName, spec.hard)) errors.push(invalidValue(path, shown, 'unsupported scope applied to resource'));
    if (operator !== 'Exists' && SCOPES.has(scopeName) && scopeName !== 'PriorityClass' && scopeName !== 'VolumeAttributesClass')
      errors.push(
        invalidValue(
          `${path}.operator`,
          operator,
          "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity",
        ),
      );
    if (operator === 'In' || operator === 'NotIn') {
      if (values.length === 0) errors.push(required(`${path}.values`, "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"));
    } else if (operator === 'Exists' || operator === 'DoesNotExist') {
      if (values.length > 0)
        errors.push(invalidValue(`${path}.values`, values, "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"));
    } else errors.push(invalidValue(`${path}.operator`, operator ?? '', 'not a valid selector operator'));
  }
  const names = matchExpressions.map(({ scopeName }) => scopeName);
  for (let i = conflicting(names); i > 0; i--) errors.push(invalidValue(path, spec.scopes, 'conflicting scopes'));
}

export function validateResourceQuota(errors: Errors, quota: ResourceQuota, old: ResourceQuota | undefined): void {
  const { spec } = quota;
  validateAmounts(errors, 'spec.hard', spec?.hard);
  validateScopes(errors, spec ?? {});
  validateScopeSelector(errors, spec ?? {});
  if (old === undefined) {
    validateQuotaStatus(errors, quota);
    return;
  }
  const [now, before] = [spec?.scopes, old.spec?.scopes].map((scopes) => JSON.stringify(sorted([...new Set(scopes)].sort())));
  if (now !== before) errors.push(invalidValue('spec.scopes', spec?.scopes, 'field is immutable'));
}

export function validateQuotaStatus(errors: Errors, { status }: ResourceQuota): void {
  validateAmounts(errors, 'status.hard', status?.hard);
  validateAmounts(errors, 'status.used', status?.used);
}
