import { isDns1123Label, isDns1123Subdomain } from '../names.ts';
import type { Pod, PodSpec, PodTemplateSpec } from '../types.ts';
import { validateContainers } from './container.ts';
import { duplicate, forbiddenField, invalidValue, named, nonNegative, oneOf, positive, required, sorted, type Errors } from './field.ts';
import { validateAnnotations, validateLabels } from './metadata.ts';
import { validateLabelSelector } from './selector.ts';

export function validatePodSpec(errors: Errors, path: string, spec: PodSpec | undefined): void {
  if (!spec) {
    errors.push(required(`${path}.containers`));
    return;
  }
  const volumes = validateVolumes(errors, `${path}.volumes`, spec.volumes ?? []);
  const names = new Set<string>();
  if (!spec.containers?.length) errors.push(required(`${path}.containers`));
  validateContainers(errors, `${path}.containers`, spec.containers ?? [], names, volumes);
  validateContainers(errors, `${path}.initContainers`, spec.initContainers ?? [], names, volumes);
  oneOf(errors, `${path}.restartPolicy`, spec.restartPolicy, ['Always', 'OnFailure', 'Never']);
  oneOf(errors, `${path}.dnsPolicy`, spec.dnsPolicy, ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']);
  nonNegative(errors, `${path}.terminationGracePeriodSeconds`, spec.terminationGracePeriodSeconds);
  positive(errors, `${path}.activeDeadlineSeconds`, spec.activeDeadlineSeconds);
  validateLabels(errors, `${path}.nodeSelector`, spec.nodeSelector);
  if (spec.serviceAccountName) named(errors, `${path}.serviceAccountName`, spec.serviceAccountName, isDns1123Subdomain);
  if (spec.nodeName) named(errors, `${path}.nodeName`, spec.nodeName, isDns1123Subdomain);
  if (spec.hostname) named(errors, `${path}.hostname`, spec.hostname, isDns1123Label);
  if (spec.subdomain) named(errors, `${path}.subdomain`, spec.subdomain, isDns1123Label);
  validateTolerations(errors, `${path}.tolerations`, spec.tolerations ?? []);
  validateAffinity(errors, `${path}.affinity`, spec.affinity);
  validateSpread(errors, `${path}.topologySpreadConstraints`, spec.topologySpreadConstraints ?? []);
}

export function validatePodTemplate(errors: Errors, path: string, template: PodTemplateSpec | undefined): void {
  if (!template) {
    errors.push(required(path));
    return;
  }
  validateLabels(errors, `${path}.metadata.labels`, template.metadata?.labels);
  validateAnnotations(errors, `${path}.metadata.annotations`, template.metadata?.annotations);
  validatePodSpec(errors, `${path}.spec`, template.spec);
}

const VOLUME_SOURCE_HINT = 'must specify a volume type';

function validateVolumes(errors: Errors, path: string, volumes: NonNullable<PodSpec['volumes']>): Set<string> {
  const names = new Set<string>();
  for (const [i, volume] of volumes.entries()) {
    const at = `${path}[${i}]`;
    const { name, ...sources } = volume;
    if (!name) errors.push(required(`${at}.name`));
    else {
      named(errors, `${at}.name`, name, isDns1123Label);
      if (names.has(name)) errors.push(duplicate(`${at}.name`, name));
      names.add(name);
    }
    const given = Object.keys(sources).filter((source) => sources[source as keyof typeof sources] !== undefined);
    if (given.length === 0) errors.push(required(at, VOLUME_SOURCE_HINT));
    for (const source of given.slice(1)) errors.push(forbiddenField(`${at}.${source}`, 'may not specify more than 1 volume type'));
    if (volume.hostPath && !volume.hostPath.path) errors.push(required(`${at}.hostPath.path`));
    if (volume.configMap && !volume.configMap.name) errors.push(required(`${at}.configMap.name`));
    if (volume.secret && !volume.secret.secretName) errors.push(required(`${at}.secret.secretName`));
    if (volume.persistentVolumeClaim && !volume.persistentVolumeClaim.claimName) errors.push(required(`${at}.persistentVolumeClaim.claimName`));
  }
  return names;
}

function validateTolerations(errors: Errors, path: string, tolerations: NonNullable<PodSpec['tolerations']>): void {
  for (const [i, toleration] of tolerations.entries()) {
    const at = `${path}[${i}]`;
    oneOf(errors, `${at}.effect`, toleration.effect || undefined, ['NoSchedule', 'PreferNoSchedule', 'NoExecute']);
    oneOf(errors, `${at}.operator`, toleration.operator, ['Equal', 'Exists']);
    if (!toleration.key && toleration.operator !== 'Exists')
      errors.push(
        invalidValue(`${at}.operator`, toleration.operator ?? '', 'operator must be Exists when `key` is empty, which means "match all values and all keys"'),
      );
    if (toleration.operator === 'Exists' && toleration.value)
      errors.push(invalidValue(`${at}.operator`, toleration, "value must be empty when `operator` is 'Exists'"));
    if (toleration.tolerationSeconds !== undefined && toleration.effect !== 'NoExecute')
      errors.push(invalidValue(`${at}.effect`, toleration.effect ?? '', "effect must be 'NoExecute' when `tolerationSeconds` is set"));
  }
}

function validateAffinity(errors: Errors, path: string, affinity: PodSpec['affinity']): void {
  const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  if (affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution && !terms?.length) {
    errors.push(required(`${path}.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms`, 'must have at least one node selector term'));
  }
  for (const kind of ['podAffinity', 'podAntiAffinity'] as const) {
    for (const [i, term] of (affinity?.[kind]?.requiredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
      const at = `${path}.${kind}.requiredDuringSchedulingIgnoredDuringExecution[${i}]`;
      if (!term.topologyKey) errors.push(required(`${at}.topologyKey`, 'can not be empty'));
      validateLabelSelector(errors, `${at}.labelSelector`, term.labelSelector);
    }
  }
}

function validateSpread(errors: Errors, path: string, constraints: NonNullable<PodSpec['topologySpreadConstraints']>): void {
  for (const [i, constraint] of constraints.entries()) {
    const at = `${path}[${i}]`;
    if (!(constraint.maxSkew > 0)) errors.push(invalidValue(`${at}.maxSkew`, constraint.maxSkew ?? 0, 'must be greater than zero'));
    if (!constraint.topologyKey) errors.push(required(`${at}.topologyKey`, 'can not be empty'));
    if (constraint.whenUnsatisfiable === undefined) errors.push(required(`${at}.whenUnsatisfiable`));
    oneOf(errors, `${at}.whenUnsatisfiable`, constraint.whenUnsatisfiable, ['DoNotSchedule', 'ScheduleAnyway']);
    validateLabelSelector(errors, `${at}.labelSelector`, constraint.labelSelector);
  }
}

const UPDATE_WHY =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

/** What may change of a pod that exists: images, deadlines, tolerations added; the server's own fields change through subresources. */
export function validatePodUpdate(errors: Errors, pod: Pod, old: Pod): void {
  const [spec, before] = [pod.spec, old.spec];
  if (!spec || !before) return;
  const tolerations = new Set((spec.tolerations ?? []).map((t) => JSON.stringify(sorted(t))));
  if (
    (before.tolerations ?? []).some((t) => !tolerations.has(JSON.stringify(sorted({ ...t })))) &&
    !(before.tolerations ?? []).every((t) => [...tolerations].some((text) => sameButSeconds(text, t)))
  ) {
    errors.push(forbiddenField('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds'));
  }
  if (JSON.stringify(fixedPart(spec)) !== JSON.stringify(fixedPart(before))) errors.push(forbiddenField('spec', UPDATE_WHY));
}

function sameButSeconds(text: string, toleration: object): boolean {
  const other = JSON.parse(text) as Record<string, unknown>;
  return JSON.stringify(sorted({ ...other, tolerationSeconds: undefined })) === JSON.stringify(sorted({ ...toleration, tolerationSeconds: undefined }));
}

function fixedPart(spec: PodSpec): unknown {
  const withoutImage = (containers: PodSpec['containers'] | undefined): unknown => containers?.map(({ image: _image, resources: _resources, ...rest }) => rest);
  const {
    containers,
    initContainers,
    ephemeralContainers: _e,
    activeDeadlineSeconds: _a,
    tolerations: _t,
    terminationGracePeriodSeconds: _g,
    nodeName: _n,
    schedulingGates: _s,
    ...rest
  } = spec;
  return sorted({ ...rest, containers: withoutImage(containers), initContainers: withoutImage(initContainers) });
}
