/** `argosy join`: makes a member of a cluster. */
import { Command } from 'commander';
import { findMember, JoinRefused, joinMember } from '../../fleet/index.ts';
import { getCondition } from '../../kube/conditions.ts';
import { realClock } from '../../runtime/clock.ts';
import { realRandom } from '../../runtime/random.ts';
import type { HttpClient } from '../../runtime/http/client.ts';
import { checkName } from '../config.ts';
import { UserError } from '../errors.ts';
import { reachHub, reachMember, type Reached } from './reach.ts';

interface JoinOptions {
  pull?: boolean;
  push?: boolean;
  kubeconfig?: string;
  context?: string;
  cluster?: string;
  hub?: string;
  hubKubeconfig?: string;
  hubAddress?: string;
  region?: string;
  zone?: string;
  provider?: string;
}

const READY_MS = 30_000;
const LOOK_MS = 50;

export function joinCommand(): Command {
  return new Command('join')
    .description('make a member of a fleet of a cluster: one of argosy, or any Kubernetes by its kubeconfig')
    .argument('<name>', 'its name on the hub')
    .option('--pull', 'an agent in the cluster asks the hub (default for clusters of argosy)')
    .option('--push', 'the hub writes into the cluster (default for others)')
    .option('--cluster <name>', 'the cluster of argosy (default: the one of that name)')
    .option('--kubeconfig <file>', "another cluster's kubeconfig")
    .option('--context <context>', 'its context there (default: the current one)')
    .option('--hub <name>', 'the hub, or its fleet (default: the only one there is)')
    .option('--hub-kubeconfig <file>', 'the kubeconfig of a hub elsewhere')
    .option('--hub-address <url>', "how the cluster's agent reaches the hub (default: as the hub's kubeconfig says)")
    .option('--region <region>', 'its region')
    .option('--zone <zone>', 'its zone')
    .option('--provider <provider>', 'whose cloud it runs in')
    .action(async (name: string, options: JoinOptions) => {
      checkName(name, 'NAME');
      if (options.pull && options.push) throw new UserError('--pull and --push: a member has one of them');
      const [hub, member] = await Promise.all([reachHub(options), reachMember(name, options)]);
      try {
        const said = await join(name, hub, member, options);
        await untilReady(hub.client, name);
        process.stdout.write(`${member.what} ${said} of the fleet as '${name}'\n`);
      } finally {
        await Promise.all([hub.client.close(), member.client.close()]);
      }
    });
}

/** Resolves when the hub knows the member; its agent comes up by itself. */
export async function join(name: string, hub: Reached, member: Reached, options: JoinOptions): Promise<string> {
  const mode = options.push || (!options.pull && !member.isOurs) ? 'Push' : 'Pull';
  if (mode === 'Pull' && !member.isOurs)
    throw new UserError('--pull: the agent runs in the cluster process of a cluster of argosy', 'leave --pull away: the hub writes into other clusters itself');
  try {
    const result = await joinMember(
      { hub: hub.client, member: member.client, clock: realClock, random: realRandom },
      {
        name,
        mode,
        hub: { server: options.hubAddress ?? hub.access.server, ca: hub.access.ca ?? '' },
        memberServer: member.access.server,
        ...(options.region === undefined ? {} : { region: options.region }),
        ...(options.provider === undefined ? {} : { provider: options.provider }),
        ...(options.zone === undefined ? {} : { zones: [options.zone] }),
      },
    );
    return result === 'joined' ? 'is now a member' : 'was a member already';
  } catch (error) {
    if (error instanceof JoinRefused) throw new UserError(error.message);
    throw new UserError(`${member.what} could not join: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Throws a UserError with what the hub last said of the member. */
export async function untilReady(hub: HttpClient, name: string): Promise<void> {
  const deadline = realClock.monotonic() + READY_MS;
  for (;;) {
    const ready = getCondition((await findMember(hub, name))?.status?.conditions, 'Ready');
    if (ready?.status === 'True') return;
    if (realClock.monotonic() > deadline)
      throw new UserError(
        `'${name}' has joined, but is not ready after ${READY_MS / 1000} s: ${ready?.message ?? 'nothing has been heard of its agent'}`,
        `look at the log of the cluster: argosy logs --name ${name}`,
      );
    await realClock.sleep(LOOK_MS);
  }
}
