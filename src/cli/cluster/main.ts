/** The cluster process: everything of one cluster but the data plane. Started by `argosy up` with the data directory as its argument. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readConfig } from '../config.ts';
import { clusterPaths } from '../home.ts';
import type { StartMessage } from '../launch.ts';
import type { RunningCluster } from './foundation.ts';

const STOP_MS = 40_000;

const dataDir = process.argv[2] ?? '';
const { name } = JSON.parse(readFileSync(join(dataDir, 'cluster.json'), 'utf8')) as { name: string };
const paths = clusterPaths(name, dataDir);
const config = readConfig(paths);
if (config === undefined) throw new Error(`${paths.config} is not there`);

// Everything else loads while the kernel works: it takes as long.
const isHub = config.role === 'hub';
const networkMade = isHub
  ? Promise.resolve()
  : import('../../network/index.ts').then(({ ensureClusterNetwork }) => ensureClusterNetwork(config.name, config.number));
networkMade.catch(() => undefined);
const [assemble, { clusterLogger }] = await Promise.all([
  isHub ? import('./hub.ts').then(({ assembleHub }) => assembleHub) : import('./assemble.ts').then((module) => module.assemble),
  import('./logger.ts'),
]);

const log = clusterLogger();
const tell = (message: StartMessage): void => {
  if (process.connected) process.send?.(message, () => undefined);
};
let cluster: RunningCluster | undefined;
let ready = false;
let ending: Promise<void> | undefined;

/** Once; whoever asks again waits for the same end. */
function end(reason: string): Promise<void> {
  ending ??= (async () => {
    log.info('stopping', { reason });
    const hung = setTimeout(() => {
      log.error('stopping takes too long, giving up');
      process.exit(1);
    }, STOP_MS);
    await cluster?.stop();
    clearTimeout(hung);
    log.info('stopped');
    process.exit(0);
  })();
  return ending;
}

process.on('SIGTERM', () => void end('SIGTERM'));
process.on('SIGINT', () => void end('SIGINT'));
// Whoever started us gave up before we were ready.
process.on('disconnect', () => {
  if (!ready) void end('the command that started the cluster ended');
});
process.on('unhandledRejection', (error) =>
  log.error('a promise was rejected and nobody looked', { error: error instanceof Error ? error.stack : String(error) }),
);
process.on('uncaughtException', (error) => {
  // The state of the process is unknown now. What was acknowledged is on disk, containers go on; `argosy up` brings the rest back.
  log.error('an error that nobody caught ends the cluster process', { error: error.stack ?? String(error) });
  process.exit(1);
});

try {
  cluster = await assemble({ config, paths, networkMade, log, progress: (text) => tell({ type: 'progress', text }), stop: () => void end('asked to') });
  ready = true;
  tell({ type: 'ready' });
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  log.error('the cluster could not be started', { error: error instanceof Error ? error.stack : message });
  tell({ type: 'failed', message });
  await end('it could not be started');
}
