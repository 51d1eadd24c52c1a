import { isConfigKey } from '../names.ts';
import type { ConfigMap, Namespace, PodDisruptionBudget, PriorityClass, Secret } from '../types.ts';
import { forbiddenField, immutable, invalidValue, named, nonNegative, oneOf, required, tooLong, type Errors } from './field.ts';
import { validateLabelSelector } from './selector.ts';

const DATA_MAX_BYTES = 1024 * 1024;

export function validateConfigMap(errors: Errors, map: ConfigMap, old: ConfigMap | undefined): void {
  let bytes = 0;
  for (const [key, value] of Object.entries(map.data ?? {})) {
    named(errors, `data[${key}]`, key, isConfigKey);
    if (map.binaryData && Object.hasOwn(map.binaryData, key)) errors.push(invalidValue(`data[${key}]`, key, 'duplicate of key present in binaryData'));
    bytes += Buffer.byteLength(value ?? '');
  }
  for (const [key, value] of Object.entries(map.binaryData ?? {})) {
    named(errors, `binaryData[${key}]`, key, isConfigKey);
    bytes += Buffer.byteLength(value ?? '', 'base64');
  }
  if (bytes > DATA_MAX_BYTES) errors.push(tooLong('', DATA_MAX_BYTES));
  keepsImmutable(errors, map, old, ['data', 'binaryData']);
}

export function validateSecret(errors: Errors, secret: Secret, old: Secret | undefined): void {
  let bytes = 0;
  for (const [key, value] of Object.entries(secret.data ?? {})) {
    named(errors, `data[${key}]`, key, isConfigKey);
    bytes += Buffer.byteLength(value ?? '', 'base64');
  }
  if (bytes > DATA_MAX_BYTES) errors.push(tooLong('data', DATA_MAX_BYTES));
  if (secret.type === 'kubernetes.io/tls')
    for (const key of ['tls.crt', 'tls.key']) if (secret.data?.[key] === undefined) errors.push(required(`data[${key}]`));
  if (secret.type === 'kubernetes.io/dockerconfigjson' && secret.data?.['.dockerconfigjson'] === undefined) errors.push(required('data[.dockerconfigjson]'));
  if (secret.type === 'kubernetes.io/service-account-token' && !secret.metadata.annotations?.['kubernetes.io/service-account.name'])
    errors.push(required('metadata.annotations[kubernetes.io/service-account.name]'));
  if (old) immutable(errors, 'type', secret.type, old.type);
  keepsImmutable(errors, secret, old, ['data']);
}

function keepsImmutable<T extends { immutable?: boolean }>(errors: Errors, object: T, old: T | undefined, fields: readonly (keyof T & string)[]): void {
  if (!old?.immutable) return;
  if (!object.immutable) errors.push(forbiddenField('immutable', 'field is immutable when `immutable` is set'));
  for (const field of fields)
    if (JSON.stringify(object[field]) !== JSON.stringify(old[field])) errors.push(forbiddenField(field, 'field is immutable when `immutable` is set'));
}

export function validateNamespace(errors: Errors, namespace: Namespace): void {
  for (const [i, finalizer] of (namespace.spec?.finalizers ?? []).entries())
    if (finalizer === '') errors.push(invalidValue(`spec.finalizers[${i}]`, finalizer, 'name part must be non-empty'));
}

const HIGHEST_USER_PRIORITY = 1_000_000_000;
const SYSTEM_CLASSES = ['system-cluster-critical', 'system-node-critical'];

export function validatePriorityClass(errors: Errors, object: PriorityClass, old: PriorityClass | undefined): void {
  const name = object.metadata.name ?? '';
  if (name.startsWith('system-') && !SYSTEM_CLASSES.includes(name)) {
    errors.push(
      forbiddenField(
        'metadata.name',
        `priority class names with 'system-' prefix are reserved for system use only. error: ${name} is not a known system priority class`,
      ),
    );
  } else if (!name.startsWith('system-') && (object.value ?? 0) > HIGHEST_USER_PRIORITY) {
    errors.push(forbiddenField('value', `maximum allowed value of a user defined priority is ${HIGHEST_USER_PRIORITY}`));
  }
  if (object.preemptionPolicy === ('' as string)) errors.push(required('preemptionPolicy'));
  else oneOf(errors, 'preemptionPolicy', object.preemptionPolicy, ['PreemptLowerPriority', 'Never']);
  if (!old) return;
  if ((object.value ?? 0) !== (old.value ?? 0)) errors.push(forbiddenField('value', 'may not be changed in an update.'));
  immutable(errors, 'preemptionPolicy', object.preemptionPolicy, old.preemptionPolicy);
}

export function validateDisruptionBudget(errors: Errors, { spec }: PodDisruptionBudget): void {
  if (spec?.minAvailable !== undefined && spec.maxUnavailable !== undefined)
    errors.push(invalidValue('spec', asUpstreamHasIt(spec), 'minAvailable and maxUnavailable cannot be both set'));
  for (const name of ['minAvailable', 'maxUnavailable'] as const) {
    const value = spec?.[name];
    if (typeof value === 'number') nonNegative(errors, `spec.${name}`, value);
    else if (value !== undefined && /^\d+%$/.test(value)) {
      if (Number.parseInt(value, 10) > 100) errors.push(invalidValue(`spec.${name}`, value, 'must not be greater than 100%'));
    } else if (value !== undefined)
      errors.push(
        invalidValue(
          `spec.${name}`,
          value,
          "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
        ),
      );
  }
  validateLabelSelector(errors, 'spec.selector', spec?.selector);
  oneOf(errors, 'spec.unhealthyPodEvictionPolicy', spec?.unhealthyPodEvictionPolicy, ['AlwaysAllow', 'IfHealthyBudget']);
}

/** Upstream's own form of the object, in which it shows the value. */
function asUpstreamHasIt({ minAvailable, selector, maxUnavailable, unhealthyPodEvictionPolicy }: NonNullable<PodDisruptionBudget['spec']>): object {
  return {
    MinAvailable: minAvailable ?? null,
    Selector: selector ?? null,
    MaxUnavailable: maxUnavailable ?? null,
    UnhealthyPodEvictionPolicy: unhealthyPodEvictionPolicy ?? null,
  };
}
