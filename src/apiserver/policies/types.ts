/** What admission policies and their bindings say (admissionregistration.k8s.io/v1). */
import type { KubeObject, LabelSelector } from '../../kube/types.ts';
import type { MatchCondition, Rule } from '../webhooks/types.ts';

export interface MatchResources {
  namespaceSelector?: LabelSelector;
  objectSelector?: LabelSelector;
  resourceRules?: Rule[];
  excludeResourceRules?: Rule[];
  matchPolicy?: string;
}

export interface Validation {
  expression: string;
  message?: string;
  messageExpression?: string;
  reason?: string;
}

export interface ParamKind {
  apiVersion: string;
  kind: string;
}

/** What policies of both sorts have. */
export interface PolicySpec {
  paramKind?: ParamKind;
  matchConstraints?: MatchResources;
  failurePolicy?: string;
  matchConditions?: MatchCondition[];
  variables?: { name: string; expression: string }[];
}

export interface AdmissionPolicy extends KubeObject {
  spec: PolicySpec;
}

export interface ValidatingAdmissionPolicy extends AdmissionPolicy {
  spec: PolicySpec & {
    validations?: Validation[];
    auditAnnotations?: { key: string; valueExpression: string }[];
  };
  status?: {
    observedGeneration?: number;
    /** There as soon as the expressions were looked at. */
    typeChecking?: { expressionWarnings?: ExpressionWarning[] };
  };
}

export interface Mutation {
  /** 'ApplyConfiguration' or 'JSONPatch', and the one of the two that it says. */
  patchType?: string;
  applyConfiguration?: { expression?: string };
  jsonPatch?: { expression?: string };
}

export interface MutatingAdmissionPolicy extends AdmissionPolicy {
  spec: PolicySpec & {
    mutations?: Mutation[];
    /** 'Never' or 'IfNeeded' */
    reinvocationPolicy?: string;
  };
}

/** `fieldRef`: 'spec.validations[0].expression' */
export interface ExpressionWarning {
  fieldRef: string;
  warning: string;
}

export interface ParamRef {
  name?: string;
  namespace?: string;
  selector?: LabelSelector;
  parameterNotFoundAction?: string;
}

export interface BindingSpec {
  policyName: string;
  paramRef?: ParamRef;
  matchResources?: MatchResources;
}

/** A MutatingAdmissionPolicyBinding says no more. */
export interface PolicyBinding extends KubeObject {
  spec: BindingSpec;
}

export interface ValidatingAdmissionPolicyBinding extends PolicyBinding {
  spec: BindingSpec & { validationActions?: string[] };
}
