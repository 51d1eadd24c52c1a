import { isDns1123Label } from '../names.ts';
import { matcherOf } from '../selectors.ts';
import type { FieldError } from '../status.ts';
import type { DaemonSet, Deployment, LabelSelector, PodTemplateSpec, ReplicaSet, ReplicationController, StatefulSet } from '../types.ts';
import { forbiddenField, immutable, invalidValue, named, nonNegative, notSupported, required, type Errors } from './field.ts';
import { validatePodTemplate } from './pod.ts';
import { validateLabelSelector } from './selector.ts';
import { validateClaimSpec } from './storage.ts';

type Kind = 'deployment' | 'statefulset' | 'daemonset' | 'ReplicaSet';

interface Workload {
  selector?: LabelSelector;
  template?: PodTemplateSpec;
}

/** The selector, the template it must select, and what the template may not say. `invalid`: upstream's word about a selector that is none. */
function validateTemplate(errors: Errors, spec: Workload | undefined, kind: Kind, invalid = 'invalid label selector'): void {
  const { selector, template } = spec ?? {};
  const wrong: Errors = [];
  // Upstream's daemon sets do without the word about it.
  if (selector === undefined && kind !== 'daemonset') errors.push(required('spec.selector'));
  validateLabelSelector(wrong, 'spec.selector', selector);
  errors.push(...wrong);
  const isEmpty = selector !== undefined && Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions?.length ?? 0) === 0;
  const emptied = isEmpty ? [invalidValue('spec.selector', selector, `empty selector is invalid for ${kind === 'ReplicaSet' ? 'deployment' : kind}`)] : [];
  if (kind !== 'daemonset') errors.push(...emptied);
  if (wrong.length === 0 && !isEmpty) {
    const labels = template?.metadata?.labels;
    if (selector === undefined || !matcherOf(selector)(labels ?? {}))
      errors.push(invalidValue('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'));
  }
  if (kind === 'daemonset') errors.push(...emptied);
  // Without a selector upstream does not come to look at the template; daemon sets' is looked at.
  if (wrong.length > 0 && kind !== 'daemonset') errors.push(invalidValue('spec.selector', selector, invalid));
  else validatePodTemplate(errors, 'spec.template', template ?? {});
  const { restartPolicy, activeDeadlineSeconds } = template?.spec ?? {};
  if (restartPolicy !== undefined && restartPolicy !== 'Always') errors.push(notSupported('spec.template.spec.restartPolicy', restartPolicy, ['Always']));
  const shown = { deployment: 'ReplicaSet', ReplicaSet: 'ReplicaSet', statefulset: 'StatefulSet', daemonset: 'DaemonSet' }[kind];
  if (activeDeadlineSeconds !== undefined)
    errors.push(forbiddenField('spec.template.spec.activeDeadlineSeconds', `activeDeadlineSeconds in ${shown} is not Supported`));
}

function intOrPercent(errors: Errors, path: string, value: string | number | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'number') {
    nonNegative(errors, path, value);
    return value;
  }
  const match = /^(\d+)%$/.exec(value);
  if (!match) {
    errors.push(
      invalidValue(
        path,
        value,
        "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
      ),
    );
    return undefined;
  }
  return Number(match[1]);
}

/** A strategy as upstream's inner form has it. */
function shownStrategy({ type, rollingUpdate }: { type?: string; rollingUpdate?: { maxUnavailable?: unknown; maxSurge?: unknown } } = {}): string {
  const rolling = rollingUpdate === undefined ? null : { MaxUnavailable: rollingUpdate.maxUnavailable ?? 0, MaxSurge: rollingUpdate.maxSurge ?? 0 };
  return JSON.stringify({ Type: type ?? '', RollingUpdate: rolling });
}

function unsupportedStrategy(field: string, strategy: Parameters<typeof shownStrategy>[0], supported: readonly string[]): FieldError {
  const names = supported.map((name) => JSON.stringify(name)).join(', ');
  return { reason: 'FieldValueNotSupported', field, message: `Unsupported value: ${shownStrategy(strategy)}: supported values: ${names}` };
}

export function validateDeployment(errors: Errors, { spec }: Deployment, old: Deployment | undefined): void {
  nonNegative(errors, 'spec.replicas', spec?.replicas);
  validateTemplate(errors, spec, 'deployment');
  validateStrategy(errors, spec?.strategy);
  nonNegative(errors, 'spec.minReadySeconds', spec?.minReadySeconds);
  nonNegative(errors, 'spec.revisionHistoryLimit', spec?.revisionHistoryLimit);
  const deadline = spec?.progressDeadlineSeconds;
  nonNegative(errors, 'spec.progressDeadlineSeconds', deadline);
  if (deadline !== undefined && deadline <= (spec?.minReadySeconds ?? 0))
    errors.push(invalidValue('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds'));
  if (old) immutable(errors, 'spec.selector', spec?.selector, old.spec?.selector);
}

function validateStrategy(errors: Errors, strategy: NonNullable<Deployment['spec']>['strategy']): void {
  const rolling = strategy?.rollingUpdate;
  if (strategy?.type === 'Recreate') {
    if (rolling) errors.push(forbiddenField('spec.strategy.rollingUpdate', "may not be specified when strategy `type` is 'Recreate'"));
    return;
  }
  if (strategy?.type !== undefined && strategy.type !== 'RollingUpdate') {
    errors.push(unsupportedStrategy('spec.strategy', strategy, ['Recreate', 'RollingUpdate']));
    return;
  }
  const unavailable = intOrPercent(errors, 'spec.strategy.rollingUpdate.maxUnavailable', rolling?.maxUnavailable);
  const surge = intOrPercent(errors, 'spec.strategy.rollingUpdate.maxSurge', rolling?.maxSurge);
  if (unavailable === 0 && surge === 0)
    errors.push(invalidValue('spec.strategy.rollingUpdate.maxUnavailable', rolling?.maxUnavailable, 'may not be 0 when `maxSurge` is 0'));
  if (typeof rolling?.maxUnavailable === 'string' && (unavailable ?? 0) > 100)
    errors.push(invalidValue('spec.strategy.rollingUpdate.maxUnavailable', rolling.maxUnavailable, 'must not be greater than 100%'));
}

export function validateReplicaSet(errors: Errors, { spec }: ReplicaSet, old: ReplicaSet | undefined): void {
  nonNegative(errors, 'spec.replicas', spec?.replicas);
  nonNegative(errors, 'spec.minReadySeconds', spec?.minReadySeconds);
  validateTemplate(errors, spec, 'ReplicaSet');
  if (old) immutable(errors, 'spec.selector', spec?.selector, old.spec?.selector);
}

export function validateDaemonSet(errors: Errors, { spec }: DaemonSet, old: DaemonSet | undefined): void {
  validateTemplate(errors, spec, 'daemonset');
  nonNegative(errors, 'spec.minReadySeconds', spec?.minReadySeconds);
  const strategy = spec?.updateStrategy;
  if (strategy?.type === 'RollingUpdate') validateDaemonRolling(errors, 'spec.updateStrategy.rollingUpdate', strategy.rollingUpdate ?? {});
  else if (strategy?.type !== 'OnDelete') errors.push(unsupportedStrategy('spec.updateStrategy', strategy, ['RollingUpdate', 'OnDelete']));
  nonNegative(errors, 'spec.revisionHistoryLimit', spec?.revisionHistoryLimit);
  if (old) immutable(errors, 'spec.selector', spec?.selector, old.spec?.selector);
}

function validateDaemonRolling(
  errors: Errors,
  path: string,
  { maxUnavailable, maxSurge }: { maxUnavailable?: string | number; maxSurge?: string | number },
): void {
  const [unavailable, surge] = [intOrPercent(errors, `${path}.maxUnavailable`, maxUnavailable), intOrPercent(errors, `${path}.maxSurge`, maxSurge)];
  for (const [field, value, count] of [
    ['maxUnavailable', maxUnavailable, unavailable],
    ['maxSurge', maxSurge, surge],
  ] as const)
    if (typeof value === 'string' && (count ?? 0) > 100) errors.push(invalidValue(`${path}.${field}`, value, 'must not be greater than 100%'));
  if (unavailable && surge) errors.push(invalidValue(`${path}.maxSurge`, maxSurge, 'may not be set when maxUnavailable is non-zero'));
  else if (!unavailable && !surge) errors.push(required(`${path}.maxUnavailable`, 'cannot be 0 when maxSurge is 0'));
}

const MUTABLE_STS = ['replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy', 'minReadySeconds'];

export function validateStatefulSet(errors: Errors, { spec }: StatefulSet, old: StatefulSet | undefined): void {
  const policy = spec?.podManagementPolicy;
  if (policy !== undefined && policy !== 'OrderedReady' && policy !== 'Parallel')
    errors.push(invalidValue('spec.podManagementPolicy', policy, "must be 'OrderedReady' or 'Parallel'"));
  const strategy = spec?.updateStrategy;
  if (strategy?.type === 'RollingUpdate') nonNegative(errors, 'spec.updateStrategy.rollingUpdate.partition', strategy.rollingUpdate?.partition);
  else if (strategy?.type !== undefined && strategy.type !== 'OnDelete') {
    const { partition, maxUnavailable } = strategy.rollingUpdate ?? {};
    const rolling = strategy.rollingUpdate === undefined ? null : { Partition: partition ?? 0, MaxUnavailable: maxUnavailable ?? null };
    const shown = JSON.stringify({ Type: strategy.type, RollingUpdate: rolling });
    errors.push({
      reason: 'FieldValueInvalid',
      field: 'spec.updateStrategy',
      message: `Invalid value: ${shown}: must be 'RollingUpdate' or 'OnDelete'`,
    });
  }
  const templates = spec?.volumeClaimTemplates ?? [];
  for (const [i, template] of templates.entries()) validateClaimSpec(errors, `spec.volumeClaimTemplates[${i}].spec`, template.spec ?? {});
  nonNegative(errors, 'spec.replicas', spec?.replicas);
  nonNegative(errors, 'spec.minReadySeconds', spec?.minReadySeconds);
  nonNegative(errors, 'spec.ordinals.start', spec?.ordinals?.start);
  if (spec?.serviceName) named(errors, 'spec.serviceName', spec.serviceName, isDns1123Label);
  const claims = templates.map(({ metadata }) => metadata?.name ?? '');
  validateTemplate(errors, spec && { ...spec, template: withClaims(spec.template, claims) }, 'statefulset', '');
  if (!old) return;
  const fixed = (value: object | undefined): object => Object.fromEntries(Object.entries(value ?? {}).filter(([name]) => !MUTABLE_STS.includes(name)));
  const probe: Errors = [];
  immutable(probe, 'spec', fixed(spec), fixed(old.spec));
  if (probe.length > 0) {
    errors.push(
      forbiddenField(
        'spec',
        "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
      ),
    );
  }
}

/** The template as its pods will be: the volumes of claims are there. */
function withClaims(template: PodTemplateSpec, claims: readonly string[]): PodTemplateSpec {
  if (claims.length === 0 || template?.spec === undefined) return template;
  const others = (template.spec.volumes ?? []).filter(({ name }) => !claims.includes(name));
  const volumes = claims.map((name) => ({ name, persistentVolumeClaim: { claimName: name } }));
  return { ...template, spec: { ...template.spec, volumes: [...volumes, ...others] } };
}

export function validateReplicationController(errors: Errors, { spec }: ReplicationController): void {
  const { selector = {}, template } = spec ?? {};
  if (Object.keys(selector).length === 0) errors.push(required('spec.selector'));
  nonNegative(errors, 'spec.replicas', spec?.replicas);
  nonNegative(errors, 'spec.minReadySeconds', spec?.minReadySeconds);
  if (template === undefined) {
    errors.push(required('spec.template'));
    return;
  }
  const labels = template.metadata?.labels;
  if (!matcherOf({ matchLabels: selector })(labels))
    errors.push(invalidValue('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'));
  validatePodTemplate(errors, 'spec.template', template);
  const policy = template.spec?.restartPolicy;
  if (policy !== undefined && policy !== 'Always') errors.push(notSupported('spec.template.spec.restartPolicy', policy, ['Always']));
  if (template.spec?.activeDeadlineSeconds !== undefined)
    errors.push(forbiddenField('spec.template.spec.activeDeadlineSeconds', 'activeDeadlineSeconds in ReplicationController is not Supported'));
}
