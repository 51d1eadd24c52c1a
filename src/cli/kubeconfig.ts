/** `argosy kubeconfig`: how kubectl reaches a cluster. */
import type { Command } from 'commander';
import { existsSync, readFileSync } from 'node:fs';
import { UserError } from './errors.ts';
import { clusterCommand, pathsOf, type ClusterOptions } from './options.ts';

export function kubeconfigCommand(): Command {
  return clusterCommand('kubeconfig')
    .description('print the kubeconfig of a cluster, or where it is')
    .option('--path', 'print the path of the file instead')
    .action((options: ClusterOptions & { path?: boolean }) => {
      const paths = pathsOf(options);
      if (!existsSync(paths.kubeconfig)) throw new UserError(`there is no cluster '${options.name}' in ${paths.dataDir}`, 'argosy list shows all');
      process.stdout.write(options.path ? `${paths.kubeconfig}\n` : readFileSync(paths.kubeconfig, 'utf8'));
    });
}
