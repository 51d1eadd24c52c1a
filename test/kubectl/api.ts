/** An API server in this process, on a free port, and the machine's kubectl that talks to it. */
import { execFile, execFileSync, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createEngine, inProcessClient, type ApiEngine, type UserInfo } from '../../src/apiserver/index.ts';
import { ensurePki, writeKubeconfig, type Pki } from '../../src/apiserver/pki/index.ts';
import { startApiServer, type ApiServerOptions } from '../../src/apiserver/server.ts';
import type { Client } from '../../src/runtime/client.ts';
import { realClock } from '../../src/runtime/clock.ts';
import { controllerContext, runControllers } from '../../src/runtime/context.ts';
import type { Controller, ControllerContext } from '../../src/runtime/controller.ts';
import type { KubeletOf } from '../../src/runtime/kubelet.ts';
import { silentLogger, type Logger } from '../../src/runtime/log.ts';
import { realRandom } from '../../src/runtime/random.ts';

export interface Output {
  code: number;
  stdout: string;
  stderr: string;
}

export interface TestApi {
  engine: ApiEngine;
  client: Client;
  pki: Pki;
  dir: string;
  port: number;
  kubeconfig: string;
  /** Runs kubectl; a failure is an answer, not an error. */
  kubectlRaw(args: readonly string[], input?: string): Promise<Output>;
  /** What kubectl prints; rejects with its words when it fails. */
  kubectl(...args: string[]): Promise<string>;
  apply(manifest: string): Promise<string>;
  /** Leaves kubectl running. */
  start(...args: string[]): ChildProcessWithoutNullStreams;
  close(): Promise<void>;
}

/** Why these tests cannot run here; undefined when they can. */
export function whyNot(): string | undefined {
  try {
    execFileSync('kubectl', ['version', '--client'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'needs kubectl';
  }
}

const run = promisify(execFile);

interface TestApiOptions extends Pick<ApiServerOptions, 'auditor' | 'oidc' | 'seats'> {
  kubeletOf?: KubeletOf;
  log?: Logger;
  /** Those that run beside it until it closes. */
  controllers?(ctx: ControllerContext, api: { engine: ApiEngine; pki: Pki }): readonly Controller[];
  /** Whom the controllers act as. Default: an administrator. */
  controllersUser?: UserInfo;
}

const ADMINISTRATOR: UserInfo = { name: 'test', groups: ['system:masters'] };

export async function startTestApi({ controllers, controllersUser = ADMINISTRATOR, ...options }: TestApiOptions = {}): Promise<TestApi> {
  const dir = mkdtempSync(join(tmpdir(), 'argosy-api-'));
  const log = options.log ?? silentLogger;
  const world = { clock: realClock, random: realRandom, log };
  const pki = ensurePki(join(dir, 'pki'), { ips: ['127.0.0.1'] });
  const engine = await createEngine({ ...world, serviceCidr: '10.200.0.0/16', kubernetesEndpoint: { ip: '192.0.2.2', port: 6443 } });
  const server = await startApiServer({
    kubeletOf: () => undefined,
    ...options,
    ...world,
    engine,
    pki,
    host: '127.0.0.1',
    port: 0,
  });
  const kubeconfig = join(dir, 'kubeconfig');
  writeKubeconfig(kubeconfig, { name: 'test', server: `https://127.0.0.1:${server.port}`, ca: pki.ca, ...pki.admin });
  const client = inProcessClient(engine, ADMINISTRATOR);
  const ctx = controllerContext({ ...world, client: inProcessClient(engine, controllersUser) });
  const running = new AbortController();
  const ended = runControllers(ctx, controllers?.(ctx, { engine, pki }) ?? [], running.signal);
  const flags = ['--kubeconfig', kubeconfig, '--cache-dir', join(dir, 'cache')];
  const kubectlRaw = async (args: readonly string[], input = ''): Promise<Output> => {
    const promise = run('kubectl', [...flags, ...args], { timeout: 60_000, maxBuffer: 64 << 20 });
    promise.child.stdin?.end(input);
    try {
      return { code: 0, ...(await promise) };
    } catch (error) {
      const failed = error as { code?: number | string; stdout?: string; stderr?: string; message: string };
      return { code: typeof failed.code === 'number' ? failed.code : 1, stdout: failed.stdout ?? '', stderr: failed.stderr ?? failed.message };
    }
  };
  const must = async (args: readonly string[], input?: string): Promise<string> => {
    const { code, stdout, stderr } = await kubectlRaw(args, input);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}${stdout}`);
    return stdout;
  };
  return {
    engine,
    client,
    pki,
    dir,
    kubeconfig,
    kubectlRaw,
    port: server.port,
    kubectl: (...args) => must(args),
    apply: (manifest) => must(['apply', '-f', '-'], manifest),
    start: (...args) => spawn('kubectl', [...flags, ...args]),
    async close() {
      running.abort();
      await ended;
      await server.close();
      await engine.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
