import { isIP } from 'node:net';
import { isDns1123Label, isDns1123Subdomain } from '../names.ts';
import type { PodSpec, PodTemplateSpec } from '../types.ts';
import { validateContainers } from './container.ts';
import { invalidValue, named, oneOf, positive, required, type Errors } from './field.ts';
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
