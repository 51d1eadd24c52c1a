/** What configurations of webhooks and policies say, as far as the server reads it (admissionregistration.k8s.io/v1). */
import type { KubeObject, LabelSelector } from '../../kube/types.ts';

export interface Rule {
  apiGroups?: string[];
  apiVersions?: string[];
  resources?: string[];
  /** 'CREATE', 'UPDATE', 'DELETE', 'CONNECT' or '*'. */
  operations?: string[];
  scope?: string;
  /** Policies only; empty: every name. */
  resourceNames?: string[];
}

/** Where a webhook answers: a URL, or a service whose ready endpoint is dialled. */
export interface ClientConfig {
  url?: string;
  service?: { namespace: string; name: string; path?: string; port?: number };
  /** Base64 of PEM; absent: the system's authorities. */
  caBundle?: string;
}

export interface MatchCondition {
  name: string;
  expression: string;
}

export interface Webhook {
  name: string;
  clientConfig: ClientConfig;
  rules?: Rule[];
  failurePolicy?: string;
  matchPolicy?: string;
  namespaceSelector?: LabelSelector;
  objectSelector?: LabelSelector;
  sideEffects?: string;
  timeoutSeconds?: number;
  admissionReviewVersions?: string[];
  matchConditions?: MatchCondition[];
  reinvocationPolicy?: string;
}

export interface WebhookConfiguration extends KubeObject {
  webhooks?: Webhook[];
}
