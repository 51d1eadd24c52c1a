/** Each component acts under its own name, as in a real cluster. */
import { inProcessClient, type ApiEngine, type UserInfo } from '../../apiserver/index.ts';
import type { ControllerContext } from '../../runtime/controller.ts';
import { EventBroadcaster } from '../../runtime/events.ts';

const AUTHENTICATED = 'system:authenticated';

export const CONTROLLER_MANAGER: UserInfo = { name: 'system:kube-controller-manager', groups: [AUTHENTICATED] };
/** Puts in what belongs to a cluster's start, roles among it: nobody may give rights he has not. */
export const INSTALLER: UserInfo = { name: 'argosy', groups: ['system:masters', AUTHENTICATED] };
export const CLOUD_CONTROLLER: UserInfo = { name: 'system:cloud-controller-manager', groups: [AUTHENTICATED] };
export const SCHEDULER: UserInfo = { name: 'system:kube-scheduler', groups: [AUTHENTICATED] };
export const AUTOSCALER: UserInfo = systemAccount('cluster-autoscaler');
export const KEDA: UserInfo = systemAccount('keda-operator');
export const HPA: UserInfo = systemAccount('horizontal-pod-autoscaler');
/** Writes roles with rights that no other controller has: it may escalate. */
export const ROLE_AGGREGATOR: UserInfo = systemAccount('clusterrole-aggregation-controller');
/** Approves and signs, where its role lets it. */
export const CERTIFICATES: UserInfo = systemAccount('certificate-controller');

/** In a member: brings what the hub says. Karmada's agent may do everything there, as whatever it brings may need it. */
export const FLEET_AGENT: UserInfo = { name: 'system:serviceaccount:argosy-system:agent', groups: ['system:masters', AUTHENTICATED] };
/** On a hub: it writes roles for members. */
export const FLEET: UserInfo = { name: 'system:karmada:controller-manager', groups: ['system:masters', AUTHENTICATED] };

function systemAccount(name: string): UserInfo {
  return { name: `system:serviceaccount:kube-system:${name}`, groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', AUTHENTICATED] };
}

export function nodeIdentity(nodeName: string): UserInfo {
  return { name: `system:node:${nodeName}`, groups: ['system:nodes', AUTHENTICATED] };
}

/** A context that writes as `user` and sees through the informers of `base`: one view of the cluster is enough for a process. */
export function actingAs(user: UserInfo, base: ControllerContext, engine: ApiEngine): ControllerContext {
  const client = inProcessClient(engine, user);
  const broadcaster = new EventBroadcaster({ client, clock: base.clock, random: base.random, log: base.log });
  return { ...base, client, recorder: (component) => broadcaster.recorder(component) };
}
