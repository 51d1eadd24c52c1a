import { matcherOf } from '../selectors.ts';
import type { DaemonSet, Deployment, LabelSelector, PodTemplateSpec, ReplicaSet, ReplicationController, StatefulSet } from '../types.ts';
import { forbiddenField, immutable, invalidValue, nonNegative, notSupported, oneOf, required, type Errors } from './field.ts';
import { validatePodTemplate } from './pod.ts';
import { validateLabelSelector } from './selector.ts';

function validateSelector(errors: Errors, path: string, selector: LabelSelector | undefined, template: PodTemplateSpec | undefined): void {
  if (!selector) {
    errors.push(required(`${path}.selector`));
    return;
  }
  validateLabelSelector(errors, `${path}.selector`, selector);
  if (Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions?.length ?? 0) === 0) {
    errors.push(invalidValue(`${path}.selector`, selector, 'empty selector is invalid for deployment'));
    return;
  }
  const labels = template?.metadata?.labels ?? {};
  if (errors.length === 0 && !matcherOf(selector)(labels))
    errors.push(invalidValue(`${path}.template.metadata.labels`, labels, '`selector` does not match template `labels`'));
}

function alwaysRestarts(errors: Errors, template: PodTemplateSpec | undefined): void {
  const policy = template?.spec?.restartPolicy;
  if (policy !== undefined && policy !== 'Always') errors.push(notSupported('spec.template.spec.restartPolicy', policy, ['Always']));
  if (template?.spec?.activeDeadlineSeconds !== undefined)
    errors.push(forbiddenField('spec.template.spec.activeDeadlineSeconds', 'activeDeadlineSeconds in ReplicaSet is not Supported'));
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

export function validateDeployment(errors: Errors, { spec }: Deployment, old: Deployment | undefined): void {
  nonNegative(errors, 'spec.replicas', spec?.replicas);
  nonNegative(errors, 'spec.minReadySeconds', spec?.minReadySeconds);
  nonNegative(errors, 'spec.revisionHistoryLimit', spec?.revisionHistoryLimit);
  nonNegative(errors, 'spec.progressDeadlineSeconds', spec?.progressDeadlineSeconds);
  validateSelector(errors, 'spec', spec?.selector, spec?.template);
  validatePodTemplate(errors, 'spec.template', spec?.template);
  alwaysRestarts(errors, spec?.template);
  oneOf(errors, 'spec.strategy.type', spec?.strategy?.type, ['Recreate', 'RollingUpdate']);
  const rolling = spec?.strategy?.rollingUpdate;
  if (rolling && spec?.strategy?.type === 'Recreate')
    errors.push(forbiddenField('spec.strategy.rollingUpdate', "may not be specified when strategy `type` is 'Recreate'"));
  const unavailable = intOrPercent(errors, 'spec.strategy.rollingUpdate.maxUnavailable', rolling?.maxUnavailable);
  const surge = intOrPercent(errors, 'spec.strategy.rollingUpdate.maxSurge', rolling?.maxSurge);
  if (unavailable === 0 && surge === 0)
    errors.push(invalidValue('spec.strategy.rollingUpdate.maxUnavailable', rolling?.maxUnavailable, 'may not be 0 when `maxSurge` is 0'));
  if (typeof rolling?.maxUnavailable === 'string' && (unavailable ?? 0) > 100)
    errors.push(invalidValue('spec.strategy.rollingUpdate.maxUnavailable', rolling.maxUnavailable, 'must not be greater than 100%'));
  if (old) immutable(errors, 'spec.selector', spec?.selector, old.spec?.selector);
}

export function validateReplicaSet(errors: Errors, { spec }: ReplicaSet, old: ReplicaSet | undefined): void {
  nonNegative(errors, 'spec.replicas', spec?.replicas);
  nonNegative(errors, 'spec.minReadySeconds', spec?.minReadySeconds);
  validateSelector(errors, 'spec', spec?.selector, spec?.template);
  validatePodTemplate(errors, 'spec.template', spec?.template);
  alwaysRestarts(errors, spec?.template);
  if (old) immutable(errors, 'spec.selector', spec?.selector, old.spec?.selector);
}

export function validateDaemonSet(errors: Errors, { spec }: DaemonSet, old: DaemonSet | undefined): void {
  nonNegative(errors, 'spec.minReadySeconds', spec?.minReadySeconds);
  validateSelector(errors, 'spec', spec?.selector, spec?.template);
  validatePodTemplate(errors, 'spec.template', spec?.template);
  alwaysRestarts(errors, spec?.template);
  oneOf(errors, 'spec.updateStrategy.type', spec?.updateStrategy?.type, ['RollingUpdate', 'OnDelete']);
  if (old) immutable(errors, 'spec.selector', spec?.selector, old.spec?.selector);
}

const MUTABLE_STS = ['replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy', 'minReadySeconds'];

export function validateStatefulSet(errors: Errors, { spec }: StatefulSet, old: StatefulSet | undefined): void {
  nonNegative(errors, 'spec.replicas', spec?.replicas);
  oneOf(errors, 'spec.podManagementPolicy', spec?.podManagementPolicy, ['OrderedReady', 'Parallel']);
  oneOf(errors, 'spec.updateStrategy.type', spec?.updateStrategy?.type, ['RollingUpdate', 'OnDelete']);
  validateSelector(errors, 'spec', spec?.selector, spec?.template);
  validatePodTemplate(errors, 'spec.template', spec?.template);
  alwaysRestarts(errors, spec?.template);
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
