/** `argosy down`: stops a cluster and keeps its data. */
import type { Command } from 'commander';
import { existsSync } from 'node:fs';
import { UserError } from './errors.ts';
import { clusterCommand, pathsOf, type ClusterOptions } from './options.ts';
import { stopCluster } from './stop.ts';

export function downCommand(): Command {
  return clusterCommand('down')
    .description('stop a cluster; its objects stay, and `argosy up` brings them back')
    .action(async (options: ClusterOptions) => {
      const paths = pathsOf(options);
      if (!existsSync(paths.config)) throw new UserError(`there is no cluster '${options.name}' in ${paths.dataDir}`, 'argosy list shows all');
      const startedAt = performance.now();
      const ran = await stopCluster(options.name, paths, (line) => process.stderr.write(`${line}\n`));
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      process.stdout.write(ran ? `cluster '${options.name}' is down (${seconds} s)\n` : `cluster '${options.name}' was not running\n`);
    });
}
