/** One member's agent: runs in the member (pull) or beside the hub (push). */
import { runControllers } from '../../runtime/context.ts';
import { clusterStatusController } from './cluster-status.ts';
import { executionController } from './execution.ts';
import { agentWorld, type AgentOptions } from './world.ts';

export type { AgentOptions, MemberApi } from './world.ts';

/** Until the signal aborts and all work in hand is finished. */
export async function runAgent(options: AgentOptions, signal: AbortSignal): Promise<void> {
  const world = agentWorld(options);
  const controllers = [executionController(world), clusterStatusController(world)];
  await Promise.all([runControllers(world.hub, controllers, signal), runControllers(world.member, [], signal), runControllers(world.managed, [], signal)]);
}
