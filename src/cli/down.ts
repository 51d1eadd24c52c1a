/** `argosy down`: stops a cluster and keeps its data. */
import type { Command } from 'commander';
import { existsSync } from 'node:fs';
import { UserError } from './errors.ts';
import { clustersNamed } from './fleet/clusters.ts';
import { clusterCommand, pathsOf, type ClusterOptions } from './options.ts';
import { stopCluster } from './stop.ts';

export function downCommand(): Command {
  return clusterCommand('down')
    .description('stop a cluster or a fleet; its objects stay, and `argosy up` brings them back')
    .action(async (options: ClusterOptions) => {
      const paths = pathsOf(options);
      const clusters = clustersNamed(options.name, paths);
      const missing = clusters.find((cluster) => !existsSync(cluster.paths.config));
      if (missing !== undefined) throw new UserError(`there is no cluster '${missing.name}' in ${missing.paths.dataDir}`, 'argosy list shows all');
      await Promise.all(
        clusters.map(async ({ name, paths: own }) => {
          const startedAt = performance.now();
          const ran = await stopCluster(name, own, (line) => process.stderr.write(`${line}\n`));
          const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
          process.stdout.write(ran ? `cluster '${name}' is down (${seconds} s)\n` : `cluster '${name}' was not running\n`);
        }),
      );
    });
}
