/** What `argosy load` was pointed at: a URL as it is, a service through its cluster. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import type { Service } from '../../kube/types.ts';
import { serviceTarget } from '../../load/cluster/target.ts';
import type { Client } from '../../runtime/client.ts';
import { httpClient } from '../../runtime/http/client.ts';
import { loadKubeconfig } from '../../runtime/http/kubeconfig.ts';
import { UserError } from '../errors.ts';
import { clusterNames, clusterPaths } from '../home.ts';

export interface Target {
  url: URL;
  headers: [name: string, value: string][];
  tls: ConnectionOptions;
  /** Of a service: how it is reached. */
  through?: string;
  /** The service and its cluster, to watch. */
  watch?: { client: Client; service: Service };
  close(): Promise<void>;
}

export interface TargetOptions {
  namespace?: string;
  kubeconfig?: string;
  context?: string;
  path: string;
}

const SERVICE = /^(?:service|services|svc)\/([a-z0-9]([a-z0-9-]*[a-z0-9])?)(?::([a-z0-9-]+))?$/;

/** Throws a UserError that says what is wrong with it. */
export async function findTarget(given: string, options: TargetOptions): Promise<Target> {
  const match = SERVICE.exec(given);
  if (match === null) return { url: urlOf(given), headers: [], tls: {}, close: () => Promise.resolve() };
  if (!options.path.startsWith('/')) throw new UserError(`--path: '${options.path}' must begin with /`);
  const file = options.kubeconfig ?? currentKubeconfig();
  const api = await loadKubeconfig(file, options.context).catch((error: Error) => {
    throw new UserError(error.message, 'name another file with --kubeconfig');
  });
  const client = httpClient(api);
  try {
    const key = { namespace: options.namespace ?? api.namespace, name: match[1]! };
    const { service, ...target } = await serviceTarget(client, api, key, match[3], options.path);
    return { ...target, watch: { client, service }, close: () => client.close() };
  } catch (error) {
    await client.close();
    throw new UserError(`${given}: ${(error as Error).message}`);
  }
}

function urlOf(given: string): URL {
  const url = URL.parse(given);
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.hostname === '') {
    throw new UserError(`'${given}' is neither a URL nor a service`, 'write http://HOST[:PORT]/PATH or service/NAME[:PORT]');
  }
  return url;
}

function currentKubeconfig(): string {
  const named = (process.env.KUBECONFIG ?? '').split(delimiter).find((path) => path !== '');
  if (named !== undefined) return named;
  const home = join(homedir(), '.kube', 'config');
  if (existsSync(home)) return home;
  const names = clusterNames();
  if (names.length === 1) return clusterPaths(names[0]!).kubeconfig;
  throw new UserError('no kubeconfig says which cluster has the service', 'set KUBECONFIG, or name a file with --kubeconfig');
}
