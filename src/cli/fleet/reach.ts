/** How the command line reaches hubs and members: clusters of ours by name, others by kubeconfig. */
import { existsSync } from 'node:fs';
import { httpClient, type HttpClient, type HttpClientOptions } from '../../runtime/http/client.ts';
import { loadKubeconfig } from '../../runtime/http/kubeconfig.ts';
import { checkName, readConfig } from '../config.ts';
import { UserError } from '../errors.ts';
import { clusterNames, clusterPaths } from '../home.ts';

export interface Reached {
  client: HttpClient;
  /** Where and by which authority. */
  access: HttpClientOptions;
  /** For people. */
  what: string;
  isOurs: boolean;
}

async function open(path: string, context: string | undefined, what: string, isOurs: boolean): Promise<Reached> {
  let access: HttpClientOptions;
  try {
    access = await loadKubeconfig(path, context);
  } catch (error) {
    throw new UserError(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return { client: httpClient(access), access, what, isOurs };
}

async function ours(name: string, where: string): Promise<Reached> {
  const paths = clusterPaths(checkName(name, where));
  if (!existsSync(paths.kubeconfig))
    throw new UserError(`${where}: there is no cluster '${name}'`, 'argosy list shows all; one of another kind is named by its kubeconfig');
  return open(paths.kubeconfig, undefined, `cluster '${name}'`, true);
}

/** The one that is named, else the only hub of this user. */
export async function reachHub({ hub, hubKubeconfig }: { hub?: string; hubKubeconfig?: string }): Promise<Reached> {
  if (hubKubeconfig !== undefined) return open(hubKubeconfig, undefined, `the hub of ${hubKubeconfig}`, false);
  if (hub !== undefined) {
    const name = clusterNames().includes(hub) || !clusterNames().includes(`${hub}-hub`) ? hub : `${hub}-hub`;
    return ours(name, '--hub');
  }
  const hubs = clusterNames().filter((name) => readConfig(clusterPaths(name))?.role === 'hub');
  const [only, second] = hubs;
  if (only === undefined)
    throw new UserError(
      'there is no hub',
      'argosy up --fleet makes a whole fleet, argosy up --hub --name hub a hub alone; of a hub elsewhere say --hub-kubeconfig',
    );
  if (second !== undefined) throw new UserError(`there are several hubs: ${hubs.join(', ')}`, 'say which with --hub');
  return ours(only, '--hub');
}

/** The member: by its kubeconfig, or a cluster of ours, by default the one of that name. */
export async function reachMember(
  name: string,
  { kubeconfig, context, cluster }: { kubeconfig?: string; context?: string; cluster?: string },
): Promise<Reached> {
  if (kubeconfig !== undefined) return open(kubeconfig, context, `the cluster of ${kubeconfig}`, false);
  if (context !== undefined) throw new UserError('--context: goes with --kubeconfig');
  return ours(cluster ?? name, cluster === undefined ? 'NAME' : '--cluster');
}
