/** `argosy delete`: stops a cluster and removes its data. */
import type { Command } from 'commander';
import { existsSync, readdirSync } from 'node:fs';
import { UserError } from './errors.ts';
import { removeData } from './home.ts';
import { clustersNamed, readFleet } from './fleet/clusters.ts';
import { clusterCommand, pathsOf, type ClusterOptions } from './options.ts';
import { stopCluster } from './stop.ts';

export function deleteCommand(): Command {
  return clusterCommand('delete')
    .description('stop a cluster or a fleet and remove everything of it')
    .action(async (options: ClusterOptions) => {
      const paths = pathsOf(options);
      // A directory that is not a cluster's is never removed, whatever --data says.
      const fleet = readFleet(paths);
      if (fleet === undefined && existsSync(paths.dataDir) && !existsSync(paths.config) && readdirSync(paths.dataDir).length > 0) {
        throw new UserError(`${paths.dataDir} is not the data directory of a cluster: it holds no cluster.json`, 'check --name and --data');
      }
      await Promise.all(
        clustersNamed(options.name, paths).map(async ({ name, paths: own }) => {
          const there = existsSync(own.config);
          await stopCluster(name, own, (line) => process.stderr.write(`${line}\n`));
          removeData(name, own.dataDir);
          process.stdout.write(there ? `cluster '${name}' is deleted\n` : `there is no cluster '${name}'\n`);
        }),
      );
      if (fleet === undefined) return;
      removeData(options.name, paths.dataDir);
      process.stdout.write(`fleet '${options.name}' is deleted\n`);
    });
}
