/** `argosy leave`: gives a member back. */
import { Command } from 'commander';
import { clusters, executionNamespace, findMember, KEEP_ON_LEAVE, removeAccess, removeHubAccess, startLeaving, works } from '../../fleet/index.ts';
import { realClock } from '../../runtime/clock.ts';
import type { HttpClient } from '../../runtime/http/client.ts';
import { checkName } from '../config.ts';
import { UserError } from '../errors.ts';
import { reachHub, reachMember } from './reach.ts';

interface LeaveOptions {
  keep?: boolean;
  kubeconfig?: string;
  context?: string;
  cluster?: string;
  hub?: string;
  hubKubeconfig?: string;
}

const GONE_MS = 120_000;
const LOOK_MS = 50;

export function leaveCommand(): Command {
  return new Command('leave')
    .description('take a cluster out of its fleet: what the fleet brought is removed, what was there before stays')
    .argument('<name>', 'its name on the hub')
    .option('--keep', 'what the fleet brought stays, too')
    .option('--cluster <name>', 'the cluster of argosy (default: the one of that name)')
    .option('--kubeconfig <file>', "another cluster's kubeconfig")
    .option('--context <context>', 'its context there (default: the current one)')
    .option('--hub <name>', 'the hub, or its fleet (default: the only one there is)')
    .option('--hub-kubeconfig <file>', 'the kubeconfig of a hub elsewhere')
    .action(async (name: string, options: LeaveOptions) => {
      checkName(name, 'NAME');
      const [hub, member] = await Promise.all([reachHub(options), reachMember(name, options)]);
      try {
        if (options.keep) await keepAll(hub.client, name);
        const was = await startLeaving(hub.client, name);
        await until(async () => (await findMember(hub.client, name)) === undefined, `the hub has not let go of '${name}'`);
        await removeHubAccess(hub.client, name);
        await removeAccess(member.client);
        process.stdout.write(was ? `'${name}' has left the fleet\n` : `there is no member '${name}'\n`);
      } finally {
        await Promise.all([hub.client.close(), member.client.close()]);
      }
    });
}

/** Every work says that its objects stay, before the first one goes. */
async function keepAll(hub: HttpClient, name: string): Promise<void> {
  if ((await findMember(hub, name)) === undefined) return;
  await hub.patch(clusters, { name }, { metadata: { annotations: { [KEEP_ON_LEAVE]: 'true' } } }, { type: 'merge' });
  const namespace = executionNamespace(name);
  await until(
    async () => (await hub.list(works, { namespace })).items.every(({ spec }) => spec.preserveResourcesOnDeletion === true),
    `the hub has not marked everything of '${name}' to be kept`,
  );
}

async function until(condition: () => Promise<boolean>, failure: string): Promise<void> {
  const deadline = realClock.monotonic() + GONE_MS;
  while (!(await condition())) {
    if (realClock.monotonic() > deadline) throw new UserError(`${failure} within ${GONE_MS / 1000} s`, 'is the hub running? argosy list');
    await realClock.sleep(LOOK_MS);
  }
}
