/** The clusters of an experiment, made and looked at as a user would. */
import { execFile } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { KubeObject } from '../../kube/types.ts';
import { realClock } from '../../runtime/clock.ts';
import { controllerContext, runControllers } from '../../runtime/context.ts';
import type { ControllerContext } from '../../runtime/controller.ts';
import { httpClient } from '../../runtime/http/client.ts';
import { loadKubeconfig } from '../../runtime/http/kubeconfig.ts';
import type { Informer } from '../../runtime/informer.ts';
import { silentLogger } from '../../runtime/log.ts';
import { realRandom } from '../../runtime/random.ts';
import { packageRoot } from '../package-root.ts';

const run = promisify(execFile);

export interface DemoCluster {
  name: string;
  kubeconfig: string;
  /** Informers run while the cluster is used. */
  ctx: ControllerContext;
  /** Runs kubectl and says so. */
  kubectl(...args: string[]): Promise<void>;
  /** Resolves when `holds` is true, looking again on every change of the informers; rejects with `what` when that takes too long. */
  until(what: string, informers: readonly Pick<Informer<KubeObject>, 'onChange'>[], holds: () => boolean): Promise<void>;
}

export interface ClusterOptions {
  name: string;
  /** Of `argosy up`, besides the name. */
  up: readonly string[];
  timeoutSeconds: number;
  say(line: string): void;
}

export function kubeconfigOf(name: string): string {
  return join(homedir(), '.argosy', name, 'kubeconfig');
}

/** Makes a cluster anew; one of the name is deleted first. It stays when `use` is over. */
export async function withCluster<T>({ name, up, timeoutSeconds, say }: ClusterOptions, use: (cluster: DemoCluster) => Promise<T>): Promise<T> {
  await argosy('delete', '--name', name);
  await argosy('up', '--name', name, ...up);
  const kubeconfig = kubeconfigOf(name);
  const client = httpClient(await loadKubeconfig(kubeconfig));
  const ctx = controllerContext({ client, clock: realClock, random: realRandom, log: silentLogger });
  const stop = new AbortController();
  const informers = runControllers(ctx, [], stop.signal);
  try {
    return await use({
      name,
      kubeconfig,
      ctx,
      until: (what, watched, holds) => until(what, watched, holds, timeoutSeconds),
      async kubectl(...args) {
        say(`$ kubectl ${args.map((arg) => arg.replace(`${packageRoot}/`, '')).join(' ')}`);
        await run('kubectl', ['--kubeconfig', kubeconfig, ...args]);
      },
    });
  } finally {
    stop.abort();
    await informers;
    await client.close();
  }
}

async function until(what: string, informers: readonly Pick<Informer<KubeObject>, 'onChange'>[], holds: () => boolean, timeoutSeconds: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new Error(`${what}: not within ${timeoutSeconds} s`)), timeoutSeconds * 1000);
  const look = (): void => {
    if (holds()) resolve();
  };
  const stops = informers.map((informer) => informer.onChange({ upsert: look, delete: look }));
  look();
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    for (const stop of stops) stop();
  }
}

/** Runs another command of ours, as a user would; its words are shown only when it fails. */
export async function argosy(...args: string[]): Promise<void> {
  try {
    await run(join(packageRoot, 'bin/argosy'), args);
  } catch (error) {
    const { stderr = '', stdout = '' } = error as { stderr?: string; stdout?: string };
    throw new Error(`argosy ${args.join(' ')} failed:\n${stderr}${stdout}`, { cause: error });
  }
}
