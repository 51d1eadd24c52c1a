/** flowcontrol.apiserver.k8s.io/v1, as this room reads it. */
import type { KubeObject } from '../../kube/types.ts';

export interface FlowSubject {
  kind: 'User' | 'Group' | 'ServiceAccount';
  user?: { name: string };
  group?: { name: string };
  serviceAccount?: { namespace: string; name: string };
}

export interface ResourceRule {
  verbs: string[];
  apiGroups: string[];
  resources: string[];
  namespaces?: string[];
  clusterScope?: boolean;
}

export interface PathRule {
  verbs: string[];
  nonResourceURLs: string[];
}

export interface FlowRule {
  subjects: FlowSubject[];
  resourceRules?: ResourceRule[];
  nonResourceRules?: PathRule[];
}

export interface FlowSchema extends KubeObject {
  spec: {
    matchingPrecedence: number;
    priorityLevelConfiguration: { name: string };
    distinguisherMethod?: { type: 'ByUser' | 'ByNamespace' };
    rules?: FlowRule[];
  };
  status?: { conditions?: { type: string; status: string; reason?: string; message?: string; lastTransitionTime?: string }[] };
}

export interface Queuing {
  queues: number;
  handSize: number;
  queueLengthLimit: number;
}

export interface PriorityLevelConfiguration extends KubeObject {
  spec: {
    type: 'Exempt' | 'Limited';
    exempt?: { nominalConcurrencyShares?: number; lendablePercent?: number };
    limited?: {
      nominalConcurrencyShares?: number;
      lendablePercent?: number;
      borrowingLimitPercent?: number;
      limitResponse: { type: 'Queue' | 'Reject'; queuing?: Queuing };
    };
  };
}

export const GROUP = 'flowcontrol.apiserver.k8s.io';
