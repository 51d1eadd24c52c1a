import { isIP } from 'node:net';
import { isDns1123Label, isDns1123Subdomain } from '../names.ts';
import type { Pod, PodSpec, PodTemplateSpec } from '../types.ts';
import { validateContainers } from './container.ts';
import { forbiddenField, invalidValue, named, oneOf, positive, required, sorted, type Errors } from './field.ts';
import { validateAnnotations, validateLabels } from './metadata.ts';
import { validateAffinity, validateSpread, validateTolerations } from './pod-affinity.ts';
import { validateVolumes } from './pod-volumes.ts';
import { validateIds } from './security-context.ts';

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
  positive(errors, `${path}.activeDeadlineSeconds`, spec.activeDeadlineSeconds);
  validateLabels(errors, `${path}.nodeSelector`, spec.nodeSelector);
  if (spec.serviceAccountName) named(errors, `${path}.serviceAccountName`, spec.serviceAccountName, isDns1123Subdomain);
  if (spec.nodeName) named(errors, `${path}.nodeName`, spec.nodeName, isDns1123Subdomain);
  if (spec.hostname) named(errors, `${path}.hostname`, spec.hostname, isDns1123Label);
  if (spec.subdomain) named(errors, `${path}.subdomain`, spec.subdomain, isDns1123Label);
  validateIds(errors, `${path}.securityContext`, spec.securityContext);
  validateHostAliases(errors, `${path}.hostAliases`, spec.hostAliases ?? []);
  validateTolerations(errors, `${path}.tolerations`, spec.tolerations ?? []);
  validateAffinity(errors, `${path}.affinity`, spec.affinity);
  validateSpread(errors, `${path}.topologySpreadConstraints`, spec.topologySpreadConstraints ?? []);
}

export function validatePodTemplate(errors: Errors, path: string, template: PodTemplateSpec | undefined): void {
  if (!template) {
    errors.push(required(path));
    return;
  }
  validateLabels(errors, `${path}.labels`, template.metadata?.labels);
  validateAnnotations(errors, `${path}.annotations`, template.metadata?.annotations);
  validatePodSpec(errors, `${path}.spec`, template.spec);
}

function validateHostAliases(errors: Errors, path: string, aliases: NonNullable<PodSpec['hostAliases']>): void {
  for (const [i, { ip = '', hostnames = [] }] of aliases.entries()) {
    if (isIP(ip) === 0) errors.push(invalidValue(`${path}[${i}].ip`, ip, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'));
    for (const [j, name] of hostnames.entries()) named(errors, `${path}[${i}].hostnames[${j}]`, name, isDns1123Subdomain);
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
