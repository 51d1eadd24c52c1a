/** The fleet: what a hub runs, and what brings works into a member. */
import type { Controller, ControllerContext } from '../runtime/controller.ts';
import { agentApprover } from './join/approver.ts';
import { bindingControllers } from './binding/controller.ts';
import { statusControllers } from './binding/status-controller.ts';
import { clusterController } from './clusters/controller.ts';
import { namespaceController } from './clusters/namespaces.ts';
import { detectorController } from './detector/controller.ts';
import { schedulerControllers } from './scheduler/controller.ts';
import { Templates, type Kinds } from './templates.ts';

export { ensureHub } from './clusters/rights.ts';
export { askForCertificate, credentialStep } from './join/credentials.ts';
export { accessData, HUB_SECRET, readAccess, type HubAccess } from './join/names.ts';
export { findMember, JoinRefused, joinMember, startLeaving, type JoinWishes } from './join/member.ts';
export { removeAccess, removeHubAccess } from './join/push.ts';
export { KEEP_ON_LEAVE } from './kinds/marks.ts';
export { executionNamespace, works } from './kinds/work.ts';
export { explainTemplate, type Explanation } from './why/explain.ts';
export { ChangeError, parseChange, type Change } from './placement/counterfactual.ts';
export { runAgent, type AgentOptions, type MemberApi } from './agent/index.ts';
export { clusters, type Cluster } from './kinds/cluster.ts';
export type { Kinds } from './templates.ts';

/** All controllers of a hub, to be run by `runControllers`. `kinds` says what the hub serves. */
export function hubControllers(ctx: ControllerContext, kinds: Kinds): Controller[] {
  const templates = new Templates(ctx, kinds);
  return [
    agentApprover(ctx),
    clusterController(ctx),
    namespaceController(ctx),
    detectorController(ctx, templates),
    ...schedulerControllers(ctx, templates),
    ...bindingControllers(ctx, templates),
    ...statusControllers(ctx, templates, kinds),
  ];
}
