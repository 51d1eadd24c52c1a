/** What is checked of kinds that extend the API, beyond their own fields: schemas, rules and expressions, which take more than the vocabulary. */
import type { FieldError } from '../../kube/status.ts';
import type { KubeObject } from '../../kube/types.ts';
import { bindingErrors, policyErrors } from '../policies/errors.ts';
import { mutatingBindingErrors, mutatingPolicyErrors } from '../policies/mutating-errors.ts';
import { mandatoryErrors } from '../flow-control/mandatory.ts';
import { validateSchemas } from '../crd/structural.ts';
import { validateConditions } from '../webhooks/conditions.ts';
import type { WebhookConfiguration } from '../webhooks/types.ts';

type Check = (object: never, old: never) => FieldError[];

const webhooks: Check = (object: WebhookConfiguration) =>
  (object.webhooks ?? []).flatMap(({ matchConditions = [] }, i) => validateConditions(matchConditions, `webhooks[${i}].matchConditions`));

/** All the rules of their kinds but those for metadata. */
const WHOLE: Record<string, Check> = {
  'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy': policyErrors,
  'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding': bindingErrors,
  'admissionregistration.k8s.io/v1/MutatingAdmissionPolicy': mutatingPolicyErrors,
  'admissionregistration.k8s.io/v1/MutatingAdmissionPolicyBinding': mutatingBindingErrors,
};

/** For objects in which nothing else is wrong. */
const CHECKS: Record<string, Check> = {
  'flowcontrol.apiserver.k8s.io/v1/FlowSchema': mandatoryErrors,
  'flowcontrol.apiserver.k8s.io/v1/PriorityLevelConfiguration': mandatoryErrors,
  'apiextensions.k8s.io/v1/CustomResourceDefinition': validateSchemas,
  'admissionregistration.k8s.io/v1/MutatingWebhookConfiguration': webhooks,
  'admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration': webhooks,
};

/** `errors`, and what else is wrong. */
export function withFurtherErrors(errors: FieldError[], object: KubeObject, old?: KubeObject): FieldError[] {
  const name = `${object.apiVersion}/${object.kind}`;
  const check = WHOLE[name] ?? (errors.length > 0 ? undefined : CHECKS[name]);
  return check === undefined ? errors : [...errors, ...check(object as never, old as never)];
}
