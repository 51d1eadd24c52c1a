/** What is checked of kinds that extend the API, beyond their own fields: schemas, rules and expressions, which take more than the vocabulary. */
import type { FieldError } from '../../kube/status.ts';
import type { KubeObject } from '../../kube/types.ts';
import { policyErrors } from '../policies/compile.ts';
import { mandatoryErrors } from '../flow-control/mandatory.ts';
import { validateSchemas } from '../crd/structural.ts';
import { validateConditions } from '../webhooks/conditions.ts';
import { invalidValue, oneOf, required } from '../../kube/validation/field.ts';
import type { ValidatingAdmissionPolicyBinding } from '../policies/types.ts';
import type { WebhookConfiguration } from '../webhooks/types.ts';

type Check = (object: never, old: never) => FieldError[];

const webhooks: Check = (object: WebhookConfiguration) =>
  (object.webhooks ?? []).flatMap(({ matchConditions = [] }, i) => validateConditions(matchConditions, `webhooks[${i}].matchConditions`));

function bindingErrors({ spec }: ValidatingAdmissionPolicyBinding): FieldError[] {
  const errors: FieldError[] = [];
  const actions = spec?.validationActions ?? [];
  if (!spec?.policyName) errors.push(required('spec.policyName'));
  if (spec?.paramRef !== undefined && (spec.paramRef.name !== undefined) === (spec.paramRef.selector !== undefined))
    errors.push(required('spec.paramRef.name', 'one of name or selector must be specified'));
  if (spec?.paramRef !== undefined && spec.paramRef.parameterNotFoundAction === undefined) errors.push(required('spec.paramRef.parameterNotFoundAction'));
  if (actions.length === 0) errors.push(required('spec.validationActions'));
  for (const [i, action] of actions.entries()) oneOf(errors, `spec.validationActions[${i}]`, action, ['Audit', 'Deny', 'Warn']);
  if (actions.includes('Deny') && actions.includes('Warn'))
    errors.push(
      invalidValue(
        'spec.validationActions',
        actions,
        'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
      ),
    );
  return errors;
}

const CHECKS: Record<string, Check> = {
  'flowcontrol.apiserver.k8s.io/v1/FlowSchema': mandatoryErrors,
  'flowcontrol.apiserver.k8s.io/v1/PriorityLevelConfiguration': mandatoryErrors,
  'apiextensions.k8s.io/v1/CustomResourceDefinition': validateSchemas,
  'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy': policyErrors,
  'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding': bindingErrors,
  'admissionregistration.k8s.io/v1/MutatingWebhookConfiguration': webhooks,
  'admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration': webhooks,
};

export function furtherErrors(object: KubeObject, old?: KubeObject): FieldError[] {
  return CHECKS[`${object.apiVersion}/${object.kind}`]?.(object as never, old as never) ?? [];
}
