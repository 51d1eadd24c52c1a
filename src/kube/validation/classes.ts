/** Classes that others name, ingress and runtime classes, in upstream's words. */
import type { IIngressClass } from 'kubernetes-models/networking.k8s.io/v1/IngressClass';
import { isDns1123Label, isDns1123Subdomain } from '../names.ts';
import type { RuntimeClass, WithMeta } from '../types.ts';
import { validateResources } from './container.ts';
import { duplicate, forbiddenField, immutable, invalidValue, named, notSupported, required, tooLong, type Errors } from './field.ts';
import { pathSegment, validateLabels } from './metadata.ts';
import { validateTolerations } from './pod-affinity.ts';

export type IngressClass = WithMeta<IIngressClass>;

const CONTROLLER_MAX = 250;

export function validateIngressClass(errors: Errors, { spec }: IngressClass, old: IngressClass | undefined): void {
  const controller = spec?.controller ?? '';
  if (old) immutable(errors, 'spec.controller', controller, old.spec?.controller ?? '');
  if (controller.length > CONTROLLER_MAX) errors.push(tooLong('spec.controller', CONTROLLER_MAX));
  validatePrefixedPath(errors, 'spec.controller', controller);
  const { parameters } = spec ?? {};
  if (parameters === undefined) return;
  const at = 'spec.parameters';
  if (parameters.apiGroup !== undefined) named(errors, `${at}.apiGroup`, parameters.apiGroup, isDns1123Subdomain);
  for (const field of ['kind', 'name'] as const) {
    if (!parameters[field]) errors.push(required(`${at}.${field}`));
    else named(errors, `${at}.${field}`, parameters[field], pathSegment);
  }
  const { scope, namespace } = parameters;
  if (scope === undefined) errors.push(required(`${at}.scope`));
  else if (scope !== 'Namespace' && scope !== 'Cluster') errors.push(notSupported(`${at}.scope`, scope, ['Cluster', 'Namespace']));
  else if (scope === 'Cluster') {
    if (namespace !== undefined) errors.push(forbiddenField(`${at}.namespace`, "`parameters.scope` is set to 'Cluster'"));
  } else if (namespace === undefined) errors.push(required(`${at}.namespace`, "`parameters.scope` is set to 'Namespace'"));
  else named(errors, `${at}.namespace`, namespace, isDns1123Label);
}

const PATH_TEXT = String.raw`[A-Za-z0-9/\-._~%!$&'()*+,;=:]+`;
const PATH = new RegExp(`^${PATH_TEXT}$`);

/** 'example.com/some/path'. */
function validatePrefixedPath(errors: Errors, field: string, value: string): void {
  if (value === '') {
    errors.push(required(field));
    return;
  }
  const slash = value.indexOf('/');
  const [domain, path] = [value.slice(0, slash), value.slice(slash + 1)];
  if (slash <= 0 || path === '') {
    errors.push(invalidValue(field, value, 'must be a domain-prefixed path (such as "acme.io/foo")'));
    return;
  }
  named(errors, field, domain, isDns1123Subdomain);
  if (!PATH.test(path)) errors.push(invalidValue(field, path, `Invalid path (regex used for validation is '${PATH_TEXT}')`));
}

export function validateRuntimeClass(errors: Errors, { handler, overhead, scheduling }: RuntimeClass, old: RuntimeClass | undefined): void {
  if (old) {
    immutable(errors, 'handler', handler, old.handler);
    return;
  }
  if (!handler) errors.push(required('handler'));
  else named(errors, 'handler', handler, isDns1123Label);
  if (overhead !== undefined) validateResources(errors, 'overhead', { limits: overhead.podFixed ?? {} });
  if (scheduling === undefined) return;
  validateLabels(errors, 'scheduling.nodeSelector', scheduling.nodeSelector);
  validateTolerations(errors, 'scheduling.tolerations', scheduling.tolerations ?? []);
  const seen = new Set<string>();
  for (const [i, toleration] of (scheduling.tolerations ?? []).entries()) {
    const { key = '', operator = '', value = '', effect = '' } = toleration;
    const id = JSON.stringify([key, operator, value, effect]);
    if (seen.has(id)) errors.push(duplicate(`scheduling.tolerations[${i}]`, toleration));
    seen.add(id);
  }
}
