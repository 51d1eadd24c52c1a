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

export interface ValidatingAdmissionPolicy extends KubeObject {
  spec: {
    paramKind?: { apiVersion: string; kind: string };
    matchConstraints?: MatchResources;
    validations?: Validation[];
    failurePolicy?: string;
    auditAnnotations?: { key: string; valueExpression: string }[];
    matchConditions?: MatchCondition[];
    variables?: { name: string; expression: string }[];
  };
  status?: {
    observedGeneration?: number;
    /** There as soon as the expressions were looked at. */
    typeChecking?: { expressionWarnings?: ExpressionWarning[] };
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

export interface ValidatingAdmissionPolicyBinding extends KubeObject {
  spec: {
    policyName: string;
    paramRef?: ParamRef;
    matchResources?: MatchResources;
    validationActions?: string[];
  };
}
