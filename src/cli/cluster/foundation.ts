/** What every cluster process has, with nodes or without: an engine over its store, and the API before it. */
import { auditedEngine } from '../../apiserver/audit/index.ts';
import { publishAuthentication } from '../../apiserver/aggregation/authentication.ts';
import { loadCustomResources } from '../../apiserver/crd/controller.ts';
import type { EngineOptions } from '../../apiserver/create-engine.ts';
import { createEngine, inProcessClient, type ApiEngine, type ClosableEngine } from '../../apiserver/index.ts';
import { writeKubeconfig, type Pki } from '../../apiserver/pki/index.ts';
import { startApiServer, type ApiServerOptions, type RunningApiServer } from '../../apiserver/server.ts';
import { realClock, type Clock } from '../../runtime/clock.ts';
import { controllerContext } from '../../runtime/context.ts';
import type { ControllerContext } from '../../runtime/controller.ts';
import type { Logger } from '../../runtime/log.ts';
import { MetricsRegistry } from '../../runtime/metrics.ts';
import { realRandom, type Random } from '../../runtime/random.ts';
import { oidcOptions, openAudit } from '../api-options.ts';
import type { ClusterConfig } from '../config.ts';
import type { ClusterPaths } from '../home.ts';
import { CONTROLLER_MANAGER, INSTALLER } from './identities.ts';
import { ensureOwnKinds } from './own-kinds.ts';
import { servedKinds } from './stored-kinds.ts';

export const LOCALHOST = '127.0.0.1';

export interface AssembleOptions {
  config: ClusterConfig;
  paths: ClusterPaths;
  /** The router is there. */
  networkMade: Promise<unknown>;
  log: Logger;
  /** A step is done; for people. */
  progress(text: string): void;
  /** Someone asks for a clean end over the control socket. */
  stop(): void;
}

export interface RunningCluster {
  /** In the order that loses nothing: controllers, pods, data plane, API, store. */
  stop(): Promise<void>;
}

export interface Foundation {
  engine: ClosableEngine;
  /** For what runs here: with what it asks on record. */
  within: ApiEngine;
  base: ControllerContext;
  metrics: MetricsRegistry;
  kinds: ReturnType<typeof servedKinds>;
  clock: Clock;
  random: Random;
  /** Epoch ms. */
  startedAt: number;
  /** Starts the API's server, and writes the administrator's kubeconfig. */
  listen(options: Pick<ApiServerOptions, 'externalMetrics' | 'extraListen' | 'kubeletOf'>): Promise<RunningApiServer>;
}

type Undo = (() => void | Promise<void>)[];

/** How to undo what was started; the last first. */
export function stopping(log: Logger): { undo: Undo; stopAll(): Promise<void> } {
  const undo: Undo = [];
  return {
    undo,
    async stopAll() {
      for (const step of undo.splice(0).toReversed()) {
        await Promise.resolve(step()).catch((error: unknown) => log.error('while stopping', { error: String(error) }));
      }
    },
  };
}

export async function openFoundation(
  { config, paths, log }: Pick<AssembleOptions, 'config' | 'paths' | 'log'>,
  {
    pki,
    undo,
    kinds,
    engine: engineOptions,
  }: { pki: Pki; undo: Undo; kinds: readonly string[]; engine: Pick<EngineOptions, 'reviewers' | 'serviceCidr' | 'kubernetesEndpoint'> },
): Promise<Foundation> {
  const clock = realClock;
  const random = realRandom;
  const startedAt = clock.now();
  const engine = await createEngine({ ...engineOptions, dataDir: paths.dataDir, clock, random, log: log.child({ component: 'apiserver' }) });
  undo.push(() => engine.close());
  const installer = inProcessClient(engine, INSTALLER);
  await Promise.all([
    Promise.all(kinds.map((directory) => ensureOwnKinds(installer, clock, directory))).then(() => loadCustomResources(engine)),
    publishAuthentication(engine, pki),
  ]);
  const auditor = config.audit && (await openAudit(config.audit, { clock, random, log }));
  undo.push(() => auditor?.close());
  const within = auditor === undefined ? engine : auditedEngine(engine, auditor);
  const metrics = new MetricsRegistry();
  const base = controllerContext({
    client: inProcessClient(within, CONTROLLER_MANAGER),
    clock,
    random,
    log: log.child({ component: 'controllers' }),
    metrics,
  });
  return {
    engine,
    within,
    base,
    metrics,
    kinds: servedKinds(engine),
    clock,
    random,
    startedAt,
    async listen(options) {
      const server = await startApiServer({
        ...options,
        engine,
        pki,
        host: LOCALHOST,
        port: config.port,
        metrics,
        ...(auditor === undefined ? {} : { auditor }),
        ...(config.oidc === undefined ? {} : { oidc: oidcOptions(config.oidc) }),
        clock,
        random,
        log: log.child({ component: 'apiserver' }),
      });
      undo.push(() => server.close());
      writeKubeconfig(paths.kubeconfig, { name: config.context ?? config.name, server: `https://${LOCALHOST}:${server.port}`, ca: pki.ca, ...pki.admin });
      return server;
    },
  };
}
